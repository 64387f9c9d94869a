/* The fixed tables of the model, found by trial on photographs (docs/protocol.md), and its beginning. */
#include "stream/photo_model.h"

const uint8_t photo_band[15] = {0, 0, 1, 2, 2, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4};
const uint8_t photo_busy_some[16] = {0, 1, 2, 3, 3, 4, 4, 4, 5, 5, 5, 5, 5, 5, 5, 5};
const uint8_t photo_busy_size[16] = {0, 0, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3, 3};
const uint8_t photo_class_above[PHOTO_CLASSES - 2] = {3, 10, 24, 50};

/* 65536 / (n + 2), then 1/32. */
const uint16_t photo_weight[PHOTO_SEEN_MAX + 1] = {32768, 21845, 16384, 13107, 10922, 9362, 8192,
        7281, 6553, 5957, 5461, 5041, 4681, 4369, 4096, 3855, 3640, 3449, 3276, 3120, 2978, 2849,
        2730, 2621, 2520, 2427, 2340, 2259, 2184, 2114, 2048};

void photo_model_init(struct photo_model *self)
{
	struct photo_chance *chances = (struct photo_chance *)(void *)self;

	for (uint32_t i = 0; i < sizeof(*self) / sizeof(*chances); i++)
		chances[i] = (struct photo_chance){.zero = 32768};
}
