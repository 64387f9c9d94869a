/* What a role does to itself before it meets its first foreign byte. Each step fails closed: an
 * error means that the process must exit.
 *
 * monitor starts every role by fork + exec of the one binary with descriptors 0 and 1 on /dev/null,
 * 2 on the log, 3 on the channel to monitor, and everything else closed (base/spawn.h). */
#ifndef SHOJI_BASE_SANDBOX_H
#define SHOJI_BASE_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct sandbox_identity {
	uid_t uid; /* 0: stay who we are; only where the broker was not started as root */
	gid_t gid;
	const char
	        *root; /* folder to chroot to: an empty one but for keeper. Unused when uid is 0. */
};

struct sandbox_limits {
	uint64_t address_space_bytes; /* 0: leave as it is (only where a library reserves address
	                                 space) */
	uint64_t open_files;          /* at least 8 */
	uint64_t processes;           /* 0: may not fork */
	uint64_t file_bytes;          /* 0: may not write files */
};

/* no-new-privileges, rlimits, supplementary groups dropped, chroot, setgid, setuid, dumpable off,
 * no core. Checks that root cannot be had back. Returns 0 or SHOJI_ERR_SYSTEM (logged). */
int sandbox_confine(const struct sandbox_identity *identity, const struct sandbox_limits *limits);

/* One permitted system call, and why (the reason is for the reader; it is not compiled in). */
struct sandbox_call {
	int number;
};
#define SANDBOX_CALL(name, reason)                                                                 \
	{                                                                                          \
		SCMP_SYS(name)                                                                     \
	}

/* Kills the process at any system call that is not in the list. What a sanitizer's runtime needs is
 * added in builds that have one. Returns 0 or SHOJI_ERR_SYSTEM. */
int sandbox_seccomp(const struct sandbox_call *calls, size_t n_calls);

#endif
