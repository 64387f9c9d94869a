/* What is known of one viewer's line, and how much may be on it: bandwidth and delay estimated from the frames that the
 * viewer acknowledges as drawn, and the credit that follows.
 *
 * The bandwidth is the largest rate at which frames were acknowledged lately (bytes acknowledged between a frame's sending and its
 * own acknowledgement, over that time; a rate that had nothing more to send only counts when it is larger: N. Cardwell et
 * al., "BBR: Congestion-Based Congestion Control", ACM Queue 14-5, 2016). The delay is the least time from a frame's sending to
 * its acknowledgement. Their product, and a little more, may be on its way: then the line is never idle, and nothing
 * waits in gate, kernel or a proxy that could no longer be dropped.
 *
 * Pure: the time is handed in (microseconds of one clock that never goes back). The viewer's words are numbers of frames
 * that were checked; a viewer that lies about them harms its own picture. */
#ifndef SHOJI_ENCODE_FLOW_LINE_H
#define SHOJI_ENCODE_FLOW_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FLOW_FRAMES_MAX 32           /* on their way, not yet drawn */
#define FLOW_WINDOW_MIN (4 * 1024)   /* bytes: below, a line is idle between small frames */
#define FLOW_WINDOW_FIRST (8 * 1024) /* while nothing is known of the line */
#define FLOW_WINDOW_MAX (1024 * 1024)
#define FLOW_FRAME_MIN (2 * 1024) /* bytes: a frame's least budget */
#define FLOW_FRAME_US 80000       /* a frame takes the line no longer than this */
#define FLOW_DRAW_US                                                                               \
	25000 /* acknowledgements wait for the terminal's animation frame: up to 17 ms */
#define FLOW_RATE_AGE_US 5000000 /* a rate is given up one to two of these after it was last seen */
#define FLOW_DELAY_AGE_US                                                                          \
	10000000 /* a delay is measured again, on an empty line, so long after it was last seen */

struct flow_sent {
	uint64_t sent_us;
	uint64_t acked_bytes; /* in all, when it was sent */
	uint64_t acked_us;    /* when the last of those came */
	uint64_t first_us;    /* when the frame that they belong to was sent */
	uint32_t bytes;
	bool is_alone; /* nothing else was on its way */
	bool is_all; /* nothing more was to be sent: its rate says what was drawn, not what the line takes */
};

/* The largest of now and of the time before, so that it can be forgotten. 0: nothing yet. */
struct flow_rate {
	uint64_t now, before, since_us;
};

struct flow_line {
	struct flow_sent frames[FLOW_FRAMES_MAX]; /* by number, modulo */
	uint32_t sent, acked;                     /* numbers of the last frames */
	uint32_t in_flight_bytes;
	uint32_t beside_bytes; /* of what goes beside the frames, on its way */
	uint64_t acked_bytes, acked_us, first_us;
	struct flow_rate rate;  /* bytes a second */
	uint64_t delay_us;      /* the least from sending to acknowledgement; 0: unknown */
	uint64_t delay_seen_us; /* when it was last so short */
	bool is_doubtful;       /* the delay was taken with a frame that was long itself */
	bool is_known;          /* the line was seen full once: the estimates decide from here on */
	bool is_short;          /* frames had to wait for credit since the last acknowledgement */
	uint32_t window_bytes;  /* until is_known */
	bool is_metered, wants_credit;
	uint64_t cap_bytes_per_s; /* where it is metered */
	int64_t given; /* bytes of gate's credit that are left; below 0: a frame was longer */
};

/* A new line; frame: the number of the last one made before it. */
void flow_line_begin(struct flow_line *self, uint32_t frame, uint64_t now_us);
/* Bytes of frame `number`, the next one or the one that was begun last, go out. */
void flow_line_sent(struct flow_line *self, uint32_t number, uint32_t bytes, uint64_t now_us);
/* The frame that was begun last is whole; is_all: it left nothing over. */
void flow_line_frame_ends(struct flow_line *self, bool is_all);
/* The viewer has drawn `number` (self->acked <= number <= self->sent, checked by the caller) and all before it. */
void flow_line_acked(struct flow_line *self, uint32_t number, uint64_t now_us);

/* Whether a frame may be made now. Counts a refusal as a sign that the line is the limit. */
bool flow_line_has_credit(struct flow_line *self, uint64_t now_us);
/* What the next frame may take, bytes; a hint: one command more does no harm. */
size_t flow_line_budget(const struct flow_line *self, uint64_t now_us);

/* ---- a metered line: policy caps it, and gate gives credit (gate/meter.h) ---- */
/* Whether anything may be said now. A refusal is remembered in wants_credit. Always true of a line that is not metered. */
bool flow_line_may_say(struct flow_line *self);
/* That was said: frames are counted by flow_line_sent() already. */
void flow_line_spend(struct flow_line *self, uint32_t bytes);
/* Gate's word; what an earlier one left over is void. */
void flow_line_give(struct flow_line *self, uint32_t bytes);
/* What the next frame could take if gate gave it. */
size_t flow_line_room(const struct flow_line *self, uint64_t now_us);

/* What goes beside the picture's frames (video) is charged to the same line, and comes after them: the caller asks for room, keeps what
 * flow_line_beside_sent() returns, and hands it back once that was drawn, or tells that it never will be. */
bool flow_line_has_room_beside(struct flow_line *self, uint32_t bytes, uint64_t now_us);
struct flow_sent flow_line_beside_sent(struct flow_line *self, uint32_t bytes, uint64_t now_us);
/* sent: of the one that was drawn; bytes: with all before it that are answered by that. */
void flow_line_beside_acked(
        struct flow_line *self, const struct flow_sent *sent, uint32_t bytes, uint64_t now_us);
void flow_line_beside_lost(struct flow_line *self, uint32_t bytes);
/* As much of the line as may be planned for it: three quarters, so that frames find room. UINT32_MAX: nothing is known. */
uint32_t flow_line_beside_kbit_s(const struct flow_line *self);

/* Bytes a second that may be planned for: the rate, where the line was full once, and no more than policy's cap. UINT64_MAX: nothing limits them. */
uint64_t flow_line_carries(const struct flow_line *self);
uint64_t flow_line_rate(const struct flow_line *self); /* bytes a second; 0: unknown */
uint64_t flow_line_delay_us(
        const struct flow_line *self); /* sending to drawn and back; 0: unknown */

#endif
