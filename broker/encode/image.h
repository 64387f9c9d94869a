/* encode's own copy of the screen, which nobody else can write. */
#ifndef SHOJI_ENCODE_IMAGE_H
#define SHOJI_ENCODE_IMAGE_H

#include "base/message.h"

#include <stdbool.h>
#include <stdint.h>

/* A pixel's fourth byte says that capture has shown it: compared with the rest, it costs nothing. */
#define IMAGE_SEEN 0xff000000u

struct image {
	uint32_t *pixels; /* B,G,R,X in memory; rows of `width` without gap; borrowed */
	uint16_t width, height;
	bool is_whole; /* every pixel was shown since the last image_resize() */
};

/* pixels must hold width x height. Nothing is shown yet. */
void image_resize(struct image *self, uint32_t *pixels, uint16_t width, uint16_t height);
/* Copies an area, which must lie on the image, from rows of B,G,R,X that are stride_bytes apart. */
void image_take(
        struct image *self, const uint8_t *from, uint32_t stride_bytes, const struct rect *area);

/* Whether the image is whole by now; once it is, it stays so. */
void image_look(struct image *self);
/* Whether every pixel has the same colour: an X server with nothing on it yet. */
bool image_is_plain(const struct image *self);

#endif
