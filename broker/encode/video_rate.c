/* Additive-multiplicative: up by a quarter while frames arrive as fast as they ever did, down when they begin to wait somewhere. The
 * numbers in acknowledgements are the viewer's and may lie: they change what that viewer itself is sent, between two bounds. */
#include "encode/video_rate.h"

#include <string.h>

/* 854x480 at this rate: 3.3 Mbit/s. SSIM .97 of moving photographs there, .94 with grain (docs/performance.md). */
#define BITS_PER_1000_PIXELS 8000
#define MAX_KBIT 8000
/* So much later than the fastest: it waited in a queue. Animation frames and a busy terminal alone make 50. */
#define LATE_MS 100
#define UP_EVERY_MS 400
#define DOWN_EVERY_MS 250

static uint32_t at_least(uint32_t value, uint32_t least)
{
	return value > least ? value : least;
}

static uint32_t most(const struct video_rate *self)
{
	return self->limit_kbit_s != 0 && self->limit_kbit_s < self->max_kbit_s ? self->limit_kbit_s
	                                                                        : self->max_kbit_s;
}

void video_rate_begin(struct video_rate *self, uint32_t n_pixels, uint32_t now_ms)
{
	uint32_t kbit =
	        at_least((uint32_t)((uint64_t)n_pixels * BITS_PER_1000_PIXELS / 1000000), 300);

	self->max_kbit_s = kbit < MAX_KBIT ? kbit : MAX_KBIT;
	if (self->kbit_s == 0)
		self->kbit_s = at_least(self->max_kbit_s / 3, 300);
	if (self->kbit_s > most(self))
		self->kbit_s = most(self);
	self->changed_ms = now_ms;
}

bool video_rate_limit(struct video_rate *self, uint32_t kbit_s)
{
	uint32_t before = self->kbit_s;

	self->limit_kbit_s = at_least(kbit_s, VIDEO_RATE_FLOOR_KBIT);
	if (self->kbit_s > most(self))
		self->kbit_s = most(self);
	return self->kbit_s != before;
}

uint32_t video_rate_frame_bytes(const struct video_rate *self)
{
	return self->kbit_s * 125 / 30;
}

bool video_rate_may_send(const struct video_rate *self)
{
	uint32_t allowed = self->kbit_s / 8 * (self->rtt_min_ms + 150);

	if (self->bytes_in_flight > 0 && self->bytes_in_flight >= allowed)
		return false;
	for (uint32_t i = 0; i < VIDEO_FLIGHTS_MAX; i++)
		if (self->flights[i].region == 0)
			return true;
	return false;
}

void video_rate_sent(struct video_rate *self, uint8_t region, uint32_t number,
        const struct flow_sent *line, uint32_t now_ms)
{
	self->waits_ms = 0;
	for (uint32_t i = 0; i < VIDEO_FLIGHTS_MAX; i++) {
		if (self->flights[i].region != 0)
			continue;
		self->flights[i] =
		        (struct video_flight){number, line->bytes, now_ms, region, *line};
		self->bytes_in_flight += line->bytes;
		return;
	}
}

static uint32_t drop(struct video_rate *self, struct video_flight *flight)
{
	uint32_t bytes = flight->bytes;

	self->bytes_in_flight -= bytes;
	*flight = (struct video_flight){0};
	return bytes;
}

static bool change(struct video_rate *self, uint32_t kbit_s, uint32_t now_ms)
{
	uint32_t before = self->kbit_s;

	kbit_s = at_least(kbit_s, VIDEO_RATE_MIN_KBIT);
	self->kbit_s = kbit_s < most(self) ? kbit_s : most(self);
	self->changed_ms = now_ms;
	return self->kbit_s != before;
}

static bool learn(struct video_rate *self, uint32_t rtt_ms, uint32_t now_ms)
{
	if (self->rtt_min_ms == 0 || rtt_ms < self->rtt_min_ms)
		self->rtt_min_ms = at_least(rtt_ms, 1);
	if (rtt_ms > self->rtt_min_ms + LATE_MS)
		return now_ms - self->changed_ms >= DOWN_EVERY_MS &&
		       change(self, self->kbit_s * 4 / 5, now_ms);
	return now_ms - self->changed_ms >= UP_EVERY_MS &&
	       change(self, self->kbit_s * 5 / 4, now_ms);
}

bool video_rate_drawn(
        struct video_rate *self, uint32_t number, uint32_t now_ms, struct video_flight *drawn)
{
	*drawn = (struct video_flight){0};
	for (uint32_t i = 0; i < VIDEO_FLIGHTS_MAX; i++)
		if (self->flights[i].region != 0 && self->flights[i].number == number)
			*drawn = self->flights[i];
	if (drawn->region == 0)
		return false;
	drawn->bytes = 0;
	/* Earlier ones of that region were drawn too, or passed over. */
	for (uint32_t i = 0; i < VIDEO_FLIGHTS_MAX; i++)
		if (self->flights[i].region == drawn->region && self->flights[i].number <= number)
			drawn->bytes += drop(self, &self->flights[i]);
	return learn(self, now_ms - drawn->sent_ms, now_ms);
}

bool video_rate_waits(struct video_rate *self, uint32_t now_ms)
{
	if (self->waits_ms == 0)
		self->waits_ms = at_least(now_ms, 1);
	return now_ms - self->waits_ms >= LATE_MS && now_ms - self->changed_ms >= DOWN_EVERY_MS &&
	       change(self, self->kbit_s * 4 / 5, now_ms);
}

uint32_t video_rate_forget(struct video_rate *self, uint8_t region)
{
	uint32_t bytes = 0;

	for (uint32_t i = 0; i < VIDEO_FLIGHTS_MAX; i++)
		if (self->flights[i].region == region)
			bytes += drop(self, &self->flights[i]);
	return bytes;
}
