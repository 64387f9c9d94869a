/* Counts per address, before anything that a terminal sent is read. An open-addressing table of fixed
 * size: an entry is in use while it has connections, or a sign-in or refused attach in its minute. */
#include "gate/address_table.h"

#include "base/ensure.h"
#include "base/error.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define WINDOW_MS 60000
/* Addresses remembered beyond those with a connection: who has just tried to sign in and left. */
#define REMEMBERED_MAX 4096

struct entry {
	struct address_key key;
	uint32_t connections;
	uint32_t sign_ins;         /* since window_began_ms */
	uint32_t refused_attaches; /* likewise */
	uint64_t window_began_ms;  /* 0: neither yet */
};

struct address_table {
	struct address_limits limits;
	uint32_t connections;
	uint64_t
	        seed; /* terminals choose their addresses: an unknown seed keeps them from colliding at will */
	size_t size; /* a power of two */
	size_t used; /* entries that are not free */
	struct entry *entries;
};

static void key_from_ipv4(const uint8_t address[4], struct address_key *key)
{
	memset(key->bytes, 0, 10);
	key->bytes[10] = key->bytes[11] = 0xff;
	memcpy(key->bytes + 12, address, 4);
}

int address_key_from(
        const struct sockaddr_storage *peer, struct address_key *key, char text[ADDRESS_TEXT_MAX])
{
	if (peer->ss_family == AF_INET) {
		const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)peer;
		key_from_ipv4((const uint8_t *)&ipv4->sin_addr, key);
		inet_ntop(AF_INET, &ipv4->sin_addr, text, ADDRESS_TEXT_MAX);
		return 0;
	}
	if (peer->ss_family != AF_INET6)
		return SHOJI_ERR_MALFORMED;
	const struct in6_addr *ipv6 = &((const struct sockaddr_in6 *)peer)->sin6_addr;
	if (IN6_IS_ADDR_V4MAPPED(ipv6)) {
		key_from_ipv4(ipv6->s6_addr + 12, key);
		inet_ntop(AF_INET, ipv6->s6_addr + 12, text, ADDRESS_TEXT_MAX);
		return 0;
	}
	memcpy(key->bytes, ipv6->s6_addr, 8);
	memset(key->bytes + 8, 0, 8);
	inet_ntop(AF_INET6, ipv6, text, ADDRESS_TEXT_MAX);
	return 0;
}

struct address_table *address_table_new(const struct address_limits *limits)
{
	struct address_table *self = calloc(1, sizeof(*self));

	if (!self)
		return NULL;
	self->limits = *limits;
	/* At most half full, so that a probe ends soon. */
	self->size = 1024;
	while (self->size < 2 * ((size_t)limits->connections_max + REMEMBERED_MAX))
		self->size *= 2;
	self->entries = calloc(self->size, sizeof(*self->entries));
	if (!self->entries || getrandom(&self->seed, sizeof(self->seed), 0) != sizeof(self->seed)) {
		address_table_free(self);
		return NULL;
	}
	return self;
}

void address_table_free(struct address_table *self)
{
	if (!self)
		return;
	free(self->entries);
	free(self);
}

static size_t slot_of(const struct address_table *self, const struct address_key *key)
{
	uint64_t hash = self->seed;

	for (size_t i = 0; i < ADDRESS_KEY_BYTES; i++) {
		hash ^= key->bytes[i];
		hash *= 0x9e3779b97f4a7c15u;
		hash ^= hash >> 29;
	}
	return (size_t)hash & (self->size - 1);
}

static bool is_free(const struct entry *entry)
{
	return entry->connections == 0 && entry->window_began_ms == 0;
}

/* The key's entry, or the free one where it belongs. The table is never full. */
static struct entry *find(const struct address_table *self, const struct address_key *key)
{
	size_t at = slot_of(self, key);

	while (!is_free(&self->entries[at]) &&
	        memcmp(self->entries[at].key.bytes, key->bytes, ADDRESS_KEY_BYTES) != 0)
		at = (at + 1) & (self->size - 1);
	return &self->entries[at];
}

/* Takes an entry out without leaving a hole in other keys' probes: what follows is put in anew. */
static void remove_entry(struct address_table *self, struct entry *entry)
{
	size_t at = (size_t)(entry - self->entries);

	memset(entry, 0, sizeof(*entry));
	self->used--;
	for (;;) {
		at = (at + 1) & (self->size - 1);
		struct entry moved = self->entries[at];
		if (is_free(&moved))
			return;
		memset(&self->entries[at], 0, sizeof(moved));
		*find(self, &moved.key) = moved;
	}
}

/* Walks the table from its end, so that what remove_entry() moves back has been seen or will be. */
static void forget_old(struct address_table *self, uint64_t now_ms)
{
	for (size_t at = self->size; at-- > 0;) {
		struct entry *entry = &self->entries[at];
		if (is_free(entry) || entry->connections ||
		        now_ms - entry->window_began_ms < WINDOW_MS)
			continue;
		remove_entry(self, entry);
	}
}

int address_table_connect(
        struct address_table *self, const struct address_key *key, uint64_t now_ms)
{
	struct entry *entry = find(self, key);

	if (self->connections >= self->limits.connections_max ||
	        entry->connections >= self->limits.connections_per_address_max)
		return SHOJI_ERR_LIMIT;
	if (is_free(entry) && self->used >= self->size / 2) {
		forget_old(self, now_ms);
		if (self->used >= self->size / 2)
			return SHOJI_ERR_LIMIT;
		entry = find(self, key);
	}
	if (is_free(entry)) {
		entry->key = *key;
		self->used++;
	}
	entry->connections++;
	self->connections++;
	return 0;
}

void address_table_disconnect(struct address_table *self, const struct address_key *key)
{
	struct entry *entry = find(self, key);

	ensure(entry->connections > 0);
	self->connections--;
	if (--entry->connections == 0 && entry->window_began_ms == 0) {
		/* remove_entry() expects an entry that is no longer free. */
		remove_entry(self, entry);
	}
}

/* The entry of an address that has a connection, with its minute begun anew when it was over. */
static struct entry *current(
        struct address_table *self, const struct address_key *key, uint64_t now_ms)
{
	struct entry *entry = find(self, key);

	ensure(entry->connections > 0);
	if (entry->window_began_ms == 0 || now_ms - entry->window_began_ms >= WINDOW_MS) {
		entry->window_began_ms = now_ms ? now_ms : 1;
		entry->sign_ins = entry->refused_attaches = 0;
	}
	return entry;
}

int address_table_sign_in(struct address_table *self, const struct address_key *key,
        uint64_t now_ms, uint32_t *retry_after_s)
{
	struct entry *entry = current(self, key, now_ms);

	if (entry->sign_ins >= self->limits.sign_ins_per_minute_max) {
		*retry_after_s =
		        (uint32_t)((WINDOW_MS - (now_ms - entry->window_began_ms) + 999) / 1000);
		return SHOJI_ERR_LIMIT;
	}
	entry->sign_ins++;
	return 0;
}

bool address_table_may_attach(
        struct address_table *self, const struct address_key *key, uint64_t now_ms)
{
	/* Without beginning a minute: an address that is never refused leaves nothing in the table. */
	const struct entry *entry = find(self, key);

	return entry->window_began_ms == 0 || now_ms - entry->window_began_ms >= WINDOW_MS ||
	       entry->refused_attaches < self->limits.sign_ins_per_minute_max;
}

void address_table_attach_refused(
        struct address_table *self, const struct address_key *key, uint64_t now_ms)
{
	struct entry *entry = current(self, key, now_ms);

	if (entry->refused_attaches < UINT32_MAX)
		entry->refused_attaches++;
}
