/* monitor as a whole, with stand-ins for the roles: it starts them, joins them, survives the death
 * and the lies of every one of them, adopts what an earlier broker left, and leaves nothing behind.
 * The real roles meet in tests/integration. */
#include "base/session.h"
#include "monitor/run_folder.h"
#include "unit/monitor_roles.h"
#include "unit/monitor_stage.h"
#include "unit/suite.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

START_TEST(test_starts_and_stops)
{
	stage_begin();
	stage_await("keeper: status full ");
	stage_stop();
}
END_TEST

START_TEST(test_session)
{
	struct stat status;

	stage_begin();
	size_t n_fds = stage_open_fds();
	for (int round = 1; round <= 3; round++) {
		stage_start_session(round, 0);
		stage_await_times("encode: stream s", (size_t)round);
		stage_await_times("capture: input i", (size_t)round);
		stage_await_times("egress: door ", (size_t)round);
		stage_put("keeper.orders", "stop %x %d\n", (unsigned)round, END_SIGNED_OUT);
		stage_await_ended(round, END_SIGNED_OUT);
		stage_await_times("gate: gone ", (size_t)round);
		stage_await_times("egress: door_close", (size_t)round);
		ck_assert_int_lt(lstat(stage_path("run/sessions/0000000000000001"), &status), 0);
		ck_assert_uint_eq(stage_open_fds(), n_fds);
	}
	stage_stop();
}
END_TEST

START_TEST(test_stop_ends_sessions)
{
	stage_begin();
	stage_start_session(1, 0);
	stage_start_session(2, 1);
	stage_stop();
}
END_TEST

START_TEST(test_roles_come_back)
{
	stage_begin();
	stage_start_session(1, 0);
	stage_await("encode: stream s");
	stage_await("capture: input i");
	size_t n_fds = stage_open_fds();
	kill(stage_pid_of("gate"), SIGKILL);
	stage_await_times("gate: join 1", 2);
	stage_await_times("encode: stream s", 2);
	stage_await_times("capture: input i", 2);
	stage_await_times("keeper: gate_peer", 1);
	kill(stage_pid_of("egress"), SIGKILL);
	stage_await_times("egress: door 1", 2);
	stage_await_times("keeper: egress_peer", 1);
	stage_put("leases", "1 0\n");
	size_t n_workers = stage_count("hash: begins");
	kill(stage_pid_of("keeper"), SIGKILL);
	stage_await("keeper: started 1 adopted 1");
	stage_await("gate: keeper_peer");
	stage_await("egress: keeper_peer");
	stage_await_times("hash: begins", n_workers + 2); /* both are joined to the new keeper */
	stage_await_times("keeper: hash_worker", n_workers + 2);
	kill(stage_pid_of("hash"), SIGKILL);
	stage_await_times("hash: begins", n_workers + 3);
	stage_await_times("keeper: hash_worker", n_workers + 3);
	stage_check_alive();
	ck_assert_uint_eq(stage_open_fds(), n_fds);
	stage_stop();
}
END_TEST

/* Both live, and their channel broke: they get another, and nobody is started anew. */
START_TEST(test_joined_anew)
{
	stage_prepare();
	stage_put("mode.gate", "keeper-lost");
	stage_put("mode.egress", "keeper-lost");
	ck_assert(stage_launch());
	stage_await("keeper: gate_peer same 1");
	stage_await("keeper: egress_peer");
	stage_await("gate: keeper_peer");
	stage_await("egress: keeper_peer");
	usleep(1200000);
	ck_assert_uint_le(stage_count("keeper: gate_peer"), 2);
	ck_assert_uint_eq(stage_count("gate: begins"), 1);
	ck_assert_uint_eq(stage_count("egress: begins"), 1);
	ck_assert_uint_eq(stage_count("keeper: begins"), 1);
	/* A gate that is started anew is another one. */
	stage_put("mode.gate", "%s", "");
	kill(stage_pid_of("gate"), SIGKILL);
	stage_await("keeper: gate_peer same 0");
	stage_stop();
}
END_TEST

/* The channel broke because keeper died: its successor was given another one, and that is left alone. */
START_TEST(test_not_joined_twice)
{
	stage_prepare();
	stage_put("mode.gate", "keeper-lost-once");
	ck_assert(stage_launch());
	stage_await("gate: has lost keeper");
	kill(stage_pid_of("keeper"), SIGKILL);
	stage_await("gate: keeper_peer");
	usleep(1500000); /* longer than monitor waits before it joins them anew */
	ck_assert_uint_eq(stage_count("gate: keeper_peer"), 1);
	stage_stop();
}
END_TEST

/* It is for gate and egress to say; a hash worker or keeper that does is started anew. */
START_TEST(test_joined_out_of_turn)
{
	stage_prepare();
	stage_put("mode.hash", "keeper-lost");
	if (stage_launch()) /* it may be ready before it is found out */
		stage_await_times("hash: begins", 4);
	stage_put("mode.hash", "%s", "");
	kill(stage.broker, SIGTERM);
	stage_wait_for(stage.broker);
	stage_check_log();
	stage_check_no_process();
	folder_remove(stage.folder, 4);
}
END_TEST

/* keeper and egress go at once: whichever is first, the offer finds the other. */
START_TEST(test_keeper_and_egress_go_at_once)
{
	stage_begin();
	stage_start_session(1, 0);
	stage_put("leases", "1 0\n");
	for (size_t round = 1; round <= 6; round++) {
		pid_t keeper = stage_pid_of("keeper"), egress = stage_pid_of("egress");
		kill(round % 2 ? keeper : egress, SIGKILL);
		kill(round % 2 ? egress : keeper, SIGKILL);
		stage_await_times("keeper: begins", round + 1);
		stage_await_times("egress: begins", round + 1);
		stage_await_times("egress: door 1", round + 1);
		stage_await_times("keeper: started 1 adopted 1", round);
		usleep(round % 3 * 50000);
	}
	stage_stop();
}
END_TEST

/* A keeper that does not hold a lease any more ends its session. */
START_TEST(test_keeper_forgets)
{
	stage_begin();
	stage_start_session(1, 0);
	kill(stage_pid_of("keeper"), SIGKILL);
	stage_await_ended(1, END_BROKER);
	stage_stop();
}
END_TEST

START_TEST(test_keeper_holds_what_is_gone)
{
	stage_prepare();
	stage_put("leases", "77 0\n");
	ck_assert(stage_launch());
	stage_await_ended(0x77, END_HOST_EXITED);
	stage_stop();
}
END_TEST

START_TEST(test_killed_and_adopted)
{
	stage_begin();
	stage_start_session(1, 0);
	stage_start_session(2, 1);
	stage_kill_broker();
	stage_put("leases", "1 0\n");
	ck_assert(stage_launch());
	/* The one that a lease covers goes on, the other one ends. */
	stage_await("keeper: started 1 adopted 1");
	ck_assert_uint_eq(stage_count("shepherd: begins"), 2);
	stage_await_times("gate: join 1", 2);
	stage_await_times("egress: door 1", 2);
	stage_await("shepherd: renewed 1");
	stage_stop();
}
END_TEST

/* Under other accounts than its slot has now: nobody's session, as the folder tells. */
START_TEST(test_adopted_under_other_accounts)
{
	if (geteuid() != 0)
		return;
	stage_begin();
	stage_start_session(1, 0);
	stage_start_session(2, 1);
	stage_kill_broker();
	stage.sessions_offset = 13; /* what was slot 1's is slot 0's */
	stage_put("leases", "1 0\n2 0\n");
	ck_assert(stage_launch());
	stage_await_ended(1, END_BROKER);
	stage_await("keeper: started 2 adopted 1");
	stage_stop();
	/* The slot is another one. */
	stage_begin();
	stage_start_session(3, 0);
	stage_kill_broker();
	stage_put("leases", "3 1\n");
	ck_assert(stage_launch());
	stage_await_ended(3, END_BROKER);
	stage_stop();
}
END_TEST

/* Two brokers with folders of their own and the same accounts would kill each other's hosts. */
START_TEST(test_accounts_are_one_brokers)
{
	char kept[sizeof(stage.folder)];
	pid_t first;

	if (geteuid() != 0)
		return;
	stage_begin();
	stage_start_session(1, 0);
	memcpy(kept, stage.folder, sizeof(stage.folder));
	first = stage.broker;
	static const unsigned offsets[] = {10, 10 + 11};
	for (size_t i = 0; i < 2; i++) {
		stage.sessions_offset = offsets[i];
		stage_prepare();
		ck_assert(!stage_launch());
		int status = stage_wait_for(stage.broker);
		ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 1);
		ck_assert(stage_log_has("another broker on this machine"));
		ck_assert_int_eq(folder_remove(stage.folder, 4), 0);
	}
	/* Beside it there is room. */
	stage.sessions_offset = 10 + 12;
	stage_begin();
	stage_start_session(2, 0);
	stage_stop_broker();
	memcpy(stage.folder, kept, sizeof(stage.folder));
	stage.broker = first;
	stage_check_alive();
	ck_assert_uint_eq(stage_count("keeper: ended 1"), 0);
	stage_stop();
}
END_TEST

START_TEST(test_stopped_for_restart)
{
	stage_begin();
	stage_start_session(1, 0);
	kill(stage.broker, SIGUSR1);
	int status = stage_wait_for(stage.broker);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	stage_put("leases", "1 0\n");
	ck_assert(stage_launch());
	stage_await("keeper: started 1 adopted 1");
	ck_assert_uint_eq(stage_count("shepherd: begins"), 1);
	stage_stop();
}
END_TEST

START_TEST(test_dead_host_is_cleaned)
{
	struct stat status;

	stage_begin();
	stage_start_session(1, 0);
	kill(stage_pid_of("capture"), SIGSTOP); /* does not tell that its host has gone */
	stage_kill_broker();
	kill(stage_pid_of("capture"), SIGKILL);
	kill(stage_pid_of("shepherd"), SIGKILL);
	stage_wait_for(stage_pid_of("shepherd")); /* its lock goes with it */
	ck_assert_int_eq(lstat(stage_path("run/sessions/0000000000000001"), &status), 0);
	ck_assert(stage_launch());
	ck_assert_int_lt(lstat(stage_path("run/sessions/0000000000000001"), &status), 0);
	stage_stop();
}
END_TEST

START_TEST(test_second_broker)
{
	stage_begin();
	pid_t first = stage.broker;
	ck_assert(!stage_launch());
	int status = stage_wait_for(stage.broker);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	stage.broker = first;
	stage_start_session(1, 0);
	stage_stop();
}
END_TEST

/* A role that cannot begin ends the start, and nothing stays. */
START_TEST(test_start_fails)
{
	static const char *const roles[] = {"mode.gate", "mode.keeper", "mode.egress", "mode.hash"};
	struct stat status;

	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		stage_prepare();
		stage_put(roles[i], "exit");
		ck_assert(!stage_launch());
		int exit_status = stage_wait_for(stage.broker);
		ck_assert(WIFEXITED(exit_status) && WEXITSTATUS(exit_status) == 1);
		stage_check_log();
		stage_check_no_process();
		ck_assert_int_lt(lstat(stage_path("run"), &status), 0);
		ck_assert_int_eq(folder_remove(stage.folder, 4), 0);
	}
}
END_TEST

/* What gate, egress and hash may not say although the table has it on their link: keeper's words.
 */
START_TEST(test_role_out_of_turn)
{
	static const char *const roles[] = {"gate", "egress", "hash"};
	char name[32], begins[32];

	stage_begin();
	stage_start_session(1, 0);
	for (size_t i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "mode.%s", roles[i]);
		snprintf(begins, sizeof(begins), "%s: begins", roles[i]);
		size_t n = stage_count(begins);
		stage_put(name, "out-of-turn");
		kill(stage_pid_of(roles[i]), SIGKILL);
		stage_await_times(begins, n + 2); /* the liar was replaced */
		unlink(stage_path(name));
	}
	stage_put("mode.keeper", "out-of-turn");
	stage_put("leases", "1 0\n");
	size_t n = stage_count("keeper: begins");
	kill(stage_pid_of("keeper"), SIGKILL);
	stage_await_times("keeper: begins", n + 2);
	unlink(stage_path("mode.keeper"));
	stage_await("keeper: started 1 adopted 1");
	stage_check_alive();
	stage_stop();
}
END_TEST

static void check_worker(const char *role, const char *mode, int reason, const char *detail)
{
	static int lease_id = 0x10;
	char name[32], line[256];

	lease_id++;
	snprintf(name, sizeof(name), "mode.%s", role);
	stage_put(name, "%s", mode);
	stage_put("keeper.orders", "start %x 1 1280 800\n", (unsigned)lease_id);
	stage_await_ended(lease_id, reason);
	unlink(stage_path(name));
	snprintf(line, sizeof(line), "keeper: ended %x %d %s", (unsigned)lease_id, reason, detail);
	ck_assert_msg(stage_count(line) == 1, "%s\n%s", line, stage_journal());
}

/* Each ends its own session, with its reason; another session and the broker go on. */
START_TEST(test_workers_and_shepherds_fail)
{
	stage_begin();
	stage_start_session(1, 0);
	size_t n_fds = stage_open_fds();
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
	stage_check_alive();
	ck_assert_uint_eq(stage_count("keeper: ended 1 "), 0);
	ck_assert_uint_eq(stage_open_fds(), n_fds);
	stage_stop();
}
END_TEST

/* A shepherd that does not listen is killed, where it has a uid of its own. */
START_TEST(test_deaf_shepherd)
{
	if (geteuid() != 0)
		return;
	stage_begin();
	stage_put("mode.shepherd", "deaf");
	stage_start_session(1, 0);
	stage_put("keeper.orders", "stop 1 %d\n", END_IDLE);
	stage_await_ended(1, END_IDLE);
	unlink(stage_path("mode.shepherd"));
	stage_start_session(2, 0); /* the slot is free again */
	stage_stop();
}
END_TEST

/* One that takes its time is waited for: the folder is the host's until its lock is free. */
START_TEST(test_slow_shepherd)
{
	stage_begin();
	stage_put("mode.shepherd", "slow-end");
	stage_start_session(1, 0);
	stage_put("keeper.orders", "stop 1 %d\n", END_IDLE);
	stage_await_ended(1, END_IDLE);
	const char *leaves = strstr(stage_journal(), "shepherd: leaves");
	ck_assert_msg(leaves && leaves < strstr(stage_journal(), "keeper: ended 1"), "%s",
	        stage_journal());
	stage_stop();
}
END_TEST

START_TEST(test_keeper_asks_too_much)
{
	stage_begin();
	stage_start_session(1, 0);
	stage_put("keeper.orders", "start 2 0 1280 800\n");
	stage_await_ended(2, END_START_FAILED); /* the slot is taken: an answer, no crime */
	stage_put("leases", "1 0\n");
	static const char *const wrong[] = {"start 3 4 1280 800\n", "start 3 1 4000 800\n",
	        "start 3 1 1280 100\n", "start 0 1 1280 800\n", "start 1 1 1280 800\n",
	        "stop 1 99\n"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		size_t n = stage_count("keeper: begins");
		stage_put("keeper.orders", "%s", wrong[i]);
		stage_await_times("keeper: begins", n + 1);
		stage_await_times("keeper: started 1 adopted 1", i + 1);
	}
	ck_assert_uint_eq(stage_count("keeper: ended 1 "), 0);
	stage_stop();
}
END_TEST

START_TEST(test_snapshot)
{
	stage_begin();
	stage_put("mode.encode", "slow-snapshot");
	stage_start_session(1, 0);
	size_t n_fds = stage_open_fds();
	stage_put("keeper.orders", "snapshot 7 1\n");
	stage_await("keeper: snapshot 7 yes 1280x800 first 5a\n");
	stage_put("keeper.orders", "snapshot 8 2\n");
	stage_await("keeper: snapshot 8 no 0x0 first 00\n");
	/* One at a time: the second is refused, not queued. */
	stage_put("keeper.orders", "snapshot 9 1\nsnapshot 10 1\n");
	stage_await("keeper: snapshot 9 yes");
	stage_await("keeper: snapshot 10 no");
	ck_assert_uint_eq(stage_open_fds(), n_fds);
	stage_put("mode.encode", "lying-snapshot");
	stage_start_session(2, 1);
	stage_put("keeper.orders", "snapshot 11 2\n");
	stage_await("keeper: snapshot 11 no");
	stage_await_ended(2, END_ENCODE_FAILED);
	stage_stop();
}
END_TEST

/* 60 % of a core for all, 40 for each. */
START_TEST(test_films_share)
{
	stage_begin();
	stage_put("mode.encode", "film");
	stage_start_session(1, 0);
	stage_await("encode: film 400\n");
	stage_start_session(2, 1);
	stage_await_times("encode: film 300\n", 2);
	stage_put("mode.encode", "none");
	stage_start_session(3, 2);
	stage_put("keeper.orders", "stop 2 %d\n", END_IDLE);
	stage_await_ended(2, END_IDLE);
	stage_await_times("encode: film 400\n", 2);
	ck_assert_uint_eq(stage_count("encode: film "), 4);
	stage_stop();
}
END_TEST

int main(int argc, char **argv)
{
	monitor_roles_dispatch(argc, argv);
	return SUITE_RUN("monitor-broker", test_starts_and_stops, test_session,
	        test_stop_ends_sessions, test_roles_come_back, test_joined_anew,
	        test_not_joined_twice, test_joined_out_of_turn, test_keeper_and_egress_go_at_once,
	        test_keeper_forgets, test_keeper_holds_what_is_gone, test_killed_and_adopted,
	        test_adopted_under_other_accounts, test_accounts_are_one_brokers,
	        test_stopped_for_restart, test_dead_host_is_cleaned, test_second_broker,
	        test_start_fails, test_role_out_of_turn, test_workers_and_shepherds_fail,
	        test_deaf_shepherd, test_slow_shepherd, test_keeper_asks_too_much, test_snapshot,
	        test_films_share);
}
