/* An area of one colour. */
#include "encode/codec.h"

#include "base/bytes.h"
#include "encode/image.h"
#include "stream/picture.h"

#include <string.h>

static bool takes(const struct image *image, const struct rect *area)
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

static size_t write_fill(const struct image *image, const struct rect *area, uint8_t *out)
{
	uint32_t colour = image->pixels[(size_t)area->y * image->width + area->x];
	struct bytes_writer writer;

	bytes_writer_init(&writer, out, PICTURE_RECT_BYTES + PICTURE_PIXEL_BYTES);
	bytes_put_u8(&writer, PICTURE_FILL);
	bytes_put_u16(&writer, area->x);
	bytes_put_u16(&writer, area->y);
	bytes_put_u16(&writer, area->width);
	bytes_put_u16(&writer, area->height);
	bytes_put_u8(&writer, (uint8_t)(colour >> 16));
	bytes_put_u8(&writer, (uint8_t)(colour >> 8));
	bytes_put_u8(&writer, (uint8_t)colour);
	return writer.length;
}

const struct tile_codec codec_fill = {.name = "fill", .takes = takes, .write = write_fill};
