/* capture's confinement, in force before the first byte from the isolated host: no file, no network, no process. What
 * a capture that was taken over can still do is to write to its sockets and into its pixel buffer. */
#include "capture/confine.h"

#include <seccomp.h>
#include <sys/resource.h>

/* The largest pixel buffer is 33 MB; the rest are libraries, of which the one binary loads many. */
#define ADDRESS_SPACE_BYTES (1024ull * 1024 * 1024)

const struct sandbox_limits capture_limits = {
        .address_space_bytes = ADDRESS_SPACE_BYTES,
        .open_files = 32,
        .processes = 0,
        /* The log may be a file, and a limit would end the process at its next line (SIGXFSZ). Nothing else that
         * is open is a file, and none can be opened. */
        .file_bytes = RLIM_INFINITY,
};

static const struct sandbox_call calls[] = {
        SANDBOX_CALL(read, "RFB"),
        SANDBOX_CALL(write, "RFB, by libvncclient; the log"),
        SANDBOX_CALL(poll, "whether the RFB socket takes bytes"),
        SANDBOX_CALL(pselect6, "libvncclient waits with it, should a write not fit after all"),
        SANDBOX_CALL(recvmsg, "channels"),
        SANDBOX_CALL(sendmsg, "channels"),
        SANDBOX_CALL(epoll_wait, "the loop"),
        SANDBOX_CALL(epoll_ctl, "the loop: a new input channel, pauses"),
        SANDBOX_CALL(clock_gettime, "deadlines, where the vDSO has no clock"),
        SANDBOX_CALL(fcntl, "a new input channel is made non-blocking"),
        SANDBOX_CALL(close, "the input channel that it replaces"),
        SANDBOX_CALL(brk, "malloc: the new channel's buffer, waiting messages"),
        SANDBOX_CALL(mmap, "the same, above 128 KiB"),
        SANDBOX_CALL(munmap, "free"),
        SANDBOX_CALL(restart_syscall, "a wait goes on after the process was stopped and continued"),
        SANDBOX_CALL(exit_group, "the end"),
};

int capture_seccomp(void)
{
	return sandbox_seccomp(calls, sizeof(calls) / sizeof(calls[0]));
}
