/* The estimates of a line, and its credit. On encode's side of gate; what comes in are checked numbers of frames. */
#include "encode/flow_line.h"

#include "base/ensure.h"

#include <string.h>

#define SECOND_US 1000000u
/* A delay that has grown by so much more than the line's own is a queue: startup ends there. */
#define QUEUE_US 60000

static void rate_add(struct flow_rate *self, uint64_t rate, uint64_t now_us)
{
	/* Time passes only with samples: a line that is not used is what it was. */
	if (now_us - self->since_us > FLOW_RATE_AGE_US)
		*self = (struct flow_rate){.before = self->now, .since_us = now_us};
	if (rate > self->now)
		self->now = rate;
}

uint64_t flow_line_rate(const struct flow_line *self)
{
	return self->rate.now > self->rate.before ? self->rate.now : self->rate.before;
}

uint64_t flow_line_delay_us(const struct flow_line *self)
{
	return self->delay_us;
}

/* Whether the least delay was not seen for long while the line was full: either the line has become slower or a queue stands
 * on it, and only an empty line tells which. */
static bool wants_rest(const struct flow_line *self, uint64_t now_us)
{
	return self->is_known &&
	       (self->is_doubtful || now_us - self->delay_seen_us > FLOW_DELAY_AGE_US);
}

static void take_delay(struct flow_line *self, const struct flow_sent *sent, uint64_t now_us)
{
	uint64_t delay_us = now_us - sent->sent_us;
	bool is_news = self->delay_us == 0 || delay_us < self->delay_us;

	/* A longer one is believed only of a frame that was alone: behind others it says how long the queue is. */
	if (is_news || (sent->is_alone && wants_rest(self, now_us)))
		self->delay_us = delay_us ? delay_us : 1;
	if (sent->is_alone)
		self->is_doubtful = false;
	if (delay_us <= self->delay_us * 5 / 4)
		self->delay_seen_us = now_us;
}

void flow_line_begin(struct flow_line *self, uint32_t frame, uint64_t now_us)
{
	bool is_metered = self->is_metered;
	uint64_t cap_bytes_per_s = self->cap_bytes_per_s;

	*self = (struct flow_line){.sent = frame,
	        .acked = frame,
	        .acked_us = now_us,
	        .first_us = now_us,
	        .rate.since_us = now_us,
	        .delay_seen_us = now_us,
	        .window_bytes = FLOW_WINDOW_FIRST,
	        .is_metered = is_metered,
	        .cap_bytes_per_s = cap_bytes_per_s};
}

static struct flow_sent *frame_of(struct flow_line *self, uint32_t number)
{
	return &self->frames[number % FLOW_FRAMES_MAX];
}

static struct flow_sent stamp(struct flow_line *self, uint64_t now_us)
{
	bool is_alone = self->in_flight_bytes == 0 && self->beside_bytes == 0;

	/* After a rest the clock of rates begins anew: the rest was not the line's. */
	if (is_alone) {
		self->acked_us = now_us;
		self->first_us = now_us;
	}
	return (struct flow_sent){.sent_us = now_us,
	        .acked_bytes = self->acked_bytes,
	        .acked_us = self->acked_us,
	        .first_us = self->first_us,
	        .is_alone = is_alone};
}

static void begin_frame(struct flow_line *self, uint32_t number, uint64_t now_us)
{
	self->sent = number;
	*frame_of(self, number) = stamp(self, now_us);
}

void flow_line_sent(struct flow_line *self, uint32_t number, uint32_t bytes, uint64_t now_us)
{
	ensure(number - self->acked <= FLOW_FRAMES_MAX);
	if (number != self->sent)
		begin_frame(self, number, now_us);
	frame_of(self, number)->bytes += bytes;
	self->in_flight_bytes += bytes;
	flow_line_spend(self, bytes);
}

void flow_line_frame_ends(struct flow_line *self, bool is_all)
{
	frame_of(self, self->sent)->is_all = is_all;
}

static void take_rate(struct flow_line *self, const struct flow_sent *sent, uint64_t now_us)
{
	/* Acknowledgements come in bunches (the terminal draws 60 times a second): never faster than it was sent. */
	uint64_t ack_us = now_us - sent->acked_us, send_us = sent->sent_us - sent->first_us;
	uint64_t took_us = ack_us > send_us ? ack_us : send_us;
	uint64_t rate =
	        (self->acked_bytes - sent->acked_bytes) * SECOND_US / (took_us ? took_us : 1);

	if (!sent->is_all || rate > flow_line_rate(self))
		rate_add(&self->rate, rate ? rate : 1, now_us);
}

/* While nothing is known: doubles each time around as long as frames wait for credit and no queue grows. */
static void grow(struct flow_line *self, uint32_t bytes, uint64_t delay_us)
{
	uint64_t least_us = flow_line_delay_us(self);

	if (delay_us > least_us + QUEUE_US && delay_us > 2 * least_us) {
		self->is_known = true;
		self->is_doubtful = true;
		return;
	}
	if (self->is_short)
		self->window_bytes += bytes;
	if (self->window_bytes > FLOW_WINDOW_MAX)
		self->window_bytes = FLOW_WINDOW_MAX;
}

/* `sent` has arrived, and with it so many bytes. */
static void learn(
        struct flow_line *self, const struct flow_sent *sent, uint32_t bytes, uint64_t now_us)
{
	uint64_t delay_us = now_us - sent->sent_us;

	self->acked_bytes += bytes;
	take_delay(self, sent, now_us);
	take_rate(self, sent, now_us);
	self->acked_us = now_us;
	self->first_us = sent->sent_us;
	if (!self->is_known)
		grow(self, bytes, delay_us);
	self->is_short = false;
}

void flow_line_acked(struct flow_line *self, uint32_t number, uint64_t now_us)
{
	uint32_t bytes = 0;

	if (number == self->acked)
		return;
	while (self->acked != number)
		bytes += frame_of(self, ++self->acked)->bytes;
	self->in_flight_bytes -= bytes;
	learn(self, frame_of(self, number), bytes, now_us);
}

static uint64_t within(uint64_t value, uint64_t least, uint64_t most)
{
	return value < least ? least : value > most ? most : value;
}

/* An eighth more than the line was seen to take: so a line that has become faster is noticed. */
static uint64_t window(const struct flow_line *self)
{
	uint64_t rate = within(flow_line_rate(self), 1, UINT32_MAX);
	uint64_t delay_us = within(flow_line_delay_us(self), 1, 10 * SECOND_US);

	if (!self->is_known)
		return self->window_bytes;
	return within(rate * (delay_us + FLOW_DRAW_US) / SECOND_US * 9 / 8, FLOW_WINDOW_MIN,
	        FLOW_WINDOW_MAX);
}

/* Frames of a few bytes would pile up before a terminal that is slow: as many as it can draw in the delay, and two. */
static uint32_t frames_max(const struct flow_line *self)
{
	uint64_t drawn = (flow_line_delay_us(self) + FLOW_DRAW_US) * 60 / SECOND_US + 2;

	return (uint32_t)within(drawn, 4, FLOW_FRAMES_MAX);
}

size_t flow_line_room(const struct flow_line *self, uint64_t now_us)
{
	uint64_t room = window(self) / 2;

	/* Several fit into the window, or the line would be idle between one frame's drawing and the next one's making. */
	if (self->is_known && flow_line_rate(self) * FLOW_FRAME_US / SECOND_US < window(self) / 3)
		room = flow_line_rate(self) * FLOW_FRAME_US / SECOND_US;
	else if (self->is_known)
		room = window(self) / 3;
	/* What measures the delay is short, so that its own time on the line is. */
	if (wants_rest(self, now_us))
		room = 0;
	return (size_t)within(room, FLOW_FRAME_MIN, FLOW_WINDOW_MAX);
}

size_t flow_line_budget(const struct flow_line *self, uint64_t now_us)
{
	size_t room = flow_line_room(self, now_us);

	if (!self->is_metered || self->given >= (int64_t)room)
		return room;
	return self->given > FLOW_FRAME_MIN ? (size_t)self->given : FLOW_FRAME_MIN;
}

bool flow_line_may_say(struct flow_line *self)
{
	if (!self->is_metered || self->given > 0)
		return true;
	self->wants_credit = true;
	return false;
}

void flow_line_spend(struct flow_line *self, uint32_t bytes)
{
	if (self->is_metered)
		self->given -= bytes;
}

void flow_line_give(struct flow_line *self, uint32_t bytes)
{
	self->given = bytes;
	self->wants_credit = false;
}

static bool takes_more(struct flow_line *self, uint64_t now_us)
{
	if (self->in_flight_bytes == 0)
		return true;
	if (wants_rest(self, now_us) || self->sent - self->acked >= frames_max(self))
		return false;
	if (self->in_flight_bytes + self->beside_bytes + flow_line_room(self, now_us) <=
	        window(self))
		return true;
	self->is_short = true;
	return false;
}

bool flow_line_has_credit(struct flow_line *self, uint64_t now_us)
{
	return takes_more(self, now_us) && flow_line_may_say(self);
}

/* ---- beside the frames ---- */

bool flow_line_has_room_beside(struct flow_line *self, uint32_t bytes, uint64_t now_us)
{
	uint64_t on_line = (uint64_t)self->in_flight_bytes + self->beside_bytes;

	if (on_line == 0)
		return true;
	if (wants_rest(self, now_us))
		return false;
	/* Two at least: by one at a time a line is idle half of the time, and never found to be faster. */
	if (on_line <= bytes || on_line + bytes <= window(self))
		return true;
	self->is_short = true;
	return false;
}

struct flow_sent flow_line_beside_sent(struct flow_line *self, uint32_t bytes, uint64_t now_us)
{
	struct flow_sent sent = stamp(self, now_us);

	sent.bytes = bytes;
	sent.is_all = !self->is_short;
	self->beside_bytes += bytes;
	return sent;
}

void flow_line_beside_acked(
        struct flow_line *self, const struct flow_sent *sent, uint32_t bytes, uint64_t now_us)
{
	ensure(bytes <= self->beside_bytes);
	self->beside_bytes -= bytes;
	learn(self, sent, bytes, now_us);
}

void flow_line_beside_lost(struct flow_line *self, uint32_t bytes)
{
	ensure(bytes <= self->beside_bytes);
	self->beside_bytes -= bytes;
}

uint32_t flow_line_beside_kbit_s(const struct flow_line *self)
{
	uint64_t rate = self->is_known ? flow_line_rate(self) : UINT64_MAX;

	return rate == UINT64_MAX ? UINT32_MAX : (uint32_t)within(rate * 6 / 1000, 1, UINT32_MAX);
}

uint64_t flow_line_carries(const struct flow_line *self)
{
	/* Before the line was full once it is taken for a fast one. */
	uint64_t rate = self->is_known ? flow_line_rate(self) : UINT64_MAX;

	return self->is_metered && self->cap_bytes_per_s < rate ? self->cap_bytes_per_s : rate;
}
