/* cgroup v1: each controller has its own hierarchy; groups below /shoji of it. What the files say comes from
 * the kernel. */
#include "base/limits_layer.h"

#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *controller_name(enum limits_controller controller)
{
	return controller == LIMITS_MEMORY ? "memory" : "pids";
}

static int set(const char *group, enum limits_controller controller, uint64_t value)
{
	if (controller == LIMITS_TASKS)
		return limits_write_number(group, "pids.max", value);
	if (limits_write_number(group, "memory.limit_in_bytes", value))
		return SHOJI_ERR_SYSTEM;
	/* Swap would only make a host that is too large slow as well; absent where swap is not accounted. */
	if (limits_write_number(group, "memory.memsw.limit_in_bytes", value) && errno != ENOENT &&
	        errno != EACCES && errno != EINVAL)
		return SHOJI_ERR_SYSTEM;
	return 0;
}

static int get(const char *group, enum limits_controller controller, uint64_t *value)
{
	return limits_read_number(group,
	        controller == LIMITS_TASKS ? "pids.current" : "memory.usage_in_bytes", NULL, value);
}

static int kills(const char *group, uint64_t *value)
{
	return limits_read_number(group, "memory.oom_control", "oom_kill", value);
}

/* A group of a lease that there never is (leases are not 0): whether limits can be set at all. */
static int try_limit(const char *folder, enum limits_controller controller)
{
	char path[LIMITS_PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/try-%d", folder, (int)getpid());
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return SHOJI_ERR_NOT_FOUND;
	int error = set(path, controller, controller == LIMITS_TASKS ? 1000 : 1024 * 1024 * 1024);
	rmdir(path);
	return error ? SHOJI_ERR_NOT_FOUND : 0;
}

static int prepare(
        const char *mounts, enum limits_controller controller, char folder[LIMITS_PATH_MAX])
{
	char path[LIMITS_PATH_MAX];
	const char *name = controller_name(controller);
	uint64_t is_hierarchical = 1;

	if (snprintf(path, sizeof(path), "%s/%s/shoji", mounts, name) >= (int)sizeof(path))
		return SHOJI_ERR_NOT_FOUND;
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return SHOJI_ERR_NOT_FOUND;
	/* Without it a host could leave its limit by making a group of its own (it cannot, but be sure). */
	if (controller == LIMITS_MEMORY &&
	        (limits_read_number(path, "memory.use_hierarchy", NULL, &is_hierarchical) ||
	                !is_hierarchical))
		return SHOJI_ERR_NOT_FOUND;
	if (try_limit(path, controller))
		return SHOJI_ERR_NOT_FOUND;
	snprintf(folder, LIMITS_PATH_MAX, "%s", path);
	return 0;
}

const struct limits_layer limits_layer_cgroup1 = {
        .name = "cgroup1",
        .choice = LIMITS_CGROUP1,
        .prepare = prepare,
        .set = set,
        .get = get,
        .kills = kills,
};
