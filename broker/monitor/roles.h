/* The broker's lasting roles: keeper, gate, egress and the hash workers. Starts them, joins them to
 * each other, and starts one anew, after a pause that grows, when it ends or breaks the message
 * table.
 *
 * Every pair of roles that talk gets its socketpair from here. A role that is started while its
 * partner is away finds the partner's end waiting in its set-up; one that is there already is sent
 * the end (gate_peer, ...). */
#ifndef SHOJI_MONITOR_ROLES_H
#define SHOJI_MONITOR_ROLES_H

#include "base/channel.h"

#include <stdbool.h>
#include <sys/types.h>

struct children;
struct config;
struct loop;
struct roles;

enum role_kind { ROLE_KEEPER, ROLE_GATE, ROLE_EGRESS, ROLE_HASH };
#define ROLE_N_SINGLE 3 /* those before ROLE_HASH: one process each */

/* Everything is borrowed and outlives the roles. */
struct roles_setup {
	struct loop *loop;
	struct children *children;
	const struct config *config;
	const char *config_text; /* config_dump()'s */
	size_t config_length;
	bool is_isolated; /* accounts of their own; false: all stay who we are */
	const char *empty_folder;
	const char *data_folder;
	int listener; /* gate's TCP listener */
	int control_listener;
	int assets;
	int certificate;
	int key;
};

struct roles_events {
	/* A role answered READY; after a restart it knows nothing of the sessions. */
	void (*on_ready)(void *data, enum role_kind kind);
	/* From keeper, permitted by the table. 0, or a negative code: then keeper is started anew.
	 */
	int (*on_keeper_message)(void *data, struct message *in);
	/* A role ended before all of them were ready once: the broker cannot start. */
	void (*on_start_failed)(void *data);
};

struct roles *roles_new(
        const struct roles_setup *setup, const struct roles_events *events, void *data);
void roles_free(struct roles *self);
/* Starts all of them. Returns 0 or a negative code (logged). */
int roles_start(struct roles *self);
/* Closes their channels, which ends them; none is started anew. */
void roles_stop(struct roles *self);

bool roles_is_ready(const struct roles *self, enum role_kind kind);
bool roles_are_all_ready(const struct roles *self);

/* Sends to a single role, as in ROLES_SEND(roles, ROLE_GATE, session_gone, .lease_id = id, .reason
 * = reason). SHOJI_ERR_AGAIN: the role is not ready; whoever cares is told by on_ready. A role that
 * takes nothing any more is started anew, with another negative code. */
int roles_send(struct roles *self, enum role_kind kind, enum message_number number,
        const void *value, message_put_fn put);
#define ROLES_SEND(roles, kind, name, ...)                                                         \
	roles_send(roles, kind, message_number_##name,                                             \
	        &(const struct message_##name){.unused = 0, ##__VA_ARGS__},                        \
	        message_put_any_##name)

#endif
