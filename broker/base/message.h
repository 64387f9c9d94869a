/* The messages of messages.def as C: a struct each, and put and get functions that check every
 * field.
 *
 * On the wire a message is one SOCK_SEQPACKET datagram: u16 number, u16 zero, then the fields in
 * their order (little endian). No struct is ever sent. */
#ifndef SHOJI_BASE_MESSAGE_H
#define SHOJI_BASE_MESSAGE_H

#include "base/bytes.h"
#include "base/messages.def"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MESSAGE_SIZE_MAX 65536
#define MESSAGE_FDS_MAX 6
#define MESSAGE_HEADER_BYTES 4

/* The two ends of a channel, first and second: FIRST sends what the table marks A. */
enum message_link {
	LINK_MONITOR_ROLE,
	LINK_MONITOR_SHEPHERD,
	LINK_GATE_KEEPER,
	LINK_KEEPER_HASH,
	LINK_EGRESS_KEEPER,
	LINK_CAPTURE_ENCODE,
	LINK_GATE_CAPTURE,
	LINK_GATE_ENCODE,
	LINK_CONTROL_KEEPER,
};

enum message_side { SIDE_A, SIDE_B };
enum message_phase { PHASE_SETUP = 1, PHASE_READY = 2, PHASE_ANY = 3 };
enum message_times { TIMES_ONCE, TIMES_MANY };

enum message_number {
#define M(id, name, NAME, link, sender, phases, times)                                             \
	MESSAGE_##NAME = id, message_number_##name = id,
	SHOJI_MESSAGES(M)
#undef M
	        MESSAGE_NUMBER_MAX = 255,
};

struct rect {
	uint16_t x, y, width, height; /* pixels */
};

/* The area of that size at source was moved to (x, y). */
struct copy_hint {
	uint16_t source_x, source_y;
	uint16_t x, y, width, height;
};

#define MESSAGE_DECLARE_U8(name, max) uint8_t name;
#define MESSAGE_DECLARE_U16(name, max) uint16_t name;
#define MESSAGE_DECLARE_U32(name, max) uint32_t name;
#define MESSAGE_DECLARE_U64(name, max) uint64_t name;
#define MESSAGE_DECLARE_BOOL(name, max) bool name;
#define MESSAGE_DECLARE_STR(name, max) char name[(max) + 1];
#define MESSAGE_DECLARE_BLOB(name, max)                                                            \
	const uint8_t *name;                                                                       \
	uint32_t name##_length;
#define MESSAGE_DECLARE_RECTS(name, max)                                                           \
	uint16_t n_##name;                                                                         \
	struct rect name[max];
#define MESSAGE_DECLARE_COPIES(name, max)                                                          \
	uint16_t n_##name;                                                                         \
	struct copy_hint name[max];
#define MESSAGE_DECLARE_FD(name, max) int name;
#define MESSAGE_DECLARE(type, name, max) MESSAGE_DECLARE_##type(name, max)

/* One received datagram. data is borrowed from the channel until its next receive. */
struct message {
	uint16_t number;
	const uint8_t *data; /* the fields */
	size_t length;
	int fds[MESSAGE_FDS_MAX]; /* owned by whoever holds the message, until a get function takes
	                             them */
	size_t n_fds;
};

/* Closes the descriptors that no get function took. channel_watch's dispatcher does it itself. */
void message_release(struct message *in);

/* struct message_NAME with its fields; an empty message has the one field `unused`.
 *
 * message_put_NAME writes number and fields; descriptors are copied to fds (room for
 * MESSAGE_FDS_MAX), still owned by the caller. Returns 0 or SHOJI_ERR_LIMIT.
 *
 * message_get_NAME checks every field and takes the descriptors (in->n_fds becomes 0), which the
 * caller then owns. On SHOJI_ERR_MALFORMED nothing was taken. Borrowed blobs live as long as
 * in->data. */
#define M(id, name, NAME, link, sender, phases, times)                                             \
	struct message_##name {                                                                    \
		FIELDS_##name(MESSAGE_DECLARE) char unused;                                        \
	};                                                                                         \
	int message_put_##name(struct bytes_writer *writer, const struct message_##name *self,     \
	        int *fds, size_t *n_fds);                                                          \
	int message_get_##name(struct message *in, struct message_##name *out);
SHOJI_MESSAGES(M)
#undef M

/* What the table says of a message; NULL when there is none of that number. */
struct message_rule {
	uint16_t number;
	const char *name;
	enum message_link link;
	enum message_side sender;
	enum message_phase phases;
	enum message_times times;
	size_t size_max; /* bytes with header */
	size_t n_fds;
};
const struct message_rule *message_rule_find(uint16_t number);
/* The table in its order; *n is set to its length. */
const struct message_rule *message_rules(size_t *n);

/* Runs the get function of in->number and releases what it took: for tests and fuzzing. */
int message_check(struct message *in);

#endif
