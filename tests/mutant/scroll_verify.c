/* Copies of a move in both directions at once, said in the reverse order: some overwrite what others were to read. It takes the place of
 * broker/encode/scroll_verify.c in a test of the wall behind the order (frame.c, drop_covered()); no product has it. */
#include "mutant/scroll_verify.h"

#include "encode/scroll.h"

uint32_t mutant_n_reversed;

static size_t honest_scroll_verify(const struct image *image, const uint32_t *reference,
        const struct tiles *changed, const struct scroll_offset *offset,
        struct copy_hint copies[SCROLL_COPIES_MAX]);

#define scroll_verify honest_scroll_verify
#include "encode/scroll_verify.c"
#undef scroll_verify

size_t scroll_verify(const struct image *image, const uint32_t *reference,
        const struct tiles *changed, const struct scroll_offset *offset,
        struct copy_hint copies[SCROLL_COPIES_MAX])
{
	size_t n = honest_scroll_verify(image, reference, changed, offset, copies);

	if (!offset->dx || !offset->dy || n < 2)
		return n;
	for (size_t i = 0; i < n / 2; i++) {
		struct copy_hint other = copies[i];
		copies[i] = copies[n - 1 - i];
		copies[n - 1 - i] = other;
	}
	mutant_n_reversed++;
	return n;
}
