/* Moves bytes that nobody here looks at: what is inside a tunnel is between the isolated host and the web. */
#include "egress/proxy_flow.h"

#include "base/ensure.h"
#include "base/error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static void drop_buffer(struct proxy_flow *self)
{
	free(self->buffer);
	self->buffer = NULL;
	self->start = self->length = 0;
}

static void drop_prefix(struct proxy_flow *self)
{
	free(self->prefix);
	self->prefix = NULL;
	self->prefix_length = self->prefix_sent = 0;
}

void proxy_flow_finish(struct proxy_flow *self)
{
	drop_buffer(self);
	drop_prefix(self);
}

void proxy_flow_kill(struct proxy_flow *self)
{
	proxy_flow_finish(self);
	self->source_ended = self->sink_ended = true;
}

int proxy_flow_add_prefix(struct proxy_flow *self, const void *bytes, size_t length)
{
	uint8_t *prefix = realloc(self->prefix, self->prefix_length + length);

	if (!prefix)
		return SHOJI_ERR_MEMORY;
	memcpy(prefix + self->prefix_length, bytes, length);
	self->prefix = prefix;
	self->prefix_length += length;
	return 0;
}

bool proxy_flow_has_room(const struct proxy_flow *self)
{
	return self->length < PROXY_FLOW_BYTES;
}

bool proxy_flow_has_prefix(const struct proxy_flow *self)
{
	return self->prefix != NULL;
}

bool proxy_flow_is_empty(const struct proxy_flow *self)
{
	return !self->prefix && self->length == 0;
}

const uint8_t *proxy_flow_bytes(const struct proxy_flow *self, size_t *length)
{
	*length = self->length;
	return self->buffer ? self->buffer + self->start : NULL;
}

void proxy_flow_consume(struct proxy_flow *self, size_t length)
{
	ensure(length <= self->length);
	self->start += length;
	self->length -= length;
	if (self->length == 0)
		drop_buffer(self);
}

void proxy_flow_cut(struct proxy_flow *self, size_t length)
{
	ensure(length <= self->length);
	self->length -= length;
	if (self->length == 0)
		drop_buffer(self);
}

static int make_room(struct proxy_flow *self)
{
	if (!self->buffer)
		self->buffer = malloc(PROXY_FLOW_BYTES);
	if (!self->buffer)
		return SHOJI_ERR_MEMORY;
	if (self->start > 0)
		memmove(self->buffer, self->buffer + self->start, self->length);
	self->start = 0;
	return 0;
}

int proxy_flow_read(struct proxy_flow *self, int fd)
{
	ensure(proxy_flow_has_room(self));
	if (make_room(self))
		return SHOJI_ERR_MEMORY;
	ssize_t n = recv(fd, self->buffer + self->length, PROXY_FLOW_BYTES - self->length, 0);
	int saved_errno = errno;
	if (n > 0) {
		self->length += (size_t)n;
		return (int)n;
	}
	if (self->length == 0)
		drop_buffer(self);
	if (n == 0) {
		self->source_ended = true;
		return 0;
	}
	return saved_errno == EAGAIN || saved_errno == EINTR ? SHOJI_ERR_AGAIN : SHOJI_ERR_CLOSED;
}

/* >=0 bytes taken by the kernel, 0 when it takes none now. */
static int send_some(int fd, const uint8_t *bytes, size_t length)
{
	ssize_t n = send(fd, bytes, length, MSG_NOSIGNAL);

	if (n >= 0)
		return (int)n;
	return errno == EAGAIN || errno == EINTR || errno == ENOBUFS ? 0 : SHOJI_ERR_CLOSED;
}

static int write_prefix(struct proxy_flow *self, int fd)
{
	int n = send_some(
	        fd, self->prefix + self->prefix_sent, self->prefix_length - self->prefix_sent);

	if (n < 0)
		return n;
	self->prefix_sent += (size_t)n;
	if (self->prefix_sent == self->prefix_length)
		drop_prefix(self);
	return n;
}

int proxy_flow_write(struct proxy_flow *self, int fd, bool prefix_only)
{
	int total = 0;

	if (self->prefix) {
		total = write_prefix(self, fd);
		if (total < 0 || self->prefix)
			return total;
	}
	if (prefix_only || self->length == 0)
		return total;
	int n = send_some(fd, self->buffer + self->start, self->length);
	if (n < 0)
		return n;
	proxy_flow_consume(self, (size_t)n);
	return total + n;
}
