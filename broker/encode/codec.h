/* How an area of pixels becomes commands: replaceable, one function each. The first codec of the list that takes an area
 * encodes it; a new one is one file and one line in codec.c. All are exact. */
#ifndef SHOJI_ENCODE_CODEC_H
#define SHOJI_ENCODE_CODEC_H

#include "base/message.h"
#include "stream/picture.h"

#include <stddef.h>
#include <stdint.h>

struct image;
struct palette;
struct slicer;

struct tile_codec {
	const char *name;
	/* Writes the commands for this area (at most PICTURE_PIXELS_MAX pixels, on the image) to out, which has room for
	 * PICTURE_COMMAND_MAX bytes. Returns their length; 0: the area is not for this codec. */
	size_t (*write)(struct palette *palette, const struct image *image, const struct rect *area,
	        uint8_t *out);
};

extern const struct tile_codec codec_fill;      /* one colour */
extern const struct tile_codec codec_indexed;   /* few colours */
extern const struct tile_codec codec_predicted; /* photographs, losslessly */
extern const struct tile_codec codec_pixels;    /* anything */

/* The field that begins every command with an area; returns its length, PICTURE_RECT_BYTES. */
size_t codec_put_area(uint8_t *out, uint8_t command, const struct rect *area);
void codec_encode(const struct image *image, const struct rect *area, struct slicer *slicer);

#endif
