/* Drives one session: RFB from the isolated host on the one side, messages to encode, gate and monitor on the other.
 *
 * One loop, and nothing in it waits: input is read and sent (worker_input.c) while an update arrives, and while encode
 * has not taken the last one (worker_pump.c). Any surprise ends the process, and its exit status says which. Here: its
 * beginning, its end, and monitor. */
#include "capture/worker.h"

#include "base/error.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/session.h"
#include "capture/rfb.h"
#include "capture/worker_state.h"

#include <stdlib.h>
#include <unistd.h>

void worker_stop(struct worker *self, enum worker_exit exit_status)
{
	if (self->is_stopped)
		return;
	self->is_stopped = true;
	self->exit_status = exit_status;
	if (exit_status != WORKER_EXIT_DONE)
		log_warning(self->lease_id, "capture ends: %s", worker_exit_text(exit_status));
	loop_stop(self->loop, exit_status);
}

/* ---- from and to monitor ---- */

static void on_monitor(void *data, struct channel *channel, struct message *in)
{
	struct worker *self = data;
	struct message_input_peer input;
	struct message_text_peer text;
	int error;

	(void)channel;
	if (in->number == MESSAGE_INPUT_PEER && !message_get_input_peer(in, &input))
		error = worker_take_input_channel(self, input.peer);
	else if (in->number == MESSAGE_TEXT_PEER && !message_get_text_peer(in, &text)) {
		error = text_set_door(self->text, text.text);
		timer_clear(self->text_timer); /* also where it took an earlier one's place */
	} else {
		worker_stop(self, WORKER_EXIT_PEER);
		return;
	}
	if (error)
		worker_stop(self, WORKER_EXIT_MEMORY);
	else
		worker_pump(self);
}

static void on_monitor_closed(void *data, struct channel *channel, int error)
{
	(void)channel;
	worker_stop(data, error == SHOJI_ERR_CLOSED ? WORKER_EXIT_DONE : WORKER_EXIT_PEER);
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

static void on_peer_closed(void *data, struct channel *channel, int error)
{
	(void)channel;
	(void)error;
	worker_stop(data, WORKER_EXIT_PEER);
}

static int make_timers(struct worker *self)
{
	self->alive_timer = timer_new(self->loop, on_alive, self);
	self->due_timer = timer_new(self->loop, worker_on_due, self);
	self->taken_timer = timer_new(self->loop, worker_on_not_taken, self);
	self->size_timer = timer_new(self->loop, worker_on_size_time, self);
	self->text_timer = timer_new(self->loop, worker_on_text_time, self);
	return self->text_timer && self->alive_timer && self->due_timer && self->taken_timer &&
	                       self->size_timer
	               ? 0
	               : SHOJI_ERR_MEMORY;
}

static int watch_all(struct worker *self)
{
	channel_set_phase(self->encode, PHASE_READY);
	self->rfb_watch = watch_new(self->loop, rfb_fd(self->rfb), LOOP_READ, worker_on_rfb, self);
	if (!self->rfb_watch)
		return SHOJI_ERR_MEMORY;
	int error = channel_watch(self->encode, self->loop, worker_on_encode, on_peer_closed, self);
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
	self->text = text_new(
	        self->loop, setup->text, setup->has_jis_keyboard, &worker_text_events, self);
	self->linger = linger_new(self->loop, worker_on_linger_over, self);
	if (!self->text || !self->linger)
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
	linger_free(self->linger);
	pixels_finish(&self->pixels);
	loop_free(self->loop);
	free(self);
}

int worker_run(struct worker *self)
{
	on_alive(self);
	worker_pump(self);
	if (!self->is_stopped)
		loop_run(self->loop);
	return self->exit_status;
}
