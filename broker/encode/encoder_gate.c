/* What gate says for the viewer of a seat. It stands on the terminals' side of the line: what it breaks ends the process,
 * and its exit status says so. */
#include "encode/encoder_inside.h"

#include "base/channel.h"
#include "base/error.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

/* Whoever comes after this viewer knows of no region; an onlooker's coming and going only ends and permits them. */
static void forget_video(struct seat *self)
{
	if (!seat_is_person(self))
		return;
	video_forget_viewer(&self->encoder->video);
}

/* What another terminal was shown, under its own name, does not stay on the screen while the new picture comes in pieces. */
static void note_terminal(struct seat *self, const struct message_viewer_join *join)
{
	struct encoder *encoder = self->encoder;

	if (encoder->setup.is_marked && strcmp(self->address, join->address) != 0)
		viewer_forget_picture(&self->viewer);
	snprintf(self->address, sizeof(self->address), "%s", join->address);
	encoder_refresh_mark(encoder);
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
	self->viewer.line.cap_bytes_per_s = self->encoder->setup.kbit_s_max * UINT64_C(1000) / 8;
	self->has_asked = self->is_given = false;
	viewer_join(&self->viewer, &join);
	note_terminal(self, &join);
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
		log_debug(self->encoder->setup.lease_id,
		        "a frame that ends in %u was acknowledged and never sent", ack.frame);
	return 0;
}

/* Of the person's screen the picture is kept: they come back to it. An onlooker's memory is given back, and only the next
 * one touches it again. */
static void leave(struct seat *self)
{
	forget_video(self);
	viewer_leave(&self->viewer);
	values_told_nothing(&self->told);
	if (seat_is_person(self))
		return;
	viewer_forget_screen(&self->viewer);
	madvise(self->memory, self->memory_size, MADV_DONTNEED);
}

static int take_video(struct seat *self, struct message *in)
{
	struct message_viewer_video video;

	if (message_get_viewer_video(in, &video))
		return SHOJI_ERR_FORBIDDEN;
	if (!seat_is_person(self))
		return 0;
	if (video.has_failed)
		video_failed(&self->encoder->video);
	else
		video_drawn(&self->encoder->video, video.frame, encoder_now_ms(self->encoder));
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

/* Policy and keeper have no part in it: what a terminal says of itself, and gate held within its range. */
static int take_screen(struct seat *self, struct message *in)
{
	struct message_viewer_screen screen;

	if (message_get_viewer_screen(in, &screen) || !seat_is_person(self) ||
	        screen.scale < SCREEN_SCALE_MIN || screen.scale > SCREEN_SCALE_MAX)
		return SHOJI_ERR_FORBIDDEN;
	self->encoder->scale = screen.scale;
	encoder_refresh_mark(self->encoder);
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
	case MESSAGE_VIEWER_SCREEN:
		return take_screen(self, in);
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
		encoder_end(self->encoder, WORKER_EXIT_PEER);
		return;
	}
	if (self->encoder->video.is_wanted != encoder_is_video_wanted(self->encoder))
		encoder_pump(self->encoder);
	seat_pump(self);
	encoder_tell_film(self->encoder);
}

static void on_gate_drained(void *data, struct channel *channel)
{
	(void)channel;
	seat_pump(data);
}

static void drop_gate(struct seat *self)
{
	channel_free(self->gate);
	self->gate = NULL;
	leave(self);
	encoder_tell_film(self->encoder);
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
	encoder_end(self->encoder, WORKER_EXIT_PEER);
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
