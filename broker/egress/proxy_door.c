/* Accepts what an isolated host opens, and sets the limit of it: one session's flood stays its own. */
#include "egress/proxy_door.h"

#include "base/ensure.h"
#include "base/log.h"
#include "base/loop.h"
#include "egress/egress_context.h"
#include "egress/proxy_connection.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define ACCEPTS_PER_TURN 16
/* What is late may wait so long for what else is late. A browser keeps connections open while nothing happens: between their deadlines
 * nobody looks. */
#define TEND_MIN_MS 250

struct entry {
	struct entry *next;
	struct proxy_door *door;
	struct proxy_connection *connection;
};

struct proxy_door {
	const struct egress_context *context;
	uint64_t lease_id;
	int listener; /* -1: shut */
	struct watch *watch;
	struct timer *timer;
	uint64_t tend_at_ms; /* as the timer is set; UINT64_MAX: it is not */
	struct entry *entries;
	size_t n_regular, n_surplus;
	uint64_t n_accepted, n_refused; /* over the limit */
	proxy_door_fn on_empty;
	void *data;
};

static size_t limit_of(const struct proxy_door *self)
{
	return self->context->connections_per_session_max;
}

/* Above the limit a connection is still taken to be told so; above twice the limit they wait in the kernel's
 * backlog, which has an end of its own. */
static bool has_room(const struct proxy_door *self)
{
	return self->n_regular + self->n_surplus < 2 * limit_of(self);
}

static void listen_or_wait(struct proxy_door *self)
{
	if (self->watch)
		watch_set_events(self->watch, has_room(self) ? LOOP_READ : 0u);
}

/* Never later than it was to be. */
static void tend_by(struct proxy_door *self, uint64_t at_ms)
{
	if (at_ms >= self->tend_at_ms)
		return;
	self->tend_at_ms = at_ms;
	timer_set_at(self->timer, at_ms);
}

static void on_connection_closed(void *data)
{
	struct entry *entry = data;

	tend_by(entry->door, 0); /* a connection never frees itself */
}

static void on_connection_nearer(void *data)
{
	struct entry *entry = data;

	tend_by(entry->door, proxy_connection_due_ms(entry->connection));
}

static const struct proxy_connection_events connection_events = {
        on_connection_closed, on_connection_nearer};

static void take(struct proxy_door *self, int fd)
{
	struct entry *entry = calloc(1, sizeof(*entry));
	bool is_surplus = self->n_regular >= limit_of(self);

	if (!entry) {
		close(fd);
		return;
	}
	entry->door = self;
	entry->connection = proxy_connection_new(
	        self->context, self->lease_id, fd, is_surplus, &connection_events, entry);
	if (!entry->connection) {
		free(entry);
		return;
	}
	entry->next = self->entries;
	self->entries = entry;
	*(is_surplus ? &self->n_surplus : &self->n_regular) += 1;
	self->n_accepted++;
	self->n_refused += is_surplus;
	tend_by(self, proxy_connection_due_ms(entry->connection));
}

static void on_listener(void *data, unsigned events)
{
	struct proxy_door *self = data;

	(void)events;
	for (int i = 0; i < ACCEPTS_PER_TURN && has_room(self); i++) {
		int fd = accept4(self->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			take(self, fd);
			continue;
		}
		if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
			break;
		/* Out of descriptors, most likely: look again when some have been closed. */
		log_warning(self->lease_id, "cannot accept a connection: %m");
		watch_set_events(self->watch, 0);
		tend_by(self, clock_now_ms() + TEND_MIN_MS);
		return;
	}
	listen_or_wait(self);
}

static void check_deadlines(struct proxy_door *self)
{
	uint64_t now_ms = clock_now_ms();

	for (struct entry *entry = self->entries; entry; entry = entry->next)
		proxy_connection_check_deadline(entry->connection, now_ms);
}

static uint64_t next_deadline(const struct proxy_door *self)
{
	uint64_t at_ms = UINT64_MAX, soon_ms = clock_now_ms() + TEND_MIN_MS;

	for (const struct entry *entry = self->entries; entry; entry = entry->next) {
		uint64_t due_ms = proxy_connection_due_ms(entry->connection);
		at_ms = due_ms < at_ms ? due_ms : at_ms;
	}
	return at_ms > soon_ms ? at_ms : soon_ms;
}

static void reap(struct proxy_door *self)
{
	for (struct entry **at = &self->entries; *at;) {
		struct entry *entry = *at;
		if (!proxy_connection_is_over(entry->connection)) {
			at = &entry->next;
			continue;
		}
		*at = entry->next;
		*(proxy_connection_is_surplus(entry->connection) ? &self->n_surplus
		                                                 : &self->n_regular) -= 1;
		proxy_connection_free(entry->connection);
		free(entry);
	}
}

static void tend(void *data)
{
	struct proxy_door *self = data;

	self->tend_at_ms = UINT64_MAX;
	check_deadlines(self);
	reap(self);
	tend_by(self, next_deadline(self));
	if (self->listener >= 0)
		listen_or_wait(self);
	else if (!self->entries)
		self->on_empty(self->data, self);
}

struct proxy_door *proxy_door_new(const struct egress_context *context, uint64_t lease_id,
        int listener, proxy_door_fn on_empty, void *data)
{
	struct proxy_door *self = calloc(1, sizeof(*self));

	if (!self) {
		close(listener);
		return NULL;
	}
	*self = (struct proxy_door){.context = context,
	        .lease_id = lease_id,
	        .listener = listener,
	        .tend_at_ms = UINT64_MAX,
	        .on_empty = on_empty,
	        .data = data};
	self->timer = timer_new(context->loop, tend, self);
	self->watch = watch_new(context->loop, listener, LOOP_READ, on_listener, self);
	if (self->timer && self->watch)
		return self;
	watch_free(self->watch);
	timer_free(self->timer);
	close(listener);
	free(self);
	return NULL;
}

void proxy_door_shut(struct proxy_door *self)
{
	if (self->listener < 0)
		return;
	log_info(self->lease_id, "door shut after %llu connections, %llu of them over the limit",
	        (unsigned long long)self->n_accepted, (unsigned long long)self->n_refused);
	watch_free(self->watch);
	self->watch = NULL;
	close(self->listener);
	self->listener = -1;
	for (struct entry *entry = self->entries; entry; entry = entry->next)
		proxy_connection_close(entry->connection);
	tend_by(self, 0);
}

void proxy_door_free(struct proxy_door *self)
{
	if (!self)
		return;
	ensure(self->listener < 0 && !self->entries);
	timer_free(self->timer);
	free(self);
}

uint64_t proxy_door_lease_id(const struct proxy_door *self)
{
	return self->lease_id;
}
