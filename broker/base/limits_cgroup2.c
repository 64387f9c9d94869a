/* cgroup v2: one hierarchy. Groups are made in a group "shoji": below our own group when that was delegated to
 * us (a systemd unit with Delegate=memory pids), else at the top, where that hands its controllers down
 * already. What the files say comes from the kernel. */
#include "base/limits_layer.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

static const char *controller_name(enum limits_controller controller)
{
	return controller == LIMITS_MEMORY ? "memory" : "pids";
}

static int set(const char *group, enum limits_controller controller, uint64_t value)
{
	if (controller == LIMITS_TASKS)
		return limits_write_number(group, "pids.max", value);
	if (limits_write_number(group, "memory.max", value))
		return SHOJI_ERR_SYSTEM;
	/* Swap would only make a host that is too large slow as well; absent where swap is not accounted. */
	if (limits_write(group, "memory.swap.max", "0") && errno != ENOENT && errno != EACCES)
		return SHOJI_ERR_SYSTEM;
	return 0;
}

static int get(const char *group, enum limits_controller controller, uint64_t *value)
{
	return limits_read_number(
	        group, controller == LIMITS_TASKS ? "pids.current" : "memory.current", NULL, value);
}

static int kills(const char *group, uint64_t *value)
{
	return limits_read_number(group, "memory.events", "oom_kill", value);
}

/* Whether the space-separated words of a file name the controller. */
static bool has_word(const char *folder, const char *file, const char *word)
{
	char path[LIMITS_PATH_MAX + 64];
	char text[512];
	char *rest = text;
	const char *found;

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	while ((found = strsep(&rest, " \n")))
		if (strcmp(found, word) == 0)
			return true;
	return false;
}

static bool hands_down(const char *folder, const char *name)
{
	return has_word(folder, "cgroup.subtree_control", name);
}

/* /proc/self/cgroup's line "0::/path", below the hierarchy's root. */
static int own_group(const char *root, char folder[LIMITS_PATH_MAX])
{
	char line[LIMITS_PATH_MAX];
	int error = SHOJI_ERR_NOT_FOUND;
	FILE *file = fopen("/proc/self/cgroup", "re");

	while (file && error && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "0::/", 4) == 0 && line[4] &&
		        snprintf(folder, LIMITS_PATH_MAX, "%s%s", root, line + 3) < LIMITS_PATH_MAX)
			error = 0;
	}
	if (file)
		fclose(file);
	return error;
}

/* In a delegated group: no process may be in a group that hands controllers down, so we move into a leaf of
 * our own first. That succeeds only where everybody in the group is ours: nobody else's group is changed. */
static int open_delegated(const char *group, const char *name)
{
	char leaf[LIMITS_PATH_MAX + 16];
	char order[32];

	if (hands_down(group, name))
		return 0;
	if (!has_word(group, "cgroup.controllers", name) || access(group, W_OK) < 0)
		return SHOJI_ERR_NOT_FOUND;
	snprintf(leaf, sizeof(leaf), "%s/broker", group);
	if (mkdir(leaf, 0755) < 0 && errno != EEXIST)
		return SHOJI_ERR_NOT_FOUND;
	if (limits_write(leaf, "cgroup.procs", "0"))
		return SHOJI_ERR_NOT_FOUND;
	snprintf(order, sizeof(order), "+%s", name);
	return limits_write(group, "cgroup.subtree_control", order) ? SHOJI_ERR_NOT_FOUND : 0;
}

/* systemd says by this attribute that a group is its service's to divide. */
static bool is_delegated(const char *group)
{
	char path[LIMITS_PATH_MAX + 32];
	char value = 0;

	if (getxattr(group, "user.delegate", &value, 1) == 1)
		return value == '1';
	snprintf(path, sizeof(path), "%s/cgroup.subtree_control", group);
	return geteuid() != 0 && access(path, W_OK) == 0;
}

static int make_shoji(const char *parent, enum limits_controller controller, char *folder)
{
	const char *name = controller_name(controller);
	char path[LIMITS_PATH_MAX];
	char order[32];

	if (!hands_down(parent, name) ||
	        snprintf(path, sizeof(path), "%s/shoji", parent) >= (int)sizeof(path))
		return SHOJI_ERR_NOT_FOUND;
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return SHOJI_ERR_NOT_FOUND;
	snprintf(order, sizeof(order), "+%s", name);
	if (!hands_down(path, name) && limits_write(path, "cgroup.subtree_control", order))
		return SHOJI_ERR_NOT_FOUND;
	snprintf(folder, LIMITS_PATH_MAX, "%s", path);
	return 0;
}

static int prepare_in(const char *root, enum limits_controller controller, char *folder)
{
	char own[LIMITS_PATH_MAX];
	const char *name = controller_name(controller);

	if (!has_word(root, "cgroup.controllers", name))
		return SHOJI_ERR_NOT_FOUND;
	if (own_group(root, own) == 0 && is_delegated(own) && open_delegated(own, name) == 0)
		return make_shoji(own, controller, folder);
	return make_shoji(root, controller, folder);
}

static int prepare(
        const char *mounts, enum limits_controller controller, char folder[LIMITS_PATH_MAX])
{
	char hybrid[LIMITS_PATH_MAX];

	if (prepare_in(mounts, controller, folder) == 0)
		return 0;
	/* Where v1 and v2 are mounted side by side. */
	if (snprintf(hybrid, sizeof(hybrid), "%s/unified", mounts) >= (int)sizeof(hybrid))
		return SHOJI_ERR_NOT_FOUND;
	return prepare_in(hybrid, controller, folder);
}

const struct limits_layer limits_layer_cgroup2 = {
        .name = "cgroup2",
        .choice = LIMITS_CGROUP2,
        .prepare = prepare,
        .set = set,
        .get = get,
        .kills = kills,
};
