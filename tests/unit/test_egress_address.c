/* Addresses, networks and host names: each has one spelling, and what is not the Internet is known. */
#include "unit/suite.h"

#include "base/error.h"
#include "egress/proxy_host.h"

#include <string.h>

static bool parses(const char *text)
{
	struct net_address address;

	return net_address_parse(text, strlen(text), &address) == 0;
}

static struct net_address address_of(const char *text)
{
	struct net_address address = {0};

	ck_assert_msg(!net_address_parse(text, strlen(text), &address), "%s", text);
	return address;
}

START_TEST(test_literals_are_strict)
{
	static const char *const good[] = {"1.2.3.4", "0.0.0.0", "255.255.255.255", "::", "::1",
	        "2001:db8::1", "::ffff:1.2.3.4", "fe80::1", "1:2:3:4:5:6:7:8"};
	static const char *const bad[] = {"", "1", "1.2", "1.2.3", "1.2.3.4.5", "0x7f.1",
	        "0x7f.0.0.1", "0177.0.0.1", "127.0.0.01", "2130706433", "0x7f000001", "1.2.3.256",
	        "1.2.3.4 ", " 1.2.3.4", "1.2.3.+4", "1.2.3.4.", "1..3.4", "::1%lo", "fe80::1%1",
	        "[::1]", "::1 ", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
	        "::1::", "12345::", "::ffff:1.2.3", "1.2.3.4/8", "1.2.3.4:80",
	        "\xef\xbc\x91.2.3.4"};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert_msg(parses(good[i]), "%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!parses(bad[i]), "%s", bad[i]);
	struct net_address address;
	ck_assert_int_ne(net_address_parse("1.2.3.4\0", 8, &address), 0);
}
END_TEST

/* Each network with its first and last address, and the Internet's neighbours at both sides. */
static const struct {
	const char *below, *first, *last, *above; /* NULL: the neighbour is refused too */
} refused[] = {
        {NULL, "0.0.0.0", "0.255.255.255", "1.0.0.0"},
        {"9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"},
        {"100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0"},
        {"126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0"},
        {"169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0"},
        {"172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"},
        {"191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0"},
        {"192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0"},
        {"192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0"},
        {"192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0"},
        {"198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0"},
        {"198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0"},
        {"203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0"},
        {"223.255.255.255", "224.0.0.0", "239.255.255.255", NULL},
        {NULL, "240.0.0.0", "255.255.255.255", NULL},
        {NULL, "::", "::ffff:ffff:ffff", NULL},
        {NULL, "::1", "::1", NULL},
        {NULL, "::7f00:1", "::7f00:1", NULL},
        {NULL, "::ffff:0.0.0.0", "::ffff:255.255.255.255", NULL},
        {NULL, "::ffff:8.8.8.8", "::ffff:0:8.8.8.8", NULL},
        {NULL, "64:ff9b::", "64:ff9b::ffff:ffff", NULL},
        {NULL, "64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", NULL},
        {NULL, "100::", "100::ffff:ffff:ffff:ffff", NULL},
        {NULL, "1fff:ffff::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2000::"},
        {"2000:ffff:ffff:ffff::", "2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:200::"},
        {NULL, "2001::1", "2001:0:ffff::", NULL},
        {"2001:db7:ffff::", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::"},
        {"2001:ffff::", "2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2003::"},
        {"3ffe:ffff::", "3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:1000::"},
        {"3fff:ffff::", "4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL},
        {NULL, "5f00::", "5f00::1", NULL},
        {NULL, "fc00::", "fdff:ffff::", NULL},
        {NULL, "fe80::", "febf::1", NULL},
        {NULL, "fec0::", "feff::1", NULL},
        {NULL, "ff00::", "ff02::1", NULL},
};

static void check_public(const char *text, bool is_expected)
{
	if (!text)
		return;
	struct net_address address = address_of(text);
	ck_assert_msg(net_address_is_public(&address) == is_expected, "%s", text);
}

START_TEST(test_refused_networks)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		check_public(refused[i].below, true);
		check_public(refused[i].first, false);
		check_public(refused[i].last, false);
		check_public(refused[i].above, true);
	}
	check_public("8.8.8.8", true);
	check_public("2606:2800:220:1::1", true);
	check_public("2400:4000::1", true);
}
END_TEST

static bool network_holds(const char *network_text, const char *text)
{
	struct net_network network;
	struct net_address address = address_of(text);

	ck_assert_int_eq(net_network_parse(network_text, strlen(network_text), &network), 0);
	return net_network_contains(&network, &address);
}

START_TEST(test_networks)
{
	static const char *const bad[] = {"", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/",
	        "10.0.0.0/08", "10.0.0.0/-1", "/8", "fd00::/129", "fd00::1/64", "10.0.0.0/8/8",
	        "10/8"};
	struct net_network network;

	ck_assert(network_holds("8.0.0.0/7", "9.255.255.255"));
	ck_assert(!network_holds("8.0.0.0/7", "10.0.0.0"));
	ck_assert(network_holds("9.9.9.9", "9.9.9.9"));
	ck_assert(!network_holds("9.9.9.9", "9.9.9.8"));
	ck_assert(network_holds("0.0.0.0/0", "1.2.3.4"));
	ck_assert(!network_holds("0.0.0.0/0", "::1"));
	ck_assert(network_holds("2400::/12", "240f:ffff::1"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(
		        net_network_parse(bad[i], strlen(bad[i]), &network) != 0, "%s", bad[i]);
}
END_TEST

static void check_endpoint(const char *text, const char *address, uint16_t port)
{
	struct net_endpoint endpoint;
	char out[NET_ADDRESS_TEXT_MAX];

	ck_assert_msg(!net_endpoint_parse(text, strlen(text), &endpoint), "%s", text);
	ck_assert_str_eq(net_address_text(&endpoint.address, out), address);
	ck_assert_uint_eq(endpoint.port, port);
}

START_TEST(test_endpoints)
{
	static const char *const bad[] = {"", ":80", "1.2.3.4:", "1.2.3.4:0", "1.2.3.4:65536",
	        "1.2.3.4:080", "[1.2.3.4]:80", "[::1", "[::1]80", "[::1]:", "[]", "name:80",
	        "::1:"};
	struct net_endpoint endpoint;

	check_endpoint("1.2.3.4", "1.2.3.4", 0);
	check_endpoint("1.2.3.4:65535", "1.2.3.4", 65535);
	check_endpoint("::1", "::1", 0);
	check_endpoint("[::1]", "::1", 0);
	check_endpoint("[2400::1]:80", "2400::1", 80);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(
		        net_endpoint_parse(bad[i], strlen(bad[i]), &endpoint) != 0, "%s", bad[i]);
}
END_TEST

START_TEST(test_sockaddr_round_trip)
{
	static const char *const texts[] = {"1.2.3.4", "2400::1:2"};

	for (size_t i = 0; i < 2; i++) {
		struct net_endpoint endpoint = {.address = address_of(texts[i]), .port = 80};
		struct sockaddr_storage storage;
		struct net_address back;
		ck_assert_uint_gt(net_endpoint_to_sockaddr(&endpoint, &storage), 0);
		ck_assert_int_eq(net_address_from_sockaddr((struct sockaddr *)&storage, &back), 0);
		ck_assert(net_address_equal(&endpoint.address, &back));
	}
	struct sockaddr other = {.sa_family = AF_UNIX};
	struct net_address out;
	ck_assert_int_ne(net_address_from_sockaddr(&other, &out), 0);
}
END_TEST

static void check_name(const char *text, const char *expected)
{
	char out[HOST_NAME_MAX_BYTES] = "";
	int error = host_name_normalise(text, strlen(text), out);

	ck_assert_msg((error == 0) == (expected != NULL), "%s", text);
	if (expected)
		ck_assert_str_eq(out, expected);
}

START_TEST(test_names)
{
	static const char *const bad[] = {"", ".", "..", "a..b", ".a", "a..", "-a.jp", "a-.jp",
	        "a b", "a\tb", "a/b", "a@b", "a:80", "a%2e", "xn--.jp", "xn--", "\xe6\x97\xa5.jp",
	        "a.jp,b",
	        /* a last label that is a number is an address in somebody's eyes */
	        "0x7f.1", "127.1", "2130706433", "1.2.3.4", "a.0x7f", "a.0x", "0177.0.0.1",
	        "1.2.3.4."};

	check_name("www.Example.JP", "www.example.jp");
	check_name("www.example.jp.", "www.example.jp");
	check_name("xn--wgv71a119e.JP", "xn--wgv71a119e.jp");
	check_name("r3---sn-a.example", "r3---sn-a.example");
	check_name("my_host.example", "my_host.example");
	check_name("1.2.3.4.example", "1.2.3.4.example");
	check_name("localhost", "localhost");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_name(bad[i], NULL);
	char out[HOST_NAME_MAX_BYTES];
	ck_assert_int_ne(host_name_normalise("a\0.jp", 5, out), 0);
}
END_TEST

START_TEST(test_name_lengths)
{
	char name[300], out[HOST_NAME_MAX_BYTES];

	for (size_t i = 0; i < sizeof(name); i++)
		name[i] = i % 2 ? '.' : 'a';
	ck_assert_int_eq(host_name_normalise(name, 253, out), 0);
	ck_assert_int_eq(host_name_normalise(name, 254, out), 0); /* its last byte is the dot */
	ck_assert_int_ne(host_name_normalise(name, 255, out), 0);
	memset(name, 'a', sizeof(name));
	ck_assert_int_eq(host_name_normalise(name, 63, out), 0);
	ck_assert_int_ne(host_name_normalise(name, 64, out), 0);
}
END_TEST

START_TEST(test_within)
{
	ck_assert(host_name_is_within("example.jp", "example.jp"));
	ck_assert(host_name_is_within("a.b.example.jp", "example.jp"));
	ck_assert(!host_name_is_within("badexample.jp", "example.jp"));
	ck_assert(!host_name_is_within("jp", "example.jp"));
	ck_assert(!host_name_is_within("example.jp.evil.com", "example.jp"));
}
END_TEST

START_TEST(test_hosts)
{
	struct proxy_host host, other;
	char out[PROXY_HOST_TEXT_MAX];

	ck_assert_int_eq(proxy_host_parse("[2400::0:1]", 11, &host), 0);
	ck_assert_str_eq(proxy_host_text(&host, out), "2400::1");
	ck_assert_str_eq(proxy_host_authority(&host, out), "[2400::1]");
	ck_assert_int_eq(proxy_host_parse("9.9.9.9", 7, &other), 0);
	ck_assert(other.is_address && !proxy_host_equal(&host, &other));
	ck_assert_str_eq(proxy_host_authority(&other, out), "9.9.9.9");
	ck_assert_int_eq(proxy_host_parse("A.jp.", 5, &host), 0);
	ck_assert_int_eq(proxy_host_parse("a.jp", 4, &other), 0);
	ck_assert(!host.is_address && proxy_host_equal(&host, &other));
	static const char *const bad[] = {"::1", "[1.2.3.4]", "[a.jp]", "[]", "[", "1.2.3",
	        "0x7f.0.0.1", "9.9.9.9.", "[::1%25lo]"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(proxy_host_parse(bad[i], strlen(bad[i]), &host) != 0, "%s", bad[i]);
}
END_TEST

int main(void)
{
	return SUITE_RUN("egress addresses", test_literals_are_strict, test_refused_networks,
	        test_networks, test_endpoints, test_sockaddr_round_trip, test_names,
	        test_name_lengths, test_within, test_hosts);
}
