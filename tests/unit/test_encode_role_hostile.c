/* encode as a real process, and peers that were taken over: a capture that says anything, rules that are broken. */
#include "unit/suite.h"

#include "unit/encode_role_rig.h"

#include "base/error.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

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

	while (role_wait(role.capture, 0) && channel_receive(role.capture, &in) == 1)
		message_release(&in);
}

/* Whether encode left because of it, and whether it drew anything of it before. */
static bool run_garbage(uint64_t seed, bool *has_drawn)
{
	uint64_t state = seed * 0x9e3779b97f4a7c15u + 1;
	bool is_alive = true;

	role_start();
	role_begin_picture();
	uint32_t n_first = role.n_frames;
	for (int i = 0; i < 150 && is_alive; i++) {
		is_alive = send_something(&state) != SHOJI_ERR_CLOSED;
		is_alive = role_read(0) && is_alive;
		drain_taken();
	}
	for (int i = 0; i < 3; i++)
		role_read(20);
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
	*has_drawn = role.n_frames > n_first;
	role_finish();
	return has_left;
}

START_TEST(garbage_from_capture)
{
	uint32_t n_left = 0, n_drawn = 0, n_seeds = 80;
	bool has_drawn;

	for (uint64_t seed = 1; seed <= n_seeds; seed++) {
		n_left += run_garbage(seed, &has_drawn);
		n_drawn += has_drawn;
	}
	/* Both were seen: rules broken, and pictures drawn from what breaks none. How many a seed depends on how busy the
	 * machine is, whether any does not: 75 of 80. */
	ck_assert_uint_gt(n_left, n_seeds / 2);
	ck_assert_uint_gt(n_drawn, 3 * n_seeds / 4);
}
END_TEST

static int exit_after(void (*offend)(void))
{
	role_start();
	role_begin_picture();
	offend();
	int status = role_exit_status();
	role_finish();
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

static void scale_beyond_the_largest(void)
{
	CHANNEL_SEND(role.gate, viewer_screen, .scale = SCREEN_SCALE_MAX + 1);
}

static void scale_of_nothing(void)
{
	CHANNEL_SEND(role.gate, viewer_screen, .scale = 0);
}

/* The mark is the person's. */
static void scale_of_an_onlooker(void)
{
	int ours, theirs;

	ck_assert_int_eq(channel_pair(&ours, &theirs), 0);
	CHANNEL_SEND(role.monitor, stream_peer, .seat = SEAT_ONLOOKER, .peer = theirs);
	close(theirs);
	channel_free(role.gate);
	role.gate = channel_new(ours, LINK_GATE_ENCODE, SIDE_A);
	channel_set_phase(role.gate, PHASE_READY);
	CHANNEL_SEND(role.gate, viewer_screen, .scale = SCREEN_SCALE_ONE);
}

START_TEST(peers_that_break_a_rule)
{
	ck_assert_int_eq(exit_after(scale_beyond_the_largest), WORKER_EXIT_PEER);
	ck_assert_int_eq(exit_after(scale_of_nothing), WORKER_EXIT_PEER);
	ck_assert_int_eq(exit_after(scale_of_an_onlooker), WORKER_EXIT_PEER);
	ck_assert_int_eq(exit_after(damage_outside), WORKER_EXIT_PEER);
	ck_assert_int_eq(exit_after(damage_from_gate_link), WORKER_EXIT_PEER);
	ck_assert_int_eq(exit_after(join_with_a_window_too_large), WORKER_EXIT_PEER);
	ck_assert_int_eq(exit_after(film_without_a_share), WORKER_EXIT_SETUP);
	ck_assert_int_eq(exit_after(film_beyond_a_core), WORKER_EXIT_SETUP);
}
END_TEST

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	return SUITE_RUN(
	        "encode role, hostile peers", garbage_from_capture, peers_that_break_a_rule);
}
