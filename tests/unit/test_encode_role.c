/* encode as a real process, between a monitor, a capture and a gate that the test plays: first picture, snapshot, a gate that is replaced,
 * a capture that was taken over, and system calls that it must not make. */
#include "unit/suite.h"

#include "unit/stream_support.h"

#include "base/channel.h"
#include "base/error.h"
#include "base/loop.h"
#include "base/role.h"
#include "base/session.h"
#include "encode/confine.h"
#include "encode/mark_pattern.h"
#include "stream/wire.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define WIDTH 320
#define HEIGHT 240
#define PATIENCE_MS 20000

static struct role {
	pid_t pid;
	struct channel *monitor, *capture, *gate;
	bool is_marked;
	int pixels_fd;
	uint8_t *pixels;
	struct stream_decoder *decoder;
	uint32_t sequence, n_frames;
	bool is_first_picture;
} role;

/* ---- starting it, as monitor does ---- */

static int make_pixels(bool is_sealed, off_t size)
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

static void new_gate(void)
{
	int ours, theirs;

	ck_assert_int_eq(channel_pair(&ours, &theirs), 0);
	channel_free(role.gate);
	role.gate = channel_new(ours, LINK_GATE_ENCODE, SIDE_A);
	channel_set_phase(role.gate, PHASE_READY);
	ck_assert_int_eq(CHANNEL_SEND(role.monitor, stream_peer, .peer = theirs), 0);
	close(theirs);
}

static bool wait_for(struct channel *channel, int timeout_ms)
{
	struct pollfd ready = {.fd = channel_fd(channel), .events = POLLIN};

	return poll(&ready, 1, timeout_ms) > 0;
}

static int exit_status(void)
{
	int status;

	ck_assert_int_eq(waitpid(role.pid, &status, 0), role.pid);
	role.pid = 0;
	ck_assert_msg(WIFEXITED(status), "encode died of signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

static void start_with(int pixels_fd, uint16_t width_max, uint16_t height_max)
{
	int ours, theirs, capture_ours, capture_theirs;

	bool is_marked = role.is_marked;

	memset(&role, 0, sizeof(role));
	role.is_marked = is_marked;
	role.pixels_fd = pixels_fd;
	role.pixels =
	        mmap(NULL, WIDTH * HEIGHT * 4, PROT_READ | PROT_WRITE, MAP_SHARED, pixels_fd, 0);
	role.decoder = support_decoder_new(WIDTH, HEIGHT);
	ck_assert_int_eq(channel_pair(&ours, &theirs), 0);
	role.pid = spawn(theirs);
	role.monitor = channel_new(ours, LINK_MONITOR_ROLE, SIDE_A);
	ck_assert_int_eq(channel_pair(&capture_ours, &capture_theirs), 0);
	ck_assert_int_eq(
	        CHANNEL_SEND(role.monitor, setup_encode, .lease_id = 0xabc,
	                .is_marked = role.is_marked, .width_max = width_max,
	                .height_max = height_max, .pixels = pixels_fd, .capture = capture_theirs),
	        0);
	close(capture_theirs);
	role.capture = channel_new(capture_ours, LINK_CAPTURE_ENCODE, SIDE_A);
	channel_set_phase(role.capture, PHASE_READY);
}

static void start(void)
{
	struct message in;

	start_with(make_pixels(true, WIDTH * HEIGHT * 4), WIDTH, HEIGHT);
	ck_assert(wait_for(role.monitor, PATIENCE_MS));
	ck_assert_int_eq(channel_receive(role.monitor, &in), 1);
	ck_assert_int_eq(in.number, MESSAGE_READY);
	channel_set_phase(role.monitor, PHASE_READY);
	new_gate();
}

static void finish(void)
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

static void show(uint32_t seed)
{
	draw(seed);
	CHANNEL_SEND(role.capture, damage, .generation = 1, .sequence = ++role.sequence,
	        .n_rects = 1, .rects = {{0, 0, WIDTH, HEIGHT}});
}

static void join(void)
{
	CHANNEL_SEND(role.gate, viewer_join, .version = WIRE_VERSION,
	        .capabilities = WIRE_CAN_CURSOR, .window_log_max = 21,
	        .cache_slots = SUPPORT_CACHE_SLOTS);
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

/* Reads what encode sent to gate; every slice must decode. false: encode is gone. */
static bool read_gate(int timeout_ms)
{
	struct message in;
	struct message_slice slice;
	int result = SHOJI_ERR_AGAIN;

	while (wait_for(role.gate, timeout_ms) && (result = channel_receive(role.gate, &in)) == 1) {
		ck_assert_int_eq(message_get_slice(&in, &slice), 0);
		int32_t status = stream_decoder_push(role.decoder, slice.bytes, slice.bytes_length);
		ck_assert_msg(status >= 0, "a slice of encode does not decode: %d", status);
		check_side();
		if (status == STREAM_FRAME) {
			role.n_frames++;
			CHANNEL_SEND(
			        role.gate, viewer_ack, .frame = stream_decoder_frame(role.decoder));
		}
	}
	return result != SHOJI_ERR_CLOSED;
}

static bool is_shown_exactly(void)
{
	const uint8_t *shown = stream_decoder_screen(role.decoder)->pixels;

	for (size_t i = 0; i < WIDTH * HEIGHT; i++)
		if (shown[i * 4] != role.pixels[i * 4 + 2] ||
		        shown[i * 4 + 1] != role.pixels[i * 4 + 1] ||
		        shown[i * 4 + 2] != role.pixels[i * 4])
			return false;
	return true;
}

/* A picture may come in several frames: as much at a time as the line is known to take. */
static void read_until_shown(void)
{
	for (int i = 0; i < 200 && (role.n_frames == 0 || !is_shown_exactly()); i++)
		read_gate(100);
	ck_assert(is_shown_exactly());
}

static void begin_picture(void)
{
	struct message in;

	CHANNEL_SEND(role.capture, geometry, .generation = 1, .width = WIDTH, .height = HEIGHT);
	join();
	show(0);
	ck_assert(wait_for(role.monitor, PATIENCE_MS));
	ck_assert_int_eq(channel_receive(role.monitor, &in), 1);
	ck_assert_int_eq(in.number, MESSAGE_FIRST_PICTURE);
	read_until_shown();
	ck_assert(is_shown_exactly());
}

START_TEST(picture_snapshot_and_a_new_gate)
{
	struct message_snapshot_filled filled;
	struct message in;

	start();
	begin_picture();
	show(77);
	read_until_shown();
	ck_assert(is_shown_exactly());
	int fd = memfd_create("snapshot", MFD_CLOEXEC);
	CHANNEL_SEND(role.monitor, snapshot_fill, .request = 5, .pixels = fd);
	ck_assert(wait_for(role.monitor, PATIENCE_MS));
	ck_assert_int_eq(channel_receive(role.monitor, &in), 1);
	ck_assert_int_eq(message_get_snapshot_filled(&in, &filled), 0);
	ck_assert_uint_eq(filled.request, 5);
	ck_assert_uint_eq(filled.width, WIDTH);
	ck_assert_uint_eq(filled.height, HEIGHT);
	for (uint32_t y = 0; y < HEIGHT; y++) {
		uint8_t row[WIDTH * 4];
		ck_assert_int_eq(
		        pread(fd, row, sizeof(row), (off_t)y * filled.stride_bytes), sizeof(row));
		for (uint32_t x = 0; x < WIDTH; x++)
			ck_assert_mem_eq(row + x * 4, role.pixels + (y * WIDTH + x) * 4, 3);
	}
	close(fd);
	new_gate();
	join();
	read_until_shown();
	ck_assert(is_shown_exactly());
	/* Without a capture the picture stays; without a monitor nothing does. */
	channel_free(role.capture);
	role.capture = NULL;
	CHANNEL_SEND(role.gate, viewer_leave);
	join();
	read_until_shown();
	channel_free(role.monitor);
	role.monitor = NULL;
	ck_assert_int_eq(exit_status(), WORKER_EXIT_DONE);
	finish();
}
END_TEST

static int refused_setup(int pixels_fd, uint16_t width_max, uint16_t height_max)
{
	start_with(pixels_fd, width_max, height_max);
	int status = exit_status();
	finish();
	return status;
}

/* How many of the shown pixels are the drawn ones, and how many those with the mark on. */
static void count_marked(size_t *n_plain, size_t *n_marked)
{
	const uint8_t *shown = stream_decoder_screen(role.decoder)->pixels;

	*n_plain = *n_marked = 0;
	for (size_t i = 0; i < WIDTH * HEIGHT; i++) {
		uint32_t drawn;
		memcpy(&drawn, role.pixels + i * 4, 4);
		uint32_t seen = shown[i * 4] << 16 | shown[i * 4 + 1] << 8 | shown[i * 4 + 2];
		*n_plain += seen == (drawn & 0xffffff);
		*n_marked += seen == (mark_pixel(drawn) & 0xffffff);
	}
}

/* The whole of it within seccomp: the clock, the calendar, the timer of the next minute. */
START_TEST(nothing_is_shown_without_its_mark)
{
	struct message in;
	size_t n_plain, n_marked;

	role.is_marked = true;
	start();
	CHANNEL_SEND(role.capture, geometry, .generation = 1, .width = WIDTH, .height = HEIGHT);
	join();
	show(1);
	int fd = memfd_create("snapshot", MFD_CLOEXEC);
	CHANNEL_SEND(role.monitor, snapshot_fill, .request = 5, .pixels = fd);
	ck_assert(!wait_for(role.gate, 300));
	ck_assert(!wait_for(role.monitor, 0));
	ck_assert_int_eq(lseek(fd, 0, SEEK_END), 0);
	close(fd);
	CHANNEL_SEND(role.monitor, mark_encode, .person = "tanaka", .address = "192.0.2.7",
	        .east_min = 1440 + 540);
	ck_assert(wait_for(role.monitor, PATIENCE_MS));
	ck_assert_int_eq(channel_receive(role.monitor, &in), 1);
	ck_assert_int_eq(in.number, MESSAGE_FIRST_PICTURE);
	/* It may come in several frames. */
	do {
		ck_assert(read_gate(PATIENCE_MS / 100));
		count_marked(&n_plain, &n_marked);
	} while (role.n_frames < 50 && n_plain + n_marked < WIDTH * HEIGHT);
	ck_assert_uint_eq(n_plain + n_marked, WIDTH * HEIGHT);
	ck_assert_uint_gt(n_marked, WIDTH * HEIGHT / 100);
	ck_assert_uint_lt(n_marked, WIDTH * HEIGHT / 10);
	finish();
	role.is_marked = false;
}
END_TEST

START_TEST(set_up_that_is_refused)
{
	const off_t size = WIDTH * HEIGHT * 4;

	ck_assert_int_eq(refused_setup(make_pixels(false, size), WIDTH, HEIGHT), WORKER_EXIT_SETUP);
	ck_assert_int_eq(
	        refused_setup(make_pixels(true, size - 1), WIDTH, HEIGHT), WORKER_EXIT_SETUP);
	ck_assert_int_eq(refused_setup(make_pixels(true, size), WIDTH, 0), WORKER_EXIT_SETUP);
}
END_TEST

/* ---- a capture that was taken over ---- */

/* Numbers around the bounds as often as any. */
static uint16_t odd_number(uint64_t *state, uint16_t bound)
{
	switch (support_below(state, 4)) {
	case 0:
		return (uint16_t)support_below(state, bound);
	case 1:
		return (uint16_t)(bound - support_below(state, 3));
	case 2:
		return (uint16_t)support_below(state, 20);
	default:
		return (uint16_t)(support_below(state, 300) == 0 ? support_random(state) : 1);
	}
}

static struct rect odd_rect(uint64_t *state)
{
	struct rect rect = {odd_number(state, WIDTH), odd_number(state, HEIGHT), 0, 0};

	rect.width = support_below(state, 40) == 0
	                     ? odd_number(state, WIDTH)
	                     : (uint16_t)(support_below(state, WIDTH + 1u) / 2);
	rect.height = support_below(state, 40) == 0
	                      ? odd_number(state, HEIGHT)
	                      : (uint16_t)(support_below(state, HEIGHT + 1u) / 2);
	/* Mostly on the screen, so that much is drawn before the rule is broken. */
	if (support_below(state, 400) != 0) {
		rect.x = (uint16_t)(rect.x % (WIDTH / 2));
		rect.y = (uint16_t)(rect.y % (HEIGHT / 2));
	}
	return rect;
}

static int send_odd_damage(uint64_t *state)
{
	static struct message_damage damage;

	damage = (struct message_damage){.generation = 1, .sequence = ++role.sequence};
	damage.n_rects = (uint16_t)support_below(state, 5);
	for (uint16_t i = 0; i < damage.n_rects; i++)
		damage.rects[i] = odd_rect(state);
	damage.n_copies = (uint16_t)support_below(state, 3);
	for (uint16_t i = 0; i < damage.n_copies; i++) {
		struct rect to = odd_rect(state), from = odd_rect(state);
		damage.copies[i] =
		        (struct copy_hint){from.x, from.y, to.x, to.y, to.width / 2, to.height / 2};
	}
	if (support_below(state, 400) == 0)
		damage.generation += support_below(state, 3) - 1;
	if (support_below(state, 400) == 0)
		damage.sequence += support_below(state, 3) - 1;
	return CHANNEL_SEND_VALUE(role.capture, damage, &damage);
}

static int send_odd_cursor(uint64_t *state)
{
	static uint8_t image[51200];
	uint8_t width = (uint8_t)odd_number(state, 128), height = (uint8_t)odd_number(state, 128);
	uint32_t length = width * height * 3u + height * ((width + 7u) / 8);

	for (size_t i = 0; i < sizeof(image); i++)
		image[i] = (uint8_t)support_random(state);
	if (support_below(state, 20) == 0)
		length += support_below(state, 3) - 1;
	return CHANNEL_SEND(role.capture, cursor, .width = width, .height = height,
	        .hot_x = (uint8_t)(width ? support_below(state, width) : 0),
	        .hot_y = (uint8_t)(height ? support_below(
	                                            state, height + (support_below(state, 20) == 0))
	                                  : 0),
	        .image = image, .image_length = length > sizeof(image) ? 0 : length);
}

static int send_bytes(uint64_t *state)
{
	uint8_t bytes[512];
	size_t length = support_below(state, sizeof(bytes));

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)support_random(state);
	bytes[0] = (uint8_t)(100 + support_below(state, 8));
	bytes[1] = bytes[2] = bytes[3] = 0;
	return send(channel_fd(role.capture), bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT) < 0
	               ? SHOJI_ERR_CLOSED
	               : 0;
}

static int send_something(uint64_t *state)
{
	struct rect rect = odd_rect(state);

	/* It may scribble into the buffer whenever it likes. */
	for (int i = 0; i < 2000; i++)
		role.pixels[support_below(state, WIDTH * HEIGHT * 4)] =
		        (uint8_t)support_random(state);
	switch (support_below(state, 400)) {
	case 0:
		return send_bytes(state);
	case 1:
		return CHANNEL_SEND(role.capture, geometry, .generation = support_below(state, 3),
		        .width = odd_number(state, WIDTH), .height = odd_number(state, HEIGHT));
	case 2 ... 25:
		return send_odd_cursor(state);
	case 26 ... 60:
		return CHANNEL_SEND(role.capture, caret, .x = rect.x, .y = rect.y,
		        .width = rect.width, .height = rect.height);
	case 61 ... 80:
		return CHANNEL_SEND(role.capture, takes_text,
		        .takes_text =
		                (uint8_t)support_below(state, support_below(state, 60) ? 3 : 5));
	case 81 ... 100:
		return CHANNEL_SEND(role.capture, text_outcome,
		        .text_number = support_random(state),
		        .outcome = (uint8_t)support_below(state, support_below(state, 60) ? 2 : 4));
	default:
		return send_odd_damage(state);
	}
}

static void drain_taken(void)
{
	struct message in;

	while (wait_for(role.capture, 0) && channel_receive(role.capture, &in) == 1)
		message_release(&in);
}

/* Returns whether encode left because of it. */
static bool run_garbage(uint64_t seed)
{
	uint64_t state = seed * 0x9e3779b97f4a7c15u + 1;
	bool is_alive = true;

	start();
	begin_picture();
	for (int i = 0; i < 150 && is_alive; i++) {
		is_alive = send_something(&state) != SHOJI_ERR_CLOSED;
		is_alive = read_gate(0) && is_alive;
		drain_taken();
	}
	for (int i = 0; i < 3; i++)
		read_gate(20);
	int status = 0;
	bool has_left = waitpid(role.pid, &status, WNOHANG) == role.pid;
	if (!has_left) {
		channel_free(role.monitor);
		role.monitor = NULL;
		ck_assert_int_eq(waitpid(role.pid, &status, 0), role.pid);
	}
	role.pid = 0;
	ck_assert_msg(WIFEXITED(status), "seed %llu: encode died of signal %d",
	        (unsigned long long)seed, WTERMSIG(status));
	/* It may notice the last message and monitor's end in one turn. */
	if (WEXITSTATUS(status) != WORKER_EXIT_PEER)
		ck_assert_int_eq(WEXITSTATUS(status), WORKER_EXIT_DONE);
	has_left = WEXITSTATUS(status) == WORKER_EXIT_PEER;
	finish();
	return has_left;
}

START_TEST(garbage_from_capture)
{
	uint32_t n_left = 0, n_frames = 0, n_seeds = 80;

	for (uint64_t seed = 1; seed <= n_seeds; seed++) {
		n_left += run_garbage(seed);
		n_frames += role.n_frames;
	}
	/* Both were seen: rules broken, and frames drawn from what breaks none. */
	ck_assert_uint_gt(n_left, n_seeds / 2);
	/* Some three a seed; nothing is drawn for a quarter of a second after a new size (encode/settle.h). */
	ck_assert_uint_gt(n_frames, 5 * n_seeds / 2);
}
END_TEST

static int exit_after(void (*offend)(void))
{
	start();
	begin_picture();
	offend();
	int status = exit_status();
	finish();
	return status;
}

static void damage_outside(void)
{
	CHANNEL_SEND(role.capture, damage, .generation = 1, .sequence = ++role.sequence,
	        .n_rects = 1, .rects = {{1, 0, WIDTH, HEIGHT}});
}

static void damage_from_gate_link(void)
{
	uint8_t slice[] = {143, 0, 0, 0, 0, 0, 0, 0};

	send(channel_fd(role.gate), slice, sizeof(slice), MSG_NOSIGNAL);
}

static void join_with_a_window_too_large(void)
{
	CHANNEL_SEND(role.gate, viewer_join, .version = WIRE_VERSION, .window_log_max = 23);
}

static void film_without_a_share(void)
{
	CHANNEL_SEND(role.monitor, film_share, .core_permille = 1000);
	CHANNEL_SEND(role.monitor, film_share, .core_permille = 0);
}

static void film_beyond_a_core(void)
{
	CHANNEL_SEND(role.monitor, film_share, .core_permille = 1001);
}

START_TEST(peers_that_break_a_rule)
{
	ck_assert_int_eq(exit_after(damage_outside), WORKER_EXIT_PEER);
	ck_assert_int_eq(exit_after(damage_from_gate_link), WORKER_EXIT_PEER);
	ck_assert_int_eq(exit_after(join_with_a_window_too_large), WORKER_EXIT_PEER);
	ck_assert_int_eq(exit_after(film_without_a_share), WORKER_EXIT_SETUP);
	ck_assert_int_eq(exit_after(film_beyond_a_core), WORKER_EXIT_SETUP);
}
END_TEST

/* ---- the wall ---- */

/* What the child of one probe does behind encode's own seccomp list. */
static int probe(long number)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		encode_prepare_heap();
		if (encode_seccomp())
			_exit(98);
		syscall(number, -1, 0, 0, 0, 0, 0);
		_exit(0);
	}
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

START_TEST(forbidden_system_calls)
{
	static const long forbidden[] = {SYS_open, SYS_openat, SYS_socket, SYS_connect, SYS_bind,
	        SYS_accept4, SYS_execve, SYS_execveat, SYS_fork, SYS_vfork, SYS_clone, SYS_clone3,
	        SYS_kill, SYS_tgkill, SYS_ptrace, SYS_process_vm_readv, SYS_memfd_create, SYS_ioctl,
	        SYS_unlink, SYS_mount, SYS_chroot, SYS_setuid, SYS_prctl, SYS_bpf, SYS_userfaultfd,
	        SYS_io_uring_setup, SYS_shmget, SYS_getrandom, SYS_dup2, SYS_read};
	static const long permitted[] = {SYS_write, SYS_close, SYS_clock_gettime, SYS_brk};

	for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++) {
		int status = probe(forbidden[i]);
		ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS,
		        "system call %ld was not forbidden: status %x", forbidden[i], status);
	}
	for (size_t i = 0; i < sizeof(permitted) / sizeof(permitted[0]); i++)
		ck_assert_int_eq(probe(permitted[i]), 0);
}
END_TEST

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN
#endif

/* ASan's runtime maps memory whenever it likes, and the list of an ASan build lets it. */
#ifdef HAS_ASAN
#define PLAIN_TESTS
#else
START_TEST(no_new_mappings)
{
	static const long mapping[] = {SYS_mmap, SYS_mprotect, SYS_munmap, SYS_mremap};

	for (size_t i = 0; i < sizeof(mapping) / sizeof(mapping[0]); i++) {
		int status = probe(mapping[i]);
		ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
	}
}
END_TEST
#define PLAIN_TESTS , no_new_mappings
#endif

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	return SUITE_RUN("encode role", picture_snapshot_and_a_new_gate,
	        nothing_is_shown_without_its_mark, set_up_that_is_refused, garbage_from_capture,
	        peers_that_break_a_rule, forbidden_system_calls PLAIN_TESTS);
}
