/* One connection from an isolated host, from its request to the last byte.
 *
 * It never frees itself: it calls on_closed, and its owner (proxy_door.c) frees it later, as soon as
 * proxy_connection_is_over(). */
#ifndef SHOJI_EGRESS_PROXY_CONNECTION_H
#define SHOJI_EGRESS_PROXY_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

struct egress_context;
struct proxy_connection;

/* A request's head has to be whole so long after its first byte; so has a ClientHello after CONNECT. Or
 * the idle deadline, where that is shorter. */
#define PROXY_REQUEST_DEADLINE_MS 30000
/* Our own answer: so long for the host to take it. */
#define PROXY_ANSWER_DEADLINE_MS 2000

typedef void (*proxy_connection_fn)(void *data);

struct proxy_connection_events {
	proxy_connection_fn on_closed;
	proxy_connection_fn on_nearer;
};

/* Takes fd. is_surplus: above the session's limit, so whatever it asks is answered with a refusal. NULL: no
 * memory (fd is closed). */
struct proxy_connection *proxy_connection_new(const struct egress_context *context,
        uint64_t lease_id, int fd, bool is_surplus, const struct proxy_connection_events *events,
        void *data);
/* Closes what is open and frees. Not while a lookup is under way (is_over() is false then). */
void proxy_connection_free(struct proxy_connection *self);

/* Closes both sides at once; calls on_closed. */
void proxy_connection_close(struct proxy_connection *self);
/* Acts when the deadline of what it waits for has passed. */
void proxy_connection_check_deadline(struct proxy_connection *self, uint64_t now_ms);
/* That deadline, as clock_now_ms() counts. It becomes later by itself; on_nearer tells of an earlier one. */
uint64_t proxy_connection_due_ms(const struct proxy_connection *self);
/* Closed, and no lookup refers to it. */
bool proxy_connection_is_over(const struct proxy_connection *self);
bool proxy_connection_is_surplus(const struct proxy_connection *self);

#endif
