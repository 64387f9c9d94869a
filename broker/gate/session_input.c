/* What a person does at the terminal: on to capture, in one numbered sequence; and to encode, which shows first what it is next to. */
#include "gate/session_input.h"

#include "base/channel.h"
#include "base/error.h"
#include "base/log.h"
#include "base/loop.h"
#include "gate/gate_state.h"
#include "gate/keeper_link.h"
#include "gate/session.h"
#include "gate/viewer.h"
#include "gate/viewer_input.h"

#include <string.h>
#include <sys/socket.h>

#define ACTIVITY_EVERY_MS 10000

/* ---- the channel to capture ---- */

void session_input_close(struct session *self)
{
	watch_free(self->input_watch);
	self->input_watch = NULL;
	channel_free(self->input);
	self->input = NULL;
}

static void watch_input(struct session *self)
{
	if (self->input_watch)
		watch_set_events(
		        self->input_watch, channel_wants_write(self->input) ? LOOP_WRITE : 0);
}

static void on_input_event(void *data, unsigned events)
{
	struct session *self = data;

	if (!(events & LOOP_HANGUP) && !channel_flush(self->input)) {
		watch_input(self);
		return;
	}
	session_input_close(self);
	session_free_if_unused(self);
}

/* Not channel_watch(): the reading side is shut, which a watch for reading would take for the peer's end. */
int session_input_open(struct session *self, int fd)
{
	session_input_close(self);
	/* Nothing comes back from capture, whatever becomes of it. */
	shutdown(fd, SHUT_RD);
	self->input = channel_new(fd, LINK_GATE_CAPTURE, SIDE_A);
	if (!self->input)
		return SHOJI_ERR_MEMORY;
	channel_set_phase(self->input, PHASE_READY);
	self->has_lost_input = false;
	self->input_sequence = 0;
	self->input_watch =
	        watch_new(self->gate->loop, channel_fd(self->input), 0, on_input_event, self);
	if (self->input_watch)
		return 0;
	session_input_close(self);
	return SHOJI_ERR_MEMORY;
}

/* What cannot be sent is lost; but a key that went down must come up, so all are released before the next. */
static void note_sent(struct session *self, int error)
{
	if (error) {
		/* Closed: capture is gone, and monitor tells in a moment why. */
		if (error != SHOJI_ERR_CLOSED && !self->has_told_loss)
			log_warning(self->lease_id,
			        "capture does not take input (%s): some is lost",
			        shoji_error_text(error));
		self->has_told_loss = self->has_told_loss || error != SHOJI_ERR_CLOSED;
		self->has_lost_input = true;
		self->input_sequence--;
	}
	watch_input(self);
}

void session_input_release(struct session *self)
{
	if (!self->input)
		return;
	int error =
	        CHANNEL_SEND(self->input, input_release_all, .sequence = ++self->input_sequence);
	self->has_lost_input = false;
	note_sent(self, error);
}

/* ---- to capture ---- */

static uint16_t hold(uint16_t value, uint64_t size)
{
	return value < size ? value : (uint16_t)(size - 1);
}

static uint16_t within(uint16_t value, uint32_t min, uint32_t max)
{
	return (uint16_t)(value < min ? min : value > max ? max : value);
}

static int send_text(struct session *self, const struct viewer_message *message)
{
	/* 16 KiB are too many for the stack of a callback. */
	static struct message_input_text text;

	text.sequence = ++self->input_sequence;
	text.text_number = message->text.number;
	text.is_commit = message->text.is_commit;
	text.caret = message->text.caret;
	text.clauses = message->text.clauses;
	text.clauses_length = (uint32_t)message->text.clauses_length;
	memcpy(text.text, message->text.text, message->text.length + 1);
	int error = CHANNEL_SEND_VALUE(self->input, input_text, &text);
	/* What a person writes does not stay behind. */
	explicit_bzero(text.text, message->text.length);
	channel_forget(self->input);
	return error;
}

static int send_screen(struct session *self, const struct viewer_message *message)
{
	const struct config *config = &self->gate->config;

	return CHANNEL_SEND(self->input, input_screen, .sequence = ++self->input_sequence,
	        .width = within(message->screen.width, config->profile.width_min,
	                config->profile.width_max),
	        .height = within(message->screen.height, config->profile.height_min,
	                config->profile.height_max),
	        .scale = message->screen.scale);
}

static int send_input(struct session *self, const struct viewer_message *message)
{
	const struct config *config = &self->gate->config;

	switch (message->kind) {
	case VIEWER_MESSAGE_KEY:
		return CHANNEL_SEND(self->input, input_key, .sequence = ++self->input_sequence,
		        .key = message->key.key, .is_down = message->key.is_down,
		        .modifiers = message->key.modifiers);
	case VIEWER_MESSAGE_POINTER:
		return CHANNEL_SEND(self->input, input_pointer, .sequence = ++self->input_sequence,
		        .x = hold(message->pointer.x, config->profile.width_max),
		        .y = hold(message->pointer.y, config->profile.height_max),
		        .buttons = message->pointer.buttons,
		        .modifiers = message->pointer.modifiers);
	case VIEWER_MESSAGE_WHEEL:
		return CHANNEL_SEND(self->input, input_wheel, .sequence = ++self->input_sequence,
		        .x = hold(message->wheel.x, config->profile.width_max),
		        .y = hold(message->wheel.y, config->profile.height_max),
		        .left = message->wheel.left, .right = message->wheel.right,
		        .up = message->wheel.up, .down = message->wheel.down,
		        .modifiers = message->wheel.modifiers);
	case VIEWER_MESSAGE_TEXT:
		return send_text(self, message);
	case VIEWER_MESSAGE_RELEASE_ALL:
		return CHANNEL_SEND(
		        self->input, input_release_all, .sequence = ++self->input_sequence);
	case VIEWER_MESSAGE_SCREEN:
		return send_screen(self, message);
	case VIEWER_MESSAGE_SKIP:
	case VIEWER_MESSAGE_HELLO:
	case VIEWER_MESSAGE_PING:
	case VIEWER_MESSAGE_TOLD:
	case VIEWER_MESSAGE_ACK:
	case VIEWER_MESSAGE_VIDEO:
		break;
	}
	return 0;
}

/* ---- to keeper and encode ---- */

static void tell_activity(struct session *self)
{
	uint64_t now_ms = clock_now_ms();

	if (self->told_activity_ms && now_ms - self->told_activity_ms < ACTIVITY_EVERY_MS)
		return;
	self->told_activity_ms = now_ms;
	keeper_tell_activity(
	        self->gate, self->lease_id, viewer_address(self->seats[SEAT_PERSON].viewer));
}

/* encode shows first what is next to it. A move of the pointer says nothing; a lost one does no harm. */
static void tell_touch(struct session *self, const struct viewer_message *message)
{
	struct channel *stream = self->seats[SEAT_PERSON].stream;
	bool is_press = message->kind == VIEWER_MESSAGE_POINTER &&
	                (message->pointer.buttons & ~self->buttons) != 0;

	if (message->kind == VIEWER_MESSAGE_POINTER)
		self->buttons = message->pointer.buttons;
	if (!stream)
		return;
	if (is_press)
		CHANNEL_SEND(
		        stream, viewer_touch, .x = message->pointer.x, .y = message->pointer.y);
	else if (message->kind == VIEWER_MESSAGE_WHEEL)
		CHANNEL_SEND(stream, viewer_touch, .x = message->wheel.x, .y = message->wheel.y);
}

/* What is likely to change the picture at once, and what a person waits for. */
static bool is_press(const struct viewer_message *message)
{
	return message->kind == VIEWER_MESSAGE_TEXT ||
	       (message->kind == VIEWER_MESSAGE_KEY && message->key.is_down);
}

static void tell_screen(struct session *self, const struct viewer_message *message)
{
	struct channel *stream = self->seats[SEAT_PERSON].stream;

	if (stream && message->kind == VIEWER_MESSAGE_SCREEN)
		CHANNEL_SEND(stream, viewer_screen, .scale = message->screen.scale);
}

static void note_press(struct session *self, const struct viewer_message *message)
{
	struct channel *stream = self->seats[SEAT_PERSON].stream;
	uint16_t input = (uint16_t)message->sequence;

	if (!stream || !is_press(message))
		return;
	latency_press(&self->latency, input, clock_now_us());
	/* After capture was told, so that it is not the one that waits. A lost one does no harm. */
	CHANNEL_SEND(stream, viewer_press, .input = input);
}

void session_input(struct session *self, const struct viewer_message *message)
{
	/* A page that lets go of keys, or tells its size, by itself is not a person at work. */
	if (message->kind != VIEWER_MESSAGE_RELEASE_ALL && message->kind != VIEWER_MESSAGE_SCREEN)
		tell_activity(self);
	if (self->has_lost_input)
		session_input_release(self);
	if (self->input)
		note_sent(self, send_input(self, message));
	tell_touch(self, message);
	tell_screen(self, message);
	note_press(self, message);
}
