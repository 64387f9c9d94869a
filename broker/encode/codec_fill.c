/* An area of one colour. */
#include "encode/codec.h"

#include "encode/image.h"

#include <stdbool.h>
#include <string.h>

static bool is_plain(const struct image *image, const struct rect *area)
{
	const uint32_t *first = image->pixels + (size_t)area->y * image->width + area->x;

	for (uint32_t i = 1; i < area->width; i++)
		if (first[i] != first[0])
			return false;
	for (uint32_t row = 1; row < area->height; row++)
		if (memcmp(first + (size_t)row * image->width, first, (size_t)area->width * 4) != 0)
			return false;
	return true;
}

static size_t write_fill(const struct codec_pixels *pixels, struct rect *area, uint8_t *out)
{
	const struct image *image = pixels->image;
	uint32_t colour = image->pixels[(size_t)area->y * image->width + area->x];
	size_t length = codec_put_area(out, PICTURE_FILL, area);
	out[length] = (uint8_t)(colour >> 16);
	out[length + 1] = (uint8_t)(colour >> 8);
	out[length + 2] = (uint8_t)colour;
	return length + PICTURE_PIXEL_BYTES;
}

const struct tile_codec codec_fill = {.name = "fill",
        .pixels_max = PICTURE_PIXELS_MAX,
        .width_max = 0, /* the neighbour may have another colour */
        .wants = is_plain,
        .write = write_fill};
