/* The doors lie in a folder that the host never sees: a host that could replace the socket by a symbolic
 * link would choose what the broker connects to. */
#include "shepherd/door.h"

#include "base/error.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* capture is one client; while it is replaced there are two. */
#define BACKLOG 4

typedef int (*socket_fn)(int fd, const struct sockaddr *address, socklen_t length);

/* A run folder's path may be longer than a socket's address: from within the folder, by name. */
static int in_folder(const struct door *self, int fd, socket_fn call)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int result, saved_errno;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", self->name);
	if (fchdir(self->folder) < 0)
		return -1;
	result = call(fd, (const struct sockaddr *)&address, sizeof(address));
	saved_errno = errno;
	if (chdir("/") < 0)
		return -1;
	errno = saved_errno;
	return result;
}

int door_open(struct door *self, const char *run_folder, const char *name)
{
	char path[PATH_MAX];

	*self = (struct door){.name = name, .folder = -1, .listener = -1};
	snprintf(path, sizeof(path), "%s/rfb", run_folder);
	self->folder = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (self->folder >= 0)
		self->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (self->listener < 0 || in_folder(self, self->listener, bind) < 0 ||
	        listen(self->listener, BACKLOG) < 0) {
		log_error(0, "cannot listen on %s/%s: %m", path, name);
		door_close(self);
		return SHOJI_ERR_SYSTEM;
	}
	return 0;
}

int door_connect(const struct door *self)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0 && in_folder(self, fd, connect) < 0) {
		int saved_errno = errno;
		close(fd);
		errno = saved_errno;
		return -1;
	}
	return fd;
}

void door_hand_over(struct door *self)
{
	if (self->listener >= 0)
		close(self->listener);
	self->listener = -1;
}

void door_close(struct door *self)
{
	door_hand_over(self);
	if (self->folder >= 0)
		close(self->folder);
	self->folder = -1;
}
