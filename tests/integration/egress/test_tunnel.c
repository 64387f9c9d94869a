/* CONNECT: the TLS server name, ends of each direction, back-pressure both ways. */
#include "integration/egress/world.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define NAME "www.example.jp" /* what the recorded ClientHellos ask for */
#define TUNNEL_OPEN "HTTP/1.1 200 Connection established\r\n\r\n"

static int begin(struct world *world, const char *more)
{
	char yaml[512];
	uint16_t port = 0;
	int listener = web_listen("127.0.0.1", &port);

	snprintf(yaml, sizeof(yaml),
	        "  hosts:\n    " NAME ": \"127.0.0.1:%u\"\n    other.example: \"127.0.0.1:%u\"\n%s",
	        port, port, more);
	world_begin(world, yaml);
	return listener;
}

static size_t load_hello(const char *name, uint8_t out[4096])
{
	char path[512];

	snprintf(path, sizeof(path), "%s/fuzz/corpus/client_hello/%s", SHOJI_TEST_DATA, name);
	FILE *file = fopen(path, "rb");
	ck_assert_msg(file != NULL, "%s", path);
	size_t length = fread(out, 1, 4096, file);
	fclose(file);
	return length;
}

/* An open tunnel: its two ends. */
struct tunnel {
	int host, web;
};

static struct tunnel open_tunnel(struct world *world, int listener, const char *host, uint16_t port)
{
	char request[256], got[64];
	snprintf(request, sizeof(request), "CONNECT %1$s:%2$u HTTP/1.1\r\nHost: %1$s:%2$u\r\n\r\n",
	        host, port);
	struct tunnel tunnel = {.host = door_request(&world->door, request)};

	tunnel.web = web_accept(listener, NULL);
	world_expect_record(world, EGRESS_ALLOWED, "CONNECT", host, port, "127.0.0.1");
	receive_bytes(tunnel.host, got, strlen(TUNNEL_OPEN));
	ck_assert_int_eq(memcmp(got, TUNNEL_OPEN, strlen(TUNNEL_OPEN)), 0);
	return tunnel;
}

static void close_tunnel(struct tunnel *tunnel)
{
	close(tunnel->host);
	close(tunnel->web);
}

static void check_passes(struct tunnel *tunnel, const uint8_t *hello, size_t length)
{
	uint8_t got[4096];

	send_bytes(tunnel->host, hello, length);
	receive_bytes(tunnel->web, got, length);
	ck_assert_int_eq(memcmp(got, hello, length), 0);
	send_text(tunnel->web, "server");
	receive_bytes(tunnel->host, got, 6);
	send_text(tunnel->host, "more");
	receive_bytes(tunnel->web, got, 4);
	ck_assert_int_eq(memcmp(got, "more", 4), 0);
	close_tunnel(tunnel);
}

/* The browser is told by a TLS alert; the server hears nothing at all. */
static void check_sni_refused(struct world *world, struct tunnel *tunnel, const char *host,
        const void *bytes, size_t length)
{
	static const uint8_t alert[] = {21, 3, 3, 0, 2, 2, 112};
	char got[256];

	send_bytes(tunnel->host, bytes, length);
	ck_assert_uint_eq(receive_all(tunnel->host, got, sizeof(got)), sizeof(alert));
	ck_assert_int_eq(memcmp(got, alert, sizeof(alert)), 0);
	expect_end(tunnel->web);
	world_expect_record(world, EGRESS_DENIED_SNI, "CONNECT", host, 443, "");
	close_tunnel(tunnel);
}

START_TEST(test_server_names)
{
	static const char *const with_name[] = {"openssl", "chromium"};
	struct world world;
	uint8_t hello[4096];
	int listener = begin(&world, "");
	struct tunnel tunnel;

	for (int i = 0; i < 2; i++) {
		size_t length = load_hello(with_name[i], hello);
		tunnel = open_tunnel(&world, listener, NAME, 443);
		check_passes(&tunnel, hello, length);
		tunnel = open_tunnel(&world, listener, "other.example", 443);
		check_sni_refused(&world, &tunnel, "other.example", hello, length);
	}
	size_t length = load_hello("openssl_no_name", hello);
	tunnel = open_tunnel(&world, listener, NAME, 443);
	check_sni_refused(&world, &tunnel, NAME, hello, length);
	tunnel = open_tunnel(&world, listener, NAME, 443);
	check_sni_refused(&world, &tunnel, NAME, "SSH-2.0-x\r\n", 11);
	tunnel = open_tunnel(&world, listener, NAME, 443);
	check_sni_refused(&world, &tunnel, NAME, "GET / HTTP/1.1\r\n\r\n", 18);
	close(listener);
	world_end(&world);
}
END_TEST

START_TEST(test_hello_in_pieces)
{
	struct world world;
	uint8_t hello[4096], got[4096];
	int listener = begin(&world, "");
	struct tunnel tunnel = open_tunnel(&world, listener, NAME, 443);
	size_t length = load_hello("openssl", hello);

	for (size_t i = 0; i + 1 < length; i++)
		send_bytes(tunnel.host, hello + i, 1);
	usleep(50000);
	/* Not a byte before the whole of it was seen. */
	ck_assert(!web_was_asked(tunnel.web));
	send_bytes(tunnel.host, hello + length - 1, 1);
	receive_bytes(tunnel.web, got, length);
	ck_assert_int_eq(memcmp(got, hello, length), 0);
	close_tunnel(&tunnel);
	close(listener);
	world_end(&world);
}
END_TEST

START_TEST(test_hello_with_connect)
{
	/* Together with CONNECT, before the tunnel is open: held, then looked at like any. */
	struct world world;
	uint8_t hello[4096], got[4096];
	char request[4300];
	int listener = begin(&world, "");
	size_t hello_length = load_hello("openssl", hello);
	size_t length = (size_t)sprintf(request, "CONNECT " NAME ":443 HTTP/1.1\r\n\r\n");

	memcpy(request + length, hello, hello_length);
	int fd = door_connect(&world.door);
	send_bytes(fd, request, length + hello_length);
	int web = web_accept(listener, NULL);
	receive_bytes(web, got, hello_length);
	ck_assert_int_eq(memcmp(got, hello, hello_length), 0);
	close(web);
	close(fd);
	close(listener);
	world_end(&world);
}
END_TEST

START_TEST(test_names_and_addresses)
{
	struct world world;
	uint8_t hello[4096];
	char got[256];
	uint16_t port = 443;
	int listener = web_listen("::", &port);

	world_begin(&world, "");
	for (int has_name = 0; has_name < 2; has_name++) {
		int fd = door_request(&world.door, "CONNECT 93.184.216.34:443 HTTP/1.1\r\n\r\n");
		int web = web_accept(listener, NULL);
		receive_bytes(fd, got, strlen(TUNNEL_OPEN));
		size_t length = load_hello(has_name ? "openssl" : "openssl_no_name", hello);
		send_bytes(fd, hello, length);
		if (has_name)
			expect_end(web); /* an address has no name: this is another host's */
		else
			receive_bytes(web, hello, length);
		close(fd);
		close(web);
	}
	close(listener);
	world_end(&world);
}
END_TEST

START_TEST(test_unchecked)
{
	struct world world;
	uint8_t hello[4096];
	int listener = begin(&world, "  check_server_name: false\n");
	size_t length = load_hello("openssl", hello);
	struct tunnel tunnel = open_tunnel(&world, listener, "other.example", 443);

	check_passes(&tunnel, hello, length);
	tunnel = open_tunnel(&world, listener, "other.example", 443);
	check_passes(&tunnel, (const uint8_t *)"SSH-2.0", 7);
	close(listener);
	world_end(&world);
}
END_TEST

START_TEST(test_ends_before_hello)
{
	/* A browser that opens a tunnel and drops it, a server that leaves first: neither is a violation. */
	struct world world;
	uint8_t hello[4096];
	int listener = begin(&world, "");

	for (int part = 0; part < 2; part++) {
		struct tunnel tunnel = open_tunnel(&world, listener, NAME, 443);
		send_bytes(tunnel.host, hello, part ? load_hello("openssl", hello) / 2 : 0);
		shutdown(tunnel.host, SHUT_WR);
		expect_end(tunnel.host);
		expect_end(tunnel.web);
		close_tunnel(&tunnel);
		tunnel = open_tunnel(&world, listener, NAME, 443);
		close(tunnel.host);
		expect_end(tunnel.web);
		close(tunnel.web);
		tunnel = open_tunnel(&world, listener, NAME, 443);
		struct linger reset = {.l_onoff = part};
		setsockopt(tunnel.web, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		close(tunnel.web);
		expect_end(tunnel.host);
		close(tunnel.host);
	}
	world_expect_no_record(&world);
	close(listener);
	world_end(&world);
}
END_TEST

START_TEST(test_without_tls)
{
	/* WebSockets without TLS go through CONNECT to port 80; TLS there is looked at all the same. */
	struct world world;
	uint8_t hello[4096];
	char got[64];
	int listener = begin(&world, "");
	struct tunnel tunnel = open_tunnel(&world, listener, "other.example", 80);

	check_passes(&tunnel, (const uint8_t *)"GET /ws HTTP/1.1\r\n\r\n", 20);
	tunnel = open_tunnel(&world, listener, "other.example", 80);
	send_bytes(tunnel.host, hello, load_hello("openssl", hello));
	expect_end(tunnel.web);
	world_expect_record(&world, EGRESS_DENIED_SNI, "CONNECT", "other.example", 80, "");
	close_tunnel(&tunnel);
	/* A server that speaks first is heard before the host has said anything. */
	tunnel = open_tunnel(&world, listener, "other.example", 80);
	send_text(tunnel.web, "220 hello");
	receive_bytes(tunnel.host, got, 9);
	close_tunnel(&tunnel);
	close(listener);
	world_end(&world);
}
END_TEST

static struct tunnel open_relaying(struct world *world, int listener)
{
	char got[8];
	struct tunnel tunnel = open_tunnel(world, listener, NAME, 80);

	send_text(tunnel.host, "begin");
	receive_bytes(tunnel.web, got, 5);
	return tunnel;
}

START_TEST(test_half_close)
{
	struct world world;
	char got[256];
	int listener = begin(&world, "");
	struct tunnel tunnel = open_relaying(&world, listener);

	/* The host ends first: the server still answers. */
	send_text(tunnel.host, "last words");
	shutdown(tunnel.host, SHUT_WR);
	ck_assert_uint_eq(receive_all(tunnel.web, got, sizeof(got)), 10);
	send_text(tunnel.web, "answer");
	usleep(20000);
	send_text(tunnel.web, " and more");
	shutdown(tunnel.web, SHUT_WR);
	receive_all(tunnel.host, got, sizeof(got));
	ck_assert_str_eq(got, "answer and more");
	close_tunnel(&tunnel);
	/* The server ends first. */
	tunnel = open_relaying(&world, listener);
	send_text(tunnel.web, "bye");
	shutdown(tunnel.web, SHUT_WR);
	receive_all(tunnel.host, got, sizeof(got));
	ck_assert_str_eq(got, "bye");
	send_text(tunnel.host, "still here");
	receive_bytes(tunnel.web, got, 10);
	shutdown(tunnel.host, SHUT_WR);
	expect_end(tunnel.web);
	close_tunnel(&tunnel);
	close(listener);
	world_end(&world);
}
END_TEST

START_TEST(test_abrupt_ends)
{
	struct world world;
	char got[256];
	int listener = begin(&world, "");
	struct tunnel tunnel = open_relaying(&world, listener);

	/* The host's last bytes arrive although it closed right behind them. */
	send_text(tunnel.host, "last words");
	close(tunnel.host);
	ck_assert_uint_eq(receive_all(tunnel.web, got, sizeof(got)), 10);
	close(tunnel.web);
	/* A server that resets: the host hears the end. */
	tunnel = open_relaying(&world, listener);
	struct linger reset = {.l_onoff = 1};
	ck_assert_int_eq(setsockopt(tunnel.web, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)), 0);
	close(tunnel.web);
	expect_end(tunnel.host);
	close(tunnel.host);
	close(listener);
	world_end(&world);
}
END_TEST

#define MUCH (32u * 1024 * 1024) /* more than the kernel keeps */

static uint8_t pattern(size_t at)
{
	return (uint8_t)(at * 31 + at / 251);
}

/* Sends until the way is full for 200 ms. How much went in. */
static size_t fill(int fd)
{
	uint8_t bytes[16384];
	size_t sent = 0;
	struct pollfd ready = {.fd = fd, .events = POLLOUT};

	while (sent < MUCH && poll(&ready, 1, 200) > 0) {
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = pattern(sent + i);
		ssize_t n = send(fd, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n > 0)
			sent += (size_t)n;
	}
	return sent;
}

static void check_pattern(int fd, size_t length)
{
	static uint8_t bytes[MUCH];
	size_t at = 0;

	receive_bytes(fd, bytes, length);
	while (at < length && bytes[at] == pattern(at))
		at++;
	ck_assert_uint_eq(at, length);
}

START_TEST(test_back_pressure)
{
	struct world world;
	int small = 65536;
	int listener = begin(&world, "");
	struct tunnel tunnel = open_relaying(&world, listener);

	/* Whoever does not read stops whoever writes: an egress that kept what is between would take it all. */
	setsockopt(tunnel.web, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	size_t down = fill(tunnel.web);
	size_t up = fill(tunnel.host);
	ck_assert_uint_gt(down, 65536);
	ck_assert_uint_lt(down, MUCH);
	ck_assert_uint_gt(up, 65536);
	ck_assert_uint_lt(up, MUCH);
	/* Nothing is lost either. */
	check_pattern(tunnel.host, down);
	check_pattern(tunnel.web, up);
	close_tunnel(&tunnel);
	close(listener);
	world_end(&world);
}
END_TEST

START_TEST(test_host_leaves_while_full)
{
	struct world world;
	int listener = begin(&world, "");
	struct tunnel tunnel = open_relaying(&world, listener);
	size_t up = fill(tunnel.host);

	/* The server has not read yet: what the host sent before it closed still arrives, then the end. */
	close(tunnel.host);
	usleep(50000);
	check_pattern(tunnel.web, up);
	expect_end(tunnel.web);
	close(tunnel.web);
	close(listener);
	world_end(&world);
}
END_TEST

int main(int argc, char **argv)
{
	return WORLD_MAIN(argc, argv, "egress, tunnels", test_server_names, test_hello_in_pieces,
	        test_hello_with_connect, test_names_and_addresses, test_unchecked,
	        test_ends_before_hello, test_without_tls, test_half_close, test_abrupt_ends,
	        test_back_pressure, test_host_leaves_while_full);
}
