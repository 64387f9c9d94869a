/* Records of destinations: none is forgotten before keeper has it, none is made that keeper cannot get. */
#include "unit/suite.h"

#include "base/channel.h"
#include "base/error.h"
#include "base/loop.h"
#include "egress/egress_records.h"
#include "egress/record_budget.h"

#include <string.h>

#define PER_MINUTE 100000

struct fixture {
	struct loop *loop;
	struct egress_records *records;
	struct channel *keeper;
};

static void attach(struct fixture *self)
{
	int ours, theirs;

	ck_assert_int_eq(channel_pair(&ours, &theirs), 0);
	ck_assert_int_eq(egress_records_attach(self->records, ours), 0);
	channel_free(self->keeper);
	self->keeper = channel_new(theirs, LINK_EGRESS_KEEPER, SIDE_B);
	channel_set_phase(self->keeper, PHASE_READY);
}

static void begin(struct fixture *self)
{
	self->loop = loop_new();
	self->records = egress_records_new(self->loop, PER_MINUTE);
	self->keeper = NULL;
	ck_assert_ptr_nonnull(self->records);
}

static void end(struct fixture *self)
{
	egress_records_free(self->records);
	channel_free(self->keeper);
	loop_free(self->loop);
}

static int put(struct fixture *self, uint64_t lease_id)
{
	struct proxy_host host = {.name = "a.jp"};
	struct net_address address = {.bytes = {9, 9, 9, 9}};

	return egress_records_put(
	        self->records, lease_id, EGRESS_ALLOWED, "GET", &host, 80, &address);
}

static int hear(struct fixture *self, struct message_destination *out)
{
	struct message in = {0};

	for (int turn = 0; turn < 8; turn++) {
		int result = channel_receive(self->keeper, &in);
		if (result == 1)
			return message_get_destination(&in, out);
		if (result != SHOJI_ERR_AGAIN)
			return result;
		loop_turn(self->loop, 0);
	}
	return SHOJI_ERR_AGAIN;
}

static void acknowledge(struct fixture *self, uint64_t record)
{
	ck_assert_int_eq(CHANNEL_SEND(self->keeper, recorded, .record = record), 0);
	for (int turn = 0; turn < 4; turn++)
		loop_turn(self->loop, 0);
}

START_TEST(test_told)
{
	struct fixture self;
	struct message_destination heard;

	begin(&self);
	ck_assert_int_eq(put(&self, 7), SHOJI_ERR_CLOSED);
	attach(&self);
	ck_assert_int_eq(put(&self, 7), 0);
	ck_assert_int_eq(put(&self, 8), 0);
	ck_assert_int_eq(hear(&self, &heard), 0);
	ck_assert_uint_eq(heard.record, 1);
	ck_assert_uint_eq(heard.lease_id, 7);
	ck_assert_uint_eq(heard.port, 80);
	ck_assert_str_eq(heard.method, "GET");
	ck_assert_str_eq(heard.host, "a.jp");
	ck_assert_str_eq(heard.address, "9.9.9.9");
	ck_assert_int_eq(hear(&self, &heard), 0);
	ck_assert_uint_eq(heard.record, 2);
	ck_assert_int_eq(hear(&self, &heard), SHOJI_ERR_AGAIN);
	end(&self);
}
END_TEST

/* Fills the ring with as many sessions as it takes. */
static void fill(struct fixture *self)
{
	struct message_destination heard;

	for (unsigned i = 0; i < EGRESS_RECORDS_MAX; i++) {
		ck_assert_int_eq(put(self, 1 + i / EGRESS_RECORDS_PER_SESSION_MAX), 0);
		ck_assert_int_eq(hear(self, &heard), 0);
	}
}

START_TEST(test_limits)
{
	struct fixture self;

	begin(&self);
	attach(&self);
	for (unsigned i = 0; i < EGRESS_RECORDS_PER_SESSION_MAX; i++)
		ck_assert_int_eq(put(&self, 5), 0);
	ck_assert_int_eq(put(&self, 5), SHOJI_ERR_LIMIT);
	ck_assert_int_eq(put(&self, 6), 0); /* others go on */
	end(&self);

	begin(&self);
	attach(&self);
	fill(&self);
	ck_assert_int_eq(put(&self, 99), SHOJI_ERR_LIMIT);
	acknowledge(&self, 1);
	ck_assert_int_eq(put(&self, 99), 0);
	ck_assert_int_eq(put(&self, 99), SHOJI_ERR_LIMIT);
	acknowledge(&self, EGRESS_RECORDS_MAX + 1);
	fill(&self); /* the ring has turned */
	ck_assert_int_eq(put(&self, 99), SHOJI_ERR_LIMIT);
	end(&self);
}
END_TEST

START_TEST(test_told_again_to_a_new_keeper)
{
	struct fixture self;
	struct message_destination heard;

	begin(&self);
	attach(&self);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(put(&self, 7), 0);
	acknowledge(&self, 2);
	channel_free(self.keeper);
	self.keeper = NULL;
	for (int turn = 0; turn < 4; turn++)
		loop_turn(self.loop, 0);
	ck_assert_int_eq(put(&self, 7), SHOJI_ERR_CLOSED);
	attach(&self);
	ck_assert_int_eq(hear(&self, &heard), 0);
	ck_assert_uint_eq(heard.record, 3);
	ck_assert_int_eq(hear(&self, &heard), 0);
	ck_assert_uint_eq(heard.record, 4);
	ck_assert_int_eq(put(&self, 7), 0);
	ck_assert_int_eq(hear(&self, &heard), 0);
	ck_assert_uint_eq(heard.record, 5);
	end(&self);
}
END_TEST

START_TEST(test_a_lying_keeper)
{
	struct fixture self;

	begin(&self);
	attach(&self);
	ck_assert_int_eq(put(&self, 7), 0);
	acknowledge(&self, 2); /* never told */
	ck_assert_int_eq(put(&self, 7), SHOJI_ERR_CLOSED);
	end(&self);
}
END_TEST

/* ---- how many a minute ---- */

static struct message_destination of(uint64_t lease_id, const char *host)
{
	struct message_destination record = {.lease_id = lease_id, .port = 80};

	strcpy(record.host, host);
	return record;
}

START_TEST(test_budget_of_a_minute)
{
	enum { MINUTE = RECORD_BUDGET_WINDOW_MS };
	struct record_budget *budget = record_budget_new(3);
	struct message_destination a = of(7, "a.jp"), b = of(7, "b.jp"), due;

	for (int i = 0; i < 3; i++) {
		ck_assert(record_budget_may_ask(budget, 7, 5000));
		record_budget_take(budget, 7, 5000);
	}
	ck_assert(!record_budget_may_ask(budget, 7, 5000));
	ck_assert(record_budget_may_ask(budget, 8, 5000)); /* others have their own */
	/* What was begun within the limit may still be told, not without end. */
	for (int i = 0; i < 3; i++) {
		ck_assert(record_budget_may_record(budget, 7, 5001));
		record_budget_take(budget, 7, 5001);
	}
	ck_assert(!record_budget_may_record(budget, 7, 5001));
	ck_assert(!record_budget_has_refused(budget));
	record_budget_refuse(budget, 20000, &a);
	record_budget_refuse(budget, 21000, &b);
	ck_assert(!record_budget_due(budget, 20000 + MINUTE - 1, false, &due));
	/* A new minute does not forget what was refused. */
	ck_assert(!record_budget_may_ask(budget, 7, 5000 + MINUTE - 1));
	ck_assert(record_budget_may_ask(budget, 7, 5000 + MINUTE));
	ck_assert(record_budget_due(budget, 20000 + MINUTE, false, &due));
	ck_assert_uint_eq(due.refused, 2);
	ck_assert_uint_eq(due.lease_id, 7);
	ck_assert_str_eq(due.host, "b.jp");
	record_budget_told(budget, 7);
	ck_assert(!record_budget_due(budget, 20000 + 2 * MINUTE, true, &due));
	record_budget_refuse(budget, 200000, &a);
	ck_assert(record_budget_due(budget, 200001, true, &due)); /* at the end */
	ck_assert_uint_eq(due.refused, 1);
	record_budget_free(budget);
}
END_TEST

START_TEST(test_budget_of_many_sessions)
{
	struct record_budget *budget = record_budget_new(1);
	struct message_destination record;

	for (uint64_t lease = 1; lease <= RECORD_BUDGET_SESSIONS_MAX; lease++)
		record_budget_take(budget, lease, 1);
	/* One more than there is room for is refused; when a minute is over it is not. */
	ck_assert(!record_budget_may_ask(budget, 5000, 2));
	record = of(1, "a.jp");
	record_budget_refuse(budget, 2, &record);
	ck_assert(record_budget_may_ask(budget, 5000, 1 + RECORD_BUDGET_WINDOW_MS));
	/* The place of one that has something to tell is never taken. */
	for (uint64_t lease = 6000; lease < 6000 + RECORD_BUDGET_SESSIONS_MAX; lease++)
		record_budget_take(budget, lease, 1 + RECORD_BUDGET_WINDOW_MS);
	ck_assert(record_budget_due(budget, 2 + RECORD_BUDGET_WINDOW_MS, false, &record));
	ck_assert_uint_eq(record.lease_id, 1);
	record_budget_free(budget);
}
END_TEST

/* Refused while there is no keeper: counted, and told when egress leaves. */
START_TEST(test_refused_are_told_in_one)
{
	struct fixture self;
	struct message_destination heard;
	struct proxy_host host = {.name = "b.jp"};

	begin(&self);
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(
		        egress_records_admit(self.records, 7, "GET", &host, 443), SHOJI_ERR_CLOSED);
	ck_assert_int_eq(put(&self, 9), SHOJI_ERR_CLOSED);
	attach(&self);
	ck_assert_int_eq(egress_records_admit(self.records, 7, "GET", &host, 443), 0);
	egress_records_tell_refused(self.records);
	ck_assert_int_eq(hear(&self, &heard), 0);
	ck_assert_uint_eq(heard.record, 1);
	ck_assert_uint_eq(heard.lease_id, 7);
	ck_assert_uint_eq(heard.refused, 5);
	ck_assert_uint_eq(heard.verdict, EGRESS_OVER_LIMIT);
	ck_assert_str_eq(heard.host, "b.jp");
	ck_assert_int_eq(hear(&self, &heard), 0);
	ck_assert_uint_eq(heard.lease_id, 9);
	ck_assert_uint_eq(heard.refused, 1);
	ck_assert_str_eq(heard.address, ""); /* nothing was connected to */
	egress_records_tell_refused(self.records);
	ck_assert_int_eq(hear(&self, &heard), SHOJI_ERR_AGAIN);
	end(&self);
}
END_TEST

int main(void)
{
	return SUITE_RUN("egress records", test_budget_of_a_minute, test_budget_of_many_sessions,
	        test_refused_are_told_in_one, test_told, test_limits,
	        test_told_again_to_a_new_keeper, test_a_lying_keeper);
}
