/* How an area of pixels becomes a command: replaceable, one struct of functions each. The first codec of the
 * list that takes an area encodes it; a new one is one file and one line in codec.c. */
#ifndef SHOJI_ENCODE_CODEC_H
#define SHOJI_ENCODE_CODEC_H

#include "base/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct image;
struct slicer;

struct tile_codec {
	const char *name;
	/* Whether this area (at most PICTURE_PIXELS_MAX pixels, on the image) is for this codec. */
	bool (*takes)(const struct image *image, const struct rect *area);
	/* Writes the command to out, which has room for PICTURE_COMMAND_MAX bytes; returns its length. */
	size_t (*write)(const struct image *image, const struct rect *area, uint8_t *out);
};

extern const struct tile_codec codec_fill;   /* one colour */
extern const struct tile_codec codec_pixels; /* anything, losslessly */

void codec_encode(const struct image *image, const struct rect *area, struct slicer *slicer);

#endif
