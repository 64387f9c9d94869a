/* Joins what monitor sent (stream and input of a lease) to the viewer that keeper attached to that lease.
 * encode's side is treated as hostile: only the header of a slice is looked at, and the first that breaks a rule ends
 * the stream. Back-pressure: at most one slice waits here; until it is sent, the channel is not read. */
#include "gate/session.h"

#include "base/channel.h"
#include "base/error.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/session.h"
#include "gate/gate_state.h"
#include "gate/keeper_link.h"
#include "gate/viewer.h"
#include "gate/viewer_input.h"
#include "stream/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ACTIVITY_EVERY_MS 10000
#define LATENCY_EVERY_MS 1000

static struct session *find(struct gate *gate, uint64_t lease_id)
{
	for (struct session *at = gate->sessions; at; at = at->next)
		if (at->lease_id == lease_id)
			return at;
	return NULL;
}

static struct session *get(struct gate *gate, uint64_t lease_id)
{
	struct session *self = find(gate, lease_id);

	if (self)
		return self;
	self = calloc(1, sizeof(*self));
	if (!self)
		return NULL;
	self->gate = gate;
	self->lease_id = lease_id;
	meter_bucket_init(&self->bucket, gate->config.sessions.kbit_s_each_max, clock_now_us());
	for (int i = 0; i < VIEWERS_MAX; i++) {
		self->seats[i].session = self;
		self->seats[i].meter =
		        (struct meter_client){.own = &self->bucket, .data = &self->seats[i]};
	}
	self->next = gate->sessions;
	gate->sessions = self;
	return self;
}

/* ---- caps on the line (meter.h) ---- */

static bool is_metered(const struct gate *gate)
{
	return gate->config.sessions.kbit_s_each_max != CONFIG_NO_LIMIT ||
	       gate->config.sessions.kbit_s_all_max != CONFIG_NO_LIMIT;
}

static void on_give(void *data, uint32_t bytes)
{
	struct seat *self = data;

	/* What cannot be said is lost with the channel, and seat and meter hear of that. */
	CHANNEL_SEND(self->stream, credit_give, .bytes = bytes);
}

static void on_meter_time(lws_sorted_usec_list_t *timer);

/* Its timer (lws's: role_loop.c says why) runs only while somebody waits. */
static void serve_meter(struct gate *gate)
{
	uint64_t wait_us = meter_serve(&gate->meter, clock_now_us());

	lws_sul_schedule(gate->context, 0, &gate->meter_timer, on_meter_time,
	        wait_us == UINT64_MAX ? LWS_SET_TIMER_USEC_CANCEL : (lws_usec_t)wait_us);
}

static void on_meter_time(lws_sorted_usec_list_t *timer)
{
	serve_meter(lws_container_of(timer, struct gate, meter_timer));
}

void session_meter_start(struct gate *gate)
{
	meter_init(&gate->meter, gate->config.sessions.kbit_s_all_max, on_give, clock_now_us());
}

static void forget_meter(struct seat *self)
{
	struct gate *gate = self->session->gate;

	if (!is_metered(gate))
		return;
	meter_forget(&gate->meter, &self->meter, clock_now_us());
	if (gate->context)
		serve_meter(gate);
}

static void close_stream(struct seat *self)
{
	forget_meter(self);
	channel_free(self->stream);
	self->stream = NULL;
}

static void close_input(struct session *self)
{
	watch_free(self->input_watch);
	self->input_watch = NULL;
	channel_free(self->input);
	self->input = NULL;
}

static void session_free(struct session *self)
{
	for (struct session **at = &self->gate->sessions; *at; at = &(*at)->next)
		if (*at == self) {
			*at = self->next;
			break;
		}
	for (int i = 0; i < VIEWERS_MAX; i++)
		close_stream(&self->seats[i]);
	close_input(self);
	free(self);
}

static void free_if_unused(struct session *self)
{
	bool is_used = self->input || self->owes_detached;

	for (int i = 0; i < VIEWERS_MAX; i++)
		is_used = is_used || self->seats[i].stream || self->seats[i].viewer;
	if (!is_used)
		session_free(self);
}

void session_free_all(struct gate *gate)
{
	while (gate->sessions)
		session_free(gate->sessions);
}

/* ---- the stream: encode -> viewer ---- */

/* encode ends when its socket closes; monitor then ends the session. */
static void end_stream(struct seat *self)
{
	close_stream(self);
	if (self->viewer)
		viewer_end(self->viewer, END_ENCODE_FAILED, LEAVE_DETACHED);
	else
		free_if_unused(self->session);
}

/* Also what is dropped below was made for the line, and is counted. */
static int check_slice(struct seat *self, const uint8_t *slice, size_t length)
{
	struct gate *gate = self->session->gate;
	int error = slice_check(&self->slices, slice, length, clock_now_ms());

	if (!error && is_metered(gate) && self->viewer && self->is_running &&
	        !meter_seen(&gate->meter, &self->meter, meter_cost(length), clock_now_us()))
		error = SHOJI_ERR_LIMIT;
	return error;
}

static void on_slice(struct seat *self, const uint8_t *slice, size_t length)
{
	int error = check_slice(self, slice, length);

	if (error) {
		log_error(self->session->lease_id,
		        "encode broke the rules of the stream (%s): the stream is closed",
		        shoji_error_text(error));
		end_stream(self);
		return;
	}
	if (!self->viewer || !self->is_running)
		return;
	/* A slice made for the viewer before this one is of another compressed stream. (Were that one's BEGIN still on
	 * its way, the new viewer would see two BEGINs, which the format permits.) */
	if (self->is_awaiting_begin && !slice_is_begin(slice))
		return;
	self->is_awaiting_begin = false;
	viewer_take_slice(self->viewer, slice, length);
	channel_pause(self->stream, true);
}

static int take_want(struct seat *self, struct message *in)
{
	struct gate *gate = self->session->gate;
	struct message_credit_want want;

	if (message_get_credit_want(in, &want) || !is_metered(gate))
		return SHOJI_ERR_FORBIDDEN;
	/* Of a viewer that has left: encode does not know it yet. */
	if (!self->viewer || !self->is_running)
		return 0;
	meter_want(&gate->meter, &self->meter, want.bytes, clock_now_us());
	serve_meter(gate);
	return 0;
}

static void on_stream_message(void *data, struct channel *channel, struct message *in)
{
	struct seat *self = data;
	struct message_slice slice;

	(void)channel;
	if (in->number == MESSAGE_CREDIT_WANT && take_want(self, in) == 0)
		return;
	if (in->number == MESSAGE_SLICE && message_get_slice(in, &slice) == 0) {
		on_slice(self, slice.bytes, slice.bytes_length);
		return;
	}
	log_error(self->session->lease_id, "encode sent a malformed message: the stream is closed");
	end_stream(self);
}

static void on_stream_close(void *data, struct channel *channel, int error)
{
	struct seat *self = data;

	(void)channel;
	/* monitor tells in a moment why; the viewer keeps its last picture until then. */
	log_info(self->session->lease_id, "stream closed: %s", shoji_error_text(error));
	close_stream(self);
	free_if_unused(self->session);
}

static int open_stream(struct seat *self, int fd)
{
	close_stream(self);
	self->stream = channel_new(fd, LINK_GATE_ENCODE, SIDE_A);
	if (!self->stream)
		return SHOJI_ERR_MEMORY;
	channel_set_phase(self->stream, PHASE_READY);
	if (!channel_watch(self->stream, self->session->gate->loop, on_stream_message,
	            on_stream_close, self))
		return 0;
	close_stream(self);
	return SHOJI_ERR_MEMORY;
}

static bool is_onlooker(const struct seat *self)
{
	return self == &self->session->seats[SEAT_ONLOOKER];
}

/* Nobody is watched without being told. */
static bool is_person_told(const struct session *self)
{
	const struct viewer *person = self->seats[SEAT_PERSON].viewer;

	return person && self->watch && viewer_is_told(person, self->watch);
}

bool seat_is_live(const struct seat *self)
{
	if (is_onlooker(self) && !is_person_told(self->session))
		return false;
	return self->stream && self->session->input;
}

void seat_begin_stream(struct seat *self)
{
	struct message_viewer_join join;

	if (!self->stream || !viewer_fill_join(self->viewer, &join))
		return;
	self->is_awaiting_begin = true;
	self->is_running = true;
	forget_meter(self);
	channel_pause(self->stream, false);
	if (CHANNEL_SEND_VALUE(self->stream, viewer_join, &join))
		log_warning(self->session->lease_id, "encode could not be told of the viewer");
}

void seat_resume(struct seat *self)
{
	if (self->stream)
		channel_pause(self->stream, false);
}

void seat_acknowledge(struct seat *self, uint32_t frame, uint32_t drawn_after_us)
{
	/* One that is lost is made up for by the next: it acknowledges all before it. */
	if (self->stream)
		CHANNEL_SEND(
		        self->stream, viewer_ack, .frame = frame, .drawn_after_us = drawn_after_us);
}

/* Told with an answer, never by a timer: what was counted in the second after is told with the next. */
void seat_answered(struct seat *self, uint16_t input, uint16_t took)
{
	struct session *session = self->session;
	struct latency_figures figures;
	uint64_t now_ms = clock_now_ms();

	if (is_onlooker(self) || !latency_answer(&session->latency, input, took, clock_now_us()))
		return;
	if (session->told_latency_ms && now_ms - session->told_latency_ms < LATENCY_EVERY_MS)
		return;
	session->told_latency_ms = now_ms;
	latency_figures(&session->latency, &figures);
	keeper_tell_latency(session->gate, session->lease_id, &figures);
}

void seat_video(struct seat *self, bool has_failed, uint32_t frame)
{
	if (self->stream)
		CHANNEL_SEND(self->stream, viewer_video, .has_failed = has_failed, .frame = frame);
}

/* ---- input: viewer -> capture ---- */

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
	close_input(self);
	free_if_unused(self);
}

/* Not channel_watch(): the reading side is shut, which a watch for reading would take for the peer's end. */
static int open_input(struct session *self, int fd)
{
	close_input(self);
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
	close_input(self);
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

static void release_all(struct session *self)
{
	if (!self->input)
		return;
	int error =
	        CHANNEL_SEND(self->input, input_release_all, .sequence = ++self->input_sequence);
	self->has_lost_input = false;
	note_sent(self, error);
}

static uint16_t hold(uint16_t value, uint64_t size)
{
	return value < size ? value : (uint16_t)(size - 1);
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

static uint16_t within(uint16_t value, uint32_t min, uint32_t max)
{
	return (uint16_t)(value < min ? min : value > max ? max : value);
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

static void tell_activity(struct session *self)
{
	uint64_t now_ms = clock_now_ms();

	if (self->told_activity_ms && now_ms - self->told_activity_ms < ACTIVITY_EVERY_MS)
		return;
	self->told_activity_ms = now_ms;
	keeper_tell_activity(self->gate, self->lease_id);
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
		release_all(self);
	if (self->input)
		note_sent(self, send_input(self, message));
	tell_touch(self, message);
	note_press(self, message);
}

/* ---- joining and leaving ---- */

struct seat *session_attach(struct gate *gate, uint64_t lease_id, struct viewer *viewer)
{
	struct session *self = get(gate, lease_id);
	struct seat *seat = self ? &self->seats[SEAT_PERSON] : NULL;

	if (!self)
		return NULL;
	if (seat->viewer)
		viewer_replace(seat->viewer);
	seat->viewer = viewer;
	if (self->watch)
		viewer_watched(viewer, self->watch, self->watched_by);
	self->owes_detached = false;
	self->told_activity_ms = 0;
	latency_forget_presses(&self->latency); /* each viewer counts from 1 */
	return seat;
}

/* encode makes nothing more for this seat, and what is on its way is dropped. */
static void stop_stream(struct seat *self)
{
	self->is_running = false;
	forget_meter(self);
	if (!self->stream)
		return;
	CHANNEL_SEND(self->stream, viewer_leave);
	channel_pause(self->stream, false);
}

/* ---- looking on ---- */

struct seat *session_attach_onlooker(
        struct gate *gate, uint64_t lease_id, const char *administrator, struct viewer *viewer)
{
	struct session *self = get(gate, lease_id);
	struct seat *seat = self ? &self->seats[SEAT_ONLOOKER] : NULL;

	if (!seat || seat->viewer)
		return NULL;
	seat->viewer = viewer;
	self->watch = ++gate->last_watch ? gate->last_watch : ++gate->last_watch;
	snprintf(self->watched_by, sizeof(self->watched_by), "%s", administrator);
	if (self->seats[SEAT_PERSON].viewer)
		viewer_watched(self->seats[SEAT_PERSON].viewer, self->watch, self->watched_by);
	return seat;
}

void seat_person_told(struct seat *self, uint32_t watch)
{
	struct seat *onlooker = &self->session->seats[SEAT_ONLOOKER];

	if (is_onlooker(self) || watch != self->session->watch || !onlooker->viewer)
		return;
	if (seat_is_live(onlooker))
		viewer_on_live(onlooker->viewer);
}

/* The person went away, or another window came for theirs, which was not told yet. */
static void pause_onlooker(struct session *self)
{
	struct seat *onlooker = &self->seats[SEAT_ONLOOKER];

	if (!onlooker->viewer)
		return;
	stop_stream(onlooker);
	viewer_on_pause(onlooker->viewer);
}

static void onlooker_leaves(struct session *self)
{
	struct viewer *person = self->seats[SEAT_PERSON].viewer;

	log_info(self->lease_id, "onlooker left");
	self->watch = 0;
	keeper_tell_onlook_left(self->gate, self->lease_id);
	if (person)
		viewer_watched(person, 0, "");
	free_if_unused(self);
}

void session_end_onlookers(struct gate *gate)
{
	struct session *next;

	for (struct session *at = gate->sessions; at; at = next) {
		next = at->next;
		if (at->seats[SEAT_ONLOOKER].viewer)
			viewer_end(at->seats[SEAT_ONLOOKER].viewer, END_BROKER, LEAVE_OVER);
	}
}

void seat_leave(struct seat *seat, struct viewer *viewer, enum session_leave leave)
{
	struct session *self = seat->session;
	struct gate *gate = self->gate;

	if (seat->viewer != viewer)
		return;
	seat->viewer = NULL;
	stop_stream(seat);
	if (is_onlooker(seat)) {
		onlooker_leaves(self);
		return;
	}
	release_all(self);
	pause_onlooker(self);
	if (leave == LEAVE_REPLACED)
		return;
	log_info(self->lease_id, "viewer left");
	self->owes_detached = leave == LEAVE_DETACHED;
	free_if_unused(self);
	if (gate->n_attaching == 0)
		session_tell_owed(gate);
}

/* The session's viewer, which keeper means. */
static struct viewer *person_of(const struct session *self)
{
	return self ? self->seats[SEAT_PERSON].viewer : NULL;
}

static int open_all(struct session *self, const struct message_session_join *join)
{
	const int streams[VIEWERS_MAX] = {
	        [SEAT_PERSON] = join->stream, [SEAT_ONLOOKER] = join->onlooker};
	int error = open_input(self, join->input);

	for (int i = 0; i < VIEWERS_MAX; i++) {
		int stream_error = open_stream(&self->seats[i], streams[i]);
		error = error ? error : stream_error;
	}
	return error;
}

void session_join(struct gate *gate, const struct message_session_join *join)
{
	struct session *self = get(gate, join->lease_id);

	if (!self) {
		log_error(join->lease_id, "no memory to join this session");
		close(join->stream);
		close(join->input);
		close(join->onlooker);
		return;
	}
	if (open_all(self, join))
		log_error(join->lease_id, "no memory to join this session");
	for (int i = 0; i < VIEWERS_MAX; i++)
		if (self->seats[i].viewer && seat_is_live(&self->seats[i]))
			viewer_on_live(self->seats[i].viewer);
	free_if_unused(self);
}

void session_gone(struct gate *gate, uint64_t lease_id, unsigned reason)
{
	struct session *self = find(gate, lease_id);

	if (!self)
		return;
	close_input(self);
	for (int i = 0; self && i < VIEWERS_MAX; i++) {
		close_stream(&self->seats[i]);
		if (self->seats[i].viewer)
			viewer_end(self->seats[i].viewer, reason, LEAVE_OVER); /* it leaves */
		self = find(gate, lease_id);
	}
	if (self)
		free_if_unused(self);
}

void session_end_viewer(struct gate *gate, uint64_t lease_id, unsigned reason)
{
	struct session *self = find(gate, lease_id);

	for (int i = 0; self && i < VIEWERS_MAX; i++) {
		if (self->seats[i].viewer)
			viewer_end(self->seats[i].viewer, reason, LEAVE_OVER); /* it leaves */
		self = find(gate, lease_id);
	}
}

void session_notify_viewer(struct gate *gate, uint64_t lease_id, unsigned notice, const char *text)
{
	struct viewer *viewer = person_of(find(gate, lease_id));

	if (viewer)
		viewer_notice(viewer, notice, text);
}

bool session_has_viewer(struct gate *gate, uint64_t lease_id)
{
	return person_of(find(gate, lease_id)) != NULL;
}

bool session_has_onlooker(struct gate *gate, uint64_t lease_id)
{
	const struct session *self = find(gate, lease_id);

	return self && self->seats[SEAT_ONLOOKER].viewer;
}

void session_owe_detached(struct gate *gate, uint64_t lease_id)
{
	struct session *self = get(gate, lease_id);

	if (self)
		self->owes_detached = true;
	else
		keeper_tell_detached(gate, lease_id); /* no memory: better early than never */
}

void session_tell_owed(struct gate *gate)
{
	struct session *next;

	for (struct session *at = gate->sessions; at; at = next) {
		next = at->next;
		if (!at->owes_detached)
			continue;
		at->owes_detached = false;
		keeper_tell_detached(gate, at->lease_id);
		free_if_unused(at);
	}
}

void session_tell_attached(struct gate *gate)
{
	for (struct session *at = gate->sessions; at; at = at->next)
		if (person_of(at))
			keeper_tell_activity(gate, at->lease_id);
}
