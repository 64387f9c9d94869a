/* encode as a real process: first picture, snapshot, a gate that is replaced, the mark, a set-up that is refused. */
#include "unit/suite.h"

#include "unit/encode_role_rig.h"

#include "encode/mark_pattern.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

START_TEST(picture_snapshot_and_a_new_gate)
{
	struct message_snapshot_filled filled;
	struct message in;

	role_start();
	role_begin_picture();
	role_show(77);
	role_read_until_shown();
	int fd = memfd_create("snapshot", MFD_CLOEXEC);
	CHANNEL_SEND(role.monitor, snapshot_fill, .request = 5, .pixels = fd);
	ck_assert(role_wait(role.monitor, PATIENCE_MS));
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
	role_new_gate();
	role_join();
	role_read_until_shown();
	/* Without a capture the picture stays; without a monitor nothing does. */
	channel_free(role.capture);
	role.capture = NULL;
	CHANNEL_SEND(role.gate, viewer_leave);
	role_join();
	role_read_until_shown();
	channel_free(role.monitor);
	role.monitor = NULL;
	ck_assert_int_eq(role_exit_status(), WORKER_EXIT_DONE);
	role_finish();
}
END_TEST

static int refused_setup(int pixels_fd, uint16_t width_max, uint16_t height_max)
{
	role_start_with(pixels_fd, width_max, height_max);
	int status = role_exit_status();
	role_finish();
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

/* It may come in several frames. */
static void read_until_marked(void)
{
	size_t n_plain, n_marked;
	uint32_t n_frames = role.n_frames;

	do {
		ck_assert(role_read(PATIENCE_MS / 100));
		count_marked(&n_plain, &n_marked);
	} while (role.n_frames < n_frames + 50 && n_plain + n_marked < WIDTH * HEIGHT);
	ck_assert_uint_eq(n_plain + n_marked, WIDTH * HEIGHT);
	ck_assert_uint_gt(n_marked, WIDTH * HEIGHT / 100);
	ck_assert_uint_lt(n_marked, WIDTH * HEIGHT / 10);
}

/* The whole of it within seccomp: the clock, the calendar, the timer of the next minute. */
START_TEST(nothing_is_shown_without_its_mark)
{
	struct message in;

	role.is_marked = true;
	role.address = "192.0.2.7";
	role_start();
	CHANNEL_SEND(role.capture, geometry, .generation = 1, .width = WIDTH, .height = HEIGHT);
	role_join();
	role_show(1);
	int fd = memfd_create("snapshot", MFD_CLOEXEC);
	CHANNEL_SEND(role.monitor, snapshot_fill, .request = 5, .pixels = fd);
	ck_assert(!role_wait(role.gate, 300));
	ck_assert(!role_wait(role.monitor, 0));
	ck_assert_int_eq(lseek(fd, 0, SEEK_END), 0);
	close(fd);
	CHANNEL_SEND(role.monitor, mark_encode, .person = "tanaka", .address = "192.0.2.7",
	        .east_min = 1440 + 540);
	ck_assert(role_wait(role.monitor, PATIENCE_MS));
	ck_assert_int_eq(channel_receive(role.monitor, &in), 1);
	ck_assert_int_eq(in.number, MESSAGE_FIRST_PICTURE);
	read_until_marked();
	role_finish();
	role.is_marked = false;
}
END_TEST

static void name(const char *address)
{
	struct message_mark_encode mark = {.person = "tanaka", .east_min = 1440};

	snprintf(mark.address, sizeof(mark.address), "%s", address);
	CHANNEL_SEND_VALUE(role.monitor, mark_encode, &mark);
}

/* Without a time, which the clock may change meanwhile. */
static void draw_pattern(struct mark_pattern *pattern, const char *address)
{
	struct mark_words words = {.person = "tanaka"};

	snprintf(words.address, sizeof(words.address), "%s", address);
	mark_pattern_draw(pattern, &words, mark_dot(role.scale));
}

/* Where a mark that names this terminal has ink and one that names the other has none: how many such pixels the screen shows marked. */
static size_t n_marked_for(const char *address, const char *other)
{
	static struct mark_pattern own, others;
	const uint8_t *shown = stream_decoder_screen(role.decoder)->pixels;
	size_t n = 0;

	draw_pattern(&own, address);
	draw_pattern(&others, other);
	for (uint32_t y = 0; y < HEIGHT; y++)
		for (uint32_t x = 0; x < WIDTH; x++) {
			if (!mark_pattern_row(&own, y)[x % own.period_x] ||
			        mark_pattern_row(&others, y)[x % others.period_x])
				continue;
			const uint8_t *seen = shown + (y * WIDTH + x) * 4;
			uint32_t drawn;
			memcpy(&drawn, role.pixels + (y * WIDTH + x) * 4, 4);
			n += (uint32_t)(seen[0] << 16 | seen[1] << 8 | seen[2]) ==
			     (mark_pixel(drawn) & 0xffffff);
		}
	return n;
}

/* gate's word that a terminal is there, and keeper's of what it is called: whichever comes first, no frame has another name. */
START_TEST(no_frame_names_the_terminal_before)
{
	static const char first[] = "192.0.2.7", second[] = "198.51.100.23";

	role.is_marked = true;
	role.address = first;
	role_start();
	CHANNEL_SEND(role.capture, geometry, .generation = 1, .width = WIDTH, .height = HEIGHT);
	name(first);
	role_join();
	role_show(1);
	read_until_marked();
	ck_assert_uint_gt(n_marked_for(first, second), 100);
	ck_assert_uint_eq(n_marked_for(second, first), 0);

	/* keeper's first: the terminal before gets nothing any more. */
	name(second);
	ck_assert(!role_wait(role.gate, 300));
	role.address = second;
	role_join();
	read_until_marked();
	ck_assert_uint_gt(n_marked_for(second, first), 100);
	ck_assert_uint_eq(n_marked_for(first, second), 0);

	/* gate's first. The terminal still shows what it was shown under the other address: nothing of it stays. */
	role.address = first;
	role_join_again();
	ck_assert(!role_wait(role.gate, 300));
	role_show(1);
	ck_assert(!role_wait(role.gate, 300));
	name(first);
	read_until_marked();
	ck_assert_int_eq(role.reset, PICTURE_RESET_SCREEN);
	ck_assert_uint_gt(n_marked_for(first, second), 100);
	ck_assert_uint_eq(n_marked_for(second, first), 0);

	/* The line was cut, and nothing else happened: it goes on where it was. */
	role_join_again();
	role_show(3);
	read_until_marked();
	ck_assert_int_eq(role.reset, PICTURE_RESET_NOTHING);
	role_finish();
	role.is_marked = false;
	role.address = NULL;
}
END_TEST

/* Whether all of the mark's ink is there, in that size. */
static bool is_marked_at(uint16_t scale)
{
	static struct mark_pattern pattern;
	const uint8_t *shown = stream_decoder_screen(role.decoder)->pixels;

	role.scale = scale;
	draw_pattern(&pattern, role.address);
	for (uint32_t y = 0; y < HEIGHT; y++)
		for (uint32_t x = 0; x < WIDTH; x++) {
			const uint8_t *seen = shown + (y * WIDTH + x) * 4;
			uint32_t drawn;
			memcpy(&drawn, role.pixels + (y * WIDTH + x) * 4, 4);
			if (mark_pattern_row(&pattern, y)[x % pattern.period_x] &&
			        (uint32_t)(seen[0] << 16 | seen[1] << 8 | seen[2]) !=
			                (mark_pixel(drawn) & 0xffffff))
				return false;
		}
	return true;
}

START_TEST(the_mark_is_as_large_as_the_terminals_scale)
{
	role.is_marked = true;
	role.address = "192.0.2.7";
	role.scale = 128;
	role_start();
	CHANNEL_SEND(role.capture, geometry, .generation = 1, .width = WIDTH, .height = HEIGHT);
	name(role.address);
	role_join();
	role_show(1);
	read_until_marked();
	ck_assert(is_marked_at(128) && !is_marked_at(64));
	/* The window goes to another monitor. */
	CHANNEL_SEND(role.gate, viewer_screen, .scale = 64);
	for (int i = 0; i < 100 && !is_marked_at(64); i++)
		role_read(100);
	ck_assert(is_marked_at(64) && !is_marked_at(128));
	read_until_marked();
	role_finish();
	role.is_marked = false;
	role.address = NULL;
}
END_TEST

START_TEST(set_up_that_is_refused)
{
	const off_t size = WIDTH * HEIGHT * 4;

	ck_assert_int_eq(refused_setup(role_pixels(false, size), WIDTH, HEIGHT), WORKER_EXIT_SETUP);
	ck_assert_int_eq(
	        refused_setup(role_pixels(true, size - 1), WIDTH, HEIGHT), WORKER_EXIT_SETUP);
	ck_assert_int_eq(refused_setup(role_pixels(true, size), WIDTH, 0), WORKER_EXIT_SETUP);
	role.scale = SCREEN_SCALE_MAX + 1;
	ck_assert_int_eq(refused_setup(role_pixels(true, size), WIDTH, HEIGHT), WORKER_EXIT_SETUP);
	role.scale = 0;
}
END_TEST

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	return SUITE_RUN("encode role", picture_snapshot_and_a_new_gate,
	        nothing_is_shown_without_its_mark, no_frame_names_the_terminal_before,
	        the_mark_is_as_large_as_the_terminals_scale, set_up_that_is_refused);
}
