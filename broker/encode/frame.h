/* Makes one frame: what a viewer's screen (the reference) needs to become the image. */
#ifndef SHOJI_ENCODE_FRAME_H
#define SHOJI_ENCODE_FRAME_H

#include "encode/scroll.h"

#include <stdbool.h>
#include <stdint.h>

struct cache;
struct image;
struct photo;
struct slicer;
struct tiles;

/* For figures: what frames were made of. */
struct frame_counts {
	uint64_t frames, copies, rects, stored, shown, search_us;
	struct rect moved; /* around all that the last frame copied; 0 wide: nothing */
};

/* cache: of this viewer; its now_ms is set. dirty: the tiles that may differ; those still marked afterwards had no room in
 * slicer->budget_bytes; where none is, the reference is equal to the image. Slices leave
 * through the slicer as they are filled. hints: offsets that capture believes in, tried first, believed never.
 * photo: what may look right only, NULL: nothing; photo_begin_frame() was called.
 * Returns false when nothing differs: then there was no frame. */
bool frame_make(const struct image *image, uint32_t *reference, struct cache *cache,
        struct photo *photo, struct tiles *dirty, const struct scroll_offset *hints, size_t n_hints,
        struct slicer *slicer, uint32_t number, struct frame_counts *counts);

#endif
