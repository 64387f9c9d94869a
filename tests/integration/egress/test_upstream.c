/* Behind an upstream proxy (a security cloud): everything goes through it, nothing goes past it, and without it
 * nothing goes at all. */
#include "integration/egress/world.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define GET_OF(host) "GET http://" host "/p HTTP/1.1\r\nHost: " host "\r\n\r\n"
#define TUNNEL_OPEN "HTTP/1.1 200 Connection established\r\n\r\n"
#define UPSTREAM_ADDRESS "127.0.0.1"

struct cloud {
	struct world world;
	int upstream; /* its listener */
	int web; /* on every address, port 80: where a request would arrive that went past it */
};

static void begin(struct cloud *self, const char *more)
{
	char yaml[1024];
	uint16_t port = 0, web_port = 80;

	self->upstream = web_listen(UPSTREAM_ADDRESS, &port);
	self->web = web_listen("::", &web_port);
	snprintf(yaml, sizeof(yaml), "  mode: upstream\n  upstream: " UPSTREAM_ADDRESS ":%u\n%s",
	        port, more);
	world_begin(&self->world, yaml);
}

/* Nobody went another way, nor asked for the way. */
static void end(struct cloud *self)
{
	ck_assert(!web_was_asked(self->web));
	ck_assert(!name_server_was_asked(self->world.dns));
	close(self->upstream);
	close(self->web);
	world_end(&self->world);
}

START_TEST(test_absolute_form)
{
	struct cloud cloud;
	char got[1024];

	begin(&cloud, "");
	int fd = door_request(&cloud.world.door,
	        "POST http://www.example.jp/p HTTP/1.1\r\nHost: www.example.jp\r\n"
	        "Proxy-Authorization: Basic eDp5\r\nContent-Length: 3\r\n\r\nabc");
	int upstream = web_accept(cloud.upstream, NULL);
	world_expect_record(
	        &cloud.world, EGRESS_ALLOWED, "POST", "www.example.jp", 80, "127.0.0.1");
	receive_head(upstream, got, sizeof(got));
	ck_assert_str_eq(got, "POST http://www.example.jp/p HTTP/1.1\r\nHost: www.example.jp\r\n"
	                      "Content-Length: 3\r\nConnection: close\r\n\r\n");
	receive_bytes(upstream, got, 3);
	/* The cloud's own page about a site that it refuses is shown as it is. */
	send_text(upstream, "HTTP/1.1 403 Forbidden\r\n\r\nblocked by the cloud");
	close(upstream);
	receive_all(fd, got, sizeof(got));
	ck_assert_str_eq(got, "HTTP/1.1 403 Forbidden\r\n\r\nblocked by the cloud");
	close(fd);
	end(&cloud);
}
END_TEST

/* The upstream's end of a CONNECT that it was sent. */
static int accept_connect(struct cloud *cloud, const char *target)
{
	char got[1024], expected[256];
	int upstream = web_accept(cloud->upstream, NULL);

	receive_head(upstream, got, sizeof(got));
	snprintf(expected, sizeof(expected), "CONNECT %1$s HTTP/1.1\r\nHost: %1$s\r\n\r\n", target);
	ck_assert_str_eq(got, expected);
	return upstream;
}

START_TEST(test_tunnel)
{
	struct cloud cloud;
	char got[1024];

	begin(&cloud, "  check_server_name: false\n");
	int fd =
	        door_request(&cloud.world.door, "CONNECT www.example.jp:443 HTTP/1.1\r\n\r\nearly");
	int upstream = accept_connect(&cloud, "www.example.jp:443");
	world_expect_record(
	        &cloud.world, EGRESS_ALLOWED, "CONNECT", "www.example.jp", 443, "127.0.0.1");
	/* A reply in pieces, with fields of its own that the host never sees, and the tunnel's first bytes. */
	send_text(upstream, "HTTP/1.1 200 ");
	usleep(20000);
	send_text(upstream, "OK\r\nX-Secret: of the cloud\r\n\r\nfirst");
	receive_bytes(fd, got, strlen(TUNNEL_OPEN "first"));
	ck_assert_int_eq(memcmp(got, TUNNEL_OPEN "first", strlen(TUNNEL_OPEN "first")), 0);
	receive_bytes(upstream, got, 5);
	ck_assert_int_eq(memcmp(got, "early", 5), 0);
	shutdown(fd, SHUT_WR);
	expect_end(upstream);
	send_text(upstream, "bye");
	shutdown(upstream, SHUT_WR);
	receive_all(fd, got, sizeof(got));
	ck_assert_str_eq(got, "bye");
	close(upstream);
	close(fd);
	end(&cloud);
}
END_TEST

START_TEST(test_server_name)
{
	struct cloud cloud;
	char got[1024];

	begin(&cloud, "");
	int fd = door_request(&cloud.world.door, "CONNECT www.example.jp:443 HTTP/1.1\r\n\r\n");
	int upstream = accept_connect(&cloud, "www.example.jp:443");
	send_text(upstream, "HTTP/1.1 200 OK\r\n\r\n");
	receive_bytes(fd, got, strlen(TUNNEL_OPEN));
	send_text(fd, "SSH-2.0-x\r\n");
	expect_end(upstream);
	close(upstream);
	close(fd);
	end(&cloud);
}
END_TEST

START_TEST(test_refused_replies)
{
	static const struct {
		const char *reply;
		unsigned status;
	} replies[] = {{"HTTP/1.1 403 Forbidden\r\n\r\nsecret words", 403},
	        {"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", 502},
	        {"HTTP/1.1 502 Bad Gateway\r\n\r\n", 502}, {"HTTP/1.1 100 Continue\r\n\r\n", 502},
	        {"SSH-2.0-OpenSSH\r\n\r\n", 502}, {"HTTP/1.1 200 OK\n\n", 502},
	        {"HTTP/1.1 200", 502}, {"", 502}};
	struct cloud cloud;
	char got[ANSWER_ROOM];
	unsigned status;

	begin(&cloud, "");
	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
		int fd = door_request(
		        &cloud.world.door, "CONNECT www.example.jp:443 HTTP/1.1\r\n\r\n");
		int upstream = accept_connect(&cloud, "www.example.jp:443");
		send_text(upstream, replies[i].reply);
		shutdown(upstream, SHUT_WR);
		receive_all(fd, got, sizeof(got));
		ck_assert_int_eq(sscanf(got, "HTTP/1.1 %u ", &status), 1);
		ck_assert_msg(status == replies[i].status, "%s: %u", replies[i].reply, status);
		ck_assert_ptr_null(strstr(got, "secret words"));
		world_expect_record(&cloud.world, EGRESS_ALLOWED, "CONNECT", "www.example.jp", 443,
		        "127.0.0.1");
		world_expect_record(
		        &cloud.world, EGRESS_UNREACHABLE, "CONNECT", "www.example.jp", 443, "");
		close(upstream);
		close(fd);
	}
	end(&cloud);
}
END_TEST

START_TEST(test_down)
{
	struct cloud cloud;
	char answer[ANSWER_ROOM];

	begin(&cloud, "  connect_deadline_s: 1\n");
	close(cloud.upstream);
	/* The sites are there, on this very machine; still nobody goes to them. */
	ck_assert_uint_eq(door_ask(&cloud.world.door, GET_OF("www.example.jp"), answer), 502);
	ck_assert_ptr_nonnull(strstr(
	        answer, "インターネットへの接続口（セキュリティクラウド）に接続できません。"));
	world_expect_record(&cloud.world, EGRESS_ALLOWED, "GET", "www.example.jp", 80, "127.0.0.1");
	world_expect_record(&cloud.world, EGRESS_UNREACHABLE, "GET", "www.example.jp", 80, "");
	ck_assert_uint_eq(
	        door_ask(&cloud.world.door, "CONNECT www.example.jp:443 HTTP/1.1\r\n\r\n", NULL),
	        502);
	ck_assert_uint_eq(door_ask(&cloud.world.door, GET_OF("93.184.216.34"), NULL), 502);
	ck_assert_uint_eq(
	        door_ask(&cloud.world.door, "CONNECT 93.184.216.34:80 HTTP/1.1\r\n\r\n", NULL),
	        502);
	cloud.upstream = -1;
	end(&cloud);
}
END_TEST

START_TEST(test_silent)
{
	struct cloud cloud;

	/* It accepts and says nothing. */
	begin(&cloud, "  connect_deadline_s: 1\n");
	ck_assert_uint_eq(
	        door_ask(&cloud.world.door, "CONNECT www.example.jp:443 HTTP/1.1\r\n\r\n", NULL),
	        502);
	end(&cloud);
}
END_TEST

static void check_refused(struct cloud *cloud, const char *request, unsigned status)
{
	ck_assert_msg(door_ask(&cloud->world.door, request, NULL) == status, "%s", request);
	ck_assert(!web_was_asked(cloud->upstream));
}

START_TEST(test_rules_still_apply)
{
	struct cloud cloud;

	begin(&cloud, "  deny: [bad.example]\n  deny_addresses: [61.114.64.0/20]\n");
	check_refused(&cloud, GET_OF("a.bad.example"), 403);
	check_refused(&cloud, GET_OF("127.0.0.1"), 403);
	check_refused(&cloud, GET_OF("10.1.2.3"), 403);
	check_refused(&cloud, GET_OF("[::ffff:10.1.2.3]"), 403);
	check_refused(&cloud, GET_OF("61.114.64.1"), 403);
	check_refused(&cloud, "CONNECT 169.254.169.254:443 HTTP/1.1\r\n\r\n", 403);
	check_refused(&cloud, "CONNECT localhost:443 HTTP/1.1\r\n\r\n", 403);
	check_refused(&cloud, "CONNECT www.example.jp:22 HTTP/1.1\r\n\r\n", 403);
	check_refused(&cloud, GET_OF("intranet"), 502);
	check_refused(&cloud, GET_OF("start.shoji.internal"), 404);
	/* The same requests to where one may go do reach it. */
	int fd = door_request(&cloud.world.door, GET_OF("93.184.216.34"));
	close(web_accept(cloud.upstream, NULL));
	close(fd);
	fd = door_request(&cloud.world.door, "CONNECT www.example.jp:443 HTTP/1.1\r\n\r\n");
	close(accept_connect(&cloud, "www.example.jp:443"));
	close(fd);
	/* No record, no connection. */
	world_stop_keeper(&cloud.world);
	check_refused(&cloud, GET_OF("www.example.jp"), 503);
	end(&cloud);
}
END_TEST

START_TEST(test_table)
{
	struct cloud cloud;
	char got[1024];

	/* A name of the table goes to the upstream, too, as its address. */
	begin(&cloud, "  hosts:\n    cms.town.example: \"10.1.2.3:80\"\n");
	int fd = door_request(&cloud.world.door, GET_OF("cms.town.example"));
	int upstream = web_accept(cloud.upstream, NULL);
	receive_head(upstream, got, sizeof(got));
	ck_assert_str_eq(got, "GET http://10.1.2.3/p HTTP/1.1\r\nHost: cms.town.example\r\n"
	                      "Connection: close\r\n\r\n");
	close(upstream);
	close(fd);
	fd = door_request(&cloud.world.door, "CONNECT cms.town.example:443 HTTP/1.1\r\n\r\n");
	close(accept_connect(&cloud, "10.1.2.3:80"));
	close(fd);
	end(&cloud);
}
END_TEST

START_TEST(test_upstream_by_name)
{
	struct cloud cloud;
	char yaml[256];
	uint16_t port = 0, web_port = 80;

	/* Only the upstream's own name is asked of DNS, and its address may be private. */
	cloud.upstream = web_listen("10.9.9.9", &port);
	cloud.web = web_listen("::", &web_port);
	snprintf(
	        yaml, sizeof(yaml), "  mode: upstream\n  upstream: proxy.cloud.example:%u\n", port);
	world_begin(&cloud.world, yaml);
	int fd = door_request(&cloud.world.door, "CONNECT www.example.jp:443 HTTP/1.1\r\n\r\n");
	name_server_answer(cloud.world.dns, "proxy.cloud.example", ADDRESSES("10.9.9.9"), NULL);
	close(accept_connect(&cloud, "www.example.jp:443"));
	world_expect_record(
	        &cloud.world, EGRESS_ALLOWED, "CONNECT", "www.example.jp", 443, "10.9.9.9");
	close(fd);
	end(&cloud);
}
END_TEST

int main(int argc, char **argv)
{
	return WORLD_MAIN(argc, argv, "egress, upstream", test_absolute_form, test_tunnel,
	        test_server_name, test_refused_replies, test_down, test_silent,
	        test_rules_still_apply, test_table, test_upstream_by_name);
}
