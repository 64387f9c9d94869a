/* Takes pixels out of the buffer that capture writes. The buffer is shared with a process that may have fallen: each
 * pixel is read once, here, and only here. */
#include "encode/image.h"

#include <string.h>

void image_resize(struct image *self, uint32_t *pixels, uint16_t width, uint16_t height)
{
	*self = (struct image){.pixels = pixels, .width = width, .height = height};
	memset(pixels, 0, (size_t)width * height * sizeof(*pixels));
}

void image_look(struct image *self)
{
	uint32_t seen = IMAGE_SEEN;
	size_t n_pixels = self->is_whole ? 0 : (size_t)self->width * self->height;

	for (size_t i = 0; i < n_pixels; i++)
		seen &= self->pixels[i];
	self->is_whole = seen == IMAGE_SEEN;
}

bool image_is_plain(const struct image *self)
{
	size_t n_pixels = (size_t)self->width * self->height;

	for (size_t i = 1; i < n_pixels; i++)
		if (self->pixels[i] != self->pixels[0])
			return false;
	return true;
}

void image_take(
        struct image *self, const uint8_t *from, uint32_t stride_bytes, const struct rect *area)
{
	/* A copy: through the pointer the compiler would have to look again after each pixel. */
	const uint32_t width = area->width;

	for (uint32_t row = 0; row < area->height; row++) {
		const uint8_t *source =
		        from + (size_t)(area->y + row) * stride_bytes + (size_t)area->x * 4;
		uint32_t *target = self->pixels + (size_t)(area->y + row) * self->width + area->x;
		for (uint32_t i = 0; i < width; i++) {
			uint32_t pixel;
			memcpy(&pixel, source + (size_t)i * 4, sizeof(pixel));
			target[i] = pixel | IMAGE_SEEN;
		}
	}
}
