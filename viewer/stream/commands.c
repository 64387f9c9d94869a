/* Reads picture commands. They come from the broker's side, over the network: every area is checked
 * against the screen before a pixel is touched. */
#include "stream/commands.h"

#include "stream/decoder.h"
#include "stream/little_endian.h"
#include "stream/picture.h"
#include "stream/screen.h"

static struct screen_rect read_rect(const uint8_t *at)
{
	return (struct screen_rect){.x = read_u16(at),
	        .y = read_u16(at + 2),
	        .width = read_u16(at + 4),
	        .height = read_u16(at + 6)};
}

static int32_t obey_copy(struct screen *screen, const uint8_t *bytes, size_t length)
{
	if (length < PICTURE_COPY_BYTES)
		return 0;
	struct screen_rect to = read_rect(bytes + 5);
	struct screen_rect from = to;
	from.x = read_u16(bytes + 1);
	from.y = read_u16(bytes + 3);
	if (!screen_holds(screen, &from) || !screen_holds(screen, &to))
		return STREAM_ERR_MALFORMED;
	screen_copy(screen, from.x, from.y, &to);
	return PICTURE_COPY_BYTES;
}

static int32_t obey_pixels(struct screen *screen, const uint8_t *bytes, size_t length)
{
	if (length < PICTURE_RECT_BYTES)
		return 0;
	struct screen_rect area = read_rect(bytes + 1);
	if (!screen_holds(screen, &area))
		return STREAM_ERR_MALFORMED;
	uint32_t n_pixels = (uint32_t)area.width * area.height;
	if (n_pixels > PICTURE_PIXELS_MAX)
		return STREAM_ERR_MALFORMED;
	size_t size = PICTURE_RECT_BYTES + (size_t)n_pixels * PICTURE_PIXEL_BYTES;
	if (length < size)
		return 0;
	screen_put(screen, &area, bytes + PICTURE_RECT_BYTES);
	return (int32_t)size;
}

static int32_t obey_fill(struct screen *screen, const uint8_t *bytes, size_t length)
{
	if (length < PICTURE_RECT_BYTES + PICTURE_PIXEL_BYTES)
		return 0;
	struct screen_rect area = read_rect(bytes + 1);
	if (!screen_holds(screen, &area))
		return STREAM_ERR_MALFORMED;
	screen_fill(screen, &area, bytes + PICTURE_RECT_BYTES);
	return PICTURE_RECT_BYTES + PICTURE_PIXEL_BYTES;
}

int32_t command_obey(struct screen *screen, const uint8_t *bytes, size_t length)
{
	if (length == 0)
		return 0;
	/* A byte off the wire, not an enum of ours: anything else is malformed. */
	switch (bytes[0]) {
	case PICTURE_COPY:
		return obey_copy(screen, bytes, length);
	case PICTURE_PIXELS:
		return obey_pixels(screen, bytes, length);
	case PICTURE_FILL:
		return obey_fill(screen, bytes, length);
	default:
		return STREAM_ERR_MALFORMED;
	}
}
