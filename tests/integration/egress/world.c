/* Starts egress as monitor does, and speaks with it from all sides. */
#include "integration/egress/world.h"

#include "base/error.h"
#include "base/role.h"
#include "integration/egress/own_network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 5000
#define EGRESS_UID 60994

static const char *program;
static bool is_confined;

int world_main(int argc, char **argv, const char *name, const TTest *const *tests, size_t n_tests)
{
	if (argc != 3)
		return 2;
	program = argv[1];
	is_confined = geteuid() == 0 && strcmp(argv[2], "confined") == 0;
	if (own_network_enter())
		return 1;
	return suite_run(name, tests, n_tests);
}

bool world_is_confined(void)
{
	return is_confined;
}

static void set_patience(int fd)
{
	struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};

	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)), 0);
}

static bool wait_for(int fd, int timeout_ms)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};

	return poll(&ready, 1, timeout_ms) > 0;
}

/* ---- the process ---- */

static void start_process(struct world *self, int channel_fd)
{
	char uid[16];
	char *environment[] = {NULL};

	snprintf(uid, sizeof(uid), "%d", is_confined ? EGRESS_UID : 0);
	self->pid = fork();
	ck_assert_int_ge(self->pid, 0);
	if (self->pid > 0)
		return;
	if (dup2(channel_fd, ROLE_CHANNEL_FD) < 0)
		_exit(99);
	close_range(ROLE_CHANNEL_FD + 1, ~0u, 0);
	execle(program, program, uid, self->root, (char *)NULL, environment);
	_exit(98);
}

static void set_up(struct world *self, const char *egress_yaml)
{
	char config[8192];
	int ours, theirs;
	struct message in;

	snprintf(config, sizeof(config),
	        "people:\n  contact: 情報担当（内線12）\negress:\n  name_servers: "
	        "[\"127.0.0.1:%u\"]\n%s",
	        self->dns_port, egress_yaml);
	ck_assert_int_eq(channel_pair(&ours, &theirs), 0);
	self->keeper = channel_new(ours, LINK_EGRESS_KEEPER, SIDE_B);
	channel_set_phase(self->keeper, PHASE_READY);
	ck_assert_int_eq(CHANNEL_SEND(self->monitor, setup_egress, .config = (uint8_t *)config,
	                         .config_length = (uint32_t)strlen(config), .keeper = theirs),
	        0);
	close(theirs);
	ck_assert(wait_for(channel_fd(self->monitor), PATIENCE_MS));
	ck_assert_int_eq(channel_receive(self->monitor, &in), 1);
	ck_assert_uint_eq(in.number, MESSAGE_READY);
	channel_set_phase(self->monitor, PHASE_READY);
}

void world_begin(struct world *self, const char *egress_yaml)
{
	int ours, theirs;

	signal(SIGPIPE, SIG_IGN);
	strcpy(self->root, "/tmp/shoji-egress-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(self->root));
	ck_assert_int_eq(chmod(self->root, 0555), 0);
	self->dns = name_server_open(&self->dns_port);
	ck_assert_int_eq(channel_pair(&ours, &theirs), 0);
	start_process(self, theirs);
	close(theirs);
	self->monitor = channel_new(ours, LINK_MONITOR_ROLE, SIDE_A);
	set_up(self, egress_yaml);
	world_open_door(self, LEASE, &self->door);
}

void world_leave(struct world *self)
{
	int status;

	channel_free(self->monitor);
	self->monitor = NULL;
	ck_assert_int_eq(waitpid(self->pid, &status, 0), self->pid);
	ck_assert_msg(
	        WIFEXITED(status) && WEXITSTATUS(status) == 0, "egress ended with %x", status);
}

void world_end(struct world *self)
{
	if (self->monitor)
		world_leave(self);
	channel_free(self->keeper);
	close(self->dns);
	rmdir(self->root);
}

void world_open_door(struct world *self, uint64_t lease_id, struct door *out)
{
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(listener, 0);
	*out = (struct door){.lease_id = lease_id,
	        .address.sun_family = AF_UNIX,
	        .address_length = sizeof(out->address)};
	/* A name of the kernel's choice in the abstract namespace, which is this network's own. */
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&out->address, sizeof(sa_family_t)), 0);
	ck_assert_int_eq(
	        getsockname(listener, (struct sockaddr *)&out->address, &out->address_length), 0);
	ck_assert_int_eq(listen(listener, 64), 0);
	ck_assert_int_eq(
	        CHANNEL_SEND(self->monitor, door_open, .lease_id = lease_id, .listener = listener),
	        0);
	close(listener);
}

/* ---- keeper ---- */

void world_stop_keeper(struct world *self)
{
	channel_free(self->keeper);
	self->keeper = NULL;
}

void world_start_keeper(struct world *self)
{
	int ours, theirs;

	ck_assert_int_eq(channel_pair(&ours, &theirs), 0);
	self->keeper = channel_new(ours, LINK_EGRESS_KEEPER, SIDE_B);
	channel_set_phase(self->keeper, PHASE_READY);
	ck_assert_int_eq(CHANNEL_SEND(self->monitor, keeper_peer, .peer = theirs), 0);
	close(theirs);
}

bool world_next_record(struct world *self, struct message_destination *out)
{
	struct message in;
	int result = channel_receive(self->keeper, &in);

	if (result == SHOJI_ERR_AGAIN || (result == SHOJI_ERR_CLOSED && !self->monitor))
		return false;
	ck_assert_int_eq(result, 1);
	ck_assert_int_eq(message_get_destination(&in, out), 0);
	return true;
}

void world_acknowledge(struct world *self, uint64_t record)
{
	ck_assert_int_eq(CHANNEL_SEND(self->keeper, recorded, .record = record), 0);
}

void world_expect_record(struct world *self, enum egress_verdict verdict, const char *method,
        const char *host, uint16_t port, const char *address)
{
	struct message_destination record;

	ck_assert_msg(world_next_record(self, &record), "no record of %s %s", method, host);
	ck_assert_msg(record.verdict == verdict, "%s %s: %s", method, host,
	        egress_verdict_text(record.verdict));
	ck_assert_str_eq(record.method, method);
	ck_assert_str_eq(record.host, host);
	ck_assert_str_eq(record.address, address);
	ck_assert_uint_eq(record.port, port);
	ck_assert_uint_eq(record.lease_id, LEASE);
	world_acknowledge(self, record.record);
}

void world_expect_no_record(struct world *self)
{
	struct message_destination record;

	ck_assert(!world_next_record(self, &record));
}

/* ---- the isolated host ---- */

int door_connect(const struct door *self)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	set_patience(fd);
	ck_assert_int_eq(
	        connect(fd, (const struct sockaddr *)&self->address, self->address_length), 0);
	return fd;
}

int door_request(const struct door *self, const char *text)
{
	int fd = door_connect(self);

	send_text(fd, text);
	return fd;
}

unsigned door_ask(const struct door *self, const char *text, char *answer)
{
	static char room[ANSWER_ROOM];
	char *out = answer ? answer : room;
	unsigned status;
	int fd = door_request(self, text);

	receive_all(fd, out, ANSWER_ROOM);
	close(fd);
	ck_assert_msg(sscanf(out, "HTTP/1.1 %u ", &status) == 1, "answer to %s: %s", text, out);
	return status;
}

/* ---- the web ---- */

static socklen_t make_address(const char *text, uint16_t port, struct sockaddr_storage *out)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		return sizeof(*v4);
	}
	ck_assert_int_eq(inet_pton(AF_INET6, text, &v6->sin6_addr), 1);
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port);
	return sizeof(*v6);
}

int web_listen(const char *address, uint16_t *port)
{
	struct sockaddr_storage storage;
	socklen_t length = make_address(address, *port, &storage);
	int on = 1;
	int fd = socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	set_patience(fd);
	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	ck_assert_msg(bind(fd, (struct sockaddr *)&storage, length) == 0, "bind to port %u: %s",
	        *port, strerror(errno));
	ck_assert_int_eq(listen(fd, 64), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&storage, &length), 0);
	*port = ntohs(((struct sockaddr_in *)&storage)->sin_port);
	return fd;
}

int web_accept(int listener, char *at)
{
	struct sockaddr_storage storage;
	socklen_t length = sizeof(storage);
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	ck_assert_msg(fd >= 0, "nobody connected");
	set_patience(fd);
	if (!at)
		return fd;
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&storage, &length), 0);
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&storage;
	if (storage.ss_family == AF_INET)
		inet_ntop(AF_INET, &((struct sockaddr_in *)&storage)->sin_addr, at, 46);
	else if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
		inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], at, 46);
	else
		inet_ntop(AF_INET6, &v6->sin6_addr, at, 46);
	return fd;
}

bool web_was_asked(int listener)
{
	return wait_for(listener, 0);
}

/* ---- bytes ---- */

void send_bytes(int fd, const void *data, size_t length)
{
	const char *at = data;

	while (length > 0) {
		ssize_t n = send(fd, at, length, MSG_NOSIGNAL);
		ck_assert_msg(n > 0, "send: %s", strerror(errno));
		at += n;
		length -= (size_t)n;
	}
}

void send_text(int fd, const char *text)
{
	send_bytes(fd, text, strlen(text));
}

void receive_bytes(int fd, void *out, size_t length)
{
	char *at = out;

	while (length > 0) {
		ssize_t n = recv(fd, at, length, 0);
		ck_assert_msg(n > 0, "%zu bytes did not come: %s", length,
		        n == 0 ? "end" : strerror(errno));
		at += n;
		length -= (size_t)n;
	}
}

void receive_head(int fd, char *out, size_t size)
{
	size_t length = 0;

	do {
		ck_assert_uint_lt(length + 1, size);
		receive_bytes(fd, out + length, 1);
		out[++length] = '\0';
	} while (length < 4 || strcmp(out + length - 4, "\r\n\r\n") != 0);
}

size_t receive_all(int fd, char *out, size_t size)
{
	size_t length = 0;
	ssize_t n;

	while ((n = recv(fd, out + length, size - 1 - length, 0)) > 0) {
		length += (size_t)n;
		ck_assert_uint_lt(length, size - 1);
	}
	ck_assert_msg(n == 0 || errno == ECONNRESET, "no end came: %s", strerror(errno));
	out[length] = '\0';
	return length;
}

void expect_end(int fd)
{
	char byte;
	ssize_t n = recv(fd, &byte, 1, 0);

	ck_assert_msg(n == 0 || (n < 0 && errno == ECONNRESET), "still open: %zd, %s", n,
	        n < 0 ? strerror(errno) : "");
}
