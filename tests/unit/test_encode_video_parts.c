/* The parts of video that are pure: colours, cells, groups, rate, budget; and x264's wrapper. */
#include "unit/suite.h"

#include "unit/stream_support.h"

#include "encode/image.h"
#include "encode/video_budget.h"
#include "encode/video_cells.h"
#include "encode/video_colour.h"
#include "encode/video_h264.h"
#include "encode/video_rate.h"
#include "encode/video_find.h"

/* ---- colours ---- */

/* ITU-R BT.709, limited range, in floating point. */
static void expect_colour(uint8_t red, uint8_t green, uint8_t blue)
{
	uint8_t pixels[2][2][4], y[4], u[1], v[1];
	struct video_planes planes = {y, u, v, 2, 1};
	double luma = .2126 * red + .7152 * green + .0722 * blue;

	for (int i = 0; i < 4; i++)
		memcpy(pixels[i / 2][i % 2], (uint8_t[4]){blue, green, red, 0xff}, 4);
	video_colour_convert(&pixels[0][0][0], 8, 2, 2, &planes);
	for (int i = 0; i < 4; i++)
		ck_assert_int_le(abs(y[i] - (int)(16.5 + luma * 219 / 255)), 1);
	ck_assert_int_le(abs(u[0] - (int)(128.5 + (blue - luma) / 1.8556 * 224 / 255)), 1);
	ck_assert_int_le(abs(v[0] - (int)(128.5 + (red - luma) / 1.5748 * 224 / 255)), 1);
}

START_TEST(test_colours)
{
	for (int red = 0; red < 256; red += 15)
		for (int green = 0; green < 256; green += 15)
			for (int blue = 0; blue < 256; blue += 15)
				expect_colour((uint8_t)red, (uint8_t)green, (uint8_t)blue);
}
END_TEST

START_TEST(test_odd_sizes_repeat_the_last)
{
	uint8_t pixels[3][3][4] = {{{0}}}, y[16], u[4], v[4];
	struct video_planes planes = {y, u, v, 4, 2};

	memset(y, 7, sizeof(y));
	memset(pixels[2][2], 255, 4);
	video_colour_convert(&pixels[0][0][0], 12, 3, 3, &planes);
	ck_assert_uint_eq(y[0], 16);
	ck_assert_uint_eq(y[2 * 4 + 2], 235);
	ck_assert_uint_eq(y[2 * 4 + 3], 235);
	ck_assert_uint_eq(y[3 * 4 + 2], 235);
	ck_assert_uint_eq(y[3 * 4 + 3], 235);
	ck_assert_uint_eq(y[3 * 4 + 0], 16);
	ck_assert_uint_eq(u[3], 128);
}
END_TEST

/* ---- cells ---- */

START_TEST(test_rectangles)
{
	uint64_t random = 3;

	for (int round = 0; round < 2000; round++) {
		struct rect a = {(uint16_t)support_below(&random, 20),
		        (uint16_t)support_below(&random, 20),
		        (uint16_t)(1 + support_below(&random, 20)),
		        (uint16_t)(1 + support_below(&random, 20))};
		struct rect b = {(uint16_t)support_below(&random, 20),
		        (uint16_t)support_below(&random, 20),
		        (uint16_t)(1 + support_below(&random, 20)),
		        (uint16_t)(1 + support_below(&random, 20))};
		struct rect out[4];
		uint8_t seen[40][40] = {{0}};
		size_t n = video_subtract(&a, &b, out);
		for (size_t i = 0; i < n; i++)
			for (uint32_t y = out[i].y; y < out[i].y + (uint32_t)out[i].height; y++)
				for (uint32_t x = out[i].x; x < out[i].x + (uint32_t)out[i].width;
				        x++)
					seen[y][x]++;
		for (uint32_t y = 0; y < 40; y++)
			for (uint32_t x = 0; x < 40; x++) {
				bool in_a = x >= a.x && y >= a.y && x < a.x + (uint32_t)a.width &&
				            y < a.y + (uint32_t)a.height;
				bool in_b = x >= b.x && y >= b.y && x < b.x + (uint32_t)b.width &&
				            y < b.y + (uint32_t)b.height;
				ck_assert_uint_eq(seen[y][x], in_a && !in_b);
			}
	}
}
END_TEST

START_TEST(test_joined)
{
	struct rect none = {0}, a = {10, 20, 30, 40}, b = {35, 5, 6, 90};
	struct rect both = video_join(&a, &b), alone = video_join(&none, &a);

	ck_assert(both.x == 10 && both.y == 5 && both.width == 31 && both.height == 90);
	ck_assert_mem_eq(&alone, &a, sizeof(a));
	alone = video_join(&a, &none);
	ck_assert_mem_eq(&alone, &a, sizeof(a));
}
END_TEST

START_TEST(test_streaks)
{
	struct video_cell cell = {0};
	struct rect box = {33, 50, 4, 2}; /* in the cell at (32, 48) */

	for (uint32_t ms = 1000; ms < 1400; ms += 33) {
		ck_assert(!video_cell_is_hot(&cell, ms));
		video_cell_change(&cell, ms, 32, 48, &box);
	}
	ck_assert(video_cell_is_warm(&cell, 1400));
	video_cell_change(&cell, 1410, 32, 48, &(struct rect){40, 60, 1, 1});
	ck_assert(video_cell_is_hot(&cell, 1410));
	struct video_box changed = video_cell_box(&cell);
	ck_assert_uint_eq(changed.left, 1);
	ck_assert_uint_eq(changed.top, 2);
	ck_assert_uint_eq(changed.right, 9);
	ck_assert_uint_eq(changed.bottom, 13);
	ck_assert(video_cell_is_hot(&cell, 1410 + VIDEO_QUIET_MS - 1));
	ck_assert(!video_cell_is_hot(&cell, 1410 + VIDEO_QUIET_MS));
	/* What was long ago is out of the box. */
	for (uint32_t ms = 1430; ms < 2100; ms += 33)
		video_cell_change(&cell, ms, 32, 48, &box);
	ck_assert_uint_eq(video_cell_box(&cell).right, 5);
	/* The caret: twice a second. */
	memset(&cell, 0, sizeof(cell));
	for (uint32_t ms = 1000; ms < 9000; ms += 500) {
		video_cell_change(&cell, ms, 32, 48, &box);
		ck_assert(!video_cell_is_hot(&cell, ms));
	}
}
END_TEST

START_TEST(test_taking_tells_what_changed)
{
	uint32_t image[16 * 16] = {0};
	uint8_t from[16 * 16 * 4];
	struct rect changed = {0};

	memset(from, 9, sizeof(from));
	ck_assert(video_take_compared(image, 16, from, 64, 16, 16, &changed));
	ck_assert(changed.width == 16 && changed.height == 16);
	ck_assert_uint_eq(image[255], 0xff090909);
	ck_assert(!video_take_compared(image, 16, from, 64, 16, 16, &changed));
	from[(5 * 16 + 3) * 4] = 1;
	from[(7 * 16 + 12) * 4 + 2] = 1;
	/* The fourth byte is nothing. */
	from[3] = 77;
	ck_assert(video_take_compared(image, 16, from, 64, 16, 16, &changed));
	ck_assert(changed.x == 3 && changed.y == 5 && changed.width == 10 && changed.height == 3);
}
END_TEST

static struct video_cells cells;

static void heat(uint32_t left, uint32_t top, uint32_t right, uint32_t bottom, uint32_t step)
{
	for (uint32_t ms = 1000; ms <= 1500; ms += 50)
		for (uint32_t y = top; y < bottom; y += step)
			for (uint32_t x = left; x < right; x += step)
				video_cell_change(&cells.cells[y][x], ms, x * 16, y * 16,
				        &(struct rect){(uint16_t)(x * 16 + 2),
				                (uint16_t)(y * 16 + 3), 9, 9});
}

START_TEST(test_groups)
{
	struct video_found found[VIDEO_FOUND_MAX];

	video_cells_resize(&cells, 1280, 800);
	heat(2, 3, 20, 15, 1);
	heat(40, 20, 60, 40, 1);
	heat(70, 3, 74, 7, 1);  /* too small */
	heat(30, 3, 36, 20, 5); /* too sparse */
	ck_assert_uint_eq(video_find(&cells, 1280, 800, 1500, found), 2);
	ck_assert_uint_eq(found[0].n_hot, 400);
	ck_assert_uint_eq(found[0].area.x, 642);
	ck_assert_uint_eq(found[0].area.y, 323);
	ck_assert_uint_eq(found[0].area.width, 19 * 16 + 9);
	ck_assert_uint_eq(found[1].n_hot, 18 * 12);
	/* Silence. */
	ck_assert_uint_eq(video_find(&cells, 1280, 800, 1500 + VIDEO_QUIET_MS, found), 0);
}
END_TEST

/* ---- rate and budget ---- */

static void sent(
        struct video_rate *rate, uint8_t region, uint32_t number, uint32_t bytes, uint32_t now_ms)
{
	video_rate_sent(rate, region, number, &(struct flow_sent){.bytes = bytes}, now_ms);
}

/* Returns the bytes that were answered. */
static uint32_t drawn(struct video_rate *rate, uint32_t number, uint32_t now_ms)
{
	struct video_flight flight;

	video_rate_drawn(rate, number, now_ms, &flight);
	return flight.bytes;
}

START_TEST(test_rate_follows_the_line)
{
	struct video_rate rate = {0};
	uint32_t number = 0;

	video_rate_begin(&rate, 854 * 480, 1000);
	uint32_t first = rate.kbit_s;
	for (uint32_t ms = 1000; ms < 6000; ms += 33) {
		ck_assert(video_rate_may_send(&rate));
		sent(&rate, 1, ++number, 5000, ms);
		ck_assert_uint_eq(drawn(&rate, number, ms + 20), 5000);
	}
	ck_assert_uint_eq(rate.kbit_s, rate.max_kbit_s);
	ck_assert_uint_gt(rate.kbit_s, first);
	ck_assert_uint_eq(rate.bytes_in_flight, 0);
	for (uint32_t ms = 6000; ms < 16000; ms += 100) {
		sent(&rate, 1, ++number, 5000, ms);
		drawn(&rate, number, ms + 300);
	}
	ck_assert_uint_lt(rate.kbit_s, 400);
	ck_assert_uint_ge(rate.kbit_s, VIDEO_RATE_MIN_KBIT);
	/* Line and policy bind it, and let it go again. */
	ck_assert(video_rate_limit(&rate, 100));
	ck_assert_uint_eq(rate.kbit_s, 100);
	ck_assert(!video_rate_limit(&rate, 100));
	video_rate_limit(&rate, 1);
	ck_assert_uint_eq(rate.kbit_s, VIDEO_RATE_FLOOR_KBIT);
	ck_assert(!video_rate_limit(&rate, UINT32_MAX));
	for (uint32_t ms = 16000; ms < 26000; ms += 33) {
		sent(&rate, 1, ++number, 200, ms);
		drawn(&rate, number, ms + 20);
	}
	ck_assert_uint_eq(rate.kbit_s, rate.max_kbit_s);
}
END_TEST

START_TEST(test_nothing_is_queued)
{
	struct video_rate rate = {0};
	uint32_t number = 0;

	video_rate_begin(&rate, 854 * 480, 1000);
	while (video_rate_may_send(&rate)) {
		number++;
		sent(&rate, (uint8_t)(2 - number % 2), number, 100, 1000);
	}
	ck_assert_uint_eq(number, VIDEO_FLIGHTS_MAX);
	/* What was never sent is no news; one that is drawn answers for those before it in its region. */
	ck_assert_uint_eq(drawn(&rate, 99, 1010), 0);
	ck_assert(!video_rate_may_send(&rate));
	ck_assert_uint_eq(drawn(&rate, 7, 1010), 400);
	ck_assert(video_rate_may_send(&rate));
	ck_assert_uint_eq(rate.bytes_in_flight, 800);
	ck_assert_uint_eq(video_rate_forget(&rate, 1), 200);
	ck_assert_uint_eq(video_rate_forget(&rate, 2), 600);
	ck_assert_uint_eq(rate.bytes_in_flight, 0);
	/* One frame may always go, however large. */
	sent(&rate, 1, ++number, 1000000, 1020);
	ck_assert(!video_rate_may_send(&rate));
}
END_TEST

START_TEST(test_budget)
{
	struct video_budget budget;
	uint32_t n_frames = 0;

	/* 10 ms of work a frame at 20 % of a core: 20 frames a second. */
	video_budget_init(&budget, 1000);
	ck_assert(!video_budget_may_encode(&budget, 1000)); /* no share yet */
	video_budget_set(&budget, 200);
	for (uint32_t ms = 1000; ms < 11000; ms += 10)
		if (video_budget_may_encode(&budget, ms)) {
			video_budget_spent(&budget, 10500, 10000);
			n_frames++;
		}
	ck_assert_uint_ge(n_frames, 195);
	ck_assert_uint_le(n_frames, 215);
	/* A machine that has no time: down to an eighth, and back. */
	n_frames = 0;
	for (uint32_t ms = 11000; ms < 31000; ms += 10)
		if (video_budget_may_encode(&budget, ms)) {
			video_budget_spent(&budget, 40000, 10000);
			n_frames++;
		}
	ck_assert_uint_le(n_frames, 80);
	ck_assert_uint_eq(budget.share_permille, VIDEO_BUDGET_LEAST);
	for (int i = 0; i < 50; i++)
		video_budget_spent(&budget, 10500, 10000);
	ck_assert_uint_eq(budget.share_permille, 1000);
}
END_TEST

/* ---- x264 ---- */

static void encode_some(uint32_t width, uint32_t height)
{
	uint8_t *pixels = calloc((size_t)width * height, 4), profile[3];
	struct video_h264 *codec = video_h264_new(width, height, 1500);
	const uint8_t *data;
	uint64_t random = 9;
	bool is_key;

	ck_assert_ptr_nonnull(codec);
	video_h264_profile(codec, profile);
	/* High; the quickest preset is of the baseline. */
	ck_assert_uint_eq(profile[0], width * height > 1024 * 1024 ? 66 : 100);
	for (int i = 0; i < 12; i++) {
		for (size_t at = 0; at < (size_t)width * height * 4; at++)
			pixels[at] = (uint8_t)(support_random(&random) & 63);
		if (i == 6)
			video_h264_set_rate(codec, 300);
		size_t length =
		        video_h264_encode(codec, pixels, width * 4, i % 8 == 0, &data, &is_key);
		ck_assert_uint_gt(length, 4);
		ck_assert_uint_le(length, VIDEO_H264_FRAME_MAX);
		ck_assert_int_eq(is_key, i % 8 == 0);
		/* Annex B. */
		ck_assert(data[0] == 0 && data[1] == 0 && (data[2] == 1 || data[3] == 1));
	}
	video_h264_free(codec);
	free(pixels);
}

START_TEST(test_h264)
{
	encode_some(160, 120);
	encode_some(333, 247);
	encode_some(VIDEO_H264_SIDE_MIN, VIDEO_H264_SIDE_MIN);
	encode_some(1279, 961);
	ck_assert_ptr_null(video_h264_new(VIDEO_H264_SIDE_MIN - 1, 100, 1000));
	ck_assert_ptr_null(video_h264_new(1921, 1088, 1000));
	ck_assert_ptr_null(video_h264_new(65535, 65535, 1000));
	ck_assert_ptr_null(video_h264_new(100, 100, 0));
	video_h264_free(NULL);
}
END_TEST

int main(void)
{
	if (!video_h264_is_built())
		return SUITE_RUN("encode video parts", test_colours, test_rectangles, test_joined,
		        test_streaks, test_groups);
	return SUITE_RUN("encode video parts", test_colours, test_odd_sizes_repeat_the_last,
	        test_rectangles, test_joined, test_streaks, test_taking_tells_what_changed,
	        test_groups, test_rate_follows_the_line, test_nothing_is_queued, test_budget,
	        test_h264);
}
