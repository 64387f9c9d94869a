/* Accounts and their processes: what makes sure that nothing of a session is left. */
#ifndef SHOJI_MONITOR_UID_KILL_H
#define SHOJI_MONITOR_UID_KILL_H

#include <stdbool.h>
#include <sys/types.h>

/* SIGKILL to all processes of uid, wherever they are. Needs root. Returns whether there was one:
 * call again until there is none. */
bool uid_kill(uid_t uid, gid_t gid);

/* Whose process it is. Returns 0 and *uid, or SHOJI_ERR_NOT_FOUND. */
int uid_of_process(pid_t pid, uid_t *uid);

#endif
