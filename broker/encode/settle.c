/* What it counts are rectangles of capture's, inside the screen: a host that lies here shows its own person a half-painted screen, or
 * shows it a quarter of a second later. */
#include "encode/settle.h"

/* The browser's own bars and the page come as one or a few rectangles; an eighth may be missing where a window is not as large as
 * the screen. */
#define SHARE(pixels) ((pixels) / 8 * 7)

void settle_begin(struct settle *self, uint16_t width, uint16_t height, uint64_t now_ms)
{
	self->is_on = true;
	self->until_ms = now_ms + SETTLE_MAX_MS;
	self->left = SHARE((uint64_t)width * height);
}

void settle_take(struct settle *self, const struct rect *rects, uint16_t n_rects)
{
	for (uint16_t i = 0; i < n_rects; i++) {
		uint64_t area = (uint64_t)rects[i].width * rects[i].height;
		self->left = self->left > area ? self->left - area : 0;
	}
	if (self->left == 0)
		self->is_on = false;
}

uint64_t settle_wait_ms(const struct settle *self, bool is_whole, uint64_t now_ms)
{
	uint64_t left_ms = self->until_ms > now_ms ? self->until_ms - now_ms : 0;

	return is_whole && left_ms > SETTLE_QUIET_MS ? SETTLE_QUIET_MS : left_ms;
}

void settle_end(struct settle *self)
{
	self->is_on = false;
}
