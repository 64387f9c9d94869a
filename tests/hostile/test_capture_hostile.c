/* An isolated host that lies, floods, stalls: each time the real capture process, confined as in production,
 * ends with the exit status that says why, within its deadline; and nothing that it tells encode is out of range. */
#include "hostile/capture_process.h"
#include "hostile/rfb_script.h"
#include "unit/suite.h"

#include "base/loop.h"
#include "base/session.h"
#include "capture/reader.h"
#include "capture/worker.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOON_MS 5000
#define WIDTH 640
#define HEIGHT 480

static struct capture_process capture;
static struct script script;

static void begin(void)
{
	capture_start(&capture, CAPTURE_PROCESS, -1);
	script_free(&script);
}

static void say(void)
{
	capture_say(&capture, script.bytes, script.length);
	script_free(&script);
}

/* Says the script to a fresh capture, after which it must end so. */
static void expect_exit(int exit_status)
{
	struct script said = script;

	script = (struct script){0};
	begin();
	script = said;
	say();
	ck_assert_int_eq(capture_wait_exit(&capture, SOON_MS), exit_status);
	capture_finish(&capture);
}

static void script_begin(void)
{
	script_handshake(&script, WIDTH, HEIGHT);
	script_update(&script, 1);
	script_extended_key(&script);
}

/* The script begins with a good handshake and a first, empty update; `rest` is what comes where an update is awaited. */
#define AFTER_BEGIN(exit_status, ...)                                                              \
	do {                                                                                       \
		script_begin();                                                                    \
		__VA_ARGS__;                                                                       \
		expect_exit(exit_status);                                                          \
	} while (0)

START_TEST(every_byte_of_the_handshake)
{
	static const uint8_t expected[] = {'R', 'F', 'B', ' ', '0', '0', '3', '.', '0', '0', '8',
	        '\n', 1, 1, 0, 0, 0, 0, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0, 2,
	        0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0x11, 0xff, 0xff, 0xfe, 0xcc,
	        0xff, 0xff, 0xfe, 0xfe, 0xff, 0xff, 0xff, 0x09,
	        /* the pointer, which Xvnc then does not draw into the picture */
	        5, 0, WIDTH / 2 >> 8, WIDTH / 2 & 255, HEIGHT / 2 >> 8, HEIGHT / 2 & 255,
	        /* the first request: all of the screen */
	        3, 0, 0, 0, 0, 0, WIDTH >> 8, WIDTH & 255, HEIGHT >> 8, HEIGHT & 255};
	uint8_t heard[sizeof(expected)];

	begin();
	script_handshake(&script, WIDTH, HEIGHT);
	say();
	ck_assert(capture_hear(&capture, heard, sizeof(heard)));
	ck_assert_mem_eq(heard, expected, sizeof(expected));
	capture_finish(&capture);
}
END_TEST

/* The positive control of everything below: the same words, well formed, and capture goes on. */
START_TEST(an_honest_host)
{
	uint8_t heard[256];

	begin();
	script_begin();
	say();
	script_update(&script, 2);
	script_raw_rect(&script, 0, 0, WIDTH, HEIGHT, 5);
	script_rect(&script, 1, 1, 2, 2, RFB_CURSOR);
	script_fill(&script, 0xff, 2 * 2 * 4 + 2);
	say();
	capture_serve(&capture, 300, SOON_MS, NULL, NULL);
	ck_assert_uint_eq(capture.n_damages, 1);
	ck_assert_uint_eq(capture.n_cursors, 1);
	ck_assert_uint_eq(capture.width, WIDTH);
	ck_assert_uint_eq(capture.pixels[(HEIGHT - 1) * CAPTURE_STRIDE + WIDTH * 4 - 1], 5);
	ck_assert_uint_eq(capture.pixels[WIDTH * 4], 0);
	ck_assert(capture_hear(&capture, heard, 12 + 1 + 1 + 20 + 28 + 6 + 10));
	/* After each update one request for changes. */
	ck_assert(capture_hear(&capture, heard, 20));
	ck_assert_mem_eq(heard, "\3\1\0\0\0\0\2\x80\1\xe0\3\1\0\0\0\0\2\x80\1\xe0", 20);
	ck_assert_int_eq(capture_wait_exit(&capture, 300), -1);
	channel_free(capture.monitor);
	capture.monitor = NULL;
	ck_assert_int_eq(capture_wait_exit(&capture, SOON_MS), WORKER_EXIT_DONE);
	capture_finish(&capture);
}
END_TEST

START_TEST(version_33_with_its_schemes)
{
	static const uint32_t schemes[] = {0, 1, 2, 16, 18, 19, 20, 30};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		script_raw(&script, "RFB 003.003\n", 12);
		script_u32(&script, schemes[i]);
		expect_exit(WORKER_EXIT_HANDSHAKE);
	}
	script_raw(&script, "RFB 003.007\n\1\1", 14);
	expect_exit(WORKER_EXIT_HANDSHAKE);
}
END_TEST

START_TEST(security_other_than_none)
{
	static const uint8_t lists[][4] = {{0, 0, 0, 0}, {1, 2}, {1, 16}, {1, 18}, {1, 19}, {1, 20},
	        {1, 30}, {2, 1, 19}, {3, 1, 2, 16}};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		script_version(&script);
		script_raw(&script, lists[i], 4);
		expect_exit(WORKER_EXIT_HANDSHAKE);
	}
	script_version(&script);
	script_raw(&script, "\1\1\0\0\0\1", 6); /* None, and then it failed */
	expect_exit(WORKER_EXIT_HANDSHAKE);
}
END_TEST

START_TEST(names_and_screens)
{
	script_version(&script);
	script_security(&script);
	script_server_init(&script, WIDTH, HEIGHT, UINT32_MAX);
	expect_exit(WORKER_EXIT_BOUNDS);
	script_version(&script);
	script_security(&script);
	script_server_init(&script, 65535, 65535, 4);
	expect_exit(WORKER_EXIT_BOUNDS);
}
END_TEST

START_TEST(what_was_never_offered)
{
	static const int32_t encodings[] = {2, 5, 6, 7, 16, 17, -223, -247, -307, -261, -26};

	for (size_t i = 0; i < sizeof(encodings) / sizeof(encodings[0]); i++)
		AFTER_BEGIN(WORKER_EXIT_PROTOCOL, {
			script_update(&script, 1);
			script_rect(&script, 0, 0, 64, 64, encodings[i]);
			script_fill(&script, 0xff, 512);
		});
	AFTER_BEGIN(WORKER_EXIT_PROTOCOL, script_u8(&script, 1));   /* colour map */
	AFTER_BEGIN(WORKER_EXIT_PROTOCOL, script_u8(&script, 11));  /* text chat */
	AFTER_BEGIN(WORKER_EXIT_PROTOCOL, script_u8(&script, 4));   /* resize */
	AFTER_BEGIN(WORKER_EXIT_PROTOCOL, script_u8(&script, 250)); /* xvp */
	AFTER_BEGIN(WORKER_EXIT_PROTOCOL, script_u8(&script, 255)); /* QEMU audio */
}
END_TEST

START_TEST(lengths_and_rectangles)
{
	/* 65535 x 65535 x 4 wraps in 32 bits, 16384 x 65536 x 4 to nothing. */
	static const unsigned sizes[][4] = {{0, 0, 65535, 65535}, {0, 0, 32768, 32768},
	        {0, 0, 16384, 65535}, {WIDTH - 1, 0, 2, 1}, {0, HEIGHT, 1, 1},
	        {65535, 65535, 1, 1}};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		const unsigned *size = sizes[i];
		AFTER_BEGIN(WORKER_EXIT_BOUNDS, {
			script_update(&script, 1);
			script_rect(&script, size[0], size[1], size[2], size[3], RFB_RAW);
			script_fill(&script, 1, 4096);
		});
		AFTER_BEGIN(WORKER_EXIT_BOUNDS, {
			script_update(&script, 1);
			script_rect(
			        &script, 0, 0, size[2] % WIDTH, size[3] % HEIGHT, RFB_COPY_RECT);
			script_u16(&script, size[0] ? size[0] : WIDTH);
			script_u16(&script, size[1] ? size[1] : HEIGHT);
		});
	}
}
END_TEST

START_TEST(cursors_and_texts)
{
	AFTER_BEGIN(WORKER_EXIT_BOUNDS, {
		script_update(&script, 1);
		script_rect(&script, 0, 0, 129, 128, RFB_CURSOR);
	});
	AFTER_BEGIN(WORKER_EXIT_BOUNDS, {
		script_update(&script, 1);
		script_rect(&script, 32, 0, 32, 32, RFB_CURSOR);
	});
	AFTER_BEGIN(WORKER_EXIT_BOUNDS, script_cut_text(&script, UINT32_MAX));
	AFTER_BEGIN(WORKER_EXIT_BOUNDS, script_cut_text(&script, READER_CUT_TEXT_MAX + 1));
	AFTER_BEGIN(WORKER_EXIT_BOUNDS, {
		script_update(&script, 1);
		script_rect(&script, 0, 0, CAPTURE_WIDTH_MAX + 1, 480, RFB_EXTENDED_DESKTOP_SIZE);
		script_screens(&script, 1);
	});
	AFTER_BEGIN(WORKER_EXIT_PROTOCOL, {
		script_update(&script, 1);
		script_rect(&script, 1, 0, 640, 480, RFB_EXTENDED_DESKTOP_SIZE);
	});
}
END_TEST

/* A host that never reads the requests, and so cannot have been asked as often as it answers. */
START_TEST(unasked_updates)
{
	script_begin();
	for (int i = 0; i < 900; i++)
		script_update(&script, 0);
	expect_exit(WORKER_EXIT_PROTOCOL);
}
END_TEST

/* Says the same thing for as long as capture listens; an update only when capture has asked for one, for an
 * unasked one is another offence. */
static void expect_flood_exit(bool is_update, int exit_status)
{
	struct script said = script;
	uint8_t heard[12 + 1 + 1 + 20 + 28 + 10];

	script = (struct script){0};
	begin();
	script_begin();
	say();
	ck_assert(capture_hear(&capture, heard, sizeof(heard)));
	for (int i = 0; i < 20000; i++) {
		if (is_update && !capture_hear(&capture, heard, 10))
			break;
		if (!capture_say(&capture, said.bytes, said.length))
			break;
	}
	ck_assert_int_eq(capture_wait_exit(&capture, SOON_MS), exit_status);
	script_free(&said);
	capture_finish(&capture);
}

START_TEST(floods)
{
	script_u8(&script, 2);
	expect_flood_exit(false, WORKER_EXIT_BOUNDS);
	script_cut_text(&script, 60000);
	script_fill(&script, 'x', 60000);
	expect_flood_exit(false, WORKER_EXIT_BOUNDS);
	script_update(&script, 0);
	expect_flood_exit(true, WORKER_EXIT_BOUNDS);
	script_update(&script, 1);
	script_rect(&script, 0, 0, 0, 0, RFB_CURSOR);
	expect_flood_exit(true, WORKER_EXIT_BOUNDS);
	script_update(&script, 40000);
	for (int i = 0; i < 40000; i++) {
		script_rect(&script, 1, 1, 1, 1, RFB_COPY_RECT);
		script_u32(&script, 0);
	}
	script_u8(&script, 99);
	expect_flood_exit(true, WORKER_EXIT_PROTOCOL);
}
END_TEST

START_TEST(resize_storm)
{
	script_update(&script, 2);
	script_desktop_size(&script, 320, 240);
	script_desktop_size(&script, 1280, 800);
	expect_flood_exit(true, WORKER_EXIT_BOUNDS);
}
END_TEST

START_TEST(host_goes_away)
{
	begin();
	close(capture.host);
	capture.host = -1;
	ck_assert_int_eq(capture_wait_exit(&capture, SOON_MS), WORKER_EXIT_CLOSED);
	capture_finish(&capture);

	begin();
	script_begin();
	script_update(&script, 1);
	script_rect(&script, 0, 0, WIDTH, HEIGHT, RFB_RAW);
	say();
	close(capture.host);
	capture.host = -1;
	ck_assert_int_eq(capture_wait_exit(&capture, SOON_MS), WORKER_EXIT_CLOSED);
	capture_finish(&capture);
}
END_TEST

/* Four ways of being slow, at once: each ends when its deadline is over, and not before. */
START_TEST(silence_and_trickle)
{
	enum { SILENT, HANDSHAKE_TRICKLE, NO_PICTURE, TRICKLE, STILL, N };
	struct capture_process processes[N];
	int exits[N];
	uint64_t ends_ms[N] = {0};
	uint64_t start_ms = clock_now_ms();
	unsigned n_ended = 0;

	for (int i = 0; i < N; i++) {
		capture_start(&processes[i], CAPTURE_PROCESS, -1);
		exits[i] = -1;
	}
	script_begin();
	capture_say(&processes[NO_PICTURE], script.bytes, script.length);
	script_update(&script, 1);
	size_t before_picture = script.length;
	script_raw_rect(&script, 0, 0, WIDTH, HEIGHT, 1);
	capture_say(&processes[STILL], script.bytes, script.length);
	capture_say(&processes[TRICKLE], script.bytes, before_picture + 12);
	for (int turn = 0; n_ended < N - 1 && turn < 600; turn++) {
		capture_say(&processes[HANDSHAKE_TRICKLE], &"RFB 003.008\n"[turn % 12], turn < 10);
		if (exits[TRICKLE] < 0)
			capture_say(&processes[TRICKLE], "x", 1);
		for (int i = 0; i < N; i++) {
			if (exits[i] < 0 && processes[i].pid > 0)
				exits[i] = capture_wait_exit(&processes[i], 0);
			if (exits[i] < 0 || ends_ms[i])
				continue;
			ends_ms[i] = clock_now_ms() - start_ms;
			n_ended++;
		}
		usleep(50 * 1000);
	}
	ck_assert_int_eq(exits[SILENT], WORKER_EXIT_STALLED);
	ck_assert_int_eq(exits[HANDSHAKE_TRICKLE], WORKER_EXIT_STALLED);
	ck_assert_int_eq(exits[NO_PICTURE], WORKER_EXIT_STALLED);
	ck_assert_int_eq(exits[TRICKLE], WORKER_EXIT_STALLED);
	ck_assert_int_eq(exits[STILL], -1);
	ck_assert(ends_ms[SILENT] >= WORKER_HANDSHAKE_MS - 500 &&
	          ends_ms[SILENT] < WORKER_HANDSHAKE_MS + 4000);
	ck_assert(ends_ms[NO_PICTURE] >= WORKER_PICTURE_MS - 500 &&
	          ends_ms[NO_PICTURE] < WORKER_PICTURE_MS + 4000);
	ck_assert(ends_ms[TRICKLE] >= WORKER_MESSAGE_MS - 500 &&
	          ends_ms[TRICKLE] < WORKER_MESSAGE_MS + 4000);
	ck_assert_uint_eq(processes[STILL].n_damages, 1);
	for (int i = 0; i < N; i++)
		capture_finish(&processes[i]);
}
END_TEST

/* An encode that does not answer: a second, and no longer. Input still goes through meanwhile. */
START_TEST(not_taken)
{
	uint8_t heard[12 + 1 + 1 + 20 + 28 + 6 + 10 + 20];
	uint8_t key[12];
	struct message in;
	uint64_t start_ms;

	begin();
	script_begin();
	script_update(&script, 1);
	script_raw_rect(&script, 0, 0, 8, 8, 1);
	/* It waits in the socket: the buffer is encode's. */
	script_update(&script, 1);
	script_raw_rect(&script, 0, 0, 8, 8, 2);
	capture_say(&capture, script.bytes, script.length);
	do
		ck_assert_int_eq(capture_receive(capture.encode, &in, 1000), 1);
	while (in.number != MESSAGE_DAMAGE);
	start_ms = clock_now_ms();
	ck_assert(capture_hear(&capture, heard, sizeof(heard)));
	CHANNEL_SEND(capture.input, input_key, .sequence = 1, .key = 0x1e, .is_down = true);
	ck_assert(capture_hear(&capture, key, sizeof(key)));
	ck_assert_mem_eq(key, "\xff\0\0\1\0\0\0\0\0\0\0\x1e", 12);
	ck_assert_uint_lt(clock_now_ms() - start_ms, 500);
	ck_assert_uint_eq(capture.pixels[0], 1);
	ck_assert_int_eq(capture_receive(capture.encode, &in, 0), 0);
	ck_assert_int_eq(
	        capture_wait_exit(&capture, WORKER_TAKEN_MS + SOON_MS), WORKER_EXIT_NOT_TAKEN);
	ck_assert(clock_now_ms() - start_ms >= WORKER_TAKEN_MS - 100 &&
	          clock_now_ms() - start_ms < WORKER_TAKEN_MS + 1500);
	ck_assert_uint_eq(capture.pixels[0], 1);
	capture_finish(&capture);
}
END_TEST

START_TEST(peers_that_break_the_table)
{
	begin();
	CHANNEL_SEND(capture.encode, taken, .sequence = 1); /* nothing was told */
	ck_assert_int_eq(capture_wait_exit(&capture, SOON_MS), WORKER_EXIT_PEER);
	capture_finish(&capture);

	begin();
	CHANNEL_SEND(capture.input, input_key, .sequence = 1, .key = 0x1e);
	CHANNEL_SEND(capture.input, input_key, .sequence = 3, .key = 0x1e);
	ck_assert_int_eq(capture_wait_exit(&capture, SOON_MS), WORKER_EXIT_PEER);
	capture_finish(&capture);

	begin();
	channel_free(capture.encode);
	capture.encode = channel_new(dup(1), LINK_CAPTURE_ENCODE, SIDE_B);
	int status;
	for (int i = 0; (status = capture_wait_exit(&capture, 100)) < 0 && i < 50; i++)
		;
	ck_assert_int_eq(status, WORKER_EXIT_PEER);
	capture_finish(&capture);
}
END_TEST

/* gate goes and comes again: what was held is let go, and numbers begin anew. Text is refused where there is no agent. */
START_TEST(gate_restarts)
{
	uint8_t heard[12 + 1 + 1 + 20 + 28 + 6 + 10 + 10], keys[12 * 3];
	int ours, theirs;

	begin();
	script_begin();
	say();
	ck_assert(capture_hear(&capture, heard, sizeof(heard)));
	shutdown(capture.agent, SHUT_RDWR);
	CHANNEL_SEND(capture.input, input_key, .sequence = 7, .key = 0x2a, .is_down = true,
	        .modifiers = 1);
	CHANNEL_SEND(capture.input, input_text, .sequence = 8, .text_number = 5, .is_commit = false,
	        .text = "\u304b");
	CHANNEL_SEND(capture.input, input_text, .sequence = 9, .text_number = 6, .is_commit = true,
	        .text = "\u6f22");
	capture_serve(&capture, 300, 1000, NULL, NULL);
	ck_assert_uint_eq(capture.n_outcomes, 1);
	ck_assert_uint_eq(capture.outcome_number, 6);
	ck_assert_uint_eq(capture.outcome, 1);
	channel_free(capture.input);
	ck_assert_int_eq(channel_pair(&ours, &theirs), 0);
	capture.input = channel_new(ours, LINK_GATE_CAPTURE, SIDE_A);
	channel_set_phase(capture.input, PHASE_READY);
	CHANNEL_SEND(capture.monitor, input_peer, .peer = theirs);
	close(theirs);
	CHANNEL_SEND(capture.input, input_key, .sequence = 1, .key = 0x1e, .is_down = true);
	ck_assert(capture_hear(&capture, keys, sizeof(keys)));
	ck_assert_mem_eq(keys,
	        "\xff\0\0\1\0\0\0\0\0\0\0\x2a\xff\0\0\0\0\0\0\0\0\0\0\x2a\xff\0\0\1\0\0\0\0\0\0\0"
	        "\x1e",
	        36);
	capture_finish(&capture);
}
END_TEST

/* A host that does not read: capture waits with gate's input unread, and still tells monitor that it lives. */
START_TEST(host_does_not_read)
{
	struct message in;
	unsigned n_alive = 0;
	uint32_t sequence = 0;
	uint64_t start_ms;

	begin();
	script_begin();
	say();
	start_ms = clock_now_ms();
	while (clock_now_ms() - start_ms < WORKER_ALIVE_MS + 1500) {
		for (int i = 0; i < 50 && channel_queued_bytes(capture.input) < 4096; i++)
			CHANNEL_SEND(capture.input, input_wheel, .sequence = ++sequence, .up = 32,
			        .down = 32);
		channel_flush(capture.input);
		if (capture_receive(capture.monitor, &in, 20) == 1 &&
		        in.number == MESSAGE_CAPTURE_ALIVE)
			n_alive++;
	}
	ck_assert_uint_ge(n_alive, 2);
	ck_assert(channel_wants_write(capture.input)); /* the positive control: it was full */
	ck_assert_int_eq(capture_wait_exit(&capture, 0), -1);
	capture_finish(&capture);
}
END_TEST

int main(void)
{
	return SUITE_RUN("hostile capture", every_byte_of_the_handshake, an_honest_host,
	        version_33_with_its_schemes, security_other_than_none, names_and_screens,
	        what_was_never_offered, lengths_and_rectangles, cursors_and_texts, unasked_updates,
	        floods, resize_storm, host_goes_away, silence_and_trickle, not_taken,
	        peers_that_break_the_table, gate_restarts, host_does_not_read);
}
