/* The viewer's history: what is remembered comes back as it was, wherever it is shown; the ring goes around; nothing is read that was not written, and
 * nothing is written off the screen, whatever the commands say. */
#include "unit/suite.h"

#include "unit/stream_support.h"

#include "stream/commands.h"
#include "stream/decoder.h"
#include "stream/history.h"
#include "stream/picture.h"

#define WIDTH 300
#define HEIGHT 200
#define SLOTS 5 /* of a row as wide as the screen */

static _Alignas(16) uint8_t pixels[WIDTH * HEIGHT * 4];
static uint32_t *kept; /* its own block: ASan sees what is read beyond */
static struct screen screen;
static struct history history;

static void start(void)
{
	screen_init(&screen, pixels, WIDTH, HEIGHT);
	kept = malloc(HISTORY_BYTES);
	ck_assert_ptr_nonnull(kept);
	history_init(&history, kept);
}

static uint32_t word_of(uint32_t n, uint32_t x, uint32_t y)
{
	return n * 7000001u + y * 1031u + x;
}

/* The screen shows the n-th picture. */
static void paint(uint32_t n)
{
	struct screen_rect all = {0, 0, WIDTH, HEIGHT};
	uint32_t *at = screen_paint(&screen, &all);

	for (uint32_t y = 0; y < HEIGHT; y++)
		for (uint32_t x = 0; x < WIDTH; x++)
			at[y * WIDTH + x] = word_of(n, x, y);
}

static bool shows(const struct screen_rect *area, uint32_t n, uint32_t from_x, uint32_t from_y)
{
	bool is_equal = true;

	for (uint32_t y = 0; y < area->height; y++)
		for (uint32_t x = 0; x < area->width; x++)
			is_equal &= *screen_at(&screen, area->x + x, area->y + y) ==
			            word_of(n, from_x + x, from_y + y);
	return is_equal;
}

START_TEST(what_is_remembered_comes_back)
{
	static const struct screen_rect from = {20, 11, 200, 90}, part = {3, 105, 100, 50};

	start();
	paint(1);
	uint64_t before_px = screen.painted_px;
	ck_assert(history_remember(&history, &screen, &from));
	ck_assert_uint_eq(history.n_held, 4 * 90);
	/* Slots are written whole, and are counted so: narrow areas are no way to make a viewer work for nothing. */
	ck_assert_uint_eq(screen.painted_px - before_px, 4 * PICTURE_TILE * 90);
	paint(2);
	uint64_t painted_px = screen.painted_px;
	/* From its 31st row and its second slot on. */
	ck_assert(history_show(&history, &screen, &part, 30 * 4 + 1, 4));
	ck_assert_uint_eq(screen.painted_px - painted_px, 100 * 50);
	ck_assert(shows(&part, 1, 20 + PICTURE_TILE, 11 + 30));
	/* Nothing beside it. */
	ck_assert(shows(&(struct screen_rect){0, 0, WIDTH, 105}, 2, 0, 0));
	ck_assert(shows(&(struct screen_rect){0, 105, 3, 50}, 2, 0, 105));
	ck_assert(shows(&(struct screen_rect){103, 105, 197, 50}, 2, 103, 105));
	ck_assert(shows(&(struct screen_rect){0, 155, WIDTH, 45}, 2, 0, 155));
	/* A row again and again. */
	ck_assert(history_show(&history, &screen, &part, 4, 0));
	ck_assert(shows(&(struct screen_rect){3, 154, 100, 1}, 1, 20, 12));
	free(kept);
}
END_TEST

START_TEST(what_was_not_remembered_is_refused)
{
	static const struct screen_rect from = {0, 0, 130, 10}; /* 30 slots */
	static const struct screen_rect row = {0, 50, 130, 1}, rows = {0, 50, 64, 10};

	start();
	ck_assert(!history_show(&history, &screen, &row, 0, 0));
	ck_assert(history_remember(&history, &screen, &from));
	paint(3);
	ck_assert(history_show(&history, &screen, &row, 27, 0));
	ck_assert(!history_show(&history, &screen, &row, 28, 0));
	ck_assert(history_show(&history, &screen, &rows, 2, 3));
	ck_assert(!history_show(&history, &screen, &rows, 3, 3));
	ck_assert(!history_show(&history, &screen, &rows, 2, 4));
	ck_assert(!history_show(&history, &screen, &row, 0xffffff, 255));
	/* What was cut off in its last slot is black there. */
	ck_assert(history_show(&history, &screen, &rows, 2, 3));
	ck_assert_uint_eq(*screen_at(&screen, 2, 50), 0);
	history_init(&history, kept);
	ck_assert(!history_show(&history, &screen, &row, 0, 0));
	free(kept);
}
END_TEST

START_TEST(the_ring_goes_around)
{
	static const struct screen_rect all = {0, 0, WIDTH, HEIGHT};
	const uint32_t n_whole = HISTORY_SLOTS / (SLOTS * HEIGHT);
	uint32_t slot = 0;

	start();
	for (uint32_t n = 0; n <= n_whole; n++) {
		paint(n);
		ck_assert(history_remember(&history, &screen, &all));
		slot = (slot + SLOTS * HEIGHT) % HISTORY_SLOTS;
		ck_assert_uint_eq(history.next, slot);
	}
	ck_assert_uint_eq(history.n_held, HISTORY_SLOTS);
	/* The last one lies across the end. */
	ck_assert_uint_lt(slot, SLOTS * HEIGHT);
	paint(1000);
	ck_assert(history_show(
	        &history, &screen, &all, slot + HISTORY_SLOTS - SLOTS * HEIGHT, SLOTS));
	ck_assert(shows(&all, n_whole, 0, 0));
	/* Of the first one so many rows are gone. */
	uint32_t n_gone = (slot + SLOTS - 1) / SLOTS;
	struct screen_rect rest = {0, 0, WIDTH, (uint16_t)(HEIGHT - n_gone)};
	ck_assert(history_show(&history, &screen, &rest, n_gone * SLOTS, SLOTS));
	ck_assert(shows(&rest, 0, 0, n_gone));
	free(kept);
}
END_TEST

static size_t command(
        uint8_t *out, uint8_t number, const uint16_t fields[4], uint32_t slot, uint8_t stride)
{
	*out++ = number;
	for (int i = 0; i < 4; i++) {
		*out++ = (uint8_t)fields[i];
		*out++ = (uint8_t)(fields[i] >> 8);
	}
	if (number == PICTURE_REMEMBER)
		return PICTURE_REMEMBER_BYTES;
	*out++ = (uint8_t)slot;
	*out++ = (uint8_t)(slot >> 8);
	*out++ = (uint8_t)(slot >> 16);
	*out = stride;
	return PICTURE_AGAIN_BYTES;
}

/* A copy of its own, so that ASan sees a byte read behind the end. */
static int32_t obey(const uint8_t *bytes, size_t length)
{
	uint8_t *copy = malloc(length ? length : 1);

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, bytes, length);
	int32_t taken = command_obey(&screen, NULL, NULL, &history, NULL, copy, length);
	free(copy);
	return taken;
}

START_TEST(commands_are_whole_or_wait)
{
	uint8_t bytes[PICTURE_AGAIN_BYTES];
	const uint16_t on_screen[4] = {WIDTH - 70, HEIGHT - 9, 70, 9};

	start();
	paint(5);
	size_t length = command(bytes, PICTURE_REMEMBER, on_screen, 0, 0);
	for (size_t cut = 0; cut < length; cut++)
		ck_assert_int_eq(obey(bytes, cut), 0);
	ck_assert_int_eq(obey(bytes, length), PICTURE_REMEMBER_BYTES);
	ck_assert_uint_eq(history.n_held, 18);
	length = command(bytes, PICTURE_AGAIN, on_screen, 0, 2);
	for (size_t cut = 0; cut < length; cut++)
		ck_assert_int_eq(obey(bytes, cut), 0);
	ck_assert_int_eq(obey(bytes, length), PICTURE_AGAIN_BYTES);
	command(bytes, PICTURE_AGAIN, on_screen, 65536, 2); /* no such slot */
	ck_assert_int_eq(obey(bytes, length), STREAM_ERR_MALFORMED);
	static const uint16_t off_screen[][4] = {{WIDTH - 70, HEIGHT - 9, 71, 9},
	        {WIDTH - 70, HEIGHT - 9, 70, 10}, {0, 0, 0, 5}, {0, 0, 5, 0},
	        {65535, 65535, 65535, 65535}, {0, 0, 65535, 1}, {0, 0, 1, 65535}};
	for (size_t i = 0; i < sizeof(off_screen) / sizeof(off_screen[0]); i++) {
		length = command(bytes, PICTURE_REMEMBER, off_screen[i], 0, 0);
		ck_assert_int_eq(obey(bytes, length), STREAM_ERR_MALFORMED);
		length = command(bytes, PICTURE_AGAIN, off_screen[i], 0, 0);
		ck_assert_int_eq(obey(bytes, length), STREAM_ERR_MALFORMED);
	}
	ck_assert_uint_eq(history.n_held, 18);
	free(kept);
}
END_TEST

START_TEST(any_commands)
{
	uint64_t state = 20261121;
	uint32_t n_shown = 0, n_refused = 0;

	start();
	for (int round = 0; round < 20000; round++) {
		uint8_t bytes[PICTURE_AGAIN_BYTES];
		const uint16_t fields[4] = {(uint16_t)support_below(&state, WIDTH),
		        (uint16_t)support_below(&state, HEIGHT),
		        (uint16_t)support_below(&state, WIDTH),
		        (uint16_t)support_below(&state, 40)};
		uint8_t number = support_below(&state, 3) ? PICTURE_AGAIN : PICTURE_REMEMBER;
		size_t length = command(bytes, number, fields,
		        support_below(&state, 2 * HISTORY_SLOTS), (uint8_t)support_random(&state));
		if (support_below(&state, 8) == 0)
			bytes[1 + support_below(&state, (uint32_t)length - 1)] ^=
			        (uint8_t)(1 << support_below(&state, 8));
		int32_t taken = obey(bytes, length);
		ck_assert(taken == (int32_t)length || taken == STREAM_ERR_MALFORMED);
		n_shown += taken == PICTURE_AGAIN_BYTES;
		n_refused += taken < 0;
		ck_assert_uint_le(history.n_held, HISTORY_SLOTS);
		ck_assert_uint_lt(history.next, HISTORY_SLOTS);
		screen_forget_changes(&screen);
	}
	ck_assert_uint_gt(n_shown, 100);
	ck_assert_uint_gt(n_refused, 100);
	free(kept);
}
END_TEST

int main(void)
{
	return SUITE_RUN("stream history", what_is_remembered_comes_back,
	        what_was_not_remembered_is_refused, the_ring_goes_around,
	        commands_are_whole_or_wait, any_commands);
}
