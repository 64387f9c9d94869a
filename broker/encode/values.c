/* Turns checked values of capture into slices. The cursor's pixels are anything the isolated host likes: they are
 * re-encoded, like the screen. */
#include "encode/values.h"

#include "encode/compressor.h"
#include "stream/picture.h"

#include <string.h>

#define CURSOR_HEAD_BYTES (WIRE_HEADER_BYTES + 4)

void values_init(struct values *self, void *once_memory, size_t once_size)
{
	memset(self, 0, sizeof(*self));
	self->once_memory = once_memory;
	self->once_size = once_size;
	self->takes_text = 2;
	self->takes_text_version = 1;
}

static void put_header(struct bytes_writer *writer, uint8_t channel, uint8_t type)
{
	bytes_put_u8(writer, WIRE_KIND(channel, type));
}

/* R,G,B,A of B,G,R and a mask of one bit a pixel. keep: the bits of each colour that stay. */
static size_t to_rgba(const struct message_cursor *cursor, uint8_t keep, uint8_t *out)
{
	size_t n_pixels = (size_t)cursor->width * cursor->height;
	size_t mask_stride = (cursor->width + 7u) / 8;
	const uint8_t *colour = cursor->image, *mask = cursor->image + n_pixels * 3;

	for (size_t i = 0; i < n_pixels; i++, colour += 3, out += 4) {
		size_t x = i % cursor->width, y = i / cursor->width;
		bool is_shown = mask[y * mask_stride + x / 8] & (0x80u >> (x % 8));
		/* What is not shown is black: nothing hides in it, and it costs nothing. */
		out[0] = is_shown ? colour[2] & keep : 0;
		out[1] = is_shown ? colour[1] & keep : 0;
		out[2] = is_shown ? colour[0] & keep : 0;
		out[3] = is_shown ? 255 : 0;
	}
	return n_pixels * 4;
}

static size_t compress(struct values *self, const struct message_cursor *cursor, uint8_t keep)
{
	static uint8_t rgba[CURSOR_BYTES_MAX];
	size_t length = to_rgba(cursor, keep, rgba);

	return compressor_once(self->once_memory, self->once_size, rgba, length,
	        self->cursor + CURSOR_HEAD_BYTES, sizeof(self->cursor) - CURSOR_HEAD_BYTES);
}

void values_set_cursor(struct values *self, const struct message_cursor *cursor)
{
	struct message_cursor shown = *cursor;
	struct bytes_writer writer;
	size_t length = 0;

	if (shown.width > 0)
		length = compress(self, &shown, 0xff);
	/* A cursor of noise does not fit into a slice; with three bits a colour any does. */
	if (shown.width > 0 && length == 0)
		length = compress(self, &shown, 0xe0);
	if (length == 0)
		shown.width = shown.height = 0;
	bytes_writer_init(&writer, self->cursor, CURSOR_HEAD_BYTES);
	put_header(&writer, WIRE_CURSOR, WIRE_CURSOR_IMAGE);
	bytes_put_u8(&writer, shown.width);
	bytes_put_u8(&writer, shown.height);
	bytes_put_u8(&writer, shown.width ? shown.hot_x : 0);
	bytes_put_u8(&writer, shown.width ? shown.hot_y : 0);
	self->cursor_length = writer.length + length;
	self->cursor_version++;
}

void values_set_caret(struct values *self, const struct message_caret *caret)
{
	self->caret = *caret;
	self->has_caret = true;
	self->caret_version++;
}

void values_forget_caret(struct values *self)
{
	self->has_caret = false;
}

void values_set_takes_text(struct values *self, uint8_t takes_text)
{
	self->takes_text = takes_text;
	self->takes_text_version++;
}

static void drop_oldest_outcome(struct values_told *told)
{
	told->n_outcomes--;
	memmove(told->outcomes, told->outcomes + 1, told->n_outcomes * sizeof(told->outcomes[0]));
}

/* Not an error: neither capture nor the person's other work is to blame for a viewer that does not read. */
void values_add_outcome(struct values_told *told, const struct message_text_outcome *outcome)
{
	if (told->n_outcomes == VALUES_OUTCOMES_MAX)
		drop_oldest_outcome(told);
	told->outcomes[told->n_outcomes++] = *outcome;
}

void values_told_nothing(struct values_told *told)
{
	told->cursor_version = told->caret_version = told->takes_text_version = 0;
	told->n_outcomes = 0;
}

static void put_caret(const struct values *self, struct bytes_writer *writer)
{
	put_header(writer, WIRE_CURSOR, WIRE_CURSOR_CARET);
	bytes_put_u16(writer, self->caret.x);
	bytes_put_u16(writer, self->caret.y);
	bytes_put_u16(writer, self->caret.width);
	bytes_put_u16(writer, self->caret.height);
}

static void put_takes_text(const struct values *self, struct bytes_writer *writer)
{
	put_header(writer, WIRE_TEXT, WIRE_TEXT_TAKEN);
	bytes_put_u8(writer, self->takes_text);
}

static void put_outcome(struct values_told *told, struct bytes_writer *writer)
{
	put_header(writer, WIRE_TEXT, WIRE_TEXT_OUTCOME);
	bytes_put_u32(writer, told->outcomes[0].text_number);
	bytes_put_u8(writer, told->outcomes[0].outcome);
	drop_oldest_outcome(told);
}

/* A state that is not there (version 0) is never due. */
static bool is_news(uint32_t version, uint32_t told)
{
	return version != 0 && version != told;
}

static bool take_due(uint32_t version, uint32_t *told)
{
	bool is_due = is_news(version, *told);

	*told = version;
	return is_due;
}

bool values_are_due(
        const struct values *self, const struct values_told *told, uint32_t capabilities)
{
	return told->n_outcomes > 0 ||
	       is_news(self->takes_text_version, told->takes_text_version) ||
	       (self->has_caret && is_news(self->caret_version, told->caret_version)) ||
	       ((capabilities & WIRE_CAN_CURSOR) &&
	               is_news(self->cursor_version, told->cursor_version));
}

size_t values_next(
        const struct values *self, struct values_told *told, uint32_t capabilities, uint8_t *out)
{
	struct bytes_writer writer;

	bytes_writer_init(&writer, out, WIRE_SLICE_MAX);
	if (told->n_outcomes > 0)
		put_outcome(told, &writer);
	else if (take_due(self->takes_text_version, &told->takes_text_version))
		put_takes_text(self, &writer);
	else if (self->has_caret && take_due(self->caret_version, &told->caret_version))
		put_caret(self, &writer);
	else if ((capabilities & WIRE_CAN_CURSOR) &&
	         take_due(self->cursor_version, &told->cursor_version))
		bytes_put_raw(&writer, self->cursor, self->cursor_length);
	return writer.length;
}
