/* The straight way: a request goes out as it should, its answer comes back, it is on record before anything
 * is connected to; the table of hosts, DNS, the deny list, ports, the start page, keeper's absence. */
#include "integration/egress/world.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define GET_OF(host, path) "GET http://" host path " HTTP/1.1\r\nHost: " host "\r\n\r\n"

/* Serves one request at listener; what it was goes to head. */
static void serve(int listener, char *head, size_t size, char *at)
{
	int fd = web_accept(listener, at);

	receive_head(fd, head, size);
	send_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello");
	close(fd);
}

/* The request of the table's site goes through, in every test the proof that egress is well. */
static void check_allowed(struct world *world, int listener)
{
	char head[1024], answer[1024], at[46];
	int fd = door_request(&world->door, GET_OF("site.example", "/a"));

	serve(listener, head, sizeof(head), at);
	world_expect_record(world, EGRESS_ALLOWED, "GET", "site.example", 80, at);
	receive_all(fd, answer, sizeof(answer));
	ck_assert_ptr_nonnull(strstr(answer, "\r\n\r\nhello"));
	close(fd);
}

static int begin_with_site(struct world *world, const char *more)
{
	char yaml[1024];
	uint16_t port = 0;
	int listener = web_listen("127.0.0.1", &port);

	snprintf(
	        yaml, sizeof(yaml), "  hosts:\n    site.example: \"127.0.0.1:%u\"\n%s", port, more);
	world_begin(world, yaml);
	return listener;
}

START_TEST(test_table)
{
	struct world world;
	char head[1024], answer[1024], at[46];
	int listener = begin_with_site(&world, "");
	int fd = door_request(&world.door,
	        "POST http://Site.Example/p?q HTTP/1.1\r\nHost: site.example\r\n"
	        "Proxy-Connection: keep-alive\r\nContent-Length: 3\r\n\r\nabcGET "
	        "http://site.example/2");
	int web = web_accept(listener, at);

	world_expect_record(&world, EGRESS_ALLOWED, "POST", "site.example", 80, "127.0.0.1");
	receive_head(web, head, sizeof(head));
	ck_assert_str_eq(head, "POST /p?q HTTP/1.1\r\nHost: site.example\r\nContent-Length: 3\r\n"
	                       "Connection: close\r\n\r\n");
	receive_bytes(web, head, 3);
	ck_assert_int_eq(memcmp(head, "abc", 3), 0);
	send_text(web, "HTTP/1.1 204 No\r\n\r\n");
	shutdown(web, SHUT_WR);
	/* Of what followed the body nothing comes; and our end ends the connection. */
	expect_end(web);
	receive_all(fd, answer, sizeof(answer));
	ck_assert_str_eq(answer, "HTTP/1.1 204 No\r\n\r\n");
	close(fd);
	close(web);
	ck_assert(!web_was_asked(listener));
	ck_assert(!name_server_was_asked(world.dns));
	world_expect_no_record(&world);
	close(listener);
	world_end(&world);
}
END_TEST

START_TEST(test_names)
{
	struct world world;
	char head[1024], at[46];
	uint16_t port = 80;
	int listener = web_listen("::", &port);

	world_begin(&world, "");
	int fd = door_request(&world.door, GET_OF("www.example.jp", "/"));
	name_server_answer(world.dns, "www.example.jp", ADDRESSES("93.184.216.34"),
	        ADDRESSES("2606:2800:220:1::1"));
	serve(listener, head, sizeof(head), at);
	ck_assert_str_eq(at, "93.184.216.34");
	world_expect_record(&world, EGRESS_ALLOWED, "GET", "www.example.jp", 80, "93.184.216.34");
	close(fd);
	fd = door_request(&world.door, GET_OF("www.example.jp", "/"));
	name_server_answer(world.dns, "www.example.jp", NULL, ADDRESSES("2606:2800:220:1::1"));
	serve(listener, head, sizeof(head), at);
	ck_assert_str_eq(at, "2606:2800:220:1::1");
	close(fd);
	close(listener);
	world_end(&world);
}
END_TEST

START_TEST(test_no_such_name)
{
	struct world world;
	char answer[ANSWER_ROOM];
	int listener = begin_with_site(&world, "  connect_deadline_s: 1\n");
	int fd = door_request(&world.door, GET_OF("nowhere.example", "/"));

	name_server_answer(world.dns, "nowhere.example", NULL, NULL);
	receive_all(fd, answer, sizeof(answer));
	ck_assert_ptr_nonnull(strstr(answer, "HTTP/1.1 502 "));
	ck_assert_ptr_nonnull(strstr(answer, "サイトが見つかりません。"));
	world_expect_record(&world, EGRESS_NOT_RESOLVED, "GET", "nowhere.example", 80, "");
	close(fd);
	/* A name server that says nothing: the deadline ends it. */
	fd = door_request(&world.door, GET_OF("silent.example", "/"));
	name_server_ignore(world.dns, "silent.example");
	receive_all(fd, answer, sizeof(answer));
	ck_assert_ptr_nonnull(strstr(answer, "HTTP/1.1 502 "));
	world_expect_record(&world, EGRESS_NOT_RESOLVED, "GET", "silent.example", 80, "");
	close(fd);
	/* A host that does not wait for DNS. */
	fd = door_request(&world.door, GET_OF("silent2.example", "/"));
	close(fd);
	ck_assert_uint_eq(door_ask(&world.door, GET_OF("intranet", "/"), NULL), 502);
	world_expect_record(&world, EGRESS_NOT_RESOLVED, "GET", "intranet", 80, "");
	check_allowed(&world, listener);
	close(listener);
	world_end(&world);
}
END_TEST

START_TEST(test_lists_and_ports)
{
	struct world world;
	char answer[ANSWER_ROOM];
	int listener = begin_with_site(&world, "    also.bad.example: 127.0.0.1\n"
	                                       "  deny: [bad.example]\n");

	ck_assert_uint_eq(door_ask(&world.door, GET_OF("a.Bad.example.", "/"), answer), 403);
	ck_assert_ptr_nonnull(strstr(answer, "このサイトは、閲覧が制限されています。（理由："));
	ck_assert_ptr_nonnull(strstr(answer, "お問い合わせ先：情報担当（内線12）"));
	world_expect_record(&world, EGRESS_DENIED_BY_LIST, "GET", "a.bad.example", 80, "");
	ck_assert_uint_eq(door_ask(&world.door, GET_OF("also.bad.example", "/"), NULL), 403);
	world_expect_record(&world, EGRESS_DENIED_BY_LIST, "GET", "also.bad.example", 80, "");
	ck_assert_uint_eq(
	        door_ask(&world.door, "CONNECT bad.example:443 HTTP/1.1\r\n\r\n", NULL), 403);
	world_expect_record(&world, EGRESS_DENIED_BY_LIST, "CONNECT", "bad.example", 443, "");
	ck_assert_uint_eq(
	        door_ask(&world.door, "CONNECT site.example:22 HTTP/1.1\r\n\r\n", NULL), 403);
	world_expect_record(&world, EGRESS_DENIED_PORT, "CONNECT", "site.example", 22, "");
	ck_assert_uint_eq(door_ask(&world.door, GET_OF("site.example:8080", "/"), NULL), 403);
	world_expect_record(&world, EGRESS_DENIED_PORT, "GET", "site.example", 8080, "");
	ck_assert(!name_server_was_asked(world.dns));
	ck_assert(!web_was_asked(listener));
	check_allowed(&world, listener);
	close(listener);
	world_end(&world);
}
END_TEST

START_TEST(test_unreachable)
{
	struct world world;
	uint16_t port = 0;
	char yaml[256], answer[ANSWER_ROOM];

	close(web_listen("127.0.0.1", &port)); /* a port where nobody listens */
	snprintf(yaml, sizeof(yaml), "  hosts:\n    site.example: \"127.0.0.1:%u\"\n", port);
	world_begin(&world, yaml);
	ck_assert_uint_eq(door_ask(&world.door, GET_OF("site.example", "/"), answer), 502);
	ck_assert_ptr_nonnull(strstr(answer, "サイトに接続できません。"));
	world_expect_record(&world, EGRESS_ALLOWED, "GET", "site.example", 80, "127.0.0.1");
	world_expect_record(&world, EGRESS_UNREACHABLE, "GET", "site.example", 80, "");
	ck_assert_uint_eq(
	        door_ask(&world.door, "CONNECT site.example:443 HTTP/1.1\r\n\r\n", NULL), 502);
	world_end(&world);
}
END_TEST

START_TEST(test_next_address)
{
	struct world world;
	char head[1024], at[46];
	uint16_t port = 80;
	int listener = web_listen("93.184.216.35", &port);

	/* Of two addresses the first refuses: the second is tried, and each attempt is on record. */
	world_begin(&world, "");
	int fd = door_request(&world.door, GET_OF("two.example", "/"));
	name_server_answer(
	        world.dns, "two.example", ADDRESSES("93.184.216.34", "93.184.216.35"), NULL);
	serve(listener, head, sizeof(head), at);
	ck_assert_str_eq(at, "93.184.216.35");
	world_expect_record(&world, EGRESS_ALLOWED, "GET", "two.example", 80, "93.184.216.34");
	world_expect_record(&world, EGRESS_ALLOWED, "GET", "two.example", 80, "93.184.216.35");
	close(fd);
	close(listener);
	world_end(&world);
}
END_TEST

START_TEST(test_start_page)
{
	struct world world;
	char answer[ANSWER_ROOM];

	world_begin(&world, "");
	ck_assert_uint_eq(door_ask(&world.door, GET_OF("start.shoji.internal", "/"), answer), 200);
	ck_assert_ptr_nonnull(strstr(answer, "インターネット閲覧画面（隔離環境）"));
	ck_assert_ptr_nonnull(strstr(answer, "お問い合わせ先：情報担当（内線12）"));
	ck_assert_uint_eq(
	        door_ask(&world.door, GET_OF("start.shoji.internal", "/style.css"), answer), 200);
	ck_assert_ptr_nonnull(strstr(answer, "#c2185b"));
	ck_assert_uint_eq(door_ask(&world.door, GET_OF("start.shoji.internal", "/x"), NULL), 404);
	ck_assert_uint_eq(
	        door_ask(&world.door, "CONNECT start.shoji.internal:443 HTTP/1.1\r\n\r\n", NULL),
	        403);
	world_stop_keeper(&world);
	ck_assert_uint_eq(door_ask(&world.door, GET_OF("start.shoji.internal", "/"), NULL), 200);
	ck_assert(!name_server_was_asked(world.dns));
	world_end(&world);
}
END_TEST

START_TEST(test_without_keeper)
{
	struct world world;
	char answer[ANSWER_ROOM];
	struct message_destination record;
	int listener = begin_with_site(&world, "");

	check_allowed(&world, listener);
	/* A record that keeper has not acknowledged when it dies ... */
	int fd = door_request(&world.door, GET_OF("site.example", "/a"));
	close(web_accept(listener, NULL));
	close(fd);
	world_stop_keeper(&world);
	ck_assert_uint_eq(door_ask(&world.door, GET_OF("site.example", "/"), answer), 503);
	ck_assert_ptr_nonnull(strstr(answer, "利用状況を記録できないため"));
	ck_assert_uint_eq(
	        door_ask(&world.door, "CONNECT site.example:443 HTTP/1.1\r\n\r\n", NULL), 503);
	ck_assert(!web_was_asked(listener));
	/* Nobody would know of the look-up either. */
	ck_assert_uint_eq(door_ask(&world.door, GET_OF("unknown.example", "/"), NULL), 503);
	ck_assert(!name_server_was_asked(world.dns));
	/* ... is told to the next one, and the numbers go on. */
	world_start_keeper(&world);
	for (int i = 0; i < 50 && !world_next_record(&world, &record); i++)
		usleep(20000);
	ck_assert_uint_eq(record.record, 2);
	check_allowed(&world, listener);
	close(listener);
	world_end(&world);
}
END_TEST

int main(int argc, char **argv)
{
	return WORLD_MAIN(argc, argv, "egress, direct", test_table, test_names, test_no_such_name,
	        test_lists_and_ports, test_unreachable, test_next_address, test_start_page,
	        test_without_keeper);
}
