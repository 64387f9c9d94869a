/* The life of a terminal's connection. Every state but a live viewer's has a deadline, so that nobody
 * holds a place by silence. */
#include "gate/connection.h"

#include "base/ensure.h"
#include "base/log.h"
#include "base/loop.h"
#include "gate/gate_state.h"
#include "gate/http.h"
#include "gate/viewer.h"

#include <stdlib.h>
#include <string.h>

/* lws's timers cannot be taken back: one that is not wanted is put off for a day. */
#define NO_DEADLINE_MS (24u * 3600 * 1000)
/* While an answer goes out, lws does not read, but polls for reading all the same: bytes behind the request make its loop
 * spin until the terminal has taken the answer, which it may never do. So progress is looked at, and a connection
 * that makes none while the loop spins is closed. (No browser sends a request behind another.) */
#define ANSWER_LOOK_MS 50
#define SPINNING_TURNS 3000
#define REFUSALS_LOGGED_PER_SECOND_MAX 20

struct connection *connection_new(
        struct gate *gate, const struct address_key *key, const char address[ADDRESS_TEXT_MAX])
{
	struct connection *self = calloc(1, sizeof(*self));

	if (!self)
		return NULL;
	self->gate = gate;
	self->key = *key;
	memcpy(self->address, address, sizeof(self->address)); /* same size */
	if (address_table_connect(gate->addresses, key, clock_now_ms())) {
		connection_log_refusal(self, "too many connections");
		free(self);
		return NULL;
	}
	self->next = gate->connections;
	gate->connections = self;
	return self;
}

void connection_free(struct connection *self)
{
	if (!self)
		return;
	for (struct connection **at = &self->gate->connections; *at; at = &(*at)->next)
		if (*at == self) {
			*at = self->next;
			break;
		}
	viewer_free(self->viewer);
	address_table_disconnect(self->gate->addresses, &self->key);
	answer_finish(&self->answer);
	explicit_bzero(self, sizeof(*self));
	free(self);
}

static bool is_permitted(enum connection_state from, enum connection_state to)
{
	switch (from) {
	case CONNECTION_REQUEST:
		return true;
	case CONNECTION_WAITING:
		return to == CONNECTION_ANSWERING || to == CONNECTION_CLOSED;
	case CONNECTION_ANSWERING:
		return to == CONNECTION_REQUEST || to == CONNECTION_CLOSED;
	case CONNECTION_VIEWER:
		return to == CONNECTION_CLOSED;
	case CONNECTION_CLOSED:
		return to == CONNECTION_CLOSED;
	}
	return false;
}

static uint64_t deadline_ms(const struct connection *self)
{
	switch (self->state) {
	case CONNECTION_REQUEST:
		return self->gate->config.gate.request_deadline_s * 1000;
	case CONNECTION_WAITING:
		return KEEPER_DEADLINE_MS;
	case CONNECTION_ANSWERING:
		return ANSWER_LOOK_MS;
	case CONNECTION_VIEWER:
		return self->gate->config.gate.attach_deadline_s * 1000;
	case CONNECTION_CLOSED:
		return ENDING_DEADLINE_MS;
	}
	return 0;
}

static void note_progress(struct connection *self)
{
	self->sent_before = self->answer.sent;
	self->turns_before = self->gate->turns;
	connection_set_deadline_ms(self, ANSWER_LOOK_MS);
}

static bool is_stuck(const struct connection *self)
{
	bool is_spinning = self->gate->turns - self->turns_before > SPINNING_TURNS;

	return clock_now_ms() >= self->answer_until_ms ||
	       (is_spinning && self->answer.sent == self->sent_before);
}

void connection_set_state(struct connection *self, enum connection_state state)
{
	ensure(is_permitted(self->state, state));
	self->state = state;
	if (state == CONNECTION_ANSWERING) {
		self->answer_until_ms = clock_now_ms() + ANSWER_DEADLINE_MS;
		note_progress(self);
	}
	if (state == CONNECTION_CLOSED)
		self->question = QUESTION_NONE; /* an answer finds nobody any more */
	connection_set_deadline_ms(self, deadline_ms(self));
}

void connection_set_deadline_ms(struct connection *self, uint64_t delay_ms)
{
	if (self->wsi)
		lws_set_timer_usecs(
		        self->wsi, (lws_usec_t)(delay_ms ? delay_ms : NO_DEADLINE_MS) * 1000);
}

int connection_on_deadline(struct connection *self)
{
	switch (self->state) {
	case CONNECTION_WAITING:
		http_on_unavailable(self);
		return 0;
	case CONNECTION_VIEWER:
		if (viewer_on_deadline(self->viewer))
			break;
		return 0;
	case CONNECTION_ANSWERING:
		if (is_stuck(self))
			break;
		note_progress(self);
		return 0;
	case CONNECTION_REQUEST:
	case CONNECTION_CLOSED:
		break;
	}
	connection_kill(self);
	return 0;
}

void connection_kill(struct connection *self)
{
	if (self->state != CONNECTION_CLOSED)
		connection_set_state(self, CONNECTION_CLOSED);
	/* As a time-out, lws closes the socket at once. Returning -1 would first wait for the peer's
	 * farewell, for as long as the peer likes within lws's own time-out. */
	lws_set_timeout(self->wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
}

struct connection *connection_find_question(
        struct gate *gate, enum connection_question question, uint32_t request)
{
	for (struct connection *at = gate->connections; at; at = at->next)
		if (at->question == question &&
		        (question == QUESTION_NONE || at->request == request))
			return at;
	return NULL;
}

void connection_log_refusal(const struct connection *self, const char *why)
{
	static uint64_t second;
	static unsigned logged;
	uint64_t now = clock_now_ms() / 1000;

	if (now != second) {
		if (logged > REFUSALS_LOGGED_PER_SECOND_MAX)
			log_warning(0, "%u more refusals in one second were not logged",
			        logged - REFUSALS_LOGGED_PER_SECOND_MAX);
		second = now;
		logged = 0;
	}
	if (++logged <= REFUSALS_LOGGED_PER_SECOND_MAX)
		log_info(0, "terminal %s refused: %s", self->address, why);
}
