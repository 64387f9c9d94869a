/* What a person does: gate's messages become steps of the input that the host is sent, and text for the text door, whose answers go on to
 * encode. gate has checked them; they are checked again. */
#include "capture/worker_state.h"

#include "base/error.h"
#include "base/loop.h"
#include "base/session.h"

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
		worker_stop(self, WORKER_EXIT_PEER);
	else
		worker_pump(self);
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
		worker_stop(self, WORKER_EXIT_PEER);
		return;
	}
	drop_input(self);
	worker_pump(self);
}

int worker_take_input_channel(struct worker *self, int fd)
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

	linger_cancel(self->linger);
	input_sentinel(&self->input);
	worker_pump(self);
}

static void on_type(void *data, uint8_t key, bool has_shift)
{
	struct worker *self = data;

	self->is_typing = true;
	input_type(&self->input, key, has_shift);
	/* While it runs it comes to this key by itself: thousands of characters are no recursion. */
	if (!self->is_sending)
		worker_pump(self);
}

static void on_text_outcome(void *data, uint32_t number, enum text_outcome outcome)
{
	struct worker *self = data;

	worker_check_encode(self, CHANNEL_SEND(self->encode, text_outcome, .text_number = number,
	                                  .outcome = (uint8_t)outcome));
}

static void on_text_idle(void *data)
{
	struct worker *self = data;

	linger_begin(self->linger);
	worker_pump(self);
}

void worker_on_linger_over(void *data)
{
	struct worker *self = data;

	input_sentinel_up(&self->input);
	worker_pump(self);
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
	linger_set_rows(self->linger, y, height);
	worker_check_encode(self, CHANNEL_SEND(self->encode, caret, .x = x, .y = y, .width = width,
	                                  .height = height));
}

static void on_takes_text(void *data, bool takes_text)
{
	struct worker *self = data;

	worker_check_encode(
	        self, CHANNEL_SEND(self->encode, takes_text, .takes_text = takes_text ? 1 : 0));
}

static void on_text_lost(void *data)
{
	struct worker *self = data;

	timer_set_ms(self->text_timer, WORKER_TEXT_LOST_MS);
}

/* Until text_peer has come: a host that takes no connection now may do so later. */
void worker_on_text_time(void *data)
{
	struct worker *self = data;

	CHANNEL_SEND(self->monitor, text_lost);
	timer_set_ms(self->text_timer, WORKER_ALIVE_MS);
}

static void on_text_broken(void *data)
{
	worker_stop(data, WORKER_EXIT_PROTOCOL);
}

const struct text_events worker_text_events = {.on_sentinel = on_sentinel,
        .on_type = on_type,
        .on_outcome = on_text_outcome,
        .on_idle = on_text_idle,
        .on_caret = on_caret,
        .on_takes_text = on_takes_text,
        .on_lost = on_text_lost,
        .on_broken = on_text_broken};
