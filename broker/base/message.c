/* Expands messages.def into checked put and get functions and the table of rules.
 * Every byte that one role says to another passes through here: the receiver trusts none of it. */
#include "base/message.h"

#include "base/error.h"

#include <string.h>
#include <unistd.h>

/* ---- put ---- */
#define PUT_U8(name, max) bytes_put_u8(writer, self->name);
#define PUT_U16(name, max) bytes_put_u16(writer, self->name);
#define PUT_U32(name, max) bytes_put_u32(writer, self->name);
#define PUT_U64(name, max) bytes_put_u64(writer, self->name);
#define PUT_BOOL(name, max) bytes_put_u8(writer, self->name ? 1 : 0);
#define PUT_STR(name, max) bytes_put_string(writer, self->name, max);
#define PUT_BLOB(name, max) put_blob(writer, self->name, self->name##_length, max);
#define PUT_RECTS(name, max) put_rects(writer, self->name, self->n_##name, max);
#define PUT_COPIES(name, max) put_copies(writer, self->name, self->n_##name, max);
#define PUT_FD(name, max) fds[(*n_fds)++] = self->name;
#define PUT(type, name, max) PUT_##type(name, max)

static void put_blob(struct bytes_writer *writer, const uint8_t *data, uint32_t length, size_t max)
{
	if (length > max) {
		writer->error = SHOJI_ERR_LIMIT;
		return;
	}
	bytes_put_u32(writer, length);
	bytes_put_raw(writer, data, length);
}

static void put_rects(
        struct bytes_writer *writer, const struct rect *rects, uint16_t n_rects, size_t max)
{
	if (n_rects > max) {
		writer->error = SHOJI_ERR_LIMIT;
		return;
	}
	bytes_put_u16(writer, n_rects);
	for (uint16_t i = 0; i < n_rects; i++) {
		bytes_put_u16(writer, rects[i].x);
		bytes_put_u16(writer, rects[i].y);
		bytes_put_u16(writer, rects[i].width);
		bytes_put_u16(writer, rects[i].height);
	}
}

static void put_copies(
        struct bytes_writer *writer, const struct copy_hint *copies, uint16_t n_copies, size_t max)
{
	if (n_copies > max) {
		writer->error = SHOJI_ERR_LIMIT;
		return;
	}
	bytes_put_u16(writer, n_copies);
	for (uint16_t i = 0; i < n_copies; i++) {
		bytes_put_u16(writer, copies[i].source_x);
		bytes_put_u16(writer, copies[i].source_y);
		bytes_put_u16(writer, copies[i].x);
		bytes_put_u16(writer, copies[i].y);
		bytes_put_u16(writer, copies[i].width);
		bytes_put_u16(writer, copies[i].height);
	}
}

/* ---- get ---- */
#define GET_U8(name, max) value.name = bytes_get_u8(&reader);
#define GET_U16(name, max) value.name = bytes_get_u16(&reader);
#define GET_U32(name, max) value.name = bytes_get_u32(&reader);
#define GET_U64(name, max) value.name = bytes_get_u64(&reader);
#define GET_BOOL(name, max) value.name = get_bool(&reader);
#define GET_STR(name, max) bytes_get_string(&reader, value.name, max);
#define GET_BLOB(name, max) value.name = get_blob(&reader, &value.name##_length, max);
#define GET_RECTS(name, max) value.n_##name = get_rects(&reader, value.name, max);
#define GET_COPIES(name, max) value.n_##name = get_copies(&reader, value.name, max);
#define GET_FD(name, max) value.name = fd_index < in->n_fds ? in->fds[fd_index++] : -1;
#define GET(type, name, max) GET_##type(name, max)

static bool get_bool(struct bytes_reader *reader)
{
	uint8_t value = bytes_get_u8(reader);

	if (value > 1)
		reader->error = SHOJI_ERR_MALFORMED;
	return value == 1;
}

static const uint8_t *get_blob(struct bytes_reader *reader, uint32_t *length, size_t max)
{
	*length = bytes_get_u32(reader);
	if (*length > max)
		reader->error = SHOJI_ERR_MALFORMED;
	return bytes_get_raw(reader, *length);
}

static uint16_t get_count(struct bytes_reader *reader, size_t max)
{
	uint16_t count = bytes_get_u16(reader);

	if (count > max)
		reader->error = SHOJI_ERR_MALFORMED;
	return reader->error ? 0 : count;
}

static uint16_t get_rects(struct bytes_reader *reader, struct rect *rects, size_t max)
{
	uint16_t n_rects = get_count(reader, max);

	for (uint16_t i = 0; i < n_rects; i++) {
		rects[i].x = bytes_get_u16(reader);
		rects[i].y = bytes_get_u16(reader);
		rects[i].width = bytes_get_u16(reader);
		rects[i].height = bytes_get_u16(reader);
	}
	return n_rects;
}

static uint16_t get_copies(struct bytes_reader *reader, struct copy_hint *copies, size_t max)
{
	uint16_t n_copies = get_count(reader, max);

	for (uint16_t i = 0; i < n_copies; i++) {
		copies[i].source_x = bytes_get_u16(reader);
		copies[i].source_y = bytes_get_u16(reader);
		copies[i].x = bytes_get_u16(reader);
		copies[i].y = bytes_get_u16(reader);
		copies[i].width = bytes_get_u16(reader);
		copies[i].height = bytes_get_u16(reader);
	}
	return n_copies;
}

/* ---- the table ---- */
#define SIZE_U8(max) 1
#define SIZE_U16(max) 2
#define SIZE_U32(max) 4
#define SIZE_U64(max) 8
#define SIZE_BOOL(max) 1
#define SIZE_STR(max) (2 + (max))
#define SIZE_BLOB(max) (4 + (max))
#define SIZE_RECTS(max) (2 + 8 * (max))
#define SIZE_COPIES(max) (2 + 12 * (max))
#define SIZE_FD(max) 0
#define SIZE(type, name, max) +SIZE_##type(max)

#define FDS_U8 0
#define FDS_U16 0
#define FDS_U32 0
#define FDS_U64 0
#define FDS_BOOL 0
#define FDS_STR 0
#define FDS_BLOB 0
#define FDS_RECTS 0
#define FDS_COPIES 0
#define FDS_FD 1
#define FDS(type, name, max) +FDS_##type

#define M(id, name, NAME, link, sender, phases, times)                                             \
	_Static_assert(MESSAGE_HEADER_BYTES FIELDS_##name(SIZE) <= MESSAGE_SIZE_MAX,               \
	        #name " is larger than a message may be");                                         \
	_Static_assert(                                                                            \
	        0 FIELDS_##name(FDS) <= MESSAGE_FDS_MAX, #name " has too many descriptors");       \
	int message_put_##name(struct bytes_writer *writer, const struct message_##name *self,     \
	        int *fds, size_t *n_fds)                                                           \
	{                                                                                          \
		(void)self;                                                                        \
		(void)fds;                                                                         \
		*n_fds = 0;                                                                        \
		bytes_put_u16(writer, id);                                                         \
		bytes_put_u16(writer, 0);                                                          \
		FIELDS_##name(PUT) return writer->error;                                           \
	}                                                                                          \
	int message_get_##name(struct message *in, struct message_##name *out)                     \
	{                                                                                          \
		struct bytes_reader reader;                                                        \
		size_t fd_index = 0;                                                               \
		struct message_##name value;                                                       \
		(void)fd_index;                                                                    \
		if (in->number != (id) || in->n_fds != (0 FIELDS_##name(FDS)))                     \
			return SHOJI_ERR_MALFORMED;                                                \
		value.unused = 0;                                                                  \
		bytes_reader_init(&reader, in->data, in->length);                                  \
		FIELDS_##name(GET) if (bytes_reader_finish(&reader)) return SHOJI_ERR_MALFORMED;   \
		*out = value;                                                                      \
		in->n_fds = 0;                                                                     \
		return 0;                                                                          \
	}
SHOJI_MESSAGES(M)
#undef M

static const struct message_rule rules[] = {
#define M(id, name, NAME, link, sender, phases, times)                                             \
	{id, #name, LINK_##link, SIDE_##sender, PHASE_##phases, TIMES_##times,                     \
	        MESSAGE_HEADER_BYTES FIELDS_##name(SIZE), 0 FIELDS_##name(FDS)},
        SHOJI_MESSAGES(M)
#undef M
};

const struct message_rule *message_rules(size_t *n)
{
	*n = sizeof(rules) / sizeof(rules[0]);
	return rules;
}

const struct message_rule *message_rule_find(uint16_t number)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].number == number)
			return &rules[i];
	return NULL;
}

void message_release(struct message *in)
{
	for (size_t i = 0; i < in->n_fds; i++)
		close(in->fds[i]);
	in->n_fds = 0;
}

int message_check(struct message *in)
{
	int error = SHOJI_ERR_NOT_FOUND;
	size_t n_fds = in->n_fds;

	switch (in->number) {
#define M(id, name, NAME, link, sender, phases, times)                                             \
	case id: {                                                                                 \
		struct message_##name value;                                                       \
		error = message_get_##name(in, &value);                                            \
		break;                                                                             \
	}
		SHOJI_MESSAGES(M)
#undef M
	}
	for (size_t i = 0; !error && i < n_fds; i++)
		close(in->fds[i]);
	return error;
}
