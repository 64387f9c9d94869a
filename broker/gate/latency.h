/* How long presses take: the last so many of one session, as statistics for administrators. Pure: the caller brings the clock.
 *
 * Boundary: what a terminal says of its presses is believed as far as it goes: each press that gate saw counts once, within a
 * second, and the figure is used for nothing but showing it. The round trip is gate's own. */
#ifndef SHOJI_GATE_LATENCY_H
#define SHOJI_GATE_LATENCY_H

#include <stdbool.h>
#include <stdint.h>

#define LATENCY_SAMPLES_MAX 128 /* what the figures are of */
#define LATENCY_PRESSES_MAX 32  /* on their way: more than a hand makes in a second */

struct latency_press {
	bool is_open;
	uint16_t input;
	uint64_t at_us;
};

struct latency {
	struct latency_press presses[LATENCY_PRESSES_MAX]; /* a ring */
	unsigned next_press;
	/* Tenths of a millisecond, 1..WIRE_ANSWER_MAX; rings alike. */
	uint16_t drawn[LATENCY_SAMPLES_MAX];
	uint16_t round[LATENCY_SAMPLES_MAX];
	uint32_t n_answers; /* since the beginning */
};

struct latency_figures {
	uint32_t n_answers;
	uint16_t drawn_p50,
	        drawn_p95; /* tenths of a millisecond, of the last LATENCY_SAMPLES_MAX */
	uint16_t round_p50, round_p95;
};

/* A press came; input: low half of its sequence number. */
void latency_press(struct latency *self, uint16_t input, uint64_t now_us);
/* The viewer says that it was answered, `took` tenths of a millisecond (1..WIRE_ANSWER_MAX) after it was made. false: not
 * counted, since there was no such press within the second. */
bool latency_answer(struct latency *self, uint16_t input, uint16_t took, uint64_t now_us);
/* The viewer is another: what is on its way will not be answered. */
void latency_forget_presses(struct latency *self);
/* All zero: nothing was counted yet. */
void latency_figures(const struct latency *self, struct latency_figures *out);

#endif
