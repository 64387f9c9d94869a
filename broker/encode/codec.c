/* Chooses the codec of an area. */
#include "encode/codec.h"

#include "base/bytes.h"
#include "base/ensure.h"
#include "encode/slicer.h"

/* Cheapest first; the last one takes anything. */
static const struct tile_codec *const codecs[] = {
        &codec_fill, &codec_predicted, &codec_pixels, &codec_drawn};

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

const struct tile_codec *codec_choose(
        const struct effort *effort, const struct image *image, const struct rect *area)
{
	const size_t last = sizeof(codecs) / sizeof(codecs[0]) - 1;

	for (size_t i = 0; i < last; i++)
		if ((effort->is_too_much || !codecs[i]->is_hasty) && codecs[i]->wants(image, area))
			return codecs[i];
	return codecs[last];
}

size_t codec_encode(
        const struct tile_codec *codec, const struct codec_pixels *pixels, struct rect *area)
{
	uint8_t *out = slicer_reserve(pixels->slicer, PICTURE_COMMAND_MAX);
	size_t length = codec->write(pixels, area, out);

	ensure(length > 0 && area->height > 0);
	slicer_commit(pixels->slicer, length);
	return length;
}
