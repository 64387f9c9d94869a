/* Chooses the codec of an area. */
#include "encode/codec.h"

#include "base/ensure.h"
#include "encode/slicer.h"

/* Cheapest first; the last one takes anything. */
static const struct tile_codec *const codecs[] = {&codec_fill, &codec_pixels};

void codec_encode(const struct image *image, const struct rect *area, struct slicer *slicer)
{
	size_t i = 0;

	while (!codecs[i]->takes(image, area)) {
		i++;
		ensure(i < sizeof(codecs) / sizeof(codecs[0]));
	}
	uint8_t *out = slicer_reserve(slicer, PICTURE_COMMAND_MAX);
	slicer_commit(slicer, codecs[i]->write(image, area, out));
}
