/* Whatever one isolated host does to egress stays within its session, its deadline and its share. */
#include "integration/egress/world.h"

#include "egress/egress_records.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define GET "GET http://site.example/ HTTP/1.1\r\nHost: site.example\r\n\r\n"
#define DENIED "GET http://10.0.0.1/ HTTP/1.1\r\nHost: 10.0.0.1\r\n\r\n"

static int begin(struct world *world, const char *more)
{
	char yaml[512];
	uint16_t port = 0;
	int listener = web_listen("127.0.0.1", &port);

	snprintf(
	        yaml, sizeof(yaml), "  hosts:\n    site.example: \"127.0.0.1:%u\"\n%s", port, more);
	world_begin(world, yaml);
	return listener;
}

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

START_TEST(test_connections_per_session)
{
	struct world world;
	struct door other;
	char answer[ANSWER_ROOM];
	int listener = begin(&world, "  connections_per_session_max: 2\n");
	int first = door_request(&world.door, GET), first_web = web_accept(listener, NULL);
	int second = door_request(&world.door, GET), second_web = web_accept(listener, NULL);

	world_expect_record(&world, EGRESS_ALLOWED, "GET", "site.example", 80, "127.0.0.1");
	world_expect_record(&world, EGRESS_ALLOWED, "GET", "site.example", 80, "127.0.0.1");
	ck_assert_uint_eq(door_ask(&world.door, GET, answer), 503);
	ck_assert_ptr_nonnull(strstr(answer, "上限に達しています。"));
	world_expect_record(&world, EGRESS_OVER_LIMIT, "GET", "site.example", 80, "");
	ck_assert(!web_was_asked(listener));
	/* Another session has its own share. */
	world_open_door(&world, OTHER_LEASE, &other);
	int other_fd = door_request(&other, GET);
	close(web_accept(listener, NULL));
	close(other_fd);
	/* One ends, one more may begin. */
	close(first_web);
	expect_end(first);
	close(first);
	usleep(300000);
	first = door_request(&world.door, GET);
	close(web_accept(listener, NULL));
	close(first);
	close(second);
	close(second_web);
	close(listener);
	world_end(&world);
}
END_TEST

START_TEST(test_flood_of_connections)
{
	struct world world;
	struct door other;
	int fds[200], listener = begin(&world, "  connections_per_session_max: 4\n");

	/* Idle ones, many more than permitted: they wait in the backlog, and another session notices nothing. */
	for (int i = 0; i < 200; i++) {
		fds[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		int result = connect(
		        fds[i], (struct sockaddr *)&world.door.address, world.door.address_length);
		ck_assert(result == 0 || errno == EAGAIN);
	}
	world_open_door(&world, OTHER_LEASE, &other);
	int fd = door_request(&other, GET);
	close(web_accept(listener, NULL));
	close(fd);
	for (int i = 0; i < 200; i++)
		close(fds[i]);
	usleep(600000);
	fd = door_request(&world.door, GET);
	close(web_accept(listener, NULL));
	close(fd);
	close(listener);
	world_end(&world);
}
END_TEST

START_TEST(test_records_are_bounded)
{
	struct world world;
	struct door other;
	struct message_destination record, last = {0};
	int listener = begin(&world, "");

	/* Nothing is acknowledged: one session's share fills, then its connections are refused ... */
	for (unsigned i = 0; i < EGRESS_RECORDS_PER_SESSION_MAX; i++) {
		ck_assert_uint_eq(door_ask(&world.door, DENIED, NULL), 403);
		while (world_next_record(&world, &record))
			last = record;
	}
	ck_assert_uint_eq(last.record, EGRESS_RECORDS_PER_SESSION_MAX);
	ck_assert_uint_eq(door_ask(&world.door, GET, NULL), 503);
	ck_assert(!web_was_asked(listener));
	/* ... those of others are not ... */
	world_open_door(&world, OTHER_LEASE, &other);
	int fd = door_request(&other, GET);
	close(web_accept(listener, NULL));
	close(fd);
	/* ... and when keeper has written them, it goes on. */
	world_acknowledge(&world, last.record);
	usleep(50000);
	fd = door_request(&world.door, GET);
	close(web_accept(listener, NULL));
	close(fd);
	close(listener);
	world_end(&world);
}
END_TEST

/* A session that asks without end makes so many records, then one; not even a name is looked up for it. */
START_TEST(test_destinations_per_minute)
{
	enum { LIMIT = 60, MORE = 200 };
	struct world world;
	struct door other;
	struct message_destination record;
	char answer[ANSWER_ROOM];
	int listener = begin(&world, "  destinations_per_session_per_minute_max: 60\n");

	for (int i = 0; i < LIMIT; i++) {
		ck_assert_uint_eq(door_ask(&world.door, DENIED, NULL), 403);
		world_expect_record(&world, EGRESS_DENIED_ADDRESS, "GET", "10.0.0.1", 80, "");
	}
	for (int i = 0; i < MORE; i++)
		ck_assert_uint_eq(
		        door_ask(&world.door, i % 2 ? "nonsense\r\n\r\n" : GET, answer), 429);
	ck_assert_ptr_nonnull(strstr(answer, "短い時間に"));
	ck_assert(!web_was_asked(listener));
	world_expect_no_record(&world);
	/* The start page costs nothing; another session has its own share. */
	ck_assert_uint_eq(door_ask(&world.door,
	                          "GET http://start.shoji.internal/ HTTP/1.1\r\nHost: "
	                          "start.shoji.internal\r\n\r\n",
	                          NULL),
	        200);
	world_open_door(&world, OTHER_LEASE, &other);
	int fd = door_request(&other, GET);
	close(web_accept(listener, NULL));
	close(fd);
	ck_assert(world_next_record(&world, &record));
	ck_assert_uint_eq(record.lease_id, OTHER_LEASE);
	/* Told when the minute is over, or when egress leaves. */
	world_leave(&world);
	ck_assert(world_next_record(&world, &record));
	ck_assert_uint_eq(record.lease_id, LEASE);
	ck_assert_uint_eq(record.refused, MORE);
	ck_assert_uint_eq(record.verdict, EGRESS_OVER_LIMIT);
	world_expect_no_record(&world);
	close(listener);
	world_end(&world);
}
END_TEST

START_TEST(test_deadlines)
{
	struct world world;
	char answer[ANSWER_ROOM];
	int listener = begin(&world, "  idle_deadline_s: 1\n");
	double begun = now_s();
	int idle = door_connect(&world.door);
	int started = door_request(&world.door, "GET http://site.exam");
	int relaying = door_request(&world.door, GET);
	int web = web_accept(listener, NULL);
	int tunnel = door_request(&world.door, "CONNECT site.example:443 HTTP/1.1\r\n\r\n");
	int tunnel_web = web_accept(listener, NULL);

	expect_end(idle); /* never asked for anything */
	receive_all(started, answer, sizeof(answer));
	ck_assert_int_eq(strncmp(answer, "HTTP/1.1 408 ", 13), 0);
	expect_end(relaying);                        /* the server says nothing */
	receive_all(tunnel, answer, sizeof(answer)); /* no ClientHello comes */
	expect_end(tunnel_web);
	ck_assert(now_s() - begun >= 0.9 && now_s() - begun < 3);
	close(idle);
	close(started);
	close(relaying);
	close(web);
	close(tunnel);
	close(tunnel_web);
	close(listener);
	world_end(&world);
}
END_TEST

START_TEST(test_trickle)
{
	/* A request that never becomes whole does not live by sending a byte now and then ... */
	struct world world;
	char answer[ANSWER_ROOM];
	int listener = begin(&world, "  idle_deadline_s: 1\n");
	int fd = door_request(&world.door, "GET http://site.example/");
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	double begun = now_s();

	while (now_s() - begun < 4 && poll(&ready, 1, 100) == 0)
		send_text(fd, "x");
	ck_assert(now_s() - begun >= 0.9 && now_s() - begun < 2.5);
	receive_all(fd, answer, sizeof(answer));
	ck_assert_int_eq(strncmp(answer, "HTTP/1.1 408 ", 13), 0);
	close(fd);
	/* ... but a slow answer does. */
	fd = door_request(&world.door, GET);
	int web = web_accept(listener, NULL);
	for (int i = 0; i < 8; i++) {
		send_text(web, "x");
		receive_bytes(fd, answer, 1);
		usleep(300000);
	}
	close(web);
	expect_end(fd);
	close(fd);
	close(listener);
	world_end(&world);
}
END_TEST

/* A listener whose backlog is full: a connection to it is neither accepted nor refused. */
static int listen_deaf(const char *address, uint16_t port, int fillers[4])
{
	int listener = web_listen(address, &port);
	struct sockaddr_in to;
	socklen_t length = sizeof(to);

	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&to, &length), 0);
	ck_assert_int_eq(listen(listener, 0), 0);
	for (int i = 0; i < 4; i++) {
		fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		connect(fillers[i], (struct sockaddr *)&to, length);
	}
	usleep(20000);
	return listener;
}

START_TEST(test_connect_deadline)
{
	struct world world;
	char answer[ANSWER_ROOM], at[46];
	uint16_t port = 80;
	int fillers[4];

	world_begin(&world, "  connect_deadline_s: 2\n");
	int deaf = listen_deaf("93.184.216.34", 80, fillers);
	int listener = web_listen("93.184.216.35", &port);
	double begun = now_s();
	ck_assert_uint_eq(
	        door_ask(&world.door,
	                "GET http://93.184.216.34/ HTTP/1.1\r\nHost: 93.184.216.34\r\n\r\n",
	                answer),
	        502);
	ck_assert(now_s() - begun >= 1.5 && now_s() - begun < 3.5);
	/* Where there is a second address it gets its share of the time. */
	int fd = door_request(
	        &world.door, "GET http://two.example/ HTTP/1.1\r\nHost: two.example\r\n\r\n");
	name_server_answer(
	        world.dns, "two.example", ADDRESSES("93.184.216.34", "93.184.216.35"), NULL);
	close(web_accept(listener, at));
	ck_assert_str_eq(at, "93.184.216.35");
	close(fd);
	for (int i = 0; i < 4; i++)
		close(fillers[i]);
	close(deaf);
	close(listener);
	world_end(&world);
}
END_TEST

START_TEST(test_doors)
{
	struct world world;
	struct door other;
	int listener = begin(&world, "");
	int fd = door_request(&world.door, GET), web = web_accept(listener, NULL);
	int resolving = door_request(
	        &world.door, "GET http://slow.example/ HTTP/1.1\r\nHost: slow.example\r\n\r\n");

	/* One that is in the middle of a lookup goes, too. */
	name_server_ignore(world.dns, "slow.example");
	world_open_door(&world, OTHER_LEASE, &other);
	int other_fd = door_request(&other, GET), other_web = web_accept(listener, NULL);
	ck_assert_int_eq(CHANNEL_SEND(world.monitor, door_close, .lease_id = LEASE), 0);
	char answer[256];
	expect_end(fd);
	receive_all(web, answer, sizeof(answer));
	expect_end(resolving);
	/* Nobody comes through any more; the other session goes on. */
	int late = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_lt(
	        connect(late, (struct sockaddr *)&world.door.address, world.door.address_length),
	        0);
	send_text(other_web, "HTTP/1.1 204 No\r\n\r\n");
	close(other_web);
	receive_all(other_fd, answer, sizeof(answer));
	ck_assert_str_eq(answer, "HTTP/1.1 204 No\r\n\r\n");
	/* Opened anew for the same session. */
	world_open_door(&world, LEASE, &world.door);
	close(fd);
	close(web);
	fd = door_request(&world.door, GET);
	close(web_accept(listener, NULL));
	close(fd);
	close(late);
	close(resolving);
	close(other_fd);
	close(listener);
	world_end(&world);
}
END_TEST

/* The descriptors of the process, counted. */
static int count_descriptors(pid_t pid)
{
	char path[64];
	int n = 0;

	for (int fd = 0; fd < 1024; fd++) {
		struct stat unused;
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
		n += lstat(path, &unused) == 0;
	}
	return n;
}

START_TEST(test_nothing_is_left_over)
{
	struct world world;
	int listener = begin(&world, "");

	ck_assert_uint_eq(door_ask(&world.door, DENIED, NULL), 403); /* the door is there */
	usleep(400000);
	int before = count_descriptors(world.pid);
	for (int i = 0; i < 40; i++) {
		int fd = door_request(
		        &world.door, i % 2 ? GET : "CONNECT site.example:80 HTTP/1.1\r\n\r\n");
		int web = web_accept(listener, NULL);
		if (i % 4 < 2)
			close(web);
		close(fd);
		if (i % 4 >= 2)
			close(web);
	}
	usleep(400000);
	ck_assert_int_gt(before, 4);
	ck_assert_int_eq(count_descriptors(world.pid), before);
	close(listener);
	world_end(&world);
}
END_TEST

/* A value of /proc/PID/status. */
static void read_status(pid_t pid, const char *key, char out[128])
{
	char path[64], line[256];
	size_t length = strlen(key);

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	FILE *file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file))
		if (strncmp(line, key, length) == 0)
			snprintf(out, 128, "%s", line + length + 1);
	fclose(file);
}

START_TEST(test_confinement)
{
	struct world world;
	char path[64], root[128], value[128] = "";
	unsigned real, effective, saved, file;

	world_begin(&world, "");
	read_status(world.pid, "NoNewPrivs:", value);
	ck_assert_int_eq(value[0], '1');
	if (world_is_confined()) {
		read_status(world.pid, "Uid:", value);
		ck_assert_int_eq(sscanf(value, "%u %u %u %u", &real, &effective, &saved, &file), 4);
		ck_assert(real == 60994 && effective == 60994 && saved == 60994 && file == 60994);
		read_status(world.pid, "CapEff:", value);
		ck_assert_int_eq(strspn(value, "0"), 16);
		snprintf(path, sizeof(path), "/proc/%d/root", world.pid);
		ssize_t n = readlink(path, root, sizeof(root) - 1);
		ck_assert_int_gt(n, 0);
		root[n] = '\0';
		ck_assert_str_eq(root, world.root);
	}
	world_end(&world);
}
END_TEST

int main(int argc, char **argv)
{
	return WORLD_MAIN(argc, argv, "egress, limits", test_connections_per_session,
	        test_flood_of_connections, test_records_are_bounded, test_destinations_per_minute,
	        test_deadlines, test_trickle, test_connect_deadline, test_doors,
	        test_nothing_is_left_over, test_confinement);
}
