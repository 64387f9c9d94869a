/* Between pixels and quantised coefficients. Its callers have checked sizes and qualities; coefficients come off the
 * wire and may be any number that fits their type: nothing here overflows, whatever they are. */
#include "stream/photo_transform.h"

#include <string.h>

/* Right shifts of negative numbers keep their sign with every compiler that Shoji is built by. */
_Static_assert((-3 >> 1) == -2, "arithmetic shift");

const uint8_t photo_zigzag[PHOTO_BLOCK_SAMPLES] = {0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11,
        4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50,
        43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47,
        55, 62, 63};

uint32_t photo_step(uint32_t quality, uint32_t plane, uint32_t coefficient)
{
	/* Four qualities to a doubling: 16, 16 x 2^(1/4).. */
	static const uint8_t quarter[4] = {16, 19, 23, 27};
	uint32_t coarseness = PHOTO_QUALITY_MAX - quality;
	uint32_t base = (uint32_t)quarter[coarseness % 4] << (coarseness / 4);
	uint32_t at = photo_zigzag[coefficient];
	/* Fine detail is seen less, and of colours less still. */
	uint32_t weight = 8 + (at / PHOTO_BLOCK + at % PHOTO_BLOCK) * (plane ? 2 : 1);

	return base * weight / 8;
}

void photo_plane_resize(
        struct photo_plane *self, uint32_t plane, uint32_t width_px, uint32_t height_px)
{
	uint32_t side = plane ? 2 * PHOTO_BLOCK : PHOTO_BLOCK;

	self->columns = (uint16_t)((width_px + side - 1) / side);
	self->rows = (uint16_t)((height_px + side - 1) / side);
}

/* ---- colours ----
 * YCoCg-R (Malvar, Sullivan 2003), without its rounding being undone: Co = R - B, t = B + Co / 2, Cg = G - t,
 * Y = t + Cg / 2. */

/* One row of the tile; the two colours of two neighbours are added up. */
static void row_from_pixels(
        int16_t *luma, int16_t *co, int16_t *cg, const uint32_t *pixels, uint32_t width)
{
	for (uint32_t i = 0; i < width; i++) {
		int red = pixels[i] >> 16 & 255, blue = pixels[i] & 255;
		int orange = red - blue;
		int t = blue + (orange >> 1);
		int green = (int)(pixels[i] >> 8 & 255) - t;
		luma[i] = (int16_t)(t + (green >> 1) - 128);
		co[i] = (int16_t)orange;
		cg[i] = (int16_t)green;
	}
}

static void repeat_edge(int16_t *row, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++)
		row[i] = row[from - 1];
}

/* Fills up the rows below the last one. */
static void repeat_rows(struct photo_plane *plane, uint32_t from)
{
	for (uint32_t y = from; y < (uint32_t)plane->rows * PHOTO_BLOCK; y++)
		memcpy(plane->samples + (size_t)y * PICTURE_TILE,
		        plane->samples + (size_t)(from - 1) * PICTURE_TILE,
		        PICTURE_TILE * sizeof(int16_t));
}

void photo_from_pixels(struct photo_plane planes[PHOTO_PLANES], const uint32_t *pixels,
        uint32_t stride_px, uint32_t width_px, uint32_t height_px)
{
	int16_t colours[2][2][PICTURE_TILE]; /* of two rows: Co, Cg */
	uint32_t half_width = (width_px + 1) / 2, half_height = (height_px + 1) / 2;

	for (uint32_t i = 0; i < PHOTO_PLANES; i++)
		photo_plane_resize(&planes[i], i, width_px, height_px);
	for (uint32_t y = 0; y < 2 * half_height; y++) {
		/* A last row that has no partner is its own. */
		uint32_t from = y < height_px ? y : height_px - 1;
		int16_t *luma = planes[0].samples + (size_t)from * PICTURE_TILE;
		int16_t *co = colours[0][y % 2], *cg = colours[1][y % 2];
		row_from_pixels(luma, co, cg, pixels + (size_t)from * stride_px, width_px);
		repeat_edge(luma, width_px, planes[0].columns * PHOTO_BLOCK);
		if (width_px % 2) {
			co[width_px] = co[width_px - 1];
			cg[width_px] = cg[width_px - 1];
		}
		for (uint32_t c = 0; c < 2 && y % 2; c++) {
			int16_t *out = planes[1 + c].samples + (size_t)(y / 2) * PICTURE_TILE;
			for (uint32_t i = 0; i < half_width; i++)
				out[i] =
				        (int16_t)((colours[c][0][2 * i] + colours[c][0][2 * i + 1] +
				                          colours[c][1][2 * i] +
				                          colours[c][1][2 * i + 1] + 2) >>
				                  2);
			repeat_edge(out, half_width, planes[1].columns * PHOTO_BLOCK);
		}
	}
	repeat_rows(&planes[0], height_px);
	repeat_rows(&planes[1], half_height);
	repeat_rows(&planes[2], half_height);
}

/* A row of colours at full size: each sample lies between four of the half size, the nearest counts 3/4 each way. */
static void widen_row(int16_t *out, const int16_t *near, const int16_t *far, uint32_t half_width)
{
	int16_t sums[PICTURE_TILE / 2 + 2];

	if (half_width == 0)
		return;
	for (uint32_t i = 0; i < half_width; i++)
		sums[i + 1] = (int16_t)(3 * near[i] + far[i]);
	sums[0] = sums[1];
	sums[half_width + 1] = sums[half_width];
	for (uint32_t i = 0; i < half_width; i++) {
		out[2 * i] = (int16_t)((3 * sums[i + 1] + sums[i] + 8) >> 4);
		out[2 * i + 1] = (int16_t)((3 * sums[i + 1] + sums[i + 2] + 7) >> 4);
	}
}

static uint32_t clamped(int value)
{
	return (uint32_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

static void row_to_pixels(uint32_t *pixels, uint32_t red_shift, const int16_t *luma,
        const int16_t *co, const int16_t *cg, uint32_t width)
{
	for (uint32_t i = 0; i < width; i++) {
		int t = luma[i] + 128 - (cg[i] >> 1);
		int blue = t - (co[i] >> 1);
		pixels[i] = 0xff000000u | clamped(blue + co[i]) << red_shift |
		            clamped(cg[i] + t) << 8 | clamped(blue) << (16 - red_shift);
	}
}

void photo_to_pixels(const struct photo_plane planes[PHOTO_PLANES], uint32_t red_shift,
        uint32_t *pixels, uint32_t stride_px, uint32_t width_px, uint32_t height_px)
{
	int16_t colours[2][PICTURE_TILE] = {{0}};
	uint32_t half_width = (width_px + 1) / 2, half_height = (height_px + 1) / 2;

	for (uint32_t y = 0; y < height_px; y++) {
		uint32_t near = y / 2, far = y % 2 ? near + 1 : near - 1;
		if (far >= half_height) /* also -1 */
			far = near;
		for (uint32_t c = 0; c < 2; c++)
			widen_row(colours[c], planes[1 + c].samples + (size_t)near * PICTURE_TILE,
			        planes[1 + c].samples + (size_t)far * PICTURE_TILE, half_width);
		row_to_pixels(pixels + (size_t)y * stride_px, red_shift,
		        planes[0].samples + (size_t)y * PICTURE_TILE, colours[0], colours[1],
		        width_px);
	}
}

/* ---- the transform ----
 * The cosine transform with the whole numbers of H.265 (64, 83, 36; 89, 75, 50, 18): its rows are nearly orthogonal and
 * all as long as 64 x sqrt(8). Eight columns at once, then the block is turned over and the other eight follow. */

static void forward_columns(int16_t block[PHOTO_BLOCK_SAMPLES], int shift)
{
	int round = 1 << (shift - 1);

	for (uint32_t x = 0; x < PHOTO_BLOCK; x++) {
		int16_t *in = block + x;
		int sums[4], differences[4];
		for (uint32_t i = 0; i < 4; i++) {
			sums[i] = in[8 * i] + in[8 * (7 - i)];
			differences[i] = in[8 * i] - in[8 * (7 - i)];
		}
		int outer = sums[0] + sums[3], inner = sums[1] + sums[2];
		int outer_d = sums[0] - sums[3], inner_d = sums[1] - sums[2];
		int *d = differences;
		in[8 * 0] = (int16_t)((64 * (outer + inner) + round) >> shift);
		in[8 * 4] = (int16_t)((64 * (outer - inner) + round) >> shift);
		in[8 * 2] = (int16_t)((83 * outer_d + 36 * inner_d + round) >> shift);
		in[8 * 6] = (int16_t)((36 * outer_d - 83 * inner_d + round) >> shift);
		in[8 * 1] =
		        (int16_t)((89 * d[0] + 75 * d[1] + 50 * d[2] + 18 * d[3] + round) >> shift);
		in[8 * 3] =
		        (int16_t)((75 * d[0] - 18 * d[1] - 89 * d[2] - 50 * d[3] + round) >> shift);
		in[8 * 5] =
		        (int16_t)((50 * d[0] - 89 * d[1] + 18 * d[2] + 75 * d[3] + round) >> shift);
		in[8 * 7] =
		        (int16_t)((18 * d[0] - 50 * d[1] + 75 * d[2] - 89 * d[3] + round) >> shift);
	}
}

static int16_t narrowed(int value, int limit)
{
	return (int16_t)(value < -limit ? -limit : value > limit ? limit : value);
}

/* |in| <= 32768, eight of them times at most 89 each: within 32 bits. */
static void inverse_columns(int16_t block[PHOTO_BLOCK_SAMPLES], int shift, int limit)
{
	int round = 1 << (shift - 1);

	for (uint32_t x = 0; x < PHOTO_BLOCK; x++) {
		int16_t *in = block + x;
		int i1 = in[8], i3 = in[24], i5 = in[40], i7 = in[56];
		int even0 = 64 * (in[0] + in[32]) + round, even1 = 64 * (in[0] - in[32]) + round;
		int even2 = 83 * in[16] + 36 * in[48], even3 = 36 * in[16] - 83 * in[48];
		int a = even0 + even2, d = even0 - even2, b = even1 + even3, c = even1 - even3;
		int odd0 = 89 * i1 + 75 * i3 + 50 * i5 + 18 * i7;
		int odd1 = 75 * i1 - 18 * i3 - 89 * i5 - 50 * i7;
		int odd2 = 50 * i1 - 89 * i3 + 18 * i5 + 75 * i7;
		int odd3 = 18 * i1 - 50 * i3 + 75 * i5 - 89 * i7;
		in[8 * 0] = narrowed((a + odd0) >> shift, limit);
		in[8 * 7] = narrowed((a - odd0) >> shift, limit);
		in[8 * 1] = narrowed((b + odd1) >> shift, limit);
		in[8 * 6] = narrowed((b - odd1) >> shift, limit);
		in[8 * 2] = narrowed((c + odd2) >> shift, limit);
		in[8 * 5] = narrowed((c - odd2) >> shift, limit);
		in[8 * 3] = narrowed((d + odd3) >> shift, limit);
		in[8 * 4] = narrowed((d - odd3) >> shift, limit);
	}
}

static void turn_over(int16_t block[PHOTO_BLOCK_SAMPLES])
{
	for (uint32_t y = 0; y < PHOTO_BLOCK; y++)
		for (uint32_t x = y + 1; x < PHOTO_BLOCK; x++) {
			int16_t sample = block[8 * y + x];
			block[8 * y + x] = block[8 * x + y];
			block[8 * x + y] = sample;
		}
}

/* Samples within -256..255 give coefficients, 8 times as long as an orthonormal transform's, within 16 bits. The block comes
 * out turned over. */
#define FORWARD_SHIFT_1 4
#define FORWARD_SHIFT_2 8
#define INVERSE_SHIFT_1 7
#define INVERSE_SHIFT_2 11
/* No photograph has samples beyond it; four of them added up stay within 16 bits, whatever came over the wire. */
#define SAMPLE_LIMIT 1023

/* By place in a block that is turned over, not in zigzag. */
struct steps {
	uint32_t reciprocal[PHOTO_BLOCK_SAMPLES]; /* 2^20 / step, rounded up */
	uint32_t round[PHOTO_BLOCK_SAMPLES];
};

static uint32_t turned_over(uint32_t place)
{
	return place % 8 * 8 + place / 8;
}

static void make_steps(struct steps *steps, uint32_t index, uint32_t quality)
{
	for (uint32_t i = 0; i < PHOTO_BLOCK_SAMPLES; i++) {
		uint32_t step = photo_step(quality, index, i);
		uint32_t at = turned_over(photo_zigzag[i]);
		steps->reciprocal[at] = ((1u << 20) + step - 1) / step;
		/* Rounded to the nearest, a coefficient costs more bits than it is worth. */
		steps->round[at] = i == 0 ? step / 2 : step / 3;
	}
}

static uint8_t quantise_block(
        int16_t block[PHOTO_BLOCK_SAMPLES], const struct steps *steps, int16_t *levels)
{
	uint8_t n_levels = 0;

	for (uint32_t i = 0; i < PHOTO_BLOCK_SAMPLES; i++) {
		int value = block[i];
		/* At most (32768 + 2^10) x 2^16: within 32 bits. */
		uint32_t size = (uint32_t)(value < 0 ? -value : value) + steps->round[i];
		uint32_t level = size * steps->reciprocal[i] >> 20;
		level = level < PHOTO_LEVEL_MAX ? level : PHOTO_LEVEL_MAX;
		block[i] = (int16_t)(value < 0 ? -(int)level : (int)level);
	}
	for (uint32_t i = 0; i < PHOTO_BLOCK_SAMPLES; i++) {
		levels[i] = block[turned_over(photo_zigzag[i])];
		if (levels[i])
			n_levels = (uint8_t)(i + 1);
	}
	return n_levels;
}

void photo_quantise(const struct photo_plane *plane, uint32_t index, uint32_t quality,
        struct photo_levels *levels)
{
	struct steps steps;
	_Alignas(16) int16_t block[PHOTO_BLOCK_SAMPLES];

	make_steps(&steps, index, quality);
	for (uint32_t row = 0; row < plane->rows; row++)
		for (uint32_t column = 0; column < plane->columns; column++) {
			const int16_t *from =
			        plane->samples + (size_t)row * 8 * PICTURE_TILE + column * 8;
			uint32_t at = row * plane->columns + column;
			for (uint32_t y = 0; y < PHOTO_BLOCK; y++)
				memcpy(block + 8 * y, from + (size_t)y * PICTURE_TILE, 16);
			forward_columns(block, FORWARD_SHIFT_1);
			turn_over(block);
			forward_columns(block, FORWARD_SHIFT_2);
			levels->n_levels[at] = quantise_block(block, &steps, levels->level[at]);
		}
}

/* Most blocks of a photograph have few coefficients, many only the first. */
static void inverse_block(int16_t block[PHOTO_BLOCK_SAMPLES], uint32_t n_levels)
{
	if (n_levels <= 1) {
		int first = (64 * block[0] + (1 << (INVERSE_SHIFT_1 - 1))) >> INVERSE_SHIFT_1;
		int16_t all =
		        narrowed((64 * first + (1 << (INVERSE_SHIFT_2 - 1))) >> INVERSE_SHIFT_2,
		                SAMPLE_LIMIT);
		for (uint32_t i = 0; i < PHOTO_BLOCK_SAMPLES; i++)
			block[i] = all;
		return;
	}
	inverse_columns(block, INVERSE_SHIFT_1, INT16_MAX);
	turn_over(block);
	inverse_columns(block, INVERSE_SHIFT_2, SAMPLE_LIMIT);
}

void photo_dequantise(const struct photo_levels *levels, uint32_t index, uint32_t quality,
        struct photo_plane *plane)
{
	uint16_t steps[PHOTO_BLOCK_SAMPLES];
	_Alignas(16) int16_t block[PHOTO_BLOCK_SAMPLES];

	for (uint32_t i = 0; i < PHOTO_BLOCK_SAMPLES; i++)
		steps[i] = (uint16_t)photo_step(quality, index, i);
	for (uint32_t row = 0; row < plane->rows; row++)
		for (uint32_t column = 0; column < plane->columns; column++) {
			int16_t *to = plane->samples + (size_t)row * 8 * PICTURE_TILE + column * 8;
			uint32_t at = row * plane->columns + column;
			memset(block, 0, sizeof(block));
			for (uint32_t i = 0; i < levels->n_levels[at]; i++) {
				block[turned_over(photo_zigzag[i])] =
				        narrowed(levels->level[at][i] * (int)steps[i], INT16_MAX);
			}
			inverse_block(block, levels->n_levels[at]);
			for (uint32_t y = 0; y < PHOTO_BLOCK; y++)
				memcpy(to + (size_t)y * PICTURE_TILE, block + 8 * y, 16);
		}
}
