/* The layer for machines that give us no cgroups: reads /proc of the tree of processes below a shepherd. The
 * processes are hostile, but what is read of them here (numbers, parents) is the kernel's word; their
 * names are skipped.
 *
 * It is weaker than the kernel's layers: between two looks a host can take memory as fast as it can touch it, and
 * tmpfs pages count only while they are mapped (their mounts have a size of their own). Tasks alone would be
 * counted too late: a fork bomb is faster than any look, so the engine sets RLIMIT_NPROC as well. */
#include "base/limits_layer.h"

#include "base/error.h"
#include "base/loop.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROCESSES_MAX 65536
#define SCAN_FRESH_MS 100 /* all groups of one turn share a scan */
#define KILL_ROUNDS 20

struct process {
	pid_t pid, parent;
	uint32_t tasks;
	uint64_t rss_bytes;
	bool is_below;
};

struct limits_watch {
	struct process *processes;
	size_t n_processes, capacity;
	uint64_t scanned_ms;
};

struct limits_watch *limits_watch_new(void)
{
	return calloc(1, sizeof(struct limits_watch));
}

void limits_watch_free(struct limits_watch *self)
{
	if (!self)
		return;
	free(self->processes);
	free(self);
}

static ssize_t read_file(pid_t pid, const char *name, char *out, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ssize_t n = read(fd, out, size - 1);
	close(fd);
	if (n < 0)
		return -1;
	out[n] = '\0';
	return n;
}

/* /proc/PID/stat. The name, in brackets, is the process's to choose: read behind its last bracket. */
static int read_process(pid_t pid, struct process *out)
{
	char text[1024];
	int parent;
	unsigned tasks;
	long rss_pages;
	char state;

	if (read_file(pid, "stat", text, sizeof(text)) <= 0)
		return SHOJI_ERR_NOT_FOUND;
	const char *rest = strrchr(text, ')');
	if (!rest)
		return SHOJI_ERR_NOT_FOUND;
	if (sscanf(rest + 1,
	            " %c %d %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %u %*s %*s "
	            "%*s %ld",
	            &state, &parent, &tasks, &rss_pages) != 4)
		return SHOJI_ERR_NOT_FOUND;
	*out = (struct process){.pid = pid,
	        .parent = parent,
	        .tasks = tasks,
	        .rss_bytes =
	                rss_pages > 0 ? (uint64_t)rss_pages * (uint64_t)sysconf(_SC_PAGESIZE) : 0};
	return 0;
}

static int append(struct limits_watch *self, const struct process *process)
{
	if (self->n_processes == self->capacity) {
		size_t capacity = self->capacity ? self->capacity * 2 : 256;
		if (capacity > PROCESSES_MAX)
			return SHOJI_ERR_LIMIT;
		struct process *grown =
		        reallocarray(self->processes, capacity, sizeof(*self->processes));
		if (!grown)
			return SHOJI_ERR_MEMORY;
		self->processes = grown;
		self->capacity = capacity;
	}
	self->processes[self->n_processes++] = *process;
	return 0;
}

static int compare_pids(const void *a, const void *b)
{
	const struct process *one = a, *other = b;

	return one->pid < other->pid ? -1 : one->pid > other->pid;
}

static const struct process *find(const struct limits_watch *self, pid_t pid)
{
	struct process key = {.pid = pid};

	return bsearch(
	        &key, self->processes, self->n_processes, sizeof(*self->processes), compare_pids);
}

static int scan(struct limits_watch *self)
{
	DIR *folder = opendir("/proc");
	struct dirent *entry;
	int error = 0;

	if (!folder)
		return SHOJI_ERR_SYSTEM;
	self->n_processes = 0;
	while (!error && (entry = readdir(folder))) {
		struct process process;
		pid_t pid = (pid_t)atoi(entry->d_name);
		if (pid > 0 && read_process(pid, &process) == 0)
			error = append(self, &process);
	}
	closedir(folder);
	if (self->n_processes > 0)
		qsort(self->processes, self->n_processes, sizeof(*self->processes), compare_pids);
	self->scanned_ms = clock_now_ms();
	return error;
}

/* Marks what descends from root. Repeated until nothing is added: a child's number may be lower than its parent's. */
static void mark_below(struct limits_watch *self, pid_t root)
{
	bool is_changed = true;

	for (size_t i = 0; i < self->n_processes; i++)
		self->processes[i].is_below = self->processes[i].parent == root;
	while (is_changed) {
		is_changed = false;
		for (size_t i = 0; i < self->n_processes; i++) {
			struct process *process = &self->processes[i];
			if (process->is_below)
				continue;
			const struct process *parent = find(self, process->parent);
			process->is_below = parent && parent->is_below;
			is_changed = is_changed || process->is_below;
		}
	}
}

/* PSS counts a shared page once over all who share it; RSS, which is cheap, counts it for each. */
static uint64_t pss_bytes(const struct process *process)
{
	char text[1024];
	unsigned long kib;

	if (read_file(process->pid, "smaps_rollup", text, sizeof(text)) <= 0)
		return process->rss_bytes;
	const char *line = strstr(text, "\nPss:");
	if (!line || sscanf(line, "\nPss: %lu kB", &kib) != 1)
		return process->rss_bytes;
	return (uint64_t)kib * 1024;
}

static void sum_up(struct limits_watch *self, bool is_exact, struct limits_tree *out)
{
	uint64_t largest_bytes = 0;

	*out = (struct limits_tree){0};
	for (size_t i = 0; i < self->n_processes; i++) {
		const struct process *process = &self->processes[i];
		if (!process->is_below)
			continue;
		uint64_t bytes = is_exact ? pss_bytes(process) : process->rss_bytes;
		out->tasks += process->tasks;
		out->memory_bytes += bytes;
		if (bytes >= largest_bytes) {
			largest_bytes = bytes;
			out->largest = process->pid;
		}
	}
}

int limits_watch_tree(
        struct limits_watch *self, pid_t root, uint64_t enough_bytes, struct limits_tree *out)
{
	if (clock_now_ms() - self->scanned_ms > SCAN_FRESH_MS || !self->scanned_ms) {
		int error = scan(self);
		if (error)
			return error;
	}
	mark_below(self, root);
	sum_up(self, false, out);
	if (out->memory_bytes > enough_bytes)
		sum_up(self, true, out);
	return 0;
}

/* The engine's own processes, without looking at anything else: with them goes the host's first process, and with
 * that one its whole namespace, however many it has become and however slow the machine is by now. */
static void kill_children(pid_t root)
{
	char name[64], text[1024];
	char *rest = text, *word;

	snprintf(name, sizeof(name), "task/%d/children", (int)root);
	if (read_file(root, name, text, sizeof(text)) <= 0)
		return;
	while ((word = strsep(&rest, " ")))
		if (atoi(word) > 0)
			kill((pid_t)atoi(word), SIGKILL);
}

int limits_watch_kill(struct limits_watch *self, pid_t root)
{
	kill_children(root);
	/* What is not in a namespace of its own is killed one by one; it makes new ones while we do, and
	 * parents that die hand their children up the tree. */
	for (int i = 0; i < KILL_ROUNDS; i++) {
		size_t n_killed = 0;
		int error = scan(self);
		if (error)
			return error;
		mark_below(self, root);
		for (size_t j = 0; j < self->n_processes; j++)
			if (self->processes[j].is_below &&
			        kill(self->processes[j].pid, SIGKILL) == 0)
				n_killed++;
		if (n_killed == 0)
			return 0;
	}
	return SHOJI_ERR_AGAIN;
}
