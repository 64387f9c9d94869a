/* Small areas that show the same pictures in turn: carets. What the viewer keeps aside of them is the same as here. */
#ifndef SHOJI_ENCODE_BLINK_H
#define SHOJI_ENCODE_BLINK_H

#include "base/message.h"
#include "stream/picture.h"

#include <stdbool.h>
#include <stdint.h>

struct codec_pixels;

struct blink {
	uint32_t next; /* the slot that is taken for the next area */
	struct {
		struct rect area; /* changed lately; 0 wide: none */
		bool is_kept;     /* the viewer has these pixels of it */
		bool is_idle;     /* it shows something new each time: it is not kept again */
		uint32_t pixels[PICTURE_KEPT_PIXELS_MAX];
	} slots[PICTURE_KEPT_SLOTS];
};

/* With each BEGIN: nothing is kept. */
void blink_init(struct blink *self);
/* An area that differs, of a frame in which little does. true: it is said, and nothing else is to be said of it. Otherwise the viewer may have been
 * told to keep what it shows there, and the area is to be said as ever. */
bool blink_say(struct blink *self, const struct codec_pixels *pixels, const struct rect *area);

#endif
