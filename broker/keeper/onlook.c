/* Who may look on, and the records of it. The token comes from a terminal, through gate: it is believed once, for a minute, for
 * the one lease that it was made for. */
#include "keeper/onlook.h"

#include "base/error.h"
#include "base/log.h"
#include "keeper/sessions.h"
#include "keeper/text.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *onlook_record(const char *event, const struct lease *lease, const struct onlook *onlook)
{
	json_t *record = record_of_lease(event, lease);

	if (!record)
		return NULL;
	json_object_set_new(record, "by_uid", json_integer((json_int_t)onlook->by_uid));
	json_object_set_new(record, "by", json_string(onlook->by));
	json_object_set_new(record, "stated_reason", json_string(onlook->reason));
	if (onlook->address[0])
		json_object_set_new(record, "onlooker_address", json_string(onlook->address));
	return record;
}

/* ---- beginning ---- */

struct beginning {
	struct keeper *keeper;
	uint32_t gate;
	uint32_t request;
	uint64_t lease_id;
};

/* lease NULL: refused, whatever the cause: a guess learns nothing. */
static void answer(struct keeper *self, uint32_t gate, uint32_t request, const struct lease *lease)
{
	struct message_onlook_result message = {.request = request, .outcome = ATTACH_UNKNOWN};

	if (!self->gate || self->gate_number != gate)
		return;
	if (lease) {
		message.outcome = ATTACH_ACCEPTED;
		message.lease_id = lease->id;
		snprintf(message.administrator, sizeof(message.administrator), "%s",
		        lease->onlook.by);
		snprintf(message.person, sizeof(message.person), "%s", lease->display_name);
	}
	if (CHANNEL_SEND_VALUE(self->gate, onlook_result, &message))
		log_warning(message.lease_id, "gate does not take the answer to an onlooker");
}

static bool may_be_watched(const struct keeper *self, const struct lease *lease)
{
	/* Nobody is watched without being told, and who is not there cannot be. */
	return lease->state == LEASE_ATTACHED && lease->gate == self->gate_number;
}

static void on_began_committed(void *data, int error)
{
	struct beginning *beginning = data;
	struct keeper *self = beginning->keeper;
	struct lease *lease = leases_find(&self->leases, beginning->lease_id);
	bool is_ours = lease && lease->onlook.state == ONLOOK_BEGINNING;

	if (is_ours && error) {
		lease->onlook.state = ONLOOK_NONE;
	} else if (is_ours && self->gate_number == beginning->gate && may_be_watched(self, lease)) {
		lease->onlook.state = ONLOOK_ON;
		answer(self, beginning->gate, beginning->request, lease);
		free(beginning);
		return;
	} else if (is_ours) {
		onlook_end(self, lease, "the person left before it was shown");
	}
	answer(self, beginning->gate, beginning->request, NULL);
	free(beginning);
}

static int begin(struct keeper *self, struct lease *lease, uint32_t request, const char *address)
{
	struct beginning *beginning = calloc(1, sizeof(*beginning));
	struct onlook *onlook = &lease->onlook;

	/* Used up, whatever becomes of it. */
	sodium_memzero(onlook->token, sizeof(onlook->token));
	onlook->state = ONLOOK_NONE;
	if (!may_be_watched(self, lease)) {
		free(beginning);
		return SHOJI_ERR_FORBIDDEN;
	}
	if (!beginning)
		return SHOJI_ERR_MEMORY;
	*beginning = (struct beginning){.keeper = self,
	        .gate = self->gate_number,
	        .request = request,
	        .lease_id = lease->id};
	snprintf(onlook->address, sizeof(onlook->address), "%.46s", address);
	onlook->began_utc_ms = clock_utc_ms();
	json_t *record = onlook_record("watch_began", lease, onlook);
	int error = journal_record(self->journal, RECORD_INTENT, record)
	                    ? journal_then(self->journal, on_began_committed, beginning)
	                    : SHOJI_ERR_MEMORY;
	if (error)
		free(beginning);
	else
		onlook->state = ONLOOK_BEGINNING;
	return error;
}

static struct lease *find_offer(struct keeper *self, const char *token)
{
	uint8_t hash[TOKEN_HASH_BYTES];
	uint64_t now_ms = clock_now_ms();
	struct lease *lease, *found = NULL;

	if (!token_hash(token, hash))
		return NULL;
	for (size_t at = 0; (lease = leases_next(&self->leases, &at));)
		if (lease->onlook.state == ONLOOK_OFFERED &&
		        token_is_equal(lease->onlook.token, hash) &&
		        now_ms < lease->onlook.offer_end_ms)
			found = lease;
	return found;
}

int onlook_on_ask(struct keeper *self, struct message *in)
{
	struct message_onlook message;
	char address[LOG_QUOTE_MAX];
	int error = message_get_onlook(in, &message);

	if (error)
		return error;
	text_foreign(address, sizeof(address), message.address);
	struct lease *lease = find_offer(self, message.token);
	/* No record of a token that nobody made: whoever reaches gate could fill the disk with them. */
	if (!lease || begin(self, lease, message.request, address))
		answer(self, self->gate_number, message.request, NULL);
	sodium_memzero(&message, sizeof(message));
	return 0;
}

/* ---- the end ---- */

void onlook_end(struct keeper *self, struct lease *lease, const char *cause)
{
	struct onlook *onlook = &lease->onlook;
	bool has_begun = onlook->state == ONLOOK_BEGINNING || onlook->state == ONLOOK_ON;
	uint64_t lasted_ms = clock_utc_ms() - onlook->began_utc_ms;

	if (has_begun) {
		json_t *record = onlook_record("watch_ended", lease, onlook);
		if (record) {
			json_object_set_new(record, "cause", json_string(cause));
			json_object_set_new(
			        record, "seconds", json_integer((json_int_t)(lasted_ms / 1000)));
		}
		journal_record(self->journal, RECORD_FACT, record);
	}
	sodium_memzero(onlook, sizeof(*onlook));
}

int onlook_on_left(struct keeper *self, struct message *in)
{
	struct message_onlook_left message;
	int error = message_get_onlook_left(in, &message);
	struct lease *lease = error ? NULL : leases_find(&self->leases, message.lease_id);

	/* Only what this gate was given can be on at all: onlook_end() is called when gate is lost. */
	if (lease && lease->onlook.state == ONLOOK_ON)
		onlook_end(self, lease, "the onlooker left");
	return error;
}
