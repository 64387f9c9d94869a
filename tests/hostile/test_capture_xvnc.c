/* The real capture process on a real Xvnc, started as the isolated host starts it: the picture that encode can make of
 * the damage it was told equals what an independent X client takes from the same display, and input arrives as keys and
 * buttons. */
#include "hostile/capture_process.h"
#include "unit/suite.h"

#include "base/loop.h"
#include "base/session.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xcb/xcb.h>

#define PICTURE_BYTES (CAPTURE_STRIDE * CAPTURE_HEIGHT_MAX)

static char display[16];
static pid_t xvnc;
static struct capture_process capture;
/* What encode makes of the damage it was told, and of nothing else. */
static uint8_t image[PICTURE_BYTES];
static uint8_t grabbed[PICTURE_BYTES];
static uint64_t n_damaged_pixels;

/* ---- processes ---- */

/* In the abstract namespace: a test that fails leaves no file behind. */
static struct sockaddr_un rfb_address(socklen_t *length)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int n = snprintf(
	        address.sun_path + 1, sizeof(address.sun_path) - 1, "shoji-xvnc-%d", getpid());

	*length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n);
	return address;
}

static int listen_for_rfb(void)
{
	socklen_t length;
	struct sockaddr_un address = rfb_address(&length);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, length), 0);
	ck_assert_int_eq(listen(fd, 4), 0);
	return fd;
}

static int connect_rfb(void)
{
	socklen_t length;
	struct sockaddr_un address = rfb_address(&length);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, length), 0);
	return fd;
}

static void run_xvnc(int listener, int display_pipe)
{
	int null = open("/dev/null", O_RDWR);

	dup2(listener, 0);
	dup2(null, 1);
	/* Its standard error is the test's: when it closes a connection, the log says why. Xvnc itself takes 3 for the listener. */
	dup2(display_pipe, 4);
	close_range(5, ~0u, 0);
	unsetenv("ASAN_OPTIONS");
	execlp("Xvnc", "Xvnc", "-displayfd", "4", "-inetd", "-UseBlacklist=0", "-RawKeyboard=1",
	        "-AlwaysShared=1", "-SecurityTypes", "None", "-nolisten", "tcp", "-AcceptCutText=0",
	        "-SendCutText=0", "-FrameRate", "1000", "-geometry", "1280x800", "-depth", "24",
	        "-noreset", "-ac", NULL);
	_exit(127);
}

/* The number and its newline are two writes, and Xvnc ends when nobody reads the second. */
static void read_display(int fd)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	char text[8] = "";

	for (size_t n = 0; n < sizeof(text) - 1 && !strchr(text, '\n'); n++) {
		ck_assert_msg(poll(&ready, 1, 20000) == 1, "Xvnc did not start");
		ck_assert_int_eq(read(fd, text + n, 1), 1);
	}
	snprintf(display, sizeof(display), ":%d", atoi(text));
}

static void start_xvnc(void)
{
	int display_pipe[2];

	int listener = listen_for_rfb();
	ck_assert_int_eq(pipe2(display_pipe, O_CLOEXEC), 0);
	xvnc = fork();
	if (xvnc == 0)
		run_xvnc(listener, display_pipe[1]);
	close(listener);
	close(display_pipe[1]);
	read_display(display_pipe[0]);
	close(display_pipe[0]);
}

static void stop_xvnc(void)
{
	kill(xvnc, SIGTERM);
	waitpid(xvnc, NULL, 0);
}

/* Runs a program; its standard input and output are pipes. */
static pid_t start_tool(const char *const arguments[], int *in, int *out)
{
	int to[2], from[2];

	ck_assert_int_eq(pipe2(to, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(from, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (pid == 0) {
		dup2(to[0], 0);
		dup2(from[1], 1);
		execv(arguments[0], (char *const *)(uintptr_t)arguments);
		_exit(127);
	}
	close(to[0]);
	close(from[1]);
	*in = to[1];
	*out = from[0];
	return pid;
}

/* ---- pictures ---- */

static void copy_damage(
        void *data, struct capture_process *self, const struct message_damage *damage)
{
	(void)data;
	for (size_t i = 0; i < damage->n_rects; i++) {
		const struct rect *rect = &damage->rects[i];
		for (unsigned y = rect->y; y < (unsigned)rect->y + rect->height; y++)
			memcpy(image + y * CAPTURE_STRIDE + rect->x * 4u,
			        self->pixels + y * CAPTURE_STRIDE + rect->x * 4u, rect->width * 4u);
		n_damaged_pixels += (uint64_t)rect->width * rect->height;
	}
}

static void serve(int quiet_ms)
{
	capture_serve(&capture, quiet_ms, 20000, copy_damage, NULL);
}

static void grab(void)
{
	int raw = memfd_create("raw", 0); /* inherited */
	char raw_path[32], text[64] = "";
	const char *const arguments[] = {X_GRAB, "--display", display, "--raw", raw_path, NULL};
	int in, out, status;

	snprintf(raw_path, sizeof(raw_path), "/dev/fd/%d", raw);
	pid_t pid = start_tool(arguments, &in, &out);
	ck_assert_int_gt(read(out, text, sizeof(text) - 1), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	close(in);
	close(out);
	ck_assert_int_eq(pread(raw, grabbed, PICTURE_BYTES, 0), PICTURE_BYTES);
	close(raw);
}

static size_t count_different(void)
{
	size_t n = 0;

	grab();
	for (size_t i = 0; i < PICTURE_BYTES; i += 4)
		n += memcmp(image + i, grabbed + i, 3) != 0;
	return n;
}

static size_t count_colours(void)
{
	static uint8_t seen[1 << 24];
	size_t n = 0;

	memset(seen, 0, sizeof(seen));
	for (size_t i = 0; i < PICTURE_BYTES; i += 4) {
		size_t colour = image[i] | (size_t)image[i + 1] << 8 | (size_t)image[i + 2] << 16;
		n += !seen[colour];
		seen[colour] = 1;
	}
	return n;
}

static void draw(const char *seed, const char *operations, const char *scrolls)
{
	const char *const arguments[] = {X_DRAW, display, seed, operations, scrolls, NULL};
	char text[8];
	int in, out;
	pid_t pid = start_tool(arguments, &in, &out);
	struct pollfd ready = {.fd = out, .events = POLLIN};

	/* It draws while capture reads, as a browser does. */
	while (poll(&ready, 1, 0) == 0)
		serve(5);
	ck_assert_int_gt(read(out, text, sizeof(text)), 0);
	serve(500);
	ck_assert_uint_eq(count_different(), 0);
	ck_assert_uint_ge(count_colours(), 64);
	/* The positive control: the same comparison sees a single wrong pixel. */
	image[PICTURE_BYTES / 2] ^= 1;
	ck_assert_uint_eq(count_different(), 1);
	image[PICTURE_BYTES / 2] ^= 1;
	close(in);
	close(out);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

/* The first picture, however long a busy machine takes. */
static void serve_first_picture(void)
{
	for (int i = 0; i < 100 && capture.n_damages == 0; i++)
		serve(200);
	serve(500);
}

static void begin(void)
{
	memset(image, 0, sizeof(image));
	start_xvnc();
	capture_start(&capture, CAPTURE_PROCESS, connect_rfb());
	serve_first_picture();
	ck_assert_uint_eq(capture.width, 1280);
	ck_assert_uint_eq(capture.height, 800);
	ck_assert_uint_ge(capture.n_damages, 1);
}

static void finish(void)
{
	ck_assert_int_eq(capture_wait_exit(&capture, 0), -1);
	capture_finish(&capture);
	stop_xvnc();
}

START_TEST(pictures_are_exact)
{
	begin();
	ck_assert_uint_eq(count_different(), 0);
	draw("1", "300", "0");
	draw("2", "20000", "0");
	draw("3", "60", "50");
	ck_assert_uint_ge(capture.n_cursors, 1);
	ck_assert_uint_ge(capture.n_copies, 1);
	printf("%u damages, %u copies, %.1f screens of damage\n", capture.n_damages,
	        capture.n_copies, (double)n_damaged_pixels / (1280 * 800));
	finish();
}
END_TEST

static void resize(const char *size)
{
	char command[128];

	snprintf(command, sizeof(command), "xrandr --display %s --output VNC-0 --mode %s", display,
	        size);
	ck_assert_int_eq(system(command), 0);
	serve(500);
}

/* The server changes its size: a new generation each time, and again every pixel. */
START_TEST(sizes_change)
{
	begin();
	resize("800x600");
	ck_assert_uint_eq(capture.width, 800);
	ck_assert_uint_eq(capture.height, 600);
	resize("1280x800");
	ck_assert_uint_eq(capture.width, 1280);
	ck_assert_uint_ge(capture.generation, 3);
	memset(image, 0, sizeof(image));
	draw("5", "2000", "5");
	/* Larger than the buffer. */
	resize("1920x1200");
	ck_assert_int_eq(capture_wait_exit(&capture, 5000), WORKER_EXIT_BOUNDS);
	capture_finish(&capture);
	stop_xvnc();
}
END_TEST

/* Handing the same server to another capture, as after a restart of the broker. */
START_TEST(second_capture)
{
	begin();
	capture_finish(&capture);
	memset(image, 0, sizeof(image));
	capture_start(&capture, CAPTURE_PROCESS, connect_rfb());
	serve_first_picture();
	draw("4", "500", "0");
	finish();
}
END_TEST

START_TEST(server_ends)
{
	begin();
	kill(xvnc, SIGKILL);
	ck_assert_int_eq(capture_wait_exit(&capture, 5000), WORKER_EXIT_CLOSED);
	capture_finish(&capture);
	stop_xvnc();
}
END_TEST

/* ---- input ---- */

static xcb_connection_t *x;
static uint32_t sequence;

static void open_window(void)
{
	x = xcb_connect(display, NULL);
	ck_assert(!xcb_connection_has_error(x));
	xcb_screen_t *screen = xcb_setup_roots_iterator(xcb_get_setup(x)).data;
	xcb_window_t window = xcb_generate_id(x);
	const uint32_t values[] = {1, XCB_EVENT_MASK_KEY_PRESS | XCB_EVENT_MASK_KEY_RELEASE |
	                                      XCB_EVENT_MASK_BUTTON_PRESS |
	                                      XCB_EVENT_MASK_BUTTON_RELEASE |
	                                      XCB_EVENT_MASK_POINTER_MOTION};

	xcb_create_window(x, XCB_COPY_FROM_PARENT, window, screen->root, 0, 0, 1280, 800, 0,
	        XCB_WINDOW_CLASS_INPUT_OUTPUT, screen->root_visual,
	        XCB_CW_OVERRIDE_REDIRECT | XCB_CW_EVENT_MASK, values);
	xcb_map_window(x, window);
	xcb_set_input_focus(x, XCB_INPUT_FOCUS_POINTER_ROOT, window, XCB_CURRENT_TIME);
	free(xcb_get_input_focus_reply(x, xcb_get_input_focus(x), NULL));
}

/* Events as text: key code, button and modifier state: "+38/1 -38/1 b1/0 ...". Waits until nothing more comes. */
static const char *events(void)
{
	static char text[4096];
	struct pollfd ready = {.fd = xcb_get_file_descriptor(x), .events = POLLIN};
	size_t at = 0;

	text[0] = 0;
	for (;;) {
		xcb_generic_event_t *event = xcb_poll_for_event(x);
		if (!event) {
			serve(5);
			if (poll(&ready, 1, 400) <= 0)
				return text;
			continue;
		}
		const xcb_key_press_event_t *key = (const void *)event;
		const char *const kinds[] = {"", "", "+", "-", "b", "/b", "m"};
		unsigned kind = event->response_type & 0x7f;
		if (kind >= XCB_KEY_PRESS && kind <= XCB_BUTTON_RELEASE)
			at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s%u/%x",
			        at ? " " : "", kinds[kind], key->detail, key->state);
		else if (kind == XCB_MOTION_NOTIFY)
			at += (size_t)snprintf(text + at, sizeof(text) - at, "%sm%d,%d",
			        at ? " " : "", key->root_x, key->root_y);
		free(event);
	}
}

static void key(uint16_t number, bool is_down, uint16_t modifiers)
{
	CHANNEL_SEND(capture.input, input_key, .sequence = ++sequence, .key = number,
	        .is_down = is_down, .modifiers = modifiers);
}

static void pointer(uint16_t at_x, uint16_t at_y, uint8_t buttons, uint16_t modifiers)
{
	CHANNEL_SEND(capture.input, input_pointer, .sequence = ++sequence, .x = at_x, .y = at_y,
	        .buttons = buttons, .modifiers = modifiers);
}

START_TEST(input_arrives)
{
	begin();
	open_window();
	key(0x1e, true, 0);
	key(0x1e, false, 0);
	ck_assert_str_eq(events(), "+38/0 -38/0");
	/* JIS keys: yen, ro, henkan, and a key with the E0 prefix. */
	key(0x7d, true, 0);
	key(0x7d, false, 0);
	key(0x73, true, 0);
	key(0x73, false, 0);
	key(0x79, true, 0);
	key(0x79, false, 0);
	key(0xcb, true, 0);
	key(0xcb, false, 0);
	ck_assert_str_eq(events(), "+132/0 -132/0 +97/0 -97/0 +100/0 -100/0 +113/0 -113/0");
	/* Shift was pressed elsewhere, and is let go elsewhere. */
	key(0x1e, true, MODIFIER_SHIFT);
	key(0x1e, false, 0);
	ck_assert_str_eq(events(), "+50/0 +38/1 -50/1 -38/0");
	pointer(100, 200, 0, 0);
	pointer(100, 200, BUTTON_LEFT, 0);
	pointer(110, 200, BUTTON_LEFT, 0);
	pointer(110, 200, 0, 0);
	pointer(110, 200, BUTTON_RIGHT, MODIFIER_CONTROL);
	pointer(110, 200, 0, 0);
	ck_assert_str_eq(events(), "m100,200 b1/0 m110,200 /b1/100 +37/0 b3/4 -37/404 /b3/400");
	CHANNEL_SEND(capture.input, input_wheel, .sequence = ++sequence, .x = 110, .y = 200,
	        .up = 1, .down = 2, .left = 1, .right = 1);
	ck_assert_str_eq(
	        events(), "b4/0 /b4/800 b5/0 /b5/1000 b5/0 /b5/1000 b6/0 /b6/0 b7/0 /b7/0");
	/* The two extra buttons: XF86Back and XF86Forward. */
	pointer(110, 200, BUTTON_BACK, 0);
	pointer(110, 200, 0, 0);
	pointer(110, 200, BUTTON_FORWARD, 0);
	pointer(110, 200, 0, 0);
	ck_assert_str_eq(events(), "+166/0 -166/0 +167/0 -167/0");
	xcb_disconnect(x);
	finish();
}
END_TEST

static void set_layout(const char *layout)
{
	char command[128];

	snprintf(command, sizeof(command), "setxkbmap -display %s -layout %s -model jp106", display,
	        layout);
	ck_assert_int_eq(system(command), 0);
}

/* Caps Lock (state 2) and Num Lock (state 10) follow the viewer under both keyboards that a profile can name. */
START_TEST(locks)
{
	static const char *const layouts[] = {"us", "jp"};

	for (size_t i = 0; i < 2; i++) {
		begin();
		open_window();
		set_layout(layouts[i]);
		events();
		sequence = 0;
		key(0x1e, true, MODIFIER_CAPS_LOCK);
		key(0x1e, false, MODIFIER_CAPS_LOCK | MODIFIER_NUM_LOCK);
		ck_assert_str_eq(events(), "+50/0 +66/1 -66/3 -50/3 +38/2 +77/2 -77/12 -38/12");
		/* With Shift, as on a JIS keyboard: alone it is another key there. */
		key(0x3a, true, MODIFIER_SHIFT);
		key(0x3a, false, MODIFIER_SHIFT);
		key(0x1e, true, 0);
		key(0x1e, false, 0);
		ck_assert_str_eq(events(), "+77/12 -77/12 +50/2 -50/3 +50/2 +66/3 -66/3 -50/1 "
		                           "+38/0 -38/0");
		xcb_disconnect(x);
		finish();
	}
}
END_TEST

/* A key that is held repeats as the viewer says, and only so; and nothing stays pressed. */
START_TEST(repeats_and_releases)
{
	begin();
	open_window();
	key(0x1e, true, 0);
	ck_assert_str_eq(events(), "+38/0");
	usleep(1000 * 1000);
	ck_assert_str_eq(events(), "");
	key(0x1e, true, 0);
	ck_assert_str_eq(events(), "-38/0 +38/0");
	key(0x2a, true, MODIFIER_SHIFT);
	pointer(640, 400, BUTTON_LEFT, MODIFIER_SHIFT);
	events();
	CHANNEL_SEND(capture.input, input_release_all, .sequence = ++sequence);
	ck_assert_str_eq(events(), "-38/101 -50/101 /b1/100");
	xcb_disconnect(x);
	finish();
}
END_TEST

int main(void)
{
	return SUITE_RUN("capture on Xvnc", pictures_are_exact, sizes_change, second_capture,
	        server_ends, input_arrives, locks, repeats_and_releases);
}
