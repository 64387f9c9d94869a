/* What capture says. It stands on the isolated host's side of the line: what it breaks ends the process, and its exit
 * status says so. */
#include "encode/encoder_inside.h"

#include "base/channel.h"
#include "base/error.h"
#include "base/log.h"
#include "base/loop.h"

/* A whole picture of one colour is a display on which the browser has drawn nothing yet. It is not shown as the
 * first one, unless it stays so for this long: a page may be plain. */
#define PLAIN_PATIENCE_MS 4000

static int take_geometry(struct encoder *self, struct message *in)
{
	struct message_geometry geometry;

	if (message_get_geometry(in, &geometry) || capture_check_geometry(&self->check, &geometry))
		return SHOJI_ERR_FORBIDDEN;
	/* The first size is not a new one: nobody was shown anything. */
	if (self->is_first_picture_told) {
		settle_begin(&self->settle, &self->image, geometry.width, geometry.height,
		        clock_now_ms());
		timer_set_ms(self->settle_timer, SETTLE_MAX_MS);
	}
	image_resize(&self->image, self->image_memory, geometry.width, geometry.height);
	video_resize(&self->video, &self->image);
	if (self->setup.is_marked)
		mark_resize(&self->mark, geometry.width, geometry.height);
	for (int i = 0; i < VIEWERS_MAX; i++)
		viewer_resize(&self->seats[i].viewer, geometry.width, geometry.height);
	values_forget_caret(&self->values);
	return 0;
}

void encoder_on_settle_time(void *data)
{
	struct encoder *self = data;

	uint64_t more_ms = settle_end(&self->settle, &self->image, clock_now_ms());
	if (more_ms > 0)
		timer_set_ms(self->settle_timer, more_ms);
	else
		encoder_pump(self);
}

void encoder_tell_first_picture(struct encoder *self)
{
	if (self->is_first_picture_told || !encoder_shown(self)->is_whole)
		return;
	if (!self->is_plain_for_long && image_is_plain(&self->image)) {
		if (!self->is_plain_timer_set)
			timer_set_ms(self->plain_timer, PLAIN_PATIENCE_MS);
		self->is_plain_timer_set = true;
		return;
	}
	timer_clear(self->plain_timer);
	self->is_first_picture_told = true;
	self->setup.on_first_picture(self->setup.data);
}

void encoder_on_plain_for_long(void *data)
{
	struct encoder *self = data;

	self->is_plain_for_long = true;
	encoder_tell_first_picture(self);
}

void encoder_damage(void *data, const struct rect *area)
{
	struct encoder *self = data;

	for (int i = 0; i < VIEWERS_MAX; i++)
		viewer_damage(&self->seats[i].viewer, area);
}

void encoder_forget_area(void *data, const struct rect *area)
{
	struct encoder *self = data;

	for (int i = 0; i < VIEWERS_MAX; i++)
		viewer_forget_area(&self->seats[i].viewer, area, VIDEO_UNKNOWN);
}

static void tell_hints(struct viewer *viewer, const struct message_damage *damage)
{
	for (uint16_t i = 0; i < damage->n_copies; i++)
		viewer_hint(viewer, &damage->copies[i]);
}

/* The areas are read at once, whatever the viewer's credit: capture waits for the answer. */
static void take_areas(struct encoder *self, const struct message_damage *damage)
{
	uint32_t stride_bytes = self->setup.width_max * (uint32_t)PIXEL_BYTES;

	if (self->settle.is_on && self->image.is_whole)
		settle_take(&self->settle, damage->rects, damage->n_rects);
	for (uint16_t i = 0; i < damage->n_rects; i++)
		video_take(&self->video, self->setup.pixels, stride_bytes, &damage->rects[i],
		        encoder_now_ms(self));
	for (int i = 0; i < VIEWERS_MAX; i++)
		tell_hints(&self->seats[i].viewer, damage);
	image_look(&self->image);
	settle_look(&self->settle, &self->image, clock_now_ms());
	if (self->settle.is_on)
		timer_set_ms(self->settle_timer,
		        settle_wait_ms(&self->settle, self->image.is_whole, clock_now_ms()));
	if (self->setup.is_marked)
		encoder_take_marked(self, damage);
}

static int take_damage(struct encoder *self, struct message *in)
{
	static struct message_damage damage; /* 2.8 KiB */
	bool is_old;

	if (message_get_damage(in, &damage) || capture_check_damage(&self->check, &damage, &is_old))
		return SHOJI_ERR_FORBIDDEN;
	if (!is_old)
		take_areas(self, &damage);
	/* A queue of a megabyte of answers that nobody reads: a capture that is no capture. */
	if (CHANNEL_SEND(self->capture, taken, .sequence = damage.sequence) == SHOJI_ERR_LIMIT)
		return SHOJI_ERR_FORBIDDEN;
	encoder_tell_first_picture(self);
	return 0;
}

static int take_cursor(struct encoder *self, struct message *in)
{
	struct message_cursor cursor;

	if (message_get_cursor(in, &cursor) || capture_check_cursor(&cursor))
		return SHOJI_ERR_FORBIDDEN;
	values_set_cursor(&self->values, &cursor);
	return 0;
}

static int take_caret(struct encoder *self, struct message *in)
{
	struct message_caret caret;

	if (message_get_caret(in, &caret) || capture_check_caret(&self->check, &caret))
		return SHOJI_ERR_FORBIDDEN;
	values_set_caret(&self->values, &caret);
	tiles_set_first(&self->seats[SEAT_PERSON].viewer.dirty, TILES_CARET, caret.x, caret.y);
	return 0;
}

static int take_takes_text(struct encoder *self, struct message *in)
{
	struct message_takes_text takes_text;

	if (message_get_takes_text(in, &takes_text) || capture_check_takes_text(&takes_text))
		return SHOJI_ERR_FORBIDDEN;
	values_set_takes_text(&self->values, takes_text.takes_text);
	return 0;
}

static int take_text_outcome(struct encoder *self, struct message *in)
{
	struct message_text_outcome outcome;
	struct seat *person = &self->seats[SEAT_PERSON];

	if (message_get_text_outcome(in, &outcome) || capture_check_text_outcome(&outcome))
		return SHOJI_ERR_FORBIDDEN;
	/* Nobody is there who asked. */
	if (person->viewer.state == VIEWER_ABSENT)
		return 0;
	values_add_outcome(&person->told, &outcome);
	return 0;
}

static int take_from_capture(struct encoder *self, struct message *in)
{
	/* The channel lets nothing else of the table through on this link. */
	switch (in->number) {
	case MESSAGE_GEOMETRY:
		return take_geometry(self, in);
	case MESSAGE_DAMAGE:
		return take_damage(self, in);
	case MESSAGE_CURSOR:
		return take_cursor(self, in);
	case MESSAGE_CARET:
		return take_caret(self, in);
	case MESSAGE_TAKES_TEXT:
		return take_takes_text(self, in);
	case MESSAGE_TEXT_OUTCOME:
		return take_text_outcome(self, in);
	default:
		return SHOJI_ERR_FORBIDDEN;
	}
}

static void on_capture_message(void *data, struct channel *channel, struct message *in)
{
	struct encoder *self = data;

	(void)channel;
	if (self->has_ended)
		return;
	if (take_from_capture(self, in)) {
		log_error(self->setup.lease_id,
		        "capture said something forbidden (message %u): it may have been taken "
		        "over by "
		        "the isolated host",
		        in->number);
		encoder_end(self, WORKER_EXIT_PEER);
		return;
	}
	encoder_pump(self);
}

static void on_capture_close(void *data, struct channel *channel, int error)
{
	struct encoder *self = data;

	self->capture = NULL;
	channel_free(channel);
	/* capture's own end is monitor's to judge; what it showed last stays on the screen until then. */
	if (error == SHOJI_ERR_CLOSED)
		return;
	log_error(self->setup.lease_id, "channel to capture: %s", shoji_error_text(error));
	encoder_end(self, WORKER_EXIT_PEER);
}

int encoder_set_capture(struct encoder *self, int fd)
{
	channel_free(self->capture);
	self->capture = channel_new(fd, LINK_CAPTURE_ENCODE, SIDE_B);
	if (!self->capture)
		return SHOJI_ERR_MEMORY;
	channel_set_phase(self->capture, PHASE_READY);
	return channel_watch(
	        self->capture, self->setup.loop, on_capture_message, on_capture_close, self);
}
