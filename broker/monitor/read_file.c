/* Reads the administrator's files on behalf of roles that can open none. Their contents are not
 * looked at. */
#include "monitor/read_file.h"

#include "base/assets.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int read_all(int fd, char *out, size_t length)
{
	size_t at = 0;

	while (at < length) {
		ssize_t n = read(fd, out + at, length - at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return SHOJI_ERR_SYSTEM; /* it shrank while it was read */
		at += (size_t)n;
	}
	return 0;
}

static int read_open(int fd, size_t max, char **out, size_t *length)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return SHOJI_ERR_SYSTEM;
	if (!S_ISREG(status.st_mode)) {
		errno = EINVAL;
		return SHOJI_ERR_SYSTEM;
	}
	if (status.st_size < 0 || (size_t)status.st_size > max)
		return SHOJI_ERR_LIMIT;
	char *bytes = calloc(1, (size_t)status.st_size + 1);
	if (!bytes)
		return SHOJI_ERR_MEMORY;
	int error = read_all(fd, bytes, (size_t)status.st_size);
	if (error) {
		free(bytes);
		return error;
	}
	*out = bytes;
	*length = (size_t)status.st_size;
	return 0;
}

int read_file(
        const char *path, size_t max, char **out, size_t *length, char *complaint, size_t size)
{
	/* Non-blocking: a FIFO in the place of a file must not stop the broker. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int error = fd < 0 ? SHOJI_ERR_SYSTEM : read_open(fd, max, out, length);

	if (error == SHOJI_ERR_LIMIT)
		snprintf(complaint, size, "%s: larger than %zu bytes", path, max);
	else if (error)
		snprintf(complaint, size, "%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return error;
}

int read_file_sealed(
        const char *path, size_t max, const char *name, int *fd, char *complaint, size_t size)
{
	size_t length;
	char *bytes;
	int error = read_file(path, max, &bytes, &length, complaint, size);

	if (error)
		return error;
	error = memfd_sealed(name, bytes, length, fd);
	if (error)
		snprintf(
		        complaint, size, "%s: cannot be held in memory: %s", path, strerror(errno));
	explicit_bzero(bytes, length);
	free(bytes);
	return error;
}
