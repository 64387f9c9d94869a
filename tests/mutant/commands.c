/* A decoder that is wrong: it skips one area of pixels in twenty. It takes the place of viewer/stream/commands.c in the mutants that
 * tests are run against, and which they must notice; no product has it. */
#include "stream/drawn_read.h"
#include "stream/glyph_read.h"
#include "stream/history.h"
#include "stream/screen.h"

#include <stdbool.h>

static bool is_skipped(void)
{
	static unsigned n;

	return ++n % 20 == 3; /* the golden streams have few */
}

static void mutant_fill(struct screen *self, const struct screen_rect *area, const uint8_t rgb[3])
{
	if (is_skipped())
		screen_paint(self, area); /* only says so */
	else
		screen_fill(self, area, rgb);
}

static void mutant_drawn_read(struct drawn_model *model, struct screen *screen,
        const struct screen_rect *area, bool is_beside_known, const uint8_t *bytes, size_t length)
{
	if (is_skipped())
		screen_paint(screen, area);
	else
		drawn_read(model, screen, area, is_beside_known, bytes, length);
}

/* Once an area was skipped the models differ, and a glyph may be said to be unknown: wrong as it is, this decoder goes on. */
static bool mutant_glyph_read(struct drawn_model *model, struct screen *screen,
        const struct screen_rect *area, const uint8_t *bytes, size_t length)
{
	if (is_skipped())
		screen_paint(screen, area);
	else
		(void)glyph_read(model, screen, area, bytes, length);
	return true;
}

static bool mutant_history_show(const struct history *self, struct screen *screen,
        const struct screen_rect *area, uint32_t slot, uint32_t stride)
{
	return is_skipped() || history_show(self, screen, area, slot, stride);
}

#define glyph_read mutant_glyph_read
#define history_show mutant_history_show
#define screen_fill mutant_fill
#define drawn_read mutant_drawn_read
#include "stream/commands.c"
