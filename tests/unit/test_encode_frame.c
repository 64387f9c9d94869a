/* Frames: what encode's core makes of an image, the native decoder turns into that image, pixel by pixel; and what was
 * moved is sent as a move. */
#include "unit/suite.h"

#include "unit/encode_frame_rig.h"

#include "encode/outbox.h"
#ifdef WRONG_ORDER
#include "mutant/scroll_verify.h"
#endif

START_TEST(nothing_changed_is_no_frame)
{
	start();
	draw_page(all, 0, 0);
	ck_assert(frame(NULL, 0));
	draw_page(all, 0, 0);
	ck_assert(!frame(NULL, 0));
	ck_assert(!frame(NULL, 0));
	finish();
}
END_TEST

START_TEST(one_pixel_costs_little)
{
	start();
	draw_page(all, 0, 0);
	ck_assert(frame(NULL, 0));
	put_pixel(WIDTH - 1, HEIGHT - 1, 0x123456);
	damage(all);
	ck_assert(frame(NULL, 0));
	ck_assert_uint_lt(core.frame_bytes, 60);
	ck_assert_uint_eq(stream_decoder_screen(core.decoder)->n_rects, 1);
	ck_assert_uint_eq(stream_decoder_screen(core.decoder)->rects[0].width, 1);
	finish();
}
END_TEST

/* Below a fixed bar, with a scroll bar beside it. */
START_TEST(scrolled_up_and_down)
{
	static const int steps[] = {1, 3, -2, 17, -40, 64, 130, -128, 5, -5, 200, -199, 33};
	struct rect page = {0, 30, WIDTH - 15, HEIGHT - 30};
	uint32_t offset = 1000;

	start();
	draw_page(all, 0, offset);
	ck_assert(frame(NULL, 0));
	size_t key_bytes = core.frame_bytes;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		uint64_t copies = core.counts.copies;
		offset = (uint32_t)((int)offset + steps[i]);
		draw_page(page, 0, offset);
		ck_assert(frame(NULL, 0));
		ck_assert_msg(core.counts.copies > copies, "scroll by %d was not found", steps[i]);
		/* The new rows, of which the photograph is 60 pixels wide. */
		uint32_t moved = (uint32_t)abs(steps[i]);
		ck_assert_msg(
		        core.frame_bytes < 400 + moved * 60 * 3 + key_bytes * (moved + 10) / HEIGHT,
		        "scroll by %d: %zu bytes", steps[i], core.frame_bytes);
	}
	finish();
}
END_TEST

/* A line that stays where it is parts what moves into two copies, of which one's source is the other's target. */
START_TEST(scrolled_around_a_fixed_line)
{
	static const int steps[] = {40, -40, 40, -40};
	struct rect above = {0, 0, WIDTH, 180}, line = {0, 180, WIDTH, 10};
	struct rect below = {0, 190, WIDTH, HEIGHT - 190};
	uint32_t offset = 640; /* no photograph */

	start();
	draw_page(all, 0, offset);
	draw_page(line, 333, 70);
	ck_assert(frame(NULL, 0));
	size_t key_bytes = core.frame_bytes;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		offset = (uint32_t)((int)offset + steps[i]);
		draw_page(above, 0, offset);
		draw_page(below, 0, offset);
		ck_assert(frame(NULL, 0));
		/* New: what comes in at the edge, and what the line hid. */
		ck_assert_msg(core.frame_bytes < 300 + key_bytes * 50 / HEIGHT,
		        "step by %d: %zu bytes, key frame %zu", steps[i], core.frame_bytes,
		        key_bytes);
	}
	finish();
}
END_TEST

START_TEST(scrolled_sideways)
{
	static const int steps[] = {40, -30, 7, 100, -111};
	uint32_t offset = 1000;

	start();
	draw_page(all, offset, 0);
	ck_assert(frame(NULL, 0));
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		uint64_t copies = core.counts.copies;
		offset = (uint32_t)((int)offset + steps[i]);
		draw_page(all, offset, 0);
		ck_assert(frame(NULL, 0));
		ck_assert_msg(core.counts.copies > copies, "move by %d was not found", steps[i]);
	}
	finish();
}
END_TEST

START_TEST(hints_are_tried_and_not_believed)
{
	static const struct scroll_offset hints[] = {
	        {0, -50}, {9, 0}, {0, 396}, {-516, 0}, {0, -13}};

	start();
	draw_page(all, 0, 0);
	ck_assert(frame(NULL, 0));
	draw_page(all, 0, 13);
	ck_assert(frame(hints, 5));
	ck_assert_uint_gt(core.counts.copies, 0);
	finish();
}
END_TEST

/* Two panes that scroll by different distances in one frame. */
START_TEST(two_panes)
{
	struct rect left = {0, 0, 256, HEIGHT}, right = {256, 0, WIDTH - 256, HEIGHT};

	start();
	draw_page(all, 0, 0);
	ck_assert(frame(NULL, 0));
	size_t key_bytes = core.frame_bytes;
	draw_page(left, 0, 40);
	draw_page(right, 0, 23);
	ck_assert(frame(NULL, 0));
	ck_assert_uint_ge(core.counts.copies, 2);
	ck_assert_uint_lt(core.frame_bytes, key_bytes / 2);
	finish();
}
END_TEST

/* Pixels that are at most as many bytes as they are when nothing of them is known. */
static size_t bytes_of(size_t n_pixels)
{
#ifdef WRONG_ORDER
	return SIZE_MAX; /* what was copied wrongly is sent again: that costs, and is all */
#endif
	return 400 + n_pixels * 3;
}

static uint32_t noise(uint32_t x, uint32_t y)
{
	uint64_t state = ((uint64_t)y << 20 | x) * 0x9e3779b97f4a7c15u + 1;

	support_random(&state);
	return support_random(&state) & 0xffffff;
}

static void draw_noise(struct rect area, uint32_t from_x, uint32_t from_y)
{
	for (uint32_t y = area.y; y < area.y + (uint32_t)area.height; y++)
		for (uint32_t x = area.x; x < area.x + (uint32_t)area.width; x++)
			put_pixel(x, y, noise((x + from_x) / 2, (y + from_y) / 2));
	damage(area);
}

/* What was learned misleads so much that a command has no room: both sides forget it, and go on alike. */
START_TEST(a_model_that_misleads_is_forgotten)
{
	static struct drawn_model fresh;
	uint64_t random = 3;

	start();
	draw_noise(all, 0, 0);
	ck_assert(frame(NULL, 0));
	/* The decoder's is another one from here on, unless it is told to forget. */
	for (drawn_chance *chance = &core.drawn.comes_true[0][0][0]; chance < &core.drawn.blue[256];
	        chance++)
		*chance = support_below(&random, 2) ? 32 : 65504;
	struct rect area = {200, 100, 20, 20};
	for (uint32_t i = 0; i < 400; i++)
		put_pixel(area.x + i % 20, area.y + i / 20, support_random(&random) & 0xffffff);
	damage(area);
	ck_assert(frame(NULL, 0));
	ck_assert(core.drawn.is_blank);
	drawn_model_init(&fresh);
	drawn_model_wake(&fresh);
	drawn_model_wake(&core.drawn);
	ck_assert_mem_eq(&core.drawn, &fresh, sizeof(fresh));
	draw_noise((struct rect){40, 50, 300, 200}, 9000, 100);
	ck_assert(frame(NULL, 0));
	finish();
}
END_TEST

/* Lines of boxes that are told apart by their numbers. */
static void draw_text(uint32_t first, uint32_t step, uint32_t left, uint32_t top)
{
	memset(core.screen, 0xff, sizeof(core.screen));
	for (uint32_t y = top; y + 14 < HEIGHT; y += 17)
		for (uint32_t x = left; x + 12 < WIDTH; x += 14, first += step) {
			uint64_t random = first * 977 + 3;
			for (uint32_t i = 0; i < 12 * 14; i++)
				if (i % 12 == 0 || i < 12 || support_random(&random) % 3 == 0)
					put_pixel(x + i % 12, y + i / 12, 0x102030);
		}
	damage(all);
}

/* Said once, they cost next to nothing wherever they stand; also when more were met than are kept. */
START_TEST(glyphs_are_said_once)
{
	start();
	draw_text(0, 1, 2, 3);
	ck_assert(frame(NULL, 0));
	size_t first_bytes = core.frame_bytes;
	draw_text(700, (uint32_t)-1, 9, 12); /* in another order */
	ck_assert(frame(NULL, 0));
	ck_assert_uint_lt(core.frame_bytes * 5, first_bytes);
	for (uint32_t i = 1; i < 14; i++) { /* 11,000 of them */
		draw_text(i * 800, 1, i, i);
		ck_assert(frame(NULL, 0));
	}
	ck_assert_uint_gt(core.drawn.glyphs.n_learned, GLYPH_BOOK_MAX + 1000);
	draw_text(0, 1, 2, 3); /* those of the first page are forgotten */
	ck_assert(frame(NULL, 0));
	ck_assert_uint_gt(core.frame_bytes * 2, first_bytes);
	draw_text(13 * 800 + 5, 1, 4, 9); /* those of the last one are not */
	ck_assert(frame(NULL, 0));
	ck_assert_uint_lt(core.frame_bytes * 5, first_bytes);
	finish();
}
END_TEST

/* A map under the hand: everything moves, in both directions at once. */
START_TEST(moved_diagonally)
{
	static const int steps[][2] = {{3, 2}, {-7, 11}, {40, -25}, {-30, -30}, {1, 60}};
	int x = 1000, y = 1000;

	start();
	draw_noise(all, (uint32_t)x, (uint32_t)y);
	ck_assert(frame(NULL, 0));
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		x += steps[i][0];
		y += steps[i][1];
		draw_noise(all, (uint32_t)x, (uint32_t)y);
		ck_assert(frame(NULL, 0));
		/* What came in, and the margin of the tiles in which lines are compared. */
		size_t across = (size_t)abs(steps[i][0]) + 8, down = (size_t)abs(steps[i][1]) + 8;
		ck_assert_msg(core.frame_bytes < bytes_of(across * HEIGHT + down * WIDTH),
		        "by %d, %d: %zu bytes", steps[i][0], steps[i][1], core.frame_bytes);
	}
	finish();
}
END_TEST

/* A window on a page that stays; what it uncovers is new. */
START_TEST(a_window_moves)
{
	int x = 40, y = 30;

	start();
	draw_noise(all, 0, 0);
	draw_noise((struct rect){(uint16_t)x, (uint16_t)y, 300, 220}, 5000, 5000);
	ck_assert(frame(NULL, 0));
	for (int i = 0; i < 5; i++) {
		draw_noise(all, 0, 0);
		x += 17;
		y += 13;
		draw_noise((struct rect){(uint16_t)x, (uint16_t)y, 300, 220}, 5040u - (uint32_t)x,
		        5030u - (uint32_t)y);
		ck_assert(frame(NULL, 0));
		size_t uncovered = 17 * 220 + 13 * 300;
		/* Its frame lies in tiles that hold the page as well: of a window's rim up to a tile is sent. */
		ck_assert_msg(core.frame_bytes < bytes_of(uncovered + 300 * 220 / 3),
		        "step %d: %zu bytes", i, core.frame_bytes);
	}
	finish();
}
END_TEST

/* Columns of lines of words, no two alike. */
static void draw_words(struct rect area, uint32_t from_x, uint32_t from_y)
{
	for (uint32_t y = area.y; y < area.y + (uint32_t)area.height; y++)
		for (uint32_t x = area.x; x < area.x + (uint32_t)area.width; x++) {
			uint32_t at_x = x + from_x, at_y = y + from_y;
			bool is_word = at_x % 220 < 130 && at_y % 160 < 90 && at_y % 18 < 12 &&
			               noise(at_x / 50, at_y / 18) % 3 > 0;
			uint32_t grey = is_word ? noise(at_x, at_y) % 5 * 60 : 240;
			put_pixel(x, y, grey * 0x010101);
		}
	damage(area);
}

/* A window full of writing is dragged over a page full of writing: what moves reaches, in strips, into tiles in which nothing
 * changed, and what one copy overwrites another was to read. */
START_TEST(a_window_is_dragged_over_writing)
{
	struct rect window = {60, 60, 300, 220};
	uint64_t state = 31;

	start();
	for (uint32_t round = 0; round < 200; round++) {
		draw_words(all, 1000, 2000);
		draw_words(window, 4000u - window.x, 4000u - window.y);
		ck_assert(frame(NULL, 0) || round > 0);
		window.x = (uint16_t)(40 + support_wave(round * 37, 90, 150) +
		                      support_below(&state, 5));
		window.y = (uint16_t)(30 + support_wave(round, 80, 130));
	}
	ck_assert_uint_gt(core.counts.copies, 200);
#ifdef WRONG_ORDER
	ck_assert_uint_gt(mutant_n_reversed, 20);
#endif
	finish();
}
END_TEST

/* A narrow list beside a page: of the first samples none lies in it, and the page is clear without it. What both leave is too little for
 * the other searches. */
START_TEST(a_page_and_a_narrow_list)
{
	struct rect page = {0, 0, 448, HEIGHT}, list = {448, 0, WIDTH - 448, 192};

	start();
	draw_noise(all, 0, 0);
	ck_assert(frame(NULL, 0));
	for (uint32_t i = 1; i < 4; i++) {
		draw_noise(page, 0, 12 * i);
		draw_noise(list, 0, 24 * i);
		ck_assert(frame(NULL, 0));
		size_t new = 12 * 448 + 24 * (WIDTH - 448);
		ck_assert_msg(core.frame_bytes < bytes_of(new / 4 + 200), "step %u: %zu bytes", i,
		        core.frame_bytes);
	}
	finish();
}
END_TEST

/* A page scrolls up, beside it a list sideways, below a header that stays. */
START_TEST(scrolled_both_ways_at_once)
{
	struct rect page = {0, 64, 256, HEIGHT - 64}, list = {256, 64, WIDTH - 256, HEIGHT - 64};

	start();
	draw_noise(all, 0, 0);
	ck_assert(frame(NULL, 0));
	for (uint32_t i = 1; i < 6; i++) {
		draw_noise(page, 0, i * 24);
		draw_noise(list, i * 18, 0);
		ck_assert(frame(NULL, 0));
		size_t new = 24 * 256 + 18 * (HEIGHT - 64);
		ck_assert_msg(core.frame_bytes < bytes_of(new + 4096), "step %u: %zu bytes", i,
		        core.frame_bytes);
	}
	finish();
}
END_TEST

START_TEST(noise_fits_into_slices_and_outbox)
{
	uint64_t state = 5;

	start();
	for (int round = 0; round < 3; round++) {
		for (uint32_t y = 0; y < HEIGHT; y++)
			for (uint32_t x = 0; x < WIDTH; x++)
				put_pixel(x, y, support_random(&state) & 0xffffff);
		damage(all);
		ck_assert(frame(NULL, 0));
		ck_assert_uint_ge(core.frame_bytes, N_PIXELS * 3);
		ck_assert_uint_le(core.frame_bytes + core.n_slices * 4, outbox_size(WIDTH, HEIGHT));
	}
	finish();
}
END_TEST

/* An area moves down. */
static void move(uint32_t top, uint32_t distance)
{
	struct rect area = {20, (uint16_t)top, WIDTH - 40, HEIGHT - 140};

	for (uint32_t y = top + area.height; y-- > top;)
		memcpy(core.screen + ((size_t)y * WIDTH + area.x) * 4,
		        core.screen + ((size_t)(y - distance) * WIDTH + area.x) * 4,
		        area.width * 4u);
	damage(area);
}

START_TEST(random_areas_and_moves)
{
	uint64_t state = 4711;

	start();
	draw_page(all, 0, 0);
	ck_assert(frame(NULL, 0));
	for (int round = 0; round < 400; round++) {
		uint32_t n = 1 + support_below(&state, 6);
		for (uint32_t i = 0; i < n; i++) {
			struct rect area = {(uint16_t)support_below(&state, WIDTH),
			        (uint16_t)support_below(&state, HEIGHT), 0, 0};
			area.width = (uint16_t)(1 + support_below(&state, WIDTH - area.x));
			area.height = (uint16_t)(1 + support_below(&state, HEIGHT - area.y));
			draw_page(area, support_below(&state, 60), support_below(&state, 900));
		}
		if (round % 3 == 0)
			move(40 + support_below(&state, 90), support_below(&state, 40));
		frame(NULL, 0);
	}
	ck_assert_uint_gt(core.counts.copies, 20);
	finish();
}
END_TEST

/* Each tile is what the viewer had or what is there now: the reference says which, and the decoder agrees. */
static void check_tiles(void)
{
	const uint8_t *shown = stream_decoder_screen(core.decoder)->pixels;
	size_t n_wrong = 0;

	for (size_t i = 0; i < N_PIXELS; i++) {
		uint32_t pixel = IMAGE_SEEN | (uint32_t)shown[i * 4] << 16 |
		                 (uint32_t)shown[i * 4 + 1] << 8 | shown[i * 4 + 2];
		size_t row = i / WIDTH / PICTURE_TILE, column = i % WIDTH / PICTURE_TILE;
		n_wrong += pixel != core.reference[i];
		n_wrong += !core.dirty.is_marked[row][column] && pixel != core.image.pixels[i];
	}
	ck_assert_msg(n_wrong == 0, "%zu wrong pixels", n_wrong);
}

START_TEST(a_full_frame_has_the_touched_place_and_the_rest_comes_later)
{
	const uint32_t x = WIDTH - 100, y = HEIGHT - 90;
	uint64_t state = 6;
	uint32_t n_frames = 0;

	start();
	for (uint32_t row = 0; row < HEIGHT; row++)
		for (uint32_t column = 0; column < WIDTH; column++)
			put_pixel(column, row, support_random(&state) & 0xffffff);
	damage(all);
	core.slicer.budget_bytes = 60000;
	tiles_set_first(&core.dirty, TILES_CARET, x, y);
	do {
		core.frame_bytes = 0;
		ck_assert(frame_make(&core.image, core.reference, &core.cache, NULL, &core.dirty,
		        NULL, 0, &core.slicer, ++core.number, &core.counts));
		ck_assert_int_eq(core.status, STREAM_FRAME);
		/* Two commands more at most: the one that filled it, and the neighbours that wait to be joined. */
		ck_assert_uint_le(core.frame_bytes, 60000 + 2 * PICTURE_COMMAND_MAX);
		ck_assert(!core.dirty.is_marked[y / PICTURE_TILE][x / PICTURE_TILE]);
		check_tiles();
		if (n_frames++ == 0)
			ck_assert(core.dirty.is_marked[0][0]);
	} while (core.dirty.n_marked > 0);
	ck_assert_uint_ge(n_frames, N_PIXELS * 3 / 70000);
	check_exact();
	tiles_set_first(&core.dirty, TILES_POINTER, 65535, 65535);
	ck_assert_uint_eq(core.dirty.first[TILES_POINTER].x + core.dirty.first[TILES_POINTER].width,
	        core.dirty.columns);
	finish();
}
END_TEST

/* Of each pixel: whether it shows what was there before, or what is there now. */
static size_t count_neither(const uint8_t *before)
{
	const uint8_t *shown = stream_decoder_screen(core.decoder)->pixels;
	size_t n = 0;

	for (size_t i = 0; i < N_PIXELS; i++) {
		uint32_t pixel = IMAGE_SEEN | (uint32_t)shown[i * 4] << 16 |
		                 (uint32_t)shown[i * 4 + 1] << 8 | shown[i * 4 + 2];
		n += pixel != core.image.pixels[i] && memcmp(shown + i * 4, before + i * 4, 3) != 0;
	}
	return n;
}

/* Letters, and drawings that are too large for one. */
static void draw_headings(uint64_t *state)
{
	draw_text(support_below(state, 5000), 1, 2, 3);
	for (uint32_t n = 0; n < 6; n++) {
		struct rect box = {(uint16_t)(20 + 80 * n),
		        (uint16_t)(30 + support_below(state, 300)), 60, 56};
		for (uint32_t i = 0; i < 60u * 56; i++)
			put_pixel(box.x + i % 60, box.y + i / 60,
			        i % 60 == 0 || i < 60 || support_random(state) % 4 == 0 ? 0x203040
			                                                                : 0xffffff);
		damage(box);
	}
}

/* Pages of text, figures and noise that come, move and go while there is room for a part of it only. */
/* What was copied wrongly is neither until there is room to send it again. */
#ifdef WRONG_ORDER
#define NEITHER_MAX SIZE_MAX
#else
#define NEITHER_MAX 0
#endif

START_TEST(full_frames_show_before_or_now)
{
	static uint8_t before[N_PIXELS * 4];
	uint64_t state = 815;
	uint32_t n_full = 0;

	start();
	draw_page(all, 0, 0);
	ck_assert(frame(NULL, 0));
	for (int round = 0; round < 300; round++) {
		if (round % 3 == 0)
			move(40 + support_below(&state, 90), support_below(&state, 40));
		if (round % 4 == 0)
			draw_page(all, support_below(&state, 60), support_below(&state, 900));
		if (round % 5 == 0)
			draw_headings(&state);
		memcpy(before, stream_decoder_screen(core.decoder)->pixels, sizeof(before));
		core.slicer.budget_bytes = 300 + support_below(&state, 4000);
		if (!frame_make(&core.image, core.reference, &core.cache, NULL, &core.dirty, NULL,
		            0, &core.slicer, core.number + 1, &core.counts))
			continue;
		core.number++;
		core.cache.now_ms += 16;
		ck_assert_int_eq(core.status, STREAM_FRAME);
		check_tiles();
		size_t n_neither = count_neither(before);
		ck_assert_msg(n_neither <= NEITHER_MAX, "round %d: %zu pixels are neither", round,
		        n_neither);
		n_full += core.dirty.n_marked > 0;
	}
	ck_assert_uint_gt(n_full, 100);
	finish();
}
END_TEST

int main(void)
{
	return SUITE_RUN("encode frame", nothing_changed_is_no_frame, one_pixel_costs_little,
	        scrolled_up_and_down, scrolled_around_a_fixed_line, scrolled_sideways,
	        hints_are_tried_and_not_believed, two_panes, moved_diagonally,
	        a_model_that_misleads_is_forgotten, glyphs_are_said_once, a_window_moves,
	        a_window_is_dragged_over_writing, scrolled_both_ways_at_once,
	        a_page_and_a_narrow_list, noise_fits_into_slices_and_outbox, random_areas_and_moves,
	        a_full_frame_has_the_touched_place_and_the_rest_comes_later,
	        full_frames_show_before_or_now);
}
