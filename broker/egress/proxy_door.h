/* One session's door: the socket on which its isolated host reaches egress, and the connections that came through. */
#ifndef SHOJI_EGRESS_PROXY_DOOR_H
#define SHOJI_EGRESS_PROXY_DOOR_H

#include <stdbool.h>
#include <stdint.h>

struct egress_context;
struct proxy_door;

/* A shut door whose last connection has gone. May free the door. */
typedef void (*proxy_door_fn)(void *data, struct proxy_door *self);

/* Takes listener. NULL: no memory (listener is closed). */
struct proxy_door *proxy_door_new(const struct egress_context *context, uint64_t lease_id,
        int listener, proxy_door_fn on_empty, void *data);
/* Closes the listener and every connection; on_empty follows, in a later turn. */
void proxy_door_shut(struct proxy_door *self);
/* Only from on_empty. */
void proxy_door_free(struct proxy_door *self);

uint64_t proxy_door_lease_id(const struct proxy_door *self);

#endif
