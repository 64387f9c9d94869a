/* Addresses and networks as values, and which of them are the public Internet. Pure: no system calls. */
#ifndef SHOJI_EGRESS_NET_ADDRESS_H
#define SHOJI_EGRESS_NET_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define NET_ADDRESS_TEXT_MAX 46 /* with NUL */

struct net_address {
	bool is_v6;
	uint8_t bytes[16]; /* network order; IPv4: the first four, the others zero */
};

struct net_endpoint {
	struct net_address address;
	uint16_t port; /* 0: none was given */
};

struct net_network {
	struct net_address address;
	unsigned prefix_bits;
};

/* Strict forms only: four decimal numbers without leading zeros, or IPv6 without zone and without
 * brackets. 0x7f.1, 0177.0.0.1 and 2130706433 are malformed. */
int net_address_parse(const char *text, size_t length, struct net_address *out);
/* ADDRESS, ADDRESS:PORT, [IPV6] or [IPV6]:PORT. Port 1 to 65535; 0 in out when there is none. */
int net_endpoint_parse(const char *text, size_t length, struct net_endpoint *out);
/* CIDR, or an address alone. Bits set behind the prefix are malformed: most likely a typing error. */
int net_network_parse(const char *text, size_t length, struct net_network *out);

bool net_address_equal(const struct net_address *a, const struct net_address *b);
bool net_network_contains(const struct net_network *self, const struct net_address *address);
/* False for everything that is not one host of the public Internet: private, loopback, link-local, shared,
 * multicast, reserved, documentation, benchmarking, and all IPv6 that carries an IPv4 address inside. */
bool net_address_is_public(const struct net_address *self);
/* An IPv4 address in IPv6 clothes (::ffff:a.b.c.d). */
bool net_address_is_mapped(const struct net_address *self);

/* Returns out. */
const char *net_address_text(const struct net_address *self, char out[NET_ADDRESS_TEXT_MAX]);

socklen_t net_endpoint_to_sockaddr(const struct net_endpoint *self, struct sockaddr_storage *out);
/* SHOJI_ERR_MALFORMED for another family. */
int net_address_from_sockaddr(const struct sockaddr *from, struct net_address *out);

#endif
