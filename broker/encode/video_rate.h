/* How much video the line takes: learnt from when each frame was drawn. Pure. Never queues: what may not be sent now is not encoded. */
#ifndef SHOJI_ENCODE_VIDEO_RATE_H
#define SHOJI_ENCODE_VIDEO_RATE_H

#include <stdbool.h>
#include <stdint.h>

#define VIDEO_FLIGHTS_MAX 12 /* frames on their way, not drawn */
#define VIDEO_RATE_MIN_KBIT 150

struct video_flight {
	uint32_t number, bytes, sent_ms;
	uint8_t region; /* 1 + its number; 0: this entry is free */
};

struct video_rate {
	uint32_t kbit_s; /* of all regions together */
	uint32_t max_kbit_s;
	uint32_t rtt_min_ms; /* from sending to the news of its being drawn; 0: none came yet */
	uint32_t changed_ms; /* when kbit_s last changed */
	uint32_t bytes_in_flight;
	uint32_t waits_ms; /* since when a frame waits for credit; 0: none does */
	struct video_flight flights[VIDEO_FLIGHTS_MAX];
};

/* n_pixels: of all regions. The rate begins at a third of what such a picture deserves, which is also the most. */
void video_rate_begin(struct video_rate *self, uint32_t n_pixels, uint32_t now_ms);
bool video_rate_may_send(const struct video_rate *self);
void video_rate_sent(
        struct video_rate *self, uint8_t region, uint32_t number, uint32_t bytes, uint32_t now_ms);
/* A frame that is not on its way is ignored. Returns whether kbit_s is another now. */
bool video_rate_drawn(struct video_rate *self, uint32_t number, uint32_t now_ms);
/* A frame could not go, for want of credit that others take as well: after a while that counts like a late one. Returns whether
 * kbit_s is another now. */
bool video_rate_waits(struct video_rate *self, uint32_t now_ms);
/* The region is over: its frames will not be drawn. */
void video_rate_forget(struct video_rate *self, uint8_t region);

#endif
