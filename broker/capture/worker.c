/* Drives one session: RFB from the isolated host on the one side, messages to encode, gate and monitor on the other.
 *
 * One loop, and nothing in it waits: input is read and sent while an update arrives, and while encode
 * has not taken the last one. Bytes of the isolated host go to handshake.c and reader.c; any surprise ends the
 * process, and its exit status says which. */
#include "capture/worker.h"

#include "base/channel.h"
#include "base/ensure.h"
#include "base/error.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/session.h"
#include "capture/handshake.h"
#include "capture/input.h"
#include "capture/pixels.h"
#include "capture/reader.h"
#include "capture/rfb.h"
#include "capture/screen_size.h"
#include "capture/text.h"

#include <stdlib.h>
#include <unistd.h>

/* Bytes read a turn before input has its turn again. */
#define TURN_BYTES_MAX (512 * 1024)

enum request { REQUEST_NONE, REQUEST_CHANGES, REQUEST_ALL };

/* What the host owes us, and by when. */
enum due { DUE_NOTHING, DUE_HANDSHAKE, DUE_MESSAGE, DUE_PICTURE };

struct worker {
	uint64_t lease_id;
	struct loop *loop;
	struct channel *monitor, *encode;
	struct channel *input_channel; /* NULL: no gate now */
	struct rfb *rfb;
	struct watch *rfb_watch;
	struct timer *alive_timer, *due_timer, *taken_timer, *size_timer;
	struct pixels pixels;
	bool is_stopped;
	int exit_status;

	enum due due;
	uint32_t due_message;   /* the message that DUE_MESSAGE is about */
	bool is_picture_due;    /* all of the screen was asked for and has not come */
	bool is_awaiting_taken; /* the buffer is encode's to read */
	bool is_cursor_waiting; /* encode's channel was full: the latest cursor goes when it is not */
	enum request request;   /* to be sent as soon as the socket takes it */
	uint32_t sequence;      /* of the last damage */
	struct handshake handshake;
	struct reader reader; /* valid after the handshake */
	struct input input;   /* same */
	struct text *text;
	struct screen_size screen_size;
	bool is_sending; /* pump_sending() runs */
	bool is_typing;  /* text waits for the key that is among input's steps */
};

static void stop(struct worker *self, enum worker_exit exit_status)
{
	if (self->is_stopped)
		return;
	self->is_stopped = true;
	self->exit_status = exit_status;
	if (exit_status != WORKER_EXIT_DONE)
		log_warning(self->lease_id, "capture ends: %s", worker_exit_text(exit_status));
	loop_stop(self->loop, exit_status);
}

static void stop_at_host_error(struct worker *self, int error)
{
	if (error == SHOJI_ERR_CLOSED)
		stop(self, WORKER_EXIT_CLOSED);
	else if (error == SHOJI_ERR_LIMIT)
		stop(self, WORKER_EXIT_BOUNDS);
	else if (!handshake_is_done(&self->handshake))
		stop(self, WORKER_EXIT_HANDSHAKE);
	else
		stop(self, WORKER_EXIT_PROTOCOL);
}

/* ---- to encode ---- */

static void check_encode(struct worker *self, int error)
{
	if (error == SHOJI_ERR_MEMORY)
		stop(self, WORKER_EXIT_MEMORY);
	else if (error == SHOJI_ERR_LIMIT)
		stop(self, WORKER_EXIT_NOT_TAKEN); /* a queue of a megabyte that nobody reads */
	else if (error)
		stop(self, WORKER_EXIT_PEER);
}

static void send_geometry(struct worker *self)
{
	const struct reader *reader = &self->reader;

	check_encode(self, CHANNEL_SEND(self->encode, geometry, .generation = reader->generation,
	                           .width = reader->width, .height = reader->height));
	input_set_size(&self->input, reader->width, reader->height);
}

/* Only the latest cursor matters: one that encode is too slow for is replaced by the next. */
static void pump_cursor(struct worker *self)
{
	if (!self->is_cursor_waiting || channel_wants_write(self->encode))
		return;
	self->is_cursor_waiting = false;
	check_encode(self, CHANNEL_SEND_VALUE(self->encode, cursor, &self->reader.cursor));
}

static void send_damage(struct worker *self)
{
	struct message_damage *damage = &self->reader.damage;

	damage->generation = self->reader.generation;
	damage->sequence = ++self->sequence;
	check_encode(self, CHANNEL_SEND_VALUE(self->encode, damage, damage));
	self->is_awaiting_taken = true;
	timer_set_ms(self->taken_timer, WORKER_TAKEN_MS);
}

/* ---- to the host ---- */

static int send_request(struct worker *self)
{
	bool is_incremental = self->request == REQUEST_CHANGES;

	self->request = REQUEST_NONE;
	reader_requested(&self->reader);
	return rfb_send_update_request(
	        self->rfb, self->reader.width, self->reader.height, is_incremental);
}

static int send_step(struct worker *self, const struct input_step *step)
{
	if (step->kind == STEP_KEY)
		return rfb_send_key(self->rfb, step->key, step->is_down);
	return rfb_send_pointer(self->rfb, step->x, step->y, step->buttons);
}

/* A host that never told of its screen (no ExtendedDesktopSize) takes no size: nothing is asked. */
static int size_due_ms(const struct worker *self)
{
	const struct reader *reader = &self->reader;

	if (!reader->has_screen)
		return -1;
	return screen_size_due_ms(&self->screen_size, reader->width, reader->height,
	        reader->n_sizes_asked == 0, clock_now_ms());
}

static int send_size(struct worker *self)
{
	screen_size_asked(&self->screen_size, clock_now_ms());
	reader_size_asked(&self->reader);
	return rfb_send_size(self->rfb, self->screen_size.width, self->screen_size.height,
	        self->reader.screen_id);
}

static bool has_something_to_send(const struct worker *self)
{
	if (!handshake_is_done(&self->handshake))
		return false;
	return self->request != REQUEST_NONE || size_due_ms(self) == 0 ||
	       (self->reader.has_extended_key && input_next_step(&self->input));
}

static void watch_rfb(struct worker *self)
{
	/* While encode reads the buffer, what the host sends next waits in the socket. */
	unsigned events = self->is_awaiting_taken ? 0 : LOOP_READ;

	if (has_something_to_send(self))
		events |= LOOP_WRITE;
	watch_set_events(self->rfb_watch, events);
}

/* A text that is typed key by key goes on when its last key has gone. */
static void tell_typed(struct worker *self)
{
	if (!self->is_typing || input_next_step(&self->input))
		return;
	self->is_typing = false;
	text_typed(self->text);
}

/* Sends what the socket takes now. Input that does not fit stays where it is: gate is not read from
 * before the last message has gone. */
static void pump_sending(struct worker *self)
{
	self->is_sending = true;
	while (!self->is_stopped && has_something_to_send(self) && rfb_can_send(self->rfb)) {
		const struct input_step *step = input_next_step(&self->input);
		int error;
		if (self->request != REQUEST_NONE) {
			error = send_request(self);
		} else if (size_due_ms(self) == 0) {
			error = send_size(self);
		} else {
			error = send_step(self, step);
			input_step_done(&self->input);
			tell_typed(self);
		}
		if (error)
			stop_at_host_error(self, error);
	}
	self->is_sending = false;
	if (self->input_channel)
		channel_pause(self->input_channel,
		        input_next_step(&self->input) || !text_is_idle(self->text));
}

/* ---- from the host ---- */

/* Xvnc draws the cursor into the picture as long as its place is not the one that this connection
 * named last; then it would be in every viewer's picture twice, and the picture not the display's. */
static void claim_pointer(struct worker *self)
{
	uint16_t x = self->reader.width / 2, y = self->reader.height / 2;
	int error = rfb_send_pointer(self->rfb, x, y, 0);

	input_place(&self->input, x, y);
	if (error)
		stop_at_host_error(self, error);
}

static void begin_updates(struct worker *self)
{
	reader_init(&self->reader, &self->pixels, self->handshake.width, self->handshake.height);
	input_set_size(&self->input, self->handshake.width, self->handshake.height);
	send_geometry(self);
	claim_pointer(self);
	self->request = REQUEST_ALL;
	self->is_picture_due = true;
	pump_sending(self);
}

static int feed_handshake(struct worker *self, const uint8_t *data, size_t length)
{
	const uint8_t *reply;
	int n = handshake_feed(&self->handshake, data, length);

	if (n < 0)
		return n;
	size_t reply_length = handshake_reply(&self->handshake, &reply);
	/* Some dozens of bytes in all: an empty socket always takes them. */
	int error = reply_length ? rfb_send_bytes(self->rfb, reply, reply_length) : 0;
	if (!error && handshake_is_done(&self->handshake))
		begin_updates(self);
	return error ? error : n;
}

/* An update is whole in the buffer: asks for the next one, then tells encode. */
static void finish_update(struct worker *self)
{
	struct reader *reader = &self->reader;

	self->request = reader->has_new_size ? REQUEST_ALL : REQUEST_CHANGES;
	pump_sending(self);
	if (reader->has_new_size)
		send_geometry(self);
	if (reader->has_new_size)
		self->is_picture_due = true;
	else if (reader->damage.n_rects > 0)
		self->is_picture_due = false;
	reader->has_new_size = false;
	self->is_cursor_waiting |= reader->has_cursor;
	reader->has_cursor = false;
	pump_cursor(self);
	if (reader->damage.n_rects > 0)
		send_damage(self);
	reader_update_taken(reader);
}

static int feed(struct worker *self, const uint8_t *data, size_t length)
{
	if (!handshake_is_done(&self->handshake))
		return feed_handshake(self, data, length);
	int n = reader_feed(&self->reader, data, length);
	if (n >= 0 && self->reader.is_update_complete)
		finish_update(self);
	return n;
}

/* Which deadline holds now. A message that has begun must end; the handshake and a whole picture must come;
 * a screen on which nothing happens may be silent. */
static enum due what_is_due(const struct worker *self)
{
	if (!handshake_is_done(&self->handshake))
		return DUE_HANDSHAKE;
	if (reader_is_inside(&self->reader))
		return DUE_MESSAGE;
	if (self->is_picture_due && !self->is_awaiting_taken)
		return DUE_PICTURE;
	return DUE_NOTHING;
}

static uint64_t due_ms(enum due due)
{
	switch (due) {
	case DUE_HANDSHAKE:
		return WORKER_HANDSHAKE_MS;
	case DUE_MESSAGE:
		return WORKER_MESSAGE_MS;
	case DUE_PICTURE:
		return WORKER_PICTURE_MS;
	case DUE_NOTHING:
		break;
	}
	return 0;
}

static void update_deadline(struct worker *self)
{
	enum due due = what_is_due(self);
	bool is_same = due == self->due;

	if (due == DUE_MESSAGE && self->due_message != self->reader.message_count)
		is_same = false;
	if (is_same)
		return;
	self->due = due;
	self->due_message = self->reader.message_count;
	if (due == DUE_NOTHING)
		timer_clear(self->due_timer);
	else
		timer_set_ms(self->due_timer, due_ms(due));
}

/* Reads what is there, up to the end of an update that encode must take first. */
static void pump_receiving(struct worker *self)
{
	size_t turn_bytes = 0;

	while (!self->is_stopped && !self->is_awaiting_taken) {
		const uint8_t *data;
		size_t length;
		int result = rfb_peek(self->rfb, &data, &length);
		if (result == 0)
			break;
		if (result > 0)
			result = feed(self, data, length);
		if (result < 0) {
			stop_at_host_error(self, result);
			break;
		}
		rfb_consume(self->rfb, (size_t)result);
		turn_bytes += (size_t)result;
		/* Only at the end of what was read: bytes that wait in our own buffer wake no loop. */
		if (turn_bytes > TURN_BYTES_MAX && (size_t)result == length)
			break;
	}
}

static void update_size_timer(struct worker *self)
{
	int due_ms = size_due_ms(self);

	/* At 0 the socket is what it waits for. */
	if (due_ms > 0)
		timer_set_ms(self->size_timer, (uint64_t)due_ms);
	else
		timer_clear(self->size_timer);
}

static void pump(struct worker *self)
{
	pump_receiving(self);
	pump_sending(self);
	if (self->is_stopped)
		return;
	update_deadline(self);
	update_size_timer(self);
	watch_rfb(self);
}

static void on_rfb(void *data, unsigned events)
{
	struct worker *self = data;

	/* Nothing is read from the socket now, and it would wake the loop for ever. */
	if ((events & LOOP_HANGUP) && self->is_awaiting_taken)
		stop(self, WORKER_EXIT_CLOSED);
	else
		pump(self);
}

static void on_size_time(void *data)
{
	pump(data);
}

static void on_due(void *data)
{
	stop(data, WORKER_EXIT_STALLED);
}

/* ---- from encode ---- */

static void on_not_taken(void *data)
{
	stop(data, WORKER_EXIT_NOT_TAKEN);
}

static void on_encode(void *data, struct channel *channel, struct message *in)
{
	struct worker *self = data;
	struct message_taken taken;

	(void)channel;
	if (in->number != MESSAGE_TAKEN || message_get_taken(in, &taken) ||
	        !self->is_awaiting_taken || taken.sequence != self->sequence) {
		stop(self, WORKER_EXIT_PEER);
		return;
	}
	self->is_awaiting_taken = false;
	timer_clear(self->taken_timer);
	pump_cursor(self);
	pump(self);
}

static void on_peer_closed(void *data, struct channel *channel, int error)
{
	(void)channel;
	(void)error;
	stop(data, WORKER_EXIT_PEER);
}

/* ---- from gate ---- */

static int on_text(struct worker *self, const struct message_input_text *text)
{
	int error = input_text(&self->input, text);

	return error ? error : text_begin(self->text, text);
}

#define HANDLE(name)                                                                               \
	do {                                                                                       \
		struct message_input_##name message;                                               \
		error = message_get_input_##name(in, &message);                                    \
		if (!error)                                                                        \
			error = input_##name(&self->input, &message);                              \
	} while (0)

static int handle_text(struct worker *self, struct message *in)
{
	static struct message_input_text text; /* 16 KiB: not on the stack */
	int error = message_get_input_text(in, &text);

	return error ? error : on_text(self, &text);
}

static int handle_screen(struct worker *self, struct message *in)
{
	struct message_input_screen screen;
	int error = message_get_input_screen(in, &screen);

	if (!error)
		error = input_screen(&self->input, &screen);
	if (error || screen.width > self->pixels.width_max ||
	        screen.height > self->pixels.height_max)
		return SHOJI_ERR_FORBIDDEN;
	screen_size_want(&self->screen_size, screen.width, screen.height);
	text_set_scale(self->text, screen.scale);
	return 0;
}

static void on_input(void *data, struct channel *channel, struct message *in)
{
	struct worker *self = data;
	int error = SHOJI_ERR_FORBIDDEN;

	(void)channel;
	if (in->number == MESSAGE_INPUT_KEY)
		HANDLE(key);
	else if (in->number == MESSAGE_INPUT_POINTER)
		HANDLE(pointer);
	else if (in->number == MESSAGE_INPUT_WHEEL)
		HANDLE(wheel);
	else if (in->number == MESSAGE_INPUT_RELEASE_ALL)
		HANDLE(release_all);
	else if (in->number == MESSAGE_INPUT_TEXT)
		error = handle_text(self, in);
	else if (in->number == MESSAGE_INPUT_SCREEN)
		error = handle_screen(self, in);
	if (error)
		stop(self, WORKER_EXIT_PEER);
	else
		pump(self);
}

/* gate went, or its channel broke: nothing may stay pressed. monitor sends a new channel when there is a gate. */
static void drop_input(struct worker *self)
{
	text_abandon(self->text);
	channel_free(self->input_channel);
	self->input_channel = NULL;
	input_restart(&self->input);
}

static void on_input_closed(void *data, struct channel *channel, int error)
{
	struct worker *self = data;

	(void)channel;
	if (error != SHOJI_ERR_CLOSED) {
		stop(self, WORKER_EXIT_PEER);
		return;
	}
	drop_input(self);
	pump(self);
}

static int take_input_channel(struct worker *self, int fd)
{
	drop_input(self);
	self->input_channel = channel_new(fd, LINK_GATE_CAPTURE, SIDE_B);
	if (!self->input_channel)
		return SHOJI_ERR_MEMORY;
	channel_set_phase(self->input_channel, PHASE_READY);
	return channel_watch(self->input_channel, self->loop, on_input, on_input_closed, self);
}

/* ---- text ---- */

static void on_sentinel(void *data)
{
	struct worker *self = data;

	input_sentinel(&self->input);
	pump(self);
}

static void on_type(void *data, uint8_t key, bool has_shift)
{
	struct worker *self = data;

	self->is_typing = true;
	input_type(&self->input, key, has_shift);
	/* While it runs it comes to this key by itself: thousands of characters are no recursion. */
	if (!self->is_sending)
		pump(self);
}

static void on_text_outcome(void *data, uint32_t number, enum text_outcome outcome)
{
	struct worker *self = data;

	check_encode(self, CHANNEL_SEND(self->encode, text_outcome, .text_number = number,
	                           .outcome = (uint8_t)outcome));
}

static void on_text_idle(void *data)
{
	pump(data);
}

/* Where the screen was larger a moment ago, it may lie outside now: to the edge, then. */
static void on_caret(void *data, uint16_t x, uint16_t y, uint16_t width, uint16_t height)
{
	struct worker *self = data;
	uint16_t screen_width = self->reader.width, screen_height = self->reader.height;

	if (screen_width == 0 || screen_height == 0)
		return;
	x = x < screen_width ? x : (uint16_t)(screen_width - 1);
	y = y < screen_height ? y : (uint16_t)(screen_height - 1);
	width = width < screen_width - x ? width : (uint16_t)(screen_width - x);
	height = height < screen_height - y ? height : (uint16_t)(screen_height - y);
	check_encode(self, CHANNEL_SEND(self->encode, caret, .x = x, .y = y, .width = width,
	                           .height = height));
}

static void on_takes_text(void *data, bool takes_text)
{
	struct worker *self = data;

	check_encode(
	        self, CHANNEL_SEND(self->encode, takes_text, .takes_text = takes_text ? 1 : 0));
}

static void on_text_broken(void *data)
{
	stop(data, WORKER_EXIT_PROTOCOL);
}

static const struct text_events text_events = {.on_sentinel = on_sentinel,
        .on_type = on_type,
        .on_outcome = on_text_outcome,
        .on_idle = on_text_idle,
        .on_caret = on_caret,
        .on_takes_text = on_takes_text,
        .on_broken = on_text_broken};

/* ---- from and to monitor ---- */

static void on_monitor(void *data, struct channel *channel, struct message *in)
{
	struct worker *self = data;
	struct message_input_peer peer;

	(void)channel;
	if (in->number != MESSAGE_INPUT_PEER || message_get_input_peer(in, &peer)) {
		stop(self, WORKER_EXIT_PEER);
		return;
	}
	if (take_input_channel(self, peer.peer))
		stop(self, WORKER_EXIT_MEMORY);
	else
		pump(self);
}

static void on_monitor_closed(void *data, struct channel *channel, int error)
{
	(void)channel;
	stop(data, error == SHOJI_ERR_CLOSED ? WORKER_EXIT_DONE : WORKER_EXIT_PEER);
}

static void on_alive(void *data)
{
	struct worker *self = data;

	/* When monitor does not read, it has other worries; its watch on us decides. */
	CHANNEL_SEND(self->monitor, capture_alive);
	reader_new_window(&self->reader);
	text_new_window(self->text);
	timer_set_ms(self->alive_timer, WORKER_ALIVE_MS);
}

/* ---- life ---- */

static int make_timers(struct worker *self)
{
	self->alive_timer = timer_new(self->loop, on_alive, self);
	self->due_timer = timer_new(self->loop, on_due, self);
	self->taken_timer = timer_new(self->loop, on_not_taken, self);
	self->size_timer = timer_new(self->loop, on_size_time, self);
	return self->alive_timer && self->due_timer && self->taken_timer && self->size_timer
	               ? 0
	               : SHOJI_ERR_MEMORY;
}

static int watch_all(struct worker *self)
{
	channel_set_phase(self->encode, PHASE_READY);
	self->rfb_watch = watch_new(self->loop, rfb_fd(self->rfb), LOOP_READ, on_rfb, self);
	if (!self->rfb_watch)
		return SHOJI_ERR_MEMORY;
	int error = channel_watch(self->encode, self->loop, on_encode, on_peer_closed, self);
	if (error)
		return error;
	return channel_watch(self->monitor, self->loop, on_monitor, on_monitor_closed, self);
}

static int open_all(struct worker *self, const struct message_setup_capture *setup)
{
	int error = pixels_map(&self->pixels, setup->pixels, setup->width_max, setup->height_max);

	if (error) {
		close(setup->text);
		log_error(self->lease_id, "the pixel buffer is not as it must be: %s",
		        shoji_error_text(error));
		return error;
	}
	self->loop = loop_new();
	if (!self->rfb || !self->encode || !self->loop) {
		close(setup->text);
		return SHOJI_ERR_MEMORY;
	}
	self->text = text_new(self->loop, setup->text, setup->has_jis_keyboard, &text_events, self);
	if (!self->text)
		return SHOJI_ERR_MEMORY;
	error = make_timers(self);
	return error ? error : watch_all(self);
}

struct worker *worker_new(struct channel *monitor, const struct message_setup_capture *setup)
{
	struct worker *self = calloc(1, sizeof(*self));

	if (!self) {
		channel_free(monitor);
		close(setup->rfb);
		close(setup->encode);
		close(setup->pixels);
		close(setup->text);
		return NULL;
	}
	self->lease_id = setup->lease_id;
	self->monitor = monitor;
	self->rfb = rfb_new(setup->rfb);
	self->encode = channel_new(setup->encode, LINK_CAPTURE_ENCODE, SIDE_A);
	handshake_init(&self->handshake, setup->width_max, setup->height_max);
	input_init(&self->input, setup->width_max, setup->height_max, setup->has_jis_keyboard);
	int error = open_all(self, setup);
	close(setup->pixels); /* the mapping stays */
	if (!error)
		return self;
	worker_free(self);
	return NULL;
}

void worker_free(struct worker *self)
{
	if (!self)
		return;
	channel_free(self->input_channel);
	channel_free(self->encode);
	channel_free(self->monitor);
	watch_free(self->rfb_watch);
	rfb_free(self->rfb);
	text_free(self->text);
	pixels_finish(&self->pixels);
	loop_free(self->loop);
	free(self);
}

int worker_run(struct worker *self)
{
	on_alive(self);
	pump(self);
	if (!self->is_stopped)
		loop_run(self->loop);
	return self->exit_status;
}
