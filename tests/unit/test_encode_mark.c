/* The watermark: it is there on any ground, it says who, where and when, and it goes along with what moves. */
#include "unit/suite.h"

#include "unit/stream_support.h"

#include "encode/mark.h"

#include <time.h>

#define WIDTH 1280
#define HEIGHT 800
#define N_PIXELS ((size_t)WIDTH * HEIGHT)

static struct mark mark;
static struct mark_result result;
static struct image image;
static uint32_t pixels[N_PIXELS], shown[N_PIXELS], before[N_PIXELS], last[N_PIXELS];
static struct mark_pattern pattern;
static const struct rect all = {0, 0, WIDTH, HEIGHT};
static const struct mark_words tanaka = {"tanaka", "192.0.2.7", "2026-11-21 14:05"};

typedef uint32_t (*paint_fn)(uint32_t x, uint32_t y);

static void paint(const struct rect *area, paint_fn pixel_at, uint32_t down)
{
	for (uint32_t y = area->y; y < area->y + (uint32_t)area->height; y++)
		for (uint32_t x = area->x; x < area->x + (uint32_t)area->width; x++)
			pixels[y * WIDTH + x] = IMAGE_SEEN | pixel_at(x, y + down);
}

static void start_with(paint_fn pixel_at, uint16_t dot)
{
	mark_init(&mark, &(struct mark_memory){shown, before, &pattern});
	mark_resize(&mark, WIDTH, HEIGHT);
	image_resize(&image, pixels, WIDTH, HEIGHT);
	paint(&all, pixel_at, 0);
	image_look(&image);
	mark_take(&mark, &image, &all, 1, &result);
	ck_assert(!mark.shown.is_whole);
	ck_assert(mark_set(&mark, &image, &tanaka, dot));
	ck_assert(mark.shown.is_whole);
}

static void start(paint_fn pixel_at)
{
	start_with(pixel_at, MARK_DOT_MIN);
}

static uint32_t white(uint32_t x, uint32_t y)
{
	(void)x, (void)y;
	return 0xffffff;
}

static uint32_t black(uint32_t x, uint32_t y)
{
	(void)x, (void)y;
	return 0;
}

static uint32_t photograph(uint32_t x, uint32_t y)
{
	uint64_t state = (uint64_t)(y * 7919 + x) + 1;

	return ((x / 5 + y / 3) % 256) * 0x10101 ^ (support_random(&state) & 0x0f0f0f);
}

static int distance(uint32_t a, uint32_t b)
{
	int most = 0;

	for (int shift = 0; shift < 24; shift += 8) {
		int by = abs((int)(a >> shift & 0xff) - (int)(b >> shift & 0xff));
		most = by > most ? by : most;
	}
	return most;
}

/* Whether the pattern stands there at phase 0: what tells one mark from another. */
static void check_reads(const struct mark_pattern *expected)
{
	size_t n_ink = 0, n_wrong = 0;

	for (uint32_t y = 0; y < HEIGHT; y++)
		for (uint32_t x = 0; x < WIDTH; x++) {
			bool is_ink = mark_pattern_row(expected, y)[x % expected->period_x];
			int by = distance(shown[y * WIDTH + x], pixels[y * WIDTH + x]);
			n_wrong += by != (is_ink ? MARK_STRENGTH : 0);
			n_ink += is_ink;
		}
	ck_assert_uint_eq(n_wrong, 0);
	ck_assert_uint_gt(n_ink, N_PIXELS / 100);
	ck_assert_uint_lt(n_ink, N_PIXELS / 10);
}

START_TEST(seen_on_any_ground)
{
	static struct mark_pattern expected, other;
	const paint_fn grounds[] = {white, black, photograph, support_page_pixel};

	mark_pattern_draw(&expected, &tanaka, MARK_DOT_MIN);
	for (size_t i = 0; i < 4; i++) {
		start(grounds[i]);
		check_reads(&expected);
	}
	/* Another person, terminal or minute is another mark. */
	const struct mark_words others[] = {{"tanakb", "192.0.2.7", "2026-11-21 14:05"},
	        {"tanaka", "192.0.2.8", "2026-11-21 14:05"},
	        {"tanaka", "192.0.2.7", "2026-11-21 14:06"}};
	for (size_t i = 0; i < 3; i++) {
		mark_pattern_draw(&other, &others[i], MARK_DOT_MIN);
		ck_assert_mem_ne(expected.ink, other.ink, sizeof(other.ink));
	}
	ck_assert(!mark_set(&mark, &image, &tanaka, MARK_DOT_MIN));
	ck_assert(mark_set(&mark, &image, &others[2], MARK_DOT_MIN));
	check_reads(&other);
}
END_TEST

/* The same mark, each of its dots so many pixels of a finer screen. */
START_TEST(as_large_at_every_scale)
{
	static struct mark_pattern plain, fine;
	static const struct {
		uint16_t scale, dot;
	} expected[] = {{32, 2}, {64, 2}, {79, 2}, {80, 3}, {96, 3}, {112, 4}, {128, 4}, {160, 5},
	        {192, 6}, {240, 8}, {256, 8}, {0, 2}, {65535, 8}};

	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		ck_assert_uint_eq(mark_dot(expected[i].scale), expected[i].dot);
	mark_pattern_draw(&plain, &tanaka, MARK_DOT_MIN);
	for (uint16_t dot = MARK_DOT_MAX; dot >= MARK_DOT_MIN; dot--) {
		mark_pattern_draw(&fine, &tanaka, dot);
		ck_assert_uint_eq(fine.period_x % PICTURE_TILE, 0);
		ck_assert_uint_eq(fine.period_y % PICTURE_TILE, 0);
		size_t n_other = 0;
		for (uint32_t y = 0; y < fine.period_y; y++)
			for (uint32_t x = 0; x < fine.period_x; x++)
				n_other += mark_pattern_row(&fine, y)[x] !=
				           mark_pattern_row(&plain,
				                   y / dot * MARK_DOT_MIN)[x / dot * MARK_DOT_MIN];
		ck_assert_uint_eq(n_other, 0);
		if (dot == MARK_DOT_MAX) {
			start_with(white, dot);
			check_reads(&fine);
		}
	}
	/* The terminal's scale changes: nothing of the size before is left. */
	mark_pattern_draw(&fine, &tanaka, 5);
	ck_assert(mark_set(&mark, &image, &tanaka, 5));
	check_reads(&fine);
}
END_TEST

START_TEST(longest_texts_stay_in_their_lines)
{
	static struct mark_pattern drawn;
	struct mark_words words = {.address = "2001:0db8:ffff:ffff:ffff:ffff:255.255.255.255",
	        .time = "2026-11-21 14:05"};

	memset(words.person, 'w', MARK_TEXT_MAX);
	mark_pattern_draw(&drawn, &words, MARK_DOT_MIN);
	/* The gap before the second block is free, so nothing was drawn over anything. */
	for (uint32_t y = drawn.period_y / 2u - 8; y < drawn.period_y / 2u; y++)
		ck_assert(!drawn.has_ink[y]);
}
END_TEST

/* What the uppermost region there says of a pixel: drawn without a thought for what was drawn before. */
static bool is_ink_at(uint32_t x, uint32_t y)
{
	struct mark_region top = {0};

	for (size_t i = 0; i < mark.n_regions; i++) {
		const struct rect *area = &mark.regions[i].area;
		if (x >= area->x && x < area->x + (uint32_t)area->width && y >= area->y &&
		        y < area->y + (uint32_t)area->height)
			top = mark.regions[i];
	}
	return mark_pattern_row(&pattern,
	        y + pattern.period_y -
	                top.phase_y)[(x + pattern.period_x - top.phase_x) % pattern.period_x];
}

/* Every pixel is the image's or, where a region says so, that, marked; and about as many are as ever. */
static void check_sound(void)
{
	size_t n_ink = 0, n_wrong = 0;

	for (size_t i = 0; i < N_PIXELS; i++) {
		bool is_ink = is_ink_at((uint32_t)(i % WIDTH), (uint32_t)(i / WIDTH));
		n_wrong += shown[i] != (is_ink ? mark_pixel(pixels[i]) : pixels[i]);
		n_ink += is_ink;
	}
	ck_assert_uint_eq(n_wrong, 0);
	ck_assert_uint_gt(n_ink, N_PIXELS / 100);
	ck_assert_uint_lt(n_ink, N_PIXELS / 10);
}

/* How many pixels of the body are not the shown ones of before, moved. */
static size_t n_not_moved(const struct rect *body, int by)
{
	size_t n = 0;

	for (int y = body->y; y < body->y + body->height; y++)
		for (int x = body->x; x < body->x + body->width; x++)
			if (y + by >= body->y && y + by < body->y + body->height)
				n += shown[y * WIDTH + x] != last[(y + by) * WIDTH + x];
	return n;
}

static void scroll(uint16_t dot, uint32_t n_steps)
{
	struct rect body = {0, 100, 1200, 700};
	uint32_t down = 0;
	size_t n_wrong = 0, n_seen = 0;

	start_with(support_page_pixel, dot);
	for (uint32_t step = 0; step < n_steps; step++) {
		uint32_t by = 3 + step % 17;
		memcpy(last, shown, sizeof(last));
		down += by;
		paint(&body, support_page_pixel, down);
		mark_take(&mark, &image, &body, 1, &result);
		check_sound();
		ck_assert_uint_ge(result.n_offsets, 1);
		/* Found by the first step; from then on it is settled. */
		if (step > 2) {
			n_wrong += n_not_moved(&body, (int)by);
			n_seen += (size_t)body.width * body.height;
		}
		/* What stands still keeps its mark. */
		ck_assert_mem_eq(last, shown, (size_t)WIDTH * 60 * 4);
	}
	ck_assert_msg(
	        n_wrong * 200 < n_seen, "%zu of %zu pixels did not go along", n_wrong, n_seen);
	/* Another page: as at the beginning. */
	paint(&all, photograph, 0);
	mark_take(&mark, &image, &all, 1, &result);
	check_reads(&pattern);
}

START_TEST(scrolling_carries_it_along)
{
	scroll(MARK_DOT_MIN, 40);
	scroll(5, 8);
}
END_TEST

/* The page's upper part sticks from now on: it gets the mark of what lies below, all of it. */
START_TEST(what_is_cut_off_a_region_is_marked_anew)
{
	struct rect body = {0, 100, 1200, 700};
	uint32_t down = 0;

	start(support_page_pixel);
	for (uint32_t step = 0; step < 12; step++) {
		if (step == 6)
			body = (struct rect){0, 260, 1200, 540};
		down += 11;
		paint(&body, support_page_pixel, down);
		mark_take(&mark, &image, &body, 1, &result);
		check_sound();
	}
	ck_assert_uint_eq(mark.n_regions, 1);
	ck_assert_uint_ge(mark.regions[0].area.y, 200);
}
END_TEST

START_TEST(any_damage_leaves_it_sound)
{
	uint64_t state = 7;

	start(support_page_pixel);
	for (uint32_t i = 0; i < 120; i++) {
		struct rect rects[3];
		for (size_t j = 0; j < 3; j++) {
			uint16_t x = (uint16_t)support_below(&state, WIDTH - 1);
			uint16_t y = (uint16_t)support_below(&state, HEIGHT - 1);
			rects[j] = (struct rect){x, y,
			        (uint16_t)(1 + support_below(&state, WIDTH - x)),
			        (uint16_t)(1 + support_below(&state, HEIGHT - y))};
			paint(&rects[j], support_below(&state, 4) ? support_page_pixel : photograph,
			        support_below(&state, 30));
		}
		mark_take(&mark, &image, rects, 3, &result);
		ck_assert_uint_le(result.n_areas, sizeof(result.areas) / sizeof(result.areas[0]));
		ck_assert_uint_le(mark.n_regions, MARK_REGIONS_MAX);
		check_sound();
	}
}
END_TEST

START_TEST(time_is_the_calendars)
{
	char text[MARK_TIME_BYTES], expected[MARK_TIME_BYTES];
	uint64_t state = 3;

	for (uint32_t i = 0; i < 20000; i++) {
		time_t utc = (time_t)((uint64_t)support_random(&state) * 2);
		int east = (int)support_below(&state, 1681) - 840;
		time_t local = utc + east * 60 < 0 ? 0 : utc + east * 60;
		struct tm parts;
		gmtime_r(&local, &parts);
		strftime(expected, sizeof(expected), "%Y-%m-%d %H:%M", &parts);
		mark_time(text, local - east * 60, east);
		ck_assert_str_eq(text, expected);
	}
}
END_TEST

int main(void)
{
	return SUITE_RUN("encode mark", seen_on_any_ground, as_large_at_every_scale,
	        longest_texts_stay_in_their_lines, scrolling_carries_it_along,
	        what_is_cut_off_a_region_is_marked_anew, any_damage_leaves_it_sound,
	        time_is_the_calendars);
}
