/* Counts per terminal address: open connections, and in the last minute sign-in attempts and refused attaches.
 *
 * Debian's libwebsockets has no peer limits, so gate counts itself. IPv6 terminals are counted by their /64:
 * one terminal has all of its addresses. Bounded: an address that is not known and finds no place is refused. */
#ifndef SHOJI_GATE_ADDRESS_TABLE_H
#define SHOJI_GATE_ADDRESS_TABLE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ADDRESS_KEY_BYTES 16
#define ADDRESS_TEXT_MAX 46 /* with its NUL */

/* What an address is counted by. */
struct address_key {
	uint8_t bytes
	        [ADDRESS_KEY_BYTES]; /* IPv4 as ::ffff:a.b.c.d, IPv6 with its last 64 bits zero */
};

struct address_limits {
	uint32_t connections_max;
	uint32_t connections_per_address_max;
	uint32_t sign_ins_per_minute_max; /* and, counted apart, of refused attaches */
};

struct address_table;

/* Of a peer as accept() gives it. 0, or SHOJI_ERR_MALFORMED when it is neither IPv4 nor IPv6.
 * text: the address itself (IPv4-mapped as IPv4), for logs and keeper. */
int address_key_from(
        const struct sockaddr_storage *peer, struct address_key *key, char text[ADDRESS_TEXT_MAX]);

struct address_table *address_table_new(const struct address_limits *limits); /* NULL: no memory */
void address_table_free(struct address_table *self);

/* Counts a connection: 0, or SHOJI_ERR_LIMIT (too many in total, from this address, or of addresses):
 * then nothing was counted. */
int address_table_connect(
        struct address_table *self, const struct address_key *key, uint64_t now_ms);
/* Undoes one successful address_table_connect(). */
void address_table_disconnect(struct address_table *self, const struct address_key *key);
/* Counts a sign-in attempt: 0, or SHOJI_ERR_LIMIT and the seconds until the next is permitted.
 * The address must have a connection. */
int address_table_sign_in(struct address_table *self, const struct address_key *key,
        uint64_t now_ms, uint32_t *retry_after_s);

/* Whether keeper may be asked for one more attach. Refused ones alone are counted: each is a guess, and a line of
 * the audit log. The address must have a connection. */
bool address_table_may_attach(
        struct address_table *self, const struct address_key *key, uint64_t now_ms);
void address_table_attach_refused(
        struct address_table *self, const struct address_key *key, uint64_t now_ms);

#endif
