/* Bounds the rate of SetDesktopSize. What is wanted comes from gate, inside the policy; what the host makes of it is the reader's
 * to judge. */
#include "capture/screen_size.h"

void screen_size_want(struct screen_size *self, uint16_t width, uint16_t height)
{
	self->width = width;
	self->height = height;
	self->is_wanted = true;
}

int screen_size_due_ms(const struct screen_size *self, uint16_t width, uint16_t height,
        bool is_answered, uint64_t now_ms)
{
	if (!self->is_wanted)
		return -1;
	/* While one is on its way the screen is not what it will be. */
	bool is_alike = self->width == width && self->height == height;
	if (is_answered && is_alike)
		return -1;
	uint64_t wait_ms = is_answered ? SCREEN_SIZE_INTERVAL_MS : SCREEN_SIZE_ANSWER_MS;
	if (!self->is_asked || now_ms - self->asked_ms >= wait_ms)
		return 0;
	return (int)(wait_ms - (now_ms - self->asked_ms));
}

void screen_size_asked(struct screen_size *self, uint64_t now_ms)
{
	self->is_wanted = false;
	self->is_asked = true;
	self->asked_ms = now_ms;
}
