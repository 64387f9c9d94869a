/* The life of one proxied connection. On one side stands the isolated host (hostile), on the other the web
 * (hostile too); what either says is parsed elsewhere (proxy_request.c, client_hello.c, http_head.c) or passed on unread. */
#include "egress/proxy_connection.h"

#include "base/ensure.h"
#include "base/error.h"
#include "base/log.h"
#include "base/loop.h"
#include "egress/answer.h"
#include "egress/client_hello.h"
#include "egress/dial.h"
#include "egress/egress_context.h"
#include "egress/egress_policy.h"
#include "egress/egress_records.h"
#include "egress/proxy_body.h"
#include "egress/proxy_flow.h"
#include "egress/proxy_request.h"
#include "egress/resolver.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum connection_state {
	STATE_REQUEST,        /* the head of the request is being read */
	STATE_RESOLVING,      /* DNS is asked */
	STATE_DIALING,        /* connecting */
	STATE_UPSTREAM_REPLY, /* the upstream proxy was sent CONNECT */
	STATE_HELLO, /* the tunnel is open for what the server says; the client's first bytes are looked at */
	STATE_RELAYING,
	STATE_ANSWERING, /* egress answers by itself, then closes */
	STATE_CLOSED,
};

struct side {
	int fd; /* -1: not there */
	struct watch *watch;
	bool is_hung_up; /* fully closed by the peer: no watch any more, for it would fire for ever */
};

struct proxy_connection {
	const struct egress_context *context;
	uint64_t lease_id;
	enum connection_state state;
	bool is_surplus;
	bool is_resolving;
	bool is_upstream;
	bool is_request_over; /* absolute-form: nothing more of the client is sent on */
	bool was_unrecorded;
	uint64_t due_ms; /* clock_now_ms() */
	struct side client, server;
	struct proxy_flow up, down; /* client to server, server to client */
	struct http_head_scan scan;
	struct proxy_body body;
	struct dial *dial;
	/* of the request */
	bool is_connect;
	bool is_head;
	bool has_host;
	char method[PROXY_METHOD_MAX + 1];
	struct proxy_host host;
	uint16_t port;
	uint16_t dial_port;
	proxy_connection_fn on_closed;
	void *data;
};

static void update_watches(struct proxy_connection *self);
static void on_client(void *data, unsigned events);
static void on_server(void *data, unsigned events);

/* ---- states ---- */

static bool may_follow(enum connection_state from, enum connection_state to)
{
	if (to == STATE_CLOSED)
		return from != STATE_CLOSED;
	if (to == STATE_ANSWERING)
		return from < STATE_RELAYING;
	return from < STATE_ANSWERING && to > from;
}

static void close_side(struct side *side)
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
	self->due_ms = clock_now_ms() + delay_ms;
}

static void set_state(struct proxy_connection *self, enum connection_state state)
{
	ensure(may_follow(self->state, state));
	/* Resolving and dialing share one deadline. */
	bool keeps_deadline = self->state == STATE_RESOLVING && state == STATE_DIALING;
	self->state = state;
	if (!keeps_deadline)
		set_deadline(self, deadline_of(self));
	if (state == STATE_CLOSED) {
		close_side(&self->client);
		close_side(&self->server);
		dial_free(self->dial);
		self->dial = NULL;
		proxy_flow_kill(&self->up);
		proxy_flow_kill(&self->down);
		self->on_closed(self->data);
	}
}

void proxy_connection_close(struct proxy_connection *self)
{
	if (self->state != STATE_CLOSED)
		set_state(self, STATE_CLOSED);
}

/* ---- refusing ---- */

static int record(struct proxy_connection *self, enum egress_verdict verdict,
        const struct net_address *address)
{
	return egress_records_put(self->context->records, self->lease_id, verdict, self->method,
	        self->has_host ? &self->host : NULL, self->port, address);
}

/* From here on the host hears our own bytes only, and then the end. */
static void answer_bytes(struct proxy_connection *self, const uint8_t *bytes, size_t length)
{
	close_side(&self->server);
	dial_free(self->dial);
	self->dial = NULL;
	proxy_flow_kill(&self->up);
	self->down.source_ended = true;
	set_state(self, STATE_ANSWERING);
	if (proxy_flow_add_prefix(&self->down, bytes, length)) {
		proxy_connection_close(self);
		return;
	}
	update_watches(self);
}

static void answer(struct proxy_connection *self, enum answer_reason reason)
{
	static uint8_t page[ANSWER_PAGE_MAX];
	size_t length;
	char quoted[LOG_QUOTE_MAX], host[PROXY_HOST_TEXT_MAX] = "";

	if (self->has_host)
		proxy_host_text(&self->host, host);
	log_debug(self->lease_id, "answered %u to %s \"%s\" port %u", answer_status(reason),
	        self->method, log_quote(quoted, host, strlen(host)), self->port);
	/* What an upstream proxy answered is its own words: not shown. */
	proxy_flow_finish(&self->down);
	ensure(!answer_write(reason, self->has_host ? &self->host : NULL, self->context->contact,
	        !self->is_head, page, sizeof(page), &length));
	answer_bytes(self, page, length);
}

static void refuse(
        struct proxy_connection *self, enum egress_verdict verdict, enum answer_reason reason)
{
	/* Refused with or without a record: a record that cannot be made stops connections, not refusals. */
	record(self, verdict, NULL);
	answer(self, reason);
}

static enum answer_reason reason_of(enum egress_verdict verdict)
{
	switch (verdict) {
	case EGRESS_DENIED_BY_LIST:
		return ANSWER_DENIED_BY_LIST;
	case EGRESS_DENIED_ADDRESS:
		return ANSWER_DENIED_ADDRESS;
	case EGRESS_DENIED_PORT:
		return ANSWER_DENIED_PORT;
	case EGRESS_NOT_RESOLVED:
		return ANSWER_NOT_RESOLVED;
	case EGRESS_OVER_LIMIT:
		return ANSWER_OVER_LIMIT;
	case EGRESS_UNREACHABLE:
		return ANSWER_UNREACHABLE;
	case EGRESS_ALLOWED:
	case EGRESS_MALFORMED:
	case EGRESS_DENIED_SNI:
		break;
	}
	return ANSWER_MALFORMED;
}

static void refuse_unreachable(struct proxy_connection *self)
{
	refuse(self, EGRESS_UNREACHABLE,
	        self->is_upstream ? ANSWER_UPSTREAM_DOWN : ANSWER_UNREACHABLE);
}

/* ---- the tunnel's first bytes ---- */

static bool is_name_expected(const struct proxy_connection *self, const struct client_hello *hello)
{
	/* An address is asked for without a name; a name beside it would be another host's. */
	if (self->host.is_address)
		return !hello->has_server_name;
	return hello->has_server_name && strcmp(hello->server_name, self->host.name) == 0;
}

static void refuse_hello(struct proxy_connection *self, bool has_encrypted_hello)
{
	/* TLS alert, fatal, unrecognized_name: the browser says what it is, instead of "reset". */
	static const uint8_t alert[] = {21, 3, 3, 0, 2, 2, 112};

	record(self, EGRESS_DENIED_SNI, NULL);
	log_info(self->lease_id, "the TLS server name differs from the name asked for%s",
	        has_encrypted_hello ? " (the ClientHello carries an encrypted one)" : "");
	answer_bytes(self, alert, sizeof(alert));
}

/* Port 443 speaks TLS. Elsewhere (WebSockets without TLS) only what begins like TLS is looked at. */
static bool is_hello_needed(
        const struct proxy_connection *self, const uint8_t *bytes, size_t length)
{
	return self->port == 443 || (length > 0 && bytes[0] == 22);
}

static void check_hello(struct proxy_connection *self)
{
	struct client_hello hello = {0};
	size_t length;
	const uint8_t *bytes = proxy_flow_bytes(&self->up, &length);

	if (length == 0 && !self->up.source_ended)
		return;
	if (!is_hello_needed(self, bytes, length)) {
		set_state(self, STATE_RELAYING);
		return;
	}
	int result = client_hello_parse(bytes, length, &hello);
	if (result == 0 && !self->up.source_ended)
		return;
	if (result > 0 && is_name_expected(self, &hello))
		set_state(self, STATE_RELAYING);
	else
		refuse_hello(self, hello.has_encrypted_hello);
}

static void open_tunnel(struct proxy_connection *self)
{
	if (proxy_flow_add_prefix(&self->down, ANSWER_TUNNEL, strlen(ANSWER_TUNNEL))) {
		proxy_connection_close(self);
		return;
	}
	set_state(self, self->context->check_server_name ? STATE_HELLO : STATE_RELAYING);
	/* Bytes that came with the CONNECT are the tunnel's first. */
	if (self->state == STATE_HELLO)
		check_hello(self);
}

static void take_upstream_reply(struct proxy_connection *self)
{
	unsigned status = 0;
	size_t length;
	const uint8_t *bytes = proxy_flow_bytes(&self->down, &length);
	int result = length > 0 ? http_reply_parse(bytes, length, &status) : 0;

	if (result == 0 && !self->down.source_ended)
		return;
	if (result > 0 && status >= 200 && status < 300) {
		proxy_flow_consume(&self->down, (size_t)result);
		open_tunnel(self);
	} else if (result > 0 && (status == 403 || status == 451)) {
		refuse(self, EGRESS_UNREACHABLE, ANSWER_UPSTREAM_REFUSED);
	} else {
		refuse_unreachable(self);
	}
}

/* ---- connecting ---- */

/* No record, no connection. */
static bool on_attempt(void *data, const struct net_endpoint *endpoint)
{
	struct proxy_connection *self = data;

	self->was_unrecorded = record(self, EGRESS_ALLOWED, &endpoint->address) != 0;
	return !self->was_unrecorded;
}

static void on_connected(struct proxy_connection *self, int fd)
{
	self->server.fd = fd;
	self->server.watch = watch_new(self->context->loop, fd, 0, on_server, self);
	if (!self->server.watch) {
		proxy_connection_close(self);
		return;
	}
	if (!self->is_connect)
		set_state(self, STATE_RELAYING);
	else if (self->is_upstream)
		set_state(self, STATE_UPSTREAM_REPLY);
	else
		open_tunnel(self);
	if (self->state != STATE_CLOSED)
		update_watches(self);
}

static void on_dialed(void *data, int fd, int error)
{
	struct proxy_connection *self = data;

	dial_free(self->dial);
	self->dial = NULL;
	if (fd >= 0)
		on_connected(self, fd);
	else if (error == SHOJI_ERR_FORBIDDEN)
		answer(self, ANSWER_NOT_RECORDED);
	else
		refuse_unreachable(self);
}

static void dial(
        struct proxy_connection *self, const struct net_endpoint *endpoints, size_t n_endpoints)
{
	uint64_t now_ms = clock_now_ms();

	set_state(self, STATE_DIALING);
	update_watches(self);
	self->dial = dial_new(self->context->loop, endpoints, n_endpoints,
	        self->due_ms > now_ms ? self->due_ms - now_ms : 0, on_attempt, on_dialed, self);
	if (self->dial)
		dial_start(self->dial);
	else
		proxy_connection_close(self);
}

/* Every address is checked; those that pass are connected to as they are, never by name again. The upstream
 * proxy's own addresses are private as a rule: the administrator named it. */
static void on_resolved(void *data, const struct net_address *addresses, size_t n_addresses)
{
	struct proxy_connection *self = data;
	struct net_endpoint endpoints[RESOLVER_ADDRESSES_MAX];
	size_t n_endpoints = 0;

	self->is_resolving = false;
	if (self->state == STATE_CLOSED) {
		self->on_closed(self->data);
		return;
	}
	if (self->state != STATE_RESOLVING)
		return; /* answered already: the deadline passed */
	for (size_t i = 0; i < n_addresses; i++)
		if (self->is_upstream ||
		        egress_policy_check(self->context->policy, &addresses[i]) == EGRESS_ALLOWED)
			endpoints[n_endpoints++] = (struct net_endpoint){
			        .address = addresses[i], .port = self->dial_port};
	if (n_endpoints > 0)
		dial(self, endpoints, n_endpoints);
	else if (self->is_upstream)
		refuse_unreachable(self);
	else if (n_addresses > 0)
		refuse(self, EGRESS_DENIED_ADDRESS, ANSWER_DENIED_ADDRESS);
	else
		refuse(self, EGRESS_NOT_RESOLVED, ANSWER_NOT_RESOLVED);
}

static void resolve(struct proxy_connection *self, const char *name, uint16_t port)
{
	set_state(self, STATE_RESOLVING);
	update_watches(self);
	self->dial_port = port;
	self->is_resolving = true;
	resolver_lookup(self->context->resolver, name, on_resolved, self);
}

static void go_upstream(struct proxy_connection *self)
{
	const struct egress_policy *policy = self->context->policy;
	struct net_endpoint endpoint;

	if (egress_policy_upstream_endpoint(policy, &endpoint))
		dial(self, &endpoint, 1);
	else
		resolve(self, egress_policy_upstream(policy)->name,
		        egress_policy_upstream_port(policy));
}

static void follow_route(struct proxy_connection *self, const struct egress_route *route)
{
	switch (route->kind) {
	case ROUTE_ADDRESS:
		dial(self, &route->endpoint, 1);
		return;
	case ROUTE_RESOLVE:
		resolve(self, self->host.name, route->endpoint.port);
		return;
	case ROUTE_UPSTREAM:
		self->is_upstream = true;
		go_upstream(self);
		return;
	case ROUTE_REFUSED:
		refuse(self, route->verdict, reason_of(route->verdict));
		return;
	case ROUTE_START_PAGE:
		break;
	}
	ensure(!"the start page has been answered before");
}

/* ---- the request ---- */

/* Only what belongs to the request's body stays of the last `length` bytes that were read. */
static int keep_body(struct proxy_connection *self, size_t length)
{
	size_t available, consumed;
	const uint8_t *bytes = proxy_flow_bytes(&self->up, &available);

	if (length > 0) {
		int error = proxy_body_consume(
		        &self->body, bytes + (available - length), length, &consumed);
		if (error)
			return error;
		proxy_flow_cut(&self->up, length - consumed);
	}
	self->is_request_over = proxy_body_is_done(&self->body);
	return 0;
}

/* What the server, or the upstream proxy, is sent first. */
static int prepare_head(struct proxy_connection *self, const struct proxy_request *request,
        const struct egress_route *route)
{
	static uint8_t head[HTTP_HEAD_MAX + 1024];
	bool is_upstream = route->kind == ROUTE_UPSTREAM;
	size_t length = 0;
	int error = 0;

	if (!request->is_connect)
		error = proxy_request_write(request, is_upstream ? &route->host : NULL,
		        route->endpoint.port, head, sizeof(head), &length);
	else if (is_upstream)
		error = proxy_connect_write(
		        &route->host, route->endpoint.port, head, sizeof(head), &length);
	return error || length == 0 ? error : proxy_flow_add_prefix(&self->up, head, length);
}

static void answer_start_page(struct proxy_connection *self, const struct proxy_request *request)
{
	static uint8_t page[ANSWER_PAGE_MAX];
	size_t length;

	ensure(!start_page_write(request->method, request->path, request->path_length,
	        self->context->contact, page, sizeof(page), &length));
	answer_bytes(self, page, length);
}

static void note_request(struct proxy_connection *self, const struct proxy_request *request)
{
	self->is_connect = request->is_connect;
	self->is_head = strcmp(request->method, "HEAD") == 0;
	self->has_host = true;
	memcpy(self->method, request->method, sizeof(self->method));
	self->host = request->host;
	self->port = request->port;
}

static void take_request(
        struct proxy_connection *self, const struct proxy_request *request, size_t head_length)
{
	struct egress_route route;
	size_t available;

	note_request(self, request);
	if (self->is_surplus) {
		refuse(self, EGRESS_OVER_LIMIT, ANSWER_OVER_LIMIT);
		return;
	}
	egress_policy_route(
	        self->context->policy, &request->host, request->port, request->is_connect, &route);
	if (route.kind == ROUTE_START_PAGE) {
		answer_start_page(self, request);
		return;
	}
	if (prepare_head(self, request, &route)) {
		refuse(self, EGRESS_MALFORMED, ANSWER_TOO_LARGE);
		return;
	}
	proxy_body_init(&self->body, request->body, request->content_length);
	proxy_flow_consume(&self->up, head_length); /* request borrows from here: not used below */
	proxy_flow_bytes(&self->up, &available);
	if (!self->is_connect && keep_body(self, available))
		refuse(self, EGRESS_MALFORMED, ANSWER_MALFORMED);
	else
		follow_route(self, &route);
}

static void read_request(struct proxy_connection *self)
{
	struct proxy_request request;
	bool is_first = proxy_flow_is_empty(&self->up);
	int result = proxy_flow_read(&self->up, self->client.fd);

	if (result == SHOJI_ERR_AGAIN)
		return;
	if (result <= 0) {
		proxy_connection_close(self); /* half a request is none */
		return;
	}
	if (is_first)
		set_deadline(self, request_deadline(self));
	size_t length;
	const uint8_t *bytes = proxy_flow_bytes(&self->up, &length);
	result = http_head_scan(&self->scan, bytes, length);
	if (result > 0)
		result = proxy_request_parse(bytes, length, &request);
	if (result > 0)
		take_request(self, &request, (size_t)result);
	else if (result < 0)
		refuse(self, EGRESS_MALFORMED,
		        result == SHOJI_ERR_LIMIT ? ANSWER_TOO_LARGE : ANSWER_MALFORMED);
}

/* ---- relaying ---- */

static bool may_read_client(const struct proxy_connection *self)
{
	return (self->state == STATE_HELLO || self->state == STATE_RELAYING) &&
	       !self->up.source_ended && !self->is_request_over && proxy_flow_has_room(&self->up);
}

static bool may_read_server(const struct proxy_connection *self)
{
	return self->server.fd >= 0 && !self->down.source_ended && proxy_flow_has_room(&self->down);
}

/* More of a request's body, or of a tunnel. */
static void pull_client(struct proxy_connection *self)
{
	int n = proxy_flow_read(&self->up, self->client.fd);

	if (n == SHOJI_ERR_AGAIN)
		return;
	/* A request that breaks off, or a client that is gone: nobody to answer. */
	if (n < 0 || (n == 0 && !self->is_connect)) {
		proxy_connection_close(self);
		return;
	}
	if (self->state == STATE_RELAYING) /* a ClientHello's deadline does not move */
		set_deadline(self, deadline_of(self));
	if (self->is_connect || keep_body(self, (size_t)n) == 0)
		return;
	record(self, EGRESS_MALFORMED, NULL);
	proxy_connection_close(self);
}

static void pull_server(struct proxy_connection *self)
{
	int n = proxy_flow_read(&self->down, self->server.fd);

	if (n == SHOJI_ERR_AGAIN)
		return;
	if (n < 0) { /* reset: what came before still goes to the client */
		self->down.source_ended = true;
		proxy_flow_kill(&self->up);
	}
	if (self->state == STATE_RELAYING)
		set_deadline(self, deadline_of(self));
	if (self->state == STATE_UPSTREAM_REPLY)
		take_upstream_reply(self);
}

static void push_client(struct proxy_connection *self)
{
	if (self->client.is_hung_up || self->state == STATE_UPSTREAM_REPLY)
		return;
	int n = proxy_flow_write(&self->down, self->client.fd, false);
	if (n < 0)
		proxy_connection_close(self);
	else if (n > 0 && self->state == STATE_RELAYING)
		set_deadline(self, deadline_of(self));
}

static void push_server(struct proxy_connection *self)
{
	int n = proxy_flow_write(&self->up, self->server.fd, self->state != STATE_RELAYING);

	if (n < 0) /* the server stopped listening; it may still have an answer for us */
		proxy_flow_kill(&self->up);
	else if (n > 0 && self->state == STATE_RELAYING)
		set_deadline(self, deadline_of(self));
}

/* Passes on the end of one direction. The end of a whole request is known without it, and many servers take a
 * half-closed client for one that is gone: so it is forwarded in tunnels only. */
static void forward_end(struct proxy_flow *flow, const struct side *sink)
{
	if (!flow->source_ended || flow->sink_ended || !proxy_flow_is_empty(flow))
		return;
	flow->sink_ended = true;
	if (!sink->is_hung_up)
		shutdown(sink->fd, SHUT_WR);
}

static void forward_ends(struct proxy_connection *self)
{
	forward_end(&self->down, &self->client);
	if (self->is_connect && self->state == STATE_RELAYING)
		forward_end(&self->up, &self->server);
	if (self->down.sink_ended && (self->up.sink_ended || !self->is_connect))
		proxy_connection_close(self);
}

/* A peer that closed both ways: its watch would fire without end, so it goes. What it has sent is still read,
 * driven by the other side. */
static void hang_up(struct side *side)
{
	watch_free(side->watch);
	side->watch = NULL;
	side->is_hung_up = true;
}

static bool is_live(const struct proxy_connection *self)
{
	return self->state == STATE_UPSTREAM_REPLY || self->state == STATE_HELLO ||
	       self->state == STATE_RELAYING;
}

/* One turn: at most one buffer each way. */
static void relay(struct proxy_connection *self, bool client_ready, bool server_ready)
{
	if ((client_ready || self->client.is_hung_up) && may_read_client(self))
		pull_client(self);
	if (self->state == STATE_HELLO)
		check_hello(self);
	if (is_live(self) && (server_ready || self->server.is_hung_up) && may_read_server(self))
		pull_server(self);
	if (is_live(self))
		push_client(self);
	if (is_live(self))
		push_server(self);
	if (is_live(self) && self->state != STATE_UPSTREAM_REPLY)
		forward_ends(self);
	if (self->state != STATE_CLOSED)
		update_watches(self);
}

static void client_hung_up(struct proxy_connection *self)
{
	/* Only a tunnel's last bytes are still worth delivering. */
	if (!self->is_connect || (self->state != STATE_RELAYING && self->state != STATE_HELLO)) {
		proxy_connection_close(self);
		return;
	}
	hang_up(&self->client);
	proxy_flow_kill(&self->down);
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
	forward_end(&self->down, &self->client);
	if (self->down.sink_ended && self->is_request_over)
		proxy_connection_close(self);
	else
		update_watches(self);
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
		if (may_read_client(self))
			events |= LOOP_READ;
		if (!proxy_flow_is_empty(&self->down) ||
		        (self->server.is_hung_up && may_read_server(self)))
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

	return (may_read_server(self) ? LOOP_READ : 0u) |
	       (has_data || (self->client.is_hung_up && may_read_client(self)) ? LOOP_WRITE : 0u);
}

static void update_watches(struct proxy_connection *self)
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
		read_request(self);
		return;
	}
	if (events & LOOP_HANGUP)
		client_hung_up(self);
	if (is_live(self))
		relay(self, events & LOOP_READ, false);
}

static void on_server(void *data, unsigned events)
{
	struct proxy_connection *self = data;

	if (events & LOOP_HANGUP) {
		hang_up(&self->server);
		proxy_flow_kill(&self->up);
	}
	relay(self, false, events & LOOP_READ);
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
			refuse(self, EGRESS_MALFORMED, ANSWER_TOO_SLOW);
		return;
	case STATE_RESOLVING:
		if (self->is_upstream)
			refuse_unreachable(self);
		else
			refuse(self, EGRESS_NOT_RESOLVED, ANSWER_NOT_RESOLVED);
		return;
	case STATE_DIALING:
	case STATE_UPSTREAM_REPLY:
		refuse_unreachable(self);
		return;
	case STATE_HELLO:
	case STATE_RELAYING:
	case STATE_ANSWERING:
	case STATE_CLOSED:
		break;
	}
	proxy_connection_close(self);
}

/* ---- life ---- */

struct proxy_connection *proxy_connection_new(const struct egress_context *context,
        uint64_t lease_id, int fd, bool is_surplus, proxy_connection_fn on_closed, void *data)
{
	struct proxy_connection *self = calloc(1, sizeof(*self));

	if (!self) {
		close(fd);
		return NULL;
	}
	self->context = context;
	self->lease_id = lease_id;
	self->is_surplus = is_surplus;
	self->on_closed = on_closed;
	self->data = data;
	self->client.fd = fd;
	self->server.fd = -1;
	set_deadline(self, deadline_of(self));
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
	close_side(&self->client);
	close_side(&self->server);
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
