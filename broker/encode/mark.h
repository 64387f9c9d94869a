/* The watermark: a marked copy of the image, which is what viewers and snapshots get. What it lays where follows what moves:
 * a scrolled region carries its mark along, so that moved pixels stay the same pixels, mark and all.
 *
 * The screen is cut into a few rectangles, each with a phase: how far the pattern is shifted there. Any phases make a right
 * picture; good ones make a cheap one. So the search for moves may guess. */
#ifndef SHOJI_ENCODE_MARK_H
#define SHOJI_ENCODE_MARK_H

#include "base/message.h"
#include "encode/image.h"
#include "encode/mark_pattern.h"
#include "encode/scroll.h"
#include "encode/tiles.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MARK_REGIONS_MAX 8

struct mark_region {
	struct rect area;
	uint16_t phase_x, phase_y; /* pixels, below the period */
};

struct mark {
	struct image shown; /* marked; whole only when there is a text */
	uint32_t *before;   /* the unmarked image before the damage that is being taken */
	struct mark_pattern *pattern;
	bool has_words;
	struct mark_words words;
	uint16_t dot;
	struct mark_region regions[MARK_REGIONS_MAX]; /* a later one lies over an earlier */
	size_t n_regions;
	struct tiles changed;
};

/* Both are borrowed: room for the largest screen each. */
struct mark_memory {
	uint32_t *shown, *before;
	struct mark_pattern *pattern;
};
void mark_init(struct mark *self, const struct mark_memory *memory);
void mark_resize(struct mark *self, uint16_t width, uint16_t height);

/* Everything is marked anew: the caller damages the whole screen. false: it looks as before. */
bool mark_set(
        struct mark *self, const struct image *image, const struct mark_words *words, uint16_t dot);

/* What taking damage came to: areas beyond the damage that look different now, and the moves found. */
struct mark_result {
	struct rect areas[2 * MARK_REGIONS_MAX + 1];
	size_t n_areas;
	struct scroll_offset offsets[SCROLL_OFFSETS_MAX];
	size_t n_offsets;
};
/* The image was changed in those areas, all of them on the screen, once since the last call. */
void mark_take(struct mark *self, const struct image *image, const struct rect *rects,
        size_t n_rects, struct mark_result *result);

#endif
