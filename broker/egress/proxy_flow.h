/* One direction of a connection: bytes from a source descriptor to a sink, through a buffer with an end.
 *
 * Back-pressure: nothing is read that there is no room for. An idle flow owns no buffer. */
#ifndef SHOJI_EGRESS_PROXY_FLOW_H
#define SHOJI_EGRESS_PROXY_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROXY_FLOW_BYTES 65536 /* also the most that is moved in one turn: connections take turns */

struct proxy_flow {
	uint8_t *prefix; /* owned; sent before the buffer */
	size_t prefix_length, prefix_sent;
	uint8_t *buffer; /* owned; NULL while it is empty */
	size_t start, length;
	bool source_ended; /* nothing more will come */
	bool sink_ended;   /* the end was told to the sink, or the sink takes nothing any more */
};

void proxy_flow_finish(struct proxy_flow *self);
/* Drops what is there; nothing more is read or sent. */
void proxy_flow_kill(struct proxy_flow *self);
/* Copied, behind a prefix that is there already. 0 or SHOJI_ERR_MEMORY. */
int proxy_flow_add_prefix(struct proxy_flow *self, const void *bytes, size_t length);

bool proxy_flow_has_room(const struct proxy_flow *self);
bool proxy_flow_is_empty(const struct proxy_flow *self); /* prefix and buffer */
bool proxy_flow_has_prefix(const struct proxy_flow *self);
/* What was read and not sent; valid until the next call. NULL when there is nothing. */
const uint8_t *proxy_flow_bytes(const struct proxy_flow *self, size_t *length);
void proxy_flow_consume(struct proxy_flow *self, size_t length);
/* Takes away the last bytes that were read. */
void proxy_flow_cut(struct proxy_flow *self, size_t length);

/* One recv(). >0 bytes; 0: the source has ended (source_ended is set); SHOJI_ERR_AGAIN; SHOJI_ERR_CLOSED (reset);
 * SHOJI_ERR_MEMORY. There must be room. */
int proxy_flow_read(struct proxy_flow *self, int fd);
/* The prefix, then the buffer unless prefix_only. >=0 bytes; SHOJI_ERR_CLOSED. */
int proxy_flow_write(struct proxy_flow *self, int fd, bool prefix_only);

#endif
