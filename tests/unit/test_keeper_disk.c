/* What egress tells the real keeper is on the disk before it is said to be; and what becomes of everything when that is full. */
#include "base/error.h"
#include "base/loop.h"
#include "keeper_stage.h"
#include "suite.h"

#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define DATA_PATH_MAX 128

static struct stage stage;

/* ---- destinations ---- */

static void send_destination(uint64_t number, uint64_t lease_id, const char *host)
{
	struct message_destination message = {.record = number,
	        .lease_id = lease_id,
	        .verdict = EGRESS_ALLOWED,
	        .method = "CONNECT",
	        .port = 443,
	        .address = "203.0.113.7"};

	snprintf(message.host, sizeof(message.host), "%s", host);
	ck_assert_int_eq(CHANNEL_SEND_VALUE(stage.egress, destination, &message), 0);
}

static uint64_t receive_recorded(void)
{
	struct message_recorded recorded;
	struct message in;

	stage_receive(stage.egress, &in, MESSAGE_RECORDED);
	ck_assert_int_eq(message_get_recorded(&in, &recorded), 0);
	return recorded.record;
}

START_TEST(destinations_are_recorded_with_their_person)
{
	enum { N = 2000 };

	stage_begin(&stage, "");
	struct message_sign_in_result hanako = stage_session(&stage, "hanako");
	send_destination(1, hanako.lease_id, "www.example.jp");
	ck_assert(receive_recorded() == 1);
	send_destination(2, hanako.lease_id, "evil\x1b[2J\xff.example");
	send_destination(3, 4711, "nobody.example");
	for (uint64_t last = 0; last < 3;)
		last = receive_recorded();
	uint64_t from_us = clock_now_us();
	for (uint64_t i = 0; i < N; i++)
		send_destination(4 + i, hanako.lease_id, "flood.example.jp");
	for (uint64_t last = 0; last < 3 + N;) {
		channel_flush(stage.egress);
		last = receive_recorded();
	}
	printf("%d destinations recorded in %lu ms\n", N,
	        (unsigned long)((clock_now_us() - from_us) / 1000));
	json_t *records = stage_records(&stage, "destination");
	ck_assert_uint_eq(json_array_size(records), 3 + N);
	json_t *first = json_array_get(records, 0);
	ck_assert_str_eq(json_string_value(json_object_get(first, "person")), "hanako");
	ck_assert_str_eq(json_string_value(json_object_get(first, "host")), "www.example.jp");
	ck_assert_str_eq(json_string_value(json_object_get(first, "verdict")), "allowed");
	ck_assert_ptr_null(json_object_get(json_array_get(records, 2), "person"));
	json_decref(records);
	struct message_destination summary = {.record = 4 + N,
	        .lease_id = hanako.lease_id,
	        .verdict = EGRESS_OVER_LIMIT,
	        .host = "last.example",
	        .refused = 777};
	ck_assert_int_eq(CHANNEL_SEND_VALUE(stage.egress, destination, &summary), 0);
	ck_assert(receive_recorded() == 4 + N);
	json_t *told = stage_only_record(&stage, "destinations_refused");
	ck_assert_int_eq(json_integer_value(json_object_get(told, "count")), 777);
	ck_assert_str_eq(json_string_value(json_object_get(told, "person")), "hanako");
	json_decref(told);
	ck_assert(stage_audit_is_good(&stage));
	stage_finish(&stage);
}
END_TEST

START_TEST(an_egress_that_counts_backwards_is_let_go)
{
	struct message in;

	stage_begin(&stage, "");
	send_destination(5, 1, "a.example");
	ck_assert(receive_recorded() == 5);
	send_destination(5, 1, "a.example");
	ck_assert(!stage_is_silent(stage.egress, STAGE_WAIT_MS));
	ck_assert_int_eq(channel_receive(stage.egress, &in), SHOJI_ERR_CLOSED);
	/* keeper goes on. */
	stage_session(&stage, "hanako");
	stage_finish(&stage);
}
END_TEST

/* ---- the disk is full ---- */

static struct message_sign_in_result full_session;
static struct message_attach_result full_attached;
static uint64_t full_number;

/* Fills the place with destinations until it is full, and tries everything then. */
static void start_and_fill_disk(void)
{
	stage_open(&stage, 0);
	stage_add_person(&stage, "hanako");
	stage_add_person(&stage, "taro");
	struct message_sign_in_result hanako = stage_session(&stage, "hanako");
	struct message_attach_result attached =
	        stage_attach(&stage, hanako.cookie, hanako.attach_token);
	uint64_t number = 0, recorded = 0;

	/* Until nothing is acknowledged any more. */
	for (;;) {
		for (int i = 0; i < 20; i++)
			send_destination(++number, hanako.lease_id, "fills-the-disk.example.jp");
		channel_flush(stage.egress);
		if (stage_is_silent(stage.egress, 1500))
			break;
		recorded = receive_recorded();
		ck_assert_uint_lt(number, 100000);
	}
	while (!stage_is_silent(stage.egress, 300))
		recorded = receive_recorded();
	ck_assert(recorded < number);
	/* Fails closed: nobody comes in, nothing is changed. */
	ck_assert_uint_eq(
	        stage_sign_in(&stage, "taro", "password of taro").outcome, SIGN_IN_UNAVAILABLE);
	ck_assert_uint_eq(stage_sign_in(&stage, "nobody", "x").outcome, SIGN_IN_UNAVAILABLE);
	for (int i = 0; i < 3; i++)
		ck_assert_uint_eq(
		        stage_attach(&stage, hanako.cookie, attached.attach_token).outcome,
		        ATTACH_UNAVAILABLE);
	ck_assert(!stage_control_ok(&stage, "people lock", "taro"));
	json_t *reply = stage_control(&stage, json_pack("{s:s}", "command", "status"));
	json_t *audit = json_object_get(json_object_get(reply, "data"), "audit");
	ck_assert(json_is_false(json_object_get(audit, "writable")));
	json_decref(reply);
	/* The session is still there. */
	ck_assert(stage_is_silent(stage.monitor, 50));
	ck_assert_uint_eq(stage_count(&stage, "destination"), recorded);
	full_session = hanako;
	full_attached = attached;
	full_number = number;
}

/* A file system of its own, seen by this test and its keeper only: gone with them. */
static void mount_small(const char *path)
{
	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	ck_assert_int_eq(mount("tmpfs", path, "tmpfs", 0, "size=600k"), 0);
}

/* The stage, not started, with its data on such a file system. */
static void init_on_small_disk(char data[DATA_PATH_MAX])
{
	stage_init(&stage);
	snprintf(data, DATA_PATH_MAX, "%s/data", stage.folder);
	ck_assert_int_eq(mkdir(data, 0700), 0);
	mount_small(data);
}

static void finish_on_small_disk(const char *data)
{
	ck_assert(stage_audit_is_good(&stage));
	ck_assert_int_eq(stage_stop(&stage), 0);
	ck_assert_int_eq(umount(data), 0);
	stage_finish(&stage);
}

START_TEST(a_full_disk_fails_closed_and_heals)
{
	char filler[DATA_PATH_MAX];

	if (geteuid() != 0)
		return;
	init_on_small_disk(filler);
	start_and_fill_disk();
	/* More than keeper keeps: it stops reading, and egress has to wait. */
	for (int i = 0; i < 6000; i++)
		send_destination(++full_number, full_session.lease_id, "waits.example.jp");
	for (int i = 0; i < 150; i++) {
		channel_flush(stage.egress);
		usleep(10 * 1000);
	}
	ck_assert(channel_wants_write(stage.egress));
	/* Room again: everything that was kept is written, and egress hears of it. */
	ck_assert_int_eq(mount("tmpfs", filler, "tmpfs", MS_REMOUNT, "size=16m"), 0);
	for (uint64_t last = 0; last < full_number; channel_flush(stage.egress))
		last = receive_recorded();
	ck_assert_uint_eq(stage_count(&stage, "destination"), full_number);
	ck_assert_uint_eq(stage_count(&stage, "audit_resumed"), 1);
	/* Attaches that failed did not use the token up. */
	ck_assert_uint_eq(
	        stage_attach(&stage, full_session.cookie, full_attached.attach_token).outcome,
	        ATTACH_ACCEPTED);
	stage_session(&stage, "taro");
	finish_on_small_disk(filler);
}
END_TEST

/* A crash, or a restart of the broker, while the disk is full: sessions stay, closed as before. */
START_TEST(a_restart_on_a_full_disk_keeps_sessions)
{
	char data[DATA_PATH_MAX];

	if (geteuid() != 0)
		return;
	init_on_small_disk(data);
	start_and_fill_disk();
	stage_kill(&stage);
	stage_open(&stage, 1);
	stage_started(&stage, full_session.lease_id, true);
	ck_assert_uint_eq(
	        stage_sign_in(&stage, "taro", "password of taro").outcome, SIGN_IN_UNAVAILABLE);
	ck_assert_uint_eq(
	        stage_attach(&stage, full_session.cookie, full_attached.attach_token).outcome,
	        ATTACH_UNAVAILABLE);
	send_destination(1, full_session.lease_id, "new.example.jp");
	ck_assert(stage_is_silent(stage.egress, 1500));
	ck_assert_int_eq(mount("tmpfs", data, "tmpfs", MS_REMOUNT, "size=16m"), 0);
	ck_assert(receive_recorded() == 1);
	ck_assert_uint_eq(
	        stage_attach(&stage, full_session.cookie, full_attached.attach_token).outcome,
	        ATTACH_ACCEPTED);
	ck_assert_uint_eq(stage_count(&stage, "broker_start"), 2);
	/* More than one where the database was full for longer than the log. */
	ck_assert_uint_ge(stage_count(&stage, "audit_resumed"), 1);
	finish_on_small_disk(data);
}
END_TEST

START_TEST(a_file_limit_fails_closed)
{
	stage_init(&stage);
	stage.file_bytes_max = 300 * 1024;
	start_and_fill_disk();
	stage_finish(&stage);
}
END_TEST

START_TEST(no_audit_log_no_broker)
{
	char command[160];

	stage_init(&stage);
	snprintf(command, sizeof(command), "mkdir %s/data && touch %s/data/audit", stage.folder,
	        stage.folder);
	ck_assert_int_eq(system(command), 0);
	ck_assert(!stage_start(&stage));
	ck_assert_int_ne(stage_stop(&stage), 0);
	stage_finish(&stage);
}
END_TEST

int main(void)
{
	return SUITE_RUN("keeper-disk", destinations_are_recorded_with_their_person,
	        an_egress_that_counts_backwards_is_let_go, a_full_disk_fails_closed_and_heals,
	        a_restart_on_a_full_disk_keeps_sessions, a_file_limit_fails_closed,
	        no_audit_log_no_broker);
}
