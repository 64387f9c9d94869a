/* Every pixel as R, G, B: what is repeated is left to zstd, whose window holds several screens of text. */
#include "encode/codec.h"

#include "base/bytes.h"
#include "encode/image.h"
#include "stream/picture.h"

static bool takes(const struct image *image, const struct rect *area)
{
	(void)image;
	(void)area;
	return true;
}

static size_t write_pixels(const struct image *image, const struct rect *area, uint8_t *out)
{
	struct bytes_writer writer;

	bytes_writer_init(&writer, out, PICTURE_RECT_BYTES);
	bytes_put_u8(&writer, PICTURE_PIXELS);
	bytes_put_u16(&writer, area->x);
	bytes_put_u16(&writer, area->y);
	bytes_put_u16(&writer, area->width);
	bytes_put_u16(&writer, area->height);
	uint8_t *at = out + writer.length;
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

const struct tile_codec codec_pixels = {.name = "pixels", .takes = takes, .write = write_pixels};
