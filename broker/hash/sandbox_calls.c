/* The hash role's list of permitted system calls: passwords come in, hashes go out, nothing else moves. */
#include "hash/sandbox_calls.h"

#include <seccomp.h>

/* Everything that this role calls from its first job on. */
const struct sandbox_call hash_calls[] = {
        SANDBOX_CALL(epoll_wait, "the loop"),
        SANDBOX_CALL(epoll_pwait, "the loop, on architectures without epoll_wait"),
        SANDBOX_CALL(epoll_ctl, "the loop starts and stops watching its two channels"),
        SANDBOX_CALL(recvmsg, "jobs from keeper"),
        SANDBOX_CALL(sendmsg, "results to keeper"),
        SANDBOX_CALL(getrandom, "the salt of a new hash"),
        SANDBOX_CALL(mmap, "argon2's memory: 64 MiB a job, given back after it"),
        SANDBOX_CALL(munmap, "same"),
        SANDBOX_CALL(brk, "small allocations"),
        SANDBOX_CALL(clock_gettime, "the loop's clock, where the vDSO has none"),
        SANDBOX_CALL(write, "log lines to descriptor 2"),
        SANDBOX_CALL(close, "descriptors that a peer should not have sent"),
        SANDBOX_CALL(exit_group, "the end"),
        SANDBOX_CALL(rt_sigreturn, "return from a signal that was stopped and continued"),
        SANDBOX_CALL(restart_syscall, "same: an interrupted wait goes on"),
};
const size_t hash_n_calls = sizeof(hash_calls) / sizeof(hash_calls[0]);
