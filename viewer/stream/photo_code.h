/* How the coefficients of a photograph are said, one yes or no after the other, and what each is expected to be. The
 * same functions write and read: who includes this file has before it
 *
 *   struct photo_coder;
 *   static inline uint32_t photo_bit(struct photo_coder *, struct photo_chance *, uint32_t bit);
 *   static inline uint32_t photo_raw(struct photo_coder *, uint32_t bit);
 *
 * A writer's say the bit and return it; a reader's ignore it and return what was said. So the two cannot differ, and
 * `value` below is what a writer wants to say and anything for a reader. */
#ifndef SHOJI_STREAM_PHOTO_CODE_H
#define SHOJI_STREAM_PHOTO_CODE_H

#include "stream/photo_model.h"
#include "stream/photo_transform.h"

#include <string.h>

#define ESCAPE_BITS_MAX 12 /* numbers below 4095 */

/* Exponential Golomb: how many bits the number plus one has, in unary, then those below the first. A foreign one ends at
 * ESCAPE_BITS_MAX. */
static inline uint32_t code_number(
        struct photo_coder *coder, struct photo_chance chances[ESCAPE_BITS_MAX], uint32_t value)
{
	uint32_t n_bits = 0, wanted = 0, result = 1;

	for (uint32_t rest = (value + 1) >> 1; rest > 0; rest >>= 1)
		wanted++;
	while (n_bits < ESCAPE_BITS_MAX - 1 && photo_bit(coder, &chances[n_bits], n_bits < wanted))
		n_bits++;
	for (uint32_t i = n_bits; i-- > 0;)
		result = result << 1 | photo_raw(coder, ((value + 1) >> i) & 1);
	return result - 1;
}

/* The magnitudes of one block with two rows and columns of zeroes beside it. */
#define GRID_SIDE (PHOTO_BLOCK + 2)

struct photo_grid {
	uint8_t magnitude[GRID_SIDE * GRID_SIDE]; /* at most GRID_MAGNITUDE_MAX */
};
#define GRID_MAGNITUDE_MAX 3

/* The coefficients right of it and below it, which are finer and were said before. */
static inline uint32_t busyness(const uint8_t *at)
{
	return at[1] + at[2] + at[GRID_SIDE] + at[2 * GRID_SIDE] + at[GRID_SIDE + 1];
}

/* Magnitude, not 0, from 1 on. */
static inline uint32_t code_magnitude(
        struct photo_coder *coder, struct photo_size_model *model, uint32_t value)
{
	if (!photo_bit(coder, &model->is_above_1, value > 1))
		return 1;
	if (!photo_bit(coder, &model->is_above_2, value > 2))
		return 2;
	return 3 + code_number(coder, model->rest, value - 3);
}

static inline void code_block_rest(struct photo_coder *coder, struct photo_plane_model *model,
        int16_t *levels, uint32_t n_levels)
{
	struct photo_grid grid;

	memset(&grid, 0, sizeof(grid));
	for (uint32_t i = n_levels - 1; i > 0; i--) {
		uint32_t place = photo_zigzag[i], row = place / 8, column = place % 8;
		uint8_t *at = &grid.magnitude[row * GRID_SIDE + column];
		uint32_t busy = busyness(at), diagonal = row + column;
		uint32_t band = photo_band[diagonal];
		int level = levels[i];
		uint32_t size = (uint32_t)(level < 0 ? -level : level);
		/* The last one is known not to be 0. */
		if (i < n_levels - 1 &&
		        !photo_bit(coder, &model->is_some[band][photo_busy_some[busy]], size > 0)) {
			levels[i] = 0;
			continue;
		}
		size = code_magnitude(coder, &model->size[band > 2][photo_busy_size[busy]], size);
		level = photo_raw(coder, level < 0) ? -(int)size : (int)size;
		if (size > PHOTO_LEVEL_MAX)
			level = 0; /* foreign: no writer says so */
		levels[i] = (int16_t)level;
		*at = (uint8_t)(size < GRID_MAGNITUDE_MAX ? size : GRID_MAGNITUDE_MAX);
	}
}

static inline int32_t code_first(
        struct photo_coder *coder, struct photo_plane_model *model, uint32_t class, int32_t value)
{
	uint32_t size = (uint32_t)(value < 0 ? -value : value);

	size = code_number(coder, model->first[class], size);
	if (size > 0 && photo_raw(coder, value < 0))
		return -(int32_t)size;
	return (int32_t)size;
}

/* Expected from the blocks above and to the left: the median of them and of what a slope would give. */
static inline int32_t expect_first(
        const struct photo_levels *levels, uint32_t at, uint32_t column, uint32_t columns)
{
	int32_t left = column > 0 ? levels->level[at - 1][0] : 0;
	int32_t above = at >= columns ? levels->level[at - columns][0] : 0;

	if (column == 0)
		return above;
	if (at < columns)
		return left;
	int32_t corner = levels->level[at - columns - 1][0];
	int32_t low = left < above ? left : above, high = left < above ? above : left;
	if (corner >= high)
		return low;
	return corner <= low ? high : left + above - corner;
}

/* How many coefficients the neighbours have tells how many there are here. */
static inline uint32_t class_of(
        const struct photo_levels *levels, uint32_t at, uint32_t column, uint32_t columns)
{
	uint32_t sum = 0, n = 0;

	if (column > 0) {
		sum += levels->n_levels[at - 1];
		n++;
	}
	if (at >= columns) {
		sum += levels->n_levels[at - columns];
		n++;
	}
	if (n == 0)
		return PHOTO_CLASSES - 1;
	sum = n == 1 ? 2 * sum : sum;
	uint32_t class = 0;
	while (class < PHOTO_CLASSES - 2 && sum > photo_class_above[class])
		class ++;
	return class;
}

/* All coefficients of one plane. levels: all zero for a reader. */
static inline void code_plane(struct photo_coder *coder, struct photo_plane_model *model,
        const struct photo_plane *plane, struct photo_levels *levels)
{
	for (uint32_t row = 0; row < plane->rows; row++)
		for (uint32_t column = 0; column < plane->columns; column++) {
			uint32_t at = row * plane->columns + column;
			int16_t *block = levels->level[at];
			uint32_t class = class_of(levels, at, column, plane->columns);
			int32_t expected = expect_first(levels, at, column, plane->columns);
			int32_t first =
			        expected + code_first(coder, model, class, block[0] - expected);
			if (first < -PHOTO_LEVEL_MAX || first > PHOTO_LEVEL_MAX)
				first = 0; /* foreign */
			block[0] = (int16_t)first;
			uint32_t rest = levels->n_levels[at] > 1 ? levels->n_levels[at] - 1u : 0;
			rest = code_number(coder, model->count[class], rest);
			if (rest > PHOTO_BLOCK_SAMPLES - 1)
				rest = PHOTO_BLOCK_SAMPLES - 1; /* foreign */
			levels->n_levels[at] = (uint8_t)(rest + 1);
			if (rest > 0)
				code_block_rest(coder, model, block, rest + 1);
		}
}

static inline void code_photo(struct photo_coder *coder, struct photo_model *model,
        const struct photo_plane planes[PHOTO_PLANES], struct photo_levels levels[PHOTO_PLANES])
{
	for (uint32_t i = 0; i < PHOTO_PLANES; i++)
		code_plane(coder, &model->planes[i > 0], &planes[i], &levels[i]);
}

#endif
