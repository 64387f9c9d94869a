/* Runs the real gate as a process of its own and plays everybody behind it: monitor, keeper, encode and capture.
 * gate*.test.mjs drive it: one command a line on standard input, one JSON object a line on standard output.
 *
 *   gate-peer CONFIG CERTIFICATE KEY FOLDER-OF-ASSETS
 *
 * Commands (LEASE in hex):
 *   sign_in_result REQUEST OUTCOME RETRY LEASE COOKIE TOKEN     attach_result REQUEST OUTCOME LEASE TOKEN NAME
 *   sign_out_result REQUEST DONE                                end_viewer LEASE REASON
 *   onlook_result REQUEST OUTCOME LEASE ADMINISTRATOR PERSON    onlooker_slice LEASE HEX
 *   notify LEASE NOTICE TEXT      join LEASE      gone LEASE REASON      slice LEASE HEX
 *   flood LEASE MILLISECONDS      keeper_gone     keeper_new             capture_gone LEASE
 *   status                        quit */
#include "base/assets.h"
#include "base/channel.h"
#include "base/loop.h"
#include "base/role.h"
#include "base/session.h"
#include "gate/gate.h"
#include "stream/wire.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define LEASES_MAX 64
#define COOKIE "%64[0-9a-zA-Z-]"

struct lease {
	uint64_t id;
	struct channel *encode, *onlooker, *capture;
	uint32_t slices_left_out;
};

static struct loop *loop;
static struct channel *monitor, *keeper;
static struct lease leases[LEASES_MAX];
static pid_t gate_pid;
static char root[] = "/tmp/shoji-gate-root-XXXXXX"; /* stays empty */
static char line[1 << 20];
static size_t line_length;

static void die(const char *what)
{
	perror(what);
	exit(2);
}

#define EVENT(...) (printf(__VA_ARGS__), putchar('\n'), fflush(stdout))

static void print_hex(const char *text)
{
	for (; *text; text++)
		printf("%02x", (unsigned char)*text);
}

static uint8_t *read_file(const char *path, size_t *length)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes = malloc(1 << 24);

	if (!file || !bytes)
		die(path);
	*length = fread(bytes, 1, 1 << 24, file);
	fclose(file);
	return bytes;
}

static int memfd_of(const char *path)
{
	size_t length;
	int fd;
	uint8_t *bytes = read_file(path, &length);

	if (memfd_sealed("file", bytes, length, &fd))
		die("memfd");
	free(bytes);
	return fd;
}

static const char *type_of(const char *name)
{
	const char *dot = strrchr(name, '.');

	if (dot && !strcmp(dot, ".html"))
		return "text/html; charset=utf-8";
	return dot && !strcmp(dot, ".js") ? "text/javascript; charset=utf-8"
	                                  : "application/octet-stream";
}

static int bundle_of(const char *folder)
{
	struct assets_writer writer;
	struct dirent *entry;
	DIR *dir = opendir(folder);
	int fd;

	if (!dir || assets_writer_init(&writer))
		die(folder);
	while ((entry = readdir(dir))) {
		char path[1024];
		size_t length;
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		uint8_t *bytes = read_file(path, &length);
		assets_writer_add(&writer, entry->d_name, type_of(entry->d_name), bytes, length);
		free(bytes);
	}
	closedir(dir);
	if (assets_writer_finish(&writer, &fd))
		die("assets");
	return fd;
}

static int listen_any(unsigned *port)
{
	struct sockaddr_in address = {
	        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 256) < 0)
		die("listen");
	getsockname(fd, (struct sockaddr *)&address, &length);
	*port = ntohs(address.sin_port);
	return fd;
}

/* In the gate's process. As root it is confined as in the product. */
static int run_gate(const char *folder)
{
	struct role_start start = {.name = "gate"};

	if (getuid() == 0)
		start.identity =
		        (struct sandbox_identity){.uid = 60991, .gid = 60991, .root = folder};
	return gate_run(&start);
}

static int spawn_gate(void)
{
	int ours, theirs;
	char program[1024] = {0};

	if (channel_pair(&ours, &theirs) ||
	        readlink("/proc/self/exe", program, sizeof(program) - 1) < 0)
		die("spawn");
	gate_pid = fork();
	if (gate_pid == 0) {
		int null = open("/dev/null", O_RDWR);
		dup2(null, 0);
		dup2(null, 1);
		if (theirs == ROLE_CHANNEL_FD)
			fcntl(theirs, F_SETFD, 0);
		else
			dup2(theirs, ROLE_CHANNEL_FD);
		close_range(ROLE_CHANNEL_FD + 1, ~0u, 0);
		execl(program, program, "--gate", root, (char *)NULL);
		_exit(127);
	}
	close(theirs);
	return ours;
}

/* ---- what gate says ---- */

/* The message as m. */
#define TAKE(name)                                                                                 \
	struct message_##name m;                                                                   \
	if (message_get_##name(in, &m))                                                            \
	die(#name)

static void on_keeper_message(void *data, struct channel *channel, struct message *in)
{
	(void)data, (void)channel;
	if (in->number == MESSAGE_SIGN_IN) {
		TAKE(sign_in);
		printf("{\"event\":\"sign_in\",\"request\":%u,\"width\":%u,\"height\":%u,\"scale\":"
		       "%u,"
		       "\"address\":\"%s\",\"person\":\"",
		        m.request, m.width, m.height, m.scale, m.address);
		print_hex(m.person);
		printf("\",\"password\":\"");
		print_hex(m.password);
		EVENT("\"}");
	} else if (in->number == MESSAGE_SIGN_OUT) {
		TAKE(sign_out);
		EVENT("{\"event\":\"sign_out\",\"request\":%u,\"cookie\":\"%s\"}", m.request,
		        m.cookie);
	} else if (in->number == MESSAGE_ATTACH) {
		TAKE(attach);
		EVENT("{\"event\":\"attach\",\"request\":%u,\"cookie\":\"%s\",\"token\":\"%s\","
		      "\"address\":\"%s\"}",
		        m.request, m.cookie, m.attach_token, m.address);
	} else if (in->number == MESSAGE_ONLOOK) {
		TAKE(onlook);
		EVENT("{\"event\":\"onlook\",\"request\":%u,\"token\":\"%s\"}", m.request, m.token);
	} else if (in->number == MESSAGE_ONLOOK_LEFT) {
		TAKE(onlook_left);
		EVENT("{\"event\":\"onlook_left\",\"lease\":\"%llx\"}",
		        (unsigned long long)m.lease_id);
	} else if (in->number == MESSAGE_DETACHED) {
		TAKE(detached);
		EVENT("{\"event\":\"detached\",\"lease\":\"%llx\"}",
		        (unsigned long long)m.lease_id);
	} else if (in->number == MESSAGE_LATENCY) {
		TAKE(latency);
		EVENT("{\"event\":\"latency\",\"lease\":\"%llx\",\"answers\":%u,\"drawn\":[%u,%u],"
		      "\"round\":[%u,%u]}",
		        (unsigned long long)m.lease_id, m.answers, m.drawn_p50, m.drawn_p95,
		        m.round_p50, m.round_p95);
	} else if (in->number == MESSAGE_ACTIVITY) {
		TAKE(activity);
		EVENT("{\"event\":\"activity\",\"lease\":\"%llx\"}",
		        (unsigned long long)m.lease_id);
	}
}

static void on_keeper_close(void *data, struct channel *channel, int error)
{
	(void)data, (void)channel, (void)error;
	EVENT("{\"event\":\"keeper_closed\"}");
	channel_free(keeper);
	keeper = NULL;
}

static void on_encode_message(void *data, struct channel *channel, struct message *in)
{
	const struct lease *lease = data;
	unsigned long long id = lease->id;
	int seat = channel == lease->onlooker ? SEAT_ONLOOKER : SEAT_PERSON;

	if (in->number == MESSAGE_VIEWER_JOIN) {
		TAKE(viewer_join);
		EVENT("{\"event\":\"viewer_join\",\"seat\":%d,\"lease\":\"%llx\",\"capabilities\":%"
		      "u,\"window_"
		      "log\":%u,\"epoch\":\"%llx\",\"last\":%u,\"slots\":%u}",
		        seat, id, m.capabilities, m.window_log_max, (unsigned long long)m.epoch,
		        m.last_frame, m.cache_slots);
	} else if (in->number == MESSAGE_VIEWER_ACK) {
		TAKE(viewer_ack);
		EVENT("{\"event\":\"viewer_ack\",\"lease\":\"%llx\",\"frame\":%u,\"us\":%u}", id,
		        m.frame, m.drawn_after_us);
	} else if (in->number == MESSAGE_VIEWER_VIDEO) {
		TAKE(viewer_video);
		EVENT("{\"event\":\"viewer_video\",\"lease\":\"%llx\",\"failed\":%d,\"frame\":%u}",
		        id, m.has_failed, m.frame);
	} else if (in->number == MESSAGE_VIEWER_TOUCH) {
		TAKE(viewer_touch);
		EVENT("{\"event\":\"viewer_touch\",\"lease\":\"%llx\",\"x\":%u,\"y\":%u}", id, m.x,
		        m.y);
	} else if (in->number == MESSAGE_VIEWER_PRESS) {
		TAKE(viewer_press);
		EVENT("{\"event\":\"viewer_press\",\"lease\":\"%llx\",\"input\":%u}", id, m.input);
	} else if (in->number == MESSAGE_VIEWER_LEAVE) {
		EVENT("{\"event\":\"viewer_leave\",\"seat\":%d,\"lease\":\"%llx\"}", seat, id);
	}
}

static void on_encode_close(void *data, struct channel *channel, int error)
{
	struct lease *lease = data;

	(void)error;
	if (channel == lease->onlooker) {
		lease->onlooker = NULL;
		channel_free(channel);
		return;
	}
	lease->encode = NULL;
	channel_free(channel);
	EVENT("{\"event\":\"stream_closed\",\"lease\":\"%llx\"}", (unsigned long long)lease->id);
}

static void on_capture_message(void *data, struct channel *channel, struct message *in)
{
	unsigned long long id = ((struct lease *)data)->id;

	(void)channel;
	if (in->number == MESSAGE_INPUT_KEY) {
		TAKE(input_key);
		EVENT("{\"event\":\"key\",\"lease\":\"%llx\",\"sequence\":%u,\"key\":%u,\"down\":%"
		      "d,\"modifiers\":%u}",
		        id, m.sequence, m.key, m.is_down, m.modifiers);
	} else if (in->number == MESSAGE_INPUT_POINTER) {
		TAKE(input_pointer);
		EVENT("{\"event\":\"pointer\",\"sequence\":%u,\"x\":%u,\"y\":%u,\"buttons\":%u}",
		        m.sequence, m.x, m.y, m.buttons);
	} else if (in->number == MESSAGE_INPUT_WHEEL) {
		TAKE(input_wheel);
		EVENT("{\"event\":\"wheel\",\"sequence\":%u,\"up\":%u,\"down\":%u}", m.sequence,
		        m.up, m.down);
	} else if (in->number == MESSAGE_INPUT_TEXT) {
		static TAKE(input_text);
		printf("{\"event\":\"text\",\"sequence\":%u,\"number\":%u,\"commit\":%d,\"text\":"
		       "\"",
		        m.sequence, m.text_number, m.is_commit);
		print_hex(m.text);
		EVENT("\"}");
	} else if (in->number == MESSAGE_INPUT_RELEASE_ALL) {
		TAKE(input_release_all);
		EVENT("{\"event\":\"release_all\",\"lease\":\"%llx\",\"sequence\":%u}", id,
		        m.sequence);
	} else if (in->number == MESSAGE_INPUT_SCREEN) {
		TAKE(input_screen);
		EVENT("{\"event\":\"screen\",\"sequence\":%u,\"width\":%u,\"height\":%u,"
		      "\"scale\":%u}",
		        m.sequence, m.width, m.height, m.scale);
	}
}

static void on_capture_close(void *data, struct channel *channel, int error)
{
	struct lease *lease = data;

	(void)channel, (void)error;
	channel_free(lease->capture);
	lease->capture = NULL;
}

static void on_monitor_message(void *data, struct channel *channel, struct message *in)
{
	(void)data, (void)channel;
	if (in->number == MESSAGE_KEEPER_LOST)
		EVENT("{\"event\":\"keeper_lost\"}");
	if (in->number == MESSAGE_READY)
		EVENT("{\"event\":\"ready\",\"port\":%u,\"pid\":%d}", *(unsigned *)data,
		        (int)gate_pid);
	channel_set_phase(monitor, PHASE_READY);
}

static void report_exit(void)
{
	int status = 0;

	waitpid(gate_pid, &status, 0);
	rmdir(root);
	EVENT("{\"event\":\"exit\",\"code\":%d,\"signal\":%d}",
	        WIFEXITED(status) ? WEXITSTATUS(status) : -1,
	        WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	exit(0);
}

static void on_monitor_close(void *data, struct channel *channel, int error)
{
	(void)data, (void)channel, (void)error;
	report_exit();
}

/* ---- what the test wants ---- */

static struct lease *lease_of(uint64_t id)
{
	for (int i = 0; i < LEASES_MAX; i++)
		if (leases[i].id == id)
			return &leases[i];
	for (int i = 0; i < LEASES_MAX; i++)
		if (!leases[i].id) {
			leases[i].id = id;
			return &leases[i];
		}
	fprintf(stderr, "too many leases\n");
	exit(2);
}

static struct channel *watched(int fd, enum message_link link, enum message_side side,
        channel_message_fn on_message, channel_close_fn on_close, void *data)
{
	struct channel *channel = channel_new(fd, link, side);

	channel_set_phase(channel, PHASE_READY);
	channel_watch(channel, loop, on_message, on_close, data);
	return channel;
}

static void pair(int *ours, int *theirs)
{
	if (channel_pair(ours, theirs))
		die("pair");
}

static void join(uint64_t id)
{
	struct lease *lease = lease_of(id);
	int stream, their_stream, input, their_input, onlooker, their_onlooker;

	channel_free(lease->encode);
	channel_free(lease->capture);
	channel_free(lease->onlooker);
	pair(&stream, &their_stream);
	pair(&input, &their_input);
	pair(&onlooker, &their_onlooker);
	lease->encode = watched(
	        stream, LINK_GATE_ENCODE, SIDE_B, on_encode_message, on_encode_close, lease);
	lease->onlooker = watched(
	        onlooker, LINK_GATE_ENCODE, SIDE_B, on_encode_message, on_encode_close, lease);
	lease->capture = watched(
	        input, LINK_GATE_CAPTURE, SIDE_B, on_capture_message, on_capture_close, lease);
	CHANNEL_SEND(monitor, session_join, .lease_id = id, .stream = their_stream,
	        .input = their_input, .onlooker = their_onlooker);
	close(their_stream);
	close(their_input);
	close(their_onlooker);
}

static void send_slice(uint64_t id, bool is_onlooker, const char *hex)
{
	static uint8_t bytes[40000];
	size_t length = 0;
	struct lease *lease = lease_of(id);

	for (; hex[0] && hex[1] && hex[0] != '\n' && length < sizeof(bytes); hex += 2) {
		unsigned value;
		sscanf(hex, "%2x", &value);
		bytes[length++] = (uint8_t)value;
	}
	struct channel *stream = is_onlooker ? lease->onlooker : lease->encode;
	if (stream)
		CHANNEL_SEND(stream, slice, .bytes = bytes, .bytes_length = (uint32_t)length);
}

/* As many slices as gate takes in that time; a well-behaved one stops taking them when its viewer does. */
static void flood(uint64_t id, unsigned duration_ms)
{
	static uint8_t bytes[WIRE_SLICE_MAX] = {WIRE_PICTURE, 1};
	struct lease *lease = lease_of(id);
	uint64_t end_ms = clock_now_ms() + duration_ms;
	unsigned long sent = 0;

	while (lease->encode && clock_now_ms() < end_ms) {
		if (channel_wants_write(lease->encode)) {
			struct pollfd ready = {.fd = channel_fd(lease->encode), .events = POLLOUT};
			poll(&ready, 1, 10);
			if (channel_flush(lease->encode))
				break;
			continue;
		}
		memcpy(bytes + 8, &sent, sizeof(sent));
		if (CHANNEL_SEND(
		            lease->encode, slice, .bytes = bytes, .bytes_length = sizeof(bytes)))
			break;
		sent++;
	}
	EVENT("{\"event\":\"flooded\",\"slices\":%lu}", sent);
}

static long pss_kib(void)
{
	char path[64], text[256];
	long pss = -1;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)gate_pid);
	FILE *file = fopen(path, "r");
	while (file && fgets(text, sizeof(text), file))
		if (sscanf(text, "Pss: %ld", &pss) == 1)
			break;
	if (file)
		fclose(file);
	return pss;
}

static long count_fds(void)
{
	char path[64];
	long n = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)gate_pid);
	DIR *dir = opendir(path);
	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n - 2;
}

static void open_keeper(bool is_first, int *theirs)
{
	int ours;

	pair(&ours, theirs);
	keeper = watched(ours, LINK_GATE_KEEPER, SIDE_B, on_keeper_message, on_keeper_close, NULL);
	if (!is_first) {
		CHANNEL_SEND(monitor, keeper_peer, .peer = *theirs);
		close(*theirs);
	}
}

static void obey(char *command)
{
	unsigned request, number, seconds;
	unsigned long long id;
	char first[65] = "", second[65] = "";
	int at = 0;

	if (sscanf(command, "sign_in_result %u %u %u %llx " COOKIE " " COOKIE, &request, &number,
	            &seconds, &id, first, second) >= 4) {
		struct message_sign_in_result m = {.request = request,
		        .outcome = (uint8_t)number,
		        .retry_after_s = seconds,
		        .lease_id = id};
		strcpy(m.cookie, strcmp(first, "-") ? first : "");
		strcpy(m.attach_token, strcmp(second, "-") ? second : "");
		CHANNEL_SEND_VALUE(keeper, sign_in_result, &m);
	} else if (sscanf(command, "attach_result %u %u %llx " COOKIE " %n", &request, &number, &id,
	                   first, &at) >= 4) {
		struct message_attach_result m = {
		        .request = request, .outcome = (uint8_t)number, .lease_id = id};
		strcpy(m.attach_token, strcmp(first, "-") ? first : "");
		snprintf(m.display_name, sizeof(m.display_name), "%s", command + at);
		CHANNEL_SEND_VALUE(keeper, attach_result, &m);
	} else if (sscanf(command, "sign_out_result %u %u", &request, &number) == 2) {
		CHANNEL_SEND(keeper, sign_out_result, .request = request, .is_done = number != 0);
	} else if (sscanf(command, "end_viewer %llx %u", &id, &number) == 2) {
		CHANNEL_SEND(keeper, end_viewer, .lease_id = id, .reason = (uint8_t)number);
	} else if (sscanf(command, "notify %llx %u %n", &id, &number, &at) >= 2) {
		struct message_notify_viewer m = {.lease_id = id, .notice = (uint8_t)number};
		snprintf(m.text, sizeof(m.text), "%s", command + at);
		CHANNEL_SEND_VALUE(keeper, notify_viewer, &m);
	} else if (sscanf(command, "join %llx", &id) == 1) {
		join(id);
	} else if (sscanf(command, "gone %llx %u", &id, &number) == 2) {
		CHANNEL_SEND(monitor, session_gone, .lease_id = id, .reason = (uint8_t)number);
	} else if (sscanf(command, "slice %llx %n", &id, &at) >= 1) {
		send_slice(id, false, command + at);
	} else if (sscanf(command, "onlooker_slice %llx %n", &id, &at) >= 1) {
		send_slice(id, true, command + at);
	} else if (sscanf(command, "onlook_result %u %u %llx %64s %n", &request, &number, &id,
	                   first, &at) >= 4) {
		struct message_onlook_result m = {
		        .request = request, .outcome = (uint8_t)number, .lease_id = id};
		strcpy(m.administrator, first);
		snprintf(m.person, sizeof(m.person), "%s", command + at);
		CHANNEL_SEND_VALUE(keeper, onlook_result, &m);
	} else if (sscanf(command, "flood %llx %u", &id, &number) == 2) {
		flood(id, number);
	} else if (sscanf(command, "capture_gone %llx", &id) == 1) {
		channel_free(lease_of(id)->capture);
		lease_of(id)->capture = NULL;
	} else if (!strcmp(command, "keeper_gone")) {
		channel_free(keeper);
		keeper = NULL;
	} else if (!strcmp(command, "keeper_new")) {
		int theirs;
		open_keeper(false, &theirs);
	} else if (!strcmp(command, "status")) {
		EVENT("{\"event\":\"status\",\"pss_kib\":%ld,\"fds\":%ld}", pss_kib(), count_fds());
	} else if (!strcmp(command, "quit")) {
		channel_free(monitor);
		report_exit();
	} else {
		fprintf(stderr, "unknown command: %s\n", command);
		exit(2);
	}
}

static void on_input(void *data, unsigned events)
{
	ssize_t n = read(0, line + line_length, sizeof(line) - 1 - line_length);
	char *end;

	(void)data, (void)events;
	if (n <= 0) {
		/* The test is gone: so is gate. */
		channel_free(monitor);
		report_exit();
	}
	line_length += (size_t)n;
	line[line_length] = '\0';
	while ((end = strchr(line, '\n'))) {
		*end = '\0';
		obey(line);
		line_length -= (size_t)(end + 1 - line);
		memmove(line, end + 1, line_length + 1);
	}
}

static void set_up(char **arguments, unsigned *port)
{
	size_t length;
	int keeper_end;
	uint8_t *config = read_file(arguments[1], &length);
	struct message_setup_gate setup = {.config = config,
	        .config_length = (uint32_t)length,
	        .listener = listen_any(port),
	        .certificate = memfd_of(arguments[2]),
	        .key = memfd_of(arguments[3]),
	        .assets = bundle_of(arguments[4])};

	open_keeper(true, &keeper_end);
	setup.keeper = keeper_end;
	CHANNEL_SEND_VALUE(monitor, setup_gate, &setup);
	close(setup.listener);
	close(setup.keeper);
	close(setup.assets);
	close(setup.certificate);
	close(setup.key);
	free(config);
}

int main(int n_arguments, char **arguments)
{
	static unsigned port;

	if (n_arguments == 3 && !strcmp(arguments[1], "--gate"))
		return run_gate(arguments[2]);
	if (n_arguments != 5)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	if (!mkdtemp(root))
		die("mkdtemp");
	loop = loop_new();
	monitor = channel_new(spawn_gate(), LINK_MONITOR_ROLE, SIDE_A);
	channel_watch(monitor, loop, on_monitor_message, on_monitor_close, &port);
	set_up(arguments, &port);
	watch_new(loop, 0, LOOP_READ, on_input, NULL);
	for (;;)
		loop_turn(loop, -1);
}
