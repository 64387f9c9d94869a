/* Presses and what a terminal says of them: counted once, bounded, and nothing else. */
#include "unit/suite.h"

#include "gate/latency.h"
#include "stream/wire.h"

#include <string.h>

static struct latency self;
static struct latency_figures figures;

static void start(void)
{
	memset(&self, 0, sizeof(self));
}

START_TEST(test_counts_what_it_saw)
{
	start();
	latency_figures(&self, &figures);
	ck_assert_uint_eq(figures.n_answers + figures.drawn_p95 + figures.round_p95, 0);
	ck_assert(!latency_answer(&self, 1, 100, 5000)); /* never pressed */
	latency_press(&self, 1, 1000000);
	ck_assert(!latency_answer(&self, 2, 100, 1012000));
	ck_assert(latency_answer(&self, 1, 100, 1012000));
	ck_assert(!latency_answer(&self, 1, 100, 1013000)); /* once */
	latency_figures(&self, &figures);
	ck_assert_uint_eq(figures.n_answers, 1);
	ck_assert_uint_eq(figures.drawn_p50, 100);
	ck_assert_uint_eq(figures.drawn_p95, 100);
	ck_assert_uint_eq(figures.round_p50, 120);
	ck_assert_uint_eq(figures.round_p95, 120);
}
END_TEST

START_TEST(test_a_second_at_most)
{
	start();
	latency_press(&self, 1, 1000);
	ck_assert(latency_answer(&self, 1, WIRE_ANSWER_MAX, 1001000));
	latency_press(&self, 2, 1000);
	ck_assert(!latency_answer(&self, 2, 5, 1001100));
	latency_press(&self, 3, 1000);
	ck_assert(!latency_answer(&self, 3, WIRE_ANSWER_MAX + 1, 1200));
	latency_press(&self, 4, 1000);
	ck_assert(latency_answer(&self, 4, 1, 1000)); /* no time at all is a tenth */
	latency_figures(&self, &figures);
	ck_assert_uint_eq(figures.n_answers, 2);
	ck_assert_uint_eq(figures.round_p50, 1);
	ck_assert_uint_eq(figures.round_p95, WIRE_ANSWER_MAX);
}
END_TEST

START_TEST(test_percentiles_of_the_last)
{
	start();
	for (uint16_t i = 1; i <= 1000; i++) { /* the last 128: 873 to 1000 */
		latency_press(&self, i, i);
		ck_assert(latency_answer(&self, i, i, i + (uint64_t)i * 200));
	}
	latency_figures(&self, &figures);
	ck_assert_uint_eq(figures.n_answers, 1000);
	ck_assert_uint_eq(figures.drawn_p50, 872 + 64);
	ck_assert_uint_eq(figures.drawn_p95, 872 + 122);
	ck_assert_uint_eq(figures.round_p50, 2 * (872 + 64));
	ck_assert_uint_eq(figures.round_p95, 2 * (872 + 122));
}
END_TEST

START_TEST(test_many_on_their_way)
{
	start();
	for (uint16_t i = 0; i < 3 * LATENCY_PRESSES_MAX; i++)
		latency_press(&self, i, 100);
	ck_assert(!latency_answer(&self, 2 * LATENCY_PRESSES_MAX - 1, 5, 200));
	ck_assert(latency_answer(&self, 2 * LATENCY_PRESSES_MAX, 5, 200));
	latency_forget_presses(&self);
	ck_assert(!latency_answer(&self, 3 * LATENCY_PRESSES_MAX - 1, 5, 200));
	ck_assert(!latency_answer(&self, 0, 5, 200)); /* an empty place is no press */
}
END_TEST

int main(void)
{
	return SUITE_RUN("gate-latency", test_counts_what_it_saw, test_a_second_at_most,
	        test_percentiles_of_the_last, test_many_on_their_way);
}
