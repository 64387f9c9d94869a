/* A queue of slices between the slicer and the channel to gate. Stands on no boundary. */
#include "encode/outbox.h"

#include "encode/codec.h"
#include "encode/scroll.h"
#include "encode/tiles.h"
#include "stream/wire.h"

#include <string.h>

#define LENGTH_BYTES sizeof(uint32_t)
/* Beside the pixels of one tile: areas (codec_drawn.c may cut it into single rows), what of it is shown again (again.c, pairs of rows at least) and
 * remembered, and that it is stored or shown (cache). */
#define TILE_EXTRA_BYTES                                                                           \
	((size_t)PICTURE_TILE * (DRAWN_HEAD_BYTES + DRAWN_SLACK) +                                 \
	        (size_t)PICTURE_TILE / 2 * PICTURE_AGAIN_BYTES + PICTURE_REMEMBER_BYTES + 32)

size_t outbox_size(uint32_t width, uint32_t height)
{
	size_t n_tiles = (size_t)TILES_SIDE(width) * TILES_SIDE(height);
	size_t raw = (size_t)width * height * DRAWN_PIXEL_BYTES_MAX + n_tiles * TILE_EXTRA_BYTES +
	             (size_t)4 * SCROLL_OFFSETS_MAX * SCROLL_COPIES_MAX * PICTURE_COPY_BYTES;
	/* A slice is ended when a command does not fit, so that each holds at least so much of raw. */
	size_t n_slices = raw / (WIRE_SLICE_MAX - PICTURE_COMMAND_MAX - 1024) + 2;

	/* Beside it a frame of each region of video, and what is said of regions. */
	n_slices += WIRE_VIDEO_REGIONS_MAX * (WIRE_VIDEO_FRAME_MAX / WIRE_PAYLOAD_MAX + 4);
	return n_slices * (WIRE_SLICE_MAX + LENGTH_BYTES);
}

void outbox_init(struct outbox *self, uint8_t *data, size_t size)
{
	*self = (struct outbox){.data = data, .size = size};
}

bool outbox_put(struct outbox *self, const uint8_t *slice, size_t length)
{
	uint32_t field = (uint32_t)length;

	if (LENGTH_BYTES + length > self->size - self->tail)
		return false;
	memcpy(self->data + self->tail, &field, LENGTH_BYTES);
	memcpy(self->data + self->tail + LENGTH_BYTES, slice, length);
	self->tail += LENGTH_BYTES + length;
	return true;
}

const uint8_t *outbox_peek(const struct outbox *self, size_t *length)
{
	uint32_t field;

	if (self->head == self->tail)
		return NULL;
	memcpy(&field, self->data + self->head, LENGTH_BYTES);
	*length = field;
	return self->data + self->head + LENGTH_BYTES;
}

void outbox_pop(struct outbox *self)
{
	size_t length;

	if (!outbox_peek(self, &length))
		return;
	self->head += LENGTH_BYTES + length;
	if (self->head == self->tail)
		outbox_clear(self);
}

void outbox_clear(struct outbox *self)
{
	self->head = self->tail = 0;
}
