/* One event loop a process: descriptors and timers, no threads. epoll inside.
 *
 * A callback may free any watch or timer, its own included: what is freed is marked, and reaped at
 * the end of the turn. Every callback gets the `data` it was registered with, which it borrows. */
#ifndef SHOJI_BASE_LOOP_H
#define SHOJI_BASE_LOOP_H

#include <stdint.h>

struct loop;
struct watch;
struct timer;

enum loop_event { LOOP_READ = 1, LOOP_WRITE = 2, LOOP_HANGUP = 4 };

typedef void (*watch_fn)(void *data, unsigned events);
typedef void (*timer_fn)(void *data);

struct loop *loop_new(void); /* NULL: no memory or no epoll */
void loop_free(struct loop *self);
/* Runs until loop_stop(); returns the status that loop_stop() was given. */
int loop_run(struct loop *self);
/* One turn, waiting at most timeout_ms (-1: until something happens). For tests. */
void loop_turn(struct loop *self, int timeout_ms);
void loop_stop(struct loop *self, int status);
/* Calls on_wait before each wait, where nothing has happened that it was not told of: the place to set a timer to the nearest of many deadlines,
 * whatever moved them. One a loop (NULL: no more); a loop waits a minute at
 * most. */
void loop_before_wait(struct loop *self, timer_fn on_wait, void *data);
/* Readable when a watched descriptor is ready: to wait for this loop inside another, which then calls
 * loop_turn(self, 0). Timers do not make it readable. Stays the loop's. */
int loop_fd(const struct loop *self);

/* events: LOOP_READ and LOOP_WRITE, or 0 to be told of hang-up only. The fd stays the caller's and
 * must stay open until watch_free(). NULL: no memory. */
struct watch *watch_new(struct loop *loop, int fd, unsigned events, watch_fn on_event, void *data);
void watch_set_events(struct watch *self, unsigned events);
void watch_free(struct watch *self);

/* A timer is idle until it is set, and idle again when it has fired. */
struct timer *timer_new(struct loop *loop, timer_fn on_fire, void *data);
void timer_set_ms(struct timer *self, uint64_t delay_ms);
/* due_ms as clock_now_ms() counts; what has passed is due at once. */
void timer_set_at(struct timer *self, uint64_t due_ms);
void timer_clear(struct timer *self);
void timer_free(struct timer *self);

/* CLOCK_MONOTONIC. */
uint64_t clock_now_ms(void);
uint64_t clock_now_us(void);

#endif
