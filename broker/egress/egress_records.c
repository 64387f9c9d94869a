/* Audit records on their way to keeper. The method and the host in them were written by the isolated host: both
 * were parsed into a closed alphabet, and keeper escapes them once more. */
#include "egress/egress_records.h"

#include "base/channel.h"
#include "base/error.h"
#include "base/log.h"
#include "base/loop.h"
#include "egress/record_budget.h"

#include <stdlib.h>
#include <string.h>

#define KEEPER_ABSENCE_MAX_MS 30000
#define SUMMARY_TICK_MS 1000

struct egress_records {
	struct loop *loop;
	struct channel *keeper; /* NULL: none */
	uint64_t last_record;
	size_t first, n_kept; /* a ring */
	bool has_complained;
	struct timer *alone_timer;
	struct record_budget *budget;
	egress_records_lost_fn on_lost; /* NULL: nobody wants to know */
	void *lost_data;
	struct timer *summary_timer; /* set while something refused is not told */
	bool is_summary_timer_set;
	struct message_destination kept[EGRESS_RECORDS_MAX];
};

/* monitor was told at once (on_lost) and has not joined us anew: a new start is the last resort. */
static void on_alone_for_long(void *data)
{
	struct egress_records *self = data;

	log_error(0, "no keeper for %d s: leaving, to be started and joined again",
	        KEEPER_ABSENCE_MAX_MS / 1000);
	loop_stop(self->loop, 1);
}

static void on_summary_timer(void *data);

struct egress_records *egress_records_new(struct loop *loop, uint64_t per_minute)
{
	struct egress_records *self = calloc(1, sizeof(*self));

	if (!self)
		return NULL;
	self->loop = loop;
	self->budget = record_budget_new(per_minute);
	self->alone_timer = timer_new(loop, on_alone_for_long, self);
	self->summary_timer = timer_new(loop, on_summary_timer, self);
	if (self->budget && self->alone_timer && self->summary_timer)
		return self;
	egress_records_free(self);
	return NULL;
}

void egress_records_free(struct egress_records *self)
{
	if (!self)
		return;
	channel_free(self->keeper);
	timer_free(self->alone_timer);
	timer_free(self->summary_timer);
	record_budget_free(self->budget);
	free(self);
}

void egress_records_on_lost(struct egress_records *self, egress_records_lost_fn on_lost, void *data)
{
	self->on_lost = on_lost;
	self->lost_data = data;
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
	if (self->on_lost)
		self->on_lost(self->lost_data);
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

/* One session's flood is no reason to write to the log each time; it is told in the summary. */
static int refuse(struct egress_records *self, const struct message_destination *record, int error)
{
	if (!self->has_complained && error != SHOJI_ERR_FORBIDDEN)
		log_warning(record->lease_id,
		        "a destination cannot be recorded (%s; %zu wait for keeper): refused",
		        shoji_error_text(error), self->n_kept);
	if (error != SHOJI_ERR_FORBIDDEN)
		self->has_complained = true;
	record_budget_refuse(self->budget, clock_now_ms(), record);
	if (!self->is_summary_timer_set)
		timer_set_ms(self->summary_timer, SUMMARY_TICK_MS);
	self->is_summary_timer_set = true;
	return error;
}

/* Whether keeper could be told of one more. */
static int check_room(struct egress_records *self, uint64_t lease_id)
{
	if (!self->keeper)
		return SHOJI_ERR_CLOSED;
	if (self->n_kept == EGRESS_RECORDS_MAX ||
	        count_of(self, lease_id) >= EGRESS_RECORDS_PER_SESSION_MAX)
		return SHOJI_ERR_LIMIT;
	return 0;
}

/* Told, and kept until it is on disk. */
static int tell(struct egress_records *self, const struct message_destination *record)
{
	int error = check_room(self, record->lease_id);

	if (error)
		return error;
	struct message_destination *kept = kept_at(self, self->n_kept);
	*kept = *record;
	kept->record = self->last_record + 1;
	error = CHANNEL_SEND_VALUE(self->keeper, destination, kept);
	if (error)
		return error;
	self->last_record++;
	self->n_kept++;
	return 0;
}

static void tell_summaries(struct egress_records *self, bool is_end)
{
	struct message_destination summary;

	while (record_budget_due(self->budget, clock_now_ms(), is_end, &summary)) {
		summary.verdict = EGRESS_OVER_LIMIT;
		summary.address[0] = '\0';
		if (tell(self, &summary))
			return; /* later */
		record_budget_told(self->budget, summary.lease_id);
		log_warning(summary.lease_id,
		        "%u destinations were refused without a record of their own",
		        summary.refused);
	}
}

static void on_summary_timer(void *data)
{
	struct egress_records *self = data;

	tell_summaries(self, false);
	self->is_summary_timer_set = record_budget_has_refused(self->budget);
	if (self->is_summary_timer_set)
		timer_set_ms(self->summary_timer, SUMMARY_TICK_MS);
}

void egress_records_tell_refused(struct egress_records *self)
{
	if (self->keeper)
		tell_summaries(self, true);
	if (self->keeper)
		channel_flush(self->keeper);
}

static void fill(struct message_destination *record, const char *method,
        const struct proxy_host *host, uint16_t port)
{
	record->port = port;
	memcpy(record->method, method, strnlen(method, sizeof(record->method) - 1));
	if (host)
		proxy_host_text(host, record->host);
}

int egress_records_admit(struct egress_records *self, uint64_t lease_id, const char *method,
        const struct proxy_host *host, uint16_t port)
{
	struct message_destination record = {.lease_id = lease_id};
	int error = check_room(self, lease_id);

	if (!error && !record_budget_may_ask(self->budget, lease_id, clock_now_ms()))
		error = SHOJI_ERR_FORBIDDEN;
	if (!error)
		return 0;
	fill(&record, method, host, port);
	return refuse(self, &record, error);
}

int egress_records_put(struct egress_records *self, uint64_t lease_id, enum egress_verdict verdict,
        const char *method, const struct proxy_host *host, uint16_t port,
        const struct net_address *address)
{
	struct message_destination record = {.lease_id = lease_id, .verdict = (uint8_t)verdict};
	uint64_t now_ms = clock_now_ms();

	fill(&record, method, host, port);
	if (address)
		net_address_text(address, record.address);
	int error = record_budget_may_record(self->budget, lease_id, now_ms) ? tell(self, &record)
	                                                                     : SHOJI_ERR_FORBIDDEN;
	if (error)
		return refuse(self, &record, error);
	record_budget_take(self->budget, lease_id, now_ms);
	return 0;
}
