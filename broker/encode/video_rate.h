/* How much video the line takes: learnt from when each frame was drawn. Pure. Never queues: what may not be sent now is not encoded. */
#ifndef SHOJI_ENCODE_VIDEO_RATE_H
#define SHOJI_ENCODE_VIDEO_RATE_H

#include "encode/flow_line.h"

#include <stdbool.h>
#include <stdint.h>

#define VIDEO_FLIGHTS_MAX 12 /* frames on their way, not drawn */
#define VIDEO_RATE_MIN_KBIT 150
/* The least that is asked of the codec where line or policy permit no more: then frames are left out. */
#define VIDEO_RATE_FLOOR_KBIT 50

struct video_flight {
	uint32_t number, bytes, sent_ms;
	uint8_t region;        /* 1 + its number; 0: this entry is free */
	struct flow_sent line; /* what the line's credit knows of it */
};

struct video_rate {
	uint32_t kbit_s;       /* of all regions together */
	uint32_t max_kbit_s;   /* what the picture deserves */
	uint32_t limit_kbit_s; /* what line and policy leave; 0: nothing is known */
	uint32_t rtt_min_ms;   /* from sending to the news of its being drawn; 0: none came yet */
	uint32_t changed_ms;   /* when kbit_s last changed */
	uint32_t bytes_in_flight;
	uint32_t waits_ms; /* since when a frame waits for credit; 0: none does */
	struct video_flight flights[VIDEO_FLIGHTS_MAX];
};

/* n_pixels: of all regions. The rate begins at a third of what such a picture deserves, which is also the most. */
void video_rate_begin(struct video_rate *self, uint32_t n_pixels, uint32_t now_ms);
/* Line and policy leave that much (UINT32_MAX: nothing is known). Returns whether kbit_s is another now. */
bool video_rate_limit(struct video_rate *self, uint32_t kbit_s);
/* The length that a frame is expected to have, bytes. */
uint32_t video_rate_frame_bytes(const struct video_rate *self);
bool video_rate_may_send(const struct video_rate *self);
/* After video_rate_may_send(). line: of flow_line_beside_sent(). */
void video_rate_sent(struct video_rate *self, uint8_t region, uint32_t number,
        const struct flow_sent *line, uint32_t now_ms);
/* A frame that is not on its way is ignored: drawn->region is 0 then. Else `drawn` is its flight, with the bytes of all that are
 * answered by it. Returns whether kbit_s is another now. */
bool video_rate_drawn(
        struct video_rate *self, uint32_t number, uint32_t now_ms, struct video_flight *drawn);
/* A frame could not go, for want of credit that others take as well: after a while that counts like a late one. Returns whether
 * kbit_s is another now. */
bool video_rate_waits(struct video_rate *self, uint32_t now_ms);
/* The region is over: its frames will not be drawn. Returns their bytes. */
uint32_t video_rate_forget(struct video_rate *self, uint8_t region);

#endif
