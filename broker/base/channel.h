/* A channel: one end of a SOCK_SEQPACKET pair that carries the messages of one link.
 *
 * It enforces messages.def both ways: what is received and not permitted (link, sender, phase,
 * times, size, descriptor count) closes the channel with SHOJI_ERR_FORBIDDEN or
 * SHOJI_ERR_MALFORMED; sending what is not permitted is our own bug and stops the process.
 *
 * Never blocks. What the kernel does not take waits in a queue of at most CHANNEL_QUEUE_MAX bytes;
 * above it, sending fails with SHOJI_ERR_LIMIT and the sender's policy decides (drop, merge,
 * close). */
#ifndef SHOJI_BASE_CHANNEL_H
#define SHOJI_BASE_CHANNEL_H

#include "base/message.h"

struct loop;
struct channel;

#define CHANNEL_QUEUE_MAX (1024 * 1024)

/* Makes a pair of connected descriptors, close-on-exec. Returns 0 or SHOJI_ERR_SYSTEM. */
int channel_pair(int *fd_a, int *fd_b);

/* Takes fd. side is the one that this process plays on the link. NULL: no memory (fd is closed). */
struct channel *channel_new(int fd, enum message_link link, enum message_side side);
/* Closes the descriptor and those that wait in the queue. */
void channel_free(struct channel *self);

/* A new channel is in PHASE_SETUP. */
void channel_set_phase(struct channel *self, enum message_phase phase);

/* One message: 1 and *in is filled (valid until the next receive); SHOJI_ERR_AGAIN when there is
 * none; another negative code when the channel is unusable from now on. After use,
 * message_release(in) closes the descriptors that no get function took. */
int channel_receive(struct channel *self, struct message *in);

/* Puts a message on the channel: message_put_NAME through the macro, as in
 *   CHANNEL_SEND(self, taken, .sequence = 7)
 * 0, SHOJI_ERR_LIMIT (queue is full), SHOJI_ERR_CLOSED. Descriptors are duplicated when they have
 * to wait, so the caller always keeps its own. */
typedef int (*message_put_fn)(
        struct bytes_writer *writer, const void *value, int *fds, size_t *n_fds);
int channel_send(
        struct channel *self, enum message_number number, const void *value, message_put_fn put);
#define CHANNEL_SEND(channel, name, ...)                                                           \
	channel_send(channel, message_number_##name,                                               \
	        &(const struct message_##name){.unused = 0, ##__VA_ARGS__},                        \
	        message_put_any_##name)
/* The same from a struct that is filled already. */
#define CHANNEL_SEND_VALUE(channel, name, value)                                                   \
	channel_send(channel, message_number_##name, value, message_put_any_##name)

/* Wipes the bytes of the last message received and of the last one sent by any channel: after a
 * password or token went through. What waits in the queue stays; a borrowed in->data is zeros. */
void channel_forget(struct channel *self);

/* Sends what waits. 0, or SHOJI_ERR_CLOSED. */
int channel_flush(struct channel *self);
bool channel_wants_write(const struct channel *self);
size_t channel_queued_bytes(const struct channel *self);
int channel_fd(const struct channel *self);

/* Drives the channel from a loop. on_message may free the channel. on_close is called once, when
 * the channel has become unusable (error says why); the owner frees it. */
typedef void (*channel_message_fn)(void *data, struct channel *self, struct message *in);
typedef void (*channel_close_fn)(void *data, struct channel *self, int error);
int channel_watch(struct channel *self, struct loop *loop, channel_message_fn on_message,
        channel_close_fn on_close, void *data);
/* on_drained is called when the last queued message has gone out: a pump goes on there. Only for a
 * watched channel; it may free the channel. */
typedef void (*channel_drained_fn)(void *data, struct channel *self);
void channel_set_on_drained(struct channel *self, channel_drained_fn on_drained);
/* Stops (or goes on) reading: back-pressure on the peer. Only for a watched channel. */
void channel_pause(struct channel *self, bool is_paused);

#define M(id, name, NAME, link, sender, phases, times)                                             \
	static inline int message_put_any_##name(                                                  \
	        struct bytes_writer *writer, const void *value, int *fds, size_t *n_fds)           \
	{                                                                                          \
		return message_put_##name(writer, value, fds, n_fds);                              \
	}
SHOJI_MESSAGES(M)
#undef M

#endif
