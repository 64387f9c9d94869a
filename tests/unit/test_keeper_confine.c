/* What keeper and the hash workers may ask of the kernel: each forbidden call ends the process, and without the list
 * the same call succeeds. */
#include "base/sandbox.h"
#include "hash/sandbox_calls.h"
#include "keeper/sandbox_calls.h"
#include "suite.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

typedef long (*probe_fn)(void);

static long probe_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

static long probe_unix_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

static long probe_fork(void)
{
	pid_t pid = (pid_t)syscall(SYS_clone, (long)SIGCHLD, 0L, 0L, 0L, 0L);

	if (pid == 0)
		_exit(0);
	return pid;
}

static long probe_open(void)
{
	return open("/", O_RDONLY);
}

static long probe_kill(void)
{
	return kill(getppid(), 0);
}

static long probe_memfd(void)
{
	return memfd_create("x", 0);
}

static long probe_ptrace(void)
{
	return process_vm_readv(getppid(), NULL, 0, NULL, 0, 0);
}

/* Wait status of a child that confines itself to the calls (NULL: not at all) and then probes. */
static int run(const struct sandbox_call *calls, size_t n_calls, probe_fn probe)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		/* Without root a list needs no-new-privileges. */
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
			_exit(3);
		if (calls && sandbox_seccomp(calls, n_calls))
			_exit(2);
		_exit(probe() >= 0 ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

static void check(const struct sandbox_call *calls, size_t n_calls, probe_fn probe, size_t which)
{
	int free_status = run(NULL, 0, probe);
	int status = run(calls, n_calls, probe);

	ck_assert_msg(free_status == 0, "probe %zu fails without a list too", which);
	ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS, "probe %zu: status %d",
	        which, status);
}

static const probe_fn probes[] = {
        probe_socket, probe_unix_socket, probe_fork, probe_kill, probe_memfd, probe_ptrace};

START_TEST(keeper_has_no_network_and_no_children)
{
	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++)
		check(keeper_calls, keeper_n_calls, probes[i], i);
	/* Files it has: its root is its own folder. */
	ck_assert_int_eq(run(keeper_calls, keeper_n_calls, probe_open), 0);
}
END_TEST

START_TEST(hash_has_not_even_files)
{
	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++)
		check(hash_calls, hash_n_calls, probes[i], i);
	check(hash_calls, hash_n_calls, probe_open, 99);
}
END_TEST

int main(void)
{
	return SUITE_RUN(
	        "keeper-confine", keeper_has_no_network_and_no_children, hash_has_not_even_files);
}
