/* The real keeper is restarted, or gate is; what was so before, is so after. */
#include "keeper_stage.h"
#include "suite.h"

#include <string.h>
#include <unistd.h>

static struct stage stage;

START_TEST(leases_survive_a_restart)
{
	struct message_lease_held held;
	struct message in;

	stage_begin(&stage, "");
	struct message_sign_in_result hanako = stage_session(&stage, "hanako");
	struct message_attach_result attached =
	        stage_attach(&stage, hanako.cookie, hanako.attach_token);
	struct message_sign_in_result taro = stage_session(&stage, "taro");
	stage_check_state(&stage, "taro", "ready");
	ck_assert_int_eq(CHANNEL_SEND(stage.gate, detached, .lease_id = hanako.lease_id), 0);
	stage_check_state(&stage, "hanako", "detached");
	stage_settle(&stage);
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
	stage_check_state(&stage, "hanako", "detached");
	ck_assert(stage_receive_end(&stage, END_LEASE_LOST) == taro.lease_id);
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
	stage_begin(&stage, "");
	struct message_sign_in_result hanako = stage_session(&stage, "hanako");
	stage_attach(&stage, hanako.cookie, hanako.attach_token);
	stage_check_state(&stage, "hanako", "attached");
	stage_crash(&stage, 1);
	ck_assert_int_eq(CHANNEL_SEND(stage.gate, activity, .lease_id = hanako.lease_id), 0);
	stage_started(&stage, hanako.lease_id, true);
	stage_check_state(&stage, "hanako", "attached");
	stage_finish(&stage);
}
END_TEST

START_TEST(an_ending_lease_goes_on_ending_after_a_restart)
{
	stage_begin(&stage, "");
	struct message_sign_in_result hanako = stage_session(&stage, "hanako");
	json_t *reply = stage_control(
	        &stage, json_pack("{s:s, s:s}", "command", "end", "session", "hanako"));
	ck_assert(json_is_true(json_object_get(reply, "ok")));
	json_decref(reply);
	stage_receive_stop(&stage, END_ADMINISTRATOR);
	stage_crash(&stage, 1);
	ck_assert(stage_receive_stop(&stage, END_ADMINISTRATOR) == hanako.lease_id);
	stage_ended(&stage, hanako.lease_id, END_ADMINISTRATOR);
	stage_crash(&stage, 0);
	stage_finish(&stage);
}
END_TEST

static long long idle_end_of(const char *person)
{
	json_t *item = stage_find_session(&stage, person);
	long long seconds = item ? json_integer_value(json_object_get(item, "idle_end_s")) : -1;

	json_decref(item);
	return seconds;
}

START_TEST(a_new_gate_takes_over)
{
	stage_begin(&stage, "");
	struct message_sign_in_result hanako = stage_session(&stage, "hanako");
	struct message_attach_result attached =
	        stage_attach(&stage, hanako.cookie, hanako.attach_token);
	int theirs = stage_cut_gate(&stage);
	stage_check_state(&stage, "hanako", "detached");
	stage_hand_gate(&stage, theirs, false);
	/* It was not given this lease yet: it cannot even keep it from being idle. */
	long long idle_end_s = idle_end_of("hanako");
	sleep(2);
	ck_assert_int_eq(CHANNEL_SEND(stage.gate, activity, .lease_id = hanako.lease_id), 0);
	stage_check_state(&stage, "hanako", "detached");
	ck_assert_int_lt(idle_end_of("hanako"), idle_end_s);
	attached = stage_attach(&stage, hanako.cookie, attached.attach_token);
	ck_assert_uint_eq(attached.outcome, ATTACH_ACCEPTED);
	ck_assert_int_ge(idle_end_of("hanako"), idle_end_s - 1);
	stage_check_state(&stage, "hanako", "attached");
	stage_finish(&stage);
}
END_TEST

/* The channel broke, and monitor made another to the same gate: its viewers are still there. */
START_TEST(the_same_gate_over_a_new_channel)
{
	stage_begin(&stage, "");
	struct message_sign_in_result hanako = stage_session(&stage, "hanako");
	stage_attach(&stage, hanako.cookie, hanako.attach_token);
	stage_check_state(&stage, "hanako", "attached");
	int theirs = stage_cut_gate(&stage);
	stage_check_state(&stage, "hanako", "detached");
	stage_hand_gate(&stage, theirs, true);
	ck_assert_int_eq(CHANNEL_SEND(stage.gate, activity, .lease_id = hanako.lease_id), 0);
	stage_check_state(&stage, "hanako", "attached");
	ck_assert_int_eq(CHANNEL_SEND(stage.gate, detached, .lease_id = hanako.lease_id), 0);
	stage_check_state(&stage, "hanako", "detached");
	stage_settle(&stage);
	ck_assert_uint_eq(stage_count(&stage, "attach"), 2);
	ck_assert_uint_eq(stage_count(&stage, "detach"), 2);
	stage_finish(&stage);
}
END_TEST

START_TEST(confined_with_its_own_user_and_root)
{
	if (geteuid() != 0)
		return;
	stage_init(&stage);
	stage.is_confined = true;
	for (int i = 0; i < 2; i++) {
		stage_open(&stage, i);
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
	return SUITE_RUN("keeper-restart", leases_survive_a_restart,
	        a_gate_that_stayed_keeps_its_viewer, an_ending_lease_goes_on_ending_after_a_restart,
	        a_new_gate_takes_over, the_same_gate_over_a_new_channel,
	        confined_with_its_own_user_and_root);
}
