/* Every pixel as R, G, B: what is repeated is left to zstd. */
#include "encode/codec.h"

#include "encode/image.h"

static size_t write_pixels(
        struct palette *palette, const struct image *image, const struct rect *area, uint8_t *out)
{
	uint8_t *at = out + codec_put_area(out, PICTURE_PIXELS, area);

	(void)palette;
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

const struct tile_codec codec_pixels = {.name = "pixels", .write = write_pixels};
