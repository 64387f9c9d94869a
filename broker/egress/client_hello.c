/* Reads a TLS ClientHello that the isolated host sends through a tunnel, to see whether it asks for the host
 * that the tunnel was opened to. Nothing is decrypted. */
#include "egress/client_hello.h"

#include "base/error.h"

#include <string.h>

#define RECORD_HEADER_BYTES 5
#define RECORD_HANDSHAKE 22
#define RECORD_MAX 16384
#define HANDSHAKE_HEADER_BYTES 4
#define HANDSHAKE_CLIENT_HELLO 1
#define EXTENSION_SERVER_NAME 0
#define EXTENSION_ENCRYPTED_HELLO 0xfe0d
#define EXTENSIONS_MAX 64

/* Like bytes_reader, but TLS is big-endian. The first failure is remembered. */
struct tls_reader {
	const uint8_t *data;
	size_t length;
	bool has_failed;
};

static const uint8_t *get_raw(struct tls_reader *self, size_t length)
{
	const uint8_t *data = self->data;

	if (self->has_failed || length > self->length) {
		self->has_failed = true;
		return NULL;
	}
	self->data += length;
	self->length -= length;
	return data;
}

static size_t get_number(struct tls_reader *self, size_t n_bytes)
{
	const uint8_t *data = get_raw(self, n_bytes);
	size_t value = 0;

	for (size_t i = 0; data && i < n_bytes; i++)
		value = value << 8 | data[i];
	return value;
}

/* A vector: its length in n_bytes, then so many bytes. */
static struct tls_reader get_vector(struct tls_reader *self, size_t n_bytes, size_t min)
{
	size_t length = get_number(self, n_bytes);
	struct tls_reader part = {.data = get_raw(self, length), .length = length};

	if (self->has_failed || length < min) {
		self->has_failed = true;
		return (struct tls_reader){.has_failed = true};
	}
	return part;
}

/* ---- records: the message may come in several ---- */

static int check_record(const uint8_t *record, size_t *length)
{
	*length = (size_t)record[3] << 8 | record[4];
	/* Version 3.1 or 3.3 (RFC 8446, 5.1); a zero-length handshake record is forbidden there. */
	if (record[0] != RECORD_HANDSHAKE || record[1] != 3 || record[2] > 4 || *length == 0)
		return SHOJI_ERR_MALFORMED;
	return *length > RECORD_MAX ? SHOJI_ERR_LIMIT : 0;
}

static int message_length(const uint8_t *message, size_t *length)
{
	*length = (size_t)message[1] << 16 | (size_t)message[2] << 8 | message[3];
	if (message[0] != HANDSHAKE_CLIENT_HELLO)
		return SHOJI_ERR_MALFORMED;
	return *length > CLIENT_HELLO_MAX ? SHOJI_ERR_LIMIT : 0;
}

struct collected {
	size_t length; /* bytes of the message so far, with its header */
	size_t wanted; /* 0: not known yet */
	uint8_t message[HANDSHAKE_HEADER_BYTES + CLIENT_HELLO_MAX];
};

/* Adds what is there of a record's content. A message that ends inside a record is malformed: nothing may
 * follow a ClientHello before the server has answered. */
static int collect(struct collected *self, const uint8_t *content, size_t length, bool is_whole)
{
	size_t room = sizeof(self->message) - self->length;

	if (length > room)
		return SHOJI_ERR_LIMIT;
	memcpy(self->message + self->length, content, length);
	self->length += length;
	if (!self->wanted && self->length >= HANDSHAKE_HEADER_BYTES) {
		int error = message_length(self->message, &self->wanted);
		if (error)
			return error;
		self->wanted += HANDSHAKE_HEADER_BYTES;
	}
	if (self->wanted &&
	        (self->length > self->wanted || (self->length == self->wanted && !is_whole)))
		return SHOJI_ERR_MALFORMED;
	return 0;
}

/* >0: bytes of the records that hold the whole message. */
static int collect_records(struct collected *self, const uint8_t *data, size_t length)
{
	size_t at = 0;

	for (unsigned i = 0; i < CLIENT_HELLO_RECORDS_MAX; i++) {
		size_t content, available = length - at;
		if (available < RECORD_HEADER_BYTES)
			return available > 0 && data[at] != RECORD_HANDSHAKE ? SHOJI_ERR_MALFORMED
			                                                     : 0;
		int error = check_record(data + at, &content);
		if (error)
			return error;
		available -= RECORD_HEADER_BYTES;
		size_t part = available < content ? available : content;
		error = collect(self, data + at + RECORD_HEADER_BYTES, part, part == content);
		if (error)
			return error;
		if (part < content)
			return 0;
		at += RECORD_HEADER_BYTES + content;
		if (self->wanted && self->length == self->wanted)
			return (int)at;
	}
	return SHOJI_ERR_LIMIT;
}

/* ---- the message ---- */

/* RFC 6066: a list with one entry of type host_name. */
static int parse_server_name(struct tls_reader body, struct client_hello *out)
{
	struct tls_reader list = get_vector(&body, 2, 1);
	size_t type = get_number(&list, 1);
	struct tls_reader name = get_vector(&list, 2, 1);

	if (list.has_failed || name.has_failed || list.length || body.length || type != 0)
		return SHOJI_ERR_MALFORMED;
	if (host_name_normalise((const char *)name.data, name.length, out->server_name))
		return SHOJI_ERR_MALFORMED;
	out->has_server_name = true;
	return 0;
}

static int parse_extension(
        struct tls_reader *extensions, size_t seen[], size_t *n_seen, struct client_hello *out)
{
	size_t type = get_number(extensions, 2);
	struct tls_reader body = get_vector(extensions, 2, 0);

	if (extensions->has_failed)
		return SHOJI_ERR_MALFORMED;
	if (*n_seen == EXTENSIONS_MAX)
		return SHOJI_ERR_LIMIT;
	/* Two server names would let two readers choose differently. */
	for (size_t i = 0; i < *n_seen; i++)
		if (seen[i] == type)
			return SHOJI_ERR_MALFORMED;
	seen[(*n_seen)++] = type;
	if (type == EXTENSION_ENCRYPTED_HELLO)
		out->has_encrypted_hello = true;
	return type == EXTENSION_SERVER_NAME ? parse_server_name(body, out) : 0;
}

static int parse_message(const struct collected *in, struct client_hello *out)
{
	struct tls_reader reader = {.data = in->message + HANDSHAKE_HEADER_BYTES,
	        .length = in->length - HANDSHAKE_HEADER_BYTES};
	size_t seen[EXTENSIONS_MAX], n_seen = 0;
	int error = 0;

	size_t version = get_number(&reader, 2);
	get_raw(&reader, 32); /* random */
	struct tls_reader session_id = get_vector(&reader, 1, 0);
	struct tls_reader ciphers = get_vector(&reader, 2, 2);
	get_vector(&reader, 1, 1); /* compression methods */
	if (reader.has_failed || version >> 8 != 3 || session_id.length > 32 || ciphers.length % 2)
		return SHOJI_ERR_MALFORMED;
	if (reader.length == 0)
		return 0;
	struct tls_reader extensions = get_vector(&reader, 2, 0);
	if (reader.has_failed || reader.length)
		return SHOJI_ERR_MALFORMED;
	while (!error && extensions.length > 0)
		error = parse_extension(&extensions, seen, &n_seen, out);
	return error;
}

int client_hello_parse(const uint8_t *data, size_t length, struct client_hello *out)
{
	struct collected collected;
	struct client_hello value = {0};

	collected.length = collected.wanted = 0;
	int consumed = collect_records(&collected, data, length);
	if (consumed <= 0)
		return consumed;
	int error = parse_message(&collected, &value);
	if (error)
		return error;
	*out = value;
	return consumed;
}
