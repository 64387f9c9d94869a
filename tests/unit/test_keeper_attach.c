/* The real keeper: a viewer comes to its session and leaves it; what gate and monitor say of it; when it is over. */
#include "base/error.h"
#include "keeper/lease.h"
#include "keeper_stage.h"
#include "suite.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

static struct stage stage;

START_TEST(attaching)
{
	stage_begin(&stage, "");
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
	ck_assert_uint_eq(stage_count(&stage, "attach"), 3);
	/* The first at once, the other two in one with the next end. */
	ck_assert_uint_eq(stage_count(&stage, "attach_refused"), 1);
	stage_ended(&stage, first.lease_id, END_HOST_EXITED);
	stage_receive_end(&stage, END_HOST_EXITED);
	stage_settle(&stage);
	ck_assert_uint_eq(stage_count(&stage, "attach_refused"), 2);
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
	stage_begin(&stage, "");
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
	ck_assert_uint_eq(stage_count(&stage, "attach"), LEASE_ATTACHES_PER_MINUTE_MAX);
	stage_finish(&stage);
}
END_TEST

START_TEST(states_follow_gate_and_monitor)
{
	struct message_start_session start;
	struct message in;

	stage_begin(&stage, "");
	struct message_sign_in_result result =
	        stage_sign_in(&stage, "hanako", "password of hanako");
	stage_receive(stage.monitor, &in, MESSAGE_START_SESSION);
	ck_assert_int_eq(message_get_start_session(&in, &start), 0);
	ck_assert_uint_eq(start.width, 1280);
	ck_assert_uint_eq(start.scale, 96);
	ck_assert_uint_eq(start.height, 800);
	stage_check_state(&stage, "hanako", "starting");
	/* The viewer may come before the picture. */
	struct message_attach_result attached =
	        stage_attach(&stage, result.cookie, result.attach_token);
	ck_assert_uint_eq(attached.outcome, ATTACH_ACCEPTED);
	stage_check_state(&stage, "hanako", "starting");
	stage_started(&stage, result.lease_id, false);
	stage_check_state(&stage, "hanako", "attached");
	ck_assert_int_eq(CHANNEL_SEND(stage.gate, detached, .lease_id = result.lease_id), 0);
	stage_check_state(&stage, "hanako", "detached");
	/* Said twice, or of a lease that nobody has: nothing. */
	ck_assert_int_eq(CHANNEL_SEND(stage.gate, detached, .lease_id = result.lease_id), 0);
	ck_assert_int_eq(CHANNEL_SEND(stage.gate, detached, .lease_id = 4711), 0);
	ck_assert_int_eq(CHANNEL_SEND(stage.gate, activity, .lease_id = 4711), 0);
	attached = stage_attach(&stage, result.cookie, attached.attach_token);
	ck_assert_uint_eq(attached.outcome, ATTACH_ACCEPTED);
	stage_check_state(&stage, "hanako", "attached");
	stage_started(&stage, result.lease_id, false); /* monitor repeats itself */
	stage_check_state(&stage, "hanako", "attached");
	ck_assert_int_eq(CHANNEL_SEND(stage.gate, sign_out, .request = 5), 0);
	stage_receive(stage.gate, &in, MESSAGE_SIGN_OUT_RESULT);
	struct message_sign_out question = {.request = 6};
	memcpy(question.cookie, result.cookie, sizeof(question.cookie));
	ck_assert_int_eq(CHANNEL_SEND_VALUE(stage.gate, sign_out, &question), 0);
	ck_assert(stage_receive_end(&stage, END_SIGNED_OUT) == result.lease_id);
	stage_receive(stage.gate, &in, MESSAGE_SIGN_OUT_RESULT);
	ck_assert(stage_receive_stop(&stage, END_SIGNED_OUT) == result.lease_id);
	stage_check_state(&stage, "hanako", "ending");
	ck_assert_uint_eq(
	        stage_attach(&stage, result.cookie, attached.attach_token).outcome, ATTACH_UNKNOWN);
	/* The person may come again while the old host goes. */
	stage_session(&stage, "hanako");
	stage_ended(&stage, result.lease_id, END_HOST_EXITED);
	stage_settle(&stage);
	json_t *record = stage_only_record(&stage, "session_ended");
	ck_assert_str_eq(json_string_value(json_object_get(record, "reason")),
	        end_reason_text(END_SIGNED_OUT));
	json_decref(record);
	stage_finish(&stage);
}
END_TEST

/* ---- whom the watermark names ---- */

static void check_named(const char *address)
{
	struct message_mark_session mark;
	struct message in;

	stage_receive(stage.monitor, &in, MESSAGE_MARK_SESSION);
	ck_assert_int_eq(message_get_mark_session(&in, &mark), 0);
	ck_assert_str_eq(mark.person, "hanako");
	ck_assert_str_eq(mark.address, address);
}

static void tell_activity(uint64_t lease_id, const char *address)
{
	struct message_activity activity = {.lease_id = lease_id};

	snprintf(activity.address, sizeof(activity.address), "%s", address);
	ck_assert_int_eq(CHANNEL_SEND_VALUE(stage.gate, activity, &activity), 0);
}

START_TEST(the_mark_names_the_terminal_that_is_attached)
{
	stage_begin(&stage, "profile:\n  watermark: true\n");
	struct message_sign_in_result hanako = stage_session(&stage, "hanako");
	check_named("10.1.2.3");
	stage_attach(&stage, hanako.cookie, hanako.attach_token);
	check_named("10.1.2.3");
	/* gate knows better: a keeper or a channel broke during an attach. */
	tell_activity(hanako.lease_id, "10.1.2.9");
	check_named("10.1.2.9");
	/* Nothing new is not said again: the next word is the new keeper's. */
	tell_activity(hanako.lease_id, "10.1.2.9");
	stage_settle(&stage);
	stage_crash(&stage, 1);
	check_named("10.1.2.9");
	tell_activity(hanako.lease_id, "2001:db8::7");
	check_named("2001:db8::7");
	stage_finish(&stage);
}
END_TEST

/* ---- what administrators are shown of it ---- */

/* -1: nothing was told yet. */
static double latency_of(const char *person, const char *figure)
{
	json_t *item = stage_find_session(&stage, person);
	json_t *latency = json_object_get(item, "latency");
	double value =
	        json_is_object(latency) ? json_number_value(json_object_get(latency, figure)) : -1;

	json_decref(item);
	return value;
}

/* Channel and control socket are two ways: what was sent before may arrive after. */
static void await_latency(const char *person, const char *figure, double value)
{
	for (int waited_ms = 0; waited_ms < STAGE_WAIT_MS; waited_ms += 20) {
		if (fabs(latency_of(person, figure) - value) < 0.001)
			return;
		usleep(20 * 1000);
	}
	ck_abort_msg("%s of %s is not %f", figure, person, value);
}

START_TEST(latency_is_shown)
{
	stage_begin(&stage, "");
	struct message_sign_in_result in = stage_session(&stage, "hanako");
	stage_attach(&stage, in.cookie, in.attach_token);
	ck_assert(latency_of("hanako", "answers") == -1);
	struct message_latency told = {.lease_id = in.lease_id,
	        .answers = 128,
	        .drawn_p50 = 83,
	        .drawn_p95 = 147,
	        .round_p50 = 61,
	        .round_p95 = LATENCY_TENTHS_MAX};
	ck_assert_int_eq(CHANNEL_SEND_VALUE(stage.gate, latency, &told), 0);
	await_latency("hanako", "answers", 128);
	await_latency("hanako", "drawn_p50_ms", 8.3);
	await_latency("hanako", "drawn_p95_ms", 14.7);
	await_latency("hanako", "round_p50_ms", 6.1);
	await_latency("hanako", "round_p95_ms", 1000);
	/* Of a lease that nobody has: nothing. The next one counts. */
	told.lease_id = 4711;
	told.answers = 129;
	ck_assert_int_eq(CHANNEL_SEND_VALUE(stage.gate, latency, &told), 0);
	told.lease_id = in.lease_id;
	told.answers = 130;
	ck_assert_int_eq(CHANNEL_SEND_VALUE(stage.gate, latency, &told), 0);
	await_latency("hanako", "answers", 130);
	stage_finish(&stage);
}
END_TEST

/* More than can be, or a p50 above its p95: no gate says that. */
START_TEST(a_gate_with_impossible_latency_is_let_go)
{
	const struct message_latency impossible[] = {
	        {.answers = 1, .drawn_p50 = 1, .drawn_p95 = LATENCY_TENTHS_MAX + 1},
	        {.answers = 1, .round_p50 = 1, .round_p95 = LATENCY_TENTHS_MAX + 1},
	        {.answers = 1, .drawn_p50 = 2, .drawn_p95 = 1},
	        {.answers = 1, .round_p50 = 2, .round_p95 = 1}};

	stage_begin(&stage, "");
	struct message_sign_in_result in = stage_session(&stage, "hanako");
	stage_attach(&stage, in.cookie, in.attach_token);
	for (size_t i = 0; i < sizeof(impossible) / sizeof(impossible[0]); i++) {
		struct message_latency told = impossible[i];
		struct message message;
		told.lease_id = in.lease_id;
		ck_assert_int_eq(CHANNEL_SEND_VALUE(stage.gate, latency, &told), 0);
		ck_assert(!stage_is_silent(stage.gate, STAGE_WAIT_MS));
		ck_assert_int_eq(channel_receive(stage.gate, &message), SHOJI_ERR_CLOSED);
		ck_assert(latency_of("hanako", "answers") == -1);
		stage_hand_gate(&stage, stage_cut_gate(&stage), true);
	}
	/* keeper goes on. */
	stage_session(&stage, "taro");
	stage_finish(&stage);
}
END_TEST

/* ---- sessions that end ---- */

START_TEST(a_session_that_nobody_leased_is_stopped)
{
	stage_begin(&stage, "");
	stage_started(&stage, 4711, true);
	ck_assert(stage_receive_stop(&stage, END_BROKER) == 4711);
	stage_ended(&stage, 4712, END_LIMIT);
	ck_assert(stage_is_silent(stage.monitor, 100));
	stage_finish(&stage);
}
END_TEST

START_TEST(deadlines_end_sessions)
{
	stage_begin(&stage,
	        "sessions:\n  attach_deadline_s: 1\n  start_deadline_s: 1\n  end_deadline_s: 1\n"
	        "  abandoned_deadline_s: 1\n");
	struct message in;
	struct message_sign_in_result result =
	        stage_sign_in(&stage, "hanako", "password of hanako");
	stage_receive(stage.monitor, &in, MESSAGE_START_SESSION);
	ck_assert(stage_receive_stop(&stage, END_START_FAILED) == result.lease_id);
	stage_receive_end(&stage, END_START_FAILED);
	/* Not confirmed: said again. */
	ck_assert(stage_receive_stop(&stage, END_START_FAILED) == result.lease_id);
	stage_ended(&stage, result.lease_id, END_START_FAILED);
	result = stage_session(&stage, "taro");
	ck_assert(stage_receive_stop(&stage, END_ABANDONED) == result.lease_id);
	stage_receive_end(&stage, END_ABANDONED);
	stage_ended(&stage, result.lease_id, END_ABANDONED);
	result = stage_session(&stage, "taro");
	ck_assert_uint_eq(
	        stage_attach(&stage, result.cookie, result.attach_token).outcome, ATTACH_ACCEPTED);
	ck_assert(stage_is_silent(stage.monitor, 1800));
	ck_assert_int_eq(CHANNEL_SEND(stage.gate, detached, .lease_id = result.lease_id), 0);
	ck_assert(stage_receive_stop(&stage, END_ABANDONED) == result.lease_id);
	stage_finish(&stage);
}
END_TEST

int main(void)
{
	return SUITE_RUN("keeper-attach", attaching, attaching_without_end,
	        states_follow_gate_and_monitor, the_mark_names_the_terminal_that_is_attached,
	        latency_is_shown, a_gate_with_impossible_latency_is_let_go,
	        a_session_that_nobody_leased_is_stopped, deadlines_end_sessions);
}
