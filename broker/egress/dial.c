/* Outgoing connections. Only addresses come here that the policy has passed; no name is looked up again, so an
 * answer of DNS that changes meanwhile changes nothing. */
#include "egress/dial.h"

#include "base/error.h"
#include "base/loop.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct dial {
	struct loop *loop;
	struct net_endpoint endpoints[DIAL_ENDPOINTS_MAX];
	size_t n_endpoints, next;
	uint64_t due_ms; /* clock_now_ms(): all attempts together */
	dial_attempt_fn on_attempt;
	dial_done_fn on_done;
	void *data;
	int fd; /* -1: no attempt is under way */
	struct watch *watch;
	struct timer *timer;
};

static void drop_attempt(struct dial *self)
{
	watch_free(self->watch);
	self->watch = NULL;
	if (self->fd >= 0)
		close(self->fd);
	self->fd = -1;
}

/* self may be gone afterwards: the last thing that any function here does. */
static void finish(struct dial *self, int error)
{
	int fd = self->fd;

	watch_free(self->watch);
	self->watch = NULL;
	timer_clear(self->timer);
	self->fd = -1;
	self->on_done(self->data, fd, error);
}

static void fail(struct dial *self, int error)
{
	drop_attempt(self);
	finish(self, error);
}

static void on_ready(void *data, unsigned events);

static int open_socket(int family)
{
	int on = 1;
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	/* What waits for more to come only adds latency: the peers batch by themselves. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	return fd;
}

/* 0: connected or under way. */
static int attempt(struct dial *self, const struct net_endpoint *endpoint)
{
	struct sockaddr_storage address;
	socklen_t length = net_endpoint_to_sockaddr(endpoint, &address);

	self->fd = open_socket(address.ss_family);
	if (self->fd < 0)
		return SHOJI_ERR_SYSTEM;
	if (connect(self->fd, (struct sockaddr *)&address, length) < 0 && errno != EINPROGRESS)
		return SHOJI_ERR_CLOSED;
	self->watch = watch_new(self->loop, self->fd, LOOP_WRITE, on_ready, self);
	return self->watch ? 0 : SHOJI_ERR_MEMORY;
}

static void arm_timer(struct dial *self)
{
	uint64_t now_ms = clock_now_ms();
	uint64_t left_ms = self->due_ms > now_ms ? self->due_ms - now_ms : 0;

	timer_set_ms(self->timer, left_ms / (self->n_endpoints - self->next + 1));
}

/* error: of the attempt before; it is what on_done hears when there is nothing left to try. */
static void try_next(struct dial *self, int error)
{
	while (self->next < self->n_endpoints) {
		const struct net_endpoint *endpoint = &self->endpoints[self->next++];
		if (!self->on_attempt(self->data, endpoint)) {
			fail(self, SHOJI_ERR_FORBIDDEN);
			return;
		}
		error = attempt(self, endpoint);
		if (!error) {
			arm_timer(self);
			return;
		}
		drop_attempt(self);
	}
	fail(self, error);
}

static void on_ready(void *data, unsigned events)
{
	struct dial *self = data;
	int result = 0;
	socklen_t length = sizeof(result);

	(void)events;
	if (getsockopt(self->fd, SOL_SOCKET, SO_ERROR, &result, &length) < 0)
		result = errno;
	if (result == 0) {
		finish(self, 0);
		return;
	}
	drop_attempt(self);
	try_next(self, SHOJI_ERR_CLOSED);
}

static void on_timer(void *data)
{
	struct dial *self = data;

	drop_attempt(self);
	try_next(self, SHOJI_ERR_TIMEOUT);
}

struct dial *dial_new(struct loop *loop, const struct net_endpoint *endpoints, size_t n_endpoints,
        uint64_t deadline_ms, dial_attempt_fn on_attempt, dial_done_fn on_done, void *data)
{
	struct dial *self = calloc(1, sizeof(*self));

	if (!self)
		return NULL;
	*self = (struct dial){.loop = loop,
	        .n_endpoints = n_endpoints < DIAL_ENDPOINTS_MAX ? n_endpoints : DIAL_ENDPOINTS_MAX,
	        .due_ms = clock_now_ms() + deadline_ms,
	        .on_attempt = on_attempt,
	        .on_done = on_done,
	        .data = data,
	        .fd = -1};
	memcpy(self->endpoints, endpoints, self->n_endpoints * sizeof(*endpoints));
	self->timer = timer_new(loop, on_timer, self);
	if (self->timer)
		return self;
	free(self);
	return NULL;
}

void dial_start(struct dial *self)
{
	try_next(self, SHOJI_ERR_CLOSED);
}

void dial_free(struct dial *self)
{
	if (!self)
		return;
	drop_attempt(self);
	timer_free(self->timer);
	free(self);
}
