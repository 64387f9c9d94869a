/* All sessions: what keeper asks for is checked here and given to the session that it names. */
#ifndef SHOJI_MONITOR_SESSIONS_H
#define SHOJI_MONITOR_SESSIONS_H

#include "base/message.h"
#include "base/session.h"
#include "monitor/roles.h"

#include <stddef.h>

struct monitor_context;
struct sessions;

/* on_empty is called when the last session is over. NULL: no memory. */
struct sessions *sessions_new(
        const struct monitor_context *context, void (*on_empty)(void *data), void *data);
/* Living shepherds stay. */
void sessions_free(struct sessions *self);

/* Looks at the run folder: dead hosts are cleaned away, living ones adopted. Returns 0 or a
 * negative code. */
int sessions_find_left(struct sessions *self);

/* From keeper. 0, or a negative code: keeper broke the rules. */
int sessions_on_keeper_message(struct sessions *self, struct message *in);
/* A role is there (anew) and must be told. */
void sessions_on_role_ready(struct sessions *self, enum role_kind kind);
void sessions_end_all(struct sessions *self, enum end_reason reason);
size_t sessions_count(const struct sessions *self);

#endif
