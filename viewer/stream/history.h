/* Rows of pixels that were dear to say, kept to be shown again wherever they come back. A ring of slots of PICTURE_TILE pixels: what
 * was remembered longest ago is overwritten. Which slot holds what is a pure function of the commands obeyed since BEGIN, so that encode, which
 * keeps names and no pixels, counts along (encode/history_names.h). */
#ifndef SHOJI_STREAM_HISTORY_H
#define SHOJI_STREAM_HISTORY_H

#include "stream/picture.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct screen;
struct screen_rect;

#define HISTORY_SLOTS PICTURE_HISTORY_SLOTS
#define HISTORY_BYTES ((size_t)HISTORY_SLOTS * PICTURE_TILE * 4)
/* A row of pixels begins with a slot, and takes so many. */
#define HISTORY_SLOTS_OF(width) (((width) + PICTURE_TILE - 1u) / PICTURE_TILE)

struct history {
	uint32_t
	        *pixels; /* borrowed: HISTORY_BYTES, aligned as words; of slots below n_held only */
	uint32_t next;   /* slot that is written next */
	uint32_t
	        n_held; /* slots that were written since the beginning, as many as there are at most */
};

/* At each BEGIN: nothing is held. */
void history_init(struct history *self, uint32_t *pixels);
/* The area of the screen as it is now, row by row. false: it is not on the screen, and nothing has changed. */
bool history_remember(struct history *self, struct screen *screen, const struct screen_rect *area);
/* Shows in row r of the area what is held from slot + r * stride on (slots are counted around the ring). false: it is not on the screen, or one
 * of the slots holds nothing; nothing has changed. */
bool history_show(const struct history *self, struct screen *screen, const struct screen_rect *area,
        uint32_t slot, uint32_t stride);

#endif
