/* encode's confinement, in force before capture's first message: no file, no network, no process, no new mapping. What an
 * encode that was taken over can still do is to write to the sockets that it has. */
#include "encode/confine.h"

#include "base/channel.h"
#include "base/session.h"

#include <malloc.h>
#include <seccomp.h>
#include <stdlib.h>

/* The largest screen takes 33 MB twice (buffer, image) and twice more for each viewer (reference, outbox); the rest are
 * libraries. */
#define ADDRESS_SPACE_BYTES (1024ull * 1024 * 1024)
#define HEAP_STEP_BYTES (256 * 1024)

const struct sandbox_limits encode_limits = {
        .address_space_bytes = ADDRESS_SPACE_BYTES,
        .open_files = 32,
        .processes = 0,
        /* A snapshot is written into a memfd of monitor's, which counts as a file. No other file is in reach. */
        .file_bytes = (uint64_t)SCREEN_WIDTH_MAX * SCREEN_HEIGHT_MAX * PIXEL_BYTES,
};

static const struct sandbox_call calls[] = {
        SANDBOX_CALL(recvmsg, "channels"),
        SANDBOX_CALL(sendmsg, "channels"),
        SANDBOX_CALL(epoll_wait, "the loop"),
        SANDBOX_CALL(epoll_ctl, "the loop: a new gate, channels that wait for room"),
        SANDBOX_CALL(clock_gettime, "the loop and the log, where the vDSO has no clock"),
        SANDBOX_CALL(write, "the log"),
        SANDBOX_CALL(pwrite64, "a snapshot, into monitor's memfd"),
        SANDBOX_CALL(fcntl, "a new channel to gate is made non-blocking"),
        SANDBOX_CALL(close, "the channel that it replaces; a snapshot's memfd"),
        SANDBOX_CALL(brk, "malloc: what waits in a channel's queue"),
        SANDBOX_CALL(madvise, "memory of an onlooker who left and of a film that ended is given "
                              "back; x264: large pages"),
        SANDBOX_CALL(restart_syscall, "a wait goes on after the process was stopped and continued"),
        SANDBOX_CALL(exit_group, "the end"),
};

void encode_prepare_heap(void)
{
	mallopt(M_MMAP_MAX, 0);
	mallopt(M_TOP_PAD, HEAP_STEP_BYTES);
	/* Given back, the heap would only be asked for again: at most a channel's queue. */
	mallopt(M_TRIM_THRESHOLD, 2 * CHANNEL_QUEUE_MAX);
	/* The first call prepares the heap with system calls that are forbidden later; a sanitizer's malloc leaves it unprepared until then. */
	malloc_trim(0);
}

int encode_seccomp(void)
{
	return sandbox_seccomp(calls, sizeof(calls) / sizeof(calls[0]));
}
