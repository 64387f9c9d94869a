/* The watermark of the screen: its words, and what it changes in what capture showed. */
#include "encode/encoder_inside.h"

#include "base/loop.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* What else looks different now, and the moves that were found: the viewers need not search again. */
void encoder_take_marked(struct encoder *self, const struct message_damage *damage)
{
	struct mark_result result;

	mark_take(&self->mark, &self->image, damage->rects, damage->n_rects, &result);
	for (size_t i = 0; i < result.n_areas; i++)
		encoder_damage(self, &result.areas[i]);
	for (size_t i = 0; i < result.n_offsets; i++) {
		const struct scroll_offset *offset = &result.offsets[i];
		struct copy_hint hint = {.x = (uint16_t)(offset->dx > 0 ? offset->dx : 0),
		        .y = (uint16_t)(offset->dy > 0 ? offset->dy : 0)};
		hint.source_x = (uint16_t)(hint.x - offset->dx);
		hint.source_y = (uint16_t)(hint.y - offset->dy);
		for (int seat = 0; seat < VIEWERS_MAX; seat++)
			viewer_hint(&self->seats[seat].viewer, &hint);
	}
}

static void mark_anew(struct encoder *self, struct mark_words *words)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	mark_time(words->time, now.tv_sec, self->mark_east_min);
	if (mark_set(&self->mark, &self->image, words, mark_dot(self->scale)))
		encoder_damage(self, &(struct rect){0, 0, self->image.width, self->image.height});
	timer_set_ms(self->mark_timer,
	        (uint64_t)(60 - now.tv_sec % 60) * 1000 - (uint64_t)now.tv_nsec / 1000000);
}

void encoder_refresh_mark(struct encoder *self)
{
	struct mark_words words = self->mark.words;

	if (self->mark.has_words)
		mark_anew(self, &words);
}

void encoder_on_minute(void *data)
{
	struct encoder *self = data;

	encoder_refresh_mark(self);
	encoder_pump(self);
}

/* gate's word that a terminal is there and keeper's of what it is called take two ways, and either may be first. */
bool seat_is_named(const struct seat *self)
{
	const struct encoder *encoder = self->encoder;

	return !encoder->setup.is_marked || !seat_is_person(self) ||
	       strcmp(self->address, encoder->mark.words.address) == 0;
}

void encoder_set_mark(struct encoder *self, const char *person, const char *address, int east_min)
{
	struct mark_words words;

	if (!self->setup.is_marked)
		return;
	self->mark_east_min = east_min;
	snprintf(words.person, sizeof(words.person), "%s", person);
	snprintf(words.address, sizeof(words.address), "%s", address);
	mark_anew(self, &words);
	encoder_tell_first_picture(self);
	encoder_pump(self);
}
