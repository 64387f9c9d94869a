/* A viewer on its WebSocket: HELLO, attach, then slices one way and input the other. It comes from a
 * terminal and is believed nothing but its cookie and token, which keeper checks. What waits to be sent is one slice and
 * a handful of gate's own messages, merged: never a list. */
#include "gate/viewer.h"

#include "base/ensure.h"
#include "base/error.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/message.h"
#include "base/session.h"
#include "gate/address_table.h"
#include "gate/connection.h"
#include "gate/gate_state.h"
#include "gate/keeper_link.h"
#include "gate/onlook.h"
#include "gate/session.h"
#include "gate/session_input.h"
#include "gate/viewer_output.h"
#include "stream/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A mouse at 1000 Hz is merged by the viewer; this leaves it room. Pieces count as messages. */
#define MESSAGES_PER_SECOND_MAX 1000

enum viewer_state {
	VIEWER_NEW,       /* HELLO is awaited */
	VIEWER_ATTACHING, /* keeper is asked */
	VIEWER_STARTING,  /* attached; the isolated host comes up */
	VIEWER_LIVE,
	VIEWER_ENDING, /* the last message goes out, then it closes */
};

/* Set while that message is still to be sent. */
enum viewer_due {
	DUE_WELCOME = 1 << 0,
	DUE_STATE = 1 << 1,
	DUE_PONG = 1 << 2,
	DUE_ENDED = 1 << 3,
	DUE_NOT_ATTACHED = 1 << 4,
	DUE_WATCHED = 1 << 5,
};

struct notice {
	uint8_t notice;
	char text[257];
};

struct viewer {
	struct connection *connection;
	struct seat *seat; /* NULL: not attached */
	enum viewer_state state;
	char cookie[TOKEN_HEX_DIGITS + 1]; /* until keeper was asked */

	/* From HELLO, for encode. */
	uint32_t capabilities;
	uint8_t window_log_max;
	uint64_t epoch;
	uint32_t last_frame;
	uint16_t cache_slots;

	/* To be sent. */
	unsigned due;
	uint32_t pong_nonce;
	uint8_t ended;                           /* reason or outcome */
	char attach_token[TOKEN_HEX_DIGITS + 1]; /* until WELCOME was sent */
	char display_name[129];
	struct notice notices[VIEWER_NOTICES_MAX];
	unsigned n_notices;
	uint32_t watch; /* whom it is to tell its person of (WATCHED); 0: nobody */
	char watched_by[65];
	bool is_told;        /* and that was done */
	size_t slice_length; /* 0: none waits */

	/* Received. */
	bool has_sequence;
	uint32_t sequence;
	uint64_t second;
	unsigned messages_in_second;
	size_t message_length;
	struct viewer_message message;

	uint8_t message_bytes[WIRE_FROM_VIEWER_MAX];
	uint8_t slice[LWS_PRE + WIRE_SLICE_MAX];
};

static uint64_t lease_of(const struct viewer *self)
{
	return self->seat ? self->seat->session->lease_id : 0;
}

static void ask_to_write(struct viewer *self)
{
	lws_callback_on_writable(self->connection->wsi);
}

struct viewer *viewer_new(struct connection *connection)
{
	struct viewer *self = calloc(1, sizeof(*self));

	if (!self)
		return NULL;
	self->connection = connection;
	memcpy(self->cookie, connection->cookie, sizeof(self->cookie));
	explicit_bzero(connection->cookie, sizeof(connection->cookie));
	return self;
}

static void leave_session(struct viewer *self, enum session_leave leave)
{
	struct seat *seat = self->seat;

	self->seat = NULL;
	if (seat)
		session_leave_seat(seat, self, leave);
}

void viewer_free(struct viewer *self)
{
	if (!self)
		return;
	leave_session(self, LEAVE_DETACHED);
	explicit_bzero(self, sizeof(*self));
	free(self);
}

static bool is_permitted(enum viewer_state from, enum viewer_state to)
{
	switch (from) {
	case VIEWER_NEW:
		return to == VIEWER_ATTACHING || to == VIEWER_ENDING;
	case VIEWER_ATTACHING:
		return to == VIEWER_STARTING || to == VIEWER_LIVE || to == VIEWER_ENDING;
	case VIEWER_STARTING:
		return to == VIEWER_LIVE || to == VIEWER_ENDING;
	case VIEWER_LIVE: /* an onlooker pauses */
		return to == VIEWER_STARTING || to == VIEWER_ENDING;
	case VIEWER_ENDING:
		return false;
	}
	return false;
}

static void set_state(struct viewer *self, enum viewer_state state)
{
	ensure(is_permitted(self->state, state));
	self->state = state;
	switch (state) {
	case VIEWER_NEW:
		break; /* the connection set the deadline of HELLO */
	case VIEWER_ATTACHING:
		connection_set_deadline_ms(self->connection, KEEPER_DEADLINE_MS);
		break;
	case VIEWER_STARTING:
	case VIEWER_LIVE:
		/* keeper's deadlines from here on, and lws's pings (protocols.c). */
		connection_set_deadline_ms(self->connection, 0);
		break;
	case VIEWER_ENDING:
		self->slice_length = 0;
		connection_set_deadline_ms(self->connection, ENDING_DEADLINE_MS);
		break;
	}
}

/* Says `due` as the last thing and closes. */
static void end(struct viewer *self, unsigned due, unsigned reason, enum session_leave leave)
{
	if (self->state == VIEWER_ENDING)
		return;
	set_state(self, VIEWER_ENDING);
	self->due = due;
	self->ended = (uint8_t)reason;
	leave_session(self, leave);
	ask_to_write(self);
}

/* Closes for a rule that the viewer broke. Returns -1. */
static int refuse(struct viewer *self, enum lws_close_status status, const char *why)
{
	if (self->seat)
		log_info(lease_of(self), "viewer at %s closed: %s", self->connection->address, why);
	else
		connection_log_refusal(self->connection, why);
	/* From here on lws says farewell; the session need not wait for the peer's. */
	set_state(self, VIEWER_ENDING);
	self->due = 0;
	leave_session(self, LEAVE_DETACHED);
	lws_close_reason(self->connection->wsi, status, (unsigned char *)why, strlen(why));
	return -1;
}

/* ---- attaching ---- */

static int ask_keeper(struct viewer *self, const char *token)
{
	struct connection *connection = self->connection;
	uint32_t retry_after_s;

	if (!connection->is_onlooker)
		return keeper_ask_attach(connection, self->cookie, token);
	/* Whoever tries tokens knows no cookie: counted with those who try passwords. */
	if (address_table_sign_in(
	            connection->gate->addresses, &connection->key, clock_now_ms(), &retry_after_s))
		return SHOJI_ERR_LIMIT;
	return keeper_ask_onlook(connection, token);
}

static int on_hello(struct viewer *self)
{
	const struct viewer_message *message = &self->message;

	if (message->hello.version_min > WIRE_VERSION || message->hello.version_max < WIRE_VERSION)
		return refuse(self, LWS_CLOSE_STATUS_PROTOCOL_ERR,
		        "it speaks no version of the stream that we do");
	self->capabilities = message->hello.capabilities;
	self->window_log_max = message->hello.window_log_max;
	self->epoch = message->hello.epoch;
	self->last_frame = message->hello.last_frame;
	self->cache_slots = message->hello.cache_slots;
	if (!address_table_may_attach(
	            self->connection->gate->addresses, &self->connection->key, clock_now_ms())) {
		connection_log_refusal(self->connection, "too many refused attaches in a minute");
		explicit_bzero(self->cookie, sizeof(self->cookie));
		explicit_bzero(&self->message, sizeof(self->message));
		end(self, DUE_NOT_ATTACHED, ATTACH_UNAVAILABLE, LEAVE_DETACHED);
		return 0;
	}
	int error = ask_keeper(self, message->hello.token);
	explicit_bzero(self->cookie, sizeof(self->cookie));
	explicit_bzero(&self->message, sizeof(self->message));
	if (error)
		return refuse(self, LWS_CLOSE_STATUS_UNEXPECTED_CONDITION,
		        "keeper is away, or too many asked");
	set_state(self, VIEWER_ATTACHING);
	return 0;
}

static void welcome(struct viewer *self, const struct message_attach_result *result)
{
	bool is_live = seat_is_live(self->seat);

	memcpy(self->attach_token, result->attach_token, sizeof(self->attach_token));
	memcpy(self->display_name, result->display_name, sizeof(self->display_name));
	set_state(self, is_live ? VIEWER_LIVE : VIEWER_STARTING);
	self->due |= DUE_WELCOME;
	ask_to_write(self);
	log_info(lease_of(self), "terminal %s attached", self->connection->address);
	if (is_live)
		seat_begin_stream(self->seat);
}

void viewer_on_attach_result(struct viewer *self, const struct message_attach_result *result)
{
	self->connection->question = QUESTION_NONE;
	if (self->state != VIEWER_ATTACHING)
		return;
	if (result->outcome != ATTACH_ACCEPTED ||
	        !is_token(result->attach_token, strlen(result->attach_token))) {
		if (result->outcome != ATTACH_UNAVAILABLE)
			address_table_attach_refused(self->connection->gate->addresses,
			        &self->connection->key, clock_now_ms());
		end(self, DUE_NOT_ATTACHED,
		        result->outcome == ATTACH_IN_USE || result->outcome == ATTACH_UNAVAILABLE
		                ? result->outcome
		                : ATTACH_UNKNOWN,
		        LEAVE_DETACHED);
		return;
	}
	self->seat = session_attach(self->connection->gate, result->lease_id, self);
	if (self->seat)
		welcome(self, result);
	else
		connection_kill(self->connection); /* no memory: it comes back by itself */
}

void viewer_on_onlook_result(struct viewer *self, const struct message_onlook_result *result)
{
	self->connection->question = QUESTION_NONE;
	if (self->state != VIEWER_ATTACHING)
		return;
	if (result->outcome == ATTACH_ACCEPTED)
		self->seat = onlook_attach(
		        self->connection->gate, result->lease_id, result->administrator, self);
	if (!self->seat) {
		end(self, DUE_NOT_ATTACHED, ATTACH_UNKNOWN, LEAVE_DETACHED);
		return;
	}
	/* No second visit: a token that opens nothing takes the next one's place. */
	memset(self->attach_token, '0', TOKEN_HEX_DIGITS);
	memcpy(self->display_name, result->person, sizeof(self->display_name));
	set_state(self, VIEWER_STARTING);
	self->due |= DUE_WELCOME;
	ask_to_write(self);
	log_info(lease_of(self), "terminal %s looks on", self->connection->address);
}

void viewer_on_unavailable(struct viewer *self)
{
	/* Without a word: its token is still good, and it tries again. */
	if (self && self->state == VIEWER_ATTACHING)
		connection_kill(self->connection);
}

bool viewer_on_deadline(struct viewer *self)
{
	if (self->state == VIEWER_STARTING || self->state == VIEWER_LIVE) {
		connection_set_deadline_ms(self->connection, 0);
		return false;
	}
	connection_log_refusal(self->connection,
	        self->state == VIEWER_NEW ? "no HELLO in time"
	                                  : "a stream that was not served, or not read, in time");
	return true;
}

/* ---- receiving ---- */

static bool is_too_fast(struct viewer *self)
{
	uint64_t now = clock_now_ms() / 1000;

	if (now != self->second) {
		self->second = now;
		self->messages_in_second = 0;
	}
	return ++self->messages_in_second > MESSAGES_PER_SECOND_MAX;
}

static int on_input(struct viewer *self)
{
	const struct viewer_message *message = &self->message;

	/* One sequence, nothing left out and nothing twice: else keys were lost on the way. */
	if (self->has_sequence && message->sequence != self->sequence + 1)
		return refuse(self, LWS_CLOSE_STATUS_PROTOCOL_ERR, "its input is out of sequence");
	self->has_sequence = true;
	self->sequence = message->sequence;
	if (self->state == VIEWER_LIVE)
		session_input(self->seat->session, message);
	return 0;
}

/* An answer about a watch before this one says nothing. */
static void on_told(struct viewer *self)
{
	if (self->watch == 0 || self->is_told || self->message.told_number != self->watch)
		return;
	self->is_told = true;
	onlook_person_told(self->seat, self->watch);
}

static int on_message(struct viewer *self)
{
	const struct viewer_message *message = &self->message;
	bool is_attached = self->state == VIEWER_STARTING || self->state == VIEWER_LIVE;

	if (message->kind == VIEWER_MESSAGE_SKIP && self->state != VIEWER_NEW)
		return 0;
	if ((message->kind == VIEWER_MESSAGE_HELLO) != (self->state == VIEWER_NEW))
		return refuse(self, LWS_CLOSE_STATUS_PROTOCOL_ERR, "HELLO comes first, and once");
	if (message->kind == VIEWER_MESSAGE_HELLO)
		return on_hello(self);
	if (message->kind == VIEWER_MESSAGE_PING) {
		self->due |= DUE_PONG;
		self->pong_nonce = message->ping_nonce;
		ask_to_write(self);
		return 0;
	}
	if (!is_attached)
		return refuse(self, LWS_CLOSE_STATUS_PROTOCOL_ERR, "a message before WELCOME");
	if (message->kind != VIEWER_MESSAGE_ACK && self->connection->is_onlooker)
		return refuse(self, LWS_CLOSE_STATUS_POLICY_VIOLATION, "input from an onlooker");
	if (message->kind == VIEWER_MESSAGE_VIDEO) {
		seat_video(self->seat, message->video.has_failed, message->video.frame);
		return 0;
	}
	if (message->kind == VIEWER_MESSAGE_TOLD) {
		on_told(self);
		return 0;
	}
	if (message->kind != VIEWER_MESSAGE_ACK)
		return on_input(self);
	seat_acknowledge(self->seat, message->ack.frame);
	if (message->ack.has_answer)
		seat_answered(self->seat, message->ack.input, message->ack.took);
	return 0;
}

int viewer_receive(struct viewer *self, const uint8_t *data, size_t length, bool is_first,
        bool is_last, bool is_binary)
{
	if (self->state == VIEWER_ENDING)
		return 0;
	if (is_too_fast(self))
		return refuse(
		        self, LWS_CLOSE_STATUS_POLICY_VIOLATION, "too many messages in a second");
	if (!is_binary)
		return refuse(self, LWS_CLOSE_STATUS_UNACCEPTABLE_OPCODE,
		        "text where bytes are expected");
	if (is_first)
		self->message_length = 0;
	if (length > sizeof(self->message_bytes) - self->message_length)
		return refuse(self, LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE, "a message over the limit");
	memcpy(self->message_bytes + self->message_length, data, length);
	self->message_length += length;
	if (!is_last)
		return 0;
	int error = viewer_message_parse(self->message_bytes, self->message_length, &self->message);
	int result = error ? refuse(self, LWS_CLOSE_STATUS_PROTOCOL_ERR, "a malformed message")
	                   : on_message(self);
	/* What a person typed, and the token, do not stay behind. */
	explicit_bzero(self->message_bytes, self->message_length);
	self->message_length = 0;
	return result;
}

/* ---- sending ---- */

static uint8_t wire_state(const struct viewer *self)
{
	return self->state == VIEWER_LIVE ? WIRE_STATE_LIVE : WIRE_STATE_STARTING;
}

static bool take_due(struct viewer *self, unsigned due)
{
	bool is_due = (self->due & due) != 0;

	self->due &= ~due;
	return is_due;
}

static size_t take_notice(struct viewer *self, uint8_t *out)
{
	size_t length = viewer_output_notice(out, self->notices[0].notice, self->notices[0].text);

	self->n_notices--;
	memmove(&self->notices[0], &self->notices[1], self->n_notices * sizeof(self->notices[0]));
	return length;
}

/* gate's own next message; 0: none. PONG and the rest go before slices: they are small, and timed. */
static size_t take_control(struct viewer *self, uint8_t *out)
{
	if (take_due(self, DUE_NOT_ATTACHED))
		return viewer_output_not_attached(out, self->ended);
	if (take_due(self, DUE_ENDED))
		return viewer_output_ended(out, self->ended);
	if (self->state == VIEWER_ENDING)
		return 0;
	if (take_due(self, DUE_WELCOME)) {
		size_t length = viewer_output_welcome(
		        out, wire_state(self), self->attach_token, self->display_name);
		explicit_bzero(self->attach_token, sizeof(self->attach_token));
		take_due(self, DUE_STATE);
		return length;
	}
	if (take_due(self, DUE_PONG))
		return viewer_output_pong(out, self->pong_nonce);
	if (take_due(self, DUE_STATE))
		return viewer_output_state(out, wire_state(self));
	if (take_due(self, DUE_WATCHED))
		return viewer_output_watched(out, self->watch, self->watched_by);
	return self->n_notices > 0 ? take_notice(self, out) : 0;
}

static int write_message(struct viewer *self, uint8_t *bytes, size_t length)
{
	return lws_write(self->connection->wsi, bytes, length, LWS_WRITE_BINARY) < (int)length ? -1
	                                                                                       : 0;
}

int viewer_on_writable(struct viewer *self)
{
	uint8_t control[LWS_PRE + VIEWER_OUTPUT_MAX];
	size_t length = take_control(self, control + LWS_PRE);

	if (length > 0) {
		ask_to_write(self);
		int error = write_message(self, control + LWS_PRE, length);
		explicit_bzero(control, sizeof(control));
		return error;
	}
	if (self->state == VIEWER_ENDING) {
		lws_close_reason(self->connection->wsi, LWS_CLOSE_STATUS_NORMAL, NULL, 0);
		return -1;
	}
	if (self->slice_length == 0)
		return 0;
	int error = write_message(self, self->slice + LWS_PRE, self->slice_length);
	self->slice_length = 0;
	if (!error && self->seat)
		seat_resume(self->seat);
	return error;
}

/* ---- from its session ---- */

void viewer_take_slice(struct viewer *self, const uint8_t *slice, size_t length)
{
	ensure(self->slice_length == 0 && length <= WIRE_SLICE_MAX);
	memcpy(self->slice + LWS_PRE, slice, length);
	self->slice_length = length;
	ask_to_write(self);
}

const char *viewer_address(const struct viewer *self)
{
	return self->connection->address;
}

bool viewer_fill_join(const struct viewer *self, struct message_viewer_join *out)
{
	if (self->state != VIEWER_LIVE)
		return false;
	*out = (struct message_viewer_join){.version = WIRE_VERSION,
	        .capabilities = self->capabilities,
	        .window_log_max = self->window_log_max,
	        .epoch = self->epoch,
	        .last_frame = self->last_frame,
	        .cache_slots = self->cache_slots};
	snprintf(out->address, sizeof(out->address), "%s", viewer_address(self));
	return true;
}

void viewer_on_live(struct viewer *self)
{
	if (self->state == VIEWER_STARTING) {
		set_state(self, VIEWER_LIVE);
		self->due |= DUE_STATE;
		ask_to_write(self);
	} else if (self->state == VIEWER_LIVE) {
		/* Other workers for the same viewer (monitor adopted the host anew): what it holds is unknown to them. */
		self->slice_length = 0;
		self->epoch = 0;
		self->last_frame = 0;
	} else {
		return;
	}
	seat_begin_stream(self->seat);
}

void viewer_on_pause(struct viewer *self)
{
	if (self->state != VIEWER_LIVE)
		return;
	set_state(self, VIEWER_STARTING);
	self->slice_length = 0;
	/* What it holds is not resumed: encode gave that memory back. */
	self->epoch = 0;
	self->last_frame = 0;
	self->due |= DUE_STATE;
	ask_to_write(self);
}

void viewer_watched(struct viewer *self, uint32_t number, const char *administrator)
{
	if (self->state == VIEWER_ENDING)
		return;
	self->watch = number;
	self->is_told = false;
	snprintf(self->watched_by, sizeof(self->watched_by), "%s", administrator);
	self->due |= DUE_WATCHED;
	ask_to_write(self);
}

bool viewer_is_told(const struct viewer *self, uint32_t number)
{
	return self->is_told && self->watch == number;
}

void viewer_end(struct viewer *self, unsigned reason, enum session_leave leave)
{
	log_info(lease_of(self), "viewer told: %s", end_reason_text((enum end_reason)reason));
	end(self, DUE_ENDED, reason, leave);
}

void viewer_replace(struct viewer *self)
{
	end(self, DUE_NOT_ATTACHED, ATTACH_IN_USE, LEAVE_REPLACED);
}

void viewer_notice(struct viewer *self, unsigned notice, const char *text)
{
	struct notice *item;

	if (self->state != VIEWER_STARTING && self->state != VIEWER_LIVE)
		return;
	if (self->n_notices == VIEWER_NOTICES_MAX) {
		self->n_notices--;
		memmove(&self->notices[0], &self->notices[1],
		        self->n_notices * sizeof(self->notices[0]));
	}
	item = &self->notices[self->n_notices++];
	item->notice = (uint8_t)notice;
	snprintf(item->text, sizeof(item->text), "%s", text);
	ask_to_write(self);
}
