/* How much memory and how many tasks one isolated host may use: one interface over what the machine offers.
 *
 * For each of the two controllers (memory, tasks) a layer is chosen once, at start:
 *   cgroup2  a group below our own delegated group, or below /shoji; the kernel enforces
 *   cgroup1  a group below /shoji of the controller's hierarchy; the kernel enforces
 *   watch    nothing of the kernel's: the tree of processes is looked at, and killed when it is over
 * Only groups that we made are written. CAP_SYS_RESOURCE is not needed.
 *
 * Who calls: monitor. It makes the group before the shepherd, hands the descriptors of limits_group_attach_fds() to the
 * shepherd (message shepherd_limit, one each), says limits_group_set_root() when it knows the shepherd's
 * process, calls limits_group_check() every LIMITS_CHECK_MS, and limits_group_remove() when the host is gone. */
#ifndef SHOJI_BASE_LIMITS_H
#define SHOJI_BASE_LIMITS_H

#include "base/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct limits;
struct limits_group;

enum limits_controller { LIMITS_MEMORY, LIMITS_TASKS };
#define LIMITS_N_CONTROLLERS 2

#define LIMITS_ATTACH_MAX 2 /* descriptors of limits_group_attach_fds() */
#define LIMITS_CHECK_MS 500
#define LIMITS_TEXT_MAX 128

struct limits_wish {
	uint64_t memory_bytes; /* at least 1 MiB */
	uint32_t tasks;        /* processes and threads; at least 1 */
};

struct limits_usage {
	uint64_t
	        memory_bytes; /* cgroups: everything charged, tmpfs and page cache included; watch: PSS, or
	                        * RSS where that is already below the limit */
	uint32_t tasks;
	uint32_t kills; /* processes that the layer has killed for memory so far */
};

/* Chooses the layers. wanted LIMITS_AUTO: the best that works, for each controller; another one: that one or
 * failure. On failure NULL, and a line for a person in complaint (size bytes). */
struct limits *limits_new(enum config_limits_layer wanted, char *complaint, size_t size);
/* The groups must be freed before. Groups that were not removed stay on the machine: a restarted broker finds them
 * again. */
void limits_free(struct limits *self);
/* "memory: cgroup1, tasks: cgroup1", for log and status. Lives as long as self. */
const char *limits_describe(const struct limits *self);

/* Makes the group of a lease, or takes the one that is there (adoption), and sets its limits. NULL: errno
 * says why. */
struct limits_group *limits_group_new(
        struct limits *limits, uint64_t lease_id, const struct limits_wish *wish);
/* Forgets the group; it stays on the machine. */
void limits_group_free(struct limits_group *self);

/* Opens what a process writes "0" into to join the group: *n (0 to LIMITS_ATTACH_MAX) descriptors,
 * close-on-exec, owned by the caller. They may be used by a process that has dropped its privileges. */
int limits_group_attach_fds(struct limits_group *self, int fds[LIMITS_ATTACH_MAX], size_t *n);
/* The shepherd: everything below it (not itself) is the host. 0: not known. */
void limits_group_set_root(struct limits_group *self, pid_t shepherd);

/* 0, or SHOJI_ERR_LIMIT: the host is over a limit and should be ended (END_LIMIT). Under cgroups the kernel
 * holds the line and the host goes on; watch kills the largest process first and gives up on a host that
 * is soon over again, or has too many tasks. */
int limits_group_check(struct limits_group *self);
/* Whether it has anything to look at: not where the kernel holds the line alone. */
bool limits_group_is_watched(const struct limits_group *self);
int limits_group_usage(struct limits_group *self, struct limits_usage *out);
/* SIGKILL to every process of the host. Safe to repeat. */
int limits_group_kill(struct limits_group *self);
/* Removes the group from the machine. SHOJI_ERR_AGAIN while processes are left (kill, and try again later).
 * limits_group_free() is still needed. */
int limits_group_remove(struct limits_group *self);

#endif
