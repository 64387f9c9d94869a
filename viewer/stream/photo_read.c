/* Reads photographs. The bytes come over the network: whatever they are, the work is bounded by the tile and nothing
 * outside of it is written. */
#include "stream/photo_read.h"

#include "stream/code_reader.h"
#include "stream/photo_model.h"
#include "stream/photo_transform.h"

struct photo_coder {
	struct code_reader reader;
};

static inline uint32_t photo_bit(
        struct photo_coder *self, struct photo_chance *chance, uint32_t ignored)
{
	uint32_t bit = code_read_bit(&self->reader, chance->zero);

	(void)ignored;
	photo_chance_learn(chance, bit);
	return bit;
}

static inline uint32_t photo_raw(struct photo_coder *self, uint32_t ignored)
{
	(void)ignored;
	return code_read_raw(&self->reader);
}

#include "stream/photo_code.h"

void photo_read(const uint8_t *bytes, size_t length, uint32_t quality, uint32_t *pixels,
        uint32_t stride_px, uint32_t width_px, uint32_t height_px)
{
	/* 37 KiB that a stack of WebAssembly need not hold. */
	static struct photo_levels levels[PHOTO_PLANES];
	static struct photo_plane planes[PHOTO_PLANES];
	struct photo_model model;
	struct photo_coder coder;

	code_reader_begin(&coder.reader, bytes, length);
	for (uint32_t i = 0; i < PHOTO_PLANES; i++) {
		photo_plane_resize(&planes[i], i, width_px, height_px);
		memset(levels[i].level, 0,
		        (size_t)planes[i].columns * planes[i].rows * sizeof(levels[i].level[0]));
	}
	photo_model_init(&model);
	code_photo(&coder, &model, planes, levels);
	for (uint32_t i = 0; i < PHOTO_PLANES; i++)
		photo_dequantise(&levels[i], i, quality, &planes[i]);
	photo_to_pixels(planes, 0, pixels, stride_px, width_px, height_px);
}
