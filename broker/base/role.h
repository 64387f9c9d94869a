/* How a role's process begins: what monitor hands it, and the steps that all roles share. */
#ifndef SHOJI_BASE_ROLE_H
#define SHOJI_BASE_ROLE_H

#include "base/message.h"
#include "base/sandbox.h"

struct channel;
struct loop;

#define ROLE_CHANNEL_FD 3
#define ROLE_SETUP_DEADLINE_MS 10000

/* What the command line of a role says; main.c fills it. */
struct role_start {
	const char *name;                 /* "capture", ... */
	struct sandbox_identity identity; /* uid 0: the broker was not started as root */
};

/* A role's entry point: returns the exit status of its process. */
typedef int (*role_run_fn)(const struct role_start *start);

/* Names the log, confines the process, and opens the channel to monitor on ROLE_CHANNEL_FD.
 * Returns NULL when any of it fails (logged): the role must exit. */
struct channel *role_begin(const struct role_start *start, const struct sandbox_limits *limits);

/* Waits for the set-up message `number`, at most ROLE_SETUP_DEADLINE_MS. Returns 0 and *in, or a
 * negative code. */
int role_receive_setup(struct channel *monitor, enum message_number number, struct message *in);

/* Tells monitor that the role is confined and listens; the channel is in PHASE_READY from here on.
 */
int role_ready(struct channel *monitor);

#endif
