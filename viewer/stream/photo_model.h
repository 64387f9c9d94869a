/* What a photograph's coefficients are expected to be: chances that learn from what was said. */
#ifndef SHOJI_STREAM_PHOTO_MODEL_H
#define SHOJI_STREAM_PHOTO_MODEL_H

#include <stdint.h>

/* How likely a bit is 0, of 65536; the first few bits teach more than later ones. */
struct photo_chance {
	uint16_t zero;
	uint16_t n_seen;
};
#define PHOTO_SEEN_MAX 30

#define PHOTO_NUMBER_BITS 12
#define PHOTO_CLASSES 6
#define PHOTO_BANDS 5
#define PHOTO_BUSY_SOME 6
#define PHOTO_BUSY_SIZE 4

struct photo_size_model {
	struct photo_chance is_above_1, is_above_2, rest[PHOTO_NUMBER_BITS];
};

struct photo_plane_model {
	struct photo_chance first[PHOTO_CLASSES][PHOTO_NUMBER_BITS];
	struct photo_chance count[PHOTO_CLASSES][PHOTO_NUMBER_BITS];
	struct photo_chance is_some[PHOTO_BANDS][PHOTO_BUSY_SOME];
	struct photo_size_model size[2][PHOTO_BUSY_SIZE];
};

struct photo_model {
	struct photo_plane_model planes[2]; /* light, colours */
};

/* By diagonal of the block, by busyness, by neighbours' counts. */
extern const uint8_t photo_band[15], photo_busy_some[16], photo_busy_size[16];
extern const uint8_t photo_class_above[PHOTO_CLASSES - 2];
/* photo_weight[n_seen]: of 65536, what the next bit counts. */
extern const uint16_t photo_weight[PHOTO_SEEN_MAX + 1];

void photo_model_init(struct photo_model *self);

static inline void photo_chance_learn(struct photo_chance *self, uint32_t bit)
{
	uint32_t weight = photo_weight[self->n_seen];

	/* Stays within 64..65472: neither side may become impossible. */
	if (bit)
		self->zero = (uint16_t)(self->zero - (((uint32_t)self->zero - 64) * weight >> 16));
	else
		self->zero = (uint16_t)(self->zero + ((65472u - self->zero) * weight >> 16));
	self->n_seen = (uint16_t)(self->n_seen + (self->n_seen < PHOTO_SEEN_MAX));
}

#endif
