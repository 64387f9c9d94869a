/* What is taken for a photograph: nothing with writing on it or just beside it, wherever and however thin, nor what is plain. */
#include "unit/stream_support.h"
#include "unit/suite.h"

#include "encode/image.h"
#include "encode/photo_detect.h"

#include <string.h>

#define WIDTH 260
#define HEIGHT 200
#define LEGIBLE 48 /* as the detector's */
#define AROUND 16

static uint32_t pixels[WIDTH * HEIGHT];
static const struct image image = {pixels, WIDTH, HEIGHT, true};
static const struct rect tile = {64, 64, 64, 64};

static void fill(uint32_t kind)
{
	for (uint32_t y = 0; y < HEIGHT; y++)
		for (uint32_t x = 0; x < WIDTH; x++)
			pixels[y * WIDTH + x] = support_photo_pixel(x, y, kind);
}

/* One colour of a pixel, off by so much, away from where it would overflow. */
static void move_pixel(uint32_t x, uint32_t y, uint32_t shift, uint32_t by)
{
	uint32_t *pixel = &pixels[y * WIDTH + x];
	uint32_t colour = *pixel >> shift & 0xff, moved = colour < 128 ? colour + by : colour - by;

	*pixel = (*pixel & ~(0xffu << shift)) | moved << shift;
}

/* A stroke with soft edges: a pixel of half its strength on either side. */
static void draw_stroke(uint32_t x, uint32_t y, uint32_t length, bool is_across, uint32_t shift)
{
	for (uint32_t i = 0; i < length; i++)
		for (uint32_t side = 0; side < 3; side++) {
			uint32_t at_x = x + (is_across ? i : side);
			uint32_t at_y = y + (is_across ? side : i);
			move_pixel(at_x, at_y, shift, side == 1 ? LEGIBLE : LEGIBLE / 2);
		}
}

START_TEST(smooth_photographs_are)
{
	for (uint32_t kind = 0; kind < 8; kind += 2) {
		fill(kind);
		ck_assert(photo_detect(&image, &tile));
	}
}
END_TEST

/* Of any colour, at any place of the tile or around it, three pixels long: the least that a letter has. */
START_TEST(writing_on_them_is_not)
{
	static uint32_t plain[WIDTH * HEIGHT];
	uint64_t random = 4711;
	uint32_t side = 64 + 2 * AROUND - 3;
	size_t n_taken = 0;

	for (uint32_t i = 0; i < 4000; i++) {
		if (i % 1000 == 0) {
			fill(i / 500);
			memcpy(plain, pixels, sizeof(plain));
		}
		memcpy(pixels, plain, sizeof(plain));
		uint32_t x = tile.x - AROUND + support_below(&random, side);
		uint32_t y = tile.y - AROUND + support_below(&random, side);
		bool is_across = support_below(&random, 2);
		draw_stroke(x, y, 3, is_across, 8 * support_below(&random, 3));
		n_taken += photo_detect(&image, &tile);
	}
	ck_assert_uint_eq(n_taken, 0);
}
END_TEST

START_TEST(what_is_farther_away_does_not_matter)
{
	fill(0);
	draw_stroke(tile.x, tile.y - AROUND - 3, 40, true, 0);
	draw_stroke(tile.x + 64 + AROUND, tile.y, 40, false, 8);
	ck_assert(photo_detect(&image, &tile));
	draw_stroke(tile.x + 64 + AROUND - 1, tile.y, 40, false, 8);
	ck_assert(!photo_detect(&image, &tile));
}
END_TEST

/* Neighbours that are half of what is legible apart are enough, in either direction, and one less is not. */
START_TEST(the_step_is_half_of_what_is_legible)
{
	for (uint32_t by = LEGIBLE / 2 - 1; by <= LEGIBLE / 2; by++)
		for (uint32_t direction = 0; direction < 2; direction++) {
			for (uint32_t y = 0; y < HEIGHT; y++)
				for (uint32_t x = 0; x < WIDTH; x++)
					pixels[y * WIDTH + x] =
					        0xff000000u | x / 2 << 8 | y << 16 | (x ^ y) % 20;
			uint32_t x = 90, y = 90;
			pixels[y * WIDTH + x] = 0xff000000u | x / 2 << 8 | y << 16;
			pixels[(y + direction) * WIDTH + x + !direction] =
			        pixels[y * WIDTH + x] + by;
			ck_assert(photo_detect(&image, &tile) == (by < LEGIBLE / 2));
		}
}
END_TEST

/* At the screen's edges there is less around a tile; what is small tells too little. */
START_TEST(edges_of_the_screen)
{
	static const struct rect edges[] = {
	        {0, 0, 64, 64}, {256, 0, 4, 64}, {192, 192, 64, 8}, {192, 128, 68, 72}};
	static const bool is_photo[] = {true, false, false, true};

	fill(0);
	for (size_t i = 0; i < 4; i++)
		ck_assert(photo_detect(&image, &edges[i]) == is_photo[i]);
	move_pixel(0, HEIGHT - 1, 8, LEGIBLE);
	ck_assert(photo_detect(&image, &edges[0]));
	move_pixel(0, 0, 8, LEGIBLE);
	ck_assert(!photo_detect(&image, &edges[0]));
	move_pixel(WIDTH - 1, HEIGHT - 1, 8, LEGIBLE);
	ck_assert(!photo_detect(&image, &edges[3]));
}
END_TEST

START_TEST(plain_ground_is_not)
{
	for (uint32_t y = 0; y < HEIGHT; y++)
		for (uint32_t x = 0; x < WIDTH; x++)
			pixels[y * WIDTH + x] = 0xff102030u + (y / 8) * 0x010101u;
	ck_assert(!photo_detect(&image, &tile));
	/* Few colours, though no two neighbours are alike. */
	for (uint32_t y = 0; y < HEIGHT; y++)
		for (uint32_t x = 0; x < WIDTH; x++)
			pixels[y * WIDTH + x] = 0xff102030u + ((x + y) & 7) * 0x010101u;
	ck_assert(!photo_detect(&image, &tile));
	/* Many colours, in squares. */
	for (uint32_t y = 0; y < HEIGHT; y++)
		for (uint32_t x = 0; x < WIDTH; x++)
			pixels[y * WIDTH + x] = 0xff000000u | x / 3 << 8 | y / 3;
	ck_assert(!photo_detect(&image, &tile));
}
END_TEST

int main(void)
{
	return SUITE_RUN("encode photo detect", smooth_photographs_are, writing_on_them_is_not,
	        what_is_farther_away_does_not_matter, the_step_is_half_of_what_is_legible,
	        edges_of_the_screen, plain_ground_is_not);
}
