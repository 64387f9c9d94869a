/* Requests that two readers could understand differently never leave; what leaves is exactly one request. */
#include "integration/egress/world.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int begin(struct world *world)
{
	char yaml[256];
	uint16_t port = 0;
	int listener = web_listen("127.0.0.1", &port);

	snprintf(yaml, sizeof(yaml),
	        "  idle_deadline_s: 2\n  hosts:\n    site.example: \"127.0.0.1:%u\"\n", port);
	world_begin(world, yaml);
	return listener;
}

#define HOST "Host: site.example\r\n"
#define POST "POST http://site.example/ HTTP/1.1\r\n" HOST
#define GET "GET http://site.example/ HTTP/1.1\r\n" HOST
#define SECOND "GET http://site.example/second HTTP/1.1\r\n" HOST "\r\n"

static const char *const refused[] = {
        POST "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" SECOND,
        POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" SECOND,
        POST "Content-Length: 0\r\nContent-Length: 61\r\n\r\n" SECOND,
        POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\nabcde",
        POST "Content-Length: 5, 5\r\n\r\nabcde",
        POST "Content-Length: +5\r\n\r\nabcde",
        POST "Content-Length: 0x5\r\n\r\nabcde",
        POST "Content-Length : 5\r\n\r\nabcde",
        POST "Content-Length:\n5\r\n\r\nabcde",
        POST "Content-Length: 5\r\n 5\r\n\r\nabcde",
        POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n",
        POST "Transfer-Encoding: x, chunked\r\n\r\n0\r\n\r\n",
        POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        POST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        POST " Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        POST "X: y\r\n\tTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        POST "X: y\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        POST "X: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        POST "Transfer-Encoding: \x0b"
             "chunked\r\n\r\n0\r\n\r\n",
        POST "Connection: Content-Length\r\nContent-Length: 5\r\n\r\nabcde",
        /* chunks that are wrong already in what comes with the head */
        POST "Transfer-Encoding: chunked\r\n\r\n5;x=\n0\r\n\r\n" SECOND,
        POST "Transfer-Encoding: chunked\r\n\r\n 0\r\n\r\n" SECOND,
        POST "Transfer-Encoding: chunked\r\n\r\n0\r\nX: trailer\r\n\r\n",
        POST "Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n",
        GET HOST "\r\n",
        "GET http://site.example/ HTTP/1.1\r\nHost: other.example\r\n\r\n",
        "GET http://site.example/ HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "\r\n",
        "GET http://site.example/ HTTP/1.1\nHost: site.example\n\n",
        "GET http://site.example@other.example/ HTTP/1.1\r\nHost: site.example\r\n\r\n",
        "GET http://site.example/ HTTP/1.0\r\n" HOST "\r\n",
        "\r\n" GET "\r\n",
        "CONNECT site.example:80 HTTP/1.1\r\nContent-Length: 5\r\n\r\nabcde",
};

static void check_well(struct world *world, int listener)
{
	char head[512];
	int fd = door_request(&world->door, GET "\r\n");
	int web = web_accept(listener, NULL);

	receive_head(web, head, sizeof(head));
	ck_assert_int_eq(strncmp(head, "GET / HTTP/1.1\r\n", 16), 0);
	close(web);
	close(fd);
}

START_TEST(test_refused)
{
	struct world world;
	struct message_destination record;
	int listener = begin(&world);

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		ck_assert_msg(
		        door_ask(&world.door, refused[i], NULL) == 400, "%zu: %s", i, refused[i]);
		ck_assert_msg(!web_was_asked(listener), "%zu: %s", i, refused[i]);
		ck_assert(world_next_record(&world, &record));
		ck_assert_uint_eq(record.verdict, EGRESS_MALFORMED);
	}
	check_well(&world, listener);
	close(listener);
	world_end(&world);
}
END_TEST

/* What the server gets of a request that is taken, with everything behind it; pause: between head and rest. */
static void check_sent_on(struct world *world, int listener, const char *head, const char *rest,
        const char *expected_body, bool pause)
{
	char sent[512], got[2048];
	int fd = door_connect(&world->door);
	int web;

	snprintf(sent, sizeof(sent), "%s%s", head, pause ? "" : rest);
	send_text(fd, sent);
	web = web_accept(listener, NULL);
	receive_head(web, got, sizeof(got));
	if (pause)
		send_text(fd, rest);
	receive_bytes(web, got, strlen(expected_body));
	ck_assert_int_eq(memcmp(got, expected_body, strlen(expected_body)), 0);
	send_text(web, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
	receive_bytes(fd, got, strlen("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
	/* A keep-alive host goes on with its next request on the same connection. */
	send(fd, SECOND, strlen(SECOND), MSG_NOSIGNAL);
	/* The server has not closed, though it was asked to: the host is not left waiting for an answer. */
	expect_end(web);
	expect_end(fd);
	close(web);
	close(fd);
	ck_assert(!web_was_asked(listener));
}

START_TEST(test_one_request_a_connection)
{
	static const char chunks[] = "3\r\nabc\r\n0\r\n\r\n";
	struct world world;
	int listener = begin(&world);

	for (int pause = 0; pause < 2; pause++) {
		check_sent_on(&world, listener, GET "\r\n", SECOND, "", pause);
		check_sent_on(&world, listener, POST "Content-Length: 3\r\n\r\n", "abc" SECOND,
		        "abc", pause);
		check_sent_on(
		        &world, listener, POST "Content-Length: 0\r\n\r\n", SECOND, "", pause);
		check_sent_on(&world, listener, POST "Transfer-Encoding: chunked\r\n\r\n",
		        "3\r\nabc\r\n0\r\n\r\n" SECOND, chunks, pause);
	}
	close(listener);
	world_end(&world);
}
END_TEST

START_TEST(test_body_turns_wrong)
{
	struct world world;
	char got[512];
	int listener = begin(&world);
	int fd = door_request(&world.door, POST "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
	int web = web_accept(listener, NULL);

	receive_head(web, got, sizeof(got));
	receive_bytes(web, got, 8);
	world_expect_record(&world, EGRESS_ALLOWED, "POST", "site.example", 80, "127.0.0.1");
	send_text(fd, "0\r\nX: trailer\r\n\r\n" SECOND);
	expect_end(web);
	expect_end(fd);
	world_expect_record(&world, EGRESS_MALFORMED, "POST", "site.example", 80, "");
	close(web);
	close(fd);
	/* A body that breaks off: the server is not led to believe that it was whole. */
	fd = door_request(&world.door, POST "Content-Length: 9\r\n\r\nabc");
	web = web_accept(listener, NULL);
	receive_head(web, got, sizeof(got));
	receive_bytes(web, got, 3);
	shutdown(fd, SHUT_WR);
	expect_end(web);
	expect_end(fd);
	close(web);
	close(fd);
	check_well(&world, listener);
	close(listener);
	world_end(&world);
}
END_TEST

START_TEST(test_byte_by_byte)
{
	static const char request[] =
	        POST "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nX";
	struct world world;
	char got[512];
	int listener = begin(&world);
	int fd = door_connect(&world.door);

	for (size_t i = 0; i < sizeof(request) - 1; i++) {
		send_bytes(fd, request + i, 1);
		usleep(1000);
	}
	int web = web_accept(listener, NULL);
	receive_head(web, got, sizeof(got));
	receive_bytes(web, got, 13);
	ck_assert_int_eq(memcmp(got, "3\r\nabc\r\n0\r\n\r\n", 13), 0);
	shutdown(web, SHUT_WR);
	expect_end(web);
	close(web);
	close(fd);
	close(listener);
	world_end(&world);
}
END_TEST

START_TEST(test_too_much)
{
	static char request[70000];
	struct world world;
	int listener = begin(&world);
	size_t length = (size_t)sprintf(request, GET "X: ");

	memset(request + length, 'x', 20000);
	strcpy(request + length + 20000, "\r\n\r\n");
	ck_assert_uint_eq(door_ask(&world.door, request, NULL), 431);
	length = (size_t)sprintf(request, GET);
	for (int i = 0; i < 200; i++)
		length += (size_t)sprintf(request + length, "X: y\r\n");
	strcpy(request + length, "\r\n");
	ck_assert_uint_eq(door_ask(&world.door, request, NULL), 431);
	ck_assert(!web_was_asked(listener));
	check_well(&world, listener);
	close(listener);
	world_end(&world);
}
END_TEST

int main(int argc, char **argv)
{
	return WORLD_MAIN(argc, argv, "egress, smuggling", test_refused,
	        test_one_request_a_connection, test_body_turns_wrong, test_byte_by_byte,
	        test_too_much);
}
