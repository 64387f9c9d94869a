/* An area that changes a second time is kept by the viewer; from the third time on it is named, as long as it shows what it showed the last time
 * but one. Pixels in, any pixels. */
#include "encode/blink.h"

#include "encode/codec.h"
#include "encode/image.h"
#include "encode/photo.h"
#include "encode/slicer.h"

#include <string.h>

void blink_init(struct blink *self)
{
	memset(self, 0, sizeof(*self));
}

static int find(const struct blink *self, const struct rect *area)
{
	for (int i = 0; i < PICTURE_KEPT_SLOTS; i++)
		if (memcmp(&self->slots[i].area, area, sizeof(*area)) == 0)
			return i;
	return -1;
}

/* Whether the viewer shows there exactly what the reference holds. */
static bool is_known(const struct codec_pixels *pixels, const struct rect *area)
{
	uint32_t all = IMAGE_SEEN;

	for (uint32_t row = 0; row < area->height; row++) {
		const uint32_t *from = pixels->reference +
		                       (size_t)(area->y + row) * pixels->image->width + area->x;
		for (uint32_t i = 0; i < area->width; i++)
			all &= from[i];
	}
	return (all & IMAGE_SEEN) == IMAGE_SEEN && photo_is_exact_in(pixels->photo, area);
}

static void keep(uint32_t *kept, const struct codec_pixels *pixels, const struct rect *area)
{
	for (uint32_t row = 0; row < area->height; row++)
		memcpy(kept + (size_t)row * area->width,
		        pixels->reference + (size_t)(area->y + row) * pixels->image->width +
		                area->x,
		        (size_t)area->width * 4);
}

static bool is_wanted(
        const uint32_t *kept, const struct codec_pixels *pixels, const struct rect *area)
{
	for (uint32_t row = 0; row < area->height; row++)
		if (memcmp(kept + (size_t)row * area->width,
		            pixels->image->pixels + (size_t)(area->y + row) * pixels->image->width +
		                    area->x,
		            (size_t)area->width * 4) != 0)
			return false;
	return true;
}

static void say_keep(struct slicer *slicer, int slot, const struct rect *area)
{
	uint8_t *out = slicer_reserve(slicer, PICTURE_KEEP_BYTES);
	size_t length = codec_put_area(out, PICTURE_KEEP, area);

	out[length] = (uint8_t)slot;
	slicer_commit(slicer, PICTURE_KEEP_BYTES);
}

static void say_swap(struct slicer *slicer, int slot)
{
	uint8_t *out = slicer_reserve(slicer, PICTURE_SWAP_BYTES);

	out[0] = PICTURE_SWAP;
	out[1] = (uint8_t)slot;
	slicer_commit(slicer, PICTURE_SWAP_BYTES);
}

bool blink_say(struct blink *self, const struct codec_pixels *pixels, const struct rect *area)
{
	if ((uint32_t)area->width * area->height > PICTURE_KEPT_PIXELS_MAX)
		return false;
	int slot = find(self, area);
	if (slot < 0) {
		slot = (int)(self->next++ % PICTURE_KEPT_SLOTS);
		self->slots[slot].area = *area;
		self->slots[slot].is_kept = self->slots[slot].is_idle = false;
		return false;
	}
	if (self->slots[slot].is_idle || !is_known(pixels, area))
		return false;
	bool is_swapped =
	        self->slots[slot].is_kept && is_wanted(self->slots[slot].pixels, pixels, area);
	self->slots[slot].is_idle = self->slots[slot].is_kept && !is_swapped;
	if (is_swapped)
		say_swap(pixels->slicer, slot);
	else if (!self->slots[slot].is_kept)
		say_keep(pixels->slicer, slot, area);
	self->slots[slot].is_kept = true;
	keep(self->slots[slot].pixels, pixels, area);
	return is_swapped;
}
