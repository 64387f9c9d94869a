/* A stage on which the real keeper and hash processes play; the test is monitor, gate, egress and shojictl. */
#ifndef SHOJI_TESTS_UNIT_KEEPER_STAGE_H
#define SHOJI_TESTS_UNIT_KEEPER_STAGE_H

#include "base/channel.h"
#include "base/session.h"

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

#define STAGE_WAIT_MS 15000

struct stage {
	char folder[64];         /* data in folder/data, the control socket beside it */
	const char *config;      /* YAML beyond the stage's own; "" */
	bool is_confined;        /* own uid and root: only when the test is root */
	uint32_t hash_passes;    /* of the hash worker that is started next; 0: 1 */
	uint64_t file_bytes_max; /* RLIMIT_FSIZE of keeper; 0: its own */
	pid_t keeper, hash;
	struct channel *monitor, *gate, *egress, *hash_monitor;
	int control_listener;
	uint32_t last_request;
};

/* Makes the folder. */
void stage_init(struct stage *self);
/* The same, started with this configuration, with hanako and taro. */
void stage_begin(struct stage *self, const char *config);
/* The same, and hanako sits before her session. */
void stage_begin_session(struct stage *self);
/* Cuts gate's channel to keeper; its new one is in place, and what is returned is keeper's end of that ... */
int stage_cut_gate(struct stage *self);
/* ... which monitor hands over here: of the same gate, or of a new one. */
void stage_hand_gate(struct stage *self, int theirs, bool is_same);
/* Ends the processes and removes the folder. */
void stage_finish(struct stage *self);

/* Starts keeper and one hash worker and waits for READY. False: keeper exited instead. */
bool stage_start(struct stage *self);
void stage_start_hash(struct stage *self);
/* The same, and takes what keeper says first: that it holds so many leases. */
void stage_open(struct stage *self, int n_held);
/* Closes the channels and waits: exit status of keeper, or 128 + signal. */
int stage_stop(struct stage *self);
void stage_kill(struct stage *self);
/* What keeper has taken up to here is on its disk. */
void stage_settle(struct stage *self);
/* Settles, crashes, and stage_open(). */
void stage_crash(struct stage *self, int n_held);

/* The next message; fails the test when none comes in time. Release it. */
void stage_receive(struct channel *channel, struct message *in, uint16_t number);
/* Whether nothing comes for so long. */
bool stage_is_silent(struct channel *channel, int for_ms);

struct message_sign_in_result stage_sign_in(
        struct stage *self, const char *person, const char *password);
struct message_attach_result stage_attach(
        struct stage *self, const char *cookie, const char *token);
/* Signs in, takes START_SESSION, says SESSION_STARTED. */
struct message_sign_in_result stage_session(struct stage *self, const char *person);
void stage_started(struct stage *self, uint64_t lease_id, bool is_adopted);
void stage_ended(struct stage *self, uint64_t lease_id, enum end_reason reason);
/* Takes STOP_SESSION (END_VIEWER) with this reason: the lease. */
uint64_t stage_receive_stop(struct stage *self, enum end_reason reason);
uint64_t stage_receive_end(struct stage *self, enum end_reason reason);

/* Asks over the control socket; the last reply ("items" of all replies put in). Takes request. */
json_t *stage_control(struct stage *self, json_t *request);
/* {"command": command, "id": id}: done? */
bool stage_control_ok(struct stage *self, const char *command, const char *id);
/* What shojictl is told of the person's session: a new reference, or NULL: there is none. */
json_t *stage_find_session(struct stage *self, const char *person);
/* Waits until the person's session is in this state, as shojictl would be told. */
void stage_check_state(struct stage *self, const char *person, const char *state);
int stage_connect(struct stage *self);
/* Adds a person whose password is "password of ID"; fails the test when refused. */
void stage_add_person(struct stage *self, const char *id);
/* {"command": "audit verify"}: good? */
bool stage_audit_is_good(struct stage *self);
/* Records of that event in the log's files, in order. */
json_t *stage_records(struct stage *self, const char *event);
size_t stage_count(struct stage *self, const char *event);
/* The only record of that event; a new reference. */
json_t *stage_only_record(struct stage *self, const char *event);

#endif
