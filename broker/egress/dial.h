/* Connects to the first of several checked addresses that answers. */
#ifndef SHOJI_EGRESS_DIAL_H
#define SHOJI_EGRESS_DIAL_H

#include "egress/net_address.h"

struct loop;
struct dial;

#define DIAL_ENDPOINTS_MAX 8

/* Before each attempt: false stops it all (on_done gets SHOJI_ERR_FORBIDDEN). */
typedef bool (*dial_attempt_fn)(void *data, const struct net_endpoint *endpoint);
/* Once. fd: connected, non-blocking, now the callee's; or -1 and error: SHOJI_ERR_CLOSED (nobody answered),
 * SHOJI_ERR_TIMEOUT, SHOJI_ERR_SYSTEM, SHOJI_ERR_FORBIDDEN. May call dial_free(). */
typedef void (*dial_done_fn)(void *data, int fd, int error);

/* Endpoints are copied, at most DIAL_ENDPOINTS_MAX of them. Each gets its share of deadline_ms. NULL: no memory. */
struct dial *dial_new(struct loop *loop, const struct net_endpoint *endpoints, size_t n_endpoints,
        uint64_t deadline_ms, dial_attempt_fn on_attempt, dial_done_fn on_done, void *data);
/* May call on_done before it returns. */
void dial_start(struct dial *self);
/* Also in the middle of an attempt; on_done is then not called. */
void dial_free(struct dial *self);

#endif
