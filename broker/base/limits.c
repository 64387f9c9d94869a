/* Limits of isolated hosts: chooses the layers and dispatches to them. On the broker's side; a host's first
 * process only writes "0" into a descriptor that was opened here. */
#include "base/limits.h"

#include "base/error.h"
#include "base/limits_layer.h"
#include "base/loop.h"
#include "base/number.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CGROUP_MOUNTS "/sys/fs/cgroup"
#define MEMORY_MIN_BYTES ((uint64_t)1024 * 1024)

/* watch: so many kills for memory within so long, and the host is given up. */
#define WATCH_KILLS_MAX 3
#define WATCH_KILLS_MS 20000

#define KILL_ROUNDS 20

/* The strongest first. */
static const struct limits_layer *const layers[] = {&limits_layer_cgroup2, &limits_layer_cgroup1};
#define N_LAYERS (sizeof(layers) / sizeof(layers[0]))

struct chosen {
	const struct limits_layer *layer; /* NULL: watch */
	char folder[LIMITS_PATH_MAX];
};

struct limits {
	struct chosen chosen[LIMITS_N_CONTROLLERS];
	struct limits_watch *watch;
	char mounts[LIMITS_PATH_MAX];
	char text[LIMITS_TEXT_MAX];
};

struct limits_group {
	struct limits *limits;
	struct limits_wish wish;
	char folders[LIMITS_N_CONTROLLERS][LIMITS_PATH_MAX + 32]; /* empty: watch */
	pid_t root;
	uint32_t watch_kills;
	uint32_t recent_kills;
	uint64_t first_kill_ms;
};

/* ---- small files ---- */

int limits_write(const char *folder, const char *name, const char *text)
{
	char path[LIMITS_PATH_MAX + 96];
	size_t length = strlen(text);

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
		return SHOJI_ERR_SYSTEM;
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return SHOJI_ERR_SYSTEM;
	ssize_t n = write(fd, text, length);
	int saved_errno = errno;
	close(fd);
	errno = saved_errno;
	return n == (ssize_t)length ? 0 : SHOJI_ERR_SYSTEM;
}

int limits_write_number(const char *folder, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	return limits_write(folder, name, text);
}

int limits_read_number(const char *folder, const char *name, const char *key, uint64_t *value)
{
	char path[LIMITS_PATH_MAX + 96];
	char line[128];
	size_t key_length = key ? strlen(key) : 0;
	int error = SHOJI_ERR_SYSTEM;

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
		return SHOJI_ERR_SYSTEM;
	FILE *file = fopen(path, "re");
	if (!file)
		return SHOJI_ERR_SYSTEM;
	while (error && fgets(line, sizeof(line), file)) {
		const char *number = line;
		if (key && (strncmp(line, key, key_length) != 0 || line[key_length] != ' '))
			continue;
		if (key)
			number += key_length + 1;
		if (number_parse(number, strcspn(number, "\n"), 0, UINT64_MAX, value) == 0)
			error = 0;
	}
	fclose(file);
	return error;
}

/* ---- choosing ---- */

static const char *choice_name(const struct chosen *chosen)
{
	return chosen->layer ? chosen->layer->name : "watch";
}

static int choose(struct limits *self, enum limits_controller controller,
        enum config_limits_layer wanted, const char *mounts)
{
	struct chosen *chosen = &self->chosen[controller];

	for (size_t i = 0; i < N_LAYERS; i++) {
		if (wanted != LIMITS_AUTO && wanted != layers[i]->choice)
			continue;
		if (layers[i]->prepare(mounts, controller, chosen->folder) == 0) {
			chosen->layer = layers[i];
			return 0;
		}
	}
	/* watch works everywhere, so it is what is left. */
	return wanted == LIMITS_AUTO || wanted == LIMITS_WATCH ? 0 : SHOJI_ERR_NOT_FOUND;
}

struct limits *limits_new_at(
        enum config_limits_layer wanted, const char *mounts, char *complaint, size_t size)
{
	struct limits *self = calloc(1, sizeof(*self));

	if (self)
		self->watch = limits_watch_new();
	if (!self || !self->watch) {
		snprintf(complaint, size, "no memory for the limits layer");
		limits_free(self);
		return NULL;
	}
	snprintf(self->mounts, sizeof(self->mounts), "%s", mounts);
	if (choose(self, LIMITS_MEMORY, wanted, mounts) ||
	        choose(self, LIMITS_TASKS, wanted, mounts)) {
		snprintf(complaint, size,
		        "sessions.limits: this machine does not let us set limits through %s; "
		        "use auto, or watch",
		        wanted == LIMITS_CGROUP2 ? "cgroup2" : "cgroup1");
		limits_free(self);
		return NULL;
	}
	snprintf(self->text, sizeof(self->text), "memory: %s, tasks: %s",
	        choice_name(&self->chosen[LIMITS_MEMORY]),
	        choice_name(&self->chosen[LIMITS_TASKS]));
	return self;
}

struct limits *limits_new(enum config_limits_layer wanted, char *complaint, size_t size)
{
	return limits_new_at(wanted, CGROUP_MOUNTS, complaint, size);
}

void limits_free(struct limits *self)
{
	if (!self)
		return;
	/* The group above the hosts' goes as well when nobody's host is in it. */
	for (int i = 0; i < LIMITS_N_CONTROLLERS; i++)
		if (self->chosen[i].layer)
			rmdir(self->chosen[i].folder);
	limits_watch_free(self->watch);
	free(self);
}

const char *limits_describe(const struct limits *self)
{
	return self->text;
}

/* ---- groups ---- */

static uint64_t wish_for(const struct limits_group *self, int controller)
{
	return controller == LIMITS_MEMORY ? self->wish.memory_bytes : self->wish.tasks;
}

/* The group above may be gone: another broker on this machine removed it when it ended. */
static int make_below(struct limits *limits, int controller, const char *folder)
{
	struct chosen *chosen = &limits->chosen[controller];

	if (mkdir(folder, 0755) == 0 || errno == EEXIST)
		return 0;
	if (errno != ENOENT || chosen->layer->prepare(limits->mounts,
	                               (enum limits_controller)controller, chosen->folder))
		return SHOJI_ERR_SYSTEM;
	return mkdir(folder, 0755) == 0 || errno == EEXIST ? 0 : SHOJI_ERR_SYSTEM;
}

static int make_folder(struct limits_group *self, int controller, uint64_t lease_id)
{
	const struct chosen *chosen = &self->limits->chosen[controller];
	char *folder = self->folders[controller];

	if (!chosen->layer)
		return 0;
	snprintf(folder, sizeof(self->folders[controller]), "%s/%016" PRIx64, chosen->folder,
	        lease_id);
	if (make_below(self->limits, controller, folder))
		return SHOJI_ERR_SYSTEM;
	return chosen->layer->set(folder, controller, wish_for(self, controller));
}

struct limits_group *limits_group_new(
        struct limits *limits, uint64_t lease_id, const struct limits_wish *wish)
{
	struct limits_group *self;

	if (wish->memory_bytes < MEMORY_MIN_BYTES || wish->tasks == 0) {
		errno = EINVAL;
		return NULL;
	}
	self = calloc(1, sizeof(*self));
	if (!self)
		return NULL;
	self->limits = limits;
	self->wish = *wish;
	for (int i = 0; i < LIMITS_N_CONTROLLERS; i++) {
		if (make_folder(self, i, lease_id) == 0)
			continue;
		int saved_errno = errno;
		limits_group_remove(self);
		limits_group_free(self);
		errno = saved_errno;
		return NULL;
	}
	return self;
}

void limits_group_free(struct limits_group *self)
{
	free(self);
}

/* Under cgroup v2 both controllers share one folder. */
static bool is_same_as_before(const struct limits_group *self, int controller)
{
	return controller > 0 && strcmp(self->folders[controller], self->folders[0]) == 0;
}

int limits_group_attach_fds(struct limits_group *self, int fds[LIMITS_ATTACH_MAX], size_t *n)
{
	char path[LIMITS_PATH_MAX + 64];
	size_t n_fds = 0;

	for (int i = 0; i < LIMITS_N_CONTROLLERS; i++) {
		if (!self->folders[i][0] || is_same_as_before(self, i))
			continue;
		snprintf(path, sizeof(path), "%s/cgroup.procs", self->folders[i]);
		int fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0) {
			while (n_fds > 0)
				close(fds[--n_fds]);
			return SHOJI_ERR_SYSTEM;
		}
		fds[n_fds++] = fd;
	}
	*n = n_fds;
	return 0;
}

void limits_group_set_root(struct limits_group *self, pid_t shepherd)
{
	self->root = shepherd;
}

/* ---- looking and killing ---- */

static bool is_watched(const struct limits_group *self, int controller)
{
	return !self->folders[controller][0];
}

static int look(struct limits_group *self, struct limits_tree *out)
{
	*out = (struct limits_tree){0};
	if (self->root <= 0)
		return 0;
	return limits_watch_tree(self->limits->watch, self->root, self->wish.memory_bytes, out);
}

/* The largest goes first, as the kernel would do it: a page too many, not the whole session. */
static int relieve(struct limits_group *self, pid_t largest)
{
	uint64_t now_ms = clock_now_ms();

	if (self->recent_kills == 0 || now_ms - self->first_kill_ms > WATCH_KILLS_MS) {
		self->recent_kills = 0;
		self->first_kill_ms = now_ms;
	}
	if (++self->recent_kills > WATCH_KILLS_MAX)
		return SHOJI_ERR_LIMIT;
	self->watch_kills++;
	if (largest > 0)
		kill(largest, SIGKILL);
	return 0;
}

bool limits_group_is_watched(const struct limits_group *self)
{
	return is_watched(self, LIMITS_MEMORY) || is_watched(self, LIMITS_TASKS);
}

int limits_group_check(struct limits_group *self)
{
	struct limits_tree tree;

	if (!limits_group_is_watched(self))
		return 0;
	int error = look(self, &tree);
	if (error)
		return error;
	if (is_watched(self, LIMITS_TASKS) && tree.tasks > self->wish.tasks)
		return SHOJI_ERR_LIMIT;
	if (is_watched(self, LIMITS_MEMORY) && tree.memory_bytes > self->wish.memory_bytes)
		return relieve(self, tree.largest);
	return 0;
}

int limits_group_usage(struct limits_group *self, struct limits_usage *out)
{
	const struct chosen *chosen = self->limits->chosen;
	struct limits_tree tree = {0};
	uint64_t memory_bytes, tasks, kills = self->watch_kills;
	int error = 0;

	if (is_watched(self, LIMITS_MEMORY) || is_watched(self, LIMITS_TASKS))
		error = look(self, &tree);
	memory_bytes = tree.memory_bytes;
	tasks = tree.tasks;
	if (!error && !is_watched(self, LIMITS_MEMORY)) {
		const char *folder = self->folders[LIMITS_MEMORY];
		error = chosen[LIMITS_MEMORY].layer->get(folder, LIMITS_MEMORY, &memory_bytes);
		if (!error)
			error = chosen[LIMITS_MEMORY].layer->kills(folder, &kills);
	}
	if (!error && !is_watched(self, LIMITS_TASKS))
		error = chosen[LIMITS_TASKS].layer->get(
		        self->folders[LIMITS_TASKS], LIMITS_TASKS, &tasks);
	if (error)
		return error;
	*out = (struct limits_usage){
	        .memory_bytes = memory_bytes, .tasks = (uint32_t)tasks, .kills = (uint32_t)kills};
	return 0;
}

/* Kills everybody in a cgroup; returns how many were found, or a negative code. */
static int kill_folder(const char *folder)
{
	char path[LIMITS_PATH_MAX + 64];
	int pid, n_killed = 0;

	snprintf(path, sizeof(path), "%s/cgroup.procs", folder);
	FILE *file = fopen(path, "re");
	if (!file)
		return errno == ENOENT ? 0 : SHOJI_ERR_SYSTEM;
	while (fscanf(file, "%d", &pid) == 1) {
		if (pid > 0 && pid != getpid() && kill(pid, SIGKILL) == 0)
			n_killed++;
	}
	fclose(file);
	return n_killed;
}

int limits_group_kill(struct limits_group *self)
{
	for (int i = 0; i < LIMITS_N_CONTROLLERS; i++) {
		/* New ones are born while we kill; their number is limited by the group. */
		for (int round = 0; self->folders[i][0] && round < KILL_ROUNDS; round++)
			if (kill_folder(self->folders[i]) <= 0)
				break;
	}
	return self->root > 0 ? limits_watch_kill(self->limits->watch, self->root) : 0;
}

static int remove_folder(const char *folder)
{
	if (!folder[0] || rmdir(folder) == 0 || errno == ENOENT)
		return 0;
	return errno == EBUSY ? SHOJI_ERR_AGAIN : SHOJI_ERR_SYSTEM;
}

int limits_group_remove(struct limits_group *self)
{
	int result = 0;

	for (int i = 0; i < LIMITS_N_CONTROLLERS; i++) {
		int error = remove_folder(self->folders[i]);
		if (error)
			result = error;
	}
	return result;
}
