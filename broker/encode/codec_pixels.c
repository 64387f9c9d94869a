/* Pixels as they are, for zstd to find what repeats: more bytes than codec_drawn makes and a small part of its work. Where that one has become too much
 * (effort.h), and nothing else is smaller. */
#include "encode/codec.h"

#include "encode/image.h"
#include "encode/slicer.h"

/* Smaller areas are what changes where somebody types. */
#define PIXELS_MIN 512
/* Where fewer pixels differ from a neighbour, codec_drawn says mostly runs, which are no work. */
#define CHANGES_DIVISOR 16

size_t codec_write_pixels(const struct image *image, const struct rect *area, uint8_t *out)
{
	uint8_t *at = out + codec_put_area(out, PICTURE_PIXELS, area);

	for (uint32_t row = 0; row < area->height; row++) {
		const uint32_t *from =
		        image->pixels + (size_t)(area->y + row) * image->width + area->x;
		for (uint32_t i = 0; i < area->width; i++, at += PICTURE_PIXEL_BYTES) {
			at[0] = (uint8_t)(from[i] >> 16);
			at[1] = (uint8_t)(from[i] >> 8);
			at[2] = (uint8_t)from[i];
		}
	}
	return (size_t)(at - out);
}

static size_t write_pixels(const struct codec_pixels *pixels, struct rect *area, uint8_t *out)
{
	effort_spared(&pixels->slicer->effort, (uint32_t)area->width * area->height);
	return codec_write_pixels(pixels->image, area, out);
}

static bool wants(const struct image *image, const struct rect *area)
{
	const uint32_t width = area->width; /* a copy: see image_take() */
	uint32_t n_changes = 0;

	for (uint32_t row = 0; row < area->height; row++) {
		const uint32_t *now =
		        image->pixels + (size_t)(area->y + row) * image->width + area->x;
		const uint32_t *above = row > 0 ? now - image->width : now;
		for (uint32_t i = 1; i < width; i++)
			n_changes += ((now[i] ^ now[i - 1]) | (now[i] ^ above[i])) != 0;
	}
	return width * area->height >= PIXELS_MIN &&
	       n_changes > width * area->height / CHANGES_DIVISOR;
}

const struct tile_codec codec_pixels = {.name = "pixels",
        .pixels_max = PICTURE_PIXELS_MAX,
        .width_max = PICTURE_PIXELS_MAX,
        .is_hasty = true,
        .wants = wants,
        .write = write_pixels};
