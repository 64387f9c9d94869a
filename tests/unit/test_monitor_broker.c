/* monitor as a whole, with stand-ins for the roles: it starts them, joins them, survives the death
 * and the lies of every one of them, adopts what an earlier broker left, and leaves nothing behind.
 * The real roles meet in tests/integration. */
#include "unit/monitor_roles.h"

#include "base/config.h"
#include "base/loop.h"
#include "base/session.h"
#include "monitor/monitor.h"
#include "monitor/run_folder.h"
#include "unit/suite.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEADLINE_MS 20000

static char folder[64];
static pid_t broker;

/* Far from the accounts of a real broker on this machine, and from those of this test in another
 * build: monitor kills what it finds under an account that it is about to use. */
static unsigned first_uid;
static unsigned sessions_offset = 10; /* of the sessions' accounts from there; 12 of them */

/* ---- the folder ---- */

static const char *below(const char *name)
{
	static char path[4][256];
	static unsigned at;
	char *out = path[at++ % 4];

	snprintf(out, 256, "%s/%s", folder, name);
	return out;
}

static void put(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(const char *name, const char *format, ...)
{
	char temporary[300];
	va_list arguments;

	/* Appears at once: keeper looks for its orders at any time. */
	snprintf(temporary, sizeof(temporary), "%s.new", below(name));
	FILE *file = fopen(temporary, "w");
	ck_assert_ptr_nonnull(file);
	va_start(arguments, format);
	vfprintf(file, format, arguments);
	va_end(arguments);
	fclose(file);
	ck_assert_int_eq(rename(temporary, below(name)), 0);
}

static char *read_journal(void)
{
	static char text[1 << 20];
	FILE *file = fopen(below("journal"), "r");

	ck_assert_ptr_nonnull(file);
	size_t length = fread(text, 1, sizeof(text) - 1, file);
	text[length] = '\0';
	fclose(file);
	return text;
}

static size_t count(const char *line)
{
	size_t n = 0;

	for (const char *at = read_journal(); (at = strstr(at, line)); at++)
		n++;
	return n;
}

/* Waits until the journal holds `line` n times. */
static void await_times(const char *line, size_t n)
{
	uint64_t end_ms = clock_now_ms() + DEADLINE_MS;

	while (count(line) < n) {
		if (clock_now_ms() > end_ms)
			ck_abort_msg(
			        "not %zu times in the journal: %s\n%s", n, line, read_journal());
		usleep(10000);
	}
}

static void await(const char *line)
{
	await_times(line, 1);
}

/* The process of the last one of that role that began. */
static pid_t pid_of(const char *role)
{
	char begins[64];
	pid_t pid = 0;

	snprintf(begins, sizeof(begins), "%s: begins ", role);
	for (const char *at = read_journal(); (at = strstr(at, begins)); at++)
		pid = atoi(at + strlen(begins));
	ck_assert_int_gt(pid, 0);
	return pid;
}

/* ---- the broker ---- */

static void write_config(struct config *config)
{
	char text[2048];
	char complaint[512];
	unsigned uid = first_uid;

	snprintf(text, sizeof(text),
	        "broker: {run_folder: %s/run, data_folder: %s/data, require_isolation: %s}\n"
	        "gate: {listen: '127.0.0.1:0', certificate: %s/file, key: %s/file}\n"
	        "sessions: {limits: watch, max: 4, start_deadline_s: 3, end_deadline_s: 2}\n"
	        "accounts: {gate: %u, keeper: %u, hash: %u, egress: %u, sessions_first: %u}\n",
	        folder, folder, geteuid() == 0 ? "full" : "reduced", folder, folder, uid, uid + 1,
	        uid + 2, uid + 3, uid + sessions_offset);
	int error = config_read(config, "test", text, strlen(text), complaint, sizeof(complaint));
	ck_assert_msg(!error, "%s", complaint);
}

static _Noreturn void run_broker(int out)
{
	struct config config;
	char log[256];

	write_config(&config);
	dup2(out, STDOUT_FILENO);
	snprintf(log, sizeof(log), "%s/log", folder);
	int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	dup2(fd, STDERR_FILENO);
	close(fd);
	close_range(3, ~0u, 0);
	int status = monitor_run(&config, below("bin"));
	config_finish(&config);
	exit(status); /* with the sanitizer's look for leaks */
}

/* Returns whether it came to READY. */
static bool launch(void)
{
	char line[128] = "";
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	broker = fork();
	if (broker == 0)
		run_broker(fds[1]);
	close(fds[1]);
	struct pollfd readable = {.fd = fds[0], .events = POLLIN};
	ck_assert_int_eq(poll(&readable, 1, DEADLINE_MS), 1);
	ssize_t n = read(fds[0], line, sizeof(line) - 1);
	close(fds[0]);
	ck_assert(n == 0 || !strncmp(line, "READY https://127.0.0.1:", 24));
	return n > 0;
}

static void prepare(void)
{
	first_uid = 1000000 + (unsigned)(getpid() % 32768) * 40;
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0,
	        0); /* a killed broker's children are ours to wait for */
	snprintf(folder, sizeof(folder), "/tmp/shoji-monitor-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	chmod(folder, 0755);
	mkdir(below("bin"), 0755);
	mkdir(below("viewer"), 0755);
	put("viewer/index.html", "<p>");
	put("bin/policies.json", "{}");
	put("file", "PEM");
	put("journal", "%s", "");
	chmod(below("journal"), 0666);
}

static int wait_for(pid_t pid)
{
	uint64_t end_ms = clock_now_ms() + DEADLINE_MS;
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (clock_now_ms() > end_ms) {
			kill(pid, SIGKILL);
			ck_abort_msg("process %d does not end", (int)pid);
		}
		usleep(10000);
	}
	return status;
}

/* Whatever the broker started is gone: nobody is left to wait for. */
static void check_no_process(void)
{
	uint64_t end_ms = clock_now_ms() + DEADLINE_MS;

	while (waitpid(-1, NULL, WNOHANG) >= 0) {
		ck_assert_msg(clock_now_ms() < end_ms, "a process is left");
		usleep(10000);
	}
}

static const char *read_log(void)
{
	static char text[1 << 20];
	FILE *file = fopen(below("log"), "r");

	size_t length = fread(text, 1, sizeof(text) - 1, file);
	text[length] = '\0';
	fclose(file);
	return text;
}

static bool log_has(const char *words)
{
	return strstr(read_log(), words) != NULL;
}

static void check_log(void)
{
	const char *text = read_log();

	ck_assert_msg(!strstr(text, "Sanitizer") && !strstr(text, "runtime error") &&
	                      !strstr(text, "bug in Shoji"),
	        "%s", text);
}

static void stop_broker(void)
{
	kill(broker, SIGTERM);
	int exit_status = wait_for(broker);
	check_log();
	ck_assert_msg(WIFEXITED(exit_status) && WEXITSTATUS(exit_status) == 0, "%x", exit_status);
}

static void stop(void)
{
	struct stat status;

	stop_broker();
	check_no_process();
	ck_assert_msg(lstat(below("run"), &status) < 0, "the run folder is left");
	ck_assert_int_eq(folder_remove(folder, 4), 0);
}

static void begin(void)
{
	prepare();
	ck_assert(launch());
}

static size_t open_fds(void)
{
	char path[64];
	size_t n = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)broker);
	DIR *fds = opendir(path);
	ck_assert_ptr_nonnull(fds);
	while (readdir(fds))
		n++;
	closedir(fds);
	return n;
}

static void check_alive(void)
{
	ck_assert_int_eq(waitpid(broker, NULL, WNOHANG), 0);
}

static void start_session(int lease_id, int slot)
{
	char line[64];

	put("keeper.orders", "start %x %d 1280 800\n", (unsigned)lease_id, slot);
	snprintf(line, sizeof(line), "keeper: started %x adopted 0", (unsigned)lease_id);
	await(line);
}

static void await_ended(int lease_id, int reason)
{
	char line[64];

	snprintf(line, sizeof(line), "keeper: ended %x %d ", (unsigned)lease_id, reason);
	await(line);
}

/* ---- tests ---- */

START_TEST(test_starts_and_stops)
{
	begin();
	await("keeper: status full ");
	stop();
}
END_TEST

START_TEST(test_session)
{
	struct stat status;

	begin();
	size_t n_fds = open_fds();
	for (int round = 1; round <= 3; round++) {
		start_session(round, 0);
		await_times("encode: stream s", (size_t)round);
		await_times("capture: input i", (size_t)round);
		await_times("egress: door ", (size_t)round);
		put("keeper.orders", "stop %x %d\n", (unsigned)round, END_SIGNED_OUT);
		await_ended(round, END_SIGNED_OUT);
		await_times("gate: gone ", (size_t)round);
		await_times("egress: door_close", (size_t)round);
		ck_assert_int_lt(lstat(below("run/sessions/0000000000000001"), &status), 0);
		ck_assert_uint_eq(open_fds(), n_fds);
	}
	stop();
}
END_TEST

START_TEST(test_stop_ends_sessions)
{
	begin();
	start_session(1, 0);
	start_session(2, 1);
	stop();
}
END_TEST

START_TEST(test_roles_come_back)
{
	begin();
	start_session(1, 0);
	await("encode: stream s");
	await("capture: input i");
	size_t n_fds = open_fds();
	kill(pid_of("gate"), SIGKILL);
	await_times("gate: join 1", 2);
	await_times("encode: stream s", 2);
	await_times("capture: input i", 2);
	await_times("keeper: gate_peer", 1);
	kill(pid_of("egress"), SIGKILL);
	await_times("egress: door 1", 2);
	await_times("keeper: egress_peer", 1);
	put("leases", "1 0\n");
	size_t n_workers = count("hash: begins");
	kill(pid_of("keeper"), SIGKILL);
	await("keeper: started 1 adopted 1");
	await("gate: keeper_peer");
	await("egress: keeper_peer");
	await_times("hash: begins", n_workers + 2); /* both are joined to the new keeper */
	await_times("keeper: hash_worker", n_workers + 2);
	kill(pid_of("hash"), SIGKILL);
	await_times("hash: begins", n_workers + 3);
	await_times("keeper: hash_worker", n_workers + 3);
	check_alive();
	ck_assert_uint_eq(open_fds(), n_fds);
	stop();
}
END_TEST

/* Both live, and their channel broke: they get another, and nobody is started anew. */
START_TEST(test_joined_anew)
{
	prepare();
	put("mode.gate", "keeper-lost");
	put("mode.egress", "keeper-lost");
	ck_assert(launch());
	await("keeper: gate_peer same 1");
	await("keeper: egress_peer");
	await("gate: keeper_peer");
	await("egress: keeper_peer");
	usleep(1200000);
	ck_assert_uint_le(count("keeper: gate_peer"), 2);
	ck_assert_uint_eq(count("gate: begins"), 1);
	ck_assert_uint_eq(count("egress: begins"), 1);
	ck_assert_uint_eq(count("keeper: begins"), 1);
	/* A gate that is started anew is another one. */
	put("mode.gate", "%s", "");
	kill(pid_of("gate"), SIGKILL);
	await("keeper: gate_peer same 0");
	stop();
}
END_TEST

/* It is for gate and egress to say; a hash worker or keeper that does is started anew. */
START_TEST(test_joined_out_of_turn)
{
	prepare();
	put("mode.hash", "keeper-lost");
	if (launch()) /* it may be ready before it is found out */
		await_times("hash: begins", 4);
	put("mode.hash", "%s", "");
	kill(broker, SIGTERM);
	wait_for(broker);
	check_log();
	check_no_process();
	folder_remove(folder, 4);
}
END_TEST

/* keeper and egress go at once: whichever is first, the offer finds the other. */
START_TEST(test_keeper_and_egress_go_at_once)
{
	begin();
	start_session(1, 0);
	put("leases", "1 0\n");
	for (size_t round = 1; round <= 6; round++) {
		pid_t keeper = pid_of("keeper"), egress = pid_of("egress");
		kill(round % 2 ? keeper : egress, SIGKILL);
		kill(round % 2 ? egress : keeper, SIGKILL);
		await_times("keeper: begins", round + 1);
		await_times("egress: begins", round + 1);
		await_times("egress: door 1", round + 1);
		await_times("keeper: started 1 adopted 1", round);
		usleep(round % 3 * 50000);
	}
	stop();
}
END_TEST

/* A keeper that does not hold a lease any more ends its session. */
START_TEST(test_keeper_forgets)
{
	begin();
	start_session(1, 0);
	kill(pid_of("keeper"), SIGKILL);
	await_ended(1, END_BROKER);
	stop();
}
END_TEST

START_TEST(test_keeper_holds_what_is_gone)
{
	prepare();
	put("leases", "77 0\n");
	ck_assert(launch());
	await_ended(0x77, END_HOST_EXITED);
	stop();
}
END_TEST

static void kill_broker(void)
{
	kill(broker, SIGKILL);
	wait_for(broker);
}

START_TEST(test_killed_and_adopted)
{
	begin();
	start_session(1, 0);
	start_session(2, 1);
	kill_broker();
	put("leases", "1 0\n");
	ck_assert(launch());
	/* The one that a lease covers goes on, the other one ends. */
	await("keeper: started 1 adopted 1");
	ck_assert_uint_eq(count("shepherd: begins"), 2);
	await_times("gate: join 1", 2);
	await_times("egress: door 1", 2);
	await("shepherd: renewed 1");
	stop();
}
END_TEST

/* Under other accounts than its slot has now: nobody's session, as the folder tells. */
START_TEST(test_adopted_under_other_accounts)
{
	if (geteuid() != 0)
		return;
	begin();
	start_session(1, 0);
	start_session(2, 1);
	kill_broker();
	sessions_offset = 13; /* what was slot 1's is slot 0's */
	put("leases", "1 0\n2 0\n");
	ck_assert(launch());
	await_ended(1, END_BROKER);
	await("keeper: started 2 adopted 1");
	stop();
	/* The slot is another one. */
	begin();
	start_session(3, 0);
	kill_broker();
	put("leases", "3 1\n");
	ck_assert(launch());
	await_ended(3, END_BROKER);
	stop();
}
END_TEST

/* Two brokers with folders of their own and the same accounts would kill each other's hosts. */
START_TEST(test_accounts_are_one_brokers)
{
	char kept[sizeof(folder)];
	pid_t first;

	if (geteuid() != 0)
		return;
	begin();
	start_session(1, 0);
	memcpy(kept, folder, sizeof(folder));
	first = broker;
	static const unsigned offsets[] = {10, 10 + 11};
	for (size_t i = 0; i < 2; i++) {
		sessions_offset = offsets[i];
		prepare();
		ck_assert(!launch());
		int status = wait_for(broker);
		ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 1);
		ck_assert(log_has("another broker on this machine"));
		ck_assert_int_eq(folder_remove(folder, 4), 0);
	}
	/* Beside it there is room. */
	sessions_offset = 10 + 12;
	begin();
	start_session(2, 0);
	stop_broker();
	memcpy(folder, kept, sizeof(folder));
	broker = first;
	check_alive();
	ck_assert_uint_eq(count("keeper: ended 1"), 0);
	stop();
}
END_TEST

START_TEST(test_stopped_for_restart)
{
	begin();
	start_session(1, 0);
	kill(broker, SIGUSR1);
	int status = wait_for(broker);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	put("leases", "1 0\n");
	ck_assert(launch());
	await("keeper: started 1 adopted 1");
	ck_assert_uint_eq(count("shepherd: begins"), 1);
	stop();
}
END_TEST

START_TEST(test_dead_host_is_cleaned)
{
	struct stat status;

	begin();
	start_session(1, 0);
	kill(pid_of("capture"), SIGSTOP); /* does not tell that its host has gone */
	kill_broker();
	kill(pid_of("capture"), SIGKILL);
	kill(pid_of("shepherd"), SIGKILL);
	wait_for(pid_of("shepherd")); /* its lock goes with it */
	ck_assert_int_eq(lstat(below("run/sessions/0000000000000001"), &status), 0);
	ck_assert(launch());
	ck_assert_int_lt(lstat(below("run/sessions/0000000000000001"), &status), 0);
	stop();
}
END_TEST

START_TEST(test_second_broker)
{
	begin();
	pid_t first = broker;
	ck_assert(!launch());
	int status = wait_for(broker);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	broker = first;
	start_session(1, 0);
	stop();
}
END_TEST

/* A role that cannot begin ends the start, and nothing stays. */
START_TEST(test_start_fails)
{
	static const char *const roles[] = {"mode.gate", "mode.keeper", "mode.egress", "mode.hash"};
	struct stat status;

	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		prepare();
		put(roles[i], "exit");
		ck_assert(!launch());
		int exit_status = wait_for(broker);
		ck_assert(WIFEXITED(exit_status) && WEXITSTATUS(exit_status) == 1);
		check_log();
		check_no_process();
		ck_assert_int_lt(lstat(below("run"), &status), 0);
		ck_assert_int_eq(folder_remove(folder, 4), 0);
	}
}
END_TEST

/* What gate, egress and hash may not say although the table has it on their link: keeper's words.
 */
START_TEST(test_role_out_of_turn)
{
	static const char *const roles[] = {"gate", "egress", "hash"};
	char name[32], begins[32];

	begin();
	start_session(1, 0);
	for (size_t i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "mode.%s", roles[i]);
		snprintf(begins, sizeof(begins), "%s: begins", roles[i]);
		size_t n = count(begins);
		put(name, "out-of-turn");
		kill(pid_of(roles[i]), SIGKILL);
		await_times(begins, n + 2); /* the liar was replaced */
		unlink(below(name));
	}
	put("mode.keeper", "out-of-turn");
	put("leases", "1 0\n");
	size_t n = count("keeper: begins");
	kill(pid_of("keeper"), SIGKILL);
	await_times("keeper: begins", n + 2);
	unlink(below("mode.keeper"));
	await("keeper: started 1 adopted 1");
	check_alive();
	stop();
}
END_TEST

static void check_worker(const char *role, const char *mode, int reason, const char *detail)
{
	static int lease_id = 0x10;
	char name[32], line[256];

	lease_id++;
	snprintf(name, sizeof(name), "mode.%s", role);
	put(name, "%s", mode);
	put("keeper.orders", "start %x 1 1280 800\n", (unsigned)lease_id);
	await_ended(lease_id, reason);
	unlink(below(name));
	snprintf(line, sizeof(line), "keeper: ended %x %d %s", (unsigned)lease_id, reason, detail);
	ck_assert_msg(count(line) == 1, "%s\n%s", line, read_journal());
}

/* Each ends its own session, with its reason; another session and the broker go on. */
START_TEST(test_workers_and_shepherds_fail)
{
	begin();
	start_session(1, 0);
	size_t n_fds = open_fds();
	check_worker("capture", "exit-66", END_CAPTURE_FAILED,
	        "capture: the isolated host sent RFB that was not asked for (exit status 66)");
	check_worker("capture", "exit-69", END_HOST_EXITED, "");
	check_worker("capture", "sigsys", END_CAPTURE_FAILED,
	        "capture: a system call that is forbidden to it (killed by signal 31");
	check_worker(
	        "capture", "first-picture", END_CAPTURE_FAILED, "capture broke the message table");
	check_worker("capture", "exit", END_CAPTURE_FAILED, "capture: unexpected exit");
	check_worker("encode", "exit-71", END_ENCODE_FAILED, "encode: out of memory");
	check_worker(
	        "encode", "first-picture", END_ENCODE_FAILED, "encode broke the message table");
	check_worker(
	        "encode", "no-picture", END_START_FAILED, "deadline passed while picture awaited");
	check_worker("shepherd", "silent", END_START_FAILED, "deadline passed while host starting");
	check_worker("shepherd", "unasked-rfb", END_START_FAILED,
	        "the shepherd connected without being asked");
	check_worker(
	        "shepherd", "other-lease", END_HOST_EXITED, "the shepherd broke the message table");
	check_worker("shepherd", "ends", END_LIMIT, "as \\x22told\\x22");
	check_alive();
	ck_assert_uint_eq(count("keeper: ended 1 "), 0);
	ck_assert_uint_eq(open_fds(), n_fds);
	stop();
}
END_TEST

/* A shepherd that does not listen is killed, where it has a uid of its own. */
START_TEST(test_deaf_shepherd)
{
	if (geteuid() != 0)
		return;
	begin();
	put("mode.shepherd", "deaf");
	start_session(1, 0);
	put("keeper.orders", "stop 1 %d\n", END_IDLE);
	await_ended(1, END_IDLE);
	unlink(below("mode.shepherd"));
	start_session(2, 0); /* the slot is free again */
	stop();
}
END_TEST

/* One that takes its time is waited for: the folder is the host's until its lock is free. */
START_TEST(test_slow_shepherd)
{
	begin();
	put("mode.shepherd", "slow-end");
	start_session(1, 0);
	put("keeper.orders", "stop 1 %d\n", END_IDLE);
	await_ended(1, END_IDLE);
	const char *leaves = strstr(read_journal(), "shepherd: leaves");
	ck_assert_msg(
	        leaves && leaves < strstr(read_journal(), "keeper: ended 1"), "%s", read_journal());
	stop();
}
END_TEST

START_TEST(test_keeper_asks_too_much)
{
	begin();
	start_session(1, 0);
	put("keeper.orders", "start 2 0 1280 800\n");
	await_ended(2, END_START_FAILED); /* the slot is taken: an answer, no crime */
	put("leases", "1 0\n");
	static const char *const wrong[] = {"start 3 4 1280 800\n", "start 3 1 4000 800\n",
	        "start 3 1 1280 100\n", "start 0 1 1280 800\n", "start 1 1 1280 800\n",
	        "stop 1 99\n"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		size_t n = count("keeper: begins");
		put("keeper.orders", "%s", wrong[i]);
		await_times("keeper: begins", n + 1);
		await_times("keeper: started 1 adopted 1", i + 1);
	}
	ck_assert_uint_eq(count("keeper: ended 1 "), 0);
	stop();
}
END_TEST

START_TEST(test_snapshot)
{
	begin();
	put("mode.encode", "slow-snapshot");
	start_session(1, 0);
	size_t n_fds = open_fds();
	put("keeper.orders", "snapshot 7 1\n");
	await("keeper: snapshot 7 yes 1280x800 first 5a\n");
	put("keeper.orders", "snapshot 8 2\n");
	await("keeper: snapshot 8 no 0x0 first 00\n");
	/* One at a time: the second is refused, not queued. */
	put("keeper.orders", "snapshot 9 1\nsnapshot 10 1\n");
	await("keeper: snapshot 9 yes");
	await("keeper: snapshot 10 no");
	ck_assert_uint_eq(open_fds(), n_fds);
	put("mode.encode", "lying-snapshot");
	start_session(2, 1);
	put("keeper.orders", "snapshot 11 2\n");
	await("keeper: snapshot 11 no");
	await_ended(2, END_ENCODE_FAILED);
	stop();
}
END_TEST

int main(int argc, char **argv)
{
	monitor_roles_dispatch(argc, argv);
	return SUITE_RUN("monitor-broker", test_starts_and_stops, test_session,
	        test_stop_ends_sessions, test_roles_come_back, test_joined_anew,
	        test_joined_out_of_turn, test_keeper_and_egress_go_at_once, test_keeper_forgets,
	        test_keeper_holds_what_is_gone, test_killed_and_adopted,
	        test_adopted_under_other_accounts, test_accounts_are_one_brokers,
	        test_stopped_for_restart, test_dead_host_is_cleaned, test_second_broker,
	        test_start_fails, test_role_out_of_turn, test_workers_and_shepherds_fail,
	        test_deaf_shepherd, test_slow_shepherd, test_keeper_asks_too_much, test_snapshot);
}
