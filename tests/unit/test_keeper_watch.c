/* shojictl watch, the real one, against the real keeper: who may look on, when, and what is recorded of it. */
#include "base/error.h"
#include "keeper_ctl_run.h"
#include "keeper_stage.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct stage stage;

static void begin_watchable_with(struct message_sign_in_result *result, const char *config)
{
	stage_init(&stage);
	stage.config = config;
	stage_open(&stage, 0);
	stage_add_person(&stage, "hanako");
	*result = stage_session(&stage, "hanako");
}

static void begin_watchable(struct message_sign_in_result *result)
{
	begin_watchable_with(result, "sessions:\n  onlookers: announced\n"
	                             "gate:\n  origins: [https://shoji.example.lg.jp]\n");
}

static void attach(struct message_sign_in_result *result)
{
	struct message_attach_result attached =
	        stage_attach(&stage, result->cookie, result->attach_token);

	ck_assert_uint_eq(attached.outcome, ATTACH_ACCEPTED);
	memcpy(result->attach_token, attached.attach_token, sizeof(result->attach_token));
}

/* As a terminal does, through gate. */
static struct message_onlook_result onlook(const char *token)
{
	struct message_onlook question = {.request = ++stage.last_request};
	struct message_onlook_result answer;
	struct message in;

	snprintf(question.token, sizeof(question.token), "%s", token);
	strcpy(question.address, "192.0.2.77");
	ck_assert_int_eq(CHANNEL_SEND_VALUE(stage.gate, onlook, &question), 0);
	stage_receive(stage.gate, &in, MESSAGE_ONLOOK_RESULT);
	ck_assert_int_eq(message_get_onlook_result(&in, &answer), 0);
	ck_assert_uint_eq(answer.request, question.request);
	return answer;
}

static void offered(char token[65])
{
	ck_assert_int_eq(ctl(&stage, "watch hanako --reason support"), 0);
	const char *at = strstr(ctl_output, "https://shoji.example.lg.jp/watch#");
	ck_assert_ptr_nonnull(at);
	memcpy(token, strchr(at, '#') + 1, 64);
	token[64] = '\0';
}

START_TEST(watch)
{
	struct message_sign_in_result result;
	char token[65];

	begin_watchable(&result);
	/* The person is not there: nobody could tell them. */
	ck_assert_int_eq(ctl(&stage, "watch hanako"), 1);
	ck_assert(ctl_complains("not there"));
	ck_assert_uint_eq(stage_count(&stage, "watch_offered"), 0);
	attach(&result);
	offered(token);
	ck_assert_uint_eq(stage_count(&stage, "watch_offered"), 1);
	/* Guesses open nothing and leave no record; a newer offer takes the older one's place. */
	ck_assert_uint_eq(onlook("00").outcome, ATTACH_UNKNOWN);
	char wrong[65];
	memcpy(wrong, token, 65);
	wrong[63] = wrong[63] == '0' ? '1' : '0';
	ck_assert_uint_eq(onlook(wrong).outcome, ATTACH_UNKNOWN);
	char older[65];
	memcpy(older, token, 65);
	offered(token);
	ck_assert_uint_eq(onlook(older).outcome, ATTACH_UNKNOWN);
	ck_assert_uint_eq(stage_count(&stage, "watch_began"), 0);
	struct message_onlook_result answer = onlook(token);
	ck_assert_uint_eq(answer.outcome, ATTACH_ACCEPTED);
	ck_assert_uint_eq(answer.lease_id, result.lease_id);
	ck_assert_str_ne(answer.administrator, "");
	json_t *record = stage_only_record(&stage, "watch_began");
	ck_assert_str_eq(json_string_value(json_object_get(record, "person")), "hanako");
	ck_assert_str_eq(json_string_value(json_object_get(record, "stated_reason")), "support");
	ck_assert_str_eq(
	        json_string_value(json_object_get(record, "onlooker_address")), "192.0.2.77");
	ck_assert_str_eq(json_string_value(json_object_get(record, "by")), answer.administrator);
	json_decref(record);
	/* Once; and one onlooker. */
	ck_assert_uint_eq(onlook(token).outcome, ATTACH_UNKNOWN);
	ck_assert_int_eq(ctl(&stage, "watch hanako"), 1);
	ck_assert(ctl_complains("already"));
	ck_assert_int_eq(ctl(&stage, "--json sessions"), 0);
	ck_assert(ctl_says("watched_by"));
	/* The onlooker goes. */
	ck_assert_int_eq(CHANNEL_SEND(stage.gate, onlook_left, .lease_id = result.lease_id), 0);
	offered(token);
	ck_assert_uint_eq(stage_count(&stage, "watch_ended"), 1);
	/* The session ends while somebody looks on: both are over, and on record. */
	ck_assert_uint_eq(onlook(token).outcome, ATTACH_ACCEPTED);
	ck_assert_int_eq(ctl(&stage, "end hanako"), 0);
	ck_assert_uint_eq(stage_count(&stage, "watch_ended"), 2);
	ck_assert(stage_audit_is_good(&stage));
	stage_finish(&stage);
}
END_TEST

/* Without gate.origins: where gate listens, if that is an address. */
START_TEST(watch_has_an_address_or_says_why_not)
{
	static const char *const useless[] = {"0.0.0.0:8443", "[::]:8443", "127.0.0.1:0"};
	struct message_sign_in_result result;
	char config[128];

	for (size_t i = 0; i < sizeof(useless) / sizeof(useless[0]); i++) {
		snprintf(config, sizeof(config),
		        "sessions:\n  onlookers: announced\ngate:\n  listen: '%s'\n", useless[i]);
		begin_watchable_with(&result, config);
		attach(&result);
		ck_assert_int_eq(ctl(&stage, "watch hanako"), 1);
		ck_assert(ctl_complains("gate.origins"));
		ck_assert_uint_eq(stage_count(&stage, "watch_offered"), 0);
		stage_finish(&stage);
	}
	begin_watchable_with(
	        &result, "sessions:\n  onlookers: announced\ngate:\n  listen: '10.1.2.3:8443'\n");
	attach(&result);
	ck_assert_int_eq(ctl(&stage, "watch hanako"), 0);
	ck_assert(ctl_says("https://10.1.2.3:8443/watch#"));
	stage_finish(&stage);
}
END_TEST

START_TEST(watch_is_off_by_default)
{
	stage_begin_session(&stage);
	ck_assert_int_eq(ctl(&stage, "watch hanako"), 1);
	ck_assert(ctl_complains("sessions.onlookers"));
	ck_assert_uint_eq(stage_count(&stage, "watch_offered"), 0);
	stage_finish(&stage);
}
END_TEST

START_TEST(watch_ends_with_gate_and_waits_for_nobody)
{
	struct message_sign_in_result result;
	char token[65];

	begin_watchable(&result);
	attach(&result);
	offered(token);
	/* The person leaves between offer and opening. */
	ck_assert_int_eq(CHANNEL_SEND(stage.gate, detached, .lease_id = result.lease_id), 0);
	ck_assert_uint_eq(onlook(token).outcome, ATTACH_UNKNOWN);
	attach(&result);
	ck_assert_uint_eq(onlook(token).outcome, ATTACH_UNKNOWN);
	ck_assert_uint_eq(stage_count(&stage, "watch_began"), 0);
	offered(token);
	ck_assert_uint_eq(onlook(token).outcome, ATTACH_ACCEPTED);
	/* gate is gone, and everybody with it. */
	int ours, theirs;
	ck_assert_int_eq(channel_pair(&ours, &theirs), 0);
	channel_free(stage.gate);
	ck_assert_int_eq(CHANNEL_SEND(stage.monitor, gate_peer, .peer = theirs), 0);
	close(theirs);
	stage.gate = channel_new(ours, LINK_GATE_KEEPER, SIDE_A);
	channel_set_phase(stage.gate, PHASE_READY);
	attach(&result);
	ck_assert_uint_eq(stage_count(&stage, "watch_ended"), 1);
	stage_finish(&stage);
}
END_TEST

int main(void)
{
	return SUITE_RUN("keeper-watch", watch, watch_has_an_address_or_says_why_not,
	        watch_is_off_by_default, watch_ends_with_gate_and_waits_for_nobody);
}
