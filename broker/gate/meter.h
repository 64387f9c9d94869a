/* The policy's caps on the line: of each session, and of all of them together (a site's line). Pure; the time is handed in, microseconds
 * of one clock that never goes back.
 *
 * gate gives credit, encode asks for it before it makes a frame (credit_want, credit_give): so what cannot go out yet is not made yet, and
 * what is made then shows the screen as it is by then. gate is the one place that all streams pass, and it need not believe encode: it counts
 * what it sees. A bucket for each session and one for all; what is given is taken out of both at once, and what was not used is put back.
 * Whoever waits is served in turn, a part of the bucket each (M. Shreedhar, G. Varghese, "Efficient Fair Queueing using Deficit Round Robin",
 * SIGCOMM 1995: what somebody took beyond what they were given, they pay with turns). Nobody waiting: no timer. */
#ifndef SHOJI_GATE_METER_H
#define SHOJI_GATE_METER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define METER_NO_CAP UINT64_MAX
#define METER_BUCKET_US 80000 /* a bucket holds what its cap lets through in so long ... */
#define METER_BUCKET_MIN 4096 /* ... but at least so many bytes */
#define METER_GIVE_MIN 2048   /* bytes: a frame's least budget (encode/flow_line.h) */
/* Taken and never asked for: an encode that keeps the rules owes a frame's last area, a cursor, a frame of video. */
#define METER_DEBT_MAX (4 * 1024 * 1024)

struct meter_bucket {
	uint64_t bytes_per_s; /* METER_NO_CAP: always full */
	int64_t level;        /* below 0: more went out than there was */
	uint64_t filled_us;
};

/* One stream. */
struct meter_client {
	struct meter_client *next;
	struct meter_bucket *own; /* its session's; borrowed */
	bool is_waiting;
	uint32_t wanted; /* while it waits */
	uint32_t given;  /* and not seen yet */
	uint32_t debt;   /* seen, and never given */
	void *data;
};

typedef void (*meter_give_fn)(void *client_data, uint32_t bytes);

struct meter {
	struct meter_bucket all;
	struct meter_client *first; /* of those that wait */
	uint32_t n_waiting;
	meter_give_fn on_give;
};

/* kbit_s: METER_NO_CAP or at least 1. */
void meter_bucket_init(struct meter_bucket *self, uint64_t kbit_s, uint64_t now_us);
void meter_init(struct meter *self, uint64_t kbit_s, meter_give_fn on_give, uint64_t now_us);

/* What a slice takes of the line: WebSocket, TLS, TCP, IP and Ethernet headers included. */
uint32_t meter_cost(size_t slice_bytes);

/* Puts back what is left of the last giving; the client then waits for `bytes`, or (0) no more. */
void meter_want(struct meter *self, struct meter_client *client, uint32_t bytes, uint64_t now_us);
/* So much of the client's went out. false: it took far more than it was given. */
bool meter_seen(struct meter *self, struct meter_client *client, uint32_t bytes, uint64_t now_us);
/* It waits for nothing any more, and owes nothing. */
void meter_forget(struct meter *self, struct meter_client *client, uint64_t now_us);
/* Gives what can be given; on_give may not call back. Microseconds until more can be; UINT64_MAX: nobody waits. */
uint64_t meter_serve(struct meter *self, uint64_t now_us);

#endif
