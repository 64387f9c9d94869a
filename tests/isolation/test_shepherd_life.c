/* The life of a shepherd: its lease, its control socket, later monitors, and that nothing is left when its host ends.
 * The host is a small one of the tests' own (hog.c, idle), so that this is about the shepherd. */
#include "isolation/test_host.h"

#include "base/error.h"
#include "base/loop.h"

#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static struct test_host host;

static struct test_host_options idle(void)
{
	struct test_host_options options = test_host_options();

	options.program_folder = HOG_FOLDER;
	options.start_page = "hog:idle";
	return options;
}

static void start(const struct test_host_options *options)
{
	ck_assert_msg(test_host_start(&host, options), "%s", host.detail);
}

static bool answers(void)
{
	int fd = test_host_connect_rfb(&host);
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	char text[64];
	bool is_answered = fd >= 0 && poll(&ready, 1, 2000) > 0 && read(fd, text, sizeof(text)) > 0;

	if (fd >= 0)
		close(fd);
	return is_answered;
}

/* A host's mounts are in its own namespace: none of them is seen from the machine. */
static unsigned mounts_of_host(void)
{
	char line[1024];
	unsigned n = 0;
	FILE *file = fopen("/proc/self/mounts", "re");

	while (file && fgets(line, sizeof(line), file))
		n += strstr(line, host.folder) != NULL;
	if (file)
		fclose(file);
	return n;
}

START_TEST(runs_and_ends_when_told)
{
	struct test_host_options options = idle();

	start(&options);
	ck_assert(answers());
	ck_assert(answers());
	/* In a process session of its own, and nobody's child but init's. */
	ck_assert_int_ne(getsid(host.shepherd_pid), getsid(0));
	ck_assert_uint_eq(mounts_of_host(), 0);
	ck_assert(test_host_finish(&host));
	ck_assert_int_eq(host.reason, END_BROKER);
}
END_TEST

START_TEST(ends_when_the_lease_is_not_renewed)
{
	struct test_host_options options = idle();
	uint64_t begin_ms;

	options.lease_s = 2;
	start(&options);
	begin_ms = clock_now_ms();
	/* Renewed for longer than the first lease. */
	while (clock_now_ms() - begin_ms < 3000) {
		test_host_renew(&host, 2);
		ck_assert(!test_host_wait_ended(&host, 300));
	}
	begin_ms = clock_now_ms();
	ck_assert(test_host_wait_ended(&host, 5000));
	ck_assert_uint_ge(clock_now_ms() - begin_ms, 1500);
	ck_assert_uint_le(clock_now_ms() - begin_ms, 3000);
	ck_assert_int_eq(host.reason, END_LEASE_LOST);
	ck_assert(test_host_finish(&host));
}
END_TEST

static bool is_shepherd_gone(void *data)
{
	(void)data;
	return kill(host.shepherd_pid, 0) < 0;
}

/* The broker is gone for good: nothing outlives it for longer than the lease. */
START_TEST(nothing_outlives_a_broker_that_never_comes_back)
{
	struct test_host_options options = idle();

	options.lease_s = 2;
	start(&options);
	test_host_forget(&host);
	usleep(1000000);
	ck_assert(!is_shepherd_gone(NULL));
	ck_assert(test_wait(is_shepherd_gone, NULL, 6000));
	ck_assert(test_host_finish(&host));
}
END_TEST

START_TEST(is_adopted_by_a_later_broker)
{
	struct test_host_options options = idle();
	pid_t host_pid;

	start(&options);
	host_pid = host.host_pid;
	for (int i = 0; i < 3; i++) {
		test_host_forget(&host);
		ck_assert(test_host_adopt(&host));
		ck_assert_int_eq(host.host_pid, host_pid);
		ck_assert(answers());
	}
	ck_assert(test_host_finish(&host));
}
END_TEST

/* While one monitor is there, the next waits; it is greeted when the first has gone. */
START_TEST(one_monitor_at_a_time)
{
	struct test_host_options options = idle();
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct pollfd ready = {.events = POLLIN};

	start(&options);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/control.sock", host.folder);
	ready.fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(connect(ready.fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(poll(&ready, 1, 300), 0);
	ck_assert(answers());
	test_host_forget(&host);
	ck_assert_int_eq(poll(&ready, 1, 2000), 1);
	ck_assert_int_eq(ready.revents & POLLHUP, 0);
	close(ready.fd);
	ck_assert(test_host_adopt(&host));
	ck_assert(test_host_finish(&host));
}
END_TEST

/* The lock's file mode keeps others away already; the shepherd looks for itself who gives orders. */
START_TEST(takes_no_orders_from_another_user)
{
	struct test_host_options options = idle();
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char path[100];
	int status;

	start(&options);
	snprintf(path, sizeof(path), "%s/control.sock", host.folder);
	ck_assert_int_eq(chmod(path, 0666), 0);
	test_host_forget(&host);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	pid_t pid = fork();
	if (pid == 0) {
		/* The host's own uid: what a host that broke out would have. */
		if (setresuid(host.options.uid, host.options.uid, host.options.uid) < 0)
			_exit(2);
		struct pollfd ready = {.events = POLLIN};
		char byte;
		ready.fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
		if (connect(ready.fd, (struct sockaddr *)&address, sizeof(address)) < 0)
			_exit(3);
		/* Closed without a word. */
		_exit(poll(&ready, 1, 2000) == 1 && read(ready.fd, &byte, 1) <= 0 ? 0 : 4);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WEXITSTATUS(status), 0);
	ck_assert(test_host_adopt(&host));
	ck_assert(test_host_finish(&host));
}
END_TEST

START_TEST(tells_that_the_host_ended_by_itself)
{
	struct test_host_options options = idle();

	start(&options);
	ck_assert_int_eq(kill(host.host_pid, SIGKILL), 0);
	ck_assert(test_host_wait_ended(&host, 3000));
	ck_assert_int_eq(host.reason, END_HOST_EXITED);
	ck_assert_ptr_nonnull(strstr(host.detail, "signal 9"));
	ck_assert(test_host_finish(&host));

	options.start_page = "hog:exit";
	test_host_start(&host, &options);
	ck_assert(host.has_ended || test_host_wait_ended(&host, 3000));
	ck_assert_ptr_nonnull(strstr(host.detail, "Xvnc ended"));
	ck_assert(test_host_finish(&host));
}
END_TEST

START_TEST(dies_with_its_shepherd)
{
	struct test_host_options options = idle();

	start(&options);
	ck_assert_int_eq(kill(host.shepherd_pid, SIGKILL), 0);
	/* test_host_finish() waits until nobody has the uid. */
	ck_assert(test_host_finish(&host));
}
END_TEST

START_TEST(says_why_the_sandbox_cannot_be_made)
{
	struct test_host_options options = idle();
	char doors[128];

	ck_assert(test_host_prepare(&host, &options));
	/* bubblewrap cannot bind what is not there. */
	snprintf(doors, sizeof(doors), "%s/doors/proxy.sock", host.folder);
	ck_assert_int_eq(unlink(doors), 0);
	*strrchr(doors, '/') = '\0';
	ck_assert_int_eq(rmdir(doors), 0);
	ck_assert(!test_host_go(&host));
	ck_assert(host.has_ended);
	ck_assert_int_eq(host.reason, END_START_FAILED);
	ck_assert_ptr_nonnull(strstr(host.detail, "bwrap"));
	ck_assert_int_eq(mkdir(doors, 0755), 0);
	ck_assert(test_host_finish(&host));
}
END_TEST

START_TEST(refuses_to_run_a_host_as_root)
{
	struct test_host_options options = idle();

	options.uid = 0;
	ck_assert(test_host_prepare_as(&host, &options, 0));
	ck_assert(test_host_wait_ended(&host, 3000));
	ck_assert_int_eq(host.reason, END_START_FAILED);
	ck_assert(test_host_finish(&host));
}
END_TEST

static bool is_uid_unused(void *data)
{
	return test_processes_of(*(const uid_t *)data) == 0;
}

/* Started by a plain user: one uid for all, everything else as ever. */
START_TEST(works_without_root)
{
	int status;
	uid_t uid = test_host_uid(0);
	pid_t pid = fork();

	if (pid == 0) {
		struct test_host_options options = idle();
		if (setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0)
			_exit(2);
		/* As a user's own shell would be; without it /proc/self/exe cannot be executed again. */
		prctl(PR_SET_DUMPABLE, 1);
		if (!test_host_start(&host, &options))
			_exit(3);
		if (!answers())
			_exit(4);
		test_host_forget(&host);
		if (!test_host_adopt(&host))
			_exit(5);
		_exit(test_host_finish(&host) ? 0 : 6);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WEXITSTATUS(status), 0);
	ck_assert(test_wait(is_uid_unused, &uid, 3000));
}
END_TEST

int main(int argc, char *argv[])
{
	int status;

	if (test_host_is_shepherd(argc, argv, &status))
		return status;
	if (geteuid() != 0) {
		fprintf(stderr, "test-shepherd_life: must be run as root\n");
		return EXIT_FAILURE;
	}
	Suite *suite = suite_create("shepherd-life");
	TCase *cases = tcase_create("life");
	tcase_add_test(cases, runs_and_ends_when_told);
	tcase_add_test(cases, ends_when_the_lease_is_not_renewed);
	tcase_add_test(cases, nothing_outlives_a_broker_that_never_comes_back);
	tcase_add_test(cases, is_adopted_by_a_later_broker);
	tcase_add_test(cases, one_monitor_at_a_time);
	tcase_add_test(cases, takes_no_orders_from_another_user);
	tcase_add_test(cases, tells_that_the_host_ended_by_itself);
	tcase_add_test(cases, dies_with_its_shepherd);
	tcase_add_test(cases, says_why_the_sandbox_cannot_be_made);
	tcase_add_test(cases, refuses_to_run_a_host_as_root);
	tcase_add_test(cases, works_without_root);
	tcase_set_timeout(cases, 60);
	suite_add_tcase(suite, cases);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int n_failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
