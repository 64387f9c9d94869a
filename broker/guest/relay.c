/* One connection between the browser and egress, inside the isolated host: nothing that it carries is
 * looked at. A full buffer stops the reading of its source, so memory is bounded. */
#include "guest/relay.h"

#include "base/loop.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* So often a way is filled and drained in one turn, before the other connections have theirs. */
#define PUMP_ROUNDS 4

/* Bytes on their way from one socket to the other. */
struct way {
	int from, to;
	size_t start, end; /* of what waits in the buffer */
	bool is_read_out;  /* nothing more comes from the source */
	bool is_closed;    /* and the target was told so */
	char buffer[RELAY_BUFFER_BYTES];
};

struct relay {
	int fds[2];
	struct watch *watches[2]; /* NULL once its peer has hung up */
	struct way ways[2];       /* ways[i]: from fds[i] */
	bool is_done;
	relay_done_fn on_done;
	void *data;
};

static bool would_wait(void)
{
	return errno == EAGAIN || errno == EINTR;
}

/* A failure to read is the end of the source: what it sent before is still delivered. */
static void fill(struct way *way)
{
	if (way->is_read_out || way->start < way->end)
		return;
	ssize_t n = recv(way->from, way->buffer, sizeof(way->buffer), 0);
	if (n < 0 && would_wait())
		return;
	way->is_read_out = n <= 0;
	way->start = 0;
	way->end = n > 0 ? (size_t)n : 0;
}

/* A target that takes no more ends this way only: the answer may still be coming on the other. */
static void give_up(struct way *way)
{
	way->is_read_out = way->is_closed = true;
	way->start = way->end = 0;
}

static void drain(struct way *way)
{
	while (way->start < way->end) {
		ssize_t n = send(
		        way->to, way->buffer + way->start, way->end - way->start, MSG_NOSIGNAL);
		if (n < 0 && would_wait())
			return;
		if (n < 0) {
			give_up(way);
			return;
		}
		way->start += (size_t)n;
	}
	if (way->is_read_out && !way->is_closed) {
		shutdown(way->to, SHUT_WR);
		way->is_closed = true;
	}
}

static void pump_way(struct way *way)
{
	for (int i = 0; i < PUMP_ROUNDS && way->start == way->end && !way->is_closed; i++) {
		fill(way);
		drain(way);
	}
	drain(way);
}

/* Watches fds[i] for what its two ways wait for. */
static void update_watch(struct relay *self, int i)
{
	const struct way *out = &self->ways[i];
	const struct way *in = &self->ways[1 - i];
	bool is_source_gone = !self->watches[1 - i] && !in->is_read_out;
	unsigned events = 0;

	if (!self->watches[i])
		return;
	if (!out->is_read_out && out->start == out->end)
		events |= LOOP_READ;
	/* Nobody wakes us for a source that hung up with bytes left: the target's room does. */
	if (in->start < in->end || is_source_gone)
		events |= LOOP_WRITE;
	watch_set_events(self->watches[i], events);
}

static void pump(struct relay *self)
{
	pump_way(&self->ways[0]);
	pump_way(&self->ways[1]);
	/* Both peers gone with something left to carry: there is nobody to carry it to. */
	if ((self->ways[0].is_closed && self->ways[1].is_closed) ||
	        (!self->watches[0] && !self->watches[1])) {
		self->is_done = true;
		self->on_done(self->data, self);
		return;
	}
	update_watch(self, 0);
	update_watch(self, 1);
}

static void on_event(struct relay *self, int i, unsigned events)
{
	if (self->is_done)
		return;
	/* A hang-up is reported until the watch is gone, wanted or not: it would spin. */
	if (events & LOOP_HANGUP) {
		watch_free(self->watches[i]);
		self->watches[i] = NULL;
	}
	pump(self);
}

static void on_event_a(void *data, unsigned events)
{
	on_event(data, 0, events);
}

static void on_event_b(void *data, unsigned events)
{
	on_event(data, 1, events);
}

struct relay *relay_new(struct loop *loop, int fd_a, int fd_b, relay_done_fn on_done, void *data)
{
	struct relay *self = calloc(1, sizeof(*self));

	if (!self) {
		close(fd_a);
		close(fd_b);
		return NULL;
	}
	self->fds[0] = self->ways[0].from = self->ways[1].to = fd_a;
	self->fds[1] = self->ways[1].from = self->ways[0].to = fd_b;
	self->on_done = on_done;
	self->data = data;
	self->watches[0] = watch_new(loop, fd_a, LOOP_READ, on_event_a, self);
	self->watches[1] = watch_new(loop, fd_b, LOOP_READ, on_event_b, self);
	if (!self->watches[0] || !self->watches[1]) {
		relay_free(self);
		return NULL;
	}
	return self;
}

void relay_free(struct relay *self)
{
	if (!self)
		return;
	for (int i = 0; i < 2; i++) {
		watch_free(self->watches[i]);
		close(self->fds[i]);
	}
	free(self);
}
