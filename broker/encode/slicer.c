/* Fills slices. Everything here is encode's own making. */
#include "encode/slicer.h"

#include "base/bytes.h"
#include "base/ensure.h"
#include "encode/compressor.h"
#include "encode/history_names.h"
#include "stream/drawn_model.h"

#include <string.h>

/* Commands of so few bytes go plain: zstd adds some ten to what it cannot shorten (docs/protocol.md, "What was tried"). */
#define PLAIN_BYTES_MAX 24

void slicer_init(struct slicer *self, slicer_slice_fn on_slice, void *data)
{
	memset(self, 0, sizeof(*self));
	self->on_slice = on_slice;
	self->data = data;
}

void slicer_begin_stream(
        struct slicer *self, struct compressor *compressor, struct drawn_model *drawn)
{
	self->compressor = compressor;
	self->drawn = drawn;
	drawn_model_init(drawn);
	blink_init(&self->blink);
	effort_init(&self->effort);
	if (self->history)
		history_names_init(self->history);
}

static bool says_answer(const struct slicer *self)
{
	return self->is_first && self->has_answer;
}

/* Where what is plain begins; in a packed slice its raw length is there, and the zstd bytes after it. */
static size_t slice_start(const struct slicer *self)
{
	return WIRE_HEADER_BYTES + PICTURE_FRAME_BYTES +
	       (says_answer(self) ? PICTURE_ANSWER_BYTES : 0);
}

static void begin_slice(struct slicer *self)
{
	self->n_raw = 0;
	self->slice_raw = 0;
	self->slice_length = slice_start(self) + PICTURE_RAW_LENGTH_BYTES;
}

static uint8_t flags_of(const struct slicer *self, bool is_last, bool is_plain)
{
	return (uint8_t)((self->is_first ? PICTURE_FIRST : 0) | (is_last ? PICTURE_LAST : 0) |
	                 (is_last && self->is_provisional ? PICTURE_PROVISIONAL : 0) |
	                 (is_last && self->is_unfinished ? PICTURE_UNFINISHED : 0) |
	                 (says_answer(self) ? PICTURE_ANSWERS : 0) |
	                 (is_plain ? PICTURE_PLAIN : 0));
}

void slicer_begin_frame(struct slicer *self, uint32_t frame)
{
	self->frame = frame;
	self->is_first = true;
	self->frame_bytes = 0;
	begin_slice(self);
}

static void compress(struct slicer *self)
{
	if (self->n_raw > 0 && !self->has_failed) {
		size_t written = compressor_flush(self->compressor, self->raw, self->n_raw,
		        self->slice + self->slice_length, sizeof(self->slice) - self->slice_length);
		self->has_failed = written == 0;
		self->ratio = written * 256 / self->n_raw;
		self->slice_length += written;
	}
	self->n_raw = 0;
}

/* Whether what waits is all of the slice, and not worth zstd's bytes. */
static bool is_plain_slice(const struct slicer *self)
{
	return self->n_raw == self->slice_raw && self->n_raw <= PLAIN_BYTES_MAX;
}

static void end_slice(struct slicer *self, bool is_last)
{
	struct bytes_writer writer;
	bool is_plain = is_plain_slice(self);

	if (!is_plain)
		compress(self);
	if (self->has_failed) {
		begin_slice(self);
		return;
	}
	bytes_writer_init(&writer, self->slice, sizeof(self->slice));
	bytes_put_u8(&writer, WIRE_KIND(WIRE_PICTURE, WIRE_PICTURE_FRAME));
	bytes_put_u8(&writer, flags_of(self, is_last, is_plain));
	bytes_put_u8(&writer, (uint8_t)self->frame);
	if (says_answer(self))
		bytes_put_u16(&writer, self->answer);
	if (is_plain) {
		bytes_put_u8(&writer, (uint8_t)self->n_raw);
		bytes_put_raw(&writer, self->raw, self->n_raw);
		self->slice_length = writer.length;
	} else {
		bytes_put_u16(&writer, (uint16_t)self->slice_raw);
		bytes_put_u8(&writer, (uint8_t)(self->slice_raw >> 16));
	}
	self->is_first = false;
	self->frame_bytes += self->slice_length;
	self->on_slice(self->data, self->slice, self->slice_length);
	begin_slice(self);
}

/* Whether a command of that size still fits even if nothing of it can be compressed. */
static bool fits(const struct slicer *self, size_t size)
{
	return self->slice_length + self->n_raw + size + COMPRESSOR_SLACK <= sizeof(self->slice);
}

uint8_t *slicer_reserve(struct slicer *self, size_t size)
{
	ensure(size <= PICTURE_COMMAND_MAX);
	/* What waits is usually far smaller once compressed: then the slice takes more. */
	if (!fits(self, size))
		compress(self);
	if (!fits(self, size) || self->slice_raw + size > PICTURE_SLICE_RAW_MAX)
		end_slice(self, false);
	return self->raw + self->n_raw;
}

void slicer_commit(struct slicer *self, size_t length)
{
	self->n_raw += length;
	self->slice_raw += length;
	ensure(self->n_raw <= sizeof(self->raw));
}

bool slicer_is_full(struct slicer *self)
{
	size_t certain = self->frame_bytes + self->slice_length;

	if (self->budget_bytes == 0 || (self->slice_raw == 0 && self->frame_bytes == 0))
		return false;
	if (certain + self->n_raw * self->ratio / 256 < self->budget_bytes)
		return false;
	/* Only now is it worth a flush to know. */
	compress(self);
	return self->frame_bytes + self->slice_length >= self->budget_bytes;
}

void slicer_end_frame(struct slicer *self)
{
	ensure(self->slice_raw > 0 || self->has_failed);
	end_slice(self, true);
}
