/* The loop: timers fire once and in time, callbacks may free themselves and each other. */
#include "unit/suite.h"

#include "base/loop.h"

#include <unistd.h>

static int n_fired;
static struct timer *victim;
static struct watch *victim_watch;

static void on_fire(void *data)
{
	(void)data;
	n_fired++;
}

static void on_fire_free_victim(void *data)
{
	timer_free(victim);
	timer_free(*(struct timer **)data);
	n_fired++;
}

START_TEST(test_timer_fires_once)
{
	struct loop *loop = loop_new();
	struct timer *timer = timer_new(loop, on_fire, NULL);
	uint64_t start_ms = clock_now_ms();

	n_fired = 0;
	timer_set_ms(timer, 30);
	loop_turn(loop, 1000);
	while (!n_fired && clock_now_ms() < start_ms + 1000)
		loop_turn(loop, 1000);
	ck_assert_uint_ge(clock_now_ms(), start_ms + 30);
	ck_assert_uint_lt(clock_now_ms(), start_ms + 900);
	loop_turn(loop, 50);
	ck_assert_int_eq(n_fired, 1);
	timer_set_ms(timer, 0);
	timer_clear(timer);
	loop_turn(loop, 10);
	ck_assert_int_eq(n_fired, 1);
	timer_free(timer);
	loop_free(loop);
}
END_TEST

static void on_wait_set(void *data)
{
	static int n_waits;

	/* Moved at each wait, as deadlines are: it fires all the same. */
	timer_set_at(*(struct timer **)data, n_waits++ < 3 ? clock_now_ms() + 5 : 0);
}

START_TEST(test_timer_is_set_before_each_wait)
{
	struct loop *loop = loop_new();
	struct timer *timer = timer_new(loop, on_fire, NULL);

	n_fired = 0;
	loop_before_wait(loop, on_wait_set, &timer);
	for (int i = 0; i < 20 && n_fired == 0; i++)
		loop_turn(loop, 1000);
	ck_assert_int_gt(n_fired, 0);
	loop_before_wait(loop, NULL, NULL);
	timer_clear(timer);
	n_fired = 0;
	loop_turn(loop, 10);
	ck_assert_int_eq(n_fired, 0);
	timer_free(timer);
	loop_free(loop);
}
END_TEST

START_TEST(test_timer_frees_others)
{
	struct loop *loop = loop_new();
	struct timer *killer;

	n_fired = 0;
	victim = timer_new(loop, on_fire, NULL);
	killer = timer_new(loop, on_fire_free_victim, &killer);
	timer_set_ms(victim, 0);
	timer_set_ms(killer, 0);
	loop_turn(loop, 10); /* the later made is walked first */
	ck_assert_int_eq(n_fired, 1);
	loop_free(loop);
}
END_TEST

static void on_event_free_both(void *data, unsigned events)
{
	ck_assert(events & LOOP_READ);
	watch_free(victim_watch);
	watch_free(*(struct watch **)data);
	n_fired++;
}

START_TEST(test_watch_frees_others)
{
	struct loop *loop = loop_new();
	int a[2], b[2];
	static struct watch *first;

	ck_assert_int_eq(pipe(a), 0);
	ck_assert_int_eq(pipe(b), 0);
	first = watch_new(loop, a[0], LOOP_READ, on_event_free_both, &first);
	victim_watch = watch_new(loop, b[0], LOOP_READ, on_event_free_both, &victim_watch);
	ck_assert_int_eq(write(a[1], "x", 1), 1);
	ck_assert_int_eq(write(b[1], "x", 1), 1);
	n_fired = 0;
	loop_turn(loop, 100);
	ck_assert_int_eq(n_fired, 1);
	loop_turn(loop, 0);
	ck_assert_int_eq(n_fired, 1);
	loop_free(loop);
	for (int i = 0; i < 2; i++) {
		close(a[i]);
		close(b[i]);
	}
}
END_TEST

static void on_fire_stop(void *data)
{
	loop_stop(data, 42);
}

START_TEST(test_stop_gives_its_status)
{
	struct loop *loop = loop_new();
	struct timer *timer = timer_new(loop, on_fire_stop, loop);

	timer_set_ms(timer, 1);
	ck_assert_int_eq(loop_run(loop), 42);
	loop_free(loop);
}
END_TEST

int main(void)
{
	return SUITE_RUN("base-loop", test_timer_fires_once, test_timer_is_set_before_each_wait,
	        test_timer_frees_others, test_watch_frees_others, test_stop_gives_its_status);
}
