/* Little-endian fields, read and written with bounds. Foreign bytes pass through here. */
#include "base/bytes.h"

#include "base/error.h"

#include <string.h>

void bytes_writer_init(struct bytes_writer *self, uint8_t *data, size_t size)
{
	*self = (struct bytes_writer){.data = data, .size = size};
}

void bytes_put_raw(struct bytes_writer *self, const void *data, size_t length)
{
	if (self->error || length > self->size - self->length) {
		self->error = SHOJI_ERR_LIMIT;
		return;
	}
	if (length > 0)
		memcpy(self->data + self->length, data, length);
	self->length += length;
}

static void put_little_endian(struct bytes_writer *self, uint64_t value, size_t width)
{
	uint8_t field[8];

	for (size_t i = 0; i < width; i++)
		field[i] = (uint8_t)(value >> (8 * i));
	bytes_put_raw(self, field, width);
}

void bytes_put_u8(struct bytes_writer *self, uint8_t value)
{
	put_little_endian(self, value, 1);
}

void bytes_put_u16(struct bytes_writer *self, uint16_t value)
{
	put_little_endian(self, value, 2);
}

void bytes_put_u32(struct bytes_writer *self, uint32_t value)
{
	put_little_endian(self, value, 4);
}

void bytes_put_u64(struct bytes_writer *self, uint64_t value)
{
	put_little_endian(self, value, 8);
}

void bytes_put_string(struct bytes_writer *self, const char *text, size_t max_length)
{
	size_t length = strlen(text);

	if (length > max_length || length > UINT16_MAX) {
		self->error = SHOJI_ERR_LIMIT;
		return;
	}
	bytes_put_u16(self, (uint16_t)length);
	bytes_put_raw(self, text, length);
}

void bytes_reader_init(struct bytes_reader *self, const uint8_t *data, size_t length)
{
	*self = (struct bytes_reader){.data = data, .length = length};
}

const uint8_t *bytes_get_raw(struct bytes_reader *self, size_t length)
{
	if (self->error || length > self->length - self->at) {
		self->error = SHOJI_ERR_MALFORMED;
		return NULL;
	}
	const uint8_t *field = self->data + self->at;
	self->at += length;
	return field;
}

static uint64_t get_little_endian(struct bytes_reader *self, size_t width)
{
	const uint8_t *field = bytes_get_raw(self, width);
	uint64_t value = 0;

	for (size_t i = 0; field && i < width; i++)
		value |= (uint64_t)field[i] << (8 * i);
	return value;
}

uint8_t bytes_get_u8(struct bytes_reader *self)
{
	return (uint8_t)get_little_endian(self, 1);
}

uint16_t bytes_get_u16(struct bytes_reader *self)
{
	return (uint16_t)get_little_endian(self, 2);
}

uint32_t bytes_get_u32(struct bytes_reader *self)
{
	return (uint32_t)get_little_endian(self, 4);
}

uint64_t bytes_get_u64(struct bytes_reader *self)
{
	return get_little_endian(self, 8);
}

void bytes_get_string(struct bytes_reader *self, char *out, size_t max_length)
{
	size_t length = bytes_get_u16(self);

	out[0] = '\0';
	if (length > max_length) {
		self->error = SHOJI_ERR_MALFORMED;
		return;
	}
	const uint8_t *text = bytes_get_raw(self, length);
	if (!text)
		return;
	if (memchr(text, 0, length)) {
		self->error = SHOJI_ERR_MALFORMED;
		return;
	}
	memcpy(out, text, length);
	out[length] = '\0';
}

int bytes_reader_finish(const struct bytes_reader *self)
{
	return self->error || self->at != self->length ? SHOJI_ERR_MALFORMED : 0;
}
