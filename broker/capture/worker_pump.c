/* What flows between the isolated host and encode: updates become the picture in the buffer and DAMAGE; keys, sizes and requests go to
 * the host as its socket takes them. Bytes of the host go to handshake.c and reader.c; any surprise ends the process. */
#include "capture/worker_state.h"

#include "base/error.h"
#include "base/loop.h"
#include "capture/rfb.h"

/* Bytes read a turn before input has its turn again. */
#define TURN_BYTES_MAX (512 * 1024)

static void stop_at_host_error(struct worker *self, int error)
{
	if (error == SHOJI_ERR_CLOSED)
		worker_stop(self, WORKER_EXIT_CLOSED);
	else if (error == SHOJI_ERR_LIMIT)
		worker_stop(self, WORKER_EXIT_BOUNDS);
	else if (!handshake_is_done(&self->handshake))
		worker_stop(self, WORKER_EXIT_HANDSHAKE);
	else
		worker_stop(self, WORKER_EXIT_PROTOCOL);
}

/* ---- to encode ---- */

void worker_check_encode(struct worker *self, int error)
{
	if (error == SHOJI_ERR_MEMORY)
		worker_stop(self, WORKER_EXIT_MEMORY);
	else if (error == SHOJI_ERR_LIMIT)
		worker_stop(
		        self, WORKER_EXIT_NOT_TAKEN); /* a queue of a megabyte that nobody reads */
	else if (error)
		worker_stop(self, WORKER_EXIT_PEER);
}

static void send_geometry(struct worker *self)
{
	const struct reader *reader = &self->reader;

	worker_check_encode(
	        self, CHANNEL_SEND(self->encode, geometry, .generation = reader->generation,
	                      .width = reader->width, .height = reader->height));
	input_set_size(&self->input, reader->width, reader->height);
}

/* Only the latest cursor matters: one that encode is too slow for is replaced by the next. */
static void pump_cursor(struct worker *self)
{
	if (!self->is_cursor_waiting || channel_wants_write(self->encode))
		return;
	self->is_cursor_waiting = false;
	worker_check_encode(self, CHANNEL_SEND_VALUE(self->encode, cursor, &self->reader.cursor));
}

static void send_damage(struct worker *self)
{
	struct message_damage *damage = &self->reader.damage;

	damage->generation = self->reader.generation;
	damage->sequence = ++self->sequence;
	linger_painted(self->linger, damage->rects, damage->n_rects);
	worker_check_encode(self, CHANNEL_SEND_VALUE(self->encode, damage, damage));
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

void worker_pump(struct worker *self)
{
	pump_receiving(self);
	pump_sending(self);
	if (self->is_stopped)
		return;
	update_deadline(self);
	update_size_timer(self);
	watch_rfb(self);
}

void worker_on_rfb(void *data, unsigned events)
{
	struct worker *self = data;

	/* Nothing is read from the socket now, and it would wake the loop for ever. */
	if ((events & LOOP_HANGUP) && self->is_awaiting_taken)
		worker_stop(self, WORKER_EXIT_CLOSED);
	else
		worker_pump(self);
}

void worker_on_size_time(void *data)
{
	worker_pump(data);
}

void worker_on_due(void *data)
{
	worker_stop(data, WORKER_EXIT_STALLED);
}

/* ---- from encode ---- */

void worker_on_not_taken(void *data)
{
	worker_stop(data, WORKER_EXIT_NOT_TAKEN);
}

void worker_on_encode(void *data, struct channel *channel, struct message *in)
{
	struct worker *self = data;
	struct message_taken taken;

	(void)channel;
	if (in->number != MESSAGE_TAKEN || message_get_taken(in, &taken) ||
	        !self->is_awaiting_taken || taken.sequence != self->sequence) {
		worker_stop(self, WORKER_EXIT_PEER);
		return;
	}
	self->is_awaiting_taken = false;
	timer_clear(self->taken_timer);
	pump_cursor(self);
	worker_pump(self);
}
