/* Buffered reading for the input agent. Everybody whom it speaks with is inside the isolated host, but capture. */
#include "guest/agent_line.h"

#include "base/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

bool agent_line_open(struct agent_line *self, struct loop *loop, int fd,
        void (*on_event)(void *data, unsigned events), void *data)
{
	self->fd = fd;
	self->length = 0;
	self->watch = fcntl(fd, F_SETFL, O_NONBLOCK) < 0
	                      ? NULL
	                      : watch_new(loop, fd, LOOP_READ, on_event, data);
	if (!self->watch)
		agent_line_close(self);
	return self->watch != NULL;
}

bool agent_line_read(struct agent_line *self)
{
	while (self->length < sizeof(self->bytes)) {
		ssize_t n = recv(self->fd, self->bytes + self->length,
		        sizeof(self->bytes) - self->length, MSG_DONTWAIT);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		if (n == 0)
			return false;
		self->length += (size_t)n;
	}
	return true;
}

void agent_line_consume(struct agent_line *self, size_t length)
{
	self->length -= length;
	memmove(self->bytes, self->bytes + length, self->length);
}

void agent_line_write(struct agent_line *self, const uint8_t *bytes, size_t length)
{
	if (self->fd >= 0 &&
	        send(self->fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)length)
		agent_line_close(self);
}

void agent_line_close(struct agent_line *self)
{
	watch_free(self->watch);
	self->watch = NULL;
	if (self->fd >= 0)
		close(self->fd);
	self->fd = -1;
}
