/* Starts capture as monitor does, and plays its peers. */
#include "hostile/capture_process.h"

#include "base/error.h"
#include "base/loop.h"
#include "base/session.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEST_UID "61990"

/* As monitor makes it. */
static int make_pixels(void)
{
	int fd = memfd_create("pixels", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, CAPTURE_STRIDE * CAPTURE_HEIGHT_MAX), 0);
	ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL), 0);
	return fd;
}

static void run(const char *program, int monitor)
{
	int null = open("/dev/null", O_RDWR);

	dup2(null, 0);
	dup2(null, 1);
	dup2(monitor, 3);
	close_range(4, ~0u, 0);
	setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
	/* As good as an empty folder: nothing there can be made or written by that uid. */
	if (geteuid() == 0)
		execl(program, program, TEST_UID, TEST_UID, "/proc/sys", NULL);
	else
		execl(program, program, NULL);
	_exit(127);
}

int capture_receive(struct channel *channel, struct message *in, int timeout_ms)
{
	struct pollfd ready = {.fd = channel_fd(channel), .events = POLLIN};
	int result = channel_receive(channel, in);

	if (result != SHOJI_ERR_AGAIN)
		return result;
	if (poll(&ready, 1, timeout_ms) <= 0)
		return 0;
	result = channel_receive(channel, in);
	return result == SHOJI_ERR_AGAIN ? 0 : result;
}

static void join_input(struct capture_process *self)
{
	int ours, theirs;

	ck_assert_int_eq(channel_pair(&ours, &theirs), 0);
	self->input = channel_new(ours, LINK_GATE_CAPTURE, SIDE_A);
	channel_set_phase(self->input, PHASE_READY);
	ck_assert_int_eq(CHANNEL_SEND(self->monitor, input_peer, .peer = theirs), 0);
	close(theirs);
}

static void set_up(struct capture_process *self, int rfb, int encode)
{
	int pixels = make_pixels();
	int text[2];
	struct message in;

	self->pixels =
	        mmap(NULL, CAPTURE_STRIDE * CAPTURE_HEIGHT_MAX, PROT_READ, MAP_SHARED, pixels, 0);
	ck_assert_ptr_ne(self->pixels, MAP_FAILED);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, text), 0);
	self->agent = text[0];
	ck_assert_int_eq(CHANNEL_SEND(self->monitor, setup_capture, .lease_id = 0x5eed,
	                         .width_max = CAPTURE_WIDTH_MAX, .height_max = CAPTURE_HEIGHT_MAX,
	                         .has_jis_keyboard = true, .rfb = rfb, .pixels = pixels,
	                         .encode = encode, .text = text[1]),
	        0);
	close(text[1]);
	close(pixels);
	ck_assert_int_eq(capture_receive(self->monitor, &in, 10000), 1);
	ck_assert_uint_eq(in.number, MESSAGE_READY);
	channel_set_phase(self->monitor, PHASE_READY);
}

void capture_start(struct capture_process *self, const char *program, int rfb)
{
	int monitor[2], encode[2], host[2] = {-1, -1};

	*self = (struct capture_process){.host = -1, .agent = -1};
	signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(channel_pair(&monitor[0], &monitor[1]), 0);
	ck_assert_int_eq(channel_pair(&encode[0], &encode[1]), 0);
	if (rfb < 0) {
		ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, host), 0);
		fcntl(host[0], F_SETFL, O_NONBLOCK);
		self->host = host[0];
		rfb = host[1];
	}
	self->pid = fork();
	if (self->pid == 0)
		run(program, monitor[1]);
	close(monitor[1]);
	self->monitor = channel_new(monitor[0], LINK_MONITOR_ROLE, SIDE_A);
	self->encode = channel_new(encode[0], LINK_CAPTURE_ENCODE, SIDE_B);
	channel_set_phase(self->encode, PHASE_READY);
	set_up(self, rfb, encode[1]);
	close(rfb);
	close(encode[1]);
	join_input(self);
}

void capture_finish(struct capture_process *self)
{
	if (self->pid > 0) {
		kill(self->pid, SIGKILL);
		waitpid(self->pid, NULL, 0);
	}
	channel_free(self->monitor);
	channel_free(self->encode);
	channel_free(self->input);
	if (self->host >= 0)
		close(self->host);
	close(self->agent);
	munmap((void *)(uintptr_t)self->pixels, CAPTURE_STRIDE * CAPTURE_HEIGHT_MAX);
}

/* ---- encode ---- */

static void take_damage(
        struct capture_process *self, struct message *in, capture_damage_fn on_damage, void *data)
{
	static struct message_damage damage;

	ck_assert_int_eq(message_get_damage(in, &damage), 0);
	ck_assert_uint_eq(damage.generation, self->generation);
	ck_assert_uint_eq(damage.sequence, ++self->n_damages);
	for (size_t i = 0; i < damage.n_rects; i++) {
		ck_assert_uint_le(damage.rects[i].x + damage.rects[i].width, self->width);
		ck_assert_uint_le(damage.rects[i].y + damage.rects[i].height, self->height);
	}
	self->n_copies += damage.n_copies;
	if (on_damage)
		on_damage(data, self, &damage);
	CHANNEL_SEND(self->encode, taken, .sequence = damage.sequence);
}

static void take_geometry(struct capture_process *self, struct message *in)
{
	struct message_geometry geometry;

	ck_assert_int_eq(message_get_geometry(in, &geometry), 0);
	ck_assert_uint_gt(geometry.generation, self->generation);
	ck_assert(geometry.width >= SCREEN_WIDTH_MIN && geometry.width <= CAPTURE_WIDTH_MAX);
	ck_assert(geometry.height >= SCREEN_HEIGHT_MIN && geometry.height <= CAPTURE_HEIGHT_MAX);
	self->generation = geometry.generation;
	self->width = geometry.width;
	self->height = geometry.height;
}

static void take_cursor(struct capture_process *self, struct message *in)
{
	struct message_cursor cursor;

	ck_assert_int_eq(message_get_cursor(in, &cursor), 0);
	ck_assert(cursor.width <= 128 && cursor.height <= 128);
	ck_assert(
	        cursor.width == 0 || (cursor.hot_x < cursor.width && cursor.hot_y < cursor.height));
	self->n_cursors++;
}

static void take_outcome(struct capture_process *self, struct message *in)
{
	struct message_text_outcome outcome;

	ck_assert_int_eq(message_get_text_outcome(in, &outcome), 0);
	self->outcome_number = outcome.text_number;
	self->outcome = outcome.outcome;
	self->n_outcomes++;
}

static void take(
        struct capture_process *self, struct message *in, capture_damage_fn on_damage, void *data)
{
	if (in->number == MESSAGE_DAMAGE)
		take_damage(self, in, on_damage, data);
	else if (in->number == MESSAGE_GEOMETRY)
		take_geometry(self, in);
	else if (in->number == MESSAGE_CURSOR)
		take_cursor(self, in);
	else if (in->number == MESSAGE_TEXT_OUTCOME)
		take_outcome(self, in);
	else
		ck_abort_msg("capture told encode message %u", in->number);
}

void capture_serve(struct capture_process *self, int quiet_ms, int deadline_ms,
        capture_damage_fn on_damage, void *data)
{
	uint64_t end_ms = clock_now_ms() + (uint64_t)deadline_ms;
	struct message in;

	while (clock_now_ms() < end_ms && capture_receive(self->encode, &in, quiet_ms) == 1)
		take(self, &in, on_damage, data);
}

int capture_wait_exit(struct capture_process *self, int deadline_ms)
{
	uint64_t end_ms = clock_now_ms() + (uint64_t)deadline_ms;
	int status;

	while (waitpid(self->pid, &status, WNOHANG) == 0) {
		if (clock_now_ms() > end_ms)
			return -1;
		capture_serve(self, 0, 100, NULL, NULL);
		usleep(2000);
	}
	self->pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/* ---- the isolated host ---- */

bool capture_say(struct capture_process *self, const void *bytes, size_t length)
{
	size_t at = 0;

	while (at < length) {
		ssize_t n = write(self->host, (const uint8_t *)bytes + at, length - at);
		if (n > 0) {
			at += (size_t)n;
			continue;
		}
		if (errno != EAGAIN)
			return false;
		capture_serve(self, 0, 100, NULL, NULL);
		struct pollfd ready = {.fd = self->host, .events = POLLOUT};
		poll(&ready, 1, 5);
	}
	return true;
}

bool capture_hear(struct capture_process *self, uint8_t *out, size_t length)
{
	uint64_t end_ms = clock_now_ms() + 1000;
	size_t at = 0;

	while (at < length && clock_now_ms() < end_ms) {
		struct pollfd ready = {.fd = self->host, .events = POLLIN};
		poll(&ready, 1, 50);
		ssize_t n = read(self->host, out + at, length - at);
		if (n == 0 || (n < 0 && errno != EAGAIN))
			return false;
		at += n > 0 ? (size_t)n : 0;
	}
	return at == length;
}
