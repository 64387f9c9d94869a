/* Writes photographs. Pixels in, any pixels; encode's own making from there on. */
#include "encode/photo_write.h"

#include "encode/code_writer.h"
#include "stream/photo_model.h"
#include "stream/photo_transform.h"

#include <string.h>

struct photo_coder {
	struct code_writer writer;
};

static inline uint32_t photo_bit(
        struct photo_coder *self, struct photo_chance *chance, uint32_t bit)
{
	code_write_bit(&self->writer, chance->zero, bit);
	photo_chance_learn(chance, bit);
	return bit;
}

static inline uint32_t photo_raw(struct photo_coder *self, uint32_t bit)
{
	code_write_raw(&self->writer, bit);
	return bit;
}

#include "stream/photo_code.h"

size_t photo_write(uint32_t quality, const uint32_t *pixels, uint32_t stride_px, uint32_t width_px,
        uint32_t height_px, uint8_t *out, size_t size, uint32_t shown[PICTURE_TILE * PICTURE_TILE])
{
	static struct photo_levels levels[PHOTO_PLANES];
	static struct photo_plane planes[PHOTO_PLANES];
	struct photo_coder coder;
	struct photo_model model;

	photo_from_pixels(planes, pixels, stride_px, width_px, height_px);
	for (uint32_t i = 0; i < PHOTO_PLANES; i++)
		photo_quantise(&planes[i], i, quality, &levels[i]);
	photo_model_init(&model);
	code_writer_begin(&coder.writer, out, size);
	code_photo(&coder, &model, planes, levels);
	size_t length = code_writer_end(&coder.writer);
	if (length == 0)
		return 0;
	for (uint32_t i = 0; shown && i < PHOTO_PLANES; i++)
		photo_dequantise(&levels[i], i, quality, &planes[i]);
	if (shown)
		photo_to_pixels(planes, 16, shown, PICTURE_TILE, width_px, height_px);
	return length;
}
