/* keeper's side of its channel to gate, which speaks for terminals and may itself have been taken over: it
 * can name only leases that it was given, and learns of no other. */
#include "keeper/gate_link.h"

#include "base/error.h"
#include "base/log.h"
#include "keeper/sessions.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void lose_gate(struct keeper *self, int error)
{
	log_warning(0, "gate is gone: %s", shoji_error_text(error));
	channel_free(self->gate);
	self->gate = NULL;
	sessions_gate_lost(self);
}

/* ---- attach ---- */

struct attaching {
	struct keeper *keeper;
	uint32_t gate;
	uint32_t request;
	uint64_t lease_id;
	char address[47];
	char next_token[TOKEN_TEXT_BYTES + 1];
};

static void send_attach_result(struct keeper *self, uint32_t gate, uint32_t request,
        enum attach_outcome outcome, const struct lease *lease, const char *next_token)
{
	struct message_attach_result message = {.request = request, .outcome = (uint8_t)outcome};

	if (!self->gate || self->gate_number != gate)
		return;
	if (outcome == ATTACH_ACCEPTED) {
		message.lease_id = lease->id;
		snprintf(message.attach_token, sizeof(message.attach_token), "%s", next_token);
		snprintf(message.display_name, sizeof(message.display_name), "%s",
		        lease->display_name);
	}
	if (CHANNEL_SEND_VALUE(self->gate, attach_result, &message))
		log_warning(message.lease_id, "gate does not take the answer to an attach");
	channel_forget(self->gate);
	sodium_memzero(&message, sizeof(message));
}

/* The line could be lost before gate hears: then the token that was just used is good once more. */
static void on_attach_committed(void *data, int error)
{
	struct attaching *attaching = data;
	struct keeper *self = attaching->keeper;
	struct lease *lease = leases_find(&self->leases, attaching->lease_id);

	if (error || !lease || !lease_is_live(lease)) {
		/* Rolled back: the token that the terminal holds is the one that is expected. */
		enum attach_outcome outcome = error ? ATTACH_UNAVAILABLE : ATTACH_UNKNOWN;
		send_attach_result(self, attaching->gate, attaching->request, outcome, NULL, "");
	} else if (self->gate && self->gate_number == attaching->gate) {
		sessions_attached(self, lease, attaching->address);
		send_attach_result(self, attaching->gate, attaching->request, ATTACH_ACCEPTED,
		        lease, attaching->next_token);
	}
	sodium_memzero(attaching, sizeof(*attaching));
	free(attaching);
}

static struct lease *find_by_cookie(struct keeper *self, const char *cookie)
{
	uint8_t hash[TOKEN_HASH_BYTES];

	return token_hash(cookie, hash) ? leases_find_cookie(&self->leases, hash) : NULL;
}

static int accept_attach(struct keeper *self, struct lease *lease,
        const struct message_attach *message, const char *address,
        const char next_token[TOKEN_TEXT_BYTES + 1])
{
	struct attaching *attaching = calloc(1, sizeof(*attaching));

	if (!attaching)
		return SHOJI_ERR_MEMORY;
	attaching->keeper = self;
	attaching->gate = self->gate_number;
	attaching->request = message->request;
	attaching->lease_id = lease->id;
	snprintf(attaching->address, sizeof(attaching->address), "%.46s", address);
	memcpy(attaching->next_token, next_token, sizeof(attaching->next_token));
	json_t *record = record_of_lease("attach", lease);
	if (record)
		json_object_set_new(record, "address", json_string(address));
	journal_record(self->journal, RECORD_INTENT, record);
	int error = record ? journal_then(self->journal, on_attach_committed, attaching)
	                   : SHOJI_ERR_MEMORY;
	if (error) {
		sodium_memzero(attaching, sizeof(*attaching));
		free(attaching);
	}
	return error;
}

/* As it goes into leases and records. */
static const char *foreign_address(char out[LOG_QUOTE_MAX], const char *address)
{
	text_foreign(out, LOG_QUOTE_MAX, address);
	out[46] = '\0';
	return out;
}

static void decide_attach(struct keeper *self, const struct message_attach *message)
{
	char next_token[TOKEN_TEXT_BYTES + 1];
	char address[LOG_QUOTE_MAX];
	uint8_t next_hash[TOKEN_HASH_BYTES];
	uint8_t hash[TOKEN_HASH_BYTES];
	struct lease *lease = find_by_cookie(self, message->cookie);
	enum attach_outcome outcome = ATTACH_UNKNOWN;
	struct lease_tokens before = lease ? lease->tokens : (struct lease_tokens){0};

	token_make(next_token, next_hash);
	foreign_address(address, message->address);
	/* Without a well-formed token the cookie alone says nothing about which window this is. */
	if (lease)
		outcome = token_hash(message->attach_token, hash)
		                  ? lease_attach(lease, hash, next_hash)
		                  : ATTACH_IN_USE;
	if (outcome == ATTACH_ACCEPTED && !lease_may_attach(lease, clock_now_ms())) {
		lease->tokens = before;
		outcome = ATTACH_UNAVAILABLE;
	}
	if (outcome == ATTACH_ACCEPTED) {
		if (accept_attach(self, lease, message, address, next_token)) {
			lease->tokens = before;
			outcome = ATTACH_UNAVAILABLE;
		}
	} else if (outcome == ATTACH_IN_USE &&
	           lease_attach_refused(lease, address, clock_now_ms())) {
		json_t *record = record_of_lease("attach_refused", lease);
		if (record)
			json_object_set_new(record, "address", json_string(address));
		journal_record(self->journal, RECORD_FACT, record);
	}
	if (outcome != ATTACH_ACCEPTED)
		send_attach_result(self, self->gate_number, message->request, outcome, NULL, "");
	sodium_memzero(next_token, sizeof(next_token));
}

static int on_attach(struct keeper *self, struct message *in)
{
	struct message_attach message;
	int error = message_get_attach(in, &message);

	if (error)
		return error;
	decide_attach(self, &message);
	sodium_memzero(&message, sizeof(message));
	return 0;
}

/* ---- the rest ---- */

/* A lease that this gate was given. One that is older than this keeper has no gate yet. */
static struct lease *find_named(struct keeper *self, uint64_t lease_id)
{
	struct lease *lease = leases_find(&self->leases, lease_id);

	if (lease && (lease->gate == self->gate_number || (lease->is_adopted && lease->gate == 0)))
		return lease;
	log_warning(lease_id, "gate names a lease that it does not have");
	return NULL;
}

static int on_detached(struct keeper *self, struct message *in)
{
	struct message_detached message;
	int error = message_get_detached(in, &message);
	struct lease *lease = error ? NULL : find_named(self, message.lease_id);

	if (lease)
		sessions_detached(self, lease);
	return error;
}

static int on_activity(struct keeper *self, struct message *in)
{
	struct message_activity message;
	char address[LOG_QUOTE_MAX];
	int error = message_get_activity(in, &message);
	struct lease *lease = error ? NULL : find_named(self, message.lease_id);

	if (lease)
		sessions_activity(self, lease, foreign_address(address, message.address));
	return error;
}

/* A gate that was taken over can show administrators a wrong figure, of its own leases, and no more. */
static int on_latency(struct keeper *self, struct message *in)
{
	struct message_latency message;

	if (message_get_latency(in, &message) || message.drawn_p95 > LATENCY_TENTHS_MAX ||
	        message.round_p95 > LATENCY_TENTHS_MAX || message.drawn_p50 > message.drawn_p95 ||
	        message.round_p50 > message.round_p95)
		return SHOJI_ERR_MALFORMED;
	struct lease *lease = find_named(self, message.lease_id);
	if (lease)
		lease->latency = (struct lease_latency){.n_answers = message.answers,
		        .drawn_p50 = message.drawn_p50,
		        .drawn_p95 = message.drawn_p95,
		        .round_p50 = message.round_p50,
		        .round_p95 = message.round_p95};
	return 0;
}

static int on_sign_out(struct keeper *self, struct message *in)
{
	struct message_sign_out message;
	char address[LOG_QUOTE_MAX];
	int error = message_get_sign_out(in, &message);

	if (error)
		return error;
	struct lease *lease = find_by_cookie(self, message.cookie);
	if (lease) {
		json_t *record = record_of_lease("sign_out", lease);
		text_foreign(address, sizeof(address), message.address);
		if (record)
			json_object_set_new(record, "address", json_string(address));
		journal_record(self->journal, RECORD_FACT, record);
		sessions_end(self, lease, END_SIGNED_OUT);
	}
	if (self->gate)
		CHANNEL_SEND(self->gate, sign_out_result, .request = message.request,
		        .is_done = lease != NULL);
	sodium_memzero(&message, sizeof(message));
	return 0;
}

static void on_message(void *data, struct channel *channel, struct message *in)
{
	struct keeper *self = data;
	uint16_t number = in->number;
	int error = 0;

	switch (number) {
	case MESSAGE_SIGN_IN:
		sign_in_begin(self, in);
		break;
	case MESSAGE_ATTACH:
		error = on_attach(self, in);
		break;
	case MESSAGE_DETACHED:
		error = on_detached(self, in);
		break;
	case MESSAGE_ACTIVITY:
		error = on_activity(self, in);
		break;
	case MESSAGE_LATENCY:
		error = on_latency(self, in);
		break;
	case MESSAGE_ONLOOK:
		error = onlook_on_ask(self, in);
		break;
	case MESSAGE_ONLOOK_LEFT:
		error = onlook_on_left(self, in);
		break;
	case MESSAGE_SIGN_OUT:
		error = on_sign_out(self, in);
		break;
	default: /* a number, not an enum: the table lets nothing else through */
		error = SHOJI_ERR_FORBIDDEN;
	}
	channel_forget(channel);
	/* Malformed fields: on_close tells the rest as for any broken channel. */
	if (error && self->gate == channel) {
		log_error(0, "gate sent a malformed message %u", number);
		lose_gate(self, error);
	}
}

static void on_close(void *data, struct channel *channel, int error)
{
	struct keeper *self = data;

	if (self->gate == channel)
		lose_gate(self, error);
}

void gate_link_open(struct keeper *self, int fd, bool is_same)
{
	if (self->gate)
		lose_gate(self, SHOJI_ERR_CLOSED);
	/* A new gate may name no lease that was given to the one before. */
	if (!is_same)
		self->gate_number++;
	self->gate = channel_new(fd, LINK_GATE_KEEPER, SIDE_B);
	if (!self->gate)
		return;
	channel_set_phase(self->gate, PHASE_READY);
	if (channel_watch(self->gate, self->loop, on_message, on_close, self))
		lose_gate(self, SHOJI_ERR_MEMORY);
}
