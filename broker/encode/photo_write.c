/* Writes photographs. Pixels in, any pixels; encode's own making from there on. */
#include "encode/photo_write.h"

#include "stream/photo_model.h"
#include "stream/photo_transform.h"

#include <stdbool.h>
#include <string.h>

/* An arithmetic code: what was said so far is a number within low..low + range. */
struct photo_coder {
	uint64_t low; /* 33 bits: the highest is a carry */
	uint32_t range;
	uint32_t n_waiting; /* bytes that a carry may still change: one, then 0xff each */
	uint8_t first_waiting;
	uint8_t *at, *end;
	bool is_full;
};

static inline void put_byte(struct photo_coder *self, uint8_t byte)
{
	if (self->at == self->end)
		self->is_full = true;
	else
		*self->at++ = byte;
}

static void shift_out(struct photo_coder *self)
{
	uint8_t carry = (uint8_t)(self->low >> 32);

	/* Nothing waits before the very first byte, which no carry reaches. */
	if (carry || self->n_waiting == 0 || (uint32_t)self->low < 0xff000000u) {
		for (uint8_t byte = self->first_waiting; self->n_waiting > 0; self->n_waiting--) {
			put_byte(self, (uint8_t)(byte + carry));
			byte = 0xff;
		}
		self->first_waiting = (uint8_t)(self->low >> 24);
	}
	self->n_waiting++;
	self->low = (uint32_t)(self->low << 8);
}

static inline void keep_range(struct photo_coder *self)
{
	while (self->range < 1u << 24) {
		self->range <<= 8;
		shift_out(self);
	}
}

static inline uint32_t photo_bit(
        struct photo_coder *self, struct photo_chance *chance, uint32_t bit)
{
	uint32_t bound = (self->range >> 16) * chance->zero;

	self->low += bit ? bound : 0;
	self->range = bit ? self->range - bound : bound;
	photo_chance_learn(chance, bit);
	keep_range(self);
	return bit;
}

static inline uint32_t photo_raw(struct photo_coder *self, uint32_t bit)
{
	self->range >>= 1;
	self->low += bit ? self->range : 0;
	keep_range(self);
	return bit;
}

/* Of the numbers that are left the one with the most zeroes at its end: a reader makes them up itself. */
static void finish(struct photo_coder *self, const uint8_t *start)
{
	uint64_t last = self->low + self->range - 1;

	for (uint32_t n_bits = 32; n_bits-- > 0;) {
		uint64_t round = last >> n_bits << n_bits;
		if (round >= self->low) {
			self->low = round;
			break;
		}
	}
	for (uint32_t i = 0; i < 5; i++)
		shift_out(self);
	while (self->at > start && self->at[-1] == 0)
		self->at--;
}

#include "stream/photo_code.h"

size_t photo_write(uint32_t quality, const uint32_t *pixels, uint32_t stride_px, uint32_t width_px,
        uint32_t height_px, uint8_t *out, size_t size, uint32_t shown[PICTURE_TILE * PICTURE_TILE])
{
	static struct photo_levels levels[PHOTO_PLANES];
	static struct photo_plane planes[PHOTO_PLANES];
	struct photo_coder coder = {.range = UINT32_MAX, .at = out, .end = out + size};
	struct photo_model model;

	photo_from_pixels(planes, pixels, stride_px, width_px, height_px);
	for (uint32_t i = 0; i < PHOTO_PLANES; i++)
		photo_quantise(&planes[i], i, quality, &levels[i]);
	photo_model_init(&model);
	code_photo(&coder, &model, planes, levels);
	finish(&coder, out);
	/* No byte at all would be a tile without end; it is said as one zero. */
	if (coder.at == out)
		put_byte(&coder, 0);
	if (coder.is_full)
		return 0;
	for (uint32_t i = 0; shown && i < PHOTO_PLANES; i++)
		photo_dequantise(&levels[i], i, quality, &planes[i]);
	if (shown)
		photo_to_pixels(planes, 16, shown, PICTURE_TILE, width_px, height_px);
	return (size_t)(coder.at - out);
}
