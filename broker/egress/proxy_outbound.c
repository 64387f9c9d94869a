/* The way from an allowed request to a connected descriptor: DNS, the check of every address, the record, connecting. */
#include "egress/proxy_connection_parts.h"

#include "base/ensure.h"
#include "base/error.h"
#include "base/loop.h"
#include "egress/dial.h"
#include "egress/egress_context.h"
#include "egress/egress_policy.h"
#include "egress/own_addresses.h"
#include "egress/resolver.h"

/* No record, no connection. */
static bool on_attempt(void *data, const struct net_endpoint *endpoint)
{
	struct proxy_connection *self = data;

	return proxy_connection_record(self, EGRESS_ALLOWED, &endpoint->address) == 0;
}

static void on_connected(struct proxy_connection *self, int fd)
{
	self->server.fd = fd;
	self->server.watch =
	        watch_new(self->context->loop, fd, 0, proxy_connection_on_server, self);
	if (!self->server.watch) {
		proxy_connection_close(self);
		return;
	}
	if (!self->is_connect)
		proxy_connection_set_state(self, STATE_RELAYING);
	else if (self->is_upstream)
		proxy_connection_set_state(self, STATE_UPSTREAM_REPLY);
	else
		proxy_tunnel_open(self);
	if (self->state != STATE_CLOSED)
		proxy_connection_update_watches(self);
}

static void on_dialed(void *data, int fd, int error)
{
	struct proxy_connection *self = data;

	dial_free(self->dial);
	self->dial = NULL;
	if (fd >= 0)
		on_connected(self, fd);
	else if (error == SHOJI_ERR_FORBIDDEN)
		proxy_connection_answer(self, ANSWER_NOT_RECORDED);
	else
		proxy_connection_refuse_unreachable(self);
}

static void dial(
        struct proxy_connection *self, const struct net_endpoint *endpoints, size_t n_endpoints)
{
	uint64_t now_ms = clock_now_ms();

	proxy_connection_set_state(self, STATE_DIALING);
	proxy_connection_update_watches(self);
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
		self->events.on_closed(self->data);
		return;
	}
	if (self->state != STATE_RESOLVING)
		return; /* answered already: the deadline passed */
	own_addresses_freshen(self->context->own);
	for (size_t i = 0; i < n_addresses; i++)
		if (self->is_upstream ||
		        egress_policy_check(self->context->policy, &addresses[i]) == EGRESS_ALLOWED)
			endpoints[n_endpoints++] = (struct net_endpoint){
			        .address = addresses[i], .port = self->dial_port};
	if (n_endpoints > 0)
		dial(self, endpoints, n_endpoints);
	else if (self->is_upstream)
		proxy_connection_refuse_unreachable(self);
	else if (n_addresses > 0)
		proxy_connection_refuse(self, EGRESS_DENIED_ADDRESS, ANSWER_DENIED_ADDRESS);
	else
		proxy_connection_refuse(self, EGRESS_NOT_RESOLVED, ANSWER_NOT_RESOLVED);
}

static void resolve(struct proxy_connection *self, const char *name, uint16_t port)
{
	proxy_connection_set_state(self, STATE_RESOLVING);
	proxy_connection_update_watches(self);
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

void proxy_outbound_follow(struct proxy_connection *self, const struct egress_route *route)
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
		proxy_connection_refuse_route(self, route->verdict);
		return;
	case ROUTE_START_PAGE:
		break;
	}
	ensure(!"the start page has been answered before");
}
