/* One item of text after the other: written to the agent, marked by the sentinel, claimed or not. What nobody claims is
 * typed as keys where it can be, and refused where it cannot: never lost without a word.
 *
 * Boundary: reads what the isolated host's input agent writes. */
#include "capture/text.h"

#include "base/bytes.h"
#include "base/ensure.h"
#include "base/error.h"
#include "base/loop.h"
#include "base/text_door.h"
#include "capture/ascii_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum text_state {
	TEXT_IDLE,
	TEXT_WRITING,  /* the item does not fit into the socket yet */
	TEXT_AWAITED,  /* the sentinel is on its way */
	TEXT_RETRYING, /* nobody claimed it; the sentinel goes again in a moment */
	TEXT_TYPING,   /* as keys */
};

struct text {
	enum text_state state; /* written by set_state() only */
	struct loop *loop;
	int fd; /* -1: the agent is gone; everything is typed or refused */
	struct watch *watch;
	struct timer *timer;
	bool has_jis_keyboard;
	const struct text_events *events;
	void *data;

	uint16_t scale, told_scale; /* 0: none; told only between two items */
	uint32_t number;
	bool is_commit;
	bool has_preedit; /* one is shown */
	unsigned tries;
	size_t item_length, written;
	size_t text_at,
	        typed; /* the text begins at item + text_at; so many characters of it were typed */
	uint8_t item[TEXT_DOOR_ITEM_MAX];

	uint32_t n_records; /* in this window */
	size_t record_length;
	uint8_t record[TEXT_DOOR_RECORD_BYTES];

	uint64_t minute_began_ms;
	uint32_t minute_characters;
};

static bool may_follow(enum text_state from, enum text_state to)
{
	switch (from) {
	case TEXT_IDLE:
		return to == TEXT_WRITING || to == TEXT_TYPING;
	case TEXT_WRITING:
		return to != TEXT_RETRYING;
	case TEXT_AWAITED:
		return to != TEXT_WRITING;
	case TEXT_RETRYING:
		return to == TEXT_AWAITED || to == TEXT_IDLE || to == TEXT_TYPING;
	case TEXT_TYPING:
		return to == TEXT_IDLE;
	}
	return false;
}

static void type_next(struct text *self);

static void set_state(struct text *self, enum text_state state)
{
	ensure(may_follow(self->state, state));
	self->state = state;
	switch (state) {
	case TEXT_IDLE:
		timer_clear(self->timer);
		break;
	case TEXT_WRITING:
		timer_set_ms(self->timer, TEXT_DEADLINE_MS);
		break;
	case TEXT_AWAITED:
		timer_set_ms(self->timer, TEXT_DEADLINE_MS);
		self->tries++;
		self->events->on_sentinel(self->data);
		break;
	case TEXT_RETRYING:
		timer_set_ms(self->timer, TEXT_RETRY_MS);
		break;
	case TEXT_TYPING:
		timer_clear(self->timer);
		type_next(self);
		break;
	}
}

bool text_is_idle(const struct text *self)
{
	return self->state == TEXT_IDLE;
}

/* ---- to the agent ---- */

static void close_door(struct text *self)
{
	watch_free(self->watch);
	self->watch = NULL;
	if (self->fd >= 0)
		close(self->fd);
	self->fd = -1;
}

static void lose_agent(struct text *self)
{
	if (self->fd < 0)
		return;
	close_door(self);
	self->events->on_lost(self->data);
}

/* Fits: at most one item is in the socket, and the agent reads before anything else. */
static void send_short(struct text *self, enum text_door_item kind, uint32_t number)
{
	uint8_t item[TEXT_DOOR_ITEM_BYTES] = {(uint8_t)kind};
	struct bytes_writer writer;

	bytes_writer_init(&writer, item + 4, 4);
	bytes_put_u32(&writer, number);
	if (self->fd >= 0 && write(self->fd, item, sizeof(item)) != (ssize_t)sizeof(item))
		lose_agent(self);
}

static void send_cancel(struct text *self)
{
	send_short(self, TEXT_DOOR_CANCEL, self->number);
}

static void send_scale(struct text *self)
{
	if (self->scale == self->told_scale)
		return;
	self->told_scale = self->scale;
	send_short(self, TEXT_DOOR_SCALE, self->scale);
}

void text_set_scale(struct text *self, uint16_t scale)
{
	self->scale = scale;
	if (self->state != TEXT_WRITING)
		send_scale(self);
}

static void write_item(struct text *self)
{
	while (self->fd >= 0 && self->written < self->item_length) {
		ssize_t n = write(
		        self->fd, self->item + self->written, self->item_length - self->written);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n <= 0)
			lose_agent(self);
		else
			self->written += (size_t)n;
	}
	if (self->watch)
		watch_set_events(self->watch,
		        LOOP_READ | (self->written < self->item_length ? LOOP_WRITE : 0));
}

/* ---- the end of an item ---- */

static void finish(struct text *self, enum text_outcome outcome)
{
	set_state(self, TEXT_IDLE);
	send_scale(self);
	if (self->is_commit)
		self->events->on_outcome(self->data, self->number, outcome);
	self->events->on_idle(self->data);
}

static bool can_be_typed(const struct text *self)
{
	struct ascii_key key;

	for (size_t i = self->text_at; i < self->item_length; i++)
		if (!ascii_key_find((char)self->item[i], self->has_jis_keyboard, &key))
			return false;
	return self->item_length > self->text_at;
}

static void type_next(struct text *self)
{
	size_t at = self->text_at + self->typed;
	struct ascii_key key;

	if (at == self->item_length ||
	        !ascii_key_find((char)self->item[at], self->has_jis_keyboard, &key)) {
		finish(self, TEXT_DONE);
		return;
	}
	self->typed++;
	self->events->on_type(self->data, key.key, key.has_shift);
}

void text_typed(struct text *self)
{
	if (self->state == TEXT_TYPING)
		type_next(self);
}

static void give_up(struct text *self)
{
	send_cancel(self);
	/* An agent that is gone may have put it in before it could say so: typed, it might be there twice. */
	bool is_unknown = self->fd < 0 && self->state == TEXT_AWAITED;
	if (self->is_commit && !is_unknown && can_be_typed(self))
		set_state(self, TEXT_TYPING);
	else
		finish(self, TEXT_REFUSED);
}

static void on_timer(void *data)
{
	struct text *self = data;

	if (self->state == TEXT_RETRYING)
		set_state(self, TEXT_AWAITED);
	else if (self->state == TEXT_WRITING) {
		/* It does not read: an item of which a part is written could not be taken back. */
		lose_agent(self);
		give_up(self);
	} else
		give_up(self);
}

/* ---- from the agent ---- */

static void on_claimed(struct text *self, uint32_t number)
{
	/* One that was given up and cancelled may have been taken all the same: its person was told otherwise, and
	 * that cannot be mended any more. */
	if (number != self->number || self->state == TEXT_IDLE || self->state == TEXT_TYPING)
		return;
	if (self->state == TEXT_WRITING)
		return; /* not even whole there: a lie that harms its own session only */
	self->has_preedit = !self->is_commit && self->item_length > self->text_at;
	finish(self, TEXT_DONE);
}

static void on_unclaimed(struct text *self, uint32_t number)
{
	if (number != self->number || self->state != TEXT_AWAITED)
		return;
	unsigned tries_max = can_be_typed(self) ? TEXT_TRIES_MAX : TEXT_TRIES_UNTYPABLE_MAX;
	/* A pre-edit is worth no wait: the next one is under way. */
	if (self->is_commit && self->tries < tries_max)
		set_state(self, TEXT_RETRYING);
	else
		give_up(self);
}

static void take_caret(struct text *self, struct bytes_reader *reader)
{
	uint16_t x = bytes_get_u16(reader), y = bytes_get_u16(reader);
	uint16_t width = bytes_get_u16(reader), height = bytes_get_u16(reader);

	self->events->on_caret(self->data, x, y, width, height);
}

static int take_record(struct text *self)
{
	struct bytes_reader reader;

	bytes_reader_init(&reader, self->record, sizeof(self->record));
	uint8_t kind = bytes_get_u8(&reader), value = bytes_get_u8(&reader);
	if (bytes_get_u16(&reader) != 0 || ++self->n_records > TEXT_RECORDS_PER_WINDOW_MAX)
		return SHOJI_ERR_MALFORMED;
	/* A byte of the isolated host's, not an enum of ours. */
	switch (kind) {
	case TEXT_DOOR_CLAIMED:
		on_claimed(self, bytes_get_u32(&reader));
		return 0;
	case TEXT_DOOR_UNCLAIMED:
		on_unclaimed(self, bytes_get_u32(&reader));
		return 0;
	case TEXT_DOOR_CARET:
		take_caret(self, &reader);
		return 0;
	case TEXT_DOOR_TAKES_TEXT:
		if (value > 1)
			return SHOJI_ERR_MALFORMED;
		self->events->on_takes_text(self->data, value == 1);
		if (value == 1 && self->state == TEXT_RETRYING)
			set_state(self, TEXT_AWAITED);
		return 0;
	default:
		return SHOJI_ERR_MALFORMED;
	}
}

static void read_records(struct text *self)
{
	while (self->fd >= 0) {
		ssize_t n = read(self->fd, self->record + self->record_length,
		        sizeof(self->record) - self->record_length);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			lose_agent(self);
			return;
		}
		self->record_length += (size_t)n;
		if (self->record_length < sizeof(self->record))
			continue;
		self->record_length = 0;
		if (take_record(self)) {
			close_door(self);
			self->events->on_broken(self->data);
			return;
		}
	}
}

/* The agent crashed and init starts another: what it had not put in is lost with it. */
static void after_loss(struct text *self)
{
	if (self->fd >= 0 || self->state == TEXT_IDLE || self->state == TEXT_TYPING)
		return;
	give_up(self);
}

static void on_event(void *data, unsigned events)
{
	struct text *self = data;

	if (self->state == TEXT_WRITING && (events & LOOP_WRITE)) {
		write_item(self);
		if (self->fd >= 0 && self->written == self->item_length)
			set_state(self, TEXT_AWAITED);
	}
	read_records(self);
	after_loss(self);
}

/* ---- from gate ---- */

static uint32_t count_characters(const char *text)
{
	uint32_t n = 0;

	for (; *text; text++)
		n += ((uint8_t)*text & 0xc0) != 0x80;
	return n;
}

static bool is_within_rate(struct text *self, uint32_t n_characters)
{
	uint64_t now_ms = clock_now_ms();

	if (now_ms - self->minute_began_ms >= 60000) {
		self->minute_began_ms = now_ms;
		self->minute_characters = 0;
	}
	self->minute_characters += n_characters;
	return self->minute_characters <= TEXT_CHARACTERS_PER_MINUTE_MAX;
}

static void lay_out(struct text *self, const struct message_input_text *message, size_t length)
{
	struct bytes_writer writer;

	bytes_writer_init(&writer, self->item, sizeof(self->item));
	bytes_put_u8(&writer, message->is_commit ? TEXT_DOOR_COMMIT : TEXT_DOOR_PREEDIT);
	bytes_put_u8(&writer, (uint8_t)(message->clauses_length / TEXT_DOOR_CLAUSE_BYTES));
	bytes_put_u16(&writer, message->caret);
	bytes_put_u32(&writer, message->text_number);
	bytes_put_u16(&writer, (uint16_t)length);
	bytes_put_u16(&writer, 0);
	bytes_put_raw(&writer, message->clauses, message->clauses_length);
	self->text_at = writer.length;
	bytes_put_raw(&writer, message->text, length);
	ensure(!writer.error);
	self->item_length = writer.length;
	self->written = 0;
	self->typed = 0;
	self->tries = 0;
	self->number = message->text_number;
	self->is_commit = message->is_commit;
}

static void start(struct text *self)
{
	set_state(self, TEXT_WRITING);
	write_item(self);
	if (self->fd < 0)
		give_up(self);
	else if (self->written == self->item_length)
		set_state(self, TEXT_AWAITED);
}

int text_begin(struct text *self, const struct message_input_text *message)
{
	size_t length = strlen(message->text);
	uint32_t n_characters = count_characters(message->text);

	ensure(text_is_idle(self));
	if (n_characters > TEXT_DOOR_CHARACTERS_MAX ||
	        message->clauses_length > TEXT_DOOR_CLAUSES_MAX * TEXT_DOOR_CLAUSE_BYTES ||
	        message->clauses_length % TEXT_DOOR_CLAUSE_BYTES != 0)
		return SHOJI_ERR_FORBIDDEN;
	lay_out(self, message, length);
	if (message->is_commit && !is_within_rate(self, n_characters)) {
		self->events->on_outcome(self->data, self->number, TEXT_TOO_MUCH);
		return 0;
	}
	start(self);
	return 0;
}

/* One that a lost agent had put in stays in the page until there is another. */
static void remove_preedit(struct text *self)
{
	static const struct message_input_text nothing = {0};

	if (!self->has_preedit || self->fd < 0)
		return;
	lay_out(self, &nothing, 0);
	start(self);
}

void text_abandon(struct text *self)
{
	if (self->state != TEXT_IDLE) {
		/* Half an item cannot be taken back. */
		if (self->state == TEXT_WRITING)
			lose_agent(self);
		else
			send_cancel(self);
		set_state(self, TEXT_IDLE);
	}
	remove_preedit(self);
}

int text_set_door(struct text *self, int fd)
{
	lose_agent(self);
	after_loss(self);
	self->fd = fd;
	self->record_length = 0;
	self->watch = watch_new(self->loop, fd, LOOP_READ, on_event, self);
	if (!self->watch) {
		close_door(self);
		return SHOJI_ERR_MEMORY;
	}
	self->told_scale = 0;
	send_scale(self);
	/* Whoever goes on composing sends all of it again. */
	if (text_is_idle(self))
		remove_preedit(self);
	return 0;
}

void text_new_window(struct text *self)
{
	self->n_records = 0;
}

/* ---- life ---- */

struct text *text_new(struct loop *loop, int fd, bool has_jis_keyboard,
        const struct text_events *events, void *data)
{
	struct text *self = calloc(1, sizeof(*self));

	if (!self) {
		close(fd);
		return NULL;
	}
	self->loop = loop;
	self->fd = fd;
	self->has_jis_keyboard = has_jis_keyboard;
	self->events = events;
	self->data = data;
	self->timer = timer_new(loop, on_timer, self);
	if (self->timer && fcntl(fd, F_SETFL, O_NONBLOCK) == 0)
		self->watch = watch_new(loop, fd, LOOP_READ, on_event, self);
	if (self->watch)
		return self;
	text_free(self);
	return NULL;
}

void text_free(struct text *self)
{
	if (!self)
		return;
	close_door(self);
	timer_free(self->timer);
	free(self);
}
