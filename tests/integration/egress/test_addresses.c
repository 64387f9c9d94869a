/* Addresses that must not be reached. Each is first reached directly, in this network where every address is
 * this machine: so it is egress that refuses. Then a name that resolves to it; then DNS that changes its mind. */
#include "integration/egress/world.h"

#include "integration/egress/own_network.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PUBLIC_V4 "93.184.216.34"
#define PUBLIC_V6 "2606:2800:220:1::1"

static int begin(struct world *world, const char *more)
{
	uint16_t port = 80;
	int listener = web_listen("::", &port);

	world_begin(world, more);
	return listener;
}

/* v6: in brackets, as in a URL. */
static void make_request(char out[256], const char *method, const char *address)
{
	if (strcmp(method, "CONNECT") == 0)
		snprintf(out, 256, "CONNECT %1$s:80 HTTP/1.1\r\nHost: %1$s:80\r\n\r\n", address);
	else
		snprintf(out, 256, "GET http://%1$s/ HTTP/1.1\r\nHost: %1$s\r\n\r\n", address);
}

static const char *without_brackets(const char *address, char out[64])
{
	size_t length = strlen(address);

	snprintf(out, 64, "%s", address[0] == '[' ? address + 1 : address);
	if (address[0] == '[')
		out[length - 2] = '\0';
	return out;
}

/* The wall taken away: we ourselves get there. */
static void check_reachable(int listener, const char *address)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(80)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(80)};
	bool is_v6 = inet_pton(AF_INET, address, &v4.sin_addr) != 1;
	int fd = socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (is_v6)
		ck_assert_int_eq(inet_pton(AF_INET6, address, &v6.sin6_addr), 1);
	ck_assert_msg(connect(fd, is_v6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4,
	                      is_v6 ? sizeof(v6) : sizeof(v4)) == 0,
	        "the control itself does not reach %s", address);
	close(web_accept(listener, NULL));
	close(fd);
}

static void check_allowed(
        struct world *world, int listener, const char *method, const char *address)
{
	char request[256], bare[64], at[46];
	make_request(request, method, address);
	int fd = door_request(&world->door, request);
	int web = web_accept(listener, at);

	without_brackets(address, bare);
	ck_assert_str_eq(at, bare);
	world_expect_record(world, EGRESS_ALLOWED, method, bare, 80, bare);
	close(web);
	close(fd);
}

static void check_refused(
        struct world *world, int listener, const char *method, const char *address)
{
	char request[256], bare[64], host[64];
	struct in6_addr parsed;
	make_request(request, method, address);

	without_brackets(address, bare);
	check_reachable(listener, bare);
	ck_assert_msg(door_ask(&world->door, request, NULL) == 403, "%s", address);
	/* In its normal form. */
	snprintf(host, sizeof(host), "%s", bare);
	if (inet_pton(AF_INET6, bare, &parsed) == 1)
		inet_ntop(AF_INET6, &parsed, host, sizeof(host));
	world_expect_record(world, EGRESS_DENIED_ADDRESS, method, host, 80, "");
	ck_assert_msg(!web_was_asked(listener), "%s was connected to", address);
}

static const char *const refused[] = {"0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255",
        "100.64.0.1", "100.127.255.254", "127.0.0.1", "127.255.255.254", "169.254.169.254",
        "172.16.0.1", "172.31.255.254", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1",
        "198.18.0.1", "198.19.255.1", "198.51.100.7", "203.0.113.9", "240.0.0.1", "[::1]", "[::]",
        "[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]", "[::ffff:93.184.216.34]", "[64:ff9b::a00:1]",
        "[64:ff9b:1::a00:1]", "[100::1]", "[2001::1]", "[2001:db8::1]", "[2002:a00:1::1]",
        "[3fff::1]", "[5f00::1]", "[fc00::1]", "[fd12:3456::1]", "[fec0::1]", "[::7f00:1]",
        /* of this test's configuration */
        "61.114.64.1", "[2400:1::1]"};

START_TEST(test_literals)
{
	struct world world;
	int listener = begin(&world, "  deny_addresses: [61.114.64.0/20, \"2400:1::/32\"]\n");

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		check_refused(&world, listener, "GET", refused[i]);
		check_refused(&world, listener, "CONNECT", refused[i]);
	}
	check_allowed(&world, listener, "GET", PUBLIC_V4);
	check_allowed(&world, listener, "CONNECT", PUBLIC_V4);
	check_allowed(&world, listener, "GET", "[" PUBLIC_V6 "]");
	check_allowed(&world, listener, "GET", "61.114.80.1");
	close(listener);
	world_end(&world);
}
END_TEST

START_TEST(test_spellings)
{
	static const char *const spellings[] = {"127.1", "0x7f.0.0.1", "0x7f000001", "2130706433",
	        "0177.0.0.1", "127.0.0.01", "127.0.0.1.", "[::1%25lo]", "[127.0.0.1]",
	        "127.0.0.1%00", "localhost", "a.localhost", "LocalHost."};
	struct world world;
	char request[256];
	int listener = begin(&world, "");

	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
		make_request(request, "GET", spellings[i]);
		unsigned status = door_ask(&world.door, request, NULL);
		ck_assert_msg(status == 400 || status == 403, "%s: %u", spellings[i], status);
		ck_assert(!web_was_asked(listener));
		ck_assert(!name_server_was_asked(world.dns));
	}
	close(listener);
	world_end(&world);
}
END_TEST

START_TEST(test_own_addresses)
{
	struct world world;
	int listener = begin(&world, "");

	/* Added after egress started: it hears of it within its refresh. */
	for (int i = 0; i < 2; i++) {
		const char *address = i ? "93.184.216.100" : "93.184.216.99";
		check_allowed(&world, listener, "GET", address);
		ck_assert_int_eq(own_network_add_address(address), 0);
		usleep(2500000);
		check_refused(&world, listener, "GET", address);
	}
	check_allowed(&world, listener, "GET", "93.184.216.98");
	close(listener);
	world_end(&world);
}
END_TEST

#define GET_NAME "GET http://name.example/ HTTP/1.1\r\nHost: name.example\r\n\r\n"
#define CONNECT_NAME "CONNECT name.example:80 HTTP/1.1\r\n\r\n"

static void check_name_refused(struct world *world, int listener, const char *request,
        const char *const *v4, const char *const *v6)
{
	char answer[ANSWER_ROOM];
	int fd = door_request(&world->door, request);

	name_server_answer(world->dns, "name.example", v4, v6);
	receive_all(fd, answer, sizeof(answer));
	ck_assert_int_eq(strncmp(answer, "HTTP/1.1 403 ", 13), 0);
	world_expect_record(world, EGRESS_DENIED_ADDRESS, request[0] == 'G' ? "GET" : "CONNECT",
	        "name.example", 80, "");
	ck_assert(!web_was_asked(listener));
	close(fd);
}

static void check_name_allowed(struct world *world, int listener, const char *const *v4,
        const char *const *v6, const char *expected)
{
	char at[46];
	int fd = door_request(&world->door, GET_NAME);

	name_server_answer(world->dns, "name.example", v4, v6);
	close(web_accept(listener, at));
	ck_assert_str_eq(at, expected);
	world_expect_record(world, EGRESS_ALLOWED, "GET", "name.example", 80, expected);
	close(fd);
}

START_TEST(test_names_with_refused_addresses)
{
	struct world world;
	char bare[64];
	int listener = begin(&world, "  deny_addresses: [61.114.64.0/20, \"2400:1::/32\"]\n");

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		bool is_v6 = refused[i][0] == '[';
		const char *const address[] = {without_brackets(refused[i], bare), NULL};
		check_name_refused(&world, listener, i % 2 ? GET_NAME : CONNECT_NAME,
		        is_v6 ? NULL : address, is_v6 ? address : NULL);
	}
	/* Every one is checked: of a mixture only the public ones are connected to. */
	check_name_allowed(
	        &world, listener, ADDRESSES("10.0.0.1", PUBLIC_V4), ADDRESSES("::1"), PUBLIC_V4);
	check_name_allowed(&world, listener, ADDRESSES("127.0.0.1"),
	        ADDRESSES("fd00::1", PUBLIC_V6), PUBLIC_V6);
	close(listener);
	world_end(&world);
}
END_TEST

/* Rebinding: the name's address changes after it was checked. It is asked for once and what was checked is what is
 * connected to; a later connection asks anew, checks anew, and is refused. */
START_TEST(test_rebinding)
{
	struct world world;
	char at[46];
	uint16_t port = 80;
	int public_listener = web_listen(PUBLIC_V4, &port);
	int private_listener = web_listen("127.0.0.1", &port);

	world_begin(&world, "");
	for (int i = 0; i < 3; i++) {
		int fd = door_request(&world.door, GET_NAME);
		name_server_answer(world.dns, "name.example", ADDRESSES(PUBLIC_V4), NULL);
		int web = web_accept(public_listener, at);
		ck_assert_str_eq(at, PUBLIC_V4);
		world_expect_record(&world, EGRESS_ALLOWED, "GET", "name.example", 80, PUBLIC_V4);
		/* From now on the name would be 127.0.0.1: nobody asks, not even when the server breaks off. */
		close(web);
		expect_end(fd);
		close(fd);
		ck_assert(!name_server_was_asked(world.dns));
		check_name_refused(
		        &world, private_listener, GET_NAME, ADDRESSES("127.0.0.1"), NULL);
	}
	ck_assert(!web_was_asked(private_listener));
	close(public_listener);
	close(private_listener);
	world_end(&world);
}
END_TEST

/* The checked address does not answer: the refused one that stood beside it is still not tried. */
START_TEST(test_no_falling_back)
{
	struct world world;
	char answer[ANSWER_ROOM];
	uint16_t port = 80;
	int private_listener = web_listen("127.0.0.1", &port);

	world_begin(&world, "");
	int fd = door_request(&world.door, GET_NAME);
	name_server_answer(world.dns, "name.example", ADDRESSES(PUBLIC_V4, "127.0.0.1"), NULL);
	receive_all(fd, answer, sizeof(answer));
	ck_assert_int_eq(strncmp(answer, "HTTP/1.1 502 ", 13), 0);
	ck_assert(!web_was_asked(private_listener));
	close(fd);
	close(private_listener);
	world_end(&world);
}
END_TEST

int main(int argc, char **argv)
{
	return WORLD_MAIN(argc, argv, "egress, addresses", test_literals, test_spellings,
	        test_own_addresses, test_names_with_refused_addresses, test_rebinding,
	        test_no_falling_back);
}
