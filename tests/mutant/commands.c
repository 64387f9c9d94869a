/* A decoder that is wrong: it skips one area of pixels in twenty. It takes the place of viewer/stream/commands.c in the mutants that
 * tests are run against, and which they must notice; no product has it. */
#include "stream/screen.h"

#include <stdbool.h>

static bool is_skipped(void)
{
	static unsigned n;

	return ++n % 20 == 10;
}

static void mutant_put(struct screen *self, const struct screen_rect *area, const uint8_t *rgb)
{
	if (!is_skipped())
		screen_put(self, area, rgb);
}

static void mutant_put_indexed(struct screen *self, const struct screen_rect *area,
        const uint8_t *indices, const uint8_t *escaped)
{
	if (!is_skipped())
		screen_put_indexed(self, area, indices, escaped);
}

#define screen_put mutant_put
#define screen_put_indexed mutant_put_indexed
#include "stream/commands.c"
