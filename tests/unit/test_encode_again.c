/* What was dear to say is said again for little: photographs that are scrolled away and back, repeated, moved sideways; exactly, also after the
 * ring went around. The rig compares every frame, pixel by pixel. */
#include "unit/suite.h"

#include "unit/encode_frame_rig.h"

#define WHITE 0xffffff
#define SLOTS 8 /* of a row as wide as the screen */

/* Of the n-th photograph; noise, which is the dearest there is. */
static uint32_t photograph(uint32_t n, uint32_t x, uint32_t y)
{
	uint32_t hash = (n * 0x9e3779b1u) ^ (x * 0x85ebca6bu) ^ (y * 0xc2b2ae35u);

	hash = (hash ^ hash >> 15) * 0x2c1b3c6du;
	hash = (hash ^ hash >> 12) * 0x297a2d39u;
	return (hash ^ hash >> 15) & 0xffffff;
}

static void put_photograph(struct rect area, uint32_t n)
{
	for (uint32_t y = 0; y < area.height; y++)
		for (uint32_t x = 0; x < area.width; x++)
			put_pixel(area.x + x, area.y + y, photograph(n, x, y));
}

static void clear(void)
{
	for (uint32_t y = 0; y < HEIGHT; y++)
		for (uint32_t x = 0; x < WIDTH; x++)
			put_pixel(x, y, WHITE);
}

/* A frame in which only these photographs are on white. Returns its bytes. */
static size_t show(struct rect area, uint32_t n)
{
	clear();
	put_photograph(area, n);
	damage(all);
	ck_assert(frame(NULL, 0));
	return core.frame_bytes;
}

/* A page: a photograph every 500 rows, 300 high, 260 wide, further to the right each time. */
static size_t show_page(uint32_t offset)
{
	clear();
	for (uint32_t y = 0; y < HEIGHT; y++) {
		uint32_t n = (y + offset) / 500, row = (y + offset) % 500, left = 70 + n * 23 % 180;
		for (uint32_t x = 0; row < 300 && x < 260; x++)
			put_pixel(left + x, y, photograph(n % 3, x, row));
	}
	damage(all);
	ck_assert(frame(NULL, 0));
	return core.frame_bytes;
}

START_TEST(scrolled_away_and_back)
{
	static const int steps[] = {40, 3, 77, 64, 1, 120, 19};
	uint32_t offset = 0;
	size_t there = 0, back = 0;

	start();
	show_page(0);
	for (size_t i = 0; i < 25; i++)
		there += show_page(offset += (uint32_t)steps[i % 7]);
	for (size_t i = 25; i-- > 0;)
		back += show_page(offset -= (uint32_t)steps[i % 7]);
	ck_assert_uint_eq(offset, 0);
	ck_assert_uint_gt(there, 400000);
	ck_assert_msg(back < there / 50, "%zu bytes down, %zu up again", there, back);
	finish();
}
END_TEST

START_TEST(repeated_elsewhere)
{
	start();
	size_t first = show((struct rect){30, 20, 200, 150}, 1);
	ck_assert_uint_gt(first, 90000);
	/* At any x, at any y, cut off by the screen's edge. */
	ck_assert_uint_lt(show((struct rect){177, 91, 200, 150}, 1), first / 8);
	ck_assert_uint_lt(show((struct rect){256, 3, 200, 150}, 1), first / 8);
	ck_assert_uint_lt(show((struct rect){31, 300, 200, 97}, 1), first / 8);
	ck_assert_uint_gt(show((struct rect){30, 20, 200, 150}, 2), first / 2);
	/* Two at once, one of which is new. */
	clear();
	put_photograph((struct rect){5, 5, 200, 150}, 1);
	put_photograph((struct rect){260, 170, 200, 150}, 3);
	damage(all);
	ck_assert(frame(NULL, 0));
	ck_assert_uint_gt(core.frame_bytes, first / 2);
	ck_assert_uint_lt(core.frame_bytes, first * 5 / 4);
	finish();
}
END_TEST

/* Nothing in it is found that is not there any more. */
START_TEST(the_ring_goes_around)
{
	const uint32_t n_held = PICTURE_HISTORY_SLOTS / (SLOTS * HEIGHT);
	size_t first = 0;

	start();
	for (uint32_t n = 0; n < n_held + 3; n++)
		first = show(all, n);
	ck_assert_uint_eq(core.history.n_held, PICTURE_HISTORY_SLOTS);
	for (uint32_t n = n_held + 2; n > 4; n--)
		ck_assert_msg(show(all, n - 1) < first / 20, "%u: %zu of %zu", n - 1,
		        core.frame_bytes, first);
	ck_assert_uint_gt(show(all, 0), first / 2);
	finish();
}
END_TEST

START_TEST(begun_anew)
{
	start();
	size_t first = show((struct rect){30, 20, 200, 150}, 1);
	history_names_init(&core.history);
	clear();
	damage(all);
	ck_assert(frame(NULL, 0));
	ck_assert_uint_gt(show((struct rect){30, 20, 200, 150}, 1), first / 2);
	finish();
}
END_TEST

/* What changes within a photograph, or beside parts of it. */
START_TEST(random_areas_of_photographs)
{
	uint64_t state = 8;

	start();
	show((struct rect){0, 0, 300, 300}, 1);
	for (int round = 0; round < 250; round++) {
		uint32_t n = support_below(&state, 3), x = support_below(&state, 300);
		uint32_t y = support_below(&state, 250);
		struct rect area = {(uint16_t)x, (uint16_t)y,
		        (uint16_t)(1 + support_below(&state, WIDTH - x)),
		        (uint16_t)(1 + support_below(&state, HEIGHT - y))};
		/* A part of it, from its own upper left on or from the screen's. */
		bool is_own = support_below(&state, 2);
		for (uint32_t row = y; row < y + area.height; row++)
			for (uint32_t column = x; column < x + area.width; column++)
				put_pixel(column, row,
				        is_own ? photograph(n, column - x, row - y)
				               : photograph(n, column, row));
		damage(area);
		frame(NULL, 0);
	}
	ck_assert_uint_gt(core.history.n_held, 1000);
	finish();
}
END_TEST

/* On a thin line a frame ends when it is full: what is held is said whole all the same. */
START_TEST(a_limit_does_not_hold_it_up)
{
	start();
	show((struct rect){30, 20, 400, 300}, 1);
	clear();
	damage(all);
	ck_assert(frame(NULL, 0));
	core.slicer.budget_bytes = 4000;
	put_photograph((struct rect){32, 21, 400, 300}, 1);
	damage(all);
	core.frame_bytes = 0;
	frame_make(&core.image, core.reference, &core.cache, NULL, &core.dirty, NULL, 0,
	        &core.slicer, ++core.number, &core.counts);
	uint32_t n_wrong = 0;
	for (uint32_t y = 60; y < 300; y++)
		for (uint32_t x = 100; x < 360; x++)
			n_wrong +=
			        core.reference[y * WIDTH + x] != core.image.pixels[y * WIDTH + x];
	ck_assert_uint_eq(n_wrong, 0);
	ck_assert_uint_lt(core.frame_bytes, 20000);
	finish();
}
END_TEST

/* What the viewer does not show exactly is not remembered as if it did. */
START_TEST(unknown_pixels_are_not_remembered)
{
	start();
	show((struct rect){30, 20, 200, 150}, 1);
	uint32_t n_held = core.history.n_held;
	/* A film lies on the next tile but one, and its pixels equal nothing (encode/video.c). */
	for (uint32_t y = 0; y < HEIGHT; y++)
		core.image.pixels[y * WIDTH + 130] = core.reference[y * WIDTH + 130] = 0;
	for (uint32_t y = 40; y < 60; y++)
		for (uint32_t x = 64; x < 130; x++)
			core.image.pixels[y * WIDTH + x] = IMAGE_SEEN | photograph(7, x, y);
	tiles_mark(&core.dirty, &(struct rect){64, 40, 66, 20});
	frame_make(&core.image, core.reference, &core.cache, NULL, &core.dirty, NULL, 0,
	        &core.slicer, ++core.number, &core.counts);
	ck_assert_int_eq(core.status, STREAM_FRAME);
	/* Of the two columns that were said together the right one has a pixel of the film. */
	ck_assert_uint_eq(core.history.n_held, n_held);
	finish();
}
END_TEST

START_TEST(names)
{
	const uint64_t *key = support_cache_key();
	uint32_t row[3 * PICTURE_TILE];
	struct history_name name, other;
	uint64_t state = 4;

	for (size_t i = 0; i < 3 * PICTURE_TILE; i++)
		row[i] = IMAGE_SEEN | support_random(&state) >> 8;
	ck_assert(history_name_make(&name, key, row));
	for (uint32_t bit = 0; bit < 24 * PICTURE_TILE; bit++) {
		row[bit / 24] ^= 1u << bit % 24;
		ck_assert(history_name_make(&other, key, row));
		row[bit / 24] ^= 1u << bit % 24;
		ck_assert(name.sums[0] != other.sums[0] && name.sums[1] != other.sums[1]);
	}
	ck_assert(history_name_make(&other, key, row));
	ck_assert(name.sums[0] == other.sums[0] && name.sums[1] == other.sums[1]);
	uint32_t hint = history_hint(row);
	for (uint32_t i = 0; i < 2 * PICTURE_TILE - 1; i++) {
		hint = history_hint_on(hint, row + i);
		ck_assert_uint_eq(hint, history_hint(row + i + 1));
	}
	row[63] &= 0xffffff; /* not known */
	ck_assert(!history_name_make(&other, key, row));
}
END_TEST

int main(void)
{
	return SUITE_RUN("encode again", scrolled_away_and_back, repeated_elsewhere,
	        the_ring_goes_around, begun_anew, random_areas_of_photographs,
	        a_limit_does_not_hold_it_up, unknown_pixels_are_not_remembered, names);
}
