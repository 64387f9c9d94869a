/* Confinement, on processes of its own: each wall is tried with and without it. */
#include "unit/suite.h"

#include "base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char root[] = "/tmp/shoji-test-root-XXXXXX";

static int run(int (*body)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(body());
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

static int confine(void)
{
	struct sandbox_identity identity = {.uid = 61990, .gid = 61990, .root = root};
	struct sandbox_limits limits = {.open_files = 16};

	return sandbox_confine(&identity, &limits);
}

static int probe_confined(void)
{
	if (confine())
		return 1;
	if (open("/etc/passwd", O_RDONLY) >= 0)
		return 2;
	if (setuid(0) == 0 || getuid() != 61990 || getegid() != 61990)
		return 3;
	if (fork() >= 0)
		return 4;
	if (open("/file", O_CREAT | O_WRONLY, 0600) >= 0)
		return 5;
	for (int i = 0; i < 32; i++)
		if (dup(0) < 0)
			return 0;
	return 6;
}

/* The same probes, with the wall removed, succeed: they can tell. */
static int probe_free(void)
{
	if (open("/etc/passwd", O_RDONLY) < 0)
		return 2;
	pid_t pid = fork();
	if (pid == 0)
		_exit(0);
	if (pid < 0)
		return 4;
	for (int i = 0; i < 32; i++)
		if (dup(0) < 0)
			return 6;
	return 0;
}

START_TEST(test_confine)
{
	ck_assert_msg(getuid() == 0, "this test needs root: ./check runs as root");
	ck_assert_ptr_nonnull(mkdtemp(root));
	chmod(root, 0555);
	int confined = run(probe_confined), is_free = run(probe_free);
	rmdir(root);
	ck_assert_int_eq(confined, 0);
	ck_assert_int_eq(is_free, 0);
}
END_TEST

static const struct sandbox_call calls[] = {
        SANDBOX_CALL(exit_group, "to say how it went"),
        SANDBOX_CALL(exit, "same"),
};

static int probe_permitted(void)
{
	return sandbox_seccomp(calls, 2) ? 1 : 0;
}

static int probe_forbidden(void)
{
	if (sandbox_seccomp(calls, 2))
		return 1;
	return socket(AF_INET, SOCK_STREAM, 0) >= 0 ? 2 : 3;
}

START_TEST(test_seccomp_kills)
{
	ck_assert_int_eq(run(probe_permitted), 0);
	int status = run(probe_forbidden);
	ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS, "status %d", status);
}
END_TEST

int main(void)
{
	return SUITE_RUN("base-sandbox", test_confine, test_seccomp_kills);
}
