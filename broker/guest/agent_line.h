/* One of the input agent's stream sockets, and what came in over it and is not whole yet. */
#ifndef SHOJI_GUEST_AGENT_LINE_H
#define SHOJI_GUEST_AGENT_LINE_H

#include "base/text_door.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;
struct watch;

struct agent_line {
	int fd; /* -1: closed */
	struct watch *watch;
	size_t length;
	uint8_t bytes[TEXT_DOOR_ITEM_MAX];
};

/* Takes fd, which is made non-blocking; on_event as of watch_new(). false: no memory, fd is closed. */
bool agent_line_open(struct agent_line *self, struct loop *loop, int fd,
        void (*on_event)(void *data, unsigned events), void *data);
/* Reads what is there, without waiting, until the buffer is full. false: the peer closed. */
bool agent_line_read(struct agent_line *self);
void agent_line_consume(struct agent_line *self, size_t length);
/* All or nothing is kept of it: a peer that does not read is closed. */
void agent_line_write(struct agent_line *self, const uint8_t *bytes, size_t length);
void agent_line_close(struct agent_line *self);

#endif
