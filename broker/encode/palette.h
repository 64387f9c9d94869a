/* The palette of one stream, as encode keeps it: which index a colour has, and which one is given up for a new colour. The
 * decoder only does what it is told (PICTURE_COLOURS). */
#ifndef SHOJI_ENCODE_PALETTE_H
#define SHOJI_ENCODE_PALETTE_H

#include "stream/picture.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PALETTE_HEADS 1024 /* a power of two */
#define PALETTE_COLOURS PICTURE_ESCAPE
#define PALETTE_ESCAPED_MAX (PICTURE_PIXELS_MAX / 3)

struct palette {
	uint32_t colours[PALETTE_COLOURS];
	uint16_t weights[PALETTE_COLOURS]; /* how often it was met, ageing */
	uint32_t used[PALETTE_COLOURS];    /* the last area that had it, as counted by n_areas */
	int16_t next[PALETTE_COLOURS];     /* of the same hash; -1: none */
	int16_t heads[PALETTE_HEADS];      /* -1: none */
	uint16_t n_colours;
	int rarest; /* index of the least weight, not used by the area when it was looked for; -1: none */
	uint32_t n_areas;
	struct palette_candidate {
		uint32_t colour;
		uint16_t weight;
	} candidates[PALETTE_HEADS]; /* by hash: colours that were met and are not in the palette */
	/* Of the area that is being looked at: colours that are new in the palette, and those of pixels that have none in it. */
	uint16_t n_added, n_escaped;
	uint32_t escaped[PALETTE_ESCAPED_MAX];
	struct palette_change {
		uint8_t index;
		bool is_first;   /* nothing was there before */
		uint32_t colour; /* what was */
		uint16_t weight;
	} added[PALETTE_COLOURS];
};

/* Empty, as the decoder's is after BEGIN. */
void palette_init(struct palette *self);
/* Turns an area of pixels into indices. false: its colours are too many; then nothing has changed. On true the colours that the
 * decoder has to be told are those of self->added[0..n_added), and escaped[0..n_escaped) those of the pixels with PICTURE_ESCAPE. */
bool palette_index(struct palette *self, const uint32_t *pixels, uint32_t stride_px, uint32_t width,
        uint32_t height, uint8_t *indices);

#endif
