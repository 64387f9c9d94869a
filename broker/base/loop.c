/* The event loop that every role but gate runs on (gate runs on libwebsockets' own).
 * System calls after loop_new(): epoll_wait, epoll_ctl, clock_gettime. */
#include "base/loop.h"

#include "base/ensure.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define TURN_EVENTS_MAX 64

struct watch {
	struct loop *loop;
	struct watch *next;
	int fd;
	bool is_freed;
	watch_fn on_event;
	void *data;
};

struct timer {
	struct loop *loop;
	struct timer *next;
	uint64_t due_ms; /* 0: idle */
	bool is_freed;
	timer_fn on_fire;
	void *data;
};

struct loop {
	int epoll_fd;
	struct watch *watches;
	struct timer *timers;
	bool is_stopped;
	bool has_freed;
	int status;
	timer_fn on_wait; /* NULL: nobody asked */
	void *wait_data;
};

uint64_t clock_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t clock_now_ms(void)
{
	return clock_now_us() / 1000;
}

struct loop *loop_new(void)
{
	struct loop *self = calloc(1, sizeof(*self));

	if (!self)
		return NULL;
	self->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (self->epoll_fd < 0) {
		free(self);
		return NULL;
	}
	return self;
}

static void reap(struct loop *self, bool all)
{
	for (struct watch **at = &self->watches; *at;) {
		struct watch *watch = *at;
		if (!watch->is_freed && !all) {
			at = &watch->next;
			continue;
		}
		*at = watch->next;
		free(watch);
	}
	for (struct timer **at = &self->timers; *at;) {
		struct timer *timer = *at;
		if (!timer->is_freed && !all) {
			at = &timer->next;
			continue;
		}
		*at = timer->next;
		free(timer);
	}
	self->has_freed = false;
}

void loop_free(struct loop *self)
{
	if (!self)
		return;
	reap(self, true);
	close(self->epoll_fd);
	free(self);
}

static int wait_ms(const struct loop *self, int timeout_ms)
{
	uint64_t now_ms = clock_now_ms();
	uint64_t nearest_ms = timeout_ms < 0 ? UINT64_MAX : now_ms + (uint64_t)timeout_ms;

	for (const struct timer *timer = self->timers; timer; timer = timer->next)
		if (!timer->is_freed && timer->due_ms && timer->due_ms < nearest_ms)
			nearest_ms = timer->due_ms;
	if (nearest_ms == UINT64_MAX)
		return -1;
	if (nearest_ms <= now_ms)
		return 0;
	return nearest_ms - now_ms > 60000 ? 60000 : (int)(nearest_ms - now_ms);
}

static void fire_timers(struct loop *self)
{
	uint64_t now_ms = clock_now_ms();

	/* A timer made by a callback is put at the head, so this walk never meets it. */
	for (struct timer *timer = self->timers; timer; timer = timer->next) {
		if (timer->is_freed || !timer->due_ms || timer->due_ms > now_ms)
			continue;
		timer->due_ms = 0;
		timer->on_fire(timer->data);
	}
}

static unsigned loop_events(uint32_t events)
{
	return (events & (EPOLLIN | EPOLLRDHUP) ? LOOP_READ : 0u) |
	       (events & EPOLLOUT ? LOOP_WRITE : 0u) |
	       (events & (EPOLLHUP | EPOLLERR) ? LOOP_HANGUP : 0u);
}

void loop_turn(struct loop *self, int timeout_ms)
{
	struct epoll_event ready[TURN_EVENTS_MAX];

	if (self->on_wait)
		self->on_wait(self->wait_data);
	int n_ready = epoll_wait(self->epoll_fd, ready, TURN_EVENTS_MAX, wait_ms(self, timeout_ms));

	ensure(n_ready >= 0 || errno == EINTR);
	for (int i = 0; i < n_ready; i++) {
		struct watch *watch = ready[i].data.ptr;
		if (!watch->is_freed)
			watch->on_event(watch->data, loop_events(ready[i].events));
	}
	fire_timers(self);
	if (self->has_freed)
		reap(self, false);
}

void loop_before_wait(struct loop *self, timer_fn on_wait, void *data)
{
	ensure(!self->on_wait || !on_wait);
	self->on_wait = on_wait;
	self->wait_data = data;
}

int loop_run(struct loop *self)
{
	self->is_stopped = false;
	while (!self->is_stopped)
		loop_turn(self, -1);
	return self->status;
}

void loop_stop(struct loop *self, int status)
{
	self->is_stopped = true;
	self->status = status;
}

int loop_fd(const struct loop *self)
{
	return self->epoll_fd;
}

static uint32_t epoll_events(unsigned events)
{
	return (events & LOOP_READ ? EPOLLIN : 0u) | (events & LOOP_WRITE ? EPOLLOUT : 0u);
}

struct watch *watch_new(struct loop *loop, int fd, unsigned events, watch_fn on_event, void *data)
{
	struct watch *self = calloc(1, sizeof(*self));
	struct epoll_event event = {.events = epoll_events(events), .data.ptr = self};

	if (!self)
		return NULL;
	*self = (struct watch){.loop = loop, .fd = fd, .on_event = on_event, .data = data};
	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) {
		free(self);
		return NULL;
	}
	self->next = loop->watches;
	loop->watches = self;
	return self;
}

void watch_set_events(struct watch *self, unsigned events)
{
	struct epoll_event event = {.events = epoll_events(events), .data.ptr = self};
	int result = epoll_ctl(self->loop->epoll_fd, EPOLL_CTL_MOD, self->fd, &event);

	ensure(result == 0);
}

void watch_free(struct watch *self)
{
	if (!self || self->is_freed)
		return;
	epoll_ctl(self->loop->epoll_fd, EPOLL_CTL_DEL, self->fd, NULL);
	self->is_freed = true;
	self->loop->has_freed = true;
}

struct timer *timer_new(struct loop *loop, timer_fn on_fire, void *data)
{
	struct timer *self = calloc(1, sizeof(*self));

	if (!self)
		return NULL;
	*self = (struct timer){
	        .loop = loop, .on_fire = on_fire, .data = data, .next = loop->timers};
	loop->timers = self;
	return self;
}

void timer_set_ms(struct timer *self, uint64_t delay_ms)
{
	self->due_ms = clock_now_ms() + delay_ms;
}

void timer_set_at(struct timer *self, uint64_t due_ms)
{
	self->due_ms = due_ms > 0 ? due_ms : 1;
}

void timer_clear(struct timer *self)
{
	self->due_ms = 0;
}

void timer_free(struct timer *self)
{
	if (!self || self->is_freed)
		return;
	self->is_freed = true;
	self->due_ms = 0;
	self->loop->has_freed = true;
}
