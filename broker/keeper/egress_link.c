/* keeper's side of its channel to egress, which parses what isolated hosts write: its host names are foreign
 * text. No record, no connection: `recorded` is sent only after the commit, and while the audit log cannot be
 * written egress is not even read from. */
#include "keeper/egress_link.h"

#include "base/error.h"
#include "base/log.h"
#include "keeper/sessions.h"

#include <stdio.h>

/* More unwritten records than this, and egress has to wait. Well below JOURNAL_RECORDS_MAX, so that not one of
 * its records is ever dropped. */
#define PENDING_MAX 1024

static void lose_egress(struct keeper *self, int error)
{
	log_warning(0, "egress is gone: %s", shoji_error_text(error));
	channel_free(self->egress);
	self->egress = NULL;
}

static void on_committed(void *data, int error)
{
	struct keeper *self = data;

	self->is_egress_waiting = false;
	if (!self->egress)
		return;
	if (error) {
		/* The records are kept; wait for the commit that writes them. */
		if (journal_then(self->journal, on_committed, self))
			lose_egress(self, SHOJI_ERR_LIMIT);
		else
			self->is_egress_waiting = true;
		return;
	}
	channel_pause(self->egress, false);
	if (self->egress_last_record &&
	        CHANNEL_SEND(self->egress, recorded, .record = self->egress_last_record))
		lose_egress(self, SHOJI_ERR_LIMIT);
}

static json_t *make_record(struct keeper *self, const struct message_destination *message)
{
	char id[LEASE_TEXT_BYTES], host[LOG_QUOTE_MAX], method[64], address[64];
	const struct lease *lease = leases_find(&self->leases, message->lease_id);
	json_t *record = json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:s}", "event", "destination",
	        "lease", lease_text(id, message->lease_id), "verdict",
	        egress_verdict_text((enum egress_verdict)message->verdict), "method",
	        text_foreign(method, sizeof(method), message->method), "host",
	        text_foreign(host, sizeof(host), message->host), "port", (int)message->port,
	        "address", text_foreign(address, sizeof(address), message->address));

	if (record && lease)
		json_object_set_new(record, "person", json_string(lease->person));
	if (record && message->refused > 0) {
		/* The host and method are those of the latest of them. */
		json_object_set_new(record, "event", json_string("destinations_refused"));
		json_object_set_new(record, "count", json_integer((json_int_t)message->refused));
	}
	return record;
}

static int take_destination(struct keeper *self, struct message *in)
{
	struct message_destination message;
	int error = message_get_destination(in, &message);

	if (error)
		return error;
	if (message.verdict > EGRESS_VERDICT_MAX || message.record <= self->egress_last_record)
		return SHOJI_ERR_MALFORMED;
	if (!journal_record(self->journal, RECORD_FACT, make_record(self, &message)))
		return SHOJI_ERR_MEMORY;
	self->egress_last_record = message.record;
	if (!self->is_egress_waiting) {
		error = journal_then(self->journal, on_committed, self);
		self->is_egress_waiting = !error;
	}
	if (!error && (journal_pending(self->journal) > PENDING_MAX))
		channel_pause(self->egress, true);
	return error;
}

static void on_message(void *data, struct channel *channel, struct message *in)
{
	struct keeper *self = data;
	int error = take_destination(self, in);

	(void)channel;
	if (error)
		lose_egress(self, error);
}

static void on_close(void *data, struct channel *channel, int error)
{
	struct keeper *self = data;

	if (self->egress == channel)
		lose_egress(self, error);
}

void egress_link_open(struct keeper *self, int fd)
{
	if (self->egress)
		lose_egress(self, SHOJI_ERR_CLOSED);
	self->egress_last_record = 0;
	self->egress = channel_new(fd, LINK_EGRESS_KEEPER, SIDE_B);
	if (!self->egress)
		return;
	channel_set_phase(self->egress, PHASE_READY);
	if (channel_watch(self->egress, self->loop, on_message, on_close, self))
		lose_egress(self, SHOJI_ERR_MEMORY);
}
