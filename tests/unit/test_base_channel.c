/* Channels: order, back-pressure, descriptors, and refusal of everything that the table does not
 * permit. */
#include "unit/suite.h"

#include "base/channel.h"
#include "base/error.h"
#include "base/loop.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int raw;
static struct channel *channel;

/* A channel whose other end is a bare socket, so that anything can be said to it. */
static void open_channel(enum message_link link, enum message_side side)
{
	int fd;

	ck_assert_int_eq(channel_pair(&fd, &raw), 0);
	channel = channel_new(fd, link, side);
	ck_assert_ptr_nonnull(channel);
	channel_set_phase(channel, PHASE_READY);
}

static void close_channel(void)
{
	channel_free(channel);
	close(raw);
}

static size_t n_open_fds(void)
{
	DIR *folder = opendir("/proc/self/fd");
	size_t n = 0;

	while (readdir(folder))
		n++;
	closedir(folder);
	return n;
}

static int say(const void *data, size_t length, size_t n_fds)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * 16)];
	} control = {0};
	struct iovec part = {(void *)(uintptr_t)data, length};
	struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
	struct message in;

	if (n_fds) {
		header.msg_control = control.bytes;
		header.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
		CMSG_FIRSTHDR(&header)->cmsg_level = SOL_SOCKET;
		CMSG_FIRSTHDR(&header)->cmsg_type = SCM_RIGHTS;
		CMSG_FIRSTHDR(&header)->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
		for (size_t i = 0; i < n_fds; i++)
			memcpy(CMSG_DATA(CMSG_FIRSTHDR(&header)) + i * sizeof(int), &raw,
			        sizeof(int));
	}
	ck_assert_int_eq(sendmsg(raw, &header, 0), (ssize_t)length);
	int result = channel_receive(channel, &in);
	if (result == 1)
		message_release(&in);
	return result;
}

static const uint8_t taken[] = {102, 0, 0, 0, 7, 0, 0, 0};

START_TEST(test_permitted_message_arrives)
{
	open_channel(LINK_CAPTURE_ENCODE, SIDE_A);
	ck_assert_int_eq(say(taken, sizeof(taken), 0), 1);
	struct message in;
	ck_assert_int_eq(channel_receive(channel, &in), SHOJI_ERR_AGAIN);
	close(raw);
	ck_assert_int_eq(channel_receive(channel, &in), SHOJI_ERR_CLOSED);
	raw = -1;
	close_channel();
}
END_TEST

START_TEST(test_what_the_table_forbids)
{
	static const uint8_t unknown[] = {254, 0, 0, 0}, damage[] = {101, 0, 0, 0};
	static const uint8_t reserved_set[] = {102, 0, 1, 0, 7, 0, 0, 0}, short_one[] = {102, 0, 0};
	struct message in;

	open_channel(LINK_GATE_ENCODE, SIDE_A); /* another link */
	ck_assert_int_eq(say(taken, sizeof(taken), 0), SHOJI_ERR_FORBIDDEN);
	ck_assert_int_eq(channel_receive(channel, &in), SHOJI_ERR_FORBIDDEN); /* and it stays so */
	close_channel();
	open_channel(LINK_CAPTURE_ENCODE, SIDE_B); /* the wrong sender */
	ck_assert_int_eq(say(taken, sizeof(taken), 0), SHOJI_ERR_FORBIDDEN);
	close_channel();
	open_channel(LINK_CAPTURE_ENCODE, SIDE_A); /* the wrong phase */
	channel_set_phase(channel, PHASE_SETUP);
	ck_assert_int_eq(say(taken, sizeof(taken), 0), SHOJI_ERR_FORBIDDEN);
	close_channel();
	open_channel(LINK_CAPTURE_ENCODE, SIDE_A);
	ck_assert_int_eq(say(unknown, sizeof(unknown), 0), SHOJI_ERR_FORBIDDEN);
	close_channel();
	open_channel(LINK_CAPTURE_ENCODE, SIDE_A); /* its own message, played back */
	ck_assert_int_eq(say(damage, sizeof(damage), 0), SHOJI_ERR_FORBIDDEN);
	close_channel();
	open_channel(LINK_CAPTURE_ENCODE, SIDE_A);
	ck_assert_int_eq(say(reserved_set, sizeof(reserved_set), 0), SHOJI_ERR_MALFORMED);
	close_channel();
	open_channel(LINK_CAPTURE_ENCODE, SIDE_A);
	ck_assert_int_eq(say(short_one, sizeof(short_one), 0), SHOJI_ERR_MALFORMED);
	close_channel();
}
END_TEST

START_TEST(test_once_means_once)
{
	static const uint8_t told[] = {21, 0, 0, 0};

	open_channel(LINK_MONITOR_ROLE, SIDE_A);
	ck_assert_int_eq(say(told, sizeof(told), 0), 1);
	ck_assert_int_eq(say(told, sizeof(told), 0), SHOJI_ERR_FORBIDDEN);
	close_channel();
}
END_TEST

START_TEST(test_surplus_descriptors_are_closed)
{
	open_channel(LINK_CAPTURE_ENCODE, SIDE_A);
	size_t before = n_open_fds();
	ck_assert_int_eq(say(taken, sizeof(taken), 1), SHOJI_ERR_MALFORMED);
	ck_assert_uint_eq(n_open_fds(), before);
	close_channel();
	open_channel(LINK_CAPTURE_ENCODE, SIDE_A);
	before = n_open_fds();
	ck_assert_int_lt(say(taken, sizeof(taken), 12), 0);
	ck_assert_uint_eq(n_open_fds(), before);
	close_channel();
}
END_TEST

START_TEST(test_descriptor_waits_in_the_queue)
{
	int fd_a, fd_b, file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	struct message in;
	struct message_input_peer got;
	size_t before = n_open_fds();

	ck_assert_int_eq(channel_pair(&fd_a, &fd_b), 0);
	struct channel *monitor = channel_new(fd_a, LINK_MONITOR_ROLE, SIDE_A);
	struct channel *role = channel_new(fd_b, LINK_MONITOR_ROLE, SIDE_B);
	channel_set_phase(monitor, PHASE_READY);
	channel_set_phase(role, PHASE_READY);
	while (!channel_wants_write(monitor))
		ck_assert_int_eq(CHANNEL_SEND(monitor, input_peer, .peer = file), 0);
	close(file); /* the waiting one is a duplicate */
	int n_received = 0;
	while (channel_receive(role, &in) == 1 || channel_wants_write(monitor)) {
		if (in.number == MESSAGE_INPUT_PEER && message_get_input_peer(&in, &got) == 0) {
			ck_assert_int_ge(fcntl(got.peer, F_GETFD), 0);
			close(got.peer);
			n_received++;
		}
		in.number = 0;
		ck_assert_int_eq(channel_flush(monitor), 0);
	}
	ck_assert_int_gt(n_received, 1);
	channel_free(monitor);
	channel_free(role);
	ck_assert_uint_eq(n_open_fds(), before - 1);
}
END_TEST

START_TEST(test_queue_is_bounded)
{
	static uint8_t blob[32776];
	int error = 0, n_sent = 0;

	open_channel(LINK_GATE_ENCODE, SIDE_B);
	while (!error && n_sent < 1000) {
		error = CHANNEL_SEND(channel, slice, .bytes = blob, .bytes_length = sizeof(blob));
		n_sent++;
	}
	ck_assert_int_eq(error, SHOJI_ERR_LIMIT);
	ck_assert_uint_le(channel_queued_bytes(channel), CHANNEL_QUEUE_MAX);
	close_channel();
}
END_TEST

struct seen {
	struct loop *loop;
	int n_messages;
	int error;
	uint32_t last;
};

static void on_message(void *data, struct channel *self, struct message *in)
{
	struct seen *seen = data;
	struct message_taken value;

	(void)self;
	ck_assert_int_eq(message_get_taken(in, &value), 0);
	seen->last = value.sequence;
	if (++seen->n_messages == 3)
		channel_free(self); /* a channel may be freed by its own callback */
}

static void on_close(void *data, struct channel *self, int error)
{
	((struct seen *)data)->error = error;
	channel_free(self);
}

START_TEST(test_watched_channel)
{
	struct seen seen = {.loop = loop_new()};

	open_channel(LINK_CAPTURE_ENCODE, SIDE_A);
	channel_watch(channel, seen.loop, on_message, on_close, &seen);
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(send(raw, taken, sizeof(taken), 0), (ssize_t)sizeof(taken));
	loop_turn(seen.loop, 0);
	ck_assert_int_eq(seen.n_messages, 3);
	ck_assert_uint_eq(seen.last, 7);
	close(raw);
	open_channel(LINK_CAPTURE_ENCODE, SIDE_A);
	channel_watch(channel, seen.loop, on_message, on_close, &seen);
	close(raw);
	loop_turn(seen.loop, 0);
	ck_assert_int_eq(seen.error, SHOJI_ERR_CLOSED);
	loop_free(seen.loop);
}
END_TEST

int main(void)
{
	return SUITE_RUN("base-channel", test_permitted_message_arrives,
	        test_what_the_table_forbids, test_once_means_once,
	        test_surplus_descriptors_are_closed, test_descriptor_waits_in_the_queue,
	        test_queue_is_bounded, test_watched_channel);
}
