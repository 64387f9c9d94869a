/* When another screen size is asked for, and what of it is shown when. */
#include "capture/screen_size.h"
#include "encode/settle.h"
#include "unit/suite.h"

#include <check.h>

START_TEST(never_twice_at_once_and_not_too_often)
{
	struct screen_size size = {0};

	ck_assert_int_eq(screen_size_due_ms(&size, 800, 600, true, 1000), -1);
	screen_size_want(&size, 1024, 768);
	ck_assert_int_eq(screen_size_due_ms(&size, 800, 600, true, 1000), 0);
	screen_size_asked(&size, 1000);
	ck_assert_int_eq(screen_size_due_ms(&size, 800, 600, false, 1001), -1);
	/* Wanted while the first is on its way: after its answer, and the interval. */
	screen_size_want(&size, 1100, 700);
	ck_assert_int_eq(
	        screen_size_due_ms(&size, 800, 600, false, 1001), SCREEN_SIZE_ANSWER_MS - 1);
	ck_assert_int_eq(
	        screen_size_due_ms(&size, 1024, 768, true, 1001), SCREEN_SIZE_INTERVAL_MS - 1);
	ck_assert_int_eq(
	        screen_size_due_ms(&size, 1024, 768, true, 1000 + SCREEN_SIZE_INTERVAL_MS), 0);
	/* A host that does not answer. */
	ck_assert_int_eq(
	        screen_size_due_ms(&size, 800, 600, false, 1000 + SCREEN_SIZE_ANSWER_MS), 0);
}
END_TEST

START_TEST(what_is_there_is_not_asked_for)
{
	struct screen_size size = {0};

	screen_size_want(&size, 800, 600);
	ck_assert_int_eq(screen_size_due_ms(&size, 800, 600, true, 1000), -1);
	/* But it is when another is on its way, and the terminal has changed its mind. */
	screen_size_want(&size, 1024, 768);
	screen_size_asked(&size, 1000);
	screen_size_want(&size, 800, 600);
	ck_assert_int_ge(screen_size_due_ms(&size, 800, 600, false, 1001), 0);
	ck_assert_int_eq(screen_size_due_ms(&size, 1024, 768, true, 2000), 0);
}
END_TEST

START_TEST(shown_when_it_is_painted)
{
	const struct rect whole = {.width = 800, .height = 600};
	const struct rect half = {.width = 800, .height = 300};
	const struct rect dot = {.width = 1, .height = 1};
	const struct image before = {.width = 800, .height = 600};
	struct settle settle = {0};

	settle_begin(&settle, &before, 800, 600, 1000);
	ck_assert(settle.is_on);
	settle_take(&settle, &dot, 1);
	ck_assert_uint_gt(settle_wait_ms(&settle, true, 1000), 0);
	settle_take(&settle, &whole, 1);
	ck_assert_uint_eq(settle_wait_ms(&settle, true, 1000), 0);
	ck_assert_uint_eq(settle_end(&settle, &before, 1000), 0);
	ck_assert(!settle.is_on);
	settle_begin(&settle, &before, 800, 600, 1000);
	settle_take(&settle, &half, 1);
	ck_assert_uint_gt(settle_wait_ms(&settle, true, 1000), 0);
	settle_take(&settle, &half, 1);
	ck_assert_uint_eq(settle_wait_ms(&settle, true, 1000), 0);
	settle_begin(&settle, &before, 800, 600, 1000);
	ck_assert_uint_eq(settle_wait_ms(&settle, false, 1010), SETTLE_MAX_MS - 10);
	ck_assert_uint_eq(settle_wait_ms(&settle, true, 1010), SETTLE_QUIET_MS);
	ck_assert_uint_eq(settle_wait_ms(&settle, true, 1000 + SETTLE_MAX_MS - 1), 1);
	ck_assert_uint_eq(settle_wait_ms(&settle, true, 9999), 0);
	ck_assert_uint_eq(settle_end(&settle, &before, 1000 + SETTLE_MAX_MS), 0);
	ck_assert(!settle.is_on);
}
END_TEST

static uint32_t pixels[40 * 30];

static void paint(struct image *image, uint32_t width, uint32_t height)
{
	static const uint32_t white = 0xffffff;

	for (uint16_t y = 0; y < height; y++)
		for (uint16_t x = 0; x < width; x++)
			image_take(image, (const uint8_t *)&white, 4, &(struct rect){x, y, 1, 1});
}

/* A browser that is late: where the screen has grown there is nothing but black. */
START_TEST(what_is_not_painted_yet_is_waited_for)
{
	static const uint16_t sizes[][2] = {{30, 30}, {40, 20}, {30, 20}}; /* before */

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		const struct image before = {.width = sizes[i][0], .height = sizes[i][1]};
		const uint64_t late_ms = 1000 + SETTLE_MAX_MS;
		struct image image = {0};
		struct settle settle = {0};

		image_resize(&image, pixels, 40, 30);
		image_take(&image, (const uint8_t[40 * 4]){0}, 0, &(struct rect){0, 0, 40, 30});
		paint(&image, before.width, before.height);
		settle_begin(&settle, &before, 40, 30, 1000);
		ck_assert_uint_eq(
		        settle_end(&settle, &image, late_ms), SETTLE_BARE_MAX_MS - SETTLE_MAX_MS);
		ck_assert(settle.is_on);
		/* Painted, though late. */
		paint(&image, 40, 30);
		ck_assert_uint_eq(settle_end(&settle, &image, late_ms), 0);
		ck_assert(!settle.is_on);
	}
	/* Wider, and never painted so, then a little smaller: black all the same. */
	struct image passing = {.width = 60, .height = 30};
	struct settle twice = {0};
	settle_begin(&twice, &(struct image){.width = 30, .height = 30}, 60, 30, 1000);
	settle_begin(&twice, &passing, 40, 30, 1000);
	ck_assert(twice.is_wider && !twice.is_higher);

	/* A browser that painted its old picture again, most of the new one: the rest is waited for. */
	image_resize(&passing, pixels, 40, 30);
	image_take(&passing, (const uint8_t[40 * 4]){0}, 0, &(struct rect){0, 0, 40, 30});
	paint(&passing, 40, 28);
	settle_begin(&twice, &(struct image){.width = 40, .height = 28}, 40, 30, 1000);
	settle_take(&twice, &(struct rect){0, 0, 40, 28}, 1);
	ck_assert_uint_eq(settle_wait_ms(&twice, true, 1000), 0);
	ck_assert_uint_gt(settle_end(&twice, &passing, 1000), 0);

	/* A page that is black, and one on a screen that has not grown. */
	struct image image = {0};
	struct settle settle = {0};
	image_resize(&image, pixels, 40, 30);
	image_take(&image, (const uint8_t[40 * 4]){0}, 0, &(struct rect){0, 0, 40, 30});
	settle_begin(&settle, &(struct image){.width = 30, .height = 20}, 40, 30, 1000);
	ck_assert_uint_eq(settle_end(&settle, &image, 1000 + SETTLE_BARE_MAX_MS), 0);
	settle_begin(&settle, &(struct image){.width = 50, .height = 30}, 40, 30, 1000);
	ck_assert_uint_eq(settle_end(&settle, &image, 1000 + SETTLE_QUIET_MS), 0);
}
END_TEST

int main(void)
{
	return SUITE_RUN("screen size", never_twice_at_once_and_not_too_often,
	        what_is_there_is_not_asked_for, shown_when_it_is_painted,
	        what_is_not_painted_yet_is_waited_for);
}
