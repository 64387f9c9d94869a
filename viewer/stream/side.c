/* Reads cursor and text slices. They come from the broker's side: a cursor's size is checked before
 * and after it is decompressed, and it is put in place only when it is whole. */
#include "stream/side.h"

#include "stream/decoder.h"
#include "stream/inflate.h"
#include "stream/little_endian.h"
#include "stream/screen.h"
#include "stream/wire.h"

#define CURSOR_FIELDS_BYTES 4

static int32_t take_image(
        struct side *self, struct inflate *once, const uint8_t *payload, size_t length)
{
	if (length < CURSOR_FIELDS_BYTES)
		return STREAM_ERR_MALFORMED;
	uint8_t width = payload[0], height = payload[1], hot_x = payload[2], hot_y = payload[3];
	if (width > CURSOR_SIDE_MAX || height > CURSOR_SIDE_MAX || (width == 0) != (height == 0))
		return STREAM_ERR_MALFORMED;
	if (width > 0 ? hot_x >= width || hot_y >= height : length != CURSOR_FIELDS_BYTES)
		return STREAM_ERR_MALFORMED;
	size_t size = (size_t)width * height * SCREEN_PIXEL_BYTES;
	if (size > 0 && inflate_whole(once, payload + CURSOR_FIELDS_BYTES,
	                        length - CURSOR_FIELDS_BYTES, self->spare, size) != STREAM_MORE)
		return STREAM_ERR_MALFORMED;
	uint8_t *before = self->cursor;
	self->cursor = self->spare;
	self->spare = before;
	self->cursor_width = width;
	self->cursor_height = height;
	self->hot_x = width ? hot_x : 0;
	self->hot_y = width ? hot_y : 0;
	return STREAM_CURSOR;
}

int32_t side_take_cursor(struct side *self, struct inflate *once, uint8_t type,
        const uint8_t *payload, size_t length)
{
	if (type == WIRE_CURSOR_IMAGE)
		return take_image(self, once, payload, length);
	if (type != WIRE_CURSOR_CARET || length != 8)
		return STREAM_ERR_MALFORMED;
	self->caret_x = read_u16(payload);
	self->caret_y = read_u16(payload + 2);
	self->caret_width = read_u16(payload + 4);
	self->caret_height = read_u16(payload + 6);
	return STREAM_CARET;
}

int32_t side_take_text(struct side *self, uint8_t type, const uint8_t *payload, size_t length)
{
	if (type == WIRE_TEXT_OUTCOME && length == 5 && payload[4] <= 2) {
		self->text_number = read_u32(payload);
		self->text_outcome = payload[4];
		return STREAM_TEXT_OUTCOME;
	}
	if (type == WIRE_TEXT_TAKEN && length == 1 && payload[0] <= 2) {
		self->takes_text = payload[0];
		return STREAM_TEXT_TAKEN;
	}
	return STREAM_ERR_MALFORMED;
}
