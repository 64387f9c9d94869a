/* What a layer of limits provides: private to limits.c and the layers. One file per layer. */
#ifndef SHOJI_BASE_LIMITS_LAYER_H
#define SHOJI_BASE_LIMITS_LAYER_H

#include "base/limits.h"

#define LIMITS_PATH_MAX 512

/* For layers of the kernel's (cgroups). Each controller has a folder in which our groups are made. */
struct limits_layer {
	const char *name;
	enum config_limits_layer choice;
	/* Finds and makes the folder in which groups for this controller are made, and tries whether a limit can
	 * be set there. `mounts` is /sys/fs/cgroup (tests: another). 0, or SHOJI_ERR_NOT_FOUND. */
	int (*prepare)(const char *mounts, enum limits_controller controller,
	        char folder[LIMITS_PATH_MAX]);
	/* group: folder of one group. 0 or SHOJI_ERR_SYSTEM. */
	int (*set)(const char *group, enum limits_controller controller, uint64_t value);
	int (*get)(const char *group, enum limits_controller controller, uint64_t *value);
	/* How many processes the kernel has killed for memory. */
	int (*kills)(const char *group, uint64_t *value);
};

extern const struct limits_layer limits_layer_cgroup2;
extern const struct limits_layer limits_layer_cgroup1;

/* limits_new() with other places than the machine's, for tests. proc is unused under cgroups. */
struct limits *limits_new_at(
        enum config_limits_layer wanted, const char *mounts, char *complaint, size_t size);

/* Small files of cgroupfs. name is relative to folder. 0 or SHOJI_ERR_SYSTEM (errno). */
int limits_write(const char *folder, const char *name, const char *text);
int limits_write_number(const char *folder, const char *name, uint64_t value);
/* The first number in the file; key not NULL: the number on the line that begins with "key ". */
int limits_read_number(const char *folder, const char *name, const char *key, uint64_t *value);

/* ---- watch ---- */

struct limits_watch; /* what /proc said last; shared by all groups */

/* One host as watch sees it. */
struct limits_tree {
	uint64_t memory_bytes;
	uint32_t tasks;
	pid_t largest; /* 0: none */
};

struct limits_watch *limits_watch_new(void);
void limits_watch_free(struct limits_watch *self);
/* Adds up everything below root (not itself). enough_bytes: RSS up to here is believed without asking for
 * the (costly) PSS. */
int limits_watch_tree(
        struct limits_watch *self, pid_t root, uint64_t enough_bytes, struct limits_tree *out);
/* SIGKILL to everything below root, until nothing is found any more. */
int limits_watch_kill(struct limits_watch *self, pid_t root);

#endif
