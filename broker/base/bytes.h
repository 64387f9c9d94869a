/* Bounds-checked reading and writing of little-endian fields: the only way in which bytes of a
 * message are made or taken apart.
 *
 * Both remember the first failure: a run of get or put calls is followed by one check of `error`
 * (a reader by bytes_reader_finish(), which also refuses anything left over). */
#ifndef SHOJI_BASE_BYTES_H
#define SHOJI_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes_writer {
	uint8_t *data; /* borrowed */
	size_t size;
	size_t length;
	int error; /* 0 or SHOJI_ERR_LIMIT */
};

struct bytes_reader {
	const uint8_t *data; /* borrowed */
	size_t length;
	size_t at;
	int error; /* 0 or SHOJI_ERR_MALFORMED */
};

void bytes_writer_init(struct bytes_writer *self, uint8_t *data, size_t size);
void bytes_put_u8(struct bytes_writer *self, uint8_t value);
void bytes_put_u16(struct bytes_writer *self, uint16_t value);
void bytes_put_u32(struct bytes_writer *self, uint32_t value);
void bytes_put_u64(struct bytes_writer *self, uint64_t value);
void bytes_put_raw(struct bytes_writer *self, const void *data, size_t length);
/* u16 length, then the characters without their NUL. Fails above max_length. */
void bytes_put_string(struct bytes_writer *self, const char *text, size_t max_length);

void bytes_reader_init(struct bytes_reader *self, const uint8_t *data, size_t length);
uint8_t bytes_get_u8(struct bytes_reader *self);
uint16_t bytes_get_u16(struct bytes_reader *self);
uint32_t bytes_get_u32(struct bytes_reader *self);
uint64_t bytes_get_u64(struct bytes_reader *self);
/* Borrowed from the reader's bytes; NULL (and error set) when fewer are left. */
const uint8_t *bytes_get_raw(struct bytes_reader *self, size_t length);
/* out has room for max_length + 1; a NUL inside the text is malformed. */
void bytes_get_string(struct bytes_reader *self, char *out, size_t max_length);
/* 0, or SHOJI_ERR_MALFORMED when a get failed or bytes are left over. */
int bytes_reader_finish(const struct bytes_reader *self);

#endif
