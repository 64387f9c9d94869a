/* Stand-ins for the roles. They stay root and read files: nothing here is a pattern for a real
 * role. */
#include "unit/monitor_roles.h"

#include "base/channel.h"
#include "base/ensure.h"
#include "base/guest.h"
#include "base/loop.h"
#include "base/role.h"
#include "base/session.h"
#include "base/session.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define ORDERS_MS 10
#define ALIVE_MS 200
#define LOST_MS 700
#define LIFE_S 120

static const char *role;
static char folder[512];
static char mode[64];
static struct loop *loop;
static struct channel *monitor;

static void journal(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void journal(const char *format, ...)
{
	char path[600];
	char line[512];
	va_list arguments;
	size_t length = (size_t)snprintf(line, sizeof(line), "%s: ", role);

	va_start(arguments, format);
	length += (size_t)vsnprintf(line + length, sizeof(line) - length - 1, format, arguments);
	va_end(arguments);
	line[length++] = '\n';
	snprintf(path, sizeof(path), "%s/journal", folder);
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	ensure(fd >= 0 && write(fd, line, length) == (ssize_t)length);
	close(fd);
}

static void find_folder(const char *root)
{
	snprintf(folder, sizeof(folder), "%s", root);
	*strrchr(folder, '/') = '\0';
	char *run = strrchr(folder, '/');
	if (!strcmp(run, "/run"))
		*run = '\0';
}

static void read_mode(void)
{
	char path[600];

	snprintf(path, sizeof(path), "%s/mode.%s", folder, role);
	FILE *file = fopen(path, "r");
	if (file && !fgets(mode, sizeof(mode), file))
		mode[0] = '\0';
	if (file)
		fclose(file);
}

static bool is_mode(const char *name)
{
	return !strcmp(mode, name);
}

/* ---- keeper ---- */

static void tell_leases(void)
{
	char path[600];
	uint64_t lease_id;
	unsigned slot;

	snprintf(path, sizeof(path), "%s/leases", folder);
	FILE *file = fopen(path, "r");
	while (file && fscanf(file, "%" SCNx64 " %u", &lease_id, &slot) == 2)
		CHANNEL_SEND(monitor, lease_held, .lease_id = lease_id, .slot = (uint16_t)slot,
		        .width = 1280, .height = 800);
	if (file)
		fclose(file);
	CHANNEL_SEND(monitor, leases_told);
}

static void obey(const char *line)
{
	uint64_t lease_id;
	unsigned a, b, c;

	if (sscanf(line, "start %" SCNx64 " %u %u %u", &lease_id, &a, &b, &c) == 4)
		CHANNEL_SEND(monitor, start_session, .lease_id = lease_id, .slot = (uint16_t)a,
		        .width = (uint16_t)b, .height = (uint16_t)c, .scale = SCREEN_SCALE_ONE);
	else if (sscanf(line, "stop %" SCNx64 " %u", &lease_id, &a) == 2)
		CHANNEL_SEND(monitor, stop_session, .lease_id = lease_id, .reason = (uint8_t)a);
	else if (sscanf(line, "snapshot %u %" SCNx64, &a, &lease_id) == 2)
		CHANNEL_SEND(monitor, take_snapshot, .request = a, .lease_id = lease_id);
	else
		abort();
}

static void on_orders(void *data)
{
	char path[600], taken[620], line[256];

	snprintf(path, sizeof(path), "%s/keeper.orders", folder);
	snprintf(taken, sizeof(taken), "%s.taken", path);
	if (rename(path, taken) == 0) {
		FILE *file = fopen(taken, "r");
		while (file && fgets(line, sizeof(line), file))
			obey(line);
		if (file)
			fclose(file);
		unlink(taken);
		journal("obeyed");
	}
	timer_set_ms(*(struct timer **)data, ORDERS_MS);
}

static void on_snapshot(struct message *in)
{
	struct message_snapshot_taken taken;
	unsigned char first[4] = {0};

	ensure(message_get_snapshot_taken(in, &taken) == 0);
	ensure(pread(taken.pixels, first, 4, 0) >= 0);
	bool is_writable = pwrite(taken.pixels, first, 1, 0) == 1;
	journal("snapshot %u %s %ux%u first %02x%s", taken.request, taken.is_taken ? "yes" : "no",
	        taken.width, taken.height, first[0],
	        taken.is_taken && is_writable ? " writable" : "");
	close(taken.pixels);
}

static void on_keeper_message(struct message *in)
{
	struct message_session_started started;
	struct message_session_ended ended;
	struct message_broker_status status;
	struct message_gate_peer gate;

	if (!message_get_gate_peer(in, &gate)) {
		journal("gate_peer same %d", gate.is_same);
		close(gate.peer);
	} else if (!message_get_session_started(in, &started))
		journal("started %" PRIx64 " adopted %d", started.lease_id, started.adopted);
	else if (!message_get_session_ended(in, &ended))
		journal("ended %" PRIx64 " %u %s", ended.lease_id, ended.reason, ended.detail);
	else if (!message_get_broker_status(in, &status))
		journal("status full %d limits %s", status.full_isolation, status.limits);
	else if (in->number == MESSAGE_SNAPSHOT_TAKEN)
		on_snapshot(in);
	else
		journal("%s", message_rule_find(in->number)->name);
}

/* ---- gate, egress ---- */

static bool has_keeper;

static void on_role_message(struct message *in)
{
	struct message_session_join join;
	struct message_session_gone gone;
	struct message_door_open door;

	if (!message_get_session_join(in, &join)) {
		journal("join %" PRIx64, join.lease_id);
		/* encode and capture say what they get. */
		send(join.stream, "s", 1, MSG_NOSIGNAL);
		send(join.input, "i", 1, MSG_NOSIGNAL);
		close(join.stream);
		close(join.input);
		close(join.onlooker);
	} else if (!message_get_session_gone(in, &gone))
		journal("gone %" PRIx64 " %u", gone.lease_id, gone.reason);
	else if (!message_get_door_open(in, &door))
		journal("door %" PRIx64, door.lease_id);
	else
		journal("%s", message_rule_find(in->number)->name);
	has_keeper = has_keeper || in->number == MESSAGE_KEEPER_PEER;
}

static struct timer *lost;

/* Several times at once: monitor answers with one channel. */
static void on_lost(void *data)
{
	(void)data;
	for (int i = 0; i < 20 && !has_keeper; i++)
		CHANNEL_SEND(monitor, keeper_lost);
	journal("has lost keeper");
	if (!is_mode("keeper-lost-once"))
		timer_set_ms(lost, LOST_MS);
}

static void begin_lost(void)
{
	lost = timer_new(loop, on_lost, NULL);
	timer_set_ms(lost, LOST_MS);
}

/* ---- capture, encode ---- */

static void on_alive(void *data)
{
	CHANNEL_SEND(monitor, capture_alive);
	timer_set_ms(*(struct timer **)data, ALIVE_MS);
}

static void misbehave_worker(void)
{
	if (!strncmp(mode, "exit-", 5))
		_exit(atoi(mode + 5));
	if (is_mode("sigsys"))
		raise(SIGSYS);
	if (is_mode("first-picture")) {
		/* Past the channel, which would refuse to send it (a second time). */
		static const unsigned char first_picture[4] = {MESSAGE_FIRST_PICTURE};
		send(ROLE_CHANNEL_FD, first_picture, sizeof(first_picture), MSG_NOSIGNAL);
	}
}

static void receive_byte(const char *what, int fd)
{
	char byte = '?';

	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	/* Nothing: that gate was gone before it could say it; the next one is on its way. */
	if (recv(fd, &byte, 1, 0) == 1)
		journal("%s %c", what, byte);
	close(fd);
}

static void fill_snapshot(struct message_snapshot_fill *fill)
{
	unsigned char pixel[4] = {0x5a, 0, 0, 0};

	ensure(pwrite(fill->pixels, pixel, 4, 0) == 4);
	ensure(ftruncate(fill->pixels, 0) < 0);
	close(fill->pixels);
	if (is_mode("slow-snapshot"))
		usleep(300000);
	CHANNEL_SEND(monitor, snapshot_filled, .request = fill->request, .width = 1280,
	        .height = is_mode("lying-snapshot") ? 60000 : 800, .stride_bytes = 1280 * 4);
}

static void on_worker_message(struct message *in)
{
	struct message_stream_peer stream;
	struct message_input_peer input;
	struct message_snapshot_fill fill;
	struct message_film_share share;

	if (!message_get_stream_peer(in, &stream)) {
		if (stream.seat == SEAT_PERSON)
			receive_byte("stream", stream.peer);
		else
			close(stream.peer);
	} else if (!message_get_input_peer(in, &input))
		receive_byte("input", input.peer);
	else if (!message_get_snapshot_fill(in, &fill))
		fill_snapshot(&fill);
	else if (!message_get_film_share(in, &share))
		journal("film %u", share.core_permille);
}

/* ---- any of them ---- */

static void on_message(void *data, struct channel *self, struct message *in)
{
	(void)data;
	(void)self;
	if (!strcmp(role, "keeper"))
		on_keeper_message(in);
	else if (!strcmp(role, "capture") || !strcmp(role, "encode"))
		on_worker_message(in);
	else
		on_role_message(in);
}

static void on_close(void *data, struct channel *self, int error)
{
	(void)data;
	(void)self;
	(void)error;
	_exit(0);
}

static void take_setup(void)
{
	struct message in;
	static struct message_setup_capture capture; /* its descriptors stay open */
	static struct message_setup_encode encode;

	ensure(role_receive_setup(monitor,
	               !strcmp(role, "keeper")   ? message_number_setup_keeper
	               : !strcmp(role, "gate")   ? message_number_setup_gate
	               : !strcmp(role, "egress") ? message_number_setup_egress
	               : !strcmp(role, "hash")   ? message_number_setup_hash
	               : !strcmp(role, "encode") ? message_number_setup_encode
	                                         : message_number_setup_capture,
	               &in) == 0);
	if (!message_get_setup_capture(&in, &capture)) {
		ensure(pwrite(capture.pixels, "x", 1, 0) == 1);
		ensure(ftruncate(capture.pixels, 0) < 0);
	} else if (!message_get_setup_encode(&in, &encode)) {
		ensure(pwrite(encode.pixels, "x", 1, 0) < 0);
	}
}

static void begin_keeper(void)
{
	static struct timer *orders;

	tell_leases();
	orders = timer_new(loop, on_orders, &orders);
	timer_set_ms(orders, ORDERS_MS);
	if (is_mode("out-of-turn"))
		CHANNEL_SEND(monitor, start_session, .lease_id = 1, .slot = 9999, .width = 1280,
		        .height = 800, .scale = SCREEN_SCALE_ONE);
}

static void begin_worker(void)
{
	static struct timer *alive;

	if (!strcmp(role, "capture")) {
		alive = timer_new(loop, on_alive, &alive);
		timer_set_ms(alive, 0);
		misbehave_worker();
	} else if (!is_mode("no-picture")) {
		/* gate is joined in between, and the byte of its join read. */
		CHANNEL_SEND(monitor, first_picture);
		if (is_mode("film"))
			CHANNEL_SEND(monitor, film_playing, .is_playing = true);
		misbehave_worker();
	}
}

static _Noreturn void run_role(void)
{
	if (is_mode("exit"))
		_exit(3);
	loop = loop_new();
	monitor = channel_new(ROLE_CHANNEL_FD, LINK_MONITOR_ROLE, SIDE_B);
	take_setup();
	journal("begins %d", (int)getpid());
	role_ready(monitor);
	channel_watch(monitor, loop, on_message, on_close, NULL);
	if (is_mode("keeper-lost") || is_mode("keeper-lost-once"))
		begin_lost();
	if (!strcmp(role, "keeper"))
		begin_keeper();
	else if (!strcmp(role, "capture") || !strcmp(role, "encode"))
		begin_worker();
	else if (is_mode("out-of-turn"))
		CHANNEL_SEND(monitor, leases_told);
	_exit(loop_run(loop));
}

/* ---- shepherd ---- */

static struct message_shepherd_setup host;

static void say_hello(void)
{
	uint64_t lease_id = is_mode("other-lease") ? host.lease_id + 1 : host.lease_id;

	if (!is_mode("silent"))
		CHANNEL_SEND(monitor, shepherd_hello, .version = SHEPHERD_VERSION,
		        .lease_id = lease_id, .host_pid = (uint32_t)getpid());
}

static void connect_rfb(void)
{
	int rfb[2], text[2];

	ensure(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, rfb) == 0);
	ensure(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, text) == 0);
	CHANNEL_SEND(monitor, rfb_connected, .rfb = rfb[1], .text = text[1]);
	close(rfb[1]);
	close(text[1]);
}

static _Noreturn void end_host(enum end_reason reason)
{
	struct message_host_ended ended = {.reason = (uint8_t)reason};

	snprintf(ended.detail, sizeof(ended.detail), "as \"told\"");
	CHANNEL_SEND_VALUE(monitor, host_ended, &ended);
	if (is_mode("slow-end")) {
		usleep(700000);
		journal("leaves");
	}
	_exit(0);
}

static void on_shepherd_message(void *data, struct channel *self, struct message *in)
{
	(void)data;
	(void)self;
	if (in->number == MESSAGE_CONNECT_RFB)
		connect_rfb();
	else if (in->number == MESSAGE_END_HOST && !is_mode("deaf"))
		end_host(END_BROKER);
	else if (in->number == MESSAGE_RENEW_LEASE)
		journal("renewed %" PRIx64, host.lease_id);
	if (in->number == MESSAGE_CONNECT_RFB && is_mode("unasked-rfb"))
		connect_rfb();
	if (in->number == MESSAGE_CONNECT_RFB && is_mode("ends"))
		end_host(END_LIMIT);
}

static void on_shepherd_close(void *data, struct channel *self, int error)
{
	(void)data;
	(void)error;
	channel_free(self);
	monitor = NULL;
}

static void on_connection(void *data, unsigned events)
{
	int fd = accept4(host.control_listener, NULL, NULL, SOCK_CLOEXEC);

	(void)data;
	(void)events;
	if (fd < 0 || monitor) {
		close(fd);
		return;
	}
	monitor = channel_new(fd, LINK_MONITOR_SHEPHERD, SIDE_B);
	channel_set_phase(monitor, PHASE_READY);
	channel_watch(monitor, loop, on_shepherd_message, on_shepherd_close, NULL);
	say_hello();
}

static void take_shepherd_setup(void)
{
	struct message in;
	int lock = open("/dev/null", O_RDONLY | O_CLOEXEC);

	fcntl(ROLE_CHANNEL_FD, F_SETFL, 0);
	ensure(role_receive_setup(monitor, message_number_shepherd_setup, &in) == 0);
	ensure(message_get_shepherd_setup(&in, &host) == 0);
	close(lock);
	for (;;) {
		if (channel_receive(monitor, &in) != 1)
			continue;
		uint16_t number = in.number;
		message_release(&in);
		if (number == MESSAGE_SHEPHERD_START)
			return;
	}
}

static _Noreturn void run_shepherd(void)
{
	if (fork() != 0)
		_exit(0);
	setsid();
	alarm(LIFE_S); /* fork clears it */
	loop = loop_new();
	monitor = channel_new(ROLE_CHANNEL_FD, LINK_MONITOR_SHEPHERD, SIDE_B);
	take_shepherd_setup();
	if (geteuid() == 0)
		ensure(setresgid(host.uid, host.uid, host.uid) == 0 &&
		        setresuid(host.uid, host.uid, host.uid) == 0);
	channel_set_phase(monitor, PHASE_READY);
	watch_new(loop, host.control_listener, LOOP_READ, on_connection, NULL);
	channel_watch(monitor, loop, on_shepherd_message, on_shepherd_close, NULL);
	journal("begins %d", (int)getpid());
	say_hello();
	_exit(loop_run(loop));
}

void monitor_roles_dispatch(int argc, char **argv)
{
	if (argc < 5 || strncmp(argv[1], "--role=", 7) != 0)
		return;
	role = argv[1] + 7;
	alarm(LIFE_S); /* whatever becomes of the test, it leaves nobody behind */
	find_folder(argv[4] + strlen("--root="));
	read_mode();
	if (!strcmp(role, "shepherd"))
		run_shepherd();
	run_role();
}
