/* The pixel buffer. Behind the boundary to the isolated host: every rectangle that comes here was checked
 * against the geometry by the reader; pixels_at() checks it against the buffer once more. */
#include "capture/pixels.h"

#include "base/ensure.h"
#include "base/error.h"
#include "base/session.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

static int set_size(struct pixels *self, uint16_t width_max, uint16_t height_max)
{
	if (width_max < SCREEN_WIDTH_MIN || width_max > SCREEN_WIDTH_MAX)
		return SHOJI_ERR_LIMIT;
	if (height_max < SCREEN_HEIGHT_MIN || height_max > SCREEN_HEIGHT_MAX)
		return SHOJI_ERR_LIMIT;
	*self = (struct pixels){.width_max = width_max, .height_max = height_max};
	/* At most 3840 x 2160 x 4: no overflow. */
	self->stride_bytes = (size_t)width_max * PIXEL_BYTES;
	self->size_bytes = self->stride_bytes * height_max;
	return 0;
}

static int map(struct pixels *self, int flags, int fd)
{
	void *data = mmap(NULL, self->size_bytes, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (data == MAP_FAILED)
		return SHOJI_ERR_SYSTEM;
	self->data = data;
	return 0;
}

int pixels_map(struct pixels *self, int fd, uint16_t width_max, uint16_t height_max)
{
	const int sealed = F_SEAL_SHRINK | F_SEAL_GROW;
	struct stat status;
	int error = set_size(self, width_max, height_max);

	if (error)
		return error;
	if (fstat(fd, &status) < 0)
		return SHOJI_ERR_SYSTEM;
	if (status.st_size < (off_t)self->size_bytes)
		return SHOJI_ERR_LIMIT;
	int seals = fcntl(fd, F_GET_SEALS);
	if (seals < 0 || (seals & sealed) != sealed)
		return SHOJI_ERR_FORBIDDEN;
	return map(self, MAP_SHARED, fd);
}

int pixels_allocate(struct pixels *self, uint16_t width_max, uint16_t height_max)
{
	int error = set_size(self, width_max, height_max);

	return error ? error : map(self, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

void pixels_finish(struct pixels *self)
{
	if (!self || !self->data)
		return;
	munmap(self->data, self->size_bytes);
	self->data = NULL;
}

uint8_t *pixels_at(const struct pixels *self, uint32_t x, uint32_t y, uint32_t width)
{
	ensure(y < self->height_max && x <= self->width_max && width <= self->width_max - x);
	return self->data + y * self->stride_bytes + (size_t)x * PIXEL_BYTES;
}

void pixels_copy(const struct pixels *self, uint32_t source_x, uint32_t source_y, uint32_t x,
        uint32_t y, uint32_t width, uint32_t height)
{
	/* Downwards the last row goes first, or it would be overwritten before it is read. */
	bool is_down = y > source_y;

	for (uint32_t i = 0; i < height; i++) {
		uint32_t row = is_down ? height - 1 - i : i;
		memmove(pixels_at(self, x, y + row, width),
		        pixels_at(self, source_x, source_y + row, width),
		        (size_t)width * PIXEL_BYTES);
	}
}
