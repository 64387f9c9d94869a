/* Signing in. Everything here was typed at a terminal by anybody.
 *
 * Unknown person and wrong password take the same path: the same table of failures, the same hashing (a worker
 * checks an empty stored hash against a decoy), a record, a commit, one outcome. */
#include "base/error.h"
#include "base/log.h"
#include "keeper/gate_link.h"
#include "keeper/sessions.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sign_in {
	struct keeper *keeper;
	uint32_t gate;
	uint32_t request;
	uint16_t width, height, scale;
	bool is_known;
	struct person person; /* id "" when unknown */
	uint8_t name[LOCKOUT_NAME_BYTES];
	char address[47];
	enum sign_in_outcome outcome;
	uint32_t retry_after_s;
	uint64_t lease_id;
	char cookie[TOKEN_TEXT_BYTES + 1];
	char attach_token[TOKEN_TEXT_BYTES + 1];
	char renewed_hash[129]; /* to be stored in place of the old one; "" */
};

static const char *outcome_text(enum sign_in_outcome outcome)
{
	switch (outcome) {
	case SIGN_IN_ACCEPTED:
		return "accepted";
	case SIGN_IN_WRONG:
		return "unknown person or wrong password";
	case SIGN_IN_LOCKED:
		return "locked";
	case SIGN_IN_IN_USE:
		return "has a session already";
	case SIGN_IN_FULL:
		return "no slot is free";
	case SIGN_IN_UNAVAILABLE:
		return "unavailable";
	}
	return "?";
}

/* Sends the outcome and frees. */
static void answer(struct sign_in *self)
{
	struct keeper *keeper = self->keeper;
	struct message_sign_in_result message = {.request = self->request,
	        .outcome = (uint8_t)self->outcome,
	        .retry_after_s = self->retry_after_s};

	if (self->outcome == SIGN_IN_ACCEPTED) {
		message.lease_id = self->lease_id;
		memcpy(message.cookie, self->cookie, sizeof(message.cookie));
		memcpy(message.attach_token, self->attach_token, sizeof(message.attach_token));
	}
	if (keeper->gate && keeper->gate_number == self->gate) {
		if (CHANNEL_SEND_VALUE(keeper->gate, sign_in_result, &message))
			log_warning(self->lease_id, "gate does not take the answer to a sign-in");
		channel_forget(keeper->gate);
	}
	sodium_memzero(&message, sizeof(message));
	sodium_memzero(self, sizeof(*self));
	free(self);
}

/* What was typed is not recorded: it may be a password in the wrong field. Its keyed hash tells whether two
 * attempts tried the same name. */
static json_t *refused_record(const struct sign_in *self)
{
	char tried[2 * 6 + 1];

	sodium_bin2hex(tried, sizeof(tried), self->name, 6);
	json_t *record = json_pack("{s:s, s:s, s:s, s:s}", "event", "sign_in_refused", "reason",
	        outcome_text(self->outcome), "address", self->address, "tried", tried);
	if (record && self->is_known)
		json_object_set_new(record, "person", json_string(self->person.id));
	return record;
}

static void on_refusal_committed(void *data, int error)
{
	struct sign_in *self = data;

	/* Not recorded, so not decided: tell nothing about the password. */
	if (error)
		self->outcome = SIGN_IN_UNAVAILABLE;
	answer(self);
}

static void refuse(struct sign_in *self, enum sign_in_outcome outcome, uint64_t retry_after_ms)
{
	struct keeper *keeper = self->keeper;

	self->outcome = outcome;
	self->retry_after_s = (uint32_t)((retry_after_ms + 999) / 1000);
	journal_record(keeper->journal, RECORD_FACT, refused_record(self));
	if (journal_then(keeper->journal, on_refusal_committed, self))
		on_refusal_committed(self, SHOJI_ERR_LIMIT);
}

static void on_acceptance_committed(void *data, int error)
{
	struct sign_in *self = data;
	struct keeper *keeper = self->keeper;
	struct lease *lease = leases_find(&keeper->leases, self->lease_id);

	if (error || !lease || !lease_is_live(lease)) {
		self->outcome = SIGN_IN_UNAVAILABLE;
	} else if (!keeper->gate || keeper->gate_number != self->gate) {
		sessions_end(keeper, lease, END_ABANDONED);
	} else {
		sessions_start(keeper, lease);
		self->outcome = lease_is_live(lease) ? SIGN_IN_ACCEPTED : SIGN_IN_UNAVAILABLE;
	}
	answer(self);
}

static void accept(struct sign_in *self)
{
	struct keeper *keeper = self->keeper;
	struct lease *lease = sessions_admit(keeper, &self->person, self->address, self->width,
	        self->height, self->scale, self->cookie, self->attach_token);

	if (!lease) {
		refuse(self, SIGN_IN_FULL, 0);
		return;
	}
	self->lease_id = lease->id;
	json_t *record = record_of_lease("sign_in", lease);
	if (record) {
		json_object_set_new(record, "width", json_integer(self->width));
		json_object_set_new(record, "height", json_integer(self->height));
	}
	journal_record(keeper->journal, RECORD_INTENT, record);
	if (record && journal_then(keeper->journal, on_acceptance_committed, self) == 0)
		return;
	leases_remove(&keeper->leases, lease);
	self->outcome = SIGN_IN_UNAVAILABLE;
	answer(self);
}

/* The parameters of the hash were changed in the configuration. What fails here is tried at the next sign-in. */
static void renew_hash(struct sign_in *self)
{
	struct keeper *keeper = self->keeper;
	json_t *record;

	if (!self->renewed_hash[0] || journal_begin(keeper->journal))
		return;
	if (store_set_password(keeper->store, self->person.id, self->renewed_hash)) {
		log_error(0, "a password's new hash cannot be stored");
		return;
	}
	record = json_pack("{s:s, s:s}", "event", "password_rehashed", "person", self->person.id);
	journal_record(keeper->journal, RECORD_INTENT, record);
}

static void decide_match(struct sign_in *self)
{
	struct keeper *keeper = self->keeper;
	struct person now;

	/* While the worker hashed, an administrator may have changed the person. */
	if (store_find_person(keeper->store, self->person.id, &now) ||
	        strcmp(now.hash, self->person.hash) != 0) {
		refuse(self, SIGN_IN_UNAVAILABLE, 0);
		return;
	}
	self->person = now;
	if (now.is_locked) {
		/* Told only to somebody who knows the password. No time: until an administrator unlocks. */
		refuse(self, SIGN_IN_LOCKED, 0);
		return;
	}
	lockout_clear(&keeper->lockout, self->name);
	renew_hash(self);
	if (leases_find_person(&keeper->leases, now.id))
		refuse(self, SIGN_IN_IN_USE, 0);
	else
		accept(self);
}

static void decide_mismatch(struct sign_in *self, uint64_t now_ms)
{
	struct lockout *lockout = &self->keeper->lockout;

	if (!lockout_fail(lockout, self->name, now_ms)) {
		refuse(self, SIGN_IN_WRONG, 0);
		return;
	}
	json_t *record = json_pack("{s:s, s:s, s:I}", "event", "locked", "address", self->address,
	        "seconds", (json_int_t)(lockout->lock_ms / 1000));
	if (record && self->is_known)
		json_object_set_new(record, "person", json_string(self->person.id));
	journal_record(self->keeper->journal, RECORD_FACT, record);
	refuse(self, SIGN_IN_LOCKED, lockout->lock_ms);
}

static void on_hashed(void *data, enum hash_outcome outcome, const char *stored)
{
	struct sign_in *self = data;
	uint64_t now_ms = clock_now_ms();
	/* Locked while it waited, by attempts before it: then even the right password does not count. */
	uint64_t locked_ms = lockout_locked_for_ms(&self->keeper->lockout, self->name, now_ms);

	snprintf(self->renewed_hash, sizeof(self->renewed_hash), "%s", stored);
	if (locked_ms > 0) {
		refuse(self, SIGN_IN_LOCKED, locked_ms);
		return;
	}
	switch (outcome) {
	case HASH_MATCH:
		decide_match(self);
		return;
	case HASH_NO_MATCH:
		decide_mismatch(self, now_ms);
		return;
	case HASH_MADE:
	case HASH_UNAVAILABLE:
		break;
	}
	refuse(self, SIGN_IN_UNAVAILABLE, 0);
}

static uint16_t bound(uint64_t value, uint64_t min, uint64_t max)
{
	return (uint16_t)(value < min ? min : value > max ? max : value);
}

static struct sign_in *new_sign_in(struct keeper *keeper, const struct message_sign_in *message)
{
	struct sign_in *self = calloc(1, sizeof(*self));
	char id[PERSON_ID_MAX + 1];
	char address[LOG_QUOTE_MAX];

	if (!self)
		return NULL;
	self->keeper = keeper;
	self->gate = keeper->gate_number;
	self->request = message->request;
	self->width = bound(
	        message->width, keeper->config.profile.width_min, keeper->config.profile.width_max);
	self->height = bound(message->height, keeper->config.profile.height_min,
	        keeper->config.profile.height_max);
	self->scale = bound(message->scale, SCREEN_SCALE_MIN, SCREEN_SCALE_MAX);
	lockout_name(&keeper->lockout, message->person, self->name);
	self->is_known = text_person_id(message->person, id) &&
	                 store_find_person(keeper->store, id, &self->person) == 0;
	text_foreign(address, sizeof(address), message->address);
	snprintf(self->address, sizeof(self->address), "%.46s", address);
	return self;
}

static void start_hashing(struct sign_in *self, const char *password)
{
	struct keeper *keeper = self->keeper;
	struct hash_request request = {.password = password,
	        .stored = self->is_known ? self->person.hash : "",
	        .address = self->address,
	        .not_before_ms = lockout_not_before_ms(&keeper->lockout, self->name),
	        .on_done = on_hashed,
	        .data = self};

	memcpy(request.name, self->name, sizeof(request.name));
	if (hash_pool_ask(keeper->hash, &request))
		refuse(self, SIGN_IN_UNAVAILABLE, 0);
}

void sign_in_begin(struct keeper *keeper, struct message *in)
{
	struct message_sign_in message;
	struct sign_in *self = NULL;

	/* The channel has checked number and size; a malformed field is an attempt that cannot be answered. */
	if (message_get_sign_in(in, &message)) {
		log_warning(0, "gate sent a malformed sign-in");
		return;
	}
	self = new_sign_in(keeper, &message);
	if (!self) {
		log_error(0, "a sign-in is not answered: no memory");
	} else if (journal_is_broken(keeper->journal)) {
		/* It could not be recorded. */
		self->outcome = SIGN_IN_UNAVAILABLE;
		answer(self);
	} else {
		uint64_t locked_ms =
		        lockout_locked_for_ms(&keeper->lockout, self->name, clock_now_ms());
		if (locked_ms > 0)
			refuse(self, SIGN_IN_LOCKED, locked_ms);
		else
			start_hashing(self, message.password);
	}
	sodium_memzero(&message, sizeof(message));
}
