/* Finds what was scrolled: areas of the new image that are the old one's, moved up or down, left or right.
 *
 * Offsets are guessed from hashes of sampled rows (or columns) of the changed tiles; each guess is then verified pixel by
 * pixel, so that a wrong one costs time and never a wrong picture. */
#ifndef SHOJI_ENCODE_SCROLL_H
#define SHOJI_ENCODE_SCROLL_H

#include "base/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct image;
struct tiles;

#define SCROLL_OFFSETS_MAX 4
#define SCROLL_COPIES_MAX 512

/* What is now at (x, y) was at (x - dx, y - dy). Not both are 0. */
struct scroll_offset {
	int16_t dx, dy;
};

enum scroll_axis { SCROLL_VERTICAL, SCROLL_HORIZONTAL };

/* The likeliest offsets along one axis, best first, for marked tiles that differ. Returns how many (0: nothing seems moved). Work is bounded
 * by the samples, not by the screen. is_early: whether it may end as soon as one offset is clear, and set to whether it did: then only that one is
 * told, and what it leaves may hold another. NULL: all samples are looked at. */
size_t scroll_guess(const struct image *image, const uint32_t *reference,
        const struct tiles *changed, enum scroll_axis axis, bool *is_early,
        struct scroll_offset offsets[SCROLL_OFFSETS_MAX]);
/* The likeliest ones in any direction: slower, some milliseconds a million of changed pixels. */
size_t scroll_guess_free(const struct image *image, const uint32_t *reference,
        const struct tiles *changed, struct scroll_offset offsets[SCROLL_OFFSETS_MAX]);

/* Whether samples of what changed say that a part of it worth the whole comparison was moved like that. Always true of small areas. */
bool scroll_is_likely(const struct image *image, const uint32_t *reference,
        const struct tiles *changed, const struct scroll_offset *offset);
/* The areas that, moved by that offset within the reference, become exactly what the image shows. In an order in which
 * none reads what one before it wrote. Returns how many. */
size_t scroll_verify(const struct image *image, const uint32_t *reference,
        const struct tiles *changed, const struct scroll_offset *offset,
        struct copy_hint copies[SCROLL_COPIES_MAX]);

#endif
