/* The real keeper and hash processes: signing in, attaching, ending, restarting, destinations, limits. */
#include "base/error.h"
#include "base/loop.h"
#include "keeper/lease.h"
#include "keeper_stage.h"
#include "suite.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct stage stage;

static void begin_with(const char *config)
{
	struct message in;

	stage_init(&stage);
	stage.config = config;
	ck_assert(stage_start(&stage));
	stage_receive(stage.monitor, &in, MESSAGE_LEASES_TOLD);
	stage_add_person(&stage, "hanako");
	stage_add_person(&stage, "taro");
}

static void begin(void)
{
	begin_with("");
}

static size_t count_records(const char *event)
{
	json_t *records = stage_records(&stage, event);
	size_t count = json_array_size(records);

	json_decref(records);
	return count;
}

static uint64_t receive_stop(enum end_reason reason)
{
	struct message_stop_session stop;
	struct message in;

	stage_receive(stage.monitor, &in, MESSAGE_STOP_SESSION);
	ck_assert_int_eq(message_get_stop_session(&in, &stop), 0);
	ck_assert_uint_eq(stop.reason, reason);
	return stop.lease_id;
}

static uint64_t receive_end_viewer(enum end_reason reason)
{
	struct message_end_viewer end;
	struct message in;

	stage_receive(stage.gate, &in, MESSAGE_END_VIEWER);
	ck_assert_int_eq(message_get_end_viewer(&in, &end), 0);
	ck_assert_uint_eq(end.reason, reason);
	return end.lease_id;
}

/* ---- signing in ---- */

START_TEST(accepted)
{
	begin();
	struct message_sign_in_result result = stage_session(&stage, "hanako");
	ck_assert_uint_eq(strlen(result.cookie), 64);
	ck_assert_uint_eq(strlen(result.attach_token), 64);
	ck_assert_str_ne(result.cookie, result.attach_token);
	ck_assert_uint_eq(count_records("sign_in"), 1);
	json_t *records = stage_records(&stage, "sign_in");
	json_t *record = json_array_get(records, 0);
	ck_assert_str_eq(json_string_value(json_object_get(record, "person")), "hanako");
	ck_assert_str_eq(json_string_value(json_object_get(record, "address")), "10.1.2.3");
	json_decref(records);
	ck_assert(stage_audit_is_good(&stage));
	stage_finish(&stage);
}
END_TEST

/* Nothing secret is on the disk, in any file. */
START_TEST(no_secret_is_stored)
{
	char command[512];

	begin();
	struct message_sign_in_result result = stage_session(&stage, "hanako");
	struct message_attach_result attached =
	        stage_attach(&stage, result.cookie, result.attach_token);
	ck_assert_uint_eq(attached.outcome, ATTACH_ACCEPTED);
	stage_sign_in(&stage, "my secret password in the wrong field", "x");
	const char *const secrets[] = {result.cookie, result.attach_token, attached.attach_token,
	        "password of hanako", "my secret password"};
	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
		snprintf(command, sizeof(command), "grep -rqF '%s' %s/data", secrets[i],
		        stage.folder);
		ck_assert_int_ne(system(command), 0);
	}
	/* The same search finds what is stored. */
	snprintf(command, sizeof(command), "grep -rqF 'hanako' %s/data", stage.folder);
	ck_assert_int_eq(system(command), 0);
	stage_finish(&stage);
}
END_TEST

START_TEST(wrong_and_unknown_are_alike)
{
	begin();
	const char *const names[] = {"nobody", "", "not an id", "hanako"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		for (int try = 1; try <= 4; try++) {
			uint64_t from_us = clock_now_us();
			struct message_sign_in_result result =
			        stage_sign_in(&stage, names[i], "wrong");
			/* Back-off: 250 ms after the first failure, 500 ms after the second. */
			if (try == 2 || try == 3)
				ck_assert_uint_ge(
				        clock_now_us() - from_us, try == 2 ? 150000 : 350000);
			ck_assert_uint_eq(result.outcome, try < 3 ? SIGN_IN_WRONG : SIGN_IN_LOCKED);
			ck_assert_uint_eq(result.retry_after_s, try < 3 ? 0 : 2);
			ck_assert_str_eq(result.cookie, "");
			ck_assert_str_eq(result.attach_token, "");
			ck_assert(result.lease_id == 0);
		}
	}
	/* Locked: the right password does not help, until the time is over. */
	ck_assert_uint_eq(
	        stage_sign_in(&stage, "hanako", "password of hanako").outcome, SIGN_IN_LOCKED);
	ck_assert_uint_eq(count_records("locked"), 4);
	sleep(2);
	stage_session(&stage, "hanako");
	json_t *records = stage_records(&stage, "sign_in_refused");
	json_t *record;
	size_t i;
	json_array_foreach(records, i, record)
	{
		const char *person = json_string_value(json_object_get(record, "person"));
		ck_assert(!person || strcmp(person, "hanako") == 0);
	}
	json_decref(records);
	stage_finish(&stage);
}
END_TEST

/* A burst that was queued before the lock: the right password among it does not count either. */
START_TEST(a_burst_does_not_outrun_the_lock)
{
	size_t n_locked = 0;

	begin();
	for (uint32_t i = 0; i < 6; i++) {
		struct message_sign_in question = {
		        .request = i, .person = "hanako", .width = 800, .height = 600};
		snprintf(question.password, sizeof(question.password), "%s",
		        i == 5 ? "password of hanako" : "wrong");
		snprintf(question.address, sizeof(question.address), "10.1.2.%u", i);
		ck_assert_int_eq(CHANNEL_SEND_VALUE(stage.gate, sign_in, &question), 0);
	}
	for (uint32_t i = 0; i < 6; i++) {
		struct message_sign_in_result result;
		struct message in;
		stage_receive(stage.gate, &in, MESSAGE_SIGN_IN_RESULT);
		ck_assert_int_eq(message_get_sign_in_result(&in, &result), 0);
		ck_assert_uint_ne(result.outcome, SIGN_IN_ACCEPTED);
		n_locked += result.outcome == SIGN_IN_LOCKED;
	}
	ck_assert_uint_eq(n_locked, 4);
	stage_finish(&stage);
}
END_TEST

static uint64_t time_wrong(const char *person)
{
	uint64_t best_us = UINT64_MAX;

	/* Below the lock; the back-off of the second and third is waited out. */
	for (int i = 0; i < 5; i++) {
		uint64_t from_us = clock_now_us();
		ck_assert_uint_eq(
		        stage_sign_in(&stage, person, "wrong password").outcome, SIGN_IN_WRONG);
		uint64_t took_us = clock_now_us() - from_us;
		if (took_us < best_us)
			best_us = took_us;
		usleep(600 * 1000);
		if (i == 1)
			break;
	}
	return best_us;
}

START_TEST(wrong_and_unknown_take_alike)
{
	begin();
	double ratio = (double)time_wrong("nobody") / (double)time_wrong("hanako");
	printf("time of unknown / time of wrong: %.3f\n", ratio);
	ck_assert(ratio > 0.3 && ratio < 3.0);
	stage_finish(&stage);
}
END_TEST

START_TEST(a_lock_survives_a_restart)
{
	struct message in;

	begin_with("");
	for (int try = 1; try <= 3; try++) {
		stage_sign_in(&stage, "hanako", "wrong");
		stage_sign_in(&stage, "nobody", "wrong");
	}
	ck_assert_int_eq(stage_stop(&stage), 0);
	ck_assert(stage_start(&stage));
	stage_receive(stage.monitor, &in, MESSAGE_LEASES_TOLD);
	ck_assert_uint_eq(stage_sign_in(&stage, "hanako", "wrong").outcome, SIGN_IN_LOCKED);
	ck_assert_uint_eq(stage_sign_in(&stage, "nobody", "wrong").outcome, SIGN_IN_LOCKED);
	stage_finish(&stage);
}
END_TEST

static bool control_ok(const char *command, const char *id)
{
	json_t *reply =
	        stage_control(&stage, json_pack("{s:s, s:s}", "command", command, "id", id));
	bool is_ok = json_is_true(json_object_get(reply, "ok"));

	json_decref(reply);
	return is_ok;
}

START_TEST(locked_by_an_administrator)
{
	begin();
	struct message_sign_in_result result = stage_session(&stage, "hanako");
	ck_assert(control_ok("people lock", "hanako"));
	/* Who may not sign in may not stay. */
	ck_assert(receive_stop(END_ADMINISTRATOR) == result.lease_id);
	ck_assert(receive_end_viewer(END_ADMINISTRATOR) == result.lease_id);
	stage_ended(&stage, result.lease_id, END_ADMINISTRATOR);
	ck_assert_uint_eq(stage_sign_in(&stage, "hanako", "wrong").outcome, SIGN_IN_WRONG);
	result = stage_sign_in(&stage, "hanako", "password of hanako");
	ck_assert_uint_eq(result.outcome, SIGN_IN_LOCKED);
	ck_assert_uint_eq(result.retry_after_s, 0);
	ck_assert(control_ok("people unlock", "hanako"));
	stage_session(&stage, "hanako");
	ck_assert(!control_ok("people lock", "nobody"));
	stage_finish(&stage);
}
END_TEST

START_TEST(in_use_and_full)
{
	begin_with("sessions:\n  max: 2\n");
	stage_add_person(&stage, "jiro");
	struct message_sign_in_result hanako = stage_session(&stage, "hanako");
	ck_assert_uint_eq(
	        stage_sign_in(&stage, "hanako", "password of hanako").outcome, SIGN_IN_IN_USE);
	stage_session(&stage, "taro");
	ck_assert_uint_eq(stage_sign_in(&stage, "jiro", "password of jiro").outcome, SIGN_IN_FULL);
	/* The host of hanako ended: her slot is free when monitor says so. */
	stage_ended(&stage, hanako.lease_id, END_HOST_EXITED);
	receive_end_viewer(END_HOST_EXITED);
	usleep(200 * 1000);
	stage_session(&stage, "jiro");
	stage_finish(&stage);
}
END_TEST

START_TEST(many_at_once_are_all_answered)
{
	enum { N = 40 };
	size_t n_wrong = 0, n_unavailable = 0;

	begin();
	for (uint32_t i = 0; i < N; i++) {
		struct message_sign_in question = {
		        .request = 1000 + i, .width = 800, .height = 600};
		snprintf(question.person, sizeof(question.person), "person%u", i);
		snprintf(question.password, sizeof(question.password), "wrong");
		/* 30 from one address, which may queue 8, and 10 from others. */
		snprintf(question.address, sizeof(question.address), "10.1.2.%u", i < 30 ? 1 : i);
		ck_assert_int_eq(CHANNEL_SEND_VALUE(stage.gate, sign_in, &question), 0);
	}
	for (uint32_t i = 0; i < N; i++) {
		struct message_sign_in_result result;
		struct message in;
		stage_receive(stage.gate, &in, MESSAGE_SIGN_IN_RESULT);
		ck_assert_int_eq(message_get_sign_in_result(&in, &result), 0);
		n_wrong += result.outcome == SIGN_IN_WRONG;
		n_unavailable += result.outcome == SIGN_IN_UNAVAILABLE;
		ck_assert(result.request < 1030 || result.outcome == SIGN_IN_WRONG);
	}
	ck_assert_uint_eq(n_wrong + n_unavailable, N);
	ck_assert_uint_ge(n_wrong, 18);
	ck_assert_uint_ge(n_unavailable, 15);
	stage_finish(&stage);
}
END_TEST

START_TEST(a_dead_worker_is_replaced)
{
	begin();
	/* The job that it had goes to the next one. */
	struct message_sign_in question = {.request = 77,
	        .address = "10.9.9.9",
	        .person = "hanako",
	        .password = "password of hanako",
	        .width = 800,
	        .height = 600};
	ck_assert_int_eq(kill(stage.hash, SIGSTOP), 0);
	ck_assert_int_eq(CHANNEL_SEND_VALUE(stage.gate, sign_in, &question), 0);
	usleep(100 * 1000);
	ck_assert_int_eq(kill(stage.hash, SIGKILL), 0);
	ck_assert_int_eq(waitpid(stage.hash, NULL, 0), stage.hash);
	stage_start_hash(&stage);
	struct message_sign_in_result result;
	struct message in;
	stage_receive(stage.gate, &in, MESSAGE_SIGN_IN_RESULT);
	ck_assert_int_eq(message_get_sign_in_result(&in, &result), 0);
	ck_assert_uint_eq(result.outcome, SIGN_IN_ACCEPTED);
	stage_finish(&stage);
}
END_TEST

/* The configuration asks for another hash: made at the next sign-in, once. */
START_TEST(a_hash_is_renewed)
{
	begin();
	stage_sign_in(&stage, "taro", "wrong");
	ck_assert_uint_eq(count_records("password_rehashed"), 0);
	ck_assert_int_eq(kill(stage.hash, SIGKILL), 0);
	ck_assert_int_eq(waitpid(stage.hash, NULL, 0), stage.hash);
	stage.hash_passes = 2;
	stage_start_hash(&stage);
	stage_sign_in(&stage, "taro", "wrong");
	for (int i = 0; i < 2; i++) {
		struct message_sign_in_result result = stage_session(&stage, "hanako");
		ck_assert_uint_eq(result.outcome, SIGN_IN_ACCEPTED);
		ck_assert_uint_eq(count_records("password_rehashed"), 1);
		stage_ended(&stage, result.lease_id, END_HOST_EXITED);
		receive_end_viewer(END_HOST_EXITED);
		usleep(200 * 1000);
	}
	stage_finish(&stage);
}
END_TEST

/* ---- attaching ---- */

START_TEST(attaching)
{
	begin();
	struct message_sign_in_result in = stage_session(&stage, "hanako");
	struct message_attach_result first = stage_attach(&stage, in.cookie, in.attach_token);
	ck_assert_uint_eq(first.outcome, ATTACH_ACCEPTED);
	ck_assert(first.lease_id == in.lease_id);
	ck_assert_str_eq(first.display_name, "田中 花子");
	ck_assert_str_ne(first.attach_token, in.attach_token);
	/* The reply was lost with the line. */
	struct message_attach_result again = stage_attach(&stage, in.cookie, in.attach_token);
	ck_assert_uint_eq(again.outcome, ATTACH_ACCEPTED);
	ck_assert_uint_eq(stage_attach(&stage, in.cookie, in.attach_token).outcome, ATTACH_IN_USE);
	ck_assert_uint_eq(
	        stage_attach(&stage, in.cookie, first.attach_token).outcome, ATTACH_IN_USE);
	struct message_attach_result refused = stage_attach(&stage, in.cookie, "");
	ck_assert_uint_eq(refused.outcome, ATTACH_IN_USE);
	ck_assert_str_eq(refused.attach_token, "");
	ck_assert(refused.lease_id == 0);
	ck_assert_uint_eq(
	        stage_attach(&stage, in.cookie, again.attach_token).outcome, ATTACH_ACCEPTED);
	in.cookie[0] = in.cookie[0] == '0' ? '1' : '0';
	ck_assert_uint_eq(
	        stage_attach(&stage, in.cookie, again.attach_token).outcome, ATTACH_UNKNOWN);
	ck_assert_uint_eq(stage_attach(&stage, "", "").outcome, ATTACH_UNKNOWN);
	ck_assert_uint_eq(count_records("attach"), 3);
	/* The first at once, the other two in one with the next end. */
	ck_assert_uint_eq(count_records("attach_refused"), 1);
	stage_ended(&stage, first.lease_id, END_HOST_EXITED);
	receive_end_viewer(END_HOST_EXITED);
	usleep(200 * 1000);
	ck_assert_uint_eq(count_records("attach_refused"), 2);
	json_t *records = stage_records(&stage, "attach_refused");
	ck_assert_int_eq(
	        json_integer_value(json_object_get(json_array_get(records, 1), "count")), 2);
	json_decref(records);
	stage_finish(&stage);
}
END_TEST

/* Who comes and goes without end is told to wait, and comes in later with the same token. */
START_TEST(attaching_without_end)
{
	begin();
	struct message_sign_in_result in = stage_session(&stage, "hanako");
	struct message_attach_result last = {0};
	char token[65];

	memcpy(token, in.attach_token, sizeof(token));
	for (int i = 0; i < LEASE_ATTACHES_PER_MINUTE_MAX; i++) {
		last = stage_attach(&stage, in.cookie, token);
		ck_assert_uint_eq(last.outcome, ATTACH_ACCEPTED);
		memcpy(token, last.attach_token, sizeof(token));
	}
	for (int i = 0; i < 3; i++)
		ck_assert_uint_eq(
		        stage_attach(&stage, in.cookie, token).outcome, ATTACH_UNAVAILABLE);
	ck_assert_uint_eq(stage_attach(&stage, in.cookie, in.attach_token).outcome, ATTACH_IN_USE);
	ck_assert_uint_eq(count_records("attach"), LEASE_ATTACHES_PER_MINUTE_MAX);
	stage_finish(&stage);
}
END_TEST

static void check_state(const char *person, const char *state)
{
	json_t *item;
	size_t i;

	/* The message before may still be on its way. */
	for (int try = 0; try < 100; try++) {
		json_t *reply = stage_control(&stage, json_pack("{s:s}", "command", "sessions"));
		bool is_there = false;
		json_array_foreach(json_object_get(reply, "items"), i, item) is_there =
		        is_there ||
		        (strcmp(json_string_value(json_object_get(item, "person")), person) == 0 &&
		                strcmp(json_string_value(json_object_get(item, "state")), state) ==
		                        0);
		json_decref(reply);
		if (is_there)
			return;
		usleep(20 * 1000);
	}
	ck_abort_msg("%s is not %s", person, state);
}

START_TEST(states_follow_gate_and_monitor)
{
	struct message_start_session start;
	struct message in;

	begin();
	struct message_sign_in_result result =
	        stage_sign_in(&stage, "hanako", "password of hanako");
	stage_receive(stage.monitor, &in, MESSAGE_START_SESSION);
	ck_assert_int_eq(message_get_start_session(&in, &start), 0);
	ck_assert_uint_eq(start.width, 1280);
	ck_assert_uint_eq(start.height, 800);
	check_state("hanako", "starting");
	/* The viewer may come before the picture. */
	struct message_attach_result attached =
	        stage_attach(&stage, result.cookie, result.attach_token);
	ck_assert_uint_eq(attached.outcome, ATTACH_ACCEPTED);
	check_state("hanako", "starting");
	stage_started(&stage, result.lease_id, false);
	check_state("hanako", "attached");
	ck_assert_int_eq(CHANNEL_SEND(stage.gate, detached, .lease_id = result.lease_id), 0);
	check_state("hanako", "detached");
	/* Said twice, or of a lease that nobody has: nothing. */
	ck_assert_int_eq(CHANNEL_SEND(stage.gate, detached, .lease_id = result.lease_id), 0);
	ck_assert_int_eq(CHANNEL_SEND(stage.gate, detached, .lease_id = 4711), 0);
	ck_assert_int_eq(CHANNEL_SEND(stage.gate, activity, .lease_id = 4711), 0);
	attached = stage_attach(&stage, result.cookie, attached.attach_token);
	ck_assert_uint_eq(attached.outcome, ATTACH_ACCEPTED);
	check_state("hanako", "attached");
	stage_started(&stage, result.lease_id, false); /* monitor repeats itself */
	check_state("hanako", "attached");
	ck_assert_int_eq(CHANNEL_SEND(stage.gate, sign_out, .request = 5), 0);
	stage_receive(stage.gate, &in, MESSAGE_SIGN_OUT_RESULT);
	struct message_sign_out question = {.request = 6};
	memcpy(question.cookie, result.cookie, sizeof(question.cookie));
	ck_assert_int_eq(CHANNEL_SEND_VALUE(stage.gate, sign_out, &question), 0);
	ck_assert(receive_end_viewer(END_SIGNED_OUT) == result.lease_id);
	stage_receive(stage.gate, &in, MESSAGE_SIGN_OUT_RESULT);
	ck_assert(receive_stop(END_SIGNED_OUT) == result.lease_id);
	check_state("hanako", "ending");
	ck_assert_uint_eq(
	        stage_attach(&stage, result.cookie, attached.attach_token).outcome, ATTACH_UNKNOWN);
	/* The person may come again while the old host goes. */
	stage_session(&stage, "hanako");
	stage_ended(&stage, result.lease_id, END_HOST_EXITED);
	usleep(100 * 1000);
	json_t *records = stage_records(&stage, "session_ended");
	ck_assert_uint_eq(json_array_size(records), 1);
	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(records, 0), "reason")),
	        end_reason_text(END_SIGNED_OUT));
	json_decref(records);
	stage_finish(&stage);
}
END_TEST

START_TEST(a_session_that_nobody_leased_is_stopped)
{
	begin();
	stage_started(&stage, 4711, true);
	ck_assert(receive_stop(END_BROKER) == 4711);
	stage_ended(&stage, 4712, END_LIMIT);
	ck_assert(stage_is_silent(stage.monitor, 100));
	stage_finish(&stage);
}
END_TEST

START_TEST(deadlines_end_sessions)
{
	begin_with("sessions:\n  attach_deadline_s: 1\n  start_deadline_s: 1\n  end_deadline_s: 1\n"
	           "  abandoned_deadline_s: 1\n");
	struct message in;
	struct message_sign_in_result result =
	        stage_sign_in(&stage, "hanako", "password of hanako");
	stage_receive(stage.monitor, &in, MESSAGE_START_SESSION);
	ck_assert(receive_stop(END_START_FAILED) == result.lease_id);
	receive_end_viewer(END_START_FAILED);
	/* Not confirmed: said again. */
	ck_assert(receive_stop(END_START_FAILED) == result.lease_id);
	stage_ended(&stage, result.lease_id, END_START_FAILED);
	result = stage_session(&stage, "taro");
	ck_assert(receive_stop(END_ABANDONED) == result.lease_id);
	receive_end_viewer(END_ABANDONED);
	stage_ended(&stage, result.lease_id, END_ABANDONED);
	result = stage_session(&stage, "taro");
	ck_assert_uint_eq(
	        stage_attach(&stage, result.cookie, result.attach_token).outcome, ATTACH_ACCEPTED);
	ck_assert(stage_is_silent(stage.monitor, 1800));
	ck_assert_int_eq(CHANNEL_SEND(stage.gate, detached, .lease_id = result.lease_id), 0);
	ck_assert(receive_stop(END_ABANDONED) == result.lease_id);
	stage_finish(&stage);
}
END_TEST

/* ---- restart ---- */

START_TEST(leases_survive_a_restart)
{
	struct message_lease_held held;
	struct message in;

	begin();
	struct message_sign_in_result hanako = stage_session(&stage, "hanako");
	struct message_attach_result attached =
	        stage_attach(&stage, hanako.cookie, hanako.attach_token);
	struct message_sign_in_result taro = stage_session(&stage, "taro");
	check_state("taro", "ready");
	ck_assert_int_eq(CHANNEL_SEND(stage.gate, detached, .lease_id = hanako.lease_id), 0);
	check_state("hanako", "detached");
	usleep(100 * 1000);
	stage_kill(&stage);

	ck_assert(stage_start(&stage));
	bool was_hanako = false, was_taro = false;
	for (int i = 0; i < 2; i++) {
		stage_receive(stage.monitor, &in, MESSAGE_LEASE_HELD);
		ck_assert_int_eq(message_get_lease_held(&in, &held), 0);
		was_hanako = was_hanako || held.lease_id == hanako.lease_id;
		was_taro = was_taro || held.lease_id == taro.lease_id;
		ck_assert_uint_eq(held.width, 1280);
	}
	ck_assert(was_hanako && was_taro);
	stage_receive(stage.monitor, &in, MESSAGE_LEASES_TOLD);
	/* One was adopted, one was not there any more. */
	stage_started(&stage, hanako.lease_id, true);
	stage_ended(&stage, taro.lease_id, END_LEASE_LOST);
	check_state("hanako", "detached");
	ck_assert(receive_end_viewer(END_LEASE_LOST) == taro.lease_id);
	ck_assert_uint_eq(
	        stage_attach(&stage, taro.cookie, taro.attach_token).outcome, ATTACH_UNKNOWN);
	ck_assert_uint_eq(
	        stage_sign_in(&stage, "hanako", "password of hanako").outcome, SIGN_IN_IN_USE);
	attached = stage_attach(&stage, hanako.cookie, attached.attach_token);
	ck_assert_uint_eq(attached.outcome, ATTACH_ACCEPTED);
	ck_assert(stage_audit_is_good(&stage));
	json_t *starts = stage_records(&stage, "broker_start");
	ck_assert_uint_eq(json_array_size(starts), 2);
	ck_assert(json_is_false(json_object_get(json_array_get(starts, 1), "after_stop")));
	json_decref(starts);
	stage_finish(&stage);
}
END_TEST

/* keeper alone was restarted: gate still shows the session, and says so. */
START_TEST(a_gate_that_stayed_keeps_its_viewer)
{
	struct message in;

	begin();
	struct message_sign_in_result hanako = stage_session(&stage, "hanako");
	stage_attach(&stage, hanako.cookie, hanako.attach_token);
	check_state("hanako", "attached");
	usleep(100 * 1000);
	stage_kill(&stage);
	ck_assert(stage_start(&stage));
	stage_receive(stage.monitor, &in, MESSAGE_LEASE_HELD);
	stage_receive(stage.monitor, &in, MESSAGE_LEASES_TOLD);
	ck_assert_int_eq(CHANNEL_SEND(stage.gate, activity, .lease_id = hanako.lease_id), 0);
	stage_started(&stage, hanako.lease_id, true);
	check_state("hanako", "attached");
	stage_finish(&stage);
}
END_TEST

START_TEST(an_ending_lease_goes_on_ending_after_a_restart)
{
	struct message in;

	begin();
	struct message_sign_in_result hanako = stage_session(&stage, "hanako");
	json_t *reply = stage_control(
	        &stage, json_pack("{s:s, s:s}", "command", "end", "session", "hanako"));
	ck_assert(json_is_true(json_object_get(reply, "ok")));
	json_decref(reply);
	receive_stop(END_ADMINISTRATOR);
	usleep(100 * 1000);
	stage_kill(&stage);
	ck_assert(stage_start(&stage));
	stage_receive(stage.monitor, &in, MESSAGE_LEASE_HELD);
	stage_receive(stage.monitor, &in, MESSAGE_LEASES_TOLD);
	ck_assert(receive_stop(END_ADMINISTRATOR) == hanako.lease_id);
	stage_ended(&stage, hanako.lease_id, END_ADMINISTRATOR);
	usleep(100 * 1000);
	stage_kill(&stage);
	ck_assert(stage_start(&stage));
	stage_receive(stage.monitor, &in, MESSAGE_LEASES_TOLD);
	stage_finish(&stage);
}
END_TEST

static long long idle_end_of(const char *person)
{
	json_t *reply = stage_control(&stage, json_pack("{s:s}", "command", "sessions"));
	long long seconds = -1;
	json_t *item;
	size_t i;

	json_array_foreach(json_object_get(reply, "items"), i,
	        item) if (strcmp(json_string_value(json_object_get(item, "person")), person) == 0)
	        seconds = json_integer_value(json_object_get(item, "idle_end_s"));
	json_decref(reply);
	return seconds;
}

START_TEST(a_new_gate_takes_over)
{
	int ours, theirs;

	begin();
	struct message_sign_in_result hanako = stage_session(&stage, "hanako");
	struct message_attach_result attached =
	        stage_attach(&stage, hanako.cookie, hanako.attach_token);
	channel_free(stage.gate);
	ck_assert_int_eq(channel_pair(&ours, &theirs), 0);
	stage.gate = channel_new(ours, LINK_GATE_KEEPER, SIDE_A);
	channel_set_phase(stage.gate, PHASE_READY);
	check_state("hanako", "detached");
	ck_assert_int_eq(CHANNEL_SEND(stage.monitor, gate_peer, .peer = theirs), 0);
	close(theirs);
	/* It was not given this lease yet: it cannot even keep it from being idle. */
	long long idle_end_s = idle_end_of("hanako");
	sleep(2);
	ck_assert_int_eq(CHANNEL_SEND(stage.gate, activity, .lease_id = hanako.lease_id), 0);
	check_state("hanako", "detached");
	ck_assert_int_lt(idle_end_of("hanako"), idle_end_s);
	attached = stage_attach(&stage, hanako.cookie, attached.attach_token);
	ck_assert_uint_eq(attached.outcome, ATTACH_ACCEPTED);
	ck_assert_int_ge(idle_end_of("hanako"), idle_end_s - 1);
	check_state("hanako", "attached");
	stage_finish(&stage);
}
END_TEST

/* The channel broke, and monitor made another to the same gate: its viewers are still there. */
START_TEST(the_same_gate_over_a_new_channel)
{
	int ours, theirs;

	begin();
	struct message_sign_in_result hanako = stage_session(&stage, "hanako");
	stage_attach(&stage, hanako.cookie, hanako.attach_token);
	check_state("hanako", "attached");
	channel_free(stage.gate);
	ck_assert_int_eq(channel_pair(&ours, &theirs), 0);
	stage.gate = channel_new(ours, LINK_GATE_KEEPER, SIDE_A);
	channel_set_phase(stage.gate, PHASE_READY);
	check_state("hanako", "detached");
	ck_assert_int_eq(
	        CHANNEL_SEND(stage.monitor, gate_peer, .peer = theirs, .is_same = true), 0);
	close(theirs);
	ck_assert_int_eq(CHANNEL_SEND(stage.gate, activity, .lease_id = hanako.lease_id), 0);
	check_state("hanako", "attached");
	ck_assert_int_eq(CHANNEL_SEND(stage.gate, detached, .lease_id = hanako.lease_id), 0);
	check_state("hanako", "detached");
	usleep(200 * 1000);
	ck_assert_uint_eq(count_records("attach"), 2);
	ck_assert_uint_eq(count_records("detach"), 2);
	stage_finish(&stage);
}
END_TEST

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

	begin();
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
	records = stage_records(&stage, "destinations_refused");
	ck_assert_uint_eq(json_array_size(records), 1);
	json_t *told = json_array_get(records, 0);
	ck_assert_int_eq(json_integer_value(json_object_get(told, "count")), 777);
	ck_assert_str_eq(json_string_value(json_object_get(told, "person")), "hanako");
	json_decref(records);
	ck_assert(stage_audit_is_good(&stage));
	stage_finish(&stage);
}
END_TEST

START_TEST(an_egress_that_counts_backwards_is_let_go)
{
	struct message in;

	begin();
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
static void check_full_disk(void)
{
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
	ck_assert(!control_ok("people lock", "taro"));
	json_t *reply = stage_control(&stage, json_pack("{s:s}", "command", "status"));
	json_t *audit = json_object_get(json_object_get(reply, "data"), "audit");
	ck_assert(json_is_false(json_object_get(audit, "writable")));
	json_decref(reply);
	/* The session is still there. */
	ck_assert(stage_is_silent(stage.monitor, 50));
	ck_assert_uint_eq(count_records("destination"), recorded);
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

START_TEST(a_full_disk_fails_closed_and_heals)
{
	char filler[128];

	if (geteuid() != 0)
		return;
	stage_init(&stage);
	snprintf(filler, sizeof(filler), "%s/data", stage.folder);
	ck_assert_int_eq(mkdir(filler, 0700), 0);
	mount_small(filler);
	ck_assert(stage_start(&stage));
	struct message in;
	stage_receive(stage.monitor, &in, MESSAGE_LEASES_TOLD);
	stage_add_person(&stage, "hanako");
	stage_add_person(&stage, "taro");
	check_full_disk();
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
	ck_assert_uint_eq(count_records("destination"), full_number);
	ck_assert_uint_eq(count_records("audit_resumed"), 1);
	/* Attaches that failed did not use the token up. */
	ck_assert_uint_eq(
	        stage_attach(&stage, full_session.cookie, full_attached.attach_token).outcome,
	        ATTACH_ACCEPTED);
	stage_session(&stage, "taro");
	ck_assert(stage_audit_is_good(&stage));
	ck_assert_int_eq(stage_stop(&stage), 0);
	ck_assert_int_eq(umount(filler), 0);
	stage_finish(&stage);
}
END_TEST

/* A crash, or a restart of the broker, while the disk is full: sessions stay, closed as before. */
START_TEST(a_restart_on_a_full_disk_keeps_sessions)
{
	char data[128];
	struct message in;

	if (geteuid() != 0)
		return;
	stage_init(&stage);
	snprintf(data, sizeof(data), "%s/data", stage.folder);
	ck_assert_int_eq(mkdir(data, 0700), 0);
	mount_small(data);
	ck_assert(stage_start(&stage));
	stage_receive(stage.monitor, &in, MESSAGE_LEASES_TOLD);
	stage_add_person(&stage, "hanako");
	stage_add_person(&stage, "taro");
	check_full_disk();
	stage_kill(&stage);
	ck_assert(stage_start(&stage));
	stage_receive(stage.monitor, &in, MESSAGE_LEASE_HELD);
	stage_receive(stage.monitor, &in, MESSAGE_LEASES_TOLD);
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
	ck_assert_uint_eq(count_records("broker_start"), 2);
	/* More than one where the database was full for longer than the log. */
	ck_assert_uint_ge(count_records("audit_resumed"), 1);
	ck_assert(stage_audit_is_good(&stage));
	ck_assert_int_eq(stage_stop(&stage), 0);
	ck_assert_int_eq(umount(data), 0);
	stage_finish(&stage);
}
END_TEST

START_TEST(a_file_limit_fails_closed)
{
	stage_init(&stage);
	stage.file_bytes_max = 300 * 1024;
	ck_assert(stage_start(&stage));
	struct message in;
	stage_receive(stage.monitor, &in, MESSAGE_LEASES_TOLD);
	stage_add_person(&stage, "hanako");
	stage_add_person(&stage, "taro");
	check_full_disk();
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

/* ---- confined ---- */

START_TEST(confined_with_its_own_user_and_root)
{
	struct message in;

	if (geteuid() != 0)
		return;
	stage_init(&stage);
	stage.is_confined = true;
	for (int i = 0; i < 2; i++) {
		ck_assert(stage_start(&stage));
		if (i == 1)
			stage_receive(stage.monitor, &in, MESSAGE_LEASE_HELD);
		stage_receive(stage.monitor, &in, MESSAGE_LEASES_TOLD);
		if (i == 0) {
			stage_add_person(&stage, "hanako");
			struct message_sign_in_result result = stage_session(&stage, "hanako");
			stage_attach(&stage, result.cookie, result.attach_token);
		}
		ck_assert(stage_audit_is_good(&stage));
		ck_assert_int_eq(stage_stop(&stage), 0);
	}
	stage_finish(&stage);
}
END_TEST

int main(void)
{
	return SUITE_RUN("keeper-role", accepted, no_secret_is_stored, wrong_and_unknown_are_alike,
	        a_burst_does_not_outrun_the_lock, wrong_and_unknown_take_alike,
	        a_lock_survives_a_restart, locked_by_an_administrator, in_use_and_full,
	        many_at_once_are_all_answered, a_dead_worker_is_replaced, a_hash_is_renewed,
	        attaching, attaching_without_end, states_follow_gate_and_monitor,
	        a_session_that_nobody_leased_is_stopped, deadlines_end_sessions,
	        leases_survive_a_restart, a_gate_that_stayed_keeps_its_viewer,
	        an_ending_lease_goes_on_ending_after_a_restart, a_new_gate_takes_over,
	        the_same_gate_over_a_new_channel, destinations_are_recorded_with_their_person,
	        an_egress_that_counts_backwards_is_let_go, a_full_disk_fails_closed_and_heals,
	        a_restart_on_a_full_disk_keeps_sessions, a_file_limit_fails_closed,
	        no_audit_log_no_broker, confined_with_its_own_user_and_root);
}
