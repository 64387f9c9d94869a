/* Audit records on their way to keeper. The method and the host in them were written by the isolated host: both
 * were parsed into a closed alphabet, and keeper escapes them once more. */
#include "egress/egress_records.h"

#include "base/channel.h"
#include "base/error.h"
#include "base/log.h"
#include "base/loop.h"

#include <stdlib.h>
#include <string.h>

#define KEEPER_ABSENCE_MAX_MS 30000

struct egress_records {
	struct loop *loop;
	struct channel *keeper; /* NULL: none */
	uint64_t last_record;
	size_t first, n_kept; /* a ring */
	bool has_complained;
	struct timer *alone_timer;
	struct message_destination kept[EGRESS_RECORDS_MAX];
};

/* A channel that broke while keeper lives is not made anew by anybody: monitor joins a role again when it starts. */
static void on_alone_for_long(void *data)
{
	struct egress_records *self = data;

	log_error(0, "no keeper for %d s: leaving, to be started and joined again",
	        KEEPER_ABSENCE_MAX_MS / 1000);
	loop_stop(self->loop, 1);
}

struct egress_records *egress_records_new(struct loop *loop)
{
	struct egress_records *self = calloc(1, sizeof(*self));

	if (!self)
		return NULL;
	self->loop = loop;
	self->alone_timer = timer_new(loop, on_alone_for_long, self);
	if (self->alone_timer)
		return self;
	free(self);
	return NULL;
}

void egress_records_free(struct egress_records *self)
{
	if (!self)
		return;
	channel_free(self->keeper);
	timer_free(self->alone_timer);
	free(self);
}

static struct message_destination *kept_at(struct egress_records *self, size_t index)
{
	return &self->kept[(self->first + index) % EGRESS_RECORDS_MAX];
}

static void drop_keeper(struct egress_records *self, int error)
{
	timer_set_ms(self->alone_timer, KEEPER_ABSENCE_MAX_MS);
	log_warning(0,
	        "keeper's channel is gone (%s): new connections are refused until there is another",
	        shoji_error_text(error));
	channel_free(self->keeper);
	self->keeper = NULL;
}

static void on_close(void *data, struct channel *channel, int error)
{
	(void)channel;
	drop_keeper(data, error);
}

static void on_message(void *data, struct channel *channel, struct message *in)
{
	struct egress_records *self = data;
	struct message_recorded recorded;

	(void)channel;
	/* The table permits nothing else here. A record that was never told cannot be on disk. */
	if (message_get_recorded(in, &recorded) || recorded.record > self->last_record) {
		drop_keeper(self, SHOJI_ERR_FORBIDDEN);
		return;
	}
	while (self->n_kept > 0 && kept_at(self, 0)->record <= recorded.record) {
		self->first = (self->first + 1) % EGRESS_RECORDS_MAX;
		self->n_kept--;
	}
	self->has_complained = false;
}

int egress_records_attach(struct egress_records *self, int fd)
{
	struct channel *keeper = channel_new(fd, LINK_EGRESS_KEEPER, SIDE_A);

	if (!keeper)
		return SHOJI_ERR_MEMORY;
	channel_free(self->keeper);
	self->keeper = keeper;
	timer_clear(self->alone_timer);
	channel_set_phase(keeper, PHASE_READY);
	int error = channel_watch(keeper, self->loop, on_message, on_close, self);
	for (size_t i = 0; !error && i < self->n_kept; i++)
		error = CHANNEL_SEND_VALUE(keeper, destination, kept_at(self, i));
	if (error)
		drop_keeper(self, error);
	return error;
}

/* One session's share of what waits: walked, because a thousand entries are nothing beside a connection. */
static size_t count_of(struct egress_records *self, uint64_t lease_id)
{
	size_t n = 0;

	for (size_t i = 0; i < self->n_kept; i++)
		n += kept_at(self, i)->lease_id == lease_id;
	return n;
}

static int refuse(struct egress_records *self, uint64_t lease_id, int error)
{
	if (!self->has_complained)
		log_warning(lease_id,
		        "a destination cannot be recorded (%s; %zu wait for keeper): refused",
		        shoji_error_text(error), self->n_kept);
	self->has_complained = true;
	return error;
}

int egress_records_put(struct egress_records *self, uint64_t lease_id, enum egress_verdict verdict,
        const char *method, const struct proxy_host *host, uint16_t port,
        const struct net_address *address)
{
	if (!self->keeper)
		return refuse(self, lease_id, SHOJI_ERR_CLOSED);
	if (self->n_kept == EGRESS_RECORDS_MAX ||
	        count_of(self, lease_id) >= EGRESS_RECORDS_PER_SESSION_MAX)
		return refuse(self, lease_id, SHOJI_ERR_LIMIT);
	struct message_destination *record = kept_at(self, self->n_kept);
	*record = (struct message_destination){.record = self->last_record + 1,
	        .lease_id = lease_id,
	        .verdict = (uint8_t)verdict,
	        .port = port};
	memcpy(record->method, method, strnlen(method, sizeof(record->method) - 1));
	if (host)
		proxy_host_text(host, record->host);
	if (address)
		net_address_text(address, record->address);
	int error = CHANNEL_SEND_VALUE(self->keeper, destination, record);
	if (error)
		return refuse(self, lease_id, error);
	self->last_record++;
	self->n_kept++;
	return 0;
}
