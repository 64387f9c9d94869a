/* See encode_role_rig.h. */
#include "unit/encode_role_rig.h"

#include "base/error.h"
#include "base/role.h"
#include "unit/suite.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct role role;

/* Where BEGIN says it: behind epoch, width, height and window. */
#define RESET_AT (WIRE_HEADER_BYTES + 8 + 2 + 2 + 1)

/* ---- starting it, as monitor does ---- */

int role_pixels(bool is_sealed, off_t size)
{
	int fd = memfd_create("pixels", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, size), 0);
	if (is_sealed)
		ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
	return fd;
}

static pid_t spawn(int channel)
{
	/* LeakSanitizer looks at a process through ptrace, which a confined one refuses. */
	static char no_leaks[] = "ASAN_OPTIONS=detect_leaks=0", name[] = "encode-role";
	char *environment[] = {no_leaks, NULL};
	char *arguments[] = {name, NULL};
	pid_t pid = fork();

	if (pid == 0) {
		dup2(channel, ROLE_CHANNEL_FD);
		execve(ENCODE_ROLE, arguments, environment);
		_exit(99);
	}
	close(channel);
	ck_assert_int_gt(pid, 0);
	return pid;
}

void role_new_gate(void)
{
	int ours, theirs;

	ck_assert_int_eq(channel_pair(&ours, &theirs), 0);
	channel_free(role.gate);
	role.gate = channel_new(ours, LINK_GATE_ENCODE, SIDE_A);
	channel_set_phase(role.gate, PHASE_READY);
	ck_assert_int_eq(CHANNEL_SEND(role.monitor, stream_peer, .peer = theirs), 0);
	close(theirs);
}

bool role_wait(struct channel *channel, int timeout_ms)
{
	struct pollfd ready = {.fd = channel_fd(channel), .events = POLLIN};

	return poll(&ready, 1, timeout_ms) > 0;
}

int role_exit_status(void)
{
	int status;

	ck_assert_int_eq(waitpid(role.pid, &status, 0), role.pid);
	role.pid = 0;
	ck_assert_msg(WIFEXITED(status), "encode died of signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

void role_start_with(int pixels_fd, uint16_t width_max, uint16_t height_max)
{
	int ours, theirs, capture_ours, capture_theirs;

	bool is_marked = role.is_marked;
	const char *address = role.address;
	uint16_t scale = role.scale ? role.scale : SCREEN_SCALE_ONE;

	memset(&role, 0, sizeof(role));
	role.is_marked = is_marked;
	role.address = address;
	role.scale = scale;
	role.pixels_fd = pixels_fd;
	role.pixels =
	        mmap(NULL, WIDTH * HEIGHT * 4, PROT_READ | PROT_WRITE, MAP_SHARED, pixels_fd, 0);
	role.decoder = support_decoder_new(WIDTH, HEIGHT);
	ck_assert_int_eq(channel_pair(&ours, &theirs), 0);
	role.pid = spawn(theirs);
	role.monitor = channel_new(ours, LINK_MONITOR_ROLE, SIDE_A);
	ck_assert_int_eq(channel_pair(&capture_ours, &capture_theirs), 0);
	ck_assert_int_eq(CHANNEL_SEND(role.monitor, setup_encode, .lease_id = 0xabc,
	                         .is_marked = role.is_marked, .kbit_s_max = UINT32_MAX,
	                         .scale = scale, .width_max = width_max, .height_max = height_max,
	                         .pixels = pixels_fd, .capture = capture_theirs),
	        0);
	close(capture_theirs);
	role.capture = channel_new(capture_ours, LINK_CAPTURE_ENCODE, SIDE_A);
	channel_set_phase(role.capture, PHASE_READY);
}

void role_start(void)
{
	struct message in;

	role_start_with(role_pixels(true, WIDTH * HEIGHT * 4), WIDTH, HEIGHT);
	ck_assert(role_wait(role.monitor, PATIENCE_MS));
	ck_assert_int_eq(channel_receive(role.monitor, &in), 1);
	ck_assert_int_eq(in.number, MESSAGE_READY);
	channel_set_phase(role.monitor, PHASE_READY);
	role_new_gate();
}

void role_finish(void)
{
	if (role.pid > 0) {
		kill(role.pid, SIGKILL);
		waitpid(role.pid, NULL, 0);
	}
	channel_free(role.monitor);
	channel_free(role.capture);
	channel_free(role.gate);
	munmap(role.pixels, WIDTH * HEIGHT * 4);
	close(role.pixels_fd);
	free(role.decoder);
}

/* ---- talking to it ---- */

static void draw(uint32_t seed)
{
	for (uint32_t y = 0; y < HEIGHT; y++)
		for (uint32_t x = 0; x < WIDTH; x++) {
			uint32_t pixel = support_page_pixel(x, y + seed);
			memcpy(role.pixels + (y * WIDTH + x) * 4, &pixel, 4);
		}
}

void role_show(uint32_t seed)
{
	draw(seed);
	CHANNEL_SEND(role.capture, damage, .generation = 1, .sequence = ++role.sequence,
	        .n_rects = 1, .rects = {{0, 0, WIDTH, HEIGHT}});
}

static void join(uint64_t epoch)
{
	struct message_viewer_join join = {.version = WIRE_VERSION,
	        .capabilities = WIRE_CAN_CURSOR,
	        .window_log_max = 21,
	        .epoch = epoch,
	        .last_frame = epoch ? stream_decoder_frame(role.decoder) : 0,
	        .cache_slots = SUPPORT_CACHE_SLOTS};

	snprintf(join.address, sizeof(join.address), "%s", role.address ? role.address : "");
	CHANNEL_SEND_VALUE(role.gate, viewer_join, &join);
}

void role_join(void)
{
	join(0);
}

void role_join_again(void)
{
	ck_assert_uint_ne(stream_decoder_epoch(role.decoder), 0);
	join(stream_decoder_epoch(role.decoder));
}

static void check_side(void)
{
	const struct side *side = stream_decoder_side(role.decoder);
	const struct screen *screen = stream_decoder_screen(role.decoder);

	ck_assert_uint_le(side->cursor_width, 128);
	ck_assert_uint_le(side->cursor_height, 128);
	ck_assert(side->cursor_width == 0 ||
	          (side->hot_x < side->cursor_width && side->hot_y < side->cursor_height));
	ck_assert_uint_le(side->caret_x + side->caret_width, WIDTH);
	ck_assert_uint_le(side->caret_y + side->caret_height, HEIGHT);
	ck_assert_uint_le(side->text_outcome, 1);
	ck_assert_uint_le(side->takes_text, 2);
	ck_assert_uint_le(screen->width, WIDTH);
	ck_assert_uint_le(screen->height, HEIGHT);
}

bool role_read(int timeout_ms)
{
	struct message in;
	struct message_slice slice;
	int result = SHOJI_ERR_AGAIN;

	while (role_wait(role.gate, timeout_ms) &&
	        (result = channel_receive(role.gate, &in)) == 1) {
		ck_assert_int_eq(message_get_slice(&in, &slice), 0);
		if (slice.bytes[0] == WIRE_KIND(WIRE_PICTURE, WIRE_PICTURE_BEGIN))
			role.reset = (enum picture_reset)slice.bytes[RESET_AT];
		int32_t status = stream_decoder_push(role.decoder, slice.bytes, slice.bytes_length);
		ck_assert_msg(status >= 0, "a slice of encode does not decode: %d", status);
		check_side();
		if (status == STREAM_FRAME) {
			role.n_frames++;
			CHANNEL_SEND(role.gate, viewer_ack,
			        .frame = (uint16_t)stream_decoder_frame(role.decoder));
		}
	}
	return result != SHOJI_ERR_CLOSED;
}

static bool role_is_shown_exactly(void)
{
	const uint8_t *shown = stream_decoder_screen(role.decoder)->pixels;

	for (size_t i = 0; i < WIDTH * HEIGHT; i++)
		if (shown[i * 4] != role.pixels[i * 4 + 2] ||
		        shown[i * 4 + 1] != role.pixels[i * 4 + 1] ||
		        shown[i * 4 + 2] != role.pixels[i * 4])
			return false;
	return true;
}

void role_read_until_shown(void)
{
	for (int i = 0; i < 200 && (role.n_frames == 0 || !role_is_shown_exactly()); i++)
		role_read(100);
	ck_assert(role_is_shown_exactly());
}

void role_begin_picture(void)
{
	struct message in;

	CHANNEL_SEND(role.capture, geometry, .generation = 1, .width = WIDTH, .height = HEIGHT);
	role_join();
	role_show(0);
	ck_assert(role_wait(role.monitor, PATIENCE_MS));
	ck_assert_int_eq(channel_receive(role.monitor, &in), 1);
	ck_assert_int_eq(in.number, MESSAGE_FIRST_PICTURE);
	role_read_until_shown();
}
