/* Bandwidth, delay and credit on a simulated line with a clock of its own: a queue of a rate, a delay each way, a terminal
 * that draws 60 times a second. */
#include "encode/flow_line.h"

#include "suite.h"

#include <stdio.h>
#include <string.h>

#define STEP_US 500
#define SECOND 1000000u
#define FRAMES 4096

struct sim {
	struct flow_line line;
	uint64_t rate, delay_us; /* bytes a second; one way */
	uint64_t now_us, free_us;
	struct {
		uint64_t ack_us;
		uint32_t bytes;
	} frames[FRAMES];
	uint32_t made, acked;
	uint64_t worst_us, bytes; /* frames' way to the screen since sim_mark() */
	uint64_t sent_us[FRAMES];
};

static struct sim sim;

static void sim_begin(uint64_t kbit_per_s, uint64_t round_trip_us)
{
	memset(&sim, 0, sizeof(sim));
	sim.now_us = 17;
	sim.rate = kbit_per_s * 1000 / 8;
	sim.delay_us = round_trip_us / 2;
	flow_line_begin(&sim.line, 0, sim.now_us);
}

static void sim_send(uint32_t bytes, bool is_all)
{
	uint32_t at = ++sim.made % FRAMES;

	flow_line_sent(&sim.line, sim.made, bytes, sim.now_us);
	flow_line_frame_ends(&sim.line, is_all);
	if (sim.free_us < sim.now_us)
		sim.free_us = sim.now_us;
	sim.free_us += (uint64_t)bytes * SECOND / sim.rate;
	uint64_t drawn = sim.free_us + sim.delay_us;
	drawn = (drawn / 16667 + 1) * 16667;
	sim.frames[at].ack_us = drawn + sim.delay_us;
	sim.frames[at].bytes = bytes;
	sim.sent_us[at] = sim.now_us;
	if (drawn - sim.now_us > sim.worst_us)
		sim.worst_us = drawn - sim.now_us;
}

static void sim_step(void)
{
	sim.now_us += STEP_US;
	while (sim.acked < sim.made && sim.frames[(sim.acked + 1) % FRAMES].ack_us <= sim.now_us) {
		sim.bytes += sim.frames[++sim.acked % FRAMES].bytes;
		flow_line_acked(&sim.line, sim.acked, sim.now_us);
	}
}

/* Always more to say than the line takes. */
static void sim_burst(uint64_t ms)
{
	for (uint64_t end = sim.now_us + ms * 1000; sim.now_us < end; sim_step())
		while (flow_line_has_credit(&sim.line, sim.now_us))
			sim_send((uint32_t)flow_line_budget(&sim.line, sim.now_us), false);
}

/* A frame of that many bytes at most every so often, cut up if it has to be. */
static void sim_paced(uint64_t ms, uint64_t every_us, uint32_t bytes)
{
	uint64_t next_us = sim.now_us;
	uint32_t left = 0;

	for (uint64_t end = sim.now_us + ms * 1000; sim.now_us < end; sim_step()) {
		if (sim.now_us >= next_us) {
			left = bytes;
			next_us += every_us;
		}
		if (left == 0 || !flow_line_has_credit(&sim.line, sim.now_us))
			continue;
		uint32_t most = (uint32_t)flow_line_budget(&sim.line, sim.now_us);
		uint32_t now = left < most ? left : most;
		left -= now;
		sim_send(now, left == 0);
	}
}

static void sim_rest(uint64_t ms)
{
	for (uint64_t end = sim.now_us + ms * 1000; sim.now_us < end;)
		sim_step();
}

static void sim_mark(void)
{
	sim.worst_us = 0;
	sim.bytes = 0;
}

/* ---- a film beside the frames ---- */

static struct {
	struct flow_sent sent;
	uint64_t ack_us;
} films[FRAMES];
static uint32_t films_made, films_acked;

/* As video_slices.c does it: a frame of what the rate gives a thirtieth of a second, the first one five times as long. */
static void sim_film_frame(uint32_t kbit_s)
{
	uint32_t bytes = kbit_s * 125 / 30 + 1;

	if (!flow_line_has_room_beside(&sim.line, bytes, sim.now_us))
		return;
	bytes = films_made == 0 ? bytes * 5 : bytes;
	uint32_t at = films_made++ % FRAMES;
	films[at].sent = flow_line_beside_sent(&sim.line, bytes, sim.now_us);
	sim.free_us = sim.free_us < sim.now_us ? sim.now_us : sim.free_us;
	sim.free_us += (uint64_t)bytes * SECOND / sim.rate;
	films[at].ack_us = sim.free_us + 2 * sim.delay_us + 20000;
}

static void sim_film_step(void)
{
	sim_step();
	while (films_acked < films_made && films[films_acked % FRAMES].ack_us <= sim.now_us) {
		const struct flow_sent *sent = &films[films_acked++ % FRAMES].sent;
		sim.bytes += sent->bytes;
		flow_line_beside_acked(&sim.line, sent, sent->bytes, sim.now_us);
	}
}

/* A film that would take wanted_kbit_s, and a small frame (a key's echo) now and then. Returns how long one of these was held back or
 * on its way at most, microseconds. */
static uint64_t sim_film(uint64_t ms, uint32_t wanted_kbit_s)
{
	uint64_t next_us = sim.now_us, key_us = sim.now_us + 300000, worst_us = 0;

	sim_mark();
	for (uint64_t end = sim.now_us + ms * 1000; sim.now_us < end; sim_film_step()) {
		if (sim.now_us >= key_us && flow_line_has_credit(&sim.line, sim.now_us)) {
			uint64_t waited_us = sim.now_us - key_us;
			sim.worst_us = 0;
			sim_send(300, true);
			worst_us = waited_us + sim.worst_us > worst_us ? waited_us + sim.worst_us
			                                               : worst_us;
			key_us = sim.now_us + 310000;
		}
		if (sim.now_us < next_us)
			continue;
		uint32_t kbit_s = flow_line_beside_kbit_s(&sim.line);
		sim_film_frame(kbit_s < wanted_kbit_s ? kbit_s : wanted_kbit_s);
		next_us += 33333;
	}
	return worst_us;
}

START_TEST(a_film_leaves_room_for_what_is_typed)
{
	static const struct {
		uint32_t kbit_s, round_trip_us, worst_us, percent;
	} lines[] = {
	        /* One way, a frame of the film, the window's spare, drawing. */
	        {300, 200000, 170000, 55},
	        {3000, 40000, 70000, 55},
	        {20000, 20000, 45000, 12},
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		films_made = films_acked = 0;
		sim_begin(lines[i].kbit_s, lines[i].round_trip_us);
		sim_burst(3000);
		sim_rest(1000);
		uint64_t worst_us = sim_film(20000, 3300);
		printf("%u kbit/s: key %.0f ms at most, %.0f kbit/s, beside %u kbit/s\n",
		        lines[i].kbit_s, (double)worst_us / 1000, (double)sim.bytes * 8 / 20e3,
		        flow_line_beside_kbit_s(&sim.line));
		ck_assert_uint_le(worst_us, lines[i].worst_us);
		ck_assert_uint_ge(sim.bytes * 8 / 20000, lines[i].kbit_s * lines[i].percent / 100);
	}
}
END_TEST

START_TEST(what_is_lost_is_no_longer_on_its_way)
{
	sim_begin(300, 20000);
	struct flow_sent sent = flow_line_beside_sent(&sim.line, 50000, sim.now_us);
	ck_assert_uint_eq(sent.bytes, 50000);
	ck_assert(!flow_line_has_room_beside(&sim.line, 1000, sim.now_us));
	/* A frame goes all the same. */
	ck_assert(flow_line_has_credit(&sim.line, sim.now_us));
	flow_line_beside_lost(&sim.line, 50000);
	ck_assert(flow_line_has_room_beside(&sim.line, 1000, sim.now_us));
	ck_assert_uint_eq(flow_line_beside_kbit_s(&sim.line), UINT32_MAX);
}
END_TEST

START_TEST(a_thin_line_is_filled_and_never_queued_on)
{
	sim_begin(300, 200000);
	sim_burst(5000);
	/* Startup's doubling may overshoot, by less than a second. */
	ck_assert_uint_lt(sim.worst_us, 1100000);
	sim_mark();
	sim_burst(20000);
	ck_assert_uint_ge(sim.bytes, 20 * 37500 * 85 / 100);
	/* The line's 100 ms, a frame's 80, the one before it, and drawing. */
	ck_assert_uint_lt(sim.worst_us, 420000);
	ck_assert_uint_ge(flow_line_rate(&sim.line), 30000);
	ck_assert_uint_le(flow_line_rate(&sim.line), 45000);
	ck_assert_uint_le(flow_line_budget(&sim.line, sim.now_us), 3700);
}
END_TEST

START_TEST(a_key_after_a_burst_is_not_behind_it)
{
	sim_begin(300, 200000);
	sim_burst(10000);
	sim_rest(1000);
	sim_mark();
	sim_paced(5000, 250000, 200);
	ck_assert_uint_lt(sim.worst_us, 130000);
}
END_TEST

START_TEST(a_fast_line_shows_60_frames)
{
	sim_begin(20000, 40000);
	sim_paced(2000, 16667, 12000);
	uint32_t before = sim.acked;
	sim_mark();
	sim_paced(5000, 16667, 12000);
	ck_assert_uint_ge(sim.acked - before, 5 * 58);
	ck_assert_uint_lt(sim.worst_us, 60000);
}
END_TEST

START_TEST(a_page_after_typing_is_not_held_back_on_a_fast_line)
{
	sim_begin(20000, 40000);
	sim_paced(1000, 16667, 60000); /* the first picture, and some */
	sim_paced(30000, 200000, 150); /* typing, for long */
	uint64_t start_us = sim.now_us;
	uint32_t left = 100000;
	while (left > 0 || sim.acked < sim.made) {
		while (left > 0 && flow_line_has_credit(&sim.line, sim.now_us)) {
			uint32_t most = (uint32_t)flow_line_budget(&sim.line, sim.now_us);
			uint32_t now = left < most ? left : most;
			left -= now;
			sim_send(now, left == 0);
		}
		sim_step();
	}
	/* 40 ms of line, 40 ms of way, and twice around at most. */
	ck_assert_uint_lt(sim.now_us - start_us, 200000);
}
END_TEST

START_TEST(a_line_that_slows_down_is_followed)
{
	sim_begin(8000, 30000);
	sim_burst(5000);
	sim.rate = 50000;
	sim_burst(15000);
	sim_mark();
	sim_burst(5000);
	ck_assert_uint_lt(sim.worst_us, 400000);
}
END_TEST

START_TEST(a_line_that_gets_faster_is_followed)
{
	sim_begin(300, 60000);
	sim_burst(5000);
	sim.rate = 500000;
	sim_burst(8000);
	sim_mark();
	sim_burst(5000);
	ck_assert_uint_ge(sim.bytes, 5 * 500000 * 7 / 10);
}
END_TEST

START_TEST(a_metered_line_says_what_it_was_given)
{
	struct flow_line *line = &sim.line;

	sim_begin(100000, 10000);
	line->is_metered = true;
	flow_line_begin(line, 0, sim.now_us);
	ck_assert(line->is_metered);
	ck_assert(!line->wants_credit);
	ck_assert(!flow_line_has_credit(line, sim.now_us));
	ck_assert(line->wants_credit);
	flow_line_give(line, 3000);
	ck_assert(!line->wants_credit);
	ck_assert(flow_line_has_credit(line, sim.now_us));
	ck_assert_uint_eq(flow_line_budget(line, sim.now_us), 3000);
	ck_assert_uint_gt(flow_line_room(line, sim.now_us), 3000);
	sim_send(2000, false);
	flow_line_spend(line, 900);
	ck_assert(flow_line_may_say(line));
	/* One command more does no harm: what is too much is gate's to count. */
	sim_send(300, false);
	ck_assert(!flow_line_may_say(line));
	/* A line that takes no more asks for none. */
	sim_begin(300, 200000);
	line->is_metered = true;
	for (int i = 0; i < 10; i++) {
		flow_line_give(line, 1 << 20);
		sim_send(2048, false);
	}
	line->given = 0;
	ck_assert(!flow_line_has_credit(line, sim.now_us));
	ck_assert(!line->wants_credit);
}
END_TEST

/* What photographs are planned for: what was measured once the line was full, and never more than policy's cap. */
START_TEST(a_cap_is_the_lines_limit_as_well)
{
	struct flow_line *line = &sim.line;

	sim_begin(100000, 10000);
	line->rate = (struct flow_rate){50000, 50000, sim.now_us};
	line->cap_bytes_per_s = 20000;
	ck_assert_uint_eq(flow_line_carries(line), UINT64_MAX);
	line->is_known = true;
	ck_assert_uint_eq(flow_line_carries(line), flow_line_rate(line));
	ck_assert_uint_gt(flow_line_rate(line), 20000);
	line->is_metered = true;
	ck_assert_uint_eq(flow_line_carries(line), 20000);
	line->is_known = false;
	ck_assert_uint_eq(flow_line_carries(line), 20000);
	/* It is policy's, not this viewer's. */
	flow_line_begin(line, 0, sim.now_us);
	ck_assert_uint_eq(flow_line_carries(line), 20000);
	line->is_known = true;
	line->rate = (struct flow_rate){8000, 8000, sim.now_us};
	ck_assert_uint_lt(flow_line_carries(line), 20000);
}
END_TEST

/* A gate that gives 4,000 bytes each 80 ms: the estimates find that rate, and no more is on its way than it needs. */
START_TEST(a_cap_is_followed)
{
	uint64_t next_us = 0;

	sim_begin(100000, 10000);
	sim.line.is_metered = true;
	for (int i = 0; i < 24000; i++, sim_step()) {
		if (i == 4000)
			sim_mark();
		if (sim.now_us >= next_us && sim.line.wants_credit) {
			flow_line_give(&sim.line, 4000);
			next_us = sim.now_us + 80000;
		}
		while (flow_line_has_credit(&sim.line, sim.now_us))
			sim_send((uint32_t)flow_line_budget(&sim.line, sim.now_us), false);
	}
	ck_assert_uint_ge(sim.bytes, 10 * 50000 * 9 / 10);
	ck_assert_uint_le(sim.bytes, 10 * 50000 * 11 / 10);
	ck_assert_uint_lt(sim.worst_us, 60000);
}
END_TEST

START_TEST(a_local_line_keeps_a_slow_terminal_from_drowning)
{
	sim_begin(1000000, 400);
	/* Frames of a few bytes, as fast as there is credit: no more on their way than can be drawn. */
	for (int i = 0; i < 4000; i++, sim_step())
		while (flow_line_has_credit(&sim.line, sim.now_us))
			sim_send(40, false);
	sim_mark();
	for (int i = 0; i < 4000; i++, sim_step()) {
		while (flow_line_has_credit(&sim.line, sim.now_us))
			sim_send(40, false);
		ck_assert_uint_le(sim.made - sim.acked, 6);
	}
}
END_TEST

START_TEST(what_is_acknowledged_in_one_go)
{
	sim_begin(1000, 10000);
	for (uint32_t i = 1; i <= 4; i++) {
		flow_line_sent(&sim.line, i, 1000, 1000 * i);
		flow_line_sent(&sim.line, i, 500, 1000 * i);
	}
	ck_assert_uint_eq(sim.line.in_flight_bytes, 6000);
	flow_line_acked(&sim.line, 3, 20000);
	ck_assert_uint_eq(sim.line.in_flight_bytes, 1500);
	flow_line_acked(&sim.line, 3, 20000);
	flow_line_acked(&sim.line, 4, 20000);
	ck_assert_uint_eq(sim.line.in_flight_bytes, 0);
	ck_assert(flow_line_has_credit(&sim.line, 20000));
}
END_TEST

int main(void)
{
	return SUITE_RUN("flow", a_film_leaves_room_for_what_is_typed,
	        what_is_lost_is_no_longer_on_its_way, a_thin_line_is_filled_and_never_queued_on,
	        a_key_after_a_burst_is_not_behind_it, a_fast_line_shows_60_frames,
	        a_page_after_typing_is_not_held_back_on_a_fast_line,
	        a_line_that_slows_down_is_followed, a_line_that_gets_faster_is_followed,
	        a_metered_line_says_what_it_was_given, a_cap_is_followed,
	        a_cap_is_the_lines_limit_as_well, a_local_line_keeps_a_slow_terminal_from_drowning,
	        what_is_acknowledged_in_one_go);
}
