/* The real keeper and hash processes: who comes in, who does not, and what they learn of it. */
#include "base/loop.h"
#include "keeper_stage.h"
#include "suite.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct stage stage;

START_TEST(accepted)
{
	stage_begin(&stage, "");
	struct message_sign_in_result result = stage_session(&stage, "hanako");
	ck_assert_uint_eq(strlen(result.cookie), 64);
	ck_assert_uint_eq(strlen(result.attach_token), 64);
	ck_assert_str_ne(result.cookie, result.attach_token);
	json_t *record = stage_only_record(&stage, "sign_in");
	ck_assert_str_eq(json_string_value(json_object_get(record, "person")), "hanako");
	ck_assert_str_eq(json_string_value(json_object_get(record, "address")), "10.1.2.3");
	json_decref(record);
	ck_assert(stage_audit_is_good(&stage));
	stage_finish(&stage);
}
END_TEST

/* Nothing secret is on the disk, in any file. */
START_TEST(no_secret_is_stored)
{
	char command[512];

	stage_begin(&stage, "");
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
	stage_begin(&stage, "");
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
	ck_assert_uint_eq(stage_count(&stage, "locked"), 4);
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

	stage_begin(&stage, "");
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
	stage_begin(&stage, "");
	double ratio = (double)time_wrong("nobody") / (double)time_wrong("hanako");
	printf("time of unknown / time of wrong: %.3f\n", ratio);
	ck_assert(ratio > 0.3 && ratio < 3.0);
	stage_finish(&stage);
}
END_TEST

START_TEST(a_lock_survives_a_restart)
{
	stage_begin(&stage, "");
	for (int try = 1; try <= 3; try++) {
		stage_sign_in(&stage, "hanako", "wrong");
		stage_sign_in(&stage, "nobody", "wrong");
	}
	ck_assert_int_eq(stage_stop(&stage), 0);
	stage_open(&stage, 0);
	ck_assert_uint_eq(stage_sign_in(&stage, "hanako", "wrong").outcome, SIGN_IN_LOCKED);
	ck_assert_uint_eq(stage_sign_in(&stage, "nobody", "wrong").outcome, SIGN_IN_LOCKED);
	stage_finish(&stage);
}
END_TEST

START_TEST(locked_by_an_administrator)
{
	stage_begin(&stage, "");
	struct message_sign_in_result result = stage_session(&stage, "hanako");
	ck_assert(stage_control_ok(&stage, "people lock", "hanako"));
	/* Who may not sign in may not stay. */
	ck_assert(stage_receive_stop(&stage, END_ADMINISTRATOR) == result.lease_id);
	ck_assert(stage_receive_end(&stage, END_ADMINISTRATOR) == result.lease_id);
	stage_ended(&stage, result.lease_id, END_ADMINISTRATOR);
	ck_assert_uint_eq(stage_sign_in(&stage, "hanako", "wrong").outcome, SIGN_IN_WRONG);
	result = stage_sign_in(&stage, "hanako", "password of hanako");
	ck_assert_uint_eq(result.outcome, SIGN_IN_LOCKED);
	ck_assert_uint_eq(result.retry_after_s, 0);
	ck_assert(stage_control_ok(&stage, "people unlock", "hanako"));
	stage_session(&stage, "hanako");
	ck_assert(!stage_control_ok(&stage, "people lock", "nobody"));
	stage_finish(&stage);
}
END_TEST

START_TEST(in_use_and_full)
{
	stage_begin(&stage, "sessions:\n  max: 2\n");
	stage_add_person(&stage, "jiro");
	struct message_sign_in_result hanako = stage_session(&stage, "hanako");
	ck_assert_uint_eq(
	        stage_sign_in(&stage, "hanako", "password of hanako").outcome, SIGN_IN_IN_USE);
	stage_session(&stage, "taro");
	ck_assert_uint_eq(stage_sign_in(&stage, "jiro", "password of jiro").outcome, SIGN_IN_FULL);
	/* The host of hanako ended: her slot is free when monitor says so. */
	stage_ended(&stage, hanako.lease_id, END_HOST_EXITED);
	stage_receive_end(&stage, END_HOST_EXITED);
	stage_settle(&stage);
	stage_session(&stage, "jiro");
	stage_finish(&stage);
}
END_TEST

START_TEST(many_at_once_are_all_answered)
{
	enum { N = 40 };
	size_t n_wrong = 0, n_unavailable = 0;

	stage_begin(&stage, "");
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
	stage_begin(&stage, "");
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
	stage_begin(&stage, "");
	stage_sign_in(&stage, "taro", "wrong");
	ck_assert_uint_eq(stage_count(&stage, "password_rehashed"), 0);
	ck_assert_int_eq(kill(stage.hash, SIGKILL), 0);
	ck_assert_int_eq(waitpid(stage.hash, NULL, 0), stage.hash);
	stage.hash_passes = 2;
	stage_start_hash(&stage);
	stage_sign_in(&stage, "taro", "wrong");
	for (int i = 0; i < 2; i++) {
		struct message_sign_in_result result = stage_session(&stage, "hanako");
		ck_assert_uint_eq(result.outcome, SIGN_IN_ACCEPTED);
		ck_assert_uint_eq(stage_count(&stage, "password_rehashed"), 1);
		stage_ended(&stage, result.lease_id, END_HOST_EXITED);
		stage_receive_end(&stage, END_HOST_EXITED);
		stage_settle(&stage);
	}
	stage_finish(&stage);
}
END_TEST

int main(void)
{
	return SUITE_RUN("keeper-sign_in", accepted, no_secret_is_stored,
	        wrong_and_unknown_are_alike, a_burst_does_not_outrun_the_lock,
	        wrong_and_unknown_take_alike, a_lock_survives_a_restart, locked_by_an_administrator,
	        in_use_and_full, many_at_once_are_all_answered, a_dead_worker_is_replaced,
	        a_hash_is_renewed);
}
