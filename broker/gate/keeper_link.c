/* The channel to keeper, which alone decides who may enter. gate keeps no account of people: a lease is known
 * here only because keeper named it to the connection that asked. */
#include "gate/keeper_link.h"

#include "base/channel.h"
#include "base/error.h"
#include "base/log.h"
#include "base/session.h"
#include "gate/connection.h"
#include "gate/gate_state.h"
#include "gate/http.h"
#include "gate/onlook.h"
#include "gate/session.h"
#include "gate/sign_in.h"
#include "gate/viewer.h"

#include <stdio.h>
#include <string.h>

/* ---- asking ---- */

static uint32_t next_request(struct gate *gate)
{
	return ++gate->last_request;
}

static int asked(struct connection *connection, enum connection_question question, int error)
{
	if (error)
		return error;
	connection->question = question;
	connection->request = connection->gate->last_request;
	return 0;
}

int keeper_ask_sign_in(struct connection *connection, const struct sign_in_form *form)
{
	struct gate *gate = connection->gate;
	struct message_sign_in message = {
	        .width = form->width, .height = form->height, .scale = form->scale};

	if (!gate->keeper)
		return SHOJI_ERR_CLOSED;
	message.request = next_request(gate);
	memcpy(message.person, form->person, sizeof(message.person));
	memcpy(message.password, form->password, sizeof(message.password));
	memcpy(message.address, connection->address, sizeof(connection->address));
	int error = CHANNEL_SEND_VALUE(gate->keeper, sign_in, &message);
	channel_forget(gate->keeper);
	explicit_bzero(&message, sizeof(message));
	return asked(connection, QUESTION_SIGN_IN, error);
}

int keeper_ask_sign_out(struct connection *connection, const char *cookie)
{
	struct gate *gate = connection->gate;
	struct message_sign_out message = {0};

	if (!gate->keeper)
		return SHOJI_ERR_CLOSED;
	message.request = next_request(gate);
	memcpy(message.cookie, cookie, sizeof(message.cookie));
	memcpy(message.address, connection->address, sizeof(connection->address));
	int error = CHANNEL_SEND_VALUE(gate->keeper, sign_out, &message);
	channel_forget(gate->keeper);
	explicit_bzero(&message, sizeof(message));
	return asked(connection, QUESTION_SIGN_OUT, error);
}

int keeper_ask_attach(struct connection *connection, const char *cookie, const char *attach_token)
{
	struct gate *gate = connection->gate;
	struct message_attach message = {0};

	if (!gate->keeper)
		return SHOJI_ERR_CLOSED;
	message.request = next_request(gate);
	memcpy(message.cookie, cookie, sizeof(message.cookie));
	memcpy(message.attach_token, attach_token, sizeof(message.attach_token));
	memcpy(message.address, connection->address, sizeof(connection->address));
	int error = CHANNEL_SEND_VALUE(gate->keeper, attach, &message);
	channel_forget(gate->keeper);
	explicit_bzero(&message, sizeof(message));
	if (!error)
		gate->n_attaching++;
	return asked(connection, QUESTION_ATTACH, error);
}

int keeper_ask_onlook(struct connection *connection, const char *token)
{
	struct gate *gate = connection->gate;
	struct message_onlook message = {0};

	if (!gate->keeper)
		return SHOJI_ERR_CLOSED;
	message.request = next_request(gate);
	memcpy(message.token, token, sizeof(message.token));
	memcpy(message.address, connection->address, sizeof(connection->address));
	int error = CHANNEL_SEND_VALUE(gate->keeper, onlook, &message);
	channel_forget(gate->keeper);
	explicit_bzero(&message, sizeof(message));
	return asked(connection, QUESTION_ONLOOK, error);
}

void keeper_tell_onlook_left(struct gate *gate, uint64_t lease_id)
{
	if (gate->keeper && CHANNEL_SEND(gate->keeper, onlook_left, .lease_id = lease_id))
		log_warning(lease_id, "keeper could not be told that the onlooker left");
}

void keeper_tell_detached(struct gate *gate, uint64_t lease_id)
{
	if (gate->keeper && CHANNEL_SEND(gate->keeper, detached, .lease_id = lease_id))
		log_warning(lease_id, "keeper could not be told that the viewer left");
}

void keeper_tell_activity(struct gate *gate, uint64_t lease_id, const char *address)
{
	struct message_activity activity = {.lease_id = lease_id};

	snprintf(activity.address, sizeof(activity.address), "%s", address);
	if (gate->keeper)
		CHANNEL_SEND_VALUE(
		        gate->keeper, activity, &activity); /* the next one comes in 10 s */
}

void keeper_tell_latency(
        struct gate *gate, uint64_t lease_id, const struct latency_figures *figures)
{
	if (gate->keeper)
		CHANNEL_SEND(gate->keeper, latency, .lease_id = lease_id,
		        .answers = figures->n_answers, .drawn_p50 = figures->drawn_p50,
		        .drawn_p95 = figures->drawn_p95, .round_p50 = figures->round_p50,
		        .round_p95 = figures->round_p95); /* the next one says it all anew */
}

/* ---- being answered ---- */

/* The terminal left before it heard that it was let in: nobody knows the cookie, and the person's next sign-in
 * would find the session in use. Request 0 is nobody's question. */
static void sign_out_unseen(struct gate *gate, const struct message_sign_in_result *result)
{
	struct message_sign_out message = {.request = 0};

	snprintf(message.cookie, sizeof(message.cookie), "%s", result->cookie);
	if (gate->keeper)
		CHANNEL_SEND_VALUE(gate->keeper, sign_out, &message);
	explicit_bzero(&message, sizeof(message));
}

static int on_sign_in_result(struct gate *gate, struct message *in)
{
	struct message_sign_in_result result;
	int error = message_get_sign_in_result(in, &result);
	struct connection *connection =
	        error ? NULL : connection_find_question(gate, QUESTION_SIGN_IN, result.request);

	if (connection)
		http_on_sign_in_result(connection, &result);
	else if (!error && result.outcome == SIGN_IN_ACCEPTED)
		sign_out_unseen(gate, &result);
	explicit_bzero(&result, sizeof(result));
	return error;
}

static int on_sign_out_result(struct gate *gate, struct message *in)
{
	struct message_sign_out_result result;
	int error = message_get_sign_out_result(in, &result);
	struct connection *connection =
	        error ? NULL : connection_find_question(gate, QUESTION_SIGN_OUT, result.request);

	if (connection)
		http_on_sign_out_result(connection, &result);
	return error;
}

static void attach_answered(struct gate *gate)
{
	if (gate->n_attaching > 0 && --gate->n_attaching == 0)
		session_tell_owed(gate);
}

static int on_attach_result(struct gate *gate, struct message *in)
{
	struct message_attach_result result;
	int error = message_get_attach_result(in, &result);
	struct connection *connection =
	        error ? NULL : connection_find_question(gate, QUESTION_ATTACH, result.request);

	if (connection)
		viewer_on_attach_result(connection->viewer, &result);
	if (!error && result.outcome == ATTACH_ACCEPTED &&
	        !session_has_viewer(gate, result.lease_id))
		/* The terminal left, or is being closed, while keeper wrote it down as attached. */
		session_owe_detached(gate, result.lease_id);
	explicit_bzero(&result, sizeof(result));
	if (!error)
		attach_answered(gate);
	return error;
}

static int on_onlook_result(struct gate *gate, struct message *in)
{
	struct message_onlook_result result;
	int error = message_get_onlook_result(in, &result);
	struct connection *connection =
	        error ? NULL : connection_find_question(gate, QUESTION_ONLOOK, result.request);

	if (connection)
		viewer_on_onlook_result(connection->viewer, &result);
	/* The onlooker left meanwhile, or could not be seated. */
	if (!error && result.outcome == ATTACH_ACCEPTED && !onlook_goes_on(gate, result.lease_id))
		keeper_tell_onlook_left(gate, result.lease_id);
	return error;
}

static int on_end_viewer(struct gate *gate, struct message *in)
{
	struct message_end_viewer order;
	int error = message_get_end_viewer(in, &order);

	if (!error)
		session_end_viewer(gate, order.lease_id, order.reason);
	return error;
}

static int on_notify_viewer(struct gate *gate, struct message *in)
{
	struct message_notify_viewer order;
	int error = message_get_notify_viewer(in, &order);

	if (!error)
		session_notify_viewer(gate, order.lease_id, order.notice, order.text);
	return error;
}

/* Whether keeper died or only does not want to hear us any more, monitor knows. */
static void lose_keeper(struct gate *gate)
{
	keeper_link_close(gate);
	if (CHANNEL_SEND(gate->monitor, keeper_lost))
		log_warning(0, "monitor cannot be told that the channel to keeper is gone");
}

static void on_message(void *data, struct channel *channel, struct message *in)
{
	struct gate *gate = data;
	int error = 0;

	switch (in->number) { /* the channel has let through only what keeper may say */
	case MESSAGE_SIGN_IN_RESULT:
		error = on_sign_in_result(gate, in);
		break;
	case MESSAGE_SIGN_OUT_RESULT:
		error = on_sign_out_result(gate, in);
		break;
	case MESSAGE_ATTACH_RESULT:
		error = on_attach_result(gate, in);
		break;
	case MESSAGE_ONLOOK_RESULT:
		error = on_onlook_result(gate, in);
		break;
	case MESSAGE_END_VIEWER:
		error = on_end_viewer(gate, in);
		break;
	case MESSAGE_NOTIFY_VIEWER:
		error = on_notify_viewer(gate, in);
		break;
	}
	channel_forget(channel);
	if (error) {
		log_error(0, "keeper sent message %u in a wrong form: the channel is closed",
		        in->number);
		lose_keeper(gate);
	}
}

static void answer_unavailable(struct gate *gate)
{
	for (struct connection *at = gate->connections; at; at = at->next) {
		enum connection_question question = at->question;
		at->question = QUESTION_NONE;
		if (question == QUESTION_ATTACH || question == QUESTION_ONLOOK)
			viewer_on_unavailable(at->viewer);
		else if (question != QUESTION_NONE && at->state == CONNECTION_WAITING)
			http_on_unavailable(at);
	}
}

static void on_close(void *data, struct channel *channel, int error)
{
	struct gate *gate = data;

	(void)channel;
	log_warning(0, "keeper is away (%s): nobody can sign in until it is back",
	        shoji_error_text(error));
	lose_keeper(gate);
}

void keeper_link_close(struct gate *gate)
{
	channel_free(gate->keeper);
	gate->keeper = NULL;
	answer_unavailable(gate);
	/* Whoever looks on does so by keeper's leave and in its records; both are gone. */
	onlook_end_all(gate);
	/* The next keeper starts from its own records. */
	gate->n_attaching = 0;
	session_tell_owed(gate);
}

int keeper_link_open(struct gate *gate, int fd)
{
	keeper_link_close(gate);
	gate->keeper = channel_new(fd, LINK_GATE_KEEPER, SIDE_A);
	if (!gate->keeper)
		return SHOJI_ERR_MEMORY;
	channel_set_phase(gate->keeper, PHASE_READY);
	if (channel_watch(gate->keeper, gate->loop, on_message, on_close, gate)) {
		keeper_link_close(gate);
		return SHOJI_ERR_MEMORY;
	}
	/* A new keeper does not know who is looking. */
	session_tell_attached(gate);
	return 0;
}
