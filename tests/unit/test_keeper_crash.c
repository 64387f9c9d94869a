/* kill -9 in the middle of writing, again and again: the audit log verifies or says what was cut, what was
 * acknowledged is in it, and leases are those that gate was told of. */
#include "base/error.h"
#include "base/loop.h"
#include "keeper_stage.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct stage stage;

#define ROUNDS 12

static void drain_leases(void)
{
	struct message in = {0};

	while (in.number != MESSAGE_LEASES_TOLD) {
		ck_assert(!stage_is_silent(stage.monitor, STAGE_WAIT_MS));
		ck_assert_int_eq(channel_receive(stage.monitor, &in), 1);
	}
}

static bool send_destination(uint64_t number)
{
	struct message_destination message = {
	        .record = number, .verdict = EGRESS_ALLOWED, .method = "CONNECT", .port = 443};

	snprintf(
	        message.host, sizeof(message.host), "record-%lu.example.jp", (unsigned long)number);
	return CHANNEL_SEND_VALUE(stage.egress, destination, &message) == 0;
}

/* Writes for `for_us`, then kills. The highest record that keeper said is on disk. */
static uint64_t write_and_kill(uint64_t first, uint64_t for_us)
{
	uint64_t end_us = clock_now_us() + for_us;
	uint64_t number = first, recorded = first - 1;

	while (clock_now_us() < end_us) {
		struct message in = {0};
		for (int i = 0; i < 10; i++)
			ck_assert(send_destination(number++));
		while (channel_receive(stage.egress, &in) == 1) {
			struct message_recorded message;
			ck_assert_int_eq(message_get_recorded(&in, &message), 0);
			recorded = message.record;
		}
		usleep(500);
	}
	stage_kill(&stage);
	return recorded;
}

START_TEST(killed_while_it_writes)
{
	uint64_t last_recorded = 0;

	stage_init(&stage);
	ck_assert(stage_start(&stage));
	drain_leases();
	for (int round = 1; round <= ROUNDS; round++) {
		uint64_t first = (uint64_t)round * 1000000;
		last_recorded = write_and_kill(first, 20000 + (uint64_t)round * 3137);
		ck_assert(stage_start(&stage));
		drain_leases();
		ck_assert(stage_audit_is_good(&stage));
		/* What was acknowledged is there. */
		if (last_recorded >= first) {
			char host[64];
			json_t *records = stage_records(&stage, "destination");
			bool is_there = false;
			snprintf(host, sizeof(host), "record-%lu.example.jp",
			        (unsigned long)last_recorded);
			for (size_t i = json_array_size(records); i > 0 && !is_there; i--)
				is_there = strcmp(host, json_string_value(json_object_get(
				                                json_array_get(records, i - 1),
				                                "host"))) == 0;
			json_decref(records);
			ck_assert_msg(is_there, "%s was acknowledged and is not there", host);
		}
	}
	ck_assert_uint_eq(stage_count(&stage, "broker_start"), ROUNDS + 1);
	printf("%zu records after %d kills\n", stage_count(&stage, "destination"), ROUNDS);
	stage_finish(&stage);
}
END_TEST

/* A crash of the machine can leave half a line behind: as if the disk had taken only so much. */
START_TEST(half_a_line_is_kept_and_told)
{
	char command[512];

	stage_init(&stage);
	ck_assert(stage_start(&stage));
	drain_leases();
	stage_add_person(&stage, "hanako");
	stage_kill(&stage);
	snprintf(command, sizeof(command),
	        "printf '{\"event\":\"sign_in\",\"ha' >> $(ls %s/data/audit/*.jsonl | tail -n 1)",
	        stage.folder);
	ck_assert_int_eq(system(command), 0);
	ck_assert(stage_start(&stage));
	drain_leases();
	ck_assert(stage_audit_is_good(&stage));
	json_t *cut = stage_only_record(&stage, "audit_cut");
	ck_assert_int_eq(json_integer_value(json_object_get(cut, "bytes")), 22);
	snprintf(command, sizeof(command), "grep -q '\"ha$' %s/data/audit/%s", stage.folder,
	        json_string_value(json_object_get(cut, "saved_as")));
	ck_assert_int_eq(system(command), 0);
	json_decref(cut);
	stage_finish(&stage);
}
END_TEST

/* Whole lines taken off the end, or one changed, while keeper was away. */
START_TEST(tampering_between_runs_is_told)
{
	for (size_t i = 0; i < 2; i++) {
		char command[512], path[128];
		stage_init(&stage);
		ck_assert(stage_start(&stage));
		drain_leases();
		stage_add_person(&stage, "hanako");
		stage_add_person(&stage, "jiro");
		ck_assert_int_eq(stage_stop(&stage), 0);
		snprintf(path, sizeof(path), "%s/data/audit/*.jsonl", stage.folder);
		if (i == 0)
			snprintf(command, sizeof(command), "sed -i '$d' %s", path);
		else
			snprintf(command, sizeof(command), "sed -i '2s/hanako/hanaka/' %s", path);
		ck_assert_int_eq(system(command), 0);
		ck_assert(stage_start(&stage));
		drain_leases();
		ck_assert(!stage_audit_is_good(&stage));
		ck_assert_uint_eq(stage_count(&stage, "audit_damage"), i == 0 ? 1 : 0);
		/* And is still told after the next start. */
		ck_assert_int_eq(stage_stop(&stage), 0);
		ck_assert(stage_start(&stage));
		drain_leases();
		ck_assert(!stage_audit_is_good(&stage));
		stage_finish(&stage);
	}
}
END_TEST

int main(void)
{
	return SUITE_RUN("keeper-crash", killed_while_it_writes, half_a_line_is_kept_and_told,
	        tampering_between_runs_is_told);
}
