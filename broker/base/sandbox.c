/* Confinement of a role: it stands between the role and everything that it must never reach. */
#include "base/sandbox.h"

#include "base/error.h"
#include "base/log.h"

#include <errno.h>
#include <grp.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#endif
#ifndef HAS_ASAN
#define HAS_ASAN 0
#endif

static int fail(const char *step)
{
	log_error(0, "cannot confine this role: %s: %m", step);
	return SHOJI_ERR_SYSTEM;
}

static int limit(int resource, uint64_t value, const char *name)
{
	struct rlimit both = {.rlim_cur = value, .rlim_max = value};
	struct rlimit now;

	/* CAP_SYS_RESOURCE is not assumed: a hard limit is never raised, only kept or lowered. */
	if (getrlimit(resource, &now) == 0 && now.rlim_max != RLIM_INFINITY && now.rlim_max < value)
		both.rlim_cur = both.rlim_max = now.rlim_max;
	return setrlimit(resource, &both) < 0 ? fail(name) : 0;
}

/* The broker's log may be a plain file (2>shoji.log): RLIMIT_FSIZE would end a role at its first line of
 * log. No other file can be had in an empty root by an account that owns nothing. */
static bool is_log_a_file(void)
{
	struct stat log;

	return fstat(STDERR_FILENO, &log) == 0 && S_ISREG(log.st_mode);
}

static int set_limits(const struct sandbox_limits *limits)
{
	int error = limit(RLIMIT_CORE, 0, "RLIMIT_CORE");

	if (!error)
		error = limit(RLIMIT_NOFILE, limits->open_files, "RLIMIT_NOFILE");
	if (!error)
		error = limit(RLIMIT_NPROC, limits->processes, "RLIMIT_NPROC");
	if (!error && !is_log_a_file())
		error = limit(RLIMIT_FSIZE, limits->file_bytes, "RLIMIT_FSIZE");
	/* ASan's shadow memory alone is 16 TiB of address space. */
	if (!error && limits->address_space_bytes && !HAS_ASAN)
		error = limit(RLIMIT_AS, limits->address_space_bytes, "RLIMIT_AS");
	return error;
}

static int become(const struct sandbox_identity *identity)
{
	/* chroot while still root, into a place where nothing can be opened or made. */
	if (chroot(identity->root) < 0)
		return fail("chroot");
	if (chdir("/") < 0)
		return fail("chdir");
	if (setgroups(0, NULL) < 0)
		return fail("setgroups");
	if (setresgid(identity->gid, identity->gid, identity->gid) < 0)
		return fail("setresgid");
	if (setresuid(identity->uid, identity->uid, identity->uid) < 0)
		return fail("setresuid");
	if (setuid(0) == 0 || setgid(0) == 0) {
		errno = EPERM;
		return fail("root could be had back");
	}
	return 0;
}

int sandbox_confine(const struct sandbox_identity *identity, const struct sandbox_limits *limits)
{
	int error = set_limits(limits);

	if (error)
		return error;
	if (identity->uid != 0)
		error = become(identity);
	if (error)
		return error;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail("no_new_privs");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return fail("dumpable");
	return 0;
}

#if HAS_ASAN
/* What the sanitizers' runtime calls while it checks and when it reports. */
static const struct sandbox_call sanitizer_calls[] = {
        SANDBOX_CALL(mmap, "shadow and quarantine"),
        SANDBOX_CALL(munmap, "same"),
        SANDBOX_CALL(mremap, "same"),
        SANDBOX_CALL(mprotect, "same"),
        SANDBOX_CALL(madvise, "same"),
        SANDBOX_CALL(brk, "same"),
        SANDBOX_CALL(sched_yield, "its spin locks"),
        SANDBOX_CALL(futex, "its mutexes"),
        SANDBOX_CALL(sigaltstack, "report on a fault"),
        SANDBOX_CALL(rt_sigaction, "same"),
        SANDBOX_CALL(rt_sigprocmask, "same"),
        SANDBOX_CALL(getpid, "report"),
        SANDBOX_CALL(gettid, "report"),
        SANDBOX_CALL(write, "report"),
        SANDBOX_CALL(getrlimit, "stack bounds"),
        SANDBOX_CALL(prlimit64, "stack bounds"),
        SANDBOX_CALL(readlink, "report: the program's name"),
};
#endif

static int allow(scmp_filter_ctx filter, const struct sandbox_call *calls, size_t n_calls)
{
	for (size_t i = 0; i < n_calls; i++)
		if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i].number, 0) < 0)
			return SHOJI_ERR_SYSTEM;
	return 0;
}

int sandbox_seccomp(const struct sandbox_call *calls, size_t n_calls)
{
	/* glibc's gmtime_r(), which every line of log calls, opens /etc/localtime the first time. */
	tzset();
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int error = filter ? allow(filter, calls, n_calls) : SHOJI_ERR_MEMORY;

#if HAS_ASAN
	if (!error)
		error = allow(filter, sanitizer_calls,
		        sizeof(sanitizer_calls) / sizeof(sanitizer_calls[0]));
#endif
	if (!error && seccomp_load(filter) < 0)
		error = SHOJI_ERR_SYSTEM;
	seccomp_release(filter);
	if (error)
		fail("seccomp");
	return error;
}
