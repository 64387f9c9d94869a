/* A picture of a session for an administrator: encode writes its image into a memfd of ours, keeper
 * gets it for reading. The numbers that encode gives are checked against that memfd's size before
 * keeper sees them. */
#include "monitor/session_internal.h"

#include "base/config.h"
#include "base/error.h"
#include "base/log.h"
#include "base/loop.h"
#include "monitor/roles.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define SNAPSHOT_DEADLINE_MS 5000

static uint64_t pixels_size(const struct session *self)
{
	const struct config *config = self->context->config;

	return config->profile.width_max * config->profile.height_max * PIXEL_BYTES;
}

static int make_pixels(uint64_t size)
{
	int fd = memfd_create("snapshot", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -1;
	if (ftruncate(fd, (off_t)size) == 0 &&
	        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
		return fd;
	close(fd);
	return -1;
}

void session_snapshot_refuse(const struct monitor_context *context, uint32_t request)
{
	int empty = memfd_create("no snapshot", MFD_CLOEXEC);

	if (empty < 0) {
		log_error(0, "cannot answer a snapshot: %m");
		return;
	}
	ROLES_SEND(context->roles, ROLE_KEEPER, snapshot_taken, .request = request,
	        .is_taken = false, .pixels = empty);
	close(empty);
}

static void forget(struct session *self)
{
	self->snapshot.is_pending = false;
	if (self->snapshot.pixels >= 0)
		close(self->snapshot.pixels);
	self->snapshot.pixels = -1;
}

void session_take_snapshot(struct session *self, uint32_t request)
{
	if (self->state != SESSION_RUNNING || self->snapshot.is_pending) {
		session_snapshot_refuse(self->context, request);
		return;
	}
	self->snapshot.pixels = make_pixels(pixels_size(self));
	if (self->snapshot.pixels < 0 || !self->workers[WORKER_ENCODE].channel ||
	        CHANNEL_SEND(self->workers[WORKER_ENCODE].channel, snapshot_fill,
	                .request = request, .pixels = self->snapshot.pixels)) {
		forget(self);
		session_snapshot_refuse(self->context, request);
		return;
	}
	self->snapshot.is_pending = true;
	self->snapshot.request = request;
	self->snapshot.deadline_ms = clock_now_ms() + SNAPSHOT_DEADLINE_MS;
}

static bool is_in_bounds(const struct session *self, const struct message_snapshot_filled *filled)
{
	return filled->width > 0 && filled->height > 0 &&
	       filled->width <= self->context->config->profile.width_max &&
	       filled->stride_bytes >= (uint32_t)filled->width * PIXEL_BYTES &&
	       (uint64_t)filled->stride_bytes * filled->height <= pixels_size(self);
}

static void pass_on(struct session *self, const struct message_snapshot_filled *filled)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->snapshot.pixels);
	int reader = open(path, O_RDONLY | O_CLOEXEC);
	if (reader < 0) {
		session_snapshot_refuse(self->context, filled->request);
		return;
	}
	ROLES_SEND(self->context->roles, ROLE_KEEPER, snapshot_taken, .request = filled->request,
	        .is_taken = true, .width = filled->width, .height = filled->height,
	        .stride_bytes = filled->stride_bytes, .pixels = reader);
	close(reader);
}

void session_snapshot_filled(struct session *self, const struct message_snapshot_filled *filled)
{
	/* Too late is no crime: the answer to one that was given up. */
	if (!self->snapshot.is_pending || filled->request != self->snapshot.request)
		return;
	if (!is_in_bounds(self, filled)) {
		session_end(self, END_ENCODE_FAILED, "encode broke the message table");
		return;
	}
	pass_on(self, filled);
	forget(self);
}

uint64_t session_snapshot_due_ms(const struct session *self)
{
	return self->snapshot.is_pending ? self->snapshot.deadline_ms : UINT64_MAX;
}

void session_snapshot_tick(struct session *self, uint64_t now_ms)
{
	if (self->snapshot.is_pending && now_ms >= self->snapshot.deadline_ms)
		session_snapshot_cancel(self);
}

void session_snapshot_cancel(struct session *self)
{
	if (!self->snapshot.is_pending)
		return;
	session_snapshot_refuse(self->context, self->snapshot.request);
	forget(self);
}
