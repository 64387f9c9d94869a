/* Waits for the page to draw a text. The rectangles are the isolated host's: they decide nothing but how soon, within bounds, a key
 * is let go. */
#include "capture/linger.h"

#include "base/loop.h"

#include <stdlib.h>

struct linger {
	struct timer *timer;
	void (*on_over)(void *data);
	void *data;
	uint64_t deadline_ms; /* 0: nothing to wait for */
	bool has_changed;
	uint16_t y, height;
};

static void on_timer(void *data)
{
	struct linger *self = data;

	self->deadline_ms = 0;
	self->on_over(self->data);
}

struct linger *linger_new(struct loop *loop, void (*on_over)(void *data), void *data)
{
	struct linger *self = calloc(1, sizeof(*self));

	if (!self)
		return NULL;
	self->on_over = on_over;
	self->data = data;
	self->timer = timer_new(loop, on_timer, self);
	if (self->timer)
		return self;
	free(self);
	return NULL;
}

void linger_free(struct linger *self)
{
	if (!self)
		return;
	timer_free(self->timer);
	free(self);
}

void linger_begin(struct linger *self)
{
	self->has_changed = false;
	self->deadline_ms = clock_now_ms() + LINGER_MAX_MS;
	timer_set_ms(self->timer, LINGER_MAX_MS);
}

void linger_cancel(struct linger *self)
{
	self->deadline_ms = 0;
	timer_clear(self->timer);
}

void linger_set_rows(struct linger *self, uint16_t y, uint16_t height)
{
	self->y = y;
	self->height = height;
}

static bool is_in_rows(const struct linger *self, const struct rect *rect)
{
	return self->height == 0 ||
	       (rect->y < self->y + self->height && self->y < rect->y + rect->height);
}

void linger_painted(struct linger *self, const struct rect *rects, size_t n_rects)
{
	uint64_t now_ms = clock_now_ms();
	bool is_there = false;

	for (size_t i = 0; i < n_rects; i++)
		is_there |= is_in_rows(self, &rects[i]);
	if (!is_there || self->deadline_ms <= now_ms)
		return;
	if (!self->has_changed && self->deadline_ms > now_ms + LINGER_CHANGING_MAX_MS)
		self->deadline_ms = now_ms + LINGER_CHANGING_MAX_MS;
	self->has_changed = true;
	uint64_t left_ms = self->deadline_ms - now_ms;
	timer_set_ms(self->timer, left_ms < LINGER_QUIET_MS ? left_ms : LINGER_QUIET_MS);
}
