/* A lease: one person's right to one isolated host, from sign-in to end.
 *
 *   STARTING -> READY -> ATTACHED <-> DETACHED -> ENDING -> ENDED
 *
 * STARTING  the host is coming up, or a host that ran before keeper started is being adopted.
 * READY     it shows a picture; no viewer has come yet.
 * ATTACHED  a viewer is there.            DETACHED  its line was cut; the host waits for it.
 * ENDING    monitor was told to stop it.  ENDED     nothing is left; the row goes with the next commit.
 *
 * Any live state may go to ENDING, and to ENDED when the host ended by itself. Every state has a deadline
 * (ENDED has the commit's). Times are milliseconds of CLOCK_MONOTONIC, given by the caller. */
#ifndef SHOJI_KEEPER_LEASE_H
#define SHOJI_KEEPER_LEASE_H

#include "base/session.h"
#include "keeper/onlook.h"
#include "keeper/token.h"

#include <stdbool.h>
#include <stdint.h>

enum lease_state {
	LEASE_STARTING = 1,
	LEASE_READY = 2,
	LEASE_ATTACHED = 3,
	LEASE_DETACHED = 4,
	LEASE_ENDING = 5,
	LEASE_ENDED = 6,
};
#define LEASE_STATE_MAX LEASE_ENDED

/* "starting", ...: for logs and shojictl. */
const char *lease_state_text(enum lease_state state);

struct lease_rules {
	uint64_t start_ms;
	uint64_t attach_ms;
	uint64_t abandoned_ms;
	uint64_t end_ms;
	uint64_t idle_ms;
	uint64_t duration_ms;
};

/* The attach token that is expected next, and the one that was used last: it is accepted once more,
 * because the reply that carried the next one can be lost with the line. */
struct lease_tokens {
	uint8_t next[TOKEN_HASH_BYTES];
	uint8_t last[TOKEN_HASH_BYTES];
	bool may_repeat_last;
};

/* How often viewers came in the minute that is counted: each coming and each refusal is a record, and a terminal
 * must not be able to fill the disk with them. */
#define LEASE_ATTACHES_PER_MINUTE_MAX 30
struct lease_attaches {
	uint64_t begun_ms;
	uint32_t n_accepted;
	uint32_t n_refused;
	uint32_t n_untold; /* of those refused: not in a record yet */
	char address[47];  /* of the latest that is untold */
};

/* How long the person's last presses took, as gate says: for administrators. In tenths of a millisecond. */
struct lease_latency {
	uint32_t n_answers; /* 0: nothing was measured yet */
	uint16_t drawn_p50, drawn_p95, round_p50, round_p95;
};

struct lease {
	uint64_t id; /* random, never 0 */
	uint16_t slot;
	uint16_t width, height; /* pixels */
	uint16_t
	        scale; /* SCREEN_SCALE_*, to begin with; not in its row: only a new host asks for it */
	enum lease_state state; /* lease_set_state() alone writes it */
	uint64_t deadline_ms;   /* of the state */
	uint64_t idle_end_ms;
	uint64_t duration_end_ms;
	uint64_t started_utc_ms;
	enum end_reason reason; /* from ENDING on; 0 before */
	bool was_attached;      /* a viewer has been there at least once */
	bool is_viewer_waiting; /* attached while STARTING */
	bool was_told_idle, was_told_duration;
	bool is_viewer_told; /* gate was told of the end */
	bool is_durable;     /* its row was committed once */
	bool is_at_monitor;  /* monitor was told to start it, or had it before keeper started */
	bool is_adopted;     /* read from the database, not begun by this process */
	uint32_t gate; /* which gate's viewer it belongs to: gate may name no other; 0: none yet */
	bool is_dirty; /* differs from its row */
	char person[65];
	char display_name[129];
	char address[47]; /* the terminal that signed in or attached last */
	uint8_t cookie[TOKEN_HASH_BYTES];
	struct lease_tokens tokens;
	struct lease_tokens durable_tokens; /* as committed */
	struct lease_attaches attaches;     /* not in its row */
	struct onlook onlook;               /* never in the database */
	struct lease_latency latency;       /* nor this */
	const struct lease_rules *rules;    /* borrowed */
};

/* A new lease in STARTING. first_token is the hash of the attach token handed out with the sign-in. */
void lease_init(struct lease *self, const struct lease_rules *rules, uint64_t id, uint16_t slot,
        const uint8_t cookie[TOKEN_HASH_BYTES], const uint8_t first_token[TOKEN_HASH_BYTES],
        uint64_t now_ms);

/* 0, or SHOJI_ERR_FORBIDDEN when there is no such transition. Sets the state's deadline. */
int lease_set_state(struct lease *self, enum lease_state next, uint64_t now_ms);

/* STARTING, READY, ATTACHED or DETACHED. */
bool lease_is_live(const struct lease *self);

/* Decides on an attach token and, when it is accepted, rotates: `next` is the hash of the token that the
 * reply will carry. The state is the caller's to change, after the commit. */
enum attach_outcome lease_attach(struct lease *self, const uint8_t token[TOKEN_HASH_BYTES],
        const uint8_t next[TOKEN_HASH_BYTES]);

/* Whether one more viewer may come within this minute; it is counted then. */
bool lease_may_attach(struct lease *self, uint64_t now_ms);
/* A viewer was refused. True: the first in its minute, to be recorded at once. Otherwise it is counted. */
bool lease_attach_refused(struct lease *self, const char *address, uint64_t now_ms);
/* How many were counted, once their minute is over (or is_end): for one record. 0: nothing to tell. */
uint32_t lease_take_refused(struct lease *self, bool is_end, uint64_t now_ms);

/* The person pressed something. */
void lease_touch(struct lease *self, uint64_t now_ms);

enum lease_action {
	LEASE_DO_NOTHING,
	LEASE_DO_END,           /* with due->reason */
	LEASE_DO_STOP_AGAIN,    /* monitor has not confirmed the end in time: tell it again */
	LEASE_DO_TELL_IDLE,     /* with due->minutes_left */
	LEASE_DO_TELL_DURATION, /* with due->minutes_left */
};
struct lease_due {
	enum end_reason reason;
	unsigned minutes_left;
};
/* What time has brought about; each thing is said once. Call until LEASE_DO_NOTHING. */
enum lease_action lease_check(struct lease *self, uint64_t now_ms, struct lease_due *due);
/* Before this lease_check() has nothing to do and lease_take_refused() nothing to tell. UINT64_MAX: something else must happen first. */
uint64_t lease_due_ms(const struct lease *self);

#endif
