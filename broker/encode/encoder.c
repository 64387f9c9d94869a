/* The encoder's life. What capture and gate say, and what the viewers get, is each a file: encoder_*.c. */
#include "encode/encoder_inside.h"

#include "base/channel.h"
#include "base/loop.h"

#include <stdlib.h>
#include <sys/mman.h>

void encoder_end(struct encoder *self, enum worker_exit status)
{
	if (self->has_ended)
		return;
	self->has_ended = true;
	self->setup.on_end(self->setup.data, status);
}

uint32_t encoder_now_ms(const struct encoder *self)
{
	return (uint32_t)(self->setup.clock_ms ? self->setup.clock_ms() : clock_now_ms());
}

const struct image *encoder_shown(const struct encoder *self)
{
	return self->setup.is_marked ? &self->mark.shown : &self->image;
}

struct encoder *encoder_new(const struct encoder_setup *setup)
{
	struct encoder *self;

	if (setup->width_max == 0 || setup->width_max > SCREEN_WIDTH_MAX ||
	        setup->height_max == 0 || setup->height_max > SCREEN_HEIGHT_MAX ||
	        setup->scale < SCREEN_SCALE_MIN || setup->scale > SCREEN_SCALE_MAX ||
	        setup->epoch == 0)
		return NULL;
	self = calloc(1, sizeof(*self));
	if (!self)
		return NULL;
	self->setup = *setup;
	self->scale = setup->scale;
	capture_check_init(&self->check, setup->width_max, setup->height_max);
	self->plain_timer = timer_new(setup->loop, encoder_on_plain_for_long, self);
	self->video_timer = timer_new(setup->loop, encoder_pump, self);
	self->photo_timer = timer_new(setup->loop, encoder_pump, self);
	self->mark_timer = timer_new(setup->loop, encoder_on_minute, self);
	self->settle_timer = timer_new(setup->loop, encoder_on_settle_time, self);
	if (self->plain_timer && self->video_timer && self->photo_timer && self->mark_timer &&
	        self->settle_timer && encoder_reserve(self))
		return self;
	encoder_free(self);
	return NULL;
}

void encoder_free(struct encoder *self)
{
	if (!self)
		return;
	channel_free(self->capture);
	for (int i = 0; i < VIEWERS_MAX; i++)
		channel_free(self->seats[i].gate);
	timer_free(self->plain_timer);
	timer_free(self->video_timer);
	timer_free(self->photo_timer);
	timer_free(self->mark_timer);
	timer_free(self->settle_timer);
	video_finish(&self->video);
	if (self->memory)
		munmap(self->memory, self->memory_size);
	free(self);
}

void encoder_picture(struct encoder *self, struct encoder_picture *picture)
{
	*picture = (struct encoder_picture){0};
	/* Without its words there is no mark, so no picture. */
	if (self->setup.is_marked && !self->mark.has_words)
		return;
	video_reveal(&self->video);
	*picture = (struct encoder_picture){.pixels = encoder_shown(self)->pixels,
	        .width = self->image.width,
	        .height = self->image.height,
	        .stride_bytes = self->image.width * (uint32_t)PIXEL_BYTES};
}
