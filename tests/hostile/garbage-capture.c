/* A capture that was taken over: in place of the real one it shows one honest picture, and then says whatever comes
 * to its mind on the channel to encode, while it scribbles on the pixel buffer. What it says is decided by a seed.
 *
 * It has an entry point like capture's, so that it can be linked into a broker beside capture (shoji-broker-garbage,
 * garbage-broker.c), or run by itself (garbage-capture, garbage-main.c). The seed is told on standard error; unless given it is the lease's number. By
 * seed modulo 3:
 *   0  only what the table and every stated range permit, as fast as encode takes it
 *   1  the same, with a bit flipped in one message of 64
 *   2  anything: random numbers, lengths, descriptors
 * It ends when monitor or encode closes its channel. Either the session ends, or every frame that encode makes decodes and
 * every side value in it is in range. */
#include "base/channel.h"
#include "base/error.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/role.h"
#include "base/session.h"
#include "hostile/garbage.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define ALIVE_MS 5000
#define CURSOR_IMAGE_MAX (128 * 128 * 3 + 128 * 16)

enum manner { PERMITTED, FLIPPED, ANYTHING };

struct garbage {
	uint64_t random;
	enum manner manner;
	struct channel *monitor;
	int encode;
	uint8_t *pixels;
	uint16_t width_max, height_max; /* pixels */
	uint16_t width, height;
	uint32_t generation, sequence;
	bool is_awaiting_taken;
	uint64_t alive_ms;
};

struct garbage_options garbage_options = {.after_ms = 2000};

static uint32_t next(struct garbage *self, uint32_t below)
{
	self->random ^= self->random >> 12;
	self->random ^= self->random << 25;
	self->random ^= self->random >> 27;
	return (uint32_t)((self->random * 2685821657736338717ull) >> 32) % below;
}

static uint16_t between(struct garbage *self, unsigned lowest, unsigned highest)
{
	return (uint16_t)(lowest + next(self, highest - lowest + 1));
}

/* ---- sending without the table's consent ---- */

/* False: encode closed. */
static bool send_bytes(struct garbage *self, const uint8_t *bytes, size_t length, bool has_fd)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec part = {(void *)(uintptr_t)bytes, length};
	struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
	int fd = STDIN_FILENO;

	if (has_fd) {
		header.msg_control = control.bytes;
		header.msg_controllen = sizeof(control.bytes);
		CMSG_FIRSTHDR(&header)->cmsg_level = SOL_SOCKET;
		CMSG_FIRSTHDR(&header)->cmsg_type = SCM_RIGHTS;
		CMSG_FIRSTHDR(&header)->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&header)), &fd, sizeof(fd));
	}
	struct pollfd ready = {.fd = self->encode, .events = POLLOUT};
	poll(&ready, 1, 1000);
	ssize_t n = sendmsg(self->encode, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
	return n >= 0 || !(ready.revents & (POLLHUP | POLLERR));
}

static bool send_message(struct garbage *self, message_put_fn put, const void *value)
{
	static uint8_t bytes[MESSAGE_SIZE_MAX];
	struct bytes_writer writer;
	int fds[MESSAGE_FDS_MAX];
	size_t n_fds;

	bytes_writer_init(&writer, bytes, sizeof(bytes));
	if (put(&writer, value, fds, &n_fds))
		return true;
	if (self->manner == FLIPPED && next(self, 64) == 0)
		bytes[next(self, (uint32_t)writer.length)] ^= (uint8_t)(1u << next(self, 8));
	return send_bytes(self, bytes, writer.length, false);
}
#define SEND(self, name, ...)                                                                      \
	send_message(self, message_put_any_##name,                                                 \
	        &(const struct message_##name){.unused = 0, ##__VA_ARGS__})

/* ---- what is permitted ---- */

static void scribble(struct garbage *self)
{
	size_t stride = (size_t)self->width_max * PIXEL_BYTES;

	for (uint32_t n = next(self, 40); n > 0; n--) {
		uint16_t x = (uint16_t)next(self, self->width),
		         y = (uint16_t)next(self, self->height);
		size_t length = ((size_t)(self->width - x) * PIXEL_BYTES) % 997 + 1;
		memset(self->pixels + y * stride + (size_t)x * PIXEL_BYTES, (int)next(self, 256),
		        length);
	}
}

static struct rect some_rect(struct garbage *self)
{
	struct rect rect = {
	        .width = between(self, 1, self->width), .height = between(self, 1, self->height)};

	rect.x = (uint16_t)next(self, self->width - rect.width + 1u);
	rect.y = (uint16_t)next(self, self->height - rect.height + 1u);
	return rect;
}

static bool say_damage(struct garbage *self)
{
	static struct message_damage damage;

	if (self->is_awaiting_taken)
		return true;
	damage.generation = self->generation;
	damage.sequence = ++self->sequence;
	damage.n_rects = between(self, 1, next(self, 8) ? 4 : 256);
	for (uint16_t i = 0; i < damage.n_rects; i++)
		damage.rects[i] = some_rect(self);
	/* Copies that never were: hints may lie. */
	damage.n_copies = between(self, 0, 64);
	for (uint16_t i = 0; i < damage.n_copies; i++) {
		struct rect to = some_rect(self);
		damage.copies[i] = (struct copy_hint){
		        .x = to.x, .y = to.y, .width = to.width, .height = to.height};
		damage.copies[i].source_x = (uint16_t)next(self, self->width - to.width + 1u);
		damage.copies[i].source_y = (uint16_t)next(self, self->height - to.height + 1u);
	}
	self->is_awaiting_taken = true;
	return send_message(self, message_put_any_damage, &damage);
}

static bool say_geometry(struct garbage *self)
{
	if (self->is_awaiting_taken)
		return true;
	self->width = between(self, SCREEN_WIDTH_MIN, self->width_max);
	self->height = between(self, SCREEN_HEIGHT_MIN, self->height_max);
	self->generation++;
	return SEND(self, geometry, .generation = self->generation, .width = self->width,
	        .height = self->height);
}

static bool say_cursor(struct garbage *self)
{
	static uint8_t image[CURSOR_IMAGE_MAX];
	struct message_cursor cursor = {
	        .width = (uint8_t)between(self, 0, 128), .height = (uint8_t)between(self, 1, 128)};

	if (cursor.width == 0)
		cursor.height = 0;
	for (size_t i = 0; i < sizeof(image); i += 7)
		image[i] = (uint8_t)next(self, 256);
	cursor.hot_x = cursor.width ? (uint8_t)next(self, cursor.width) : 0;
	cursor.hot_y = cursor.height ? (uint8_t)next(self, cursor.height) : 0;
	cursor.image = image;
	cursor.image_length = cursor.height * (cursor.width * 3u + (cursor.width + 7u) / 8);
	return send_message(self, message_put_any_cursor, &cursor);
}

static bool say_permitted(struct garbage *self)
{
	struct rect caret;

	switch (next(self, 24)) {
	case 0:
		return say_cursor(self);
	case 1:
		caret = some_rect(self);
		return SEND(self, caret, .x = caret.x, .y = caret.y, .width = caret.width,
		        .height = caret.height);
	case 2:
		return SEND(self, takes_text, .takes_text = (uint8_t)next(self, 3));
	case 3:
		return SEND(self, text_outcome, .text_number = next(self, UINT32_MAX),
		        .outcome = (uint8_t)next(self, 2));
	case 4:
		return next(self, 20) ? true : say_geometry(self);
	default:
		scribble(self);
		return say_damage(self);
	}
}

/* ---- what is not ---- */

static bool say_anything(struct garbage *self)
{
	static uint8_t bytes[MESSAGE_SIZE_MAX + 64];
	size_t length = next(self, 4) ? next(self, 64) : next(self, sizeof(bytes));

	for (size_t i = 0; i < length; i++)
		bytes[i] = (uint8_t)next(self, 256);
	/* Mostly a number that exists, so that it is not all over at the first field. */
	if (length >= 4 && next(self, 8)) {
		bytes[0] = (uint8_t)between(self, MESSAGE_GEOMETRY, MESSAGE_TEXT_OUTCOME);
		bytes[1] = bytes[2] = bytes[3] = 0;
	}
	return send_bytes(self, bytes, length, next(self, 50) == 0);
}

/* ---- peers ---- */

/* False: monitor or encode closed. */
static bool listen_to_peers(struct garbage *self, int timeout_ms)
{
	struct pollfd ready[] = {{.fd = channel_fd(self->monitor), .events = POLLIN},
	        {.fd = self->encode, .events = POLLIN}};
	uint8_t bytes[256];
	struct message in;
	ssize_t n;

	poll(ready, 2, timeout_ms);
	while ((n = recv(self->encode, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
		self->is_awaiting_taken = false;
	if (n == 0 || (ready[1].revents & POLLHUP))
		return false;
	int result = channel_receive(self->monitor, &in);
	if (result == 1)
		message_release(&in); /* input from gate: nobody reads it */
	if (result < 0 && result != SHOJI_ERR_AGAIN)
		return false;
	if (clock_now_ms() >= self->alive_ms) {
		CHANNEL_SEND(self->monitor, capture_alive);
		self->alive_ms = clock_now_ms() + ALIVE_MS;
	}
	return true;
}

/* A picture with more colours than a page: broad bands, each a gradient. */
static bool show_picture(struct garbage *self)
{
	size_t stride = (size_t)self->width_max * PIXEL_BYTES;
	static struct message_damage damage = {.generation = 1, .sequence = 1, .n_rects = 1};

	for (unsigned y = 0; y < self->height; y++)
		for (unsigned x = 0; x < self->width; x++) {
			uint8_t *pixel = self->pixels + y * stride + (size_t)x * PIXEL_BYTES;
			pixel[0] = (uint8_t)(x / 8);
			pixel[1] = (uint8_t)(y / 8);
			pixel[2] = (uint8_t)((x / 64) * 16 + y / 64);
		}
	self->generation = self->sequence = 1;
	self->is_awaiting_taken = true;
	damage.rects[0] = (struct rect){0, 0, self->width, self->height};
	return SEND(self, geometry, .generation = 1, .width = self->width,
	               .height = self->height) &&
	       send_message(self, message_put_any_damage, &damage);
}

static void run(struct garbage *self, uint64_t after_ms)
{
	enum manner manner = self->manner;
	uint64_t garbage_ms = clock_now_ms() + after_ms;
	bool is_open;

	self->manner = PERMITTED;
	is_open = show_picture(self);
	while (is_open && clock_now_ms() < garbage_ms)
		is_open = listen_to_peers(self, 50);
	self->manner = manner;
	while (is_open && listen_to_peers(self, self->is_awaiting_taken ? 5 : 0))
		is_open = manner == ANYTHING ? say_anything(self) : say_permitted(self);
}

static int set_up(struct garbage *self)
{
	struct message_setup_capture setup;
	struct message in;

	if (role_receive_setup(self->monitor, MESSAGE_SETUP_CAPTURE, &in) ||
	        message_get_setup_capture(&in, &setup))
		return -1;
	uint64_t seed = garbage_options.has_seed ? garbage_options.seed : setup.lease_id;
	log_info(setup.lease_id, "garbage-capture with seed %llu", (unsigned long long)seed);
	self->manner = (enum manner)(seed % 3);
	/* Small seeds would begin with many small numbers. */
	self->random = (seed + 1) * 0x9e3779b97f4a7c15ull | 1;
	self->encode = setup.encode;
	self->width = self->width_max = setup.width_max;
	self->height = self->height_max = setup.height_max;
	self->pixels = mmap(NULL, (size_t)setup.width_max * setup.height_max * PIXEL_BYTES,
	        PROT_READ | PROT_WRITE, MAP_SHARED, setup.pixels, 0);
	/* RFB and the text door stay open and unread: the isolated host is not part of this. */
	return self->pixels == MAP_FAILED ? -1 : role_ready(self->monitor);
}

int garbage_run(const struct role_start *start)
{
	const struct sandbox_limits limits = {.open_files = 32, .file_bytes = RLIM_INFINITY};
	struct garbage self = {0};

	signal(SIGPIPE, SIG_IGN);
	self.monitor = role_begin(start, &limits);
	if (!self.monitor || set_up(&self))
		return WORKER_EXIT_SETUP;
	run(&self, garbage_options.after_ms);
	return WORKER_EXIT_DONE;
}
