/* Small areas that are kept aside to be shown again: a caret that blinks shows two pictures in turn. Both are known after the first time
 * around, and PICTURE_SWAP names them in two bytes. */
#ifndef SHOJI_STREAM_KEPT_H
#define SHOJI_STREAM_KEPT_H

#include "stream/picture.h"
#include "stream/screen.h"

#include <stdbool.h>
#include <stdint.h>

struct kept {
	struct {
		struct screen_rect area; /* on the screen; 0 wide: nothing is kept */
		uint32_t pixels[PICTURE_KEPT_PIXELS_MAX];
	} slots[PICTURE_KEPT_SLOTS];
};

/* At each BEGIN: nothing is kept. */
void kept_init(struct kept *self);
/* The area of the screen, as it is now. false: no such slot, not on the screen, or too large; nothing has changed. */
bool kept_keep(
        struct kept *self, uint32_t slot, struct screen *screen, const struct screen_rect *area);
/* What is kept goes onto the screen, and what was there is kept. false: there is nothing. */
bool kept_swap(struct kept *self, uint32_t slot, struct screen *screen);

#endif
