/* Presses, answers and their percentiles. What is answered comes from a terminal: counted only when it fits a press that gate has
 * seen itself. */
#include "gate/latency.h"

#include "base/session.h"
#include "stream/wire.h"

#include <stdlib.h>
#include <string.h>

#define US_PER_TENTH 100

_Static_assert(WIRE_ANSWER_MAX == LATENCY_TENTHS_MAX, "what gate takes, keeper takes");

void latency_press(struct latency *self, uint16_t input, uint64_t now_us)
{
	self->presses[self->next_press] =
	        (struct latency_press){.is_open = true, .input = input, .at_us = now_us};
	self->next_press = (self->next_press + 1) % LATENCY_PRESSES_MAX;
}

static struct latency_press *find(struct latency *self, uint16_t input)
{
	for (unsigned i = 0; i < LATENCY_PRESSES_MAX; i++)
		if (self->presses[i].is_open && self->presses[i].input == input)
			return &self->presses[i];
	return NULL;
}

bool latency_answer(struct latency *self, uint16_t input, uint16_t took, uint64_t now_us)
{
	struct latency_press *press = find(self, input);
	unsigned at = self->n_answers % LATENCY_SAMPLES_MAX;

	if (!press)
		return false;
	press->is_open = false;
	uint64_t round = (now_us - press->at_us) / US_PER_TENTH;
	if (round > WIRE_ANSWER_MAX || took > WIRE_ANSWER_MAX)
		return false;
	self->drawn[at] = took;
	self->round[at] = round > 0 ? (uint16_t)round : 1;
	self->n_answers++;
	return true;
}

void latency_forget_presses(struct latency *self)
{
	memset(self->presses, 0, sizeof(self->presses));
	self->next_press = 0;
}

static int compare(const void *a, const void *b)
{
	return (int)*(const uint16_t *)a - (int)*(const uint16_t *)b;
}

/* Nearest rank: the smallest sample that so many percent are not above. */
static uint16_t percentile(const uint16_t *sorted, unsigned n, unsigned percent)
{
	return sorted[(n * percent + 99) / 100 - 1];
}

static void sort(uint16_t *out, const uint16_t *samples, unsigned n)
{
	memcpy(out, samples, n * sizeof(*samples));
	qsort(out, n, sizeof(*out), compare);
}

void latency_figures(const struct latency *self, struct latency_figures *out)
{
	uint16_t sorted[LATENCY_SAMPLES_MAX];
	unsigned n = self->n_answers < LATENCY_SAMPLES_MAX ? self->n_answers : LATENCY_SAMPLES_MAX;

	*out = (struct latency_figures){.n_answers = self->n_answers};
	if (n == 0)
		return;
	sort(sorted, self->drawn, n);
	out->drawn_p50 = percentile(sorted, n, 50);
	out->drawn_p95 = percentile(sorted, n, 95);
	sort(sorted, self->round, n);
	out->round_p50 = percentile(sorted, n, 50);
	out->round_p95 = percentile(sorted, n, 95);
}
