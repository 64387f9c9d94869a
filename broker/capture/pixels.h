/* The session's pixel buffer as capture sees it: a sealed memfd, mapped for writing. */
#ifndef SHOJI_CAPTURE_PIXELS_H
#define SHOJI_CAPTURE_PIXELS_H

#include <stddef.h>
#include <stdint.h>

struct pixels {
	uint8_t *data; /* mapped; NULL when not */
	uint16_t width_max, height_max;
	size_t stride_bytes;
	size_t size_bytes;
};

/* Maps fd (which stays the caller's). Refuses a size outside SCREEN_*, a memfd smaller than the screen, and
 * one that could be truncated later: that would be a SIGBUS in encode. 0, SHOJI_ERR_LIMIT,
 * SHOJI_ERR_FORBIDDEN (not sealed), SHOJI_ERR_SYSTEM. */
int pixels_map(struct pixels *self, int fd, uint16_t width_max, uint16_t height_max);
/* The same over ordinary memory: for tests and fuzzing. */
int pixels_allocate(struct pixels *self, uint16_t width_max, uint16_t height_max);
void pixels_finish(struct pixels *self);

/* Where `width` pixels from (x, y) on begin: stops the process when they are not inside the buffer. */
uint8_t *pixels_at(const struct pixels *self, uint32_t x, uint32_t y, uint32_t width);
/* Moves an area; source and target may overlap. Both must be inside. */
void pixels_copy(const struct pixels *self, uint32_t source_x, uint32_t source_y, uint32_t x,
        uint32_t y, uint32_t width, uint32_t height);

#endif
