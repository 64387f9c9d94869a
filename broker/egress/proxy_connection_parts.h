/* The parts of one connection that its files share; nobody else includes this.
 *
 * proxy_connection.c states, events, life; proxy_intake.c the request; proxy_outbound.c the way out;
 * proxy_tunnel.c CONNECT; proxy_relay.c bytes both ways; proxy_refusal.c what egress answers by itself. */
#ifndef SHOJI_EGRESS_PROXY_CONNECTION_PARTS_H
#define SHOJI_EGRESS_PROXY_CONNECTION_PARTS_H

#include "egress/answer.h"
#include "egress/proxy_body.h"
#include "egress/proxy_connection.h"
#include "egress/proxy_flow.h"
#include "egress/proxy_request.h"

struct dial;
struct egress_context;
struct egress_route;
struct net_endpoint;
struct watch;

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
	bool has_answered;    /* the client has got something of the server's answer */
	bool is_request_over; /* absolute-form: nothing more of the client is sent on */
	uint64_t due_ms;      /* clock_now_ms() */
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
	struct proxy_connection_events events;
	void *data;
};

/* ---- proxy_connection.c ---- */

/* Any of these may lead to STATE_CLOSED: descriptors are then closed and flows dead, but self is still there. */
void proxy_connection_set_state(struct proxy_connection *self, enum connection_state state);
/* The deadline of the present state, from now on. */
void proxy_connection_extend(struct proxy_connection *self);
/* From the first byte of a request on. */
void proxy_connection_begin_request(struct proxy_connection *self);
void proxy_connection_update_watches(struct proxy_connection *self);
void proxy_connection_close_side(struct side *side);
/* A watch_fn for the server's side. */
void proxy_connection_on_server(void *data, unsigned events);

/* ---- proxy_refusal.c ---- */

/* 0: keeper was told. address: NULL when nothing was connected to. */
int proxy_connection_record(struct proxy_connection *self, enum egress_verdict verdict,
        const struct net_address *address);
/* Whether anything may be done about this request. false: it has been answered. */
bool proxy_connection_admit(struct proxy_connection *self);
/* From here on the host hears these bytes only, and then the end. */
void proxy_connection_answer_bytes(
        struct proxy_connection *self, const uint8_t *bytes, size_t length);
void proxy_connection_answer(struct proxy_connection *self, enum answer_reason reason);
/* A record and an answer. */
void proxy_connection_refuse(
        struct proxy_connection *self, enum egress_verdict verdict, enum answer_reason reason);
void proxy_connection_refuse_route(struct proxy_connection *self, enum egress_verdict verdict);
void proxy_connection_refuse_unreachable(struct proxy_connection *self);

/* ---- proxy_intake.c ---- */

void proxy_intake_read(struct proxy_connection *self);
/* Only what belongs to the request's body stays of the last `length` bytes that were read. 0, or
 * SHOJI_ERR_MALFORMED. */
int proxy_intake_keep_body(struct proxy_connection *self, size_t length);

/* ---- proxy_outbound.c ---- */

void proxy_outbound_follow(struct proxy_connection *self, const struct egress_route *route);

/* ---- proxy_tunnel.c ---- */

void proxy_tunnel_open(struct proxy_connection *self);
/* In STATE_HELLO: looks at what the client has sent so far. */
void proxy_tunnel_check_hello(struct proxy_connection *self);
/* In STATE_UPSTREAM_REPLY: looks at what the upstream proxy has sent so far. */
void proxy_tunnel_take_reply(struct proxy_connection *self);

/* ---- proxy_relay.c ---- */

/* Whether bytes go to and fro: STATE_UPSTREAM_REPLY, STATE_HELLO, STATE_RELAYING. */
bool proxy_relay_is_live(const struct proxy_connection *self);
bool proxy_relay_may_read_client(const struct proxy_connection *self);
bool proxy_relay_may_read_server(const struct proxy_connection *self);
/* Whether a client that goes on speaking after its one request would be noticed now. */
bool proxy_relay_watches_for_more(const struct proxy_connection *self);
/* One turn: at most one buffer each way. */
void proxy_relay_turn(struct proxy_connection *self, bool client_ready, bool server_ready);
void proxy_relay_client_hung_up(struct proxy_connection *self);
/* A peer that closed both ways: its watch would fire without end, so it goes. What it has sent is still read,
 * driven by the other side. */
void proxy_relay_hang_up(struct side *side);
/* Passes on the end of one direction, when there is nothing left before it. */
void proxy_relay_forward_end(struct proxy_flow *flow, const struct side *sink);

#endif
