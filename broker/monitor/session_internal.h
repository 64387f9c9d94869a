/* A session's fields, for the files that share its work: session.c (states), session_host.c
 * (shepherd, folder, door, limits), session_workers.c (capture and encode), session_snapshot.c.
 * Nobody else includes this. */
#ifndef SHOJI_MONITOR_SESSION_INTERNAL_H
#define SHOJI_MONITOR_SESSION_INTERNAL_H

#include "base/channel.h"
#include "monitor/context.h"
#include "monitor/session.h"

#include <sys/types.h>

#define SESSION_DETAIL_MAX 256 /* bytes with NUL; session_ended carries 256 */

enum worker_kind { WORKER_CAPTURE, WORKER_ENCODE };
#define N_WORKERS 2

struct worker {
	struct session *session;
	enum worker_kind kind;
	pid_t pid; /* 0: none, or waited for */
	struct channel *channel;
	uint64_t closed_ms; /* since when it has none any more; 0: it has one */
	bool is_ready;
};

struct session {
	const struct monitor_context *context;
	uint64_t lease_id;
	int slot; /* -1: not known yet */
	uint16_t width, height, scale;
	enum session_state state; /* session_set_state() alone writes it */
	uint64_t deadline_ms;     /* of the state; 0: none */
	bool is_adopted;

	struct {
		struct channel *channel;
		bool is_started; /* it may be given orders */
		bool has_hello;  /* its host stands */
		uint16_t version;
		uint64_t text_asked_ms;
		uint64_t renewed_ms;
	} shepherd;
	int door; /* listener, for an egress that is started anew; -1: none */
	struct limits_group *limits;
	uint64_t limits_checked_ms;

	struct worker workers[N_WORKERS];
	bool has_picture;
	bool is_film_playing;
	uint16_t film_share_permille; /* as encode was told; 0: not yet, or no film plays */
	char mark_person[65], mark_address[47]; /* what the watermark says; "": not told yet */
	uint64_t alive_ms;                      /* last sign of capture's life */

	struct {
		bool is_pending;
		uint32_t request;
		int pixels; /* -1: none */
		uint64_t deadline_ms;
	} snapshot;

	enum end_reason reason;
	bool is_reason_guessed; /* a worker noticed first; the shepherd may know better */
	char detail[SESSION_DETAIL_MAX];
	bool is_forced; /* the deadline of ENDING passed: everything was killed */
};

void session_set_state(struct session *self, enum session_state state);

/* ---- session_host.c ---- */
/* Folder, limits, door, shepherd. Returns 0 or a negative code. */
int session_host_start(struct session *self);
int session_host_adopt(struct session *self);
int session_host_connect(struct session *self);
/* Asks for another connection to the input agent, at most twice a second or so. */
void session_host_connect_text(struct session *self);
void session_host_renew(struct session *self, uint64_t now_ms);
/* When the lease is to be renewed or limits are to be looked at: see session_due_ms(). */
uint64_t session_host_due_ms(const struct session *self);
/* Returns 0 or SHOJI_ERR_LIMIT. */
int session_host_check_limits(struct session *self, uint64_t now_ms);
void session_host_tell_end(struct session *self);
void session_host_kill(struct session *self);
/* Whether nothing of the host runs any more, so that session_host_clean() may be called. */
bool session_host_is_gone(struct session *self);
/* Removes group and folder. 0; SHOJI_ERR_AGAIN: try again soon; another code: something stays
 * behind. */
int session_host_clean(struct session *self);
void session_host_finish(struct session *self);
uid_t session_uid(const struct session *self, int offset);

/* ---- session_workers.c ---- */
/* Takes rfb and text. */
int session_workers_start(struct session *self, int rfb, int text);
/* Says the watermark to encode, once both are there. */
void session_workers_mark(struct session *self);
/* Hands capture the connection to another input agent. text stays the caller's. */
void session_workers_give_text(struct session *self, int text);
void session_workers_join_gate(struct session *self);
/* Kills a worker that closed its channel and does not end. */
void session_workers_tick(struct session *self, uint64_t now_ms);
uint64_t session_workers_due_ms(const struct session *self);
void session_workers_kill(struct session *self);
bool session_workers_are_gone(const struct session *self);
void session_workers_finish(struct session *self);

/* ---- session_snapshot.c ---- */
void session_snapshot_filled(struct session *self, const struct message_snapshot_filled *filled);
void session_snapshot_tick(struct session *self, uint64_t now_ms);
uint64_t session_snapshot_due_ms(const struct session *self);
/* Answers one that is pending with no. */
void session_snapshot_cancel(struct session *self);

/* ---- session.c: what the other files report ---- */
void session_on_hello(struct session *self);
void session_on_doors(struct session *self, int rfb, int text); /* takes both */
void session_on_host_ended(struct session *self, enum end_reason reason, const char *detail);
void session_on_worker_ready(struct session *self);
void session_on_first_picture(struct session *self);

#endif
