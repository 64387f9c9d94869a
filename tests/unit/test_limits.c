/* Limits without a host: the choice of layers, cgroup files in a folder that only looks like cgroupfs, and watch
 * over real processes of ours. tests/isolation/ has the real layers with real hosts. */
#include "base/error.h"
#include "base/limits_layer.h"
#include "base/loop.h"
#include "unit/suite.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LEASE 0x0123456789abcdefu
#define GROUP "0123456789abcdef"
#define MIB ((uint64_t)1024 * 1024)

static char root[64];
static char complaint[256];

static void put(const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	FILE *file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

static void folder(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	ck_assert_int_eq(mkdir(path, 0755), 0);
}

static void expect(const char *name, const char *text)
{
	char path[256], got[64] = "";

	snprintf(path, sizeof(path), "%s/%s", root, name);
	FILE *file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	ck_assert_ptr_nonnull(fgets(got, sizeof(got), file));
	fclose(file);
	ck_assert_str_eq(got, text);
}

static void make_root(void)
{
	strcpy(root, "/tmp/shoji-test-limits-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
}

static void remove_below(const char *path)
{
	DIR *list = opendir(path);
	struct dirent *entry;
	char name[512];

	while (list && (entry = readdir(list))) {
		if (entry->d_name[0] == '.' && (!entry->d_name[1] || entry->d_name[1] == '.'))
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		if (unlink(name) < 0)
			remove_below(name);
	}
	if (list)
		closedir(list);
	rmdir(path);
}

/* What the kernel would make: a folder with these files. */
static void make_group2(const char *name)
{
	static const char *const names[] = {
	        "memory.max", "memory.swap.max", "pids.max", "cgroup.procs"};
	char path[128];

	folder(name);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", name, names[i]);
		put(path, "");
	}
	snprintf(path, sizeof(path), "%s/memory.current", name);
	put(path, "7340032\n");
	snprintf(path, sizeof(path), "%s/pids.current", name);
	put(path, "12\n");
	snprintf(path, sizeof(path), "%s/memory.events", name);
	put(path, "low 0\nhigh 0\nmax 5\noom 2\noom_kill 3\n");
}

static void make_cgroup2(void)
{
	make_root();
	put("cgroup.controllers", "cpu memory pids\n");
	put("cgroup.subtree_control", "memory pids\n");
	folder("shoji");
	put("shoji/cgroup.subtree_control", "memory pids\n");
	make_group2("shoji/" GROUP);
}

START_TEST(cgroup2_writes_only_its_own_group)
{
	struct limits_wish wish = {.memory_bytes = 512 * MIB, .tasks = 300};
	struct limits_usage usage;
	int fds[LIMITS_ATTACH_MAX];
	size_t n;

	make_cgroup2();
	struct limits *limits = limits_new_at(LIMITS_CGROUP2, root, complaint, sizeof(complaint));
	ck_assert_ptr_nonnull(limits);
	ck_assert_str_eq(limits_describe(limits), "memory: cgroup2, tasks: cgroup2");
	struct limits_group *group = limits_group_new(limits, LEASE, &wish);
	ck_assert_ptr_nonnull(group);
	expect("shoji/" GROUP "/memory.max", "536870912");
	expect("shoji/" GROUP "/memory.swap.max", "0");
	expect("shoji/" GROUP "/pids.max", "300");
	expect("cgroup.subtree_control", "memory pids\n");
	/* One folder for both controllers: it is joined once. */
	ck_assert_int_eq(limits_group_attach_fds(group, fds, &n), 0);
	ck_assert_uint_eq(n, 1);
	close(fds[0]);
	ck_assert_int_eq(limits_group_usage(group, &usage), 0);
	ck_assert_uint_eq(usage.memory_bytes, 7 * MIB);
	ck_assert_uint_eq(usage.tasks, 12);
	ck_assert_uint_eq(usage.kills, 3);
	ck_assert_int_eq(limits_group_check(group), 0);
	limits_group_free(group);
	limits_free(limits);
	remove_below(root);
}
END_TEST

/* The top hands only memory down: tasks are watched instead, and a wish for cgroup2 alone is refused. */
START_TEST(each_controller_has_its_layer)
{
	make_cgroup2();
	put("cgroup.subtree_control", "memory\n");
	struct limits *limits = limits_new_at(LIMITS_AUTO, root, complaint, sizeof(complaint));
	ck_assert_ptr_nonnull(limits);
	ck_assert_str_eq(limits_describe(limits), "memory: cgroup2, tasks: watch");
	limits_free(limits);
	ck_assert_ptr_null(limits_new_at(LIMITS_CGROUP2, root, complaint, sizeof(complaint)));
	ck_assert_ptr_nonnull(strstr(complaint, "sessions.limits"));
	remove_below(root);
}
END_TEST

START_TEST(watch_is_what_is_left)
{
	struct limits_wish wish = {.memory_bytes = 512 * MIB, .tasks = 300};
	int fds[LIMITS_ATTACH_MAX];
	size_t n = 9;

	make_root();
	struct limits *limits = limits_new_at(LIMITS_AUTO, root, complaint, sizeof(complaint));
	ck_assert_ptr_nonnull(limits);
	ck_assert_str_eq(limits_describe(limits), "memory: watch, tasks: watch");
	struct limits_group *group = limits_group_new(limits, LEASE, &wish);
	ck_assert_int_eq(limits_group_attach_fds(group, fds, &n), 0);
	ck_assert_uint_eq(n, 0);
	ck_assert_int_eq(limits_group_remove(group), 0);
	limits_group_free(group);
	wish.tasks = 0;
	ck_assert_ptr_null(limits_group_new(limits, LEASE, &wish));
	limits_free(limits);
	ck_assert_ptr_null(limits_new_at(LIMITS_CGROUP1, root, complaint, sizeof(complaint)));
	remove_below(root);
}
END_TEST

/* ---- watch over real processes: root -> two children, one with memory ---- */

static pid_t start_tree(size_t bytes, int n_children)
{
	int ready[2];
	char byte;

	ck_assert_int_eq(pipe(ready), 0);
	pid_t pid = fork();
	if (pid == 0) {
		for (int i = 0; i < n_children; i++) {
			if (fork() != 0)
				continue;
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			memset(memory, i + 1, bytes);
			if (write(ready[1], "r", 1) != 1)
				_exit(1);
			pause();
			_exit(0);
		}
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			waitpid(-1, NULL, 0);
	}
	for (int i = 0; i < n_children; i++)
		ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void end_tree(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

START_TEST(watch_counts_what_is_below)
{
	pid_t pid = start_tree(64 * MIB, 2);
	struct limits_watch *watch = limits_watch_new();
	struct limits_tree rough, exact;

	ck_assert_int_eq(limits_watch_tree(watch, pid, UINT64_MAX, &rough), 0);
	ck_assert_uint_eq(rough.tasks, 2);
	ck_assert_uint_ge(rough.memory_bytes, 128 * MIB);
	/* Above what is enough, PSS is asked for: shared pages (of this program) count once. */
	ck_assert_int_eq(limits_watch_tree(watch, pid, 1, &exact), 0);
	ck_assert_uint_ge(exact.memory_bytes, 128 * MIB);
	ck_assert_uint_lt(exact.memory_bytes, rough.memory_bytes);
	ck_assert_int_gt(exact.largest, 0);
	/* What is dying is killed again, and said to be there until its parent has heard of it: on a busy machine that lasts. */
	uint64_t end_ms = clock_now_ms() + 20000;
	int error;
	do {
		error = limits_watch_kill(watch, pid);
		ck_assert(error == 0 || error == SHOJI_ERR_AGAIN);
		ck_assert_int_eq(limits_watch_tree(watch, pid, 1, &exact), 0);
		usleep(10000);
	} while ((error || exact.tasks > 0) && clock_now_ms() < end_ms);
	ck_assert_int_eq(error, 0);
	ck_assert_uint_eq(exact.tasks, 0);
	limits_watch_free(watch);
	end_tree(pid);
}
END_TEST

static struct limits_group *watched(struct limits **limits, uint64_t memory_bytes, uint32_t tasks)
{
	struct limits_wish wish = {.memory_bytes = memory_bytes, .tasks = tasks};

	*limits = limits_new(LIMITS_WATCH, complaint, sizeof(complaint));
	ck_assert_ptr_nonnull(*limits);
	return limits_group_new(*limits, LEASE, &wish);
}

START_TEST(watch_kills_the_largest_then_gives_up)
{
	struct limits *limits;
	struct limits_group *group = watched(&limits, 100 * MIB, 100);
	struct limits_usage usage;
	pid_t pid = start_tree(48 * MIB, 6);
	int result = 0;

	/* Not known yet: nothing to say. */
	ck_assert_int_eq(limits_group_check(group), 0);
	limits_group_set_root(group, pid);
	ck_assert_int_eq(limits_group_check(group), 0);
	ck_assert_int_eq(limits_group_usage(group, &usage), 0);
	ck_assert_uint_eq(usage.kills, 1);
	for (int i = 0; i < 20 && !result; i++) {
		usleep(150000);
		result = limits_group_check(group);
		ck_assert_int_eq(limits_group_usage(group, &usage), 0);
		if (usage.memory_bytes <= 100 * MIB)
			break;
	}
	/* Four kills would be needed to come below: the third was the last. */
	ck_assert_int_eq(result, SHOJI_ERR_LIMIT);
	limits_group_free(group);
	limits_free(limits);
	end_tree(pid);
}
END_TEST

START_TEST(watch_counts_tasks)
{
	struct limits *limits;
	struct limits_group *group = watched(&limits, 1024 * MIB, 3);
	pid_t pid = start_tree(MIB, 3);

	limits_group_set_root(group, pid);
	ck_assert_int_eq(limits_group_check(group), 0);
	end_tree(pid);
	usleep(200000);
	pid = start_tree(MIB, 4);
	limits_group_set_root(group, pid);
	ck_assert_int_eq(limits_group_check(group), SHOJI_ERR_LIMIT);
	ck_assert_int_eq(limits_group_kill(group), 0);
	limits_group_free(group);
	limits_free(limits);
	end_tree(pid);
}
END_TEST

int main(void)
{
	return SUITE_RUN("limits", cgroup2_writes_only_its_own_group, each_controller_has_its_layer,
	        watch_is_what_is_left, watch_counts_what_is_below,
	        watch_kills_the_largest_then_gives_up, watch_counts_tasks);
}
