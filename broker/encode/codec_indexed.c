/* Text, tables, drawings: one byte a pixel, an index into the palette that the whole stream shares. zstd sees a third of the bytes, so
 * that its window goes back three times as far. */
#include "encode/codec.h"

#include "encode/image.h"
#include "encode/palette.h"

#include <string.h>

/* COLOURS with every colour, then INDEXED with every escape, must fit. */
_Static_assert(
        2 + PICTURE_COLOURS_MAX * PICTURE_COLOUR_BYTES + PICTURE_RECT_BYTES + PICTURE_PIXELS_MAX <=
                PICTURE_COMMAND_MAX,
        "room for both commands");

static size_t put_colours(const struct palette *palette, uint8_t *out)
{
	uint8_t *at = out;

	if (palette->n_added == 0)
		return 0;
	*at++ = PICTURE_COLOURS;
	*at++ = (uint8_t)(palette->n_added - 1);
	for (uint16_t i = 0; i < palette->n_added; i++, at += PICTURE_COLOUR_BYTES) {
		uint32_t colour = palette->colours[palette->added[i].index];
		at[0] = palette->added[i].index;
		at[1] = (uint8_t)(colour >> 16);
		at[2] = (uint8_t)(colour >> 8);
		at[3] = (uint8_t)colour;
	}
	return (size_t)(at - out);
}

static size_t put_escaped(const struct palette *palette, uint8_t *out)
{
	uint8_t *at = out;

	*at++ = (uint8_t)palette->n_escaped;
	*at++ = (uint8_t)(palette->n_escaped >> 8);
	for (uint16_t i = 0; i < palette->n_escaped; i++, at += PICTURE_PIXEL_BYTES) {
		at[0] = (uint8_t)(palette->escaped[i] >> 16);
		at[1] = (uint8_t)(palette->escaped[i] >> 8);
		at[2] = (uint8_t)palette->escaped[i];
	}
	return (size_t)(at - out);
}

static size_t write_indexed(
        struct palette *palette, const struct image *image, const struct rect *area, uint8_t *out)
{
	static uint8_t indices[PICTURE_PIXELS_MAX];
	size_t n_pixels = (size_t)area->width * area->height;
	const uint32_t *pixels = image->pixels + (size_t)area->y * image->width + area->x;

	if (!palette_index(palette, pixels, image->width, area->width, area->height, indices))
		return 0;
	size_t length = put_colours(palette, out);
	length += codec_put_area(out + length, PICTURE_INDEXED, area);
	length += put_escaped(palette, out + length);
	memcpy(out + length, indices, n_pixels);
	return length + n_pixels;
}

const struct tile_codec codec_indexed = {.name = "indexed", .write = write_indexed};
