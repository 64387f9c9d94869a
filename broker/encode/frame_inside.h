/* What the parts of making a frame share. Private to frame.c and recall.c. */
#ifndef SHOJI_ENCODE_FRAME_INSIDE_H
#define SHOJI_ENCODE_FRAME_INSIDE_H

#include "encode/frame.h"
#include "encode/tiles.h"

#define FRAME_DEAR_MAX 512 /* what is beyond is not remembered */

struct frame {
	const struct image *image;
	uint32_t *reference;
	struct cache *cache;
	struct photo *photo; /* NULL: everything is sent exactly */
	struct tiles *dirty;
	struct slicer *slicer;
	struct frame_counts *counts;
	bool has_rest; /* what glyphs_say() left: those tiles may be as they should be */
	uint32_t n_dear;
	struct rect dear
	        [FRAME_DEAR_MAX]; /* was dear to say (again.h): columns of the grid, rows of pixels */
};

/* The rows and columns of a tile that differ, as one area. The tile differs. */
struct rect frame_trimmed(const struct frame *self, const struct rect *tile);

/* Says what still differs in those tiles (columns and rows), however full the frame is. */
void frame_say_rest(struct frame *self, const struct rect *tiles);

/* The reference becomes the image there: the viewer was told. */
void frame_take_over(struct frame *self, const struct rect *area);

/* Marked tiles that are as they should be are marked no longer. */
void frame_drop_unchanged(struct frame *self);

/* Stores tiles that stood still and are about to be overwritten by something quite different. Before anything else of the frame. */
void recall_store(struct frame *self);
/* Shows tiles that the viewer has kept; they are marked no longer. */
void recall_show(struct frame *self);

#endif
