/* What a capture that was taken over cannot do: each forbidden system call, made under capture's own confinement, ends
 * in SIGSYS; the same call without it does not. */
#include "unit/suite.h"

#include "capture/confine.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Numbers and harmless arguments: most fail, which is not the point. */
static const struct {
	const char *name;
	long number;
	long arguments[3];
} forbidden[] = {
        {"open", SYS_open, {(long)"/dev/null", 0, 0}},
        {"openat", SYS_openat, {-100, (long)"/dev/null", 0}},
        {"socket", SYS_socket, {1, 1, 0}},
        {"connect", SYS_connect, {-1, 0, 0}},
        {"bind", SYS_bind, {-1, 0, 0}},
        {"execve", SYS_execve, {0, 0, 0}},
        {"fork", SYS_fork, {0}},
        {"getppid", SYS_getppid, {0}},
        {"kill", SYS_kill, {0, 0, 0}},
        {"ptrace", SYS_ptrace, {-1, 0, 0}},
        {"ioctl", SYS_ioctl, {2, 0x5401, 0}},
        {"memfd_create", SYS_memfd_create, {(long)"x", 0, 0}},
        {"ftruncate", SYS_ftruncate, {-1, 0, 0}},
        {"unlink", SYS_unlink, {(long)"/nonexistent", 0, 0}},
        {"mkdir", SYS_mkdir, {(long)"/nonexistent/x", 0, 0}},
        {"prctl", SYS_prctl, {-1, 0, 0}},
        {"seccomp", SYS_seccomp, {-1, 0, 0}},
        {"unshare", SYS_unshare, {0, 0, 0}},
        {"mount", SYS_mount, {0, 0, 0}},
        {"setuid", SYS_setuid, {-1, 0, 0}},
        {"process_vm_readv", SYS_process_vm_readv, {-1, 0, 0}},
        {"io_uring_setup", SYS_io_uring_setup, {0, 0, 0}},
        {"bpf", SYS_bpf, {-1, 0, 0}},
        {"shmget", SYS_shmget, {0, 0, 0}},
        {"pidfd_getfd", SYS_pidfd_getfd, {-1, 0, 0}},
};
#define N_FORBIDDEN (sizeof(forbidden) / sizeof(forbidden[0]))

/* Makes the call in a child; the signal that ended it, or 0. */
static int call(size_t i, bool is_confined)
{
	const struct sandbox_identity stay = {0};
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		const long *arguments = forbidden[i].arguments;
		if (is_confined && (sandbox_confine(&stay, &capture_limits) || capture_seccomp()))
			_exit(99);
		long result =
		        syscall(forbidden[i].number, arguments[0], arguments[1], arguments[2]);
		/* The control's fork returns twice. */
		_exit(forbidden[i].number == SYS_fork && result == 0 ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(!WIFEXITED(status) || WEXITSTATUS(status) != 99, "no confinement");
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

START_TEST(forbidden_calls_kill)
{
	for (size_t i = 0; i < N_FORBIDDEN; i++) {
		ck_assert_msg(call(i, false) == 0, "%s does not work here", forbidden[i].name);
		ck_assert_msg(call(i, true) == SIGSYS, "%s is permitted", forbidden[i].name);
	}
}
END_TEST

START_TEST(what_it_needs_works)
{
	const struct sandbox_identity stay = {0};
	int pipes[2], status;
	char byte = 'x';

	ck_assert_int_eq(pipe(pipes), 0);
	pid_t pid = fork();
	if (pid == 0) {
		if (sandbox_confine(&stay, &capture_limits) || capture_seccomp())
			_exit(99);
		bool is_working = write(pipes[1], &byte, 1) == 1 && read(pipes[0], &byte, 1) == 1;
		free(malloc(300 * 1024));
		free(malloc(70 * 1024));
		_exit(is_working ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
END_TEST

int main(void)
{
	return SUITE_RUN("capture confinement", forbidden_calls_kill, what_it_needs_works);
}
