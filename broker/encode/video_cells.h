/* What changes how often: a grid of small cells over the screen. Pure: fed with pixels and times, knows no wire.
 *
 * A cell's streak lasts while it changes again within VIDEO_QUIET_MS; a cell is hot when its streak is long and dense enough
 * for moving pictures. Only cells that were drawn to a few times in a row are compared pixel by pixel. */
#ifndef SHOJI_ENCODE_VIDEO_CELLS_H
#define SHOJI_ENCODE_VIDEO_CELLS_H

#include "base/message.h"
#include "stream/picture.h"
#include "stream/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VIDEO_CELL WIRE_VIDEO_CELL /* pixels each way */
#define VIDEO_QUIET_MS 130
#define VIDEO_HOT_MS 400
#define VIDEO_BOX_MS 250
#define VIDEO_HOT_CHANGES 6
/* Still for so long, and no longer part of moving pictures in any way. */
#define VIDEO_COLD_MS 1000
#define VIDEO_COLUMNS_MAX (PICTURE_WIDTH_MAX / VIDEO_CELL)
#define VIDEO_ROWS_MAX ((PICTURE_HEIGHT_MAX + VIDEO_CELL - 1) / VIDEO_CELL)

/* right and bottom are exclusive; 0 wide: nothing. */
struct video_box {
	uint8_t left, top, right, bottom;
};

struct video_cell {
	uint32_t start_ms, last_ms; /* of the streak: first and latest change */
	uint16_t n_changes;         /* of the streak; 0: none yet */
	/* Within the cell, what changed lately (now) and before that, VIDEO_BOX_MS each: what a page did before the film began is
	 * forgotten. */
	struct video_box now, before;
	uint32_t box_ms;  /* when `now` began */
	uint8_t region;   /* 1 + its number, 0: of none */
	uint8_t patience; /* doublings of VIDEO_QUIET_MS before it counts as still */
	bool is_live;     /* shown by its region's video; else by the picture */
	bool is_judged;   /* still, and looked at: no text on it */
	bool is_video;    /* was hot, or looked like a photograph, since its region began */
};

struct video_cells {
	uint16_t columns, rows;
	struct video_cell cells[VIDEO_ROWS_MAX][VIDEO_COLUMNS_MAX];
};

/* Forgets everything. */
void video_cells_resize(struct video_cells *self, uint16_t width, uint16_t height);
/* The cell was drawn to, and, if it was compared, the changed pixels of it are `box` (of the screen). */
void video_cell_touch(struct video_cell *self, uint32_t now_ms);
void video_cell_change(
        struct video_cell *self, uint32_t now_ms, uint32_t x, uint32_t y, const struct rect *area);
/* Whether it is worth comparing. */
bool video_cell_is_warm(const struct video_cell *self, uint32_t now_ms);
/* What changed in the streak's latest time, of the cell. */
struct video_box video_cell_box(const struct video_cell *self);
bool video_cell_is_hot(const struct video_cell *self, uint32_t now_ms);

/* Copies area (of one cell) from rows of B,G,R,X to target, both pointing at the area's first pixel, setting
 * IMAGE_SEEN. Returns whether something changed, and which part of the area: *changed, relative to it. */
bool video_take_compared(uint32_t *target, uint32_t target_stride_px, const uint8_t *from,
        uint32_t from_stride_bytes, uint32_t width, uint32_t height, struct rect *changed);
/* Whether an area of at most a cell is a photograph rather than paper, writing, or one colour: most pixels differ from
 * their left neighbour. */
bool video_is_photographic(
        const uint32_t *pixels, uint32_t stride_px, uint32_t width, uint32_t height);

/* Areas that lie in `area` and not in `hole`: at most four. Returns how many. */
size_t video_subtract(const struct rect *area, const struct rect *hole, struct rect out[4]);
/* The smallest area that has both in it; one that is 0 wide is nothing. */
struct rect video_join(const struct rect *a, const struct rect *b);
/* false: they have nothing in common. */
bool video_intersect(const struct rect *a, const struct rect *b, struct rect *out);

#endif
