/* Limits with real isolated hosts: one takes all that it can, another beside it must not notice. Under every layer that
 * this machine has, and under watch always. */
#include "isolation/test_host.h"

#include "base/error.h"
#include "base/loop.h"

#include <check.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MIB ((uint64_t)1024 * 1024)
#define MEMORY_BYTES (512 * MIB)
#define TASKS 200
#define HOME_MIB 32
#define SHM_MIB 16
#define TMP_MIB 64 /* bubblewrap_arguments.c */

/* A neighbour that is asked and does not answer within so long has noticed. */
#define ANSWER_MS 3000

static struct limits *limits;
static struct limits_group *groups[2];
static struct test_host hog, neighbour;
static const enum config_limits_layer layers[] = {LIMITS_CGROUP2, LIMITS_CGROUP1, LIMITS_WATCH};
#define N_LAYERS 3

static bool ask(struct test_host *host, unsigned *n_forks, unsigned *n_mib)
{
	int fd = test_host_connect_rfb(host);
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	char text[64] = "";
	bool is_answered = fd >= 0 && poll(&ready, 1, ANSWER_MS) > 0 &&
	                   read(fd, text, sizeof(text) - 1) > 0 &&
	                   sscanf(text, "%u %u", n_forks, n_mib) == 2;

	if (fd >= 0)
		close(fd);
	return is_answered;
}

static bool neighbour_is_well(void)
{
	unsigned n_forks, n_mib;

	return ask(&neighbour, &n_forks, &n_mib);
}

static bool is_watch(int layer)
{
	return layers[layer] == LIMITS_WATCH;
}

static void start(struct test_host *host, int i, const char *page, int layer)
{
	struct limits_wish wish = {.memory_bytes = MEMORY_BYTES, .tasks = TASKS};
	struct test_host_options options = test_host_options();

	options.program_folder = HOG_FOLDER;
	options.start_page = page;
	options.lease_id += (uint64_t)i;
	options.uid = test_host_uid(i);
	options.home_mib = HOME_MIB;
	options.shm_mib = SHM_MIB;
	/* A backstop above the group's limit: the group has to hold. Under watch the backstop does. */
	options.tasks = is_watch(layer) ? TASKS : TASKS + 300;
	groups[i] = limits_group_new(limits, options.lease_id, &wish);
	ck_assert_ptr_nonnull(groups[i]);
	options.limits = groups[i];
	ck_assert_msg(test_host_start(host, &options), "%s", host->detail);
}

static bool is_word_in(const char *list, const char *separators, const char *word)
{
	char copy[1024];
	char *rest = NULL;

	snprintf(copy, sizeof(copy), "%s", list);
	for (char *at = strtok_r(copy, separators, &rest); at;
	        at = strtok_r(NULL, separators, &rest))
		if (strcmp(at, word) == 0)
			return true;
	return false;
}

/* Whether a version 2 hierarchy has both controllers to give away. */
static bool has_controllers(const char *folder)
{
	char path[600], line[1024] = "";

	snprintf(path, sizeof(path), "%s/cgroup.controllers", folder);
	FILE *file = fopen(path, "re");
	if (!file)
		return false;
	bool is_read = fgets(line, sizeof(line), file);
	fclose(file);
	return is_read && is_word_in(line, " \n", "memory") && is_word_in(line, " \n", "pids");
}

/* What the machine has, by the kernel's list of mounts and not by what the code under test makes of it: a layer that is
 * there and is refused is a failure, not a test less. */
static bool machine_has(enum config_limits_layer layer)
{
	char line[2048], folder[512], kind[64], options[512];
	bool has_memory = false, has_tasks = false;
	FILE *file = fopen("/proc/self/mountinfo", "re");

	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file)) {
		const char *rest = strstr(line, " - ");
		if (!rest || sscanf(line, "%*s %*s %*s %*s %511s", folder) != 1 ||
		        sscanf(rest, " - %63s %*s %511s", kind, options) != 2 ||
		        access(folder, W_OK) < 0)
			continue;
		if (layer == LIMITS_CGROUP2 && strcmp(kind, "cgroup2") == 0)
			has_memory = has_tasks = has_controllers(folder);
		if (layer == LIMITS_CGROUP1 && strcmp(kind, "cgroup") == 0) {
			has_memory |= is_word_in(options, ",", "memory");
			has_tasks |= is_word_in(options, ",", "pids");
		}
	}
	fclose(file);
	return layer == LIMITS_WATCH || (has_memory && has_tasks);
}

/* false: this machine does not have that layer, so there is nothing to test. */
static bool begin(int layer, const char *page)
{
	char complaint[256];

	limits = limits_new(layers[layer], complaint, sizeof(complaint));
	if (!limits) {
		ck_assert_msg(!machine_has(layers[layer]), "refused: %s", complaint);
		fprintf(stderr, "%s: this machine does not have it: %s\n", page, complaint);
		return false;
	}
	fprintf(stderr, "%s with %s\n", page, limits_describe(limits));
	start(&neighbour, 1, "hog:idle", layer);
	start(&hog, 0, page, layer);
	return true;
}

static bool is_group_removed(void *data)
{
	return limits_group_remove(data) == 0;
}

static void finish(void)
{
	limits_group_kill(groups[0]);
	ck_assert(test_host_finish(&hog));
	ck_assert(test_host_finish(&neighbour));
	for (int i = 0; i < 2; i++) {
		ck_assert(test_wait(is_group_removed, groups[i], 3000));
		limits_group_free(groups[i]);
	}
	limits_free(limits);
}

/* What monitor does twice a second, until what is awaited has come (or the machine is far too slow). Returns whether
 * the hog had to be ended. */
struct awaited {
	uint32_t tasks, kills, mib;
};

static bool has_come(const struct awaited *awaited, const struct limits_usage *worst)
{
	unsigned n_forks, n_mib = 0;

	if (awaited->mib && !ask(&hog, &n_forks, &n_mib))
		return false;
	return worst->tasks >= awaited->tasks && worst->kills >= awaited->kills &&
	       n_mib >= awaited->mib;
}

static bool look_until(const struct awaited *awaited, struct limits_usage *worst)
{
	uint64_t deadline_ms = clock_now_ms() + 40000;
	bool is_over = false;

	memset(worst, 0, sizeof(*worst));
	do {
		struct limits_usage usage;
		usleep(LIMITS_CHECK_MS * 1000);
		is_over = limits_group_check(groups[0]) == SHOJI_ERR_LIMIT;
		ck_assert_int_eq(limits_group_check(groups[1]), 0);
		ck_assert_int_eq(limits_group_usage(groups[0], &usage), 0);
		if (usage.memory_bytes > worst->memory_bytes)
			worst->memory_bytes = usage.memory_bytes;
		if (usage.tasks > worst->tasks)
			worst->tasks = usage.tasks;
		worst->kills = usage.kills;
		test_host_renew(&hog, 30);
		test_host_renew(&neighbour, 30);
		ck_assert(neighbour_is_well());
	} while (!is_over && !has_come(awaited, worst) && clock_now_ms() < deadline_ms);
	if (is_over)
		limits_group_kill(groups[0]);
	return is_over;
}

START_TEST(fork_bomb)
{
	struct awaited awaited = {.tasks = TASKS * 9 / 10};
	struct limits_usage worst;

	if (!begin(_i, "hog:fork"))
		return;
	/* The kernel holds the line (a group's, or RLIMIT_NPROC under watch), and the host goes on. */
	ck_assert(!look_until(&awaited, &worst));
	ck_assert_uint_le(worst.tasks, TASKS);
	ck_assert_uint_ge(worst.tasks, awaited.tasks);
	ck_assert(neighbour_is_well());
	finish();
}
END_TEST

START_TEST(two_gigabytes)
{
	struct awaited awaited = {.kills = 1};
	struct limits_usage worst;
	unsigned n_forks, n_mib;

	if (!begin(_i, "hog:memory"))
		return;
	ck_assert(!look_until(&awaited, &worst));
	ck_assert_uint_ge(worst.kills, 1);
	/* Between two looks of watch a host can go over; by what it touches in that time. */
	ck_assert_uint_le(worst.memory_bytes, MEMORY_BYTES * (is_watch(_i) ? 3 : 1));
	/* Only the process that took it went, not the session. */
	ck_assert(ask(&hog, &n_forks, &n_mib));
	ck_assert(neighbour_is_well());
	finish();
}
END_TEST

START_TEST(tmpfs_filler)
{
	/* Each to the brim, and nothing anywhere else. */
	struct awaited awaited = {.mib = HOME_MIB + SHM_MIB + TMP_MIB - 3};
	struct limits_usage worst;
	unsigned n_forks, n_mib = 0;

	if (!begin(_i, "hog:tmpfs"))
		return;
	ck_assert(!look_until(&awaited, &worst));
	/* Time for more, if there were a place for it. */
	usleep(500000);
	ck_assert(ask(&hog, &n_forks, &n_mib));
	ck_assert_uint_ge(n_mib, awaited.mib);
	ck_assert_uint_le(n_mib, HOME_MIB + SHM_MIB + TMP_MIB);
	finish();
}
END_TEST

int main(int argc, char *argv[])
{
	int status;

	if (test_host_is_shepherd(argc, argv, &status))
		return status;
	if (geteuid() != 0) {
		fprintf(stderr, "test-limits_host: must be run as root\n");
		return EXIT_FAILURE;
	}
	Suite *suite = suite_create("limits-host");
	TCase *cases = tcase_create("limits");
	tcase_add_loop_test(cases, fork_bomb, 0, N_LAYERS);
	tcase_add_loop_test(cases, two_gigabytes, 0, N_LAYERS);
	tcase_add_loop_test(cases, tmpfs_filler, 0, N_LAYERS);
	tcase_set_timeout(cases, 120);
	suite_add_tcase(suite, cases);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int n_failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
