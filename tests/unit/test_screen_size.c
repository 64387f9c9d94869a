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
	static uint32_t black[800 * 600];
	const struct image before = {.pixels = black, .width = 800, .height = 600};
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

static void paint(struct image *image, uint32_t colour, uint16_t width, uint16_t height)
{
	uint32_t row[40];

	for (uint32_t i = 0; i < 40; i++)
		row[i] = colour;
	image_take(image, (const uint8_t *)row, 0, &(struct rect){0, 0, width, height});
}

static uint32_t unpainted; /* what stands where nothing was painted yet */

/* A screen that was that colour gets a new size, in which so much is painted in time. Returns how long the rest is waited for. */
static uint64_t wait_for(struct settle *settle, struct image *image, uint32_t colour,
        uint16_t width, uint16_t height)
{
	image_resize(image, pixels, 30, 20);
	paint(image, colour, 30, 20);
	settle_begin(settle, image, 40, 30, 1000);
	image_resize(image, pixels, 40, 30);
	paint(image, unpainted, 40, 30);
	paint(image, 0xffffff, width, height);
	return settle_end(settle, image, 1000 + SETTLE_MAX_MS);
}

/* A browser that is late: what is not painted yet is black, or its bare ground. */
START_TEST(what_is_not_painted_yet_is_waited_for)
{
	static const uint16_t painted[][2] = {{0, 0}, {30, 20}, {40, 28}, {38, 30}};

	for (size_t i = 0; i < 2 * sizeof(painted) / sizeof(painted[0]); i++) {
		const uint16_t *done = painted[i / 2];
		struct image image = {0};
		struct settle settle = {0};

		ck_assert_uint_eq(wait_for(&settle, &image, 0xffffff, done[0], done[1]),
		        SETTLE_BARE_MAX_MS - SETTLE_MAX_MS);
		ck_assert(settle.is_on);
		/* A new size meanwhile: what was shown last is what counts. */
		settle_begin(&settle, &image, 40, 30, 1000);
		ck_assert_uint_gt(settle_end(&settle, &image, 1000 + SETTLE_MAX_MS), 0);
		/* Painted, though late; then, not at all. */
		paint(&image, 0xffffff, 40, 30);
		ck_assert_uint_eq(settle_end(&settle, &image, 1000 + SETTLE_MAX_MS), 0);
		ck_assert(!settle.is_on);
		wait_for(&settle, &image, 0xffffff, done[0], done[1]);
		ck_assert_uint_eq(settle_end(&settle, &image, 1000 + SETTLE_BARE_MAX_MS), 0);
	}
	unpainted = 0;
	/* In a smaller screen the old picture is whole; then the window follows, and is cleared. */
	struct image image = {0};
	struct settle settle = {0};
	ck_assert_uint_eq(wait_for(&settle, &image, 0xffffff, 40, 30), 0);
	settle_look(&settle, &image, 1000 + SETTLE_MAX_MS);
	ck_assert(!settle.is_on);
	paint(&image, 0, 40, 30);
	settle_look(&settle, &image, 1000 + SETTLE_BARE_MAX_MS - 1);
	ck_assert(settle.is_on);
	ck_assert_uint_eq(settle_end(&settle, &image, 1000 + SETTLE_BARE_MAX_MS - 1), 1);
	paint(&image, 0xffffff, 40, 30);
	ck_assert_uint_eq(settle_end(&settle, &image, 1000 + SETTLE_BARE_MAX_MS - 1), 0);
	paint(&image, 0, 40, 30);
	settle_look(&settle, &image, 1000 + SETTLE_BARE_MAX_MS);
	ck_assert(!settle.is_on);

	/* A page that was black before. */
	ck_assert_uint_eq(wait_for(&settle, &image, 0, 0, 0), 0);
	ck_assert(!settle.is_on);
}
END_TEST

int main(void)
{
	return SUITE_RUN("screen size", never_twice_at_once_and_not_too_often,
	        what_is_there_is_not_asked_for, shown_when_it_is_painted,
	        what_is_not_painted_yet_is_waited_for);
}
