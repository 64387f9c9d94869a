/* Slices that were made and not yet taken by the channel: first in, first out, in memory that is fixed at the start. */
#ifndef SHOJI_ENCODE_OUTBOX_H
#define SHOJI_ENCODE_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct outbox {
	uint8_t *data; /* borrowed */
	size_t size;
	size_t head, tail; /* what waits is data[head..tail) */
};

/* What one frame of that screen can need at most, even if no byte of it can be compressed. */
size_t outbox_size(uint32_t width, uint32_t height);
void outbox_init(struct outbox *self, uint8_t *data, size_t size);
/* false: no room. A frame begins only when the outbox is empty, so that this is a bug. */
bool outbox_put(struct outbox *self, const uint8_t *slice, size_t length);
/* The oldest slice, borrowed until outbox_pop(); NULL when empty. */
const uint8_t *outbox_peek(const struct outbox *self, size_t *length);
void outbox_pop(struct outbox *self);
void outbox_clear(struct outbox *self);

#endif
