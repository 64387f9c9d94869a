/* Work that goes on and on: counted, and spared where the line takes more bytes. */
#include "unit/suite.h"

#include "unit/encode_frame_rig.h"

#include "encode/effort.h"

START_TEST(work_is_counted_and_forgotten)
{
	struct effort effort;
	const uint32_t start_ms = UINT32_MAX - 20; /* a clock that begins anew */

	effort_init(&effort);
	effort_begin_frame(&effort, start_ms, true);
	ck_assert(!effort.is_too_much);
	/* All at once is a page that appears. */
	effort_drawn(&effort, EFFORT_BYTES_MAX);
	effort_begin_frame(&effort, start_ms, true);
	ck_assert(!effort.is_too_much);
	effort_drawn(&effort, 1);
	effort_begin_frame(&effort, start_ms, false);
	ck_assert(!effort.is_too_much);
	effort_begin_frame(&effort, start_ms, true);
	ck_assert(effort.is_too_much);
	/* What may go on without end never is. */
	effort_begin_frame(&effort, start_ms + 1, true);
	ck_assert(!effort.is_too_much);
	for (uint32_t i = 1; i < 100; i++) {
		effort_drawn(&effort, 16 * EFFORT_BYTES_A_MS);
		effort_begin_frame(&effort, start_ms + 1 + 16 * i, true);
		ck_assert(!effort.is_too_much);
	}
	/* What was spared is remembered for as long as it goes on, and little longer. */
	for (uint32_t i = 0; i < 3; i++)
		effort_spared(&effort, UINT32_MAX);
	effort_begin_frame(&effort, start_ms + 1600 + EFFORT_REST_MS / 2, true);
	ck_assert(effort.is_too_much);
	effort_begin_frame(&effort, start_ms + 1600 + EFFORT_REST_MS, true);
	ck_assert(!effort.is_too_much);
}
END_TEST

START_TEST(what_was_searched_in_vain_is_searched_seldom)
{
	struct effort effort;
	uint32_t now_ms = 5000;

	effort_init(&effort);
	for (uint32_t i = 0; i < EFFORT_VAIN_MAX; i++) {
		effort_begin_frame(&effort, now_ms += 16, true);
		ck_assert(effort_may_search(&effort));
		effort_searched(&effort, false);
	}
	for (uint32_t i = 1; i < 6 * EFFORT_SEARCH_EVERY; i++) {
		effort_begin_frame(&effort, now_ms += 16, true);
		ck_assert_int_eq(effort_may_search(&effort), i % EFFORT_SEARCH_EVERY == 0);
		if (i % EFFORT_SEARCH_EVERY == 0)
			effort_searched(&effort, false);
	}
	/* What comes after a rest is another thing. */
	effort_begin_frame(&effort, now_ms += EFFORT_REST_MS, true);
	ck_assert(effort_may_search(&effort));
	for (uint32_t i = 0; i < EFFORT_VAIN_MAX; i++)
		effort_searched(&effort, false);
	ck_assert(!effort_may_search(&effort));
	/* Found once, it is searched in each frame. */
	effort_searched(&effort, true);
	ck_assert(effort_may_search(&effort));
	effort_searched(&effort, false);
	ck_assert(effort_may_search(&effort));
}
END_TEST

/* Colours of a small palette in no order that a model could learn. */
static void draw_mosaic(struct rect area, uint32_t from_y, uint32_t n)
{
	for (uint32_t y = area.y; y < area.y + (uint32_t)area.height; y++)
		for (uint32_t x = area.x; x < area.x + (uint32_t)area.width; x++) {
			uint32_t at = (x / 2 * 0x9e3779b1u ^ (y + from_y) * 0x85ebca6bu ^
			                      n * 0xc2b2ae35u) *
			              0x27d4eb2fu;
			put_pixel(x, y, (at >> 30) * 0x112233);
		}
	damage(area);
}

static bool is_likely(int16_t dx, int16_t dy)
{
	return scroll_is_likely(&core.image, core.reference, &core.dirty,
	        &(struct scroll_offset){.dx = dx, .dy = dy});
}

START_TEST(only_likely_moves_are_compared)
{
	const struct rect pane = {0, 128, WIDTH, 128}, small = {64, 64, 64, 64};

	start();
	draw_mosaic(all, 0, 1);
	ck_assert(frame(NULL, 0));
	/* A pane of many that something else was drawn in. */
	draw_mosaic(all, 0, 2);
	draw_mosaic(pane, 9, 1);
	ck_assert(is_likely(0, -9));
	ck_assert(!is_likely(3, -50));
	ck_assert(!is_likely(5, 0));
	ck_assert(!is_likely(0, HEIGHT));
	ck_assert(!is_likely(-WIDTH, 3));
	ck_assert(frame(NULL, 0));
	/* Of little all is compared. */
	draw_mosaic(small, 0, 3);
	ck_assert(is_likely(0, -7));
	ck_assert(frame(NULL, 0));
	finish();
}
END_TEST

/* Returns the least bytes of a frame. */
static size_t draw_mosaics(uint32_t first, uint32_t end, bool is_line_fast)
{
	size_t least = SIZE_MAX;

	core.slicer.is_line_fast = is_line_fast;
	for (uint32_t i = first; i < end; i++) {
		draw_mosaic(all, 0, i);
		ck_assert(frame(NULL, 0));
		least = core.frame_bytes < least ? core.frame_bytes : least;
	}
	return least;
}

START_TEST(drawings_that_never_rest_are_said_as_pixels)
{
	start();
	size_t slow_least = draw_mosaics(0, 20, false);
	ck_assert(!core.slicer.effort.is_too_much);
	size_t fast_least = draw_mosaics(20, 40, true);
	ck_assert(core.slicer.effort.is_too_much);
	/* All of it as pixels: what is written costs more, and DRAWN's work is no more than what may go on. */
	ck_assert_uint_gt(fast_least, slow_least);
	/* After a rest it is a drawing as any other. */
	core.cache.now_ms += 1000;
	size_t rested = draw_mosaics(40, 41, true);
	ck_assert(!core.slicer.effort.is_too_much);
	ck_assert_uint_lt(rested, fast_least);
	finish();
}
END_TEST

/* Paper with lines on it is runs, however much else moves. */
START_TEST(paper_is_never_said_as_pixels)
{
	start();
	draw_mosaics(0, 20, true);
	ck_assert(core.slicer.effort.is_too_much);
	uint32_t before = core.slicer.effort.bytes;
	for (uint32_t y = 0; y < HEIGHT; y++)
		for (uint32_t x = 0; x < WIDTH; x++)
			put_pixel(x, y, y % 40 == 20 && x % 3 == 0 ? 0x202020 : 0xffffff);
	damage(all);
	ck_assert(frame(NULL, 0));
	ck_assert(core.slicer.effort.is_too_much);
	ck_assert_uint_lt(core.slicer.effort.bytes, before);
	finish();
}
END_TEST

int main(void)
{
	return SUITE_RUN("encode effort", work_is_counted_and_forgotten,
	        what_was_searched_in_vain_is_searched_seldom, only_likely_moves_are_compared,
	        drawings_that_never_rest_are_said_as_pixels, paper_is_never_said_as_pixels);
}
