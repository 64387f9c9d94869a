/* The state of one viewer. Its words come through gate, and the numbers in them are checked: a viewer can only
 * harm what it is shown itself. */
#include "encode/viewer.h"

#include "base/ensure.h"
#include "encode/compressor.h"
#include "encode/image.h"

#include <string.h>

static void on_slice(void *data, const uint8_t *slice, size_t length)
{
	struct viewer *self = data;

	if (!outbox_put(&self->outbox, slice, length)) {
		self->has_failed = true;
		return;
	}
	self->frame_bytes[self->frame % VIEWER_FRAMES_IN_FLIGHT_MAX] += (uint32_t)length;
	self->bytes_in_flight += (uint32_t)length;
	self->on_slices(self->data);
}

void viewer_init(struct viewer *self, uint64_t epoch, const struct viewer_memory *memory,
        viewer_slices_fn on_slices, void *data)
{
	memset(self, 0, sizeof(*self));
	self->epoch = epoch;
	self->reference = memory->reference;
	self->compressor_memory = memory->compressor;
	outbox_init(&self->outbox, memory->outbox, memory->outbox_size);
	slicer_init(&self->slicer, on_slice, self);
	self->on_slices = on_slices;
	self->data = data;
}

static bool is_allowed(enum viewer_state from, enum viewer_state to)
{
	switch (from) {
	case VIEWER_ABSENT:
		return to == VIEWER_BEGINNING;
	case VIEWER_BEGINNING:
	case VIEWER_LIVE:
		return true;
	}
	return false;
}

static void forget_flight(struct viewer *self)
{
	memset(self->frame_bytes, 0, sizeof(self->frame_bytes));
	self->bytes_in_flight = 0;
	self->acked = self->frame;
}

static void viewer_set_state(struct viewer *self, enum viewer_state state)
{
	ensure(is_allowed(self->state, state));
	self->state = state;
	if (state != VIEWER_ABSENT)
		return;
	outbox_clear(&self->outbox);
	forget_flight(self);
}

void viewer_resize(struct viewer *self, uint16_t width, uint16_t height)
{
	tiles_resize(&self->dirty, width, height);
	self->generation++;
	self->n_hints = 0;
	self->has_reference = false;
	self->keeps_screen = false;
	if (self->state == VIEWER_LIVE)
		viewer_set_state(self, VIEWER_BEGINNING);
}

void viewer_damage(struct viewer *self, const struct rect *area)
{
	tiles_mark(&self->dirty, area);
}

void viewer_forget_area(struct viewer *self, const struct rect *area, uint32_t unknown)
{
	if (self->dirty.width == 0)
		return;
	for (uint32_t y = area->y; y < area->y + (uint32_t)area->height; y++) {
		uint32_t *row = self->reference + (size_t)y * self->dirty.width + area->x;
		for (uint32_t x = 0; x < area->width; x++)
			row[x] = unknown;
	}
}

void viewer_hint(struct viewer *self, const struct copy_hint *hint)
{
	struct scroll_offset offset = {
	        (int16_t)(hint->x - hint->source_x), (int16_t)(hint->y - hint->source_y)};

	if ((offset.dx == 0) == (offset.dy == 0) || self->n_hints == VIEWER_HINTS_MAX)
		return;
	for (size_t i = 0; i < self->n_hints; i++)
		if (self->hints[i].dx == offset.dx && self->hints[i].dy == offset.dy)
			return;
	self->hints[self->n_hints++] = offset;
}

void viewer_join(struct viewer *self, const struct message_viewer_join *join)
{
	if (self->state != VIEWER_ABSENT)
		viewer_set_state(self, VIEWER_ABSENT);
	self->capabilities = join->capabilities;
	self->window_log = join->window_log_max < COMPRESSOR_WINDOW_LOG ? join->window_log_max
	                                                                : COMPRESSOR_WINDOW_LOG;
	/* It has the reference if it applied the very last frame: then nothing was lost with the line. */
	self->keeps_screen = self->has_reference && join->epoch == self->epoch &&
	                     join->last_frame == self->frame;
	viewer_set_state(self, VIEWER_BEGINNING);
}

bool viewer_ack(struct viewer *self, uint32_t frame)
{
	if (self->state == VIEWER_ABSENT || frame > self->frame)
		return false;
	while (self->acked < frame) {
		uint32_t *bytes = &self->frame_bytes[++self->acked % VIEWER_FRAMES_IN_FLIGHT_MAX];
		self->bytes_in_flight -= *bytes;
		*bytes = 0;
	}
	return true;
}

void viewer_leave(struct viewer *self)
{
	if (self->state != VIEWER_ABSENT)
		viewer_set_state(self, VIEWER_ABSENT);
}

void viewer_forget_screen(struct viewer *self)
{
	ensure(self->state == VIEWER_ABSENT);
	self->has_reference = false;
	self->keeps_screen = false;
	self->slicer.compressor = NULL;
}

bool viewer_has_begun(const struct viewer *self)
{
	size_t length;
	const uint8_t *next = outbox_peek(&self->outbox, &length);

	return self->state == VIEWER_LIVE && (!next || next[1] != WIRE_PICTURE_BEGIN);
}

static bool has_credit(const struct viewer *self)
{
	return self->frame - self->acked < VIEWER_FRAMES_IN_FLIGHT_MAX &&
	       self->bytes_in_flight < VIEWER_BYTES_IN_FLIGHT_MAX;
}

/* The viewer's screen turns black; so does what we think of it. */
static void blacken_reference(struct viewer *self)
{
	size_t n_pixels = (size_t)self->dirty.width * self->dirty.height;

	for (size_t i = 0; i < n_pixels; i++)
		self->reference[i] = IMAGE_SEEN;
	tiles_mark_all(&self->dirty);
	self->has_reference = false;
}

static void begin(struct viewer *self)
{
	uint8_t slice[WIRE_HEADER_BYTES + PICTURE_BEGIN_BYTES];
	struct bytes_writer writer;

	slicer_begin_stream(&self->slicer,
	        compressor_begin(self->compressor_memory, compressor_size(), self->window_log));
	bytes_writer_init(&writer, slice, sizeof(slice));
	bytes_put_u8(&writer, WIRE_PICTURE);
	bytes_put_u8(&writer, WIRE_PICTURE_BEGIN);
	bytes_put_u16(&writer, self->generation);
	bytes_put_u32(&writer, self->frame);
	bytes_put_u64(&writer, self->epoch);
	bytes_put_u16(&writer, self->dirty.width);
	bytes_put_u16(&writer, self->dirty.height);
	bytes_put_u8(&writer, (uint8_t)self->window_log);
	bytes_put_u8(&writer, self->keeps_screen ? 0 : 1);
	if (!self->slicer.compressor || !outbox_put(&self->outbox, slice, writer.length)) {
		self->has_failed = true;
		return;
	}
	if (!self->keeps_screen)
		blacken_reference(self);
	self->keeps_screen = false;
	viewer_set_state(self, VIEWER_LIVE);
	self->on_slices(self->data);
}

/* 2^32 - 1 frames are two years at 60 a second; then the process ends and the session with it. */
static void make_frame(struct viewer *self, const struct image *image)
{
	uint32_t number = self->frame + 1;

	ensure(number != 0);
	self->frame = number;
	if (!frame_make(image, self->reference, &self->dirty, self->hints, self->n_hints,
	            &self->slicer, self->generation, number, &self->counts))
		self->frame = number - 1;
	else
		self->has_reference = true;
	self->n_hints = 0;
	self->has_failed |= self->slicer.has_failed;
}

void viewer_work(struct viewer *self, const struct image *image)
{
	size_t length;

	if (self->state == VIEWER_ABSENT || !image->is_whole || self->has_failed)
		return;
	if (outbox_peek(&self->outbox, &length) || !has_credit(self))
		return;
	if (self->state == VIEWER_BEGINNING)
		begin(self);
	if (self->dirty.n_marked > 0 && !self->has_failed)
		make_frame(self, image);
}
