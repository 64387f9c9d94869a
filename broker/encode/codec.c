/* Chooses the codec of an area. */
#include "encode/codec.h"

#include "base/bytes.h"
#include "base/ensure.h"
#include "encode/slicer.h"

/* Cheapest first; the last one takes anything. */
static const struct tile_codec *const codecs[] = {
        &codec_fill, &codec_predicted, &codec_indexed, &codec_pixels};

size_t codec_put_area(uint8_t *out, uint8_t command, const struct rect *area)
{
	struct bytes_writer writer;

	bytes_writer_init(&writer, out, PICTURE_RECT_BYTES);
	bytes_put_u8(&writer, command);
	bytes_put_u16(&writer, area->x);
	bytes_put_u16(&writer, area->y);
	bytes_put_u16(&writer, area->width);
	bytes_put_u16(&writer, area->height);
	return writer.length;
}

void codec_encode(const struct image *image, const struct rect *area, struct slicer *slicer)
{
	uint8_t *out = slicer_reserve(slicer, PICTURE_COMMAND_MAX);
	size_t length = 0;

	for (size_t i = 0; length == 0 && i < sizeof(codecs) / sizeof(codecs[0]); i++)
		length = codecs[i]->write(&slicer->palette, image, area, out);
	ensure(length > 0);
	slicer_commit(slicer, length);
}
