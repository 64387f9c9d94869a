/* The shepherd: owns one isolated host, from its start to its end, longer than the broker if need be. */
#ifndef SHOJI_SHEPHERD_SHEPHERD_H
#define SHOJI_SHEPHERD_SHEPHERD_H

#include "base/role.h"

/* Started by monitor as root (or as the broker's own user, where that is not root: reduced isolation), with its end of a
 * MONITOR_SHEPHERD link as ROLE_CHANNEL_FD. The first process forks the shepherd proper into a session of
 * its own and exits with 0 at once; monitor waits for that one only.
 *
 * Order on the channel: shepherd_setup, shepherd_limit (0 to 2 times), shepherd_start; then the shepherd says
 * shepherd_hello (the sandbox stands) or host_ended. After the hello both ends are in PHASE_READY.
 * Later monitors connect to the control listener: they are greeted with shepherd_hello and are in
 * PHASE_READY from there. One at a time; the next waits in the listener's backlog.
 *
 * The run folder holds, made by monitor: rfb/ (the slot's uid, 0700) and doors/. */
int shepherd_run(const struct role_start *start);

#endif
