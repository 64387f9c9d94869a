/* Photographs: what is written is what is read, to the bit, at every size and quality; any bytes are a picture within their
 * tile; more quality is more like the original. */
#include "unit/stream_support.h"
#include "unit/suite.h"

#include "encode/photo_write.h"
#include "encode/viewer.h"
#include "stream/photo_read.h"
#include "stream/photo_transform.h"

#define SIDE PICTURE_TILE
#define GUARD 0x5a5a5a5au

static uint32_t tile[SIDE * SIDE], shown[SIDE * SIDE], read_back[(SIDE + 2) * (SIDE + 2)];
static uint8_t bytes[32768];

static void fill(uint32_t kind)
{
	for (uint32_t y = 0; y < SIDE; y++)
		for (uint32_t x = 0; x < SIDE; x++)
			tile[y * SIDE + x] = support_photo_pixel(x, y, kind);
}

static void guard(void)
{
	for (uint32_t i = 0; i < (SIDE + 2) * (SIDE + 2); i++)
		read_back[i] = GUARD;
}

/* Not an assertion a pixel: Check writes each one down. */
static void read_photo(size_t length, uint32_t quality, uint32_t width, uint32_t height)
{
	size_t n_outside = 0;

	guard();
	photo_read(bytes, length, quality, read_back + SIDE + 3, SIDE + 2, width, height);
	for (uint32_t y = 0; y < SIDE + 2; y++)
		for (uint32_t x = 0; x < SIDE + 2; x++)
			if (x == 0 || y == 0 || x > width || y > height)
				n_outside += read_back[y * (SIDE + 2) + x] != GUARD;
	ck_assert_uint_eq(n_outside, 0);
}

/* encode's B,G,R,X are the viewer's R,G,B,A. */
static void compare(uint32_t width, uint32_t height)
{
	size_t n_wrong = 0;

	for (uint32_t y = 0; y < height; y++)
		for (uint32_t x = 0; x < width; x++) {
			uint32_t mine = shown[y * SIDE + x];
			uint32_t turned =
			        (mine & 0xff00ff00u) | (mine >> 16 & 0xff) | (mine & 0xff) << 16;
			n_wrong += read_back[(y + 1) * (SIDE + 2) + x + 1] != turned;
		}
	ck_assert_uint_eq(n_wrong, 0);
}

static uint64_t squared_error(uint32_t width, uint32_t height)
{
	uint64_t sum = 0;

	for (uint32_t y = 0; y < height; y++)
		for (uint32_t x = 0; x < width; x++)
			for (uint32_t shift = 0; shift < 24; shift += 8) {
				int difference = (int)(tile[y * SIDE + x] >> shift & 0xff) -
				                 (int)(shown[y * SIDE + x] >> shift & 0xff);
				sum += (uint64_t)(difference * difference);
			}
	return sum;
}

START_TEST(every_quality_and_size)
{
	for (uint32_t quality = PHOTO_QUALITY_MIN; quality <= PHOTO_QUALITY_MAX; quality++)
		for (uint32_t i = 0; i < 40; i++) {
			uint32_t width = i == 0 ? SIDE : 1 + (quality * 31 + i * 29) % SIDE;
			uint32_t height = i < 2 ? SIDE : 1 + (quality * 17 + i * 23) % SIDE;
			fill(i * 20 + quality);
			size_t length = photo_write(
			        quality, tile, SIDE, width, height, bytes, sizeof(bytes), shown);
			ck_assert_uint_gt(length, 0);
			read_photo(length, quality, width, height);
			compare(width, height);
		}
}
END_TEST

/* Extremes: noise of full strength, one colour, stripes; carries in the arithmetic code. */
START_TEST(extremes)
{
	uint64_t state = 12345;

	for (uint32_t i = 0; i < 400; i++) {
		uint32_t strength = 1 + support_below(&state, 256);
		uint32_t quality = 1 + i % PHOTO_QUALITY_MAX;
		for (uint32_t k = 0; k < SIDE * SIDE; k++)
			tile[k] = 0xff000000u | support_below(&state, strength) << 16 |
			          support_below(&state, strength) << 8 |
			          (i % 3 ? support_below(&state, strength) : (k & 1) * 255);
		size_t length =
		        photo_write(quality, tile, SIDE, SIDE, SIDE, bytes, sizeof(bytes), shown);
		ck_assert_uint_gt(length, 0);
		read_photo(length, quality, SIDE, SIDE);
		compare(SIDE, SIDE);
	}
}
END_TEST

START_TEST(one_colour_is_nearly_kept)
{
	for (uint32_t colour = 0; colour < 64; colour++) {
		for (uint32_t k = 0; k < SIDE * SIDE; k++)
			tile[k] = 0xff000000u | (colour & 3) * 85 << 16 |
			          (colour >> 2 & 3) * 85 << 8 | (colour >> 4) * 85;
		ck_assert_uint_gt(photo_write(PHOTO_QUALITY_MAX, tile, SIDE, SIDE, SIDE, bytes,
		                          sizeof(bytes), shown),
		        0);
		ck_assert_uint_le(squared_error(SIDE, SIDE), SIDE * SIDE * 3 * 4);
	}
}
END_TEST

START_TEST(quality_costs_and_pays)
{
	size_t length_before = 0;
	uint64_t error_before = UINT64_MAX;

	fill(4);
	for (uint32_t quality = PHOTO_QUALITY_MIN; quality <= PHOTO_QUALITY_MAX; quality += 2) {
		size_t length =
		        photo_write(quality, tile, SIDE, SIDE, SIDE, bytes, sizeof(bytes), shown);
		uint64_t error = squared_error(SIDE, SIDE);
		ck_assert_uint_gt(length, length_before);
		ck_assert_uint_lt(error, error_before);
		length_before = length;
		error_before = error;
	}
	/* The finest: better than 40 dB. */
	ck_assert_uint_lt(error_before, SIDE * SIDE * 3 * 65);
}
END_TEST

START_TEST(too_large_is_refused)
{
	fill(3);
	size_t length = photo_write(10, tile, SIDE, SIDE, SIDE, bytes, sizeof(bytes), shown);

	ck_assert_uint_eq(
	        photo_write(10, tile, SIDE, SIDE, SIDE, bytes, length + 4, shown), length);
	memset(bytes, 0x5a, sizeof(bytes));
	ck_assert_uint_eq(photo_write(10, tile, SIDE, SIDE, SIDE, bytes, length - 1, shown), 0);
	ck_assert_uint_eq(bytes[length - 1], 0x5a);
}
END_TEST

/* Foreign coefficients of any size and number, bytes that are too few. UBSan looks on. */
START_TEST(any_bytes_are_a_picture)
{
	uint64_t state = 99;

	for (uint32_t i = 0; i < 4000; i++) {
		size_t length = support_below(&state, i % 4 ? 3000 : 6);
		uint32_t kind = support_below(&state, 3);
		for (size_t k = 0; k < length; k++)
			bytes[k] = kind == 0   ? (uint8_t)support_random(&state)
			           : kind == 1 ? 0xff
			                       : (uint8_t)(support_random(&state) & 0x11);
		read_photo(length, 1 + i % PHOTO_QUALITY_MAX, 1 + support_below(&state, SIDE),
		        1 + support_below(&state, SIDE));
	}
}
END_TEST

START_TEST(below_a_film_nothing_is_to_become_exact)
{
	static uint32_t reference[128 * 64];
	static uint8_t marks[128 * 64];
	static struct viewer viewer;
	const struct rect photograph = {.x = 10, .y = 10, .width = 90, .height = 40};
	const struct rect film = {.x = 0, .y = 0, .width = 128, .height = 64};

	viewer_init(&viewer, 1, &(struct viewer_memory){.reference = reference, .marks = marks},
	        NULL, NULL);
	viewer_resize(&viewer, 128, 64);
	for (uint32_t y = 10; y < 50; y++)
		memset(marks + (size_t)y * 128 + 10, 1, 90);
	tiles_mark(&viewer.photo.inexact, &photograph);
	ck_assert(photo_is_due(&viewer.photo, PHOTO_STILL_MS));

	viewer_forget_area(&viewer, &film, 0);
	ck_assert(!photo_is_due(&viewer.photo, PHOTO_STILL_MS));
	ck_assert(photo_is_exact_in(&viewer.photo, &film));
	for (size_t i = 0; i < sizeof(marks); i++)
		ck_assert_uint_eq(marks[i], 0);
}
END_TEST

int main(void)
{
	return SUITE_RUN("encode photo", every_quality_and_size, extremes,
	        one_colour_is_nearly_kept, quality_costs_and_pays, too_large_is_refused,
	        any_bytes_are_a_picture, below_a_film_nothing_is_to_become_exact);
}
