/* The life of one proxied connection. On one side stands the isolated host (hostile), on the other the web
 * (hostile too); what either says is parsed elsewhere (proxy_request.c, client_hello.c, http_head.c) or passed on unread. */
#include "egress/proxy_connection_parts.h"

#include "base/ensure.h"
#include "base/loop.h"
#include "egress/dial.h"
#include "egress/egress_context.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- states ---- */

static bool may_follow(enum connection_state from, enum connection_state to)
{
	if (to == STATE_CLOSED)
		return from != STATE_CLOSED;
	if (to == STATE_ANSWERING)
		return from < STATE_RELAYING;
	return from < STATE_ANSWERING && to > from;
}

void proxy_connection_close_side(struct side *side)
{
	watch_free(side->watch);
	side->watch = NULL;
	if (side->fd >= 0)
		close(side->fd);
	side->fd = -1;
}

static uint64_t request_deadline(const struct proxy_connection *self)
{
	uint64_t idle_ms = self->context->idle_deadline_ms;

	return idle_ms < PROXY_REQUEST_DEADLINE_MS ? idle_ms : PROXY_REQUEST_DEADLINE_MS;
}

static uint64_t deadline_of(const struct proxy_connection *self)
{
	switch (self->state) {
	case STATE_RESOLVING:
	case STATE_DIALING:
	case STATE_UPSTREAM_REPLY:
		return self->context->connect_deadline_ms;
	case STATE_HELLO:
		return self->port == 443 ? request_deadline(self) : self->context->idle_deadline_ms;
	case STATE_ANSWERING:
		return PROXY_ANSWER_DEADLINE_MS;
	case STATE_REQUEST: /* before its first byte: a browser opens connections ahead of need */
	case STATE_RELAYING:
	case STATE_CLOSED:
		break;
	}
	return self->context->idle_deadline_ms;
}

static void set_deadline(struct proxy_connection *self, uint64_t delay_ms)
{
	uint64_t due_ms = clock_now_ms() + delay_ms;
	bool is_nearer = due_ms < self->due_ms;

	self->due_ms = due_ms;
	if (is_nearer)
		self->events.on_nearer(self->data);
}

void proxy_connection_extend(struct proxy_connection *self)
{
	set_deadline(self, deadline_of(self));
}

void proxy_connection_begin_request(struct proxy_connection *self)
{
	set_deadline(self, request_deadline(self));
}

void proxy_connection_set_state(struct proxy_connection *self, enum connection_state state)
{
	ensure(may_follow(self->state, state));
	/* Resolving and dialing share one deadline. */
	bool keeps_deadline = self->state == STATE_RESOLVING && state == STATE_DIALING;
	self->state = state;
	if (!keeps_deadline)
		proxy_connection_extend(self);
	if (state == STATE_CLOSED) {
		proxy_connection_close_side(&self->client);
		proxy_connection_close_side(&self->server);
		dial_free(self->dial);
		self->dial = NULL;
		proxy_flow_kill(&self->up);
		proxy_flow_kill(&self->down);
		self->events.on_closed(self->data);
	}
}

void proxy_connection_close(struct proxy_connection *self)
{
	if (self->state != STATE_CLOSED)
		proxy_connection_set_state(self, STATE_CLOSED);
}

/* ---- our own answer ---- */

/* The host may still be sending: read and forget until it has our answer, so that no reset overtakes it. */
static void discard_client(struct proxy_connection *self)
{
	uint8_t unused[4096];

	ssize_t n = recv(self->client.fd, unused, sizeof(unused), 0);
	if (n == 0)
		self->up.source_ended = self->is_request_over = true;
}

static void go_on_answering(struct proxy_connection *self, unsigned events)
{
	if (events & LOOP_HANGUP) {
		proxy_connection_close(self);
		return;
	}
	if (events & LOOP_READ)
		discard_client(self);
	if (proxy_flow_write(&self->down, self->client.fd, false) < 0) {
		proxy_connection_close(self);
		return;
	}
	proxy_relay_forward_end(&self->down, &self->client);
	if (self->down.sink_ended && self->is_request_over)
		proxy_connection_close(self);
	else
		proxy_connection_update_watches(self);
}

/* ---- events ---- */

static unsigned client_events(const struct proxy_connection *self)
{
	unsigned events = 0;

	switch (self->state) {
	case STATE_REQUEST:
		return LOOP_READ;
	case STATE_ANSWERING:
		return (self->is_request_over ? 0u : LOOP_READ) |
		       (proxy_flow_is_empty(&self->down) ? 0u : LOOP_WRITE);
	case STATE_HELLO:
	case STATE_RELAYING:
		if (proxy_relay_may_read_client(self) || proxy_relay_watches_for_more(self))
			events |= LOOP_READ;
		if (!proxy_flow_is_empty(&self->down) ||
		        (self->server.is_hung_up && proxy_relay_may_read_server(self)))
			events |= LOOP_WRITE;
		return events;
	case STATE_UPSTREAM_REPLY:
		return self->server.is_hung_up ? LOOP_WRITE : 0u;
	case STATE_RESOLVING:
	case STATE_DIALING:
	case STATE_CLOSED:
		break;
	}
	return 0;
}

static unsigned server_events(const struct proxy_connection *self)
{
	bool has_data = self->state == STATE_RELAYING ? !proxy_flow_is_empty(&self->up)
	                                              : proxy_flow_has_prefix(&self->up);

	return (proxy_relay_may_read_server(self) ? LOOP_READ : 0u) |
	       (has_data || (self->client.is_hung_up && proxy_relay_may_read_client(self))
	                       ? LOOP_WRITE
	                       : 0u);
}

void proxy_connection_update_watches(struct proxy_connection *self)
{
	if (self->client.watch)
		watch_set_events(self->client.watch, client_events(self));
	if (self->server.watch)
		watch_set_events(self->server.watch, server_events(self));
}

static void on_client(void *data, unsigned events)
{
	struct proxy_connection *self = data;

	if (self->state == STATE_ANSWERING) {
		go_on_answering(self, events);
		return;
	}
	/* A request may arrive together with its sender's end: its bytes are read first. */
	if (self->state == STATE_REQUEST && events & LOOP_READ) {
		proxy_intake_read(self);
		return;
	}
	if (events & LOOP_HANGUP)
		proxy_relay_client_hung_up(self);
	if (proxy_relay_is_live(self))
		proxy_relay_turn(self, events & LOOP_READ, false);
}

void proxy_connection_on_server(void *data, unsigned events)
{
	struct proxy_connection *self = data;

	if (events & LOOP_HANGUP) {
		proxy_relay_hang_up(&self->server);
		proxy_flow_kill(&self->up);
	}
	proxy_relay_turn(self, false, events & LOOP_READ);
}

void proxy_connection_check_deadline(struct proxy_connection *self, uint64_t now_ms)
{
	if (self->state == STATE_CLOSED || now_ms < self->due_ms)
		return;
	switch (self->state) {
	case STATE_REQUEST:
		if (proxy_flow_is_empty(&self->up))
			proxy_connection_close(self);
		else
			proxy_connection_refuse(self, EGRESS_MALFORMED, ANSWER_TOO_SLOW);
		return;
	case STATE_RESOLVING:
		if (self->is_upstream)
			proxy_connection_refuse_unreachable(self);
		else
			proxy_connection_refuse(self, EGRESS_NOT_RESOLVED, ANSWER_NOT_RESOLVED);
		return;
	case STATE_DIALING:
	case STATE_UPSTREAM_REPLY:
		proxy_connection_refuse_unreachable(self);
		return;
	case STATE_HELLO:
	case STATE_RELAYING:
	case STATE_ANSWERING:
	case STATE_CLOSED:
		break;
	}
	proxy_connection_close(self);
}

uint64_t proxy_connection_due_ms(const struct proxy_connection *self)
{
	return self->state == STATE_CLOSED ? UINT64_MAX : self->due_ms;
}

/* ---- life ---- */

struct proxy_connection *proxy_connection_new(const struct egress_context *context,
        uint64_t lease_id, int fd, bool is_surplus, const struct proxy_connection_events *events,
        void *data)
{
	struct proxy_connection *self = calloc(1, sizeof(*self));

	if (!self) {
		close(fd);
		return NULL;
	}
	self->context = context;
	self->lease_id = lease_id;
	self->is_surplus = is_surplus;
	self->events = *events;
	self->data = data;
	self->client.fd = fd;
	self->server.fd = -1;
	proxy_connection_extend(self);
	self->client.watch = watch_new(context->loop, fd, LOOP_READ, on_client, self);
	if (self->client.watch)
		return self;
	close(fd);
	free(self);
	return NULL;
}

void proxy_connection_free(struct proxy_connection *self)
{
	if (!self)
		return;
	ensure(!self->is_resolving);
	proxy_connection_close_side(&self->client);
	proxy_connection_close_side(&self->server);
	dial_free(self->dial);
	proxy_flow_finish(&self->up);
	proxy_flow_finish(&self->down);
	free(self);
}

bool proxy_connection_is_over(const struct proxy_connection *self)
{
	return self->state == STATE_CLOSED && !self->is_resolving;
}

bool proxy_connection_is_surplus(const struct proxy_connection *self)
{
	return self->is_surplus;
}
