/* What goes to the viewers, and when: a ladder of guards for each seat. gate stands on the terminals' side of the line. */
#include "encode/encoder_inside.h"

#include "base/channel.h"
#include "base/ensure.h"
#include "base/error.h"
#include "base/loop.h"

bool seat_is_person(const struct seat *self)
{
	return self == &self->encoder->seats[SEAT_PERSON];
}

/* A channel that is broken is noticed by its own callback, at the next turn. */
static bool send_slice(struct seat *self, const uint8_t *slice, size_t length)
{
	int error =
	        CHANNEL_SEND(self->gate, slice, .bytes = slice, .bytes_length = (uint32_t)length);

	if (error == SHOJI_ERR_MEMORY)
		encoder_end(self->encoder, WORKER_EXIT_MEMORY);
	return error == 0;
}

/* Only while nothing waits in the channel: what waits there could no longer be overtaken by a cursor, and would fill its
 * queue. */
void seat_pump_outbox(void *data)
{
	struct seat *self = data;
	const uint8_t *slice;
	size_t length;

	while (self->gate && !channel_wants_write(self->gate)) {
		slice = outbox_peek(&self->viewer.outbox, &length);
		if (!slice || !send_slice(self, slice, length))
			return;
		outbox_pop(&self->viewer.outbox);
	}
}

static void pump_values(struct seat *self)
{
	static uint8_t slice[WIRE_SLICE_MAX];

	while (viewer_has_begun(&self->viewer) && !channel_wants_write(self->gate) &&
	        values_are_due(&self->encoder->values, &self->told, self->viewer.capabilities) &&
	        flow_line_may_say(&self->viewer.line)) {
		size_t length = values_next(
		        &self->encoder->values, &self->told, self->viewer.capabilities, slice);
		if (length == 0 || !send_slice(self, slice, length))
			return;
		flow_line_spend(&self->viewer.line, (uint32_t)length);
	}
}

/* Video is the person's alone: who looks on gets pictures, and so does the person meanwhile, because both see one image. */
bool encoder_is_video_wanted(const struct encoder *self)
{
	const struct viewer *person = &self->seats[SEAT_PERSON].viewer;

	return self->setup.has_video && !self->setup.is_marked && person->state == VIEWER_LIVE &&
	       person->capabilities & WIRE_CAN_H264 &&
	       self->seats[SEAT_ONLOOKER].viewer.state == VIEWER_ABSENT;
}

static void look_at_video(struct encoder *self)
{
	video_set_wanted(&self->video, encoder_is_video_wanted(self));
	uint32_t due_ms = video_look(&self->video, encoder_now_ms(self));
	if (due_ms > 0)
		timer_set_ms(self->video_timer, due_ms);
	else
		timer_clear(self->video_timer);
}

typedef bool (*video_say_fn)(struct video *self, struct outbox *outbox, uint32_t now_ms);

/* Into an empty outbox only: what waits there goes first, and could fill it. */
static void say_video(struct seat *self, video_say_fn say)
{
	size_t length;

	if (!seat_is_person(self) || self->viewer.state != VIEWER_LIVE ||
	        outbox_peek(&self->viewer.outbox, &length))
		return;
	ensure(say(&self->encoder->video, &self->viewer.outbox, encoder_now_ms(self->encoder)));
	seat_pump_outbox(self);
}

/* Its bytes are the line's as well. */
static void say_video_frames(struct seat *self)
{
	struct video *video = &self->encoder->video;
	uint64_t n_bytes = video->n_bytes;

	if (!seat_is_person(self) || !video_has_frames(video))
		return;
	if (!flow_line_may_say(&self->viewer.line)) {
		video_waits(video, encoder_now_ms(self->encoder));
		return;
	}
	say_video(self, video_say_frames);
	flow_line_spend(&self->viewer.line, (uint32_t)(video->n_bytes - n_bytes));
}

/* Where policy caps the line: what is left of gate's credit goes back at once, so that none is hoarded, and more is asked for only
 * when there is something to say. Once everything that it paid for has gone out: gate counts what it sees before this. */
static void settle_credit(struct seat *self)
{
	struct flow_line *line = &self->viewer.line;
	size_t length;

	if (!line->is_metered || self->has_asked || outbox_peek(&self->viewer.outbox, &length) ||
	        channel_wants_write(self->gate))
		return;
	if (self->is_given)
		line->given = 0;
	if (viewer_has_news(&self->viewer, encoder_shown(self->encoder)))
		flow_line_has_credit(line, clock_now_us());
	if (!self->is_given && !line->wants_credit)
		return;
	uint32_t bytes = line->wants_credit ? (uint32_t)flow_line_room(line, clock_now_us()) : 0;
	if (CHANNEL_SEND(self->gate, credit_want, .bytes = bytes))
		return;
	self->is_given = false;
	self->has_asked = bytes > 0;
}

static void work(struct seat *self)
{
	uint64_t n_frames = self->viewer.counts.frames;

	viewer_work(&self->viewer, encoder_shown(self->encoder));
	if (self->viewer.counts.frames == n_frames || !seat_is_person(self))
		return;
	video_moved(
	        &self->encoder->video, &self->viewer.counts.moved, encoder_now_ms(self->encoder));
	/* What that ended is exact at once. */
	say_video(self, video_say_changes);
	viewer_work(&self->viewer, encoder_shown(self->encoder));
}

/* A still screen has no timer. */
static void set_photo_timer(struct encoder *self)
{
	uint32_t wait_ms = UINT32_MAX;

	for (int i = 0; i < VIEWERS_MAX; i++) {
		uint32_t one_ms = viewer_wait_ms(&self->seats[i].viewer);
		wait_ms = one_ms < wait_ms ? one_ms : wait_ms;
	}
	if (wait_ms == UINT32_MAX)
		timer_clear(self->photo_timer);
	else
		timer_set_ms(self->photo_timer, wait_ms);
}

void seat_pump(struct seat *self)
{
	if (!self->gate || self->viewer.state == VIEWER_ABSENT || self->encoder->has_ended)
		return;
	video_hide(&self->encoder->video);
	pump_values(self);
	seat_pump_outbox(self);
	if (self->encoder->settle.is_on || !seat_is_named(self))
		return;
	say_video(self, video_say_changes);
	work(self);
	say_video_frames(self);
	/* Those that had to wait for a BEGIN which went only now. */
	pump_values(self);
	settle_credit(self);
	/* zstd refused its own parameters, or the worst case was counted wrongly. */
	ensure(!self->viewer.has_failed);
	set_photo_timer(self->encoder);
}

void encoder_tell_film(struct encoder *self)
{
	bool is_playing = video_is_playing(&self->video);

	if (self->is_film_told == is_playing || self->has_ended)
		return;
	self->is_film_told = is_playing;
	self->setup.on_film(self->setup.data, is_playing);
}

void encoder_set_video_share(struct encoder *self, uint16_t core_permille)
{
	video_set_share(&self->video, core_permille);
	encoder_pump(self);
}

void encoder_pump(void *data)
{
	struct encoder *self = data;

	look_at_video(self);
	for (int i = 0; i < VIEWERS_MAX; i++)
		seat_pump(&self->seats[i]);
	encoder_tell_film(self);
}
