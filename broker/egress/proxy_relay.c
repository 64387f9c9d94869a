/* Bytes both ways between the isolated host and the web, with back-pressure and with the ends of each direction. */
#include "egress/proxy_connection_parts.h"

#include "base/error.h"
#include "base/loop.h"

#include <sys/socket.h>

bool proxy_relay_may_read_client(const struct proxy_connection *self)
{
	return (self->state == STATE_HELLO || self->state == STATE_RELAYING) &&
	       !self->up.source_ended && !self->is_request_over && proxy_flow_has_room(&self->up);
}

bool proxy_relay_may_read_server(const struct proxy_connection *self)
{
	return self->server.fd >= 0 && !self->down.source_ended && proxy_flow_has_room(&self->down);
}

/* The server was told "Connection: close"; one that ignores it leads the client to believe that the connection can
 * carry its next request, too, which would wait here for ever. */
bool proxy_relay_watches_for_more(const struct proxy_connection *self)
{
	return self->state == STATE_RELAYING && !self->is_connect && self->is_request_over &&
	       self->has_answered && !self->up.source_ended && proxy_flow_is_empty(&self->down);
}

/* It is never read, let alone sent on: the client hears the end, and asks again on a new connection. */
static void look_for_more(struct proxy_connection *self)
{
	char byte;
	ssize_t n = recv(self->client.fd, &byte, 1, MSG_PEEK);

	if (n > 0)
		proxy_connection_close(self);
	else if (n == 0)
		self->up.source_ended = true;
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
		proxy_connection_extend(self);
	if (self->is_connect || proxy_intake_keep_body(self, (size_t)n) == 0)
		return;
	proxy_connection_record(self, EGRESS_MALFORMED, NULL);
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
		proxy_connection_extend(self);
	if (self->state == STATE_UPSTREAM_REPLY)
		proxy_tunnel_take_reply(self);
}

static void push_client(struct proxy_connection *self)
{
	if (self->client.is_hung_up || self->state == STATE_UPSTREAM_REPLY)
		return;
	int n = proxy_flow_write(&self->down, self->client.fd, false);
	if (n < 0) {
		proxy_connection_close(self);
	} else if (n > 0 && self->state == STATE_RELAYING) {
		self->has_answered = true;
		proxy_connection_extend(self);
	}
}

static void push_server(struct proxy_connection *self)
{
	int n = proxy_flow_write(&self->up, self->server.fd, self->state != STATE_RELAYING);

	if (n < 0) /* the server stopped listening; it may still have an answer for us */
		proxy_flow_kill(&self->up);
	else if (n > 0 && self->state == STATE_RELAYING)
		proxy_connection_extend(self);
}

void proxy_relay_forward_end(struct proxy_flow *flow, const struct side *sink)
{
	if (!flow->source_ended || flow->sink_ended || !proxy_flow_is_empty(flow))
		return;
	flow->sink_ended = true;
	if (!sink->is_hung_up)
		shutdown(sink->fd, SHUT_WR);
}

/* The end of a whole request is known without it, and many servers take a half-closed client for one that is gone:
 * so the client's end is forwarded in tunnels only. */
static void forward_ends(struct proxy_connection *self)
{
	proxy_relay_forward_end(&self->down, &self->client);
	if (self->is_connect && self->state == STATE_RELAYING)
		proxy_relay_forward_end(&self->up, &self->server);
	if (self->down.sink_ended && (self->up.sink_ended || !self->is_connect))
		proxy_connection_close(self);
}

void proxy_relay_hang_up(struct side *side)
{
	watch_free(side->watch);
	side->watch = NULL;
	side->is_hung_up = true;
}

bool proxy_relay_is_live(const struct proxy_connection *self)
{
	return self->state == STATE_UPSTREAM_REPLY || self->state == STATE_HELLO ||
	       self->state == STATE_RELAYING;
}

void proxy_relay_turn(struct proxy_connection *self, bool client_ready, bool server_ready)
{
	if ((client_ready || self->client.is_hung_up) && proxy_relay_may_read_client(self))
		pull_client(self);
	else if (client_ready && proxy_relay_watches_for_more(self))
		look_for_more(self);
	if (self->state == STATE_HELLO)
		proxy_tunnel_check_hello(self);
	if (proxy_relay_is_live(self) && (server_ready || self->server.is_hung_up) &&
	        proxy_relay_may_read_server(self))
		pull_server(self);
	if (proxy_relay_is_live(self))
		push_client(self);
	if (proxy_relay_is_live(self))
		push_server(self);
	if (proxy_relay_is_live(self) && self->state != STATE_UPSTREAM_REPLY)
		forward_ends(self);
	if (self->state != STATE_CLOSED)
		proxy_connection_update_watches(self);
}

void proxy_relay_client_hung_up(struct proxy_connection *self)
{
	/* Only a tunnel's last bytes are still worth delivering. */
	if (!self->is_connect || (self->state != STATE_RELAYING && self->state != STATE_HELLO)) {
		proxy_connection_close(self);
		return;
	}
	proxy_relay_hang_up(&self->client);
	proxy_flow_kill(&self->down);
}
