/* Plays monitor towards a real shepherd with a real isolated host: for tests, nothing of it is in the product. */
#ifndef SHOJI_TESTS_ISOLATION_TEST_HOST_H
#define SHOJI_TESTS_ISOLATION_TEST_HOST_H

#include "base/channel.h"
#include "base/limits.h"
#include "base/session.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define TEST_HOST_PATH_MAX 64
/* Uids of hosts, of the far end of the slots' range (a broker that is under test beside us begins at the other), and by
 * our process: a test that failed, or another run on this machine, must not be counted with ours. i: 0 or 1. */
uid_t test_host_uid(int i);

struct test_host_options {
	uint64_t lease_id;
	uid_t uid; /* 0: test_host_uid(0), or our own where we are not root */
	uint32_t lease_s;
	uint16_t width, height;
	bool is_kiosk;
	const char *keyboard;
	const char *start_page;
	const char *program_folder;
	uint32_t home_mib, shm_mib;
	uint32_t tasks;
	struct limits_group *limits; /* NULL: none */
};

struct test_host {
	struct test_host_options options;
	char folder[TEST_HOST_PATH_MAX]; /* the run folder; owned */
	struct channel *control;         /* NULL: nobody plays monitor now */
	pid_t host_pid;                  /* the engine's process, from the hello */
	pid_t shepherd_pid;
	int lock, control_listener, door; /* door: doors/proxy.sock, listening */
	bool has_ended;
	enum end_reason reason;
	char detail[257];
};

/* main() of a program that uses this: whether it was started as the shepherd; *status is then its exit status. */
bool test_host_is_shepherd(int argc, char *const argv[], int *status);

/* Usual options. program_folder stays NULL: set it. */
struct test_host_options test_host_options(void);

/* Makes the folder, starts the shepherd, and waits for hello or host_ended. Returns whether the host runs. */
bool test_host_start(struct test_host *self, const struct test_host_options *options);
/* Without start: everything up to and with the set-up message. Then test_host_go(). */
bool test_host_prepare(struct test_host *self, const struct test_host_options *options);
/* The same with exactly this uid in the message, as a broken monitor might say it. */
bool test_host_prepare_as(
        struct test_host *self, const struct test_host_options *options, uid_t uid);
bool test_host_go(struct test_host *self);
/* -1, or a descriptor to Xvnc's RFB. */
int test_host_connect_rfb(struct test_host *self);
void test_host_renew(struct test_host *self, uint32_t lease_s);
/* Waits for host_ended. */
bool test_host_wait_ended(struct test_host *self, int timeout_ms);
/* The monitor dies, and comes back. Returns whether a hello came. */
void test_host_forget(struct test_host *self);
bool test_host_adopt(struct test_host *self);
/* Ends the host if it is there, waits, and removes the folder. Returns whether nothing was left over: no process
 * of the uid (when it is a slot's), nothing in the folder but what monitor made. */
bool test_host_finish(struct test_host *self);

/* How many processes have this uid. */
unsigned test_processes_of(uid_t uid);
/* Waits until condition(data) or timeout. */
typedef bool (*test_condition_fn)(void *data);
bool test_wait(test_condition_fn condition, void *data, int timeout_ms);
/* Whether pid descends from root. */
bool test_is_below(pid_t pid, pid_t root);
/* Calls fn for every process there is. */
typedef void (*test_process_fn)(void *data, pid_t pid);
void test_each_process(test_process_fn fn, void *data);
/* A process of the tree below root: its pid, or 0. text: a program's whole path, or what its command line contains. */
pid_t test_find_below(pid_t root, const char *text);
/* A child of parent that runs this program: its pid, or 0. */
pid_t test_find_child(pid_t parent, const char *path);

#endif
