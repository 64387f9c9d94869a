/* One session as monitor sees it: an isolated host with its shepherd, its two workers, its door,
 * its limits, its folder.
 *
 * A session is made, and then started or adopted; from there on it moves by itself: messages, exits
 * and session_tick() drive it. When it is OVER, sessions.c frees it. */
#ifndef SHOJI_MONITOR_SESSION_H
#define SHOJI_MONITOR_SESSION_H

#include "base/session.h"
#include "monitor/session_state.h"

#include <stdbool.h>
#include <stdint.h>

struct monitor_context;
struct session;

#define SESSION_TICK_MS 500       /* how long what is due may wait for what others are due for */
#define SESSION_TICK_ENDING_MS 50 /* while one is ENDING */

/* What keeper says of a lease: checked by the caller against the profile and the number of slots.
 */
struct session_lease {
	uint64_t lease_id;
	uint16_t slot;
	uint16_t width, height; /* pixels */
	uint16_t scale;         /* SCREEN_SCALE_*; 0: the host is running, and has it */
};

/* NULL: no memory. */
struct session *session_new(const struct monitor_context *context, uint64_t lease_id);
/* Frees it in any state. What runs on outside goes on: a shepherd waits for the next broker. */
void session_free(struct session *self);

/* Makes everything anew. Failures end the session. */
void session_start(struct session *self, const struct session_lease *lease);
/* Takes over the living shepherd of a folder whose lock is held; goes on when session_confirm()
 * tells its lease. */
void session_adopt(struct session *self);
void session_confirm(struct session *self, const struct session_lease *lease);

/* Ends it, once: later calls change nothing. detail is for the log and the audit record. */
void session_end(struct session *self, enum end_reason reason, const char *detail);
/* Deadlines, lease, limits, and what is still awaited of an ending. */
void session_tick(struct session *self, uint64_t now_ms);
/* Before this session_tick() does nothing (as clock_now_ms() counts; 0: at once; UINT64_MAX: something else must happen first). Whatever
 * happens may bring it nearer. */
uint64_t session_due_ms(const struct session *self);

/* gate or egress is there anew and knows nothing of this session. */
void session_join_gate(struct session *self);
/* What the watermark says. */
void session_mark(struct session *self, const char *person, const char *address);
void session_open_door(struct session *self);
/* keeper is there anew and holds this lease: tell it that the session is running, if it is. */
void session_tell_keeper_again(struct session *self);
/* Answers with snapshot_taken, sooner or later. */
void session_take_snapshot(struct session *self, uint32_t request);
/* The answer no, also where there is no such session. */
void session_snapshot_refuse(const struct monitor_context *context, uint32_t request);

uint64_t session_lease_id(const struct session *self);
enum session_state session_state(const struct session *self);
/* -1 until the lease is known. */
int session_slot(const struct session *self);
/* Found at start, and no lease was told yet. */
bool session_is_unclaimed(const struct session *self);

#endif
