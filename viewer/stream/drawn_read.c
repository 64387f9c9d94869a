/* Reads text and drawings. The bytes come over the network: whatever they are, the work is bounded by the area and nothing outside of it
 * and of the model is written. */
#include "stream/drawn_read.h"

#include "stream/drawn_reader.h"
#include "stream/screen.h"

/* What is beside the area, of one row of the field: the screen's pixels, nothing beyond its edges. */
static void put_beside(struct drawn_field *field, struct screen *screen,
        const struct screen_rect *area, uint32_t row, int from, int end)
{
	int y = (int)area->y + (int)row - DRAWN_ABOVE;
	size_t at = (size_t)row * DRAWN_STRIDE + DRAWN_LEFT;

	for (int i = from; i < end; i++) {
		int x = (int)area->x + i;
		bool is_there = y >= 0 && x >= 0 && x < (int)screen->width;
		uint32_t colour =
		        is_there ? *screen_at(screen, (uint32_t)x, (uint32_t)y) & 0xffffff : 0;
		field->colours[at + (size_t)i] = colour;
		field->greens[at + (size_t)i] = (uint8_t)(colour >> 8);
	}
}

struct drawn_field *drawn_field_begin(
        struct screen *screen, const struct screen_rect *area, bool is_beside_known)
{
	static struct drawn_field field; /* 350 KiB: one thread, and no stack of WebAssembly's */
	int width = area->width;

	for (uint32_t row = 0; row < (uint32_t)area->height + DRAWN_ABOVE; row++) {
		size_t at = (size_t)row * DRAWN_STRIDE;
		size_t n = (size_t)width + DRAWN_LEFT + DRAWN_RIGHT;
		if (!is_beside_known) {
			memset(field.colours + at, 0, n * sizeof(field.colours[0]));
			memset(field.greens + at, 0, n);
		} else if (row < DRAWN_ABOVE) {
			put_beside(&field, screen, area, row, -DRAWN_LEFT, width + DRAWN_RIGHT);
		} else {
			put_beside(&field, screen, area, row, -DRAWN_LEFT, 0);
			put_beside(&field, screen, area, row, width, width + DRAWN_RIGHT);
		}
	}
	return &field;
}

void drawn_field_show(
        struct drawn_field *field, struct screen *screen, const struct screen_rect *area)
{
	uint32_t *out = screen_paint(screen, area);

	for (uint32_t row = 0; row < area->height; row++, out += screen->width) {
		const uint32_t *colours = drawn_place_of(field, row).colour;
		for (uint32_t i = 0; i < area->width; i++)
			out[i] = colours[i] | 0xff000000u;
	}
}

void drawn_read(struct drawn_model *model, struct screen *screen, const struct screen_rect *area,
        bool is_beside_known, const uint8_t *bytes, size_t length)
{
	struct drawn_coder coder;

	drawn_model_wake(model);
	struct drawn_field *field = drawn_field_begin(screen, area, is_beside_known);
	code_reader_begin(&coder.reader, bytes, length);
	for (uint32_t row = 0; row < area->height; row++) {
		struct drawn_place place = drawn_place_of(field, row);
		drawn_row(&coder, model, &place, area->width);
	}
	drawn_field_show(field, screen, area);
}
