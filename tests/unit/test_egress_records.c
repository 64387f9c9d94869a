/* Records of destinations: none is forgotten before keeper has it, none is made that keeper cannot get. */
#include "unit/suite.h"

#include "base/channel.h"
#include "base/error.h"
#include "base/loop.h"
#include "egress/egress_records.h"

#include <string.h>

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
	self->records = egress_records_new(self->loop);
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

int main(void)
{
	return SUITE_RUN("egress records", test_told, test_limits, test_told_again_to_a_new_keeper,
	        test_a_lying_keeper);
}
