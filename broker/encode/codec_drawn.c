/* Text, tables, drawings: each pixel by what stood beside the same neighbours before (stream/drawn_code.h). Pixels in, any pixels: a page that is
 * made to be expensive costs its own viewer bytes, and the model when a command overflows. */
#include "encode/codec.h"

#include "encode/drawn_writer.h"
#include "encode/image.h"
#include "encode/photo.h"
#include "encode/slicer.h"

/* Where that much is written a command ends with its row: the next row nearly always has room in what is left. */
#define BYTES_ENOUGH (DRAWN_BYTES_MAX / 2)
#define PIXELS_ANYHOW (PICTURE_PIXELS_MAX - 1) /* and FORGET before them */

static void put(struct drawn_field *field, size_t at, uint32_t pixel)
{
	field->colours[at] = (pixel >> 16 & 0xff) | (pixel & 0xff00) | (pixel & 0xff) << 16;
	field->greens[at] = (uint8_t)(pixel >> 8);
}

static void put_pixels(
        struct drawn_field *field, const struct image *image, const struct rect *area)
{
	const uint32_t width = area->width; /* a copy: see image_take() */

	for (uint32_t row = 0; row < area->height; row++) {
		const uint32_t *pixels =
		        image->pixels + (size_t)(area->y + row) * image->width + area->x;
		size_t at = (size_t)(row + DRAWN_ABOVE) * DRAWN_STRIDE + DRAWN_LEFT;
		for (uint32_t i = 0; i < width; i++)
			put(field, at + i, pixels[i]);
	}
}

/* What the viewer shows in a rectangle relative to the area, cut off at the screen's edges. false: that is not known exactly. */
static bool put_beside(struct drawn_field *field, const struct codec_pixels *pixels,
        const struct rect *area, const struct rect *at)
{
	uint32_t stride = pixels->image->width, all = IMAGE_SEEN;
	/* Positions are counted from the field's first pixel, which may lie beyond the screen. */
	uint32_t left = area->x + (uint32_t)at->x, top = area->y + (uint32_t)at->y;
	uint32_t first_x = left < DRAWN_LEFT ? DRAWN_LEFT : left;
	uint32_t first_y = top < DRAWN_ABOVE ? DRAWN_ABOVE : top;
	uint32_t end_x = left + at->width, end_y = top + at->height;

	end_x = end_x > stride + DRAWN_LEFT ? stride + DRAWN_LEFT : end_x;
	if (first_x >= end_x || first_y >= end_y)
		return true;
	struct rect on_screen = {(uint16_t)(first_x - DRAWN_LEFT),
	        (uint16_t)(first_y - DRAWN_ABOVE), (uint16_t)(end_x - first_x),
	        (uint16_t)(end_y - first_y)};
	for (uint32_t y = first_y; y < end_y; y++) {
		const uint32_t *from = pixels->reference + (size_t)(y - DRAWN_ABOVE) * stride +
		                       first_x - DRAWN_LEFT;
		size_t to = (size_t)(y - area->y) * DRAWN_STRIDE + (first_x - area->x);
		for (uint32_t i = 0; i < end_x - first_x; i++) {
			put(field, to + i, from[i]);
			all &= from[i];
		}
	}
	return (all & IMAGE_SEEN) == IMAGE_SEEN && photo_is_exact_in(pixels->photo, &on_screen);
}

static void clear(struct drawn_field *field, const struct rect *area)
{
	size_t n = (size_t)area->width + DRAWN_LEFT + DRAWN_RIGHT;

	for (uint32_t row = 0; row < (uint32_t)area->height + DRAWN_ABOVE; row++) {
		memset(field->colours + (size_t)row * DRAWN_STRIDE, 0,
		        n * sizeof(field->colours[0]));
		memset(field->greens + (size_t)row * DRAWN_STRIDE, 0, n);
	}
}

struct drawn_field *codec_field_begin(
        const struct codec_pixels *pixels, const struct rect *area, bool *is_beside_known)
{
	static struct drawn_field field; /* 350 KiB; one process, one thread */
	uint16_t width = area->width, height = area->height;
	const struct rect above = {0, 0, (uint16_t)(width + DRAWN_LEFT + DRAWN_RIGHT), DRAWN_ABOVE};
	const struct rect left = {0, DRAWN_ABOVE, DRAWN_LEFT, height};
	const struct rect right = {
	        (uint16_t)(DRAWN_LEFT + width), DRAWN_ABOVE, DRAWN_RIGHT, height};

	clear(&field, area);
	*is_beside_known = put_beside(&field, pixels, area, &above) &&
	                   put_beside(&field, pixels, area, &left) &&
	                   put_beside(&field, pixels, area, &right);
	if (!*is_beside_known)
		clear(&field, area);
	put_pixels(&field, pixels->image, area);
	return &field;
}

/* The model has learned what could not be said: both sides forget it. */
static size_t write_anyhow(const struct codec_pixels *pixels, struct rect *area, uint8_t *out)
{
	uint8_t *at = out;

	drawn_model_init(pixels->slicer->drawn);
	*at++ = PICTURE_FORGET;
	if ((uint32_t)area->width * area->height > PIXELS_ANYHOW)
		area->height = (uint16_t)(PIXELS_ANYHOW / area->width);
	at += codec_write_pixels(pixels->image, area, at);
	return (size_t)(at - out);
}

static size_t write_drawn(const struct codec_pixels *pixels, struct rect *area, uint8_t *out)
{
	struct drawn_coder coder;
	bool is_beside_known;
	struct drawn_field *field = codec_field_begin(pixels, area, &is_beside_known);
	uint16_t n_rows = 0;

	drawn_model_wake(pixels->slicer->drawn);
	code_writer_begin(&coder.writer, out + DRAWN_HEAD_BYTES, DRAWN_BYTES_MAX);
	while (n_rows < area->height && coder.writer.at - coder.writer.start < BYTES_ENOUGH) {
		struct drawn_place place = drawn_place_of(field, n_rows++);
		drawn_row(&coder, pixels->slicer->drawn, &place, area->width);
	}
	size_t length = code_writer_end(&coder.writer);
	/* More than the queue of slices is laid out for (outbox.c). */
	if (length == 0 ||
	        length > (size_t)n_rows * area->width * DRAWN_PIXEL_BYTES_MAX + DRAWN_SLACK)
		return write_anyhow(pixels, area, out);
	effort_drawn(&pixels->slicer->effort, (uint32_t)length);
	area->height = n_rows;
	codec_put_area(out, PICTURE_DRAWN, area);
	out[PICTURE_RECT_BYTES] = is_beside_known;
	out[PICTURE_RECT_BYTES + 1] = (uint8_t)length;
	out[PICTURE_RECT_BYTES + 2] = (uint8_t)(length >> 8);
	return DRAWN_HEAD_BYTES + length;
}

static bool wants_any(const struct image *image, const struct rect *area)
{
	(void)image;
	(void)area;
	return true;
}

const struct tile_codec codec_drawn = {.name = "drawn",
        .pixels_max = DRAWN_WIDTH_MAX * DRAWN_HEIGHT_MAX,
        .width_max = DRAWN_WIDTH_MAX,
        .wants = wants_any,
        .write = write_drawn};
