/* Starts a role: this program again, with the role's name, and nothing of monitor's but one
 * channel. */
#ifndef SHOJI_MONITOR_SPAWN_H
#define SHOJI_MONITOR_SPAWN_H

#include <sys/types.h>

struct spawn_request {
	const char *role;
	uid_t uid; /* 0: the role stays who we are */
	gid_t gid;
	const char *root; /* the folder the role confines itself to */
	int channel;      /* becomes ROLE_CHANNEL_FD there; stays the caller's here */
};

/* The new process' id, or SHOJI_ERR_SYSTEM (logged). The role's standard error is ours; it has a
 * process session of its own, so that a terminal's Ctrl-C reaches monitor alone. */
pid_t spawn_role(const struct spawn_request *request);

/* What roles are told about the log: "error", ... Kept by reference. */
void spawn_set_log_level(const char *level);

#endif
