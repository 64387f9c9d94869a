/* A byte of a file for each account: ranges that overlap meet, whatever the two configurations say else. */
#include "monitor/accounts_lock.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int complain_of_holder(
        int fd, const struct flock *wanted, uint64_t n, char *complaint, size_t size)
{
	struct flock holder = *wanted;

	if (fcntl(fd, F_GETLK, &holder) < 0 || holder.l_type == F_UNLCK)
		holder.l_pid = 0;
	snprintf(complaint, size,
	        "accounts %jd to %jd: another broker on this machine (process %d) has some of "
	        "them, and "
	        "each would kill the other's sessions. Stop it, or give this one accounts of its "
	        "own: "
	        "accounts.sessions_first and the %" PRIu64 " from there on",
	        (intmax_t)wanted->l_start, (intmax_t)(wanted->l_start + wanted->l_len - 1),
	        (int)holder.l_pid, n);
	return SHOJI_ERR_EXISTS;
}

int accounts_lock(
        const char *path, uint64_t first, uint64_t n, int *fd, char *complaint, size_t size)
{
	struct flock lock = {.l_type = F_WRLCK,
	        .l_whence = SEEK_SET,
	        .l_start = (off_t)first,
	        .l_len = (off_t)n};
	int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int error = 0;

	if (file >= 0 && fcntl(file, F_SETLK, &lock) == 0) {
		*fd = file;
		return 0;
	}
	if (file >= 0 && (errno == EAGAIN || errno == EACCES)) {
		error = complain_of_holder(file, &lock, n, complaint, size);
	} else {
		snprintf(complaint, size, "%s: %s", path, strerror(errno));
		error = SHOJI_ERR_SYSTEM;
	}
	if (file >= 0)
		close(file);
	return error;
}
