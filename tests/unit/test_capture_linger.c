/* When the sentinel is let go: after the caret's rows were drawn, within bounds. */
#include "unit/suite.h"

#include "base/loop.h"
#include "capture/linger.h"

static struct loop *loop;
static struct linger *linger;
static unsigned n_over;

static void on_over(void *data)
{
	(void)data;
	n_over++;
}

static void begin(void)
{
	n_over = 0;
	loop = loop_new();
	linger = linger_new(loop, on_over, NULL);
	ck_assert_ptr_nonnull(linger);
	linger_set_rows(linger, 100, 30);
}

static void finish(void)
{
	linger_free(linger);
	loop_free(loop);
}

static void paint(uint16_t y, uint16_t height)
{
	linger_painted(linger, &(struct rect){0, y, 10, height}, 1);
}

/* Turns the loop until it is over; returns how long that took. */
static uint64_t wait_over(uint64_t since_ms)
{
	while (n_over == 0 && clock_now_ms() < since_ms + 5000)
		loop_turn(loop, 20);
	ck_assert_uint_eq(n_over, 1);
	return clock_now_ms() - since_ms;
}

START_TEST(over_when_drawn_and_quiet)
{
	uint64_t took_ms = LINGER_MAX_MS;

	/* A machine that stood still meanwhile says nothing of it. */
	for (int i = 0; i < 10 && took_ms >= LINGER_MAX_MS; i++) {
		begin();
		linger_begin(linger);
		paint(0, 500);
		took_ms = wait_over(clock_now_ms());
		ck_assert_uint_ge(took_ms, LINGER_QUIET_MS - 1);
		finish();
	}
	ck_assert_uint_lt(took_ms, LINGER_MAX_MS);
}
END_TEST

START_TEST(other_rows_do_not_count)
{
	static const struct rect above_and_below[] = {{0, 0, 10, 100}, {0, 130, 10, 400}};

	begin();
	uint64_t began_ms = clock_now_ms();
	linger_begin(linger);
	linger_painted(linger, above_and_below, 2);
	ck_assert_uint_ge(wait_over(began_ms), LINGER_MAX_MS - 1);
	finish();
}
END_TEST

START_TEST(never_quiet_is_over_all_the_same)
{
	begin();
	uint64_t began_ms = clock_now_ms();
	linger_begin(linger);
	while (n_over == 0 && clock_now_ms() < began_ms + 5000) {
		paint(110, 1);
		loop_turn(loop, 5);
	}
	ck_assert_uint_eq(n_over, 1);
	/* Nothing more comes of it. */
	paint(110, 1);
	loop_turn(loop, 2 * LINGER_QUIET_MS);
	ck_assert_uint_eq(n_over, 1);
	finish();
}
END_TEST

START_TEST(cancelled_or_not_begun)
{
	begin();
	paint(110, 1);
	linger_begin(linger);
	linger_cancel(linger);
	paint(110, 1);
	uint64_t end_ms = clock_now_ms() + LINGER_MAX_MS + 50;
	while (clock_now_ms() < end_ms)
		loop_turn(loop, 20);
	ck_assert_uint_eq(n_over, 0);
	finish();
}
END_TEST

int main(void)
{
	return SUITE_RUN("capture linger", over_when_drawn_and_quiet, other_rows_do_not_count,
	        never_quiet_is_over_all_the_same, cancelled_or_not_begun);
}
