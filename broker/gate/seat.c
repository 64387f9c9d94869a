/* A seat's stream: what encode makes for one viewer of a session.
 * encode's side is treated as hostile: only the header of a slice is looked at, and the first that breaks a rule ends
 * the stream. Back-pressure: at most one slice waits here; until it is sent, the channel is not read. */
#include "gate/seat.h"

#include "base/channel.h"
#include "base/error.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/session.h"
#include "gate/gate_state.h"
#include "gate/keeper_link.h"
#include "gate/onlook.h"
#include "gate/session.h"
#include "gate/viewer.h"

#define LATENCY_EVERY_MS 1000

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

void seat_meter_start(struct gate *gate)
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

/* ---- the stream: encode -> viewer ---- */

void seat_close_stream(struct seat *self)
{
	forget_meter(self);
	channel_free(self->stream);
	self->stream = NULL;
}

/* encode ends when its socket closes; monitor then ends the session. */
static void end_stream(struct seat *self)
{
	seat_close_stream(self);
	if (self->viewer)
		viewer_end(self->viewer, END_ENCODE_FAILED, LEAVE_DETACHED);
	else
		session_free_if_unused(self->session);
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
	seat_close_stream(self);
	session_free_if_unused(self->session);
}

int seat_open_stream(struct seat *self, int fd)
{
	seat_close_stream(self);
	self->stream = channel_new(fd, LINK_GATE_ENCODE, SIDE_A);
	if (!self->stream)
		return SHOJI_ERR_MEMORY;
	channel_set_phase(self->stream, PHASE_READY);
	if (!channel_watch(self->stream, self->session->gate->loop, on_stream_message,
	            on_stream_close, self))
		return 0;
	seat_close_stream(self);
	return SHOJI_ERR_MEMORY;
}

/* ---- what the viewer asks of it ---- */

bool seat_is_live(const struct seat *self)
{
	if (onlook_is_seat(self) && !onlook_is_told(self->session))
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

void seat_stop_stream(struct seat *self)
{
	self->is_running = false;
	forget_meter(self);
	if (!self->stream)
		return;
	CHANNEL_SEND(self->stream, viewer_leave);
	channel_pause(self->stream, false);
}

void seat_resume(struct seat *self)
{
	if (self->stream)
		channel_pause(self->stream, false);
}

void seat_acknowledge(struct seat *self, uint16_t frame)
{
	/* One that is lost is made up for by the next: it acknowledges all before it. */
	if (self->stream)
		CHANNEL_SEND(self->stream, viewer_ack, .frame = frame);
}

/* Told with an answer, never by a timer: what was counted in the second after is told with the next. */
void seat_answered(struct seat *self, uint16_t input, uint16_t took)
{
	struct session *session = self->session;
	struct latency_figures figures;
	uint64_t now_ms = clock_now_ms();

	if (onlook_is_seat(self) || !latency_answer(&session->latency, input, took, clock_now_us()))
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
