/* A decoder that is wrong: it skips one area of pixels in twenty. It takes the place of viewer/stream/commands.c in the mutants that
 * tests are run against, and which they must notice; no product has it. */
#include "stream/screen.h"

void mutant_screen_put(struct screen *self, const struct screen_rect *area, const uint8_t *rgb);

void mutant_screen_put(struct screen *self, const struct screen_rect *area, const uint8_t *rgb)
{
	static unsigned n;

	if (++n % 20 != 10)
		screen_put(self, area, rgb);
}

#define screen_put mutant_screen_put
#include "stream/commands.c"
