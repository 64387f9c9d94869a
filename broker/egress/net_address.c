/* Addresses: what may be connected to is decided on these values, never on text.
 * The text comes from the isolated host, from DNS or from the configuration. */
#include "egress/net_address.h"

#include "base/error.h"
#include "base/number.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

/* The longest text of an address is 45 characters; anything longer is refused unread. */
static int copy_text(const char *text, size_t length, char out[NET_ADDRESS_TEXT_MAX])
{
	if (length == 0 || length >= NET_ADDRESS_TEXT_MAX || memchr(text, '\0', length))
		return SHOJI_ERR_MALFORMED;
	memcpy(out, text, length);
	out[length] = '\0';
	return 0;
}

int net_address_parse(const char *text, size_t length, struct net_address *out)
{
	struct net_address value = {0};
	char copy[NET_ADDRESS_TEXT_MAX];

	if (copy_text(text, length, copy))
		return SHOJI_ERR_MALFORMED;
	/* inet_pton, never inet_aton: it takes exactly four decimal numbers, no octal, no hexadecimal, and no
	 * zone behind an IPv6 address. */
	value.is_v6 = strchr(copy, ':') != NULL;
	if (inet_pton(value.is_v6 ? AF_INET6 : AF_INET, copy, value.bytes) != 1)
		return SHOJI_ERR_MALFORMED;
	*out = value;
	return 0;
}

static int parse_port(const char *text, size_t length, uint16_t *out)
{
	uint64_t port;

	if (number_parse(text, length, 1, 65535, &port))
		return SHOJI_ERR_MALFORMED;
	*out = (uint16_t)port;
	return 0;
}

static int parse_bracketed(const char *text, size_t length, struct net_endpoint *out)
{
	const char *end = memchr(text, ']', length);

	if (!end || net_address_parse(text + 1, (size_t)(end - text) - 1, &out->address) ||
	        !out->address.is_v6)
		return SHOJI_ERR_MALFORMED;
	size_t rest = length - (size_t)(end - text) - 1;
	if (rest == 0)
		return 0;
	if (end[1] != ':')
		return SHOJI_ERR_MALFORMED;
	return parse_port(end + 2, rest - 1, &out->port);
}

int net_endpoint_parse(const char *text, size_t length, struct net_endpoint *out)
{
	struct net_endpoint value = {0};
	const char *colon = memchr(text, ':', length);
	int error;

	if (length > 0 && text[0] == '[') {
		error = parse_bracketed(text, length, &value);
	} else if (colon && !memchr(colon + 1, ':', length - (size_t)(colon - text) - 1)) {
		error = net_address_parse(text, (size_t)(colon - text), &value.address);
		if (!error)
			error = parse_port(
			        colon + 1, length - (size_t)(colon - text) - 1, &value.port);
	} else {
		error = net_address_parse(text, length, &value.address);
	}
	if (!error)
		*out = value;
	return error;
}

static unsigned address_bits(const struct net_address *self)
{
	return self->is_v6 ? 128 : 32;
}

static bool bit_is_set(const struct net_address *self, unsigned bit)
{
	return self->bytes[bit / 8] & (0x80u >> (bit % 8));
}

int net_network_parse(const char *text, size_t length, struct net_network *out)
{
	struct net_network value;
	const char *slash = memchr(text, '/', length);
	size_t address_length = slash ? (size_t)(slash - text) : length;
	uint64_t bits;

	if (net_address_parse(text, address_length, &value.address))
		return SHOJI_ERR_MALFORMED;
	bits = address_bits(&value.address);
	if (slash && number_parse(slash + 1, length - address_length - 1, 0, bits, &bits))
		return SHOJI_ERR_MALFORMED;
	value.prefix_bits = (unsigned)bits;
	for (unsigned bit = value.prefix_bits; bit < address_bits(&value.address); bit++)
		if (bit_is_set(&value.address, bit))
			return SHOJI_ERR_MALFORMED;
	*out = value;
	return 0;
}

bool net_address_equal(const struct net_address *a, const struct net_address *b)
{
	return a->is_v6 == b->is_v6 && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

static bool prefix_matches(const uint8_t *address, const uint8_t *network, unsigned prefix_bits)
{
	unsigned whole = prefix_bits / 8;

	if (memcmp(address, network, whole) != 0)
		return false;
	if (prefix_bits % 8 == 0)
		return true;
	uint8_t mask = (uint8_t)(0xff00u >> (prefix_bits % 8));
	return ((address[whole] ^ network[whole]) & mask) == 0;
}

bool net_network_contains(const struct net_network *self, const struct net_address *address)
{
	return self->address.is_v6 == address->is_v6 &&
	       prefix_matches(address->bytes, self->address.bytes, self->prefix_bits);
}

struct fixed_network {
	uint8_t bytes[16];
	uint8_t prefix_bits;
};

/* IANA's special-purpose registry for IPv4, whatever of it is not one host of the Internet. */
static const struct fixed_network refused_v4[] = {
        {{0}, 8},             /* "this network"; 0.0.0.0 reaches this machine */
        {{10}, 8},            /* private */
        {{100, 64}, 10},      /* shared by carriers */
        {{127}, 8},           /* loopback */
        {{169, 254}, 16},     /* link-local; cloud metadata services */
        {{172, 16}, 12},      /* private */
        {{192, 0, 0}, 24},    /* protocol assignments */
        {{192, 0, 2}, 24},    /* documentation */
        {{192, 88, 99}, 24},  /* 6to4 relays */
        {{192, 168}, 16},     /* private */
        {{198, 18}, 15},      /* benchmarking */
        {{198, 51, 100}, 24}, /* documentation */
        {{203, 0, 113}, 24},  /* documentation */
        {{224}, 4},           /* multicast */
        {{240}, 4},           /* reserved; broadcast */
};

/* Of IPv6 only 2000::/3 is handed out; this is what of it is not one host of the Internet. Outside lie
 * ::, ::1, IPv4-compatible, IPv4-mapped (::ffff:0:0/96), IPv4-translated (::ffff:0:0:0/96), NAT64 (64:ff9b::/96
 * and 64:ff9b:1::/48), discard (100::/64), SRv6 (5f00::/16), ULA (fc00::/7), link-local (fe80::/10), site-local
 * (fec0::/10) and multicast (ff00::/8). */
static const struct fixed_network refused_v6[] = {
        {{0x20, 0x01, 0x00}, 23},       /* protocol assignments: Teredo, benchmarking, ORCHID */
        {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
        {{0x20, 0x02}, 16},             /* 6to4: an IPv4 address inside */
        {{0x3f, 0xff, 0x00}, 20},       /* documentation */
};
static const uint8_t global_unicast[16] = {0x20};
#define GLOBAL_UNICAST_BITS 3

static bool is_in(const uint8_t *address, const struct fixed_network *networks, size_t n_networks)
{
	for (size_t i = 0; i < n_networks; i++)
		if (prefix_matches(address, networks[i].bytes, networks[i].prefix_bits))
			return true;
	return false;
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

bool net_address_is_public(const struct net_address *self)
{
	if (!self->is_v6)
		return !is_in(self->bytes, refused_v4, COUNT(refused_v4));
	return prefix_matches(self->bytes, global_unicast, GLOBAL_UNICAST_BITS) &&
	       !is_in(self->bytes, refused_v6, COUNT(refused_v6));
}

bool net_address_is_mapped(const struct net_address *self)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	return self->is_v6 && memcmp(self->bytes, mapped, sizeof(mapped)) == 0;
}

const char *net_address_text(const struct net_address *self, char out[NET_ADDRESS_TEXT_MAX])
{
	/* Cannot fail: family and size are right. */
	inet_ntop(self->is_v6 ? AF_INET6 : AF_INET, self->bytes, out, NET_ADDRESS_TEXT_MAX);
	return out;
}

socklen_t net_endpoint_to_sockaddr(const struct net_endpoint *self, struct sockaddr_storage *out)
{
	memset(out, 0, sizeof(*out));
	if (self->address.is_v6) {
		struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(self->port);
		memcpy(&v6->sin6_addr, self->address.bytes, 16);
		return sizeof(*v6);
	}
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;
	v4->sin_family = AF_INET;
	v4->sin_port = htons(self->port);
	memcpy(&v4->sin_addr, self->address.bytes, 4);
	return sizeof(*v4);
}

int net_address_from_sockaddr(const struct sockaddr *from, struct net_address *out)
{
	struct net_address value = {0};

	if (from->sa_family == AF_INET) {
		memcpy(value.bytes, &((const struct sockaddr_in *)(const void *)from)->sin_addr, 4);
	} else if (from->sa_family == AF_INET6) {
		value.is_v6 = true;
		memcpy(value.bytes, &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr,
		        16);
	} else {
		return SHOJI_ERR_MALFORMED;
	}
	*out = value;
	return 0;
}
