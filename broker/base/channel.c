/* Typed messages over SOCK_SEQPACKET. The peer is another role, which may have been taken over: the
 * table of messages.def decides what is believed. */
#include "base/channel.h"

#include "base/ensure.h"
#include "base/error.h"
#include "base/log.h"
#include "base/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct queued {
	struct queued *next;
	size_t length;
	size_t n_fds;
	int fds[MESSAGE_FDS_MAX];
	uint8_t bytes[];
};

struct channel {
	int fd;
	enum message_link link;
	enum message_side side;
	enum message_phase phase;
	uint8_t seen_once[(MESSAGE_NUMBER_MAX + 8) / 8];
	uint8_t sent_once[(MESSAGE_NUMBER_MAX + 8) / 8];
	struct queued *queue_head;
	struct queued **queue_tail;
	size_t queued_bytes;
	struct message received; /* descriptors not taken yet */
	int error;
	bool is_freed; /* freed within its own callback */
	bool is_dispatching;
	bool is_paused;
	struct watch *watch;
	channel_message_fn on_message;
	channel_close_fn on_close;
	channel_drained_fn on_drained;
	void *data;
	uint8_t buffer[MESSAGE_SIZE_MAX];
};

int channel_pair(int *fd_a, int *fd_b)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
		return SHOJI_ERR_SYSTEM;
	*fd_a = fds[0];
	*fd_b = fds[1];
	return 0;
}

struct channel *channel_new(int fd, enum message_link link, enum message_side side)
{
	struct channel *self = calloc(1, sizeof(*self));

	if (!self) {
		close(fd);
		return NULL;
	}
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	self->fd = fd;
	self->link = link;
	self->side = side;
	self->phase = PHASE_SETUP;
	self->queue_tail = &self->queue_head;
	return self;
}

static void close_fds(int *fds, size_t *n_fds)
{
	for (size_t i = 0; i < *n_fds; i++)
		close(fds[i]);
	*n_fds = 0;
}

static void drop_queue(struct channel *self)
{
	while (self->queue_head) {
		struct queued *item = self->queue_head;
		self->queue_head = item->next;
		close_fds(item->fds, &item->n_fds);
		free(item);
	}
	self->queue_tail = &self->queue_head;
	self->queued_bytes = 0;
}

void channel_free(struct channel *self)
{
	if (!self || self->is_freed)
		return;
	watch_free(self->watch);
	self->watch = NULL;
	drop_queue(self);
	close_fds(self->received.fds, &self->received.n_fds);
	close(self->fd);
	self->is_freed = true;
	if (!self->is_dispatching)
		free(self);
}

void channel_set_phase(struct channel *self, enum message_phase phase)
{
	self->phase = phase;
}

/* Whether the table permits that `sender` sends this here, now. Marks once-only messages. */
static const struct message_rule *permit(
        struct channel *self, uint16_t number, enum message_side sender, uint8_t *once)
{
	const struct message_rule *rule = message_rule_find(number);

	if (!rule || rule->link != self->link || rule->sender != sender)
		return NULL;
	if (!(rule->phases & self->phase))
		return NULL;
	if (rule->times == TIMES_MANY)
		return rule;
	if (once[number / 8] & (1u << (number % 8)))
		return NULL;
	once[number / 8] |= (uint8_t)(1u << (number % 8));
	return rule;
}

static enum message_side other_side(enum message_side side)
{
	return side == SIDE_A ? SIDE_B : SIDE_A;
}

/* Keeps what arrived within our limit, closes the surplus. */
static void collect_fds(struct msghdr *header, struct message *in)
{
	for (struct cmsghdr *part = CMSG_FIRSTHDR(header); part; part = CMSG_NXTHDR(header, part)) {
		if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
			continue;
		size_t n_fds = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n_fds; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
			if (in->n_fds < MESSAGE_FDS_MAX)
				in->fds[in->n_fds++] = fd;
			else
				close(fd);
		}
	}
}

static int fail(struct channel *self, int error)
{
	close_fds(self->received.fds, &self->received.n_fds);
	self->error = error;
	return error;
}

static int receive_datagram(struct channel *self, size_t *length)
{
	/* Room for one descriptor more than permitted: a surplus is seen, not cut off silently. */
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * (MESSAGE_FDS_MAX + 1))];
	} control;
	struct iovec part = {.iov_base = self->buffer, .iov_len = sizeof(self->buffer)};
	struct msghdr header = {.msg_iov = &part,
	        .msg_iovlen = 1,
	        .msg_control = control.bytes,
	        .msg_controllen = sizeof(control.bytes)};
	ssize_t n = recvmsg(self->fd, &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return SHOJI_ERR_AGAIN;
	if (n < 0)
		return fail(self, errno == ECONNRESET ? SHOJI_ERR_CLOSED : SHOJI_ERR_SYSTEM);
	if (n == 0)
		return fail(self, SHOJI_ERR_CLOSED);
	collect_fds(&header, &self->received);
	if (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		return fail(self, SHOJI_ERR_LIMIT);
	*length = (size_t)n;
	return 0;
}

int channel_receive(struct channel *self, struct message *in)
{
	struct bytes_reader reader;
	size_t length;

	if (self->error)
		return self->error;
	close_fds(self->received.fds, &self->received.n_fds);
	int error = receive_datagram(self, &length);
	if (error)
		return error;
	bytes_reader_init(&reader, self->buffer, length);
	uint16_t number = bytes_get_u16(&reader);
	uint16_t zero = bytes_get_u16(&reader);
	if (reader.error || zero)
		return fail(self, SHOJI_ERR_MALFORMED);
	const struct message_rule *rule =
	        permit(self, number, other_side(self->side), self->seen_once);
	if (!rule) {
		log_warning(0, "message %u is not permitted on link %d in phase %d", number,
		        (int)self->link, (int)self->phase);
		return fail(self, SHOJI_ERR_FORBIDDEN);
	}
	if (length > rule->size_max || self->received.n_fds != rule->n_fds)
		return fail(self, SHOJI_ERR_MALFORMED);
	self->received.number = number;
	self->received.data = self->buffer + MESSAGE_HEADER_BYTES;
	self->received.length = length - MESSAGE_HEADER_BYTES;
	*in = self->received;
	/* From here on `in` holds the descriptors; a get function empties it, and channel_watch's
	 * dispatcher and tests hand back what was not taken by message_release(). */
	self->received.n_fds = 0;
	return 1;
}

static int send_now(
        struct channel *self, const uint8_t *bytes, size_t length, const int *fds, size_t n_fds)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * MESSAGE_FDS_MAX)];
	} control;
	struct iovec part = {.iov_base = (void *)bytes, .iov_len = length};
	struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};

	if (n_fds > 0) {
		memset(&control, 0, sizeof(control));
		header.msg_control = control.bytes;
		header.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
		struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
		rights->cmsg_level = SOL_SOCKET;
		rights->cmsg_type = SCM_RIGHTS;
		rights->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
		memcpy(CMSG_DATA(rights), fds, sizeof(int) * n_fds);
	}
	ssize_t n = sendmsg(self->fd, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n >= 0)
		return 0;
	if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS)
		return SHOJI_ERR_AGAIN;
	return SHOJI_ERR_CLOSED;
}

static void update_watch(struct channel *self)
{
	if (self->watch)
		watch_set_events(self->watch,
		        (self->is_paused ? 0u : LOOP_READ) | (self->queue_head ? LOOP_WRITE : 0u));
}

static int enqueue(
        struct channel *self, const uint8_t *bytes, size_t length, const int *fds, size_t n_fds)
{
	if (self->queued_bytes + length > CHANNEL_QUEUE_MAX)
		return SHOJI_ERR_LIMIT;
	struct queued *item = malloc(sizeof(*item) + length);
	if (!item)
		return SHOJI_ERR_MEMORY;
	item->next = NULL;
	item->length = length;
	item->n_fds = 0;
	memcpy(item->bytes, bytes, length);
	for (size_t i = 0; i < n_fds; i++) {
		int copy = fcntl(fds[i], F_DUPFD_CLOEXEC, 0);
		if (copy < 0) {
			close_fds(item->fds, &item->n_fds);
			free(item);
			return SHOJI_ERR_SYSTEM;
		}
		item->fds[item->n_fds++] = copy;
	}
	*self->queue_tail = item;
	self->queue_tail = &item->next;
	self->queued_bytes += length;
	update_watch(self);
	return 0;
}

/* One process, one thread: a single buffer serves all channels. */
static uint8_t send_buffer[MESSAGE_SIZE_MAX];

void channel_forget(struct channel *self)
{
	explicit_bzero(self->buffer, sizeof(self->buffer));
	explicit_bzero(send_buffer, sizeof(send_buffer));
}

int channel_send(
        struct channel *self, enum message_number number, const void *value, message_put_fn put)
{
	uint8_t *bytes = send_buffer;
	struct bytes_writer writer;
	int fds[MESSAGE_FDS_MAX];
	size_t n_fds;

	if (self->error)
		return self->error;
	ensure(permit(self, (uint16_t)number, self->side, self->sent_once));
	bytes_writer_init(&writer, bytes, MESSAGE_SIZE_MAX);
	int error = put(&writer, value, fds, &n_fds);
	if (error)
		return error;
	if (!self->queue_head) {
		error = send_now(self, bytes, writer.length, fds, n_fds);
		if (error != SHOJI_ERR_AGAIN)
			return error;
	}
	return enqueue(self, bytes, writer.length, fds, n_fds);
}

int channel_flush(struct channel *self)
{
	while (self->queue_head) {
		struct queued *item = self->queue_head;
		int error = send_now(self, item->bytes, item->length, item->fds, item->n_fds);
		if (error == SHOJI_ERR_AGAIN)
			return 0;
		if (error)
			return error;
		self->queue_head = item->next;
		if (!self->queue_head)
			self->queue_tail = &self->queue_head;
		self->queued_bytes -= item->length;
		close_fds(item->fds, &item->n_fds);
		free(item);
	}
	update_watch(self);
	return 0;
}

bool channel_wants_write(const struct channel *self)
{
	return self->queue_head != NULL;
}

size_t channel_queued_bytes(const struct channel *self)
{
	return self->queued_bytes;
}

int channel_fd(const struct channel *self)
{
	return self->fd;
}

/* ---- driven by a loop ---- */

/* So many messages a turn: a flooding peer must not starve the other descriptors. */
#define DISPATCH_MAX 32

static int dispatch(struct channel *self)
{
	for (int i = 0; i < DISPATCH_MAX; i++) {
		struct message in = {0};
		int result = channel_receive(self, &in);
		if (result == SHOJI_ERR_AGAIN)
			return 0;
		if (result < 0)
			return result;
		self->on_message(self->data, self, &in);
		message_release(&in);
		if (self->is_freed || self->is_paused)
			return 0;
	}
	return 0;
}

static void on_channel_event(void *data, unsigned events)
{
	struct channel *self = data;
	int error = 0;

	self->is_dispatching = true;
	if (events & LOOP_WRITE)
		error = channel_flush(self);
	if ((events & LOOP_WRITE) && !error && !self->queue_head && self->on_drained)
		self->on_drained(self->data, self);
	if (!self->is_freed && !error && (events & (LOOP_READ | LOOP_HANGUP)) && !self->is_paused)
		error = dispatch(self);
	if (!self->is_freed && !error && (events & LOOP_HANGUP) && self->is_paused)
		error = SHOJI_ERR_CLOSED;
	if (!self->is_freed && error) {
		self->error = error;
		watch_free(self->watch);
		self->watch = NULL;
		self->on_close(self->data, self, error);
	}
	self->is_dispatching = false;
	if (self->is_freed)
		free(self);
}

int channel_watch(struct channel *self, struct loop *loop, channel_message_fn on_message,
        channel_close_fn on_close, void *data)
{
	self->on_message = on_message;
	self->on_close = on_close;
	self->data = data;
	self->watch = watch_new(loop, self->fd, LOOP_READ | (self->queue_head ? LOOP_WRITE : 0u),
	        on_channel_event, self);
	return self->watch ? 0 : SHOJI_ERR_MEMORY;
}

void channel_set_on_drained(struct channel *self, channel_drained_fn on_drained)
{
	self->on_drained = on_drained;
}

void channel_pause(struct channel *self, bool is_paused)
{
	if (self->is_paused == is_paused)
		return;
	self->is_paused = is_paused;
	update_watch(self);
}
