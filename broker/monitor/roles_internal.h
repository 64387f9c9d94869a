/* A lasting role's fields, for the files that share its work: roles.c (coming and going), roles_links.c (their channels
 * to keeper). Nobody else includes this. */
#ifndef SHOJI_MONITOR_ROLES_INTERNAL_H
#define SHOJI_MONITOR_ROLES_INTERNAL_H

#include "monitor/roles.h"

enum role_state {
	ROLE_STOPPED,
	ROLE_STARTING, /* set-up was sent */
	ROLE_READY,
	ROLE_WAITING, /* ended; its timer starts it anew */
};

struct role {
	struct roles *roles;
	enum role_kind kind;
	const char *name;
	enum role_state state;
	pid_t pid; /* 0: none, or waited for */
	struct channel *channel;
	struct timer *timer; /* STARTING: deadline of READY; WAITING: the next start */
	uint64_t backoff_ms;
	uint64_t ready_since_ms;
	/* Ends of the socketpair between keeper and this role that wait for their owner; -1: none.
	 */
	int end_for_keeper;
	int end_for_self;
	struct timer *rejoin_timer; /* set: the role has lost its channel to keeper */
	bool is_rejoin_planned;
	bool is_rejoining;
	uint64_t keeper_lost_ms;
};

struct roles {
	struct roles_setup setup;
	struct roles_events events;
	void *data;
	bool is_started; /* all were ready once */
	bool is_stopping;
	struct role single[ROLE_N_SINGLE];
	struct role *hash; /* n_hash */
	size_t n_hash;
};

/* Ends what is left of a role and plans its next start. Its partners keep their other ends. */
void role_lost(struct role *self);

/* The ends of a role's socketpair with keeper (end_for_keeper, end_for_self). Closes one, if there is one: -1 then. */
void role_end_close(int *end);
/* Sends the end to its owner when it may be sent now; it waits otherwise. */
void role_offer_to_keeper(struct role *self);
void role_offer_to_self(struct role *self);
/* The end with which this role begins; the caller's, -1: none (errno). keeper gets the other one, unless it has it. */
int role_begin_end(struct role *self);
/* The end with which keeper begins towards this role; the caller's, -1: none (errno). */
int role_begin_end_of_keeper(struct role *self);
/* The role says that its channel to keeper broke. 0, or a negative code: it must not. */
int role_on_keeper_lost(struct role *self);
/* rejoin_timer's. */
void role_on_rejoin_timer(void *data);

#endif
