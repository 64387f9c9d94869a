/* Wires image, viewers and values to the channels. capture stands on the isolated host's side of the line, gate on the
 * terminals': what either breaks ends the process, and its exit status says so. */
#include "encode/encoder.h"

#include "base/channel.h"
#include "base/ensure.h"
#include "base/error.h"
#include "base/log.h"
#include "base/loop.h"
#include "encode/capture_check.h"
#include "encode/compressor.h"
#include "encode/image.h"
#include "encode/mark.h"
#include "encode/settle.h"
#include "encode/values.h"
#include "encode/video.h"
#include "stream/drawn_model.h"
#include "encode/viewer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

/* A whole picture of one colour is a display on which the browser has drawn nothing yet. It is not shown as the
 * first one, unless it stays so for this long: a page may be plain. */
#define PLAIN_PATIENCE_MS 4000

/* One viewer and the channel to it: it waits for nobody but itself. */
struct seat {
	struct encoder *encoder;
	struct channel *gate; /* NULL: none, or gone */
	struct viewer viewer;
	struct values_told told;
	bool has_asked, is_given; /* of gate's credit, where the line is metered */
	uint8_t *memory; /* of its screen and compressor: a part of the encoder's, whole pages */
	size_t memory_size;
};

struct encoder {
	struct encoder_setup setup;
	struct channel *capture; /* NULL: gone */
	struct capture_check check;
	struct image image;
	struct mark mark;         /* where setup.is_marked */
	struct timer *mark_timer; /* the next minute */
	int mark_east_min;
	struct values values;
	struct seat seats[VIEWERS_MAX];
	struct video video;
	struct timer
	        *video_timer; /* runs while a region is there: its silence is an event as well */
	struct timer *photo_timer; /* runs while something is not exact yet */
	struct settle settle;
	struct timer *settle_timer;
	bool has_ended;
	bool is_first_picture_told;
	struct timer *plain_timer; /* runs from the first whole picture on */
	bool is_plain_timer_set, is_plain_for_long;
	uint8_t *memory; /* one mapping for everything below */
	size_t memory_size;
	uint32_t *image_memory;
};

static void end(struct encoder *self, enum worker_exit status)
{
	if (self->has_ended)
		return;
	self->has_ended = true;
	self->setup.on_end(self->setup.data, status);
}

/* ---- to gate ---- */

/* A channel that is broken is noticed by its own callback, at the next turn. */
static bool send_slice(struct seat *self, const uint8_t *slice, size_t length)
{
	int error =
	        CHANNEL_SEND(self->gate, slice, .bytes = slice, .bytes_length = (uint32_t)length);

	if (error == SHOJI_ERR_MEMORY)
		end(self->encoder, WORKER_EXIT_MEMORY);
	return error == 0;
}

/* Only while nothing waits in the channel: what waits there could no longer be overtaken by a cursor, and would fill its
 * queue. */
static void pump_outbox(void *data)
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

static uint32_t now_ms(const struct encoder *self)
{
	return (uint32_t)(self->setup.clock_ms ? self->setup.clock_ms() : clock_now_ms());
}

/* What viewers and snapshots get. */
static const struct image *shown(const struct encoder *self)
{
	return self->setup.is_marked ? &self->mark.shown : &self->image;
}

/* Video is the person's alone: who looks on gets pictures, and so does the person meanwhile, because both see one image. */
static bool is_video_wanted(const struct encoder *self)
{
	const struct viewer *person = &self->seats[SEAT_PERSON].viewer;

	return self->setup.has_video && !self->setup.is_marked && person->state == VIEWER_LIVE &&
	       person->capabilities & WIRE_CAN_H264 &&
	       self->seats[SEAT_ONLOOKER].viewer.state == VIEWER_ABSENT;
}

static void look_at_video(struct encoder *self)
{
	video_set_wanted(&self->video, is_video_wanted(self));
	uint32_t due_ms = video_look(&self->video, now_ms(self));
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

	if (self != &self->encoder->seats[SEAT_PERSON] || self->viewer.state != VIEWER_LIVE ||
	        outbox_peek(&self->viewer.outbox, &length))
		return;
	ensure(say(&self->encoder->video, &self->viewer.outbox, now_ms(self->encoder)));
	pump_outbox(self);
}

/* Its bytes are the line's as well. */
static void say_video_frames(struct seat *self)
{
	struct video *video = &self->encoder->video;
	uint64_t n_bytes = video->n_bytes;

	if (self != &self->encoder->seats[SEAT_PERSON] || !video_has_frames(video))
		return;
	if (!flow_line_may_say(&self->viewer.line)) {
		video_waits(video, now_ms(self->encoder));
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
	if (viewer_has_news(&self->viewer, shown(self->encoder)))
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

	viewer_work(&self->viewer, shown(self->encoder));
	if (self->viewer.counts.frames == n_frames || self != &self->encoder->seats[SEAT_PERSON])
		return;
	video_moved(&self->encoder->video, &self->viewer.counts.moved, now_ms(self->encoder));
	/* What that ended is exact at once. */
	say_video(self, video_say_changes);
	viewer_work(&self->viewer, shown(self->encoder));
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

/* May be called at any time; does what is possible now. */
static void pump(struct seat *self)
{
	if (!self->gate || self->viewer.state == VIEWER_ABSENT || self->encoder->has_ended)
		return;
	video_hide(&self->encoder->video);
	pump_values(self);
	pump_outbox(self);
	if (self->encoder->settle.is_on)
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

static void pump_all(struct encoder *self)
{
	look_at_video(self);
	for (int i = 0; i < VIEWERS_MAX; i++)
		pump(&self->seats[i]);
}

static void on_photo_time(void *data)
{
	pump_all(data);
}

/* ---- from capture ---- */

static int take_geometry(struct encoder *self, struct message *in)
{
	struct message_geometry geometry;

	if (message_get_geometry(in, &geometry) || capture_check_geometry(&self->check, &geometry))
		return SHOJI_ERR_FORBIDDEN;
	image_resize(&self->image, self->image_memory, geometry.width, geometry.height);
	video_resize(&self->video, &self->image);
	if (self->setup.is_marked)
		mark_resize(&self->mark, geometry.width, geometry.height);
	for (int i = 0; i < VIEWERS_MAX; i++)
		viewer_resize(&self->seats[i].viewer, geometry.width, geometry.height);
	values_forget_caret(&self->values);
	/* The first size is not a new one: nobody was shown anything. */
	if (self->is_first_picture_told) {
		settle_begin(&self->settle, geometry.width, geometry.height, clock_now_ms());
		timer_set_ms(self->settle_timer, SETTLE_MAX_MS);
	}
	return 0;
}

static void on_settle_time(void *data)
{
	struct encoder *self = data;

	settle_end(&self->settle);
	pump_all(self);
}

static void tell_first_picture(struct encoder *self)
{
	if (self->is_first_picture_told || !shown(self)->is_whole)
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

static void on_plain_for_long(void *data)
{
	struct encoder *self = data;

	self->is_plain_for_long = true;
	tell_first_picture(self);
}

static void on_damage(void *data, const struct rect *area)
{
	struct encoder *self = data;

	for (int i = 0; i < VIEWERS_MAX; i++)
		viewer_damage(&self->seats[i].viewer, area);
}

static void on_unknown(void *data, const struct rect *area)
{
	struct encoder *self = data;

	for (int i = 0; i < VIEWERS_MAX; i++)
		viewer_forget_area(&self->seats[i].viewer, area, VIDEO_UNKNOWN);
}

/* What else looks different now, and the moves that were found: the viewers need not search again. */
static void take_marked(struct encoder *self, const struct message_damage *damage)
{
	struct mark_result result;

	mark_take(&self->mark, &self->image, damage->rects, damage->n_rects, &result);
	for (size_t i = 0; i < result.n_areas; i++)
		on_damage(self, &result.areas[i]);
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

static void mark_anew(struct encoder *self, const char *person, const char *address)
{
	struct timespec now;
	char time[MARK_TIME_BYTES];

	clock_gettime(CLOCK_REALTIME, &now);
	mark_time(time, now.tv_sec, self->mark_east_min);
	if (mark_set_text(&self->mark, &self->image, person, address, time))
		on_damage(self, &(struct rect){0, 0, self->image.width, self->image.height});
	timer_set_ms(self->mark_timer,
	        (uint64_t)(60 - now.tv_sec % 60) * 1000 - (uint64_t)now.tv_nsec / 1000000);
}

static void on_minute(void *data)
{
	struct encoder *self = data;
	char person[MARK_TEXT_MAX + 1], address[MARK_TEXT_MAX + 1];

	memcpy(person, self->mark.person, sizeof(person));
	memcpy(address, self->mark.address, sizeof(address));
	mark_anew(self, person, address);
	pump_all(self);
}

void encoder_set_mark(struct encoder *self, const char *person, const char *address, int east_min)
{
	if (!self->setup.is_marked)
		return;
	self->mark_east_min = east_min;
	mark_anew(self, person, address);
	tell_first_picture(self);
	pump_all(self);
}

static void on_video_time(void *data)
{
	pump_all(data);
}

static void tell_viewer(struct viewer *viewer, const struct message_damage *damage)
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
		        now_ms(self));
	for (int i = 0; i < VIEWERS_MAX; i++)
		tell_viewer(&self->seats[i].viewer, damage);
	image_look(&self->image);
	if (self->settle.is_on)
		timer_set_ms(self->settle_timer,
		        settle_wait_ms(&self->settle, self->image.is_whole, clock_now_ms()));
	if (self->setup.is_marked)
		take_marked(self, damage);
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
	tell_first_picture(self);
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
		end(self, WORKER_EXIT_PEER);
		return;
	}
	pump_all(self);
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
	end(self, WORKER_EXIT_PEER);
}

/* ---- from gate ---- */

/* Whoever comes after this viewer knows of no region; an onlooker's coming and going only ends and permits them. */
static void forget_video(struct seat *self)
{
	if (self != &self->encoder->seats[SEAT_PERSON])
		return;
	video_set_wanted(&self->encoder->video, false);
	video_forget_viewer(&self->encoder->video);
}

static int take_join(struct seat *self, struct message *in)
{
	struct message_viewer_join join;

	if (message_get_viewer_join(in, &join) || join.version != WIRE_VERSION ||
	        join.capabilities & ~(uint32_t)WIRE_CAPABILITIES_ALL ||
	        join.window_log_max < WIRE_WINDOW_LOG_MIN ||
	        join.window_log_max > WIRE_WINDOW_LOG_MAX ||
	        join.cache_slots > WIRE_CACHE_SLOTS_MAX)
		return SHOJI_ERR_FORBIDDEN;
	forget_video(self);
	self->viewer.line.is_metered = self->encoder->setup.is_metered;
	self->has_asked = self->is_given = false;
	viewer_join(&self->viewer, &join);
	values_told_nothing(&self->told);
	return 0;
}

static int take_ack(struct seat *self, struct message *in)
{
	struct message_viewer_ack ack;

	if (message_get_viewer_ack(in, &ack))
		return SHOJI_ERR_FORBIDDEN;
	/* The viewer's number, which gate passes on as it is: a wrong one is not gate's doing. */
	if (!viewer_ack(&self->viewer, ack.frame))
		log_debug(self->encoder->setup.lease_id, "frame %u was acknowledged and never sent",
		        ack.frame);
	return 0;
}

/* Of the person's screen the picture is kept: they come back to it. An onlooker's memory is given back, and only the next
 * one touches it again. */
static void leave(struct seat *self)
{
	forget_video(self);
	viewer_leave(&self->viewer);
	values_told_nothing(&self->told);
	if (self == &self->encoder->seats[SEAT_PERSON])
		return;
	viewer_forget_screen(&self->viewer);
	madvise(self->memory, self->memory_size, MADV_DONTNEED);
}

static int take_video(struct seat *self, struct message *in)
{
	struct message_viewer_video video;

	if (message_get_viewer_video(in, &video))
		return SHOJI_ERR_FORBIDDEN;
	if (self != &self->encoder->seats[SEAT_PERSON])
		return 0;
	if (video.has_failed)
		video_failed(&self->encoder->video);
	else
		video_drawn(&self->encoder->video, video.frame, now_ms(self->encoder));
	return 0;
}

static int take_credit(struct seat *self, struct message *in)
{
	struct message_credit_give give;

	if (message_get_credit_give(in, &give) || !self->encoder->setup.is_metered)
		return SHOJI_ERR_FORBIDDEN;
	/* Of the viewer before: gate has taken it back already. */
	if (self->viewer.state == VIEWER_ABSENT)
		return 0;
	flow_line_give(&self->viewer.line, give.bytes);
	self->is_given = true;
	self->has_asked = false;
	return 0;
}

static int take_press(struct seat *self, struct message *in)
{
	struct message_viewer_press press;

	if (message_get_viewer_press(in, &press))
		return SHOJI_ERR_FORBIDDEN;
	viewer_hear_input(&self->viewer, press.input);
	return 0;
}

static int take_touch(struct seat *self, struct message *in)
{
	struct message_viewer_touch touch;

	if (message_get_viewer_touch(in, &touch))
		return SHOJI_ERR_FORBIDDEN;
	tiles_set_first(&self->viewer.dirty, TILES_POINTER, touch.x, touch.y);
	return 0;
}

static int take_from_gate(struct seat *self, struct message *in)
{
	switch (in->number) {
	case MESSAGE_VIEWER_JOIN:
		return take_join(self, in);
	case MESSAGE_VIEWER_ACK:
		return take_ack(self, in);
	case MESSAGE_VIEWER_VIDEO:
		return take_video(self, in);
	case MESSAGE_CREDIT_GIVE:
		return take_credit(self, in);
	case MESSAGE_VIEWER_TOUCH:
		return take_touch(self, in);
	case MESSAGE_VIEWER_PRESS:
		return take_press(self, in);
	case MESSAGE_VIEWER_LEAVE:
		leave(self);
		return 0;
	default:
		return SHOJI_ERR_FORBIDDEN;
	}
}

static void on_gate_message(void *data, struct channel *channel, struct message *in)
{
	struct seat *self = data;

	(void)channel;
	if (self->encoder->has_ended)
		return;
	if (take_from_gate(self, in)) {
		log_error(self->encoder->setup.lease_id,
		        "gate said something forbidden (message %u)", in->number);
		end(self->encoder, WORKER_EXIT_PEER);
		return;
	}
	if (self->encoder->video.is_wanted != is_video_wanted(self->encoder))
		pump_all(self->encoder);
	pump(self);
}

static void on_gate_drained(void *data, struct channel *channel)
{
	(void)channel;
	pump(data);
}

static void drop_gate(struct seat *self)
{
	channel_free(self->gate);
	self->gate = NULL;
	leave(self);
}

static void on_gate_close(void *data, struct channel *channel, int error)
{
	struct seat *self = data;

	(void)channel;
	drop_gate(self);
	/* gate was started anew: monitor brings the channel to the new one. */
	if (error == SHOJI_ERR_CLOSED)
		return;
	log_error(self->encoder->setup.lease_id, "channel to gate: %s", shoji_error_text(error));
	end(self->encoder, WORKER_EXIT_PEER);
}

/* ---- life ---- */

static size_t rounded(size_t bytes)
{
	return (bytes + 4095) & ~(size_t)4095;
}

enum seat_part {
	PART_REFERENCE,
	PART_MARKS,
	PART_COMPRESSOR,
	PART_DRAWN,
	PART_CACHE,
	PART_OUTBOX,
	SEAT_PARTS
};

/* Where in a seat's memory each part is; the last entry is its size. */
static void lay_out(const struct encoder *self, size_t at[SEAT_PARTS + 1])
{
	uint32_t width = self->setup.width_max, height = self->setup.height_max;

	at[PART_REFERENCE] = 0;
	at[PART_MARKS] = rounded((size_t)width * height * PIXEL_BYTES);
	at[PART_COMPRESSOR] = at[PART_MARKS] + rounded((size_t)width * height);
	at[PART_DRAWN] = at[PART_COMPRESSOR] + rounded(compressor_size());
	at[PART_CACHE] = at[PART_DRAWN] + rounded(sizeof(struct drawn_model));
	at[PART_OUTBOX] = at[PART_CACHE] + rounded(sizeof(struct cache));
	at[SEAT_PARTS] = at[PART_OUTBOX] + rounded(outbox_size(width, height));
}

static void init_seat(struct encoder *self, struct seat *seat, uint8_t *memory)
{
	size_t at[SEAT_PARTS + 1];

	lay_out(self, at);
	seat->encoder = self;
	seat->memory = memory;
	seat->memory_size = at[SEAT_PARTS];
	viewer_init(&seat->viewer, self->setup.epoch,
	        &(struct viewer_memory){
	                .reference = (uint32_t *)(void *)(memory + at[PART_REFERENCE]),
	                .marks = self->setup.has_photos ? memory + at[PART_MARKS] : NULL,
	                .compressor = memory + at[PART_COMPRESSOR],
	                .drawn = (struct drawn_model *)(void *)(memory + at[PART_DRAWN]),
	                .cache = (struct cache *)(void *)(memory + at[PART_CACHE]),
	                .cache_key = self->setup.cache_key,
	                .outbox = memory + at[PART_OUTBOX],
	                .outbox_size = at[SEAT_PARTS] - at[PART_OUTBOX]},
	        pump_outbox, seat);
	if (self->setup.clock_ms)
		seat->viewer.clock_ms = self->setup.clock_ms;
}

/* Address space for the largest screen and every seat; what a smaller one or an empty seat does not touch is never made. */
static bool reserve(struct encoder *self)
{
	size_t image =
	        rounded((size_t)self->setup.width_max * self->setup.height_max * PIXEL_BYTES);
	size_t once = rounded(compressor_once_size());
	size_t cells = rounded(sizeof(struct video_cells));
	size_t seat[SEAT_PARTS + 1];

	lay_out(self, seat);
	size_t pattern = rounded(sizeof(struct mark_pattern));
	size_t marked = self->setup.is_marked ? 2 * image + pattern : 0;
	self->memory_size = image + once + VIEWERS_MAX * seat[SEAT_PARTS] + marked + image + cells;
	void *memory = mmap(NULL, self->memory_size, PROT_READ | PROT_WRITE,
	        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return false;
	self->memory = memory;
	self->image_memory = (uint32_t *)memory;
	values_init(&self->values, self->memory + image, once);
	for (int i = 0; i < VIEWERS_MAX; i++)
		init_seat(self, &self->seats[i],
		        self->memory + image + once + (size_t)i * seat[SEAT_PARTS]);
	uint8_t *rest = self->memory + self->memory_size - image - cells;
	if (marked > 0)
		mark_init(&self->mark,
		        &(struct mark_memory){.shown = (uint32_t *)(void *)(rest - marked),
		                .before = (uint32_t *)(void *)(rest - marked + image),
		                .pattern = (struct mark_pattern *)(void *)(rest - pattern)});
	video_init(&self->video,
	        &(struct video_setup){.lease_id = self->setup.lease_id,
	                .core_percent = self->setup.has_video ? self->setup.video_core_percent : 1,
	                .shadow = (uint32_t *)(void *)rest,
	                .cells = (struct video_cells *)(void *)(rest + image),
	                .line = &self->seats[SEAT_PERSON].viewer.line,
	                .on_damage = on_damage,
	                .on_unknown = on_unknown,
	                .data = self},
	        now_ms(self));
	video_resize(&self->video, &self->image);
	return true;
}

struct encoder *encoder_new(const struct encoder_setup *setup)
{
	struct encoder *self;

	if (setup->width_max == 0 || setup->width_max > SCREEN_WIDTH_MAX ||
	        setup->height_max == 0 || setup->height_max > SCREEN_HEIGHT_MAX ||
	        setup->epoch == 0)
		return NULL;
	self = calloc(1, sizeof(*self));
	if (!self)
		return NULL;
	self->setup = *setup;
	capture_check_init(&self->check, setup->width_max, setup->height_max);
	self->plain_timer = timer_new(setup->loop, on_plain_for_long, self);
	self->video_timer = timer_new(setup->loop, on_video_time, self);
	self->photo_timer = timer_new(setup->loop, on_photo_time, self);
	self->mark_timer = timer_new(setup->loop, on_minute, self);
	self->settle_timer = timer_new(setup->loop, on_settle_time, self);
	if (self->plain_timer && self->video_timer && self->photo_timer && self->mark_timer &&
	        self->settle_timer && reserve(self))
		return self;
	timer_free(self->plain_timer);
	timer_free(self->video_timer);
	timer_free(self->photo_timer);
	timer_free(self->mark_timer);
	timer_free(self->settle_timer);
	free(self);
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
	munmap(self->memory, self->memory_size);
	free(self);
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

int encoder_set_gate(struct encoder *self, enum viewer_seat number, int fd)
{
	struct seat *seat = &self->seats[number];

	drop_gate(seat);
	seat->gate = channel_new(fd, LINK_GATE_ENCODE, SIDE_B);
	if (!seat->gate)
		return SHOJI_ERR_MEMORY;
	channel_set_phase(seat->gate, PHASE_READY);
	channel_set_on_drained(seat->gate, on_gate_drained);
	return channel_watch(seat->gate, self->setup.loop, on_gate_message, on_gate_close, seat);
}

void encoder_picture(struct encoder *self, struct encoder_picture *picture)
{
	*picture = (struct encoder_picture){0};
	/* Without its words there is no mark, so no picture. */
	if (self->setup.is_marked && !self->mark.has_text)
		return;
	video_reveal(&self->video);
	*picture = (struct encoder_picture){.pixels = shown(self)->pixels,
	        .width = self->image.width,
	        .height = self->image.height,
	        .stride_bytes = self->image.width * (uint32_t)PIXEL_BYTES};
}

const struct frame_counts *encoder_counts(const struct encoder *self)
{
	return &self->seats[SEAT_PERSON].viewer.counts;
}
