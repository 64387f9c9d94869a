/* Reads picture commands. They come from the broker's side, over the network: every area is checked
 * against the screen before a pixel is touched. */
#include "stream/commands.h"

#include "stream/decoder.h"
#include "stream/drawn_model.h"
#include "stream/drawn_read.h"
#include "stream/glyph_read.h"
#include "stream/history.h"
#include "stream/kept.h"
#include "stream/little_endian.h"
#include "stream/photo_read.h"
#include "stream/picture.h"
#include "stream/screen.h"
#include "stream/tile_cache.h"

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

/* An area, then 3 bytes for each of its pixels. */
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
	if (bytes[0] == PICTURE_PREDICTED)
		screen_put_predicted(screen, &area, bytes + PICTURE_RECT_BYTES);
	else
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

static int32_t obey_drawn(
        struct screen *screen, struct drawn_model *drawn, const uint8_t *bytes, size_t length)
{
	if (length < DRAWN_HEAD_BYTES)
		return 0;
	struct screen_rect area = read_rect(bytes + 1);
	uint32_t is_beside_known = bytes[PICTURE_RECT_BYTES];
	size_t n_bytes = read_u16(bytes + PICTURE_RECT_BYTES + 1);
	if (!screen_holds(screen, &area) || area.width > DRAWN_WIDTH_MAX ||
	        area.height > DRAWN_HEIGHT_MAX)
		return STREAM_ERR_MALFORMED;
	if (is_beside_known > 1 || n_bytes == 0 || n_bytes > DRAWN_BYTES_MAX)
		return STREAM_ERR_MALFORMED;
	if (length < DRAWN_HEAD_BYTES + n_bytes)
		return 0;
	screen->painted_px += (uint64_t)area.width * area.height * (DRAWN_PIXEL_WORK - 1);
	drawn_read(drawn, screen, &area, is_beside_known, bytes + DRAWN_HEAD_BYTES, n_bytes);
	return (int32_t)(DRAWN_HEAD_BYTES + n_bytes);
}

static int32_t obey_glyphs(
        struct screen *screen, struct drawn_model *drawn, const uint8_t *bytes, size_t length)
{
	if (length < GLYPHS_HEAD_BYTES)
		return 0;
	struct screen_rect area = read_rect(bytes + 1);
	uint32_t is_filled = bytes[PICTURE_RECT_BYTES];
	size_t n_bytes = read_u16(bytes + GLYPHS_HEAD_BYTES - 2);
	if (!screen_holds(screen, &area) || is_filled > 1)
		return STREAM_ERR_MALFORMED;
	if (n_bytes == 0 || n_bytes > GLYPHS_BYTES_MAX)
		return STREAM_ERR_MALFORMED;
	if (length < GLYPHS_HEAD_BYTES + n_bytes)
		return 0;
	if (is_filled)
		screen_fill(screen, &area, bytes + PICTURE_RECT_BYTES + 1);
	if (!glyph_read(drawn, screen, &area, bytes + GLYPHS_HEAD_BYTES, n_bytes))
		return STREAM_ERR_MALFORMED;
	return (int32_t)(GLYPHS_HEAD_BYTES + n_bytes);
}

static int32_t obey_photo(struct screen *screen, const uint8_t *bytes, size_t length)
{
	if (length < PHOTO_HEAD_BYTES)
		return 0;
	struct screen_rect area = read_rect(bytes + 1);
	uint32_t quality = bytes[PICTURE_RECT_BYTES];
	size_t n_bytes = read_u16(bytes + PICTURE_RECT_BYTES + 1);
	if (!screen_holds(screen, &area) || area.width > PICTURE_TILE || area.height > PICTURE_TILE)
		return STREAM_ERR_MALFORMED;
	if (quality < PHOTO_QUALITY_MIN || quality > PHOTO_QUALITY_MAX || n_bytes == 0 ||
	        n_bytes > PHOTO_BYTES_MAX)
		return STREAM_ERR_MALFORMED;
	if (length < PHOTO_HEAD_BYTES + n_bytes)
		return 0;
	screen->painted_px += (uint64_t)area.width * area.height * (PHOTO_PIXEL_WORK - 1);
	photo_read(bytes + PHOTO_HEAD_BYTES, n_bytes, quality, screen_paint(screen, &area),
	        screen->width, area.width, area.height);
	return (int32_t)(PHOTO_HEAD_BYTES + n_bytes);
}

static int32_t obey_store(
        struct screen *screen, struct tile_cache *cache, const uint8_t *bytes, size_t length)
{
	if (length < PICTURE_STORE_BYTES)
		return 0;
	for (uint32_t i = 0; i < bytes[3]; i++)
		if (!tile_cache_store(cache, screen, bytes[1] + i, bytes[2]))
			return STREAM_ERR_MALFORMED;
	return bytes[3] > 0 ? PICTURE_STORE_BYTES : STREAM_ERR_MALFORMED;
}

static int32_t obey_show(
        struct screen *screen, struct tile_cache *cache, const uint8_t *bytes, size_t length)
{
	if (length < PICTURE_SHOW_BYTES)
		return 0;
	uint32_t slot = read_u16(bytes + 1);
	for (uint32_t i = 0; i < bytes[5]; i++)
		if (!tile_cache_show(cache, screen, slot + i, bytes[3] + i, bytes[4]))
			return STREAM_ERR_MALFORMED;
	return bytes[5] > 0 ? PICTURE_SHOW_BYTES : STREAM_ERR_MALFORMED;
}

static int32_t obey_keep(
        struct screen *screen, struct kept *kept, const uint8_t *bytes, size_t length)
{
	if (length < PICTURE_KEEP_BYTES)
		return 0;
	struct screen_rect area = read_rect(bytes + 1);
	return kept_keep(kept, bytes[PICTURE_RECT_BYTES], screen, &area) ? PICTURE_KEEP_BYTES
	                                                                 : STREAM_ERR_MALFORMED;
}

static int32_t obey_swap(
        struct screen *screen, struct kept *kept, const uint8_t *bytes, size_t length)
{
	if (length < PICTURE_SWAP_BYTES)
		return 0;
	return kept_swap(kept, bytes[1], screen) ? PICTURE_SWAP_BYTES : STREAM_ERR_MALFORMED;
}

static int32_t obey_remember(
        struct screen *screen, struct history *history, const uint8_t *bytes, size_t length)
{
	if (length < PICTURE_REMEMBER_BYTES)
		return 0;
	struct screen_rect area = read_rect(bytes + 1);
	return history_remember(history, screen, &area) ? PICTURE_REMEMBER_BYTES
	                                                : STREAM_ERR_MALFORMED;
}

static int32_t obey_again(
        struct screen *screen, const struct history *history, const uint8_t *bytes, size_t length)
{
	if (length < PICTURE_AGAIN_BYTES)
		return 0;
	struct screen_rect area = read_rect(bytes + 1);
	uint32_t slot = read_u24(bytes + PICTURE_RECT_BYTES);
	bool is_shown = history_show(history, screen, &area, slot, bytes[PICTURE_AGAIN_BYTES - 1]);
	return is_shown ? PICTURE_AGAIN_BYTES : STREAM_ERR_MALFORMED;
}

int32_t command_obey(struct screen *screen, struct tile_cache *cache, struct kept *kept,
        struct history *history, struct drawn_model *drawn, const uint8_t *bytes, size_t length)
{
	if (length == 0)
		return 0;
	/* A byte off the wire, not an enum of ours: anything else is malformed. */
	switch (bytes[0]) {
	case PICTURE_COPY:
		return obey_copy(screen, bytes, length);
	case PICTURE_PIXELS:
	case PICTURE_PREDICTED:
		return obey_pixels(screen, bytes, length);
	case PICTURE_DRAWN:
		return obey_drawn(screen, drawn, bytes, length);
	case PICTURE_GLYPHS:
		return obey_glyphs(screen, drawn, bytes, length);
	case PICTURE_FORGET:
		screen->painted_px += DRAWN_FORGET_WORK;
		drawn_model_init(drawn);
		return 1;
	case PICTURE_FILL:
		return obey_fill(screen, bytes, length);
	case PICTURE_PHOTO:
		return obey_photo(screen, bytes, length);
	case PICTURE_STORE:
		return obey_store(screen, cache, bytes, length);
	case PICTURE_SHOW:
		return obey_show(screen, cache, bytes, length);
	case PICTURE_KEEP:
		return obey_keep(screen, kept, bytes, length);
	case PICTURE_SWAP:
		return obey_swap(screen, kept, bytes, length);
	case PICTURE_REMEMBER:
		return obey_remember(screen, history, bytes, length);
	case PICTURE_AGAIN:
		return obey_again(screen, history, bytes, length);
	default:
		return STREAM_ERR_MALFORMED;
	}
}
