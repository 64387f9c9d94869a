/* How an area of pixels becomes commands: replaceable, one struct each. A tile is for the first codec of the list that wants it; a new one
 * is one file and one line in codec.c. All are exact. */
#ifndef SHOJI_ENCODE_CODEC_H
#define SHOJI_ENCODE_CODEC_H

#include "base/message.h"
#include "stream/picture.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a command of codec_drawn takes at most: so many bytes a pixel, and as many more. */
#define DRAWN_PIXEL_BYTES_MAX 6
#define DRAWN_SLACK 16

struct effort;
struct image;
struct photo;
struct slicer;

/* What is to be shown, and what the viewer shows: its exact pixels are those of the reference that are IMAGE_SEEN and not marked in
 * photo (NULL: none is). */
struct codec_pixels {
	const struct image *image;
	const uint32_t *reference;
	struct photo *photo;
	struct slicer *slicer;
};

struct tile_codec {
	const char *name;
	/* The largest area that neighbours are joined to. */
	uint32_t pixels_max, width_max;
	bool is_hasty; /* only where codec_drawn makes too much work */
	/* Whether it is the one for these pixels. */
	bool (*wants)(const struct image *image, const struct rect *area);
	/* Writes the commands for the area's first rows to out, which has room for PICTURE_COMMAND_MAX bytes: how many rows, it
	 * says in area->height. Returns the commands' length. */
	size_t (*write)(const struct codec_pixels *pixels, struct rect *area, uint8_t *out);
};

extern const struct tile_codec codec_fill;      /* one colour */
extern const struct tile_codec codec_predicted; /* photographs, losslessly */
extern const struct tile_codec codec_pixels;    /* what repeats itself, quickly */
extern const struct tile_codec codec_drawn;     /* text and drawings: anything */

/* The field that begins every command with an area; returns its length, PICTURE_RECT_BYTES. */
size_t codec_put_area(uint8_t *out, uint8_t command, const struct rect *area);

/* PICTURE_PIXELS of an area of at most PICTURE_PIXELS_MAX. Returns its length. */
size_t codec_write_pixels(const struct image *image, const struct rect *area, uint8_t *out);

const struct tile_codec *codec_choose(
        const struct effort *effort, const struct image *image, const struct rect *area);
/* Says the first rows of an area that is within the codec's limits; *area becomes what was said. Returns the command's
 * bytes, before zstd. */
size_t codec_encode(
        const struct tile_codec *codec, const struct codec_pixels *pixels, struct rect *area);

#endif
