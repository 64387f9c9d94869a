/* encode's seccomp list: each system call that it must not make kills the process that tries. */
#include "unit/suite.h"

#include "encode/confine.h"

#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the child of one probe does behind encode's own seccomp list. */
static int probe(long number)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		encode_prepare_heap();
		if (encode_seccomp())
			_exit(98);
		syscall(number, -1, 0, 0, 0, 0, 0);
		_exit(0);
	}
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

START_TEST(forbidden_system_calls)
{
	static const long forbidden[] = {SYS_open, SYS_openat, SYS_socket, SYS_connect, SYS_bind,
	        SYS_accept4, SYS_execve, SYS_execveat, SYS_fork, SYS_vfork, SYS_clone, SYS_clone3,
	        SYS_kill, SYS_tgkill, SYS_ptrace, SYS_process_vm_readv, SYS_memfd_create, SYS_ioctl,
	        SYS_unlink, SYS_mount, SYS_chroot, SYS_setuid, SYS_prctl, SYS_bpf, SYS_userfaultfd,
	        SYS_io_uring_setup, SYS_shmget, SYS_getrandom, SYS_dup2, SYS_read};
	static const long permitted[] = {SYS_write, SYS_close, SYS_clock_gettime, SYS_brk};

	for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++) {
		int status = probe(forbidden[i]);
		ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS,
		        "system call %ld was not forbidden: status %x", forbidden[i], status);
	}
	for (size_t i = 0; i < sizeof(permitted) / sizeof(permitted[0]); i++)
		ck_assert_int_eq(probe(permitted[i]), 0);
}
END_TEST

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN
#endif

/* ASan's runtime maps memory whenever it likes, and the list of an ASan build lets it. */
#ifdef HAS_ASAN
#define PLAIN_TESTS
#else
START_TEST(no_new_mappings)
{
	static const long mapping[] = {SYS_mmap, SYS_mprotect, SYS_munmap, SYS_mremap};

	for (size_t i = 0; i < sizeof(mapping) / sizeof(mapping[0]); i++) {
		int status = probe(mapping[i]);
		ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
	}
}
END_TEST
#define PLAIN_TESTS , no_new_mappings
#endif

int main(void)
{
	return SUITE_RUN("encode's wall", forbidden_system_calls PLAIN_TESTS);
}
