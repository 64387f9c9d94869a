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
 *   status                        quit
 *
 * gate_peer_start.c starts gate, gate_peer_events.c tells what it says; here are the sessions and the commands. */
#include "gate_peer.h"

#include "base/loop.h"
#include "base/session.h"
#include "stream/wire.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LEASES_MAX 64
#define COOKIE "%64[0-9a-zA-Z-]"

struct lease {
	uint64_t id;
	struct channel *encode, *onlooker, *capture;
};

static struct loop *loop;
static struct channel *monitor, *keeper;
static struct lease leases[LEASES_MAX];
static pid_t gate_pid;
static char root[] = "/tmp/shoji-gate-root-XXXXXX"; /* stays empty */
static char line[1 << 20];
static size_t line_length;

void peer_die(const char *what)
{
	perror(what);
	exit(2);
}

/* ---- what gate says ---- */

static void on_keeper_message(void *data, struct channel *channel, struct message *in)
{
	(void)data, (void)channel;
	event_of_keeper(in);
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

	event_of_encode(in, lease->id, channel == lease->onlooker ? SEAT_ONLOOKER : SEAT_PERSON);
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
	(void)channel;
	event_of_capture(in, ((struct lease *)data)->id);
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
		peer_die("pair");
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
	static uint8_t bytes[WIRE_SLICE_MAX] = {WIRE_KIND(WIRE_PICTURE, 1)};
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
		memcpy(bytes + WIRE_HEADER_BYTES, &sent, sizeof(sent));
		if (CHANNEL_SEND(
		            lease->encode, slice, .bytes = bytes, .bytes_length = sizeof(bytes)))
			break;
		sent++;
	}
	EVENT("{\"event\":\"flooded\",\"slices\":%lu}", sent);
}

/* gate's end of it. */
static int open_keeper(void)
{
	int ours, theirs;

	pair(&ours, &theirs);
	keeper = watched(ours, LINK_GATE_KEEPER, SIDE_B, on_keeper_message, on_keeper_close, NULL);
	return theirs;
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
		int theirs = open_keeper();
		CHANNEL_SEND(monitor, keeper_peer, .peer = theirs);
		close(theirs);
	} else if (!strcmp(command, "status")) {
		EVENT("{\"event\":\"status\",\"pss_kib\":%ld,\"fds\":%ld}", gate_pss_kib(gate_pid),
		        gate_count_fds(gate_pid));
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

int main(int n_arguments, char **arguments)
{
	static unsigned port;

	if (n_arguments == 3 && !strcmp(arguments[1], "--gate"))
		return gate_become(arguments[2]);
	if (n_arguments != 5)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	if (!mkdtemp(root))
		peer_die("mkdtemp");
	loop = loop_new();
	monitor = channel_new(gate_spawn(root, &gate_pid), LINK_MONITOR_ROLE, SIDE_A);
	channel_watch(monitor, loop, on_monitor_message, on_monitor_close, &port);
	gate_set_up(monitor, open_keeper(), arguments + 1, &port);
	watch_new(loop, 0, LOOP_READ, on_input, NULL);
	for (;;)
		loop_turn(loop, -1);
}
