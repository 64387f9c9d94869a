/* The caps on the line: never more than a cap lets through and one bucket, nobody starves, and an encode that does not keep to what it was
 * given harms itself. Greedy and modest streams on a clock of the test's own. */
#include "unit/suite.h"

#include "gate/meter.h"

#define SECOND 1000000u
#define STEP_US 250
#define STREAMS 8
#define STEPS_MAX (60 * SECOND / STEP_US)

struct stream {
	struct meter_client client;
	struct meter_bucket bucket;
	bool is_greedy;
	uint32_t frame;    /* bytes that it wants, each time */
	uint32_t over;     /* and takes beyond what it was given */
	uint64_t every_us; /* modest: between two frames */
	uint64_t next_us, asked_us, worst_us;
	uint32_t given;
	bool has_asked;
	uint64_t bytes;
};

static struct meter meter;
static struct stream streams[STREAMS];
static uint32_t sent[STEPS_MAX]; /* in each step, all together */
static uint64_t now_us;
static uint32_t n_steps;

static void on_give(void *data, uint32_t bytes)
{
	struct stream *self = data;

	ck_assert(self->has_asked);
	ck_assert_uint_ge(bytes, METER_GIVE_MIN);
	self->given = bytes;
}

static void start(uint64_t all_kbit)
{
	now_us = 12345;
	n_steps = 0;
	meter_init(&meter, all_kbit, on_give, now_us);
	memset(streams, 0, sizeof(streams));
	memset(sent, 0, sizeof(sent));
}

static struct stream *add(size_t at, uint64_t kbit, uint32_t frame, uint64_t every_us)
{
	struct stream *self = &streams[at];

	meter_bucket_init(&self->bucket, kbit, now_us);
	self->client = (struct meter_client){.own = &self->bucket, .data = self};
	self->frame = frame;
	self->every_us = every_us;
	return self;
}

static void say(struct stream *self)
{
	uint32_t bytes = (self->frame < self->given ? self->frame : self->given) + self->over;

	ck_assert(meter_seen(&meter, &self->client, bytes, now_us));
	self->bytes += bytes;
	sent[n_steps] += bytes;
	self->given = 0;
	self->has_asked = false;
	uint64_t took_us = now_us - self->asked_us;
	self->worst_us = took_us > self->worst_us ? took_us : self->worst_us;
	if (self->every_us > 0)
		meter_want(&meter, &self->client, 0, now_us);
}

/* As encode does: asks when it has something to say and was not given, says when it was. */
static void work(struct stream *self)
{
	if (self->frame == 0)
		return;
	if (self->given > 0)
		say(self);
	if (self->has_asked || now_us < self->next_us)
		return;
	meter_want(&meter, &self->client, self->frame, now_us);
	self->has_asked = true;
	self->asked_us = now_us;
	self->next_us = now_us + self->every_us;
}

static void run(uint64_t ms)
{
	for (uint64_t end = now_us + ms * 1000; now_us < end; now_us += STEP_US, n_steps++) {
		for (size_t i = 0; i < STREAMS; i++)
			work(&streams[i]);
		meter_serve(&meter, now_us);
	}
}

/* The most that went out in any second. */
static uint64_t most_in_a_second(uint32_t first)
{
	uint64_t sum = 0, most = 0;

	for (uint32_t i = first; i < n_steps; i++) {
		sum += sent[i];
		if (i >= first + SECOND / STEP_US)
			sum -= sent[i - SECOND / STEP_US];
		most = sum > most ? sum : most;
	}
	return most;
}

START_TEST(a_session_keeps_its_cap)
{
	start(METER_NO_CAP);
	add(0, 1000, 100000, 0);
	run(20000);
	ck_assert_uint_le(most_in_a_second(0), 125000 + 10000);
	ck_assert_uint_ge(streams[0].bytes, 20 * 125000 * 98 / 100);
	/* One that was idle for long has saved no more than a bucket. */
	streams[0].frame = 0;
	run(10000);
	uint32_t first = n_steps;
	streams[0].frame = 100000;
	streams[0].has_asked = false;
	streams[0].given = 0;
	run(2000);
	ck_assert_uint_le(most_in_a_second(first), 125000 + 10000);
}
END_TEST

START_TEST(a_site_is_shared_by_who_is_active)
{
	start(2000);
	add(0, METER_NO_CAP, 200000, 0);
	run(5000);
	/* Alone it has all. */
	ck_assert_uint_ge(streams[0].bytes, 5 * 250000 * 97 / 100);
	uint64_t before = streams[0].bytes;
	add(1, METER_NO_CAP, 3000, 0);
	add(2, METER_NO_CAP, 50000, 0);
	add(3, METER_NO_CAP, 300, 200000); /* typing */
	run(20000);
	uint64_t first = streams[0].bytes - before;
	/* Whoever wants much gets a third, whatever the size of their frames (3,000 is less than a turn). */
	ck_assert_uint_le(first, 20 * 250000 * 50 / 100);
	ck_assert_uint_ge(streams[2].bytes, first * 9 / 10);
	ck_assert_uint_le(streams[2].bytes, first * 11 / 10);
	ck_assert_uint_ge(streams[1].bytes, first * 3 / 10);
	ck_assert_uint_ge(first + streams[1].bytes + streams[2].bytes, 20 * 250000 * 95 / 100);
	ck_assert_uint_ge(streams[3].bytes, 300 * 99);
	/* A key is not behind more than a round. */
	ck_assert_uint_le(streams[3].worst_us, 100000);
	ck_assert_uint_le(most_in_a_second(0), 250000 + 20000);
}
END_TEST

START_TEST(both_caps_hold)
{
	start(1000);
	add(0, 300, 100000, 0);
	add(1, 10000, 100000, 0);
	run(10000);
	/* The one with the low cap does not hold up the other, which gets the rest. */
	ck_assert_uint_le(streams[0].bytes, 10 * 37500 + 4096);
	ck_assert_uint_ge(streams[0].bytes, 10 * 37500 * 90 / 100);
	ck_assert_uint_ge(streams[1].bytes, 10 * 87500 * 95 / 100);
	ck_assert_uint_le(most_in_a_second(0), 125000 + 10000);
}
END_TEST

START_TEST(many_sessions_and_the_least_cap)
{
	start(64);
	for (size_t i = 0; i < STREAMS; i++)
		add(i, METER_NO_CAP, 10000, 0);
	run(60000);
	uint64_t all = 0;
	for (size_t i = 0; i < STREAMS; i++) {
		ck_assert_uint_ge(streams[i].bytes, 60 * 8000 / STREAMS * 90 / 100);
		all += streams[i].bytes;
	}
	ck_assert_uint_le(all, 60 * 8000 + METER_BUCKET_MIN);
	ck_assert_uint_le(most_in_a_second(0), 8000 + METER_BUCKET_MIN);
}
END_TEST

START_TEST(who_takes_more_than_was_given_pays)
{
	start(2000);
	add(0, METER_NO_CAP, 200000, 0);
	add(1, METER_NO_CAP, 200000, 0)->over = 30000;
	run(20000);
	ck_assert_uint_ge(streams[0].bytes, 20 * 250000 * 40 / 100);
	ck_assert_uint_le(streams[0].bytes + streams[1].bytes, 20 * 250000 + 20000 + 30000);
	/* Never asks: after so much it is no encode that keeps the rules. */
	struct stream *loud = add(2, METER_NO_CAP, 0, 0);
	uint32_t n = 0;
	while (meter_seen(&meter, &loud->client, 32768, now_us))
		ck_assert_uint_lt(++n, METER_DEBT_MAX / 32768 + 1);
	meter_forget(&meter, &loud->client, now_us);
	ck_assert_uint_eq(loud->client.debt, 0);
}
END_TEST

START_TEST(nobody_waits_no_timer)
{
	start(1000);
	ck_assert(meter_serve(&meter, now_us) == UINT64_MAX);
	struct stream *one = add(0, 800, 5000, 0), *other = add(1, 800, 5000, 0);
	one->has_asked = other->has_asked = true;
	meter_want(&meter, &one->client, 5000, now_us);
	ck_assert(meter_serve(&meter, now_us) == UINT64_MAX);
	ck_assert_uint_eq(one->given, 5000);
	/* What was not used is there for the other one. */
	meter_want(&meter, &one->client, 0, now_us);
	meter_want(&meter, &other->client, 5000, now_us);
	ck_assert(meter_serve(&meter, now_us) == UINT64_MAX);
	ck_assert_uint_eq(other->given, 5000);
	/* It leaves in the middle: as if it had given back. */
	meter_want(&meter, &one->client, 5000, now_us);
	meter_want(&meter, &one->client, 4000, now_us); /* asks again: waits once */
	meter_forget(&meter, &other->client, now_us);
	ck_assert(meter_serve(&meter, now_us) == UINT64_MAX);
	ck_assert_uint_eq(one->given, 4000);
	ck_assert_uint_eq(meter.n_waiting, 0);
	/* Waits, and leaves. */
	meter_want(&meter, &one->client, 5000, now_us);
	meter_want(&meter, &other->client, 5000, now_us);
	meter_seen(&meter, &one->client, 100000, now_us);
	uint64_t wait_us = meter_serve(&meter, now_us);
	ck_assert(wait_us > 0 && wait_us < SECOND);
	meter_forget(&meter, &one->client, now_us);
	meter_forget(&meter, &other->client, now_us);
	ck_assert_ptr_null(meter.first);
	ck_assert(meter_serve(&meter, now_us) == UINT64_MAX);
}
END_TEST

START_TEST(a_day_later)
{
	start(10000000);
	add(0, 64, 1, 0);
	ck_assert(meter_seen(&meter, &streams[0].client, 2000000, now_us));
	now_us += (uint64_t)86400 * SECOND;
	streams[0].has_asked = true;
	meter_want(&meter, &streams[0].client, UINT32_MAX, now_us);
	ck_assert(meter_serve(&meter, now_us) == UINT64_MAX);
	ck_assert_uint_eq(streams[0].given, METER_BUCKET_MIN);
}
END_TEST

int main(void)
{
	return SUITE_RUN("gate meter", a_session_keeps_its_cap, a_site_is_shared_by_who_is_active,
	        both_caps_hold, many_sessions_and_the_least_cap, who_takes_more_than_was_given_pays,
	        nobody_waits_no_timer, a_day_later);
}
