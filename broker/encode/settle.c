/* What it counts are rectangles of capture's, inside the screen: a host that lies here shows its own person a half-painted screen, or
 * shows it a quarter of a second later. */
#include "encode/settle.h"

/* The browser's own bars and the page come as one or a few rectangles; an eighth may be missing where a window is not as large as
 * the screen. */
#define SHARE(pixels) ((pixels) / 8 * 7)

/* What stands where nothing was painted yet: the X server's black, then the ground of the isolated browser's GTK theme (Adwaita). Damage
 * alone does not tell: that ground is painted too, and a browser that was quick paints all of it before the first whole picture and
 * then nothing more. Nor does any plain colour: pages end in white. A theme of another ground is shown after SETTLE_MAX_MS. */
#define BLACK IMAGE_SEEN
#define GROUND (IMAGE_SEEN | 0xf6f5f4u)

static bool is_unpainted(const struct image *image, uint32_t x, uint32_t y, uint32_t step)
{
	const size_t n_pixels = (size_t)image->width * image->height;
	const size_t first = (size_t)y * image->width + x;

	if (image->pixels[first] != BLACK && image->pixels[first] != GROUND)
		return false;
	for (size_t at = first; at < n_pixels; at += step)
		if (image->pixels[at] != image->pixels[first])
			return false;
	return true;
}

/* The last column or the last row, where they meet: a browser's bars are at the other end, and may be painted before its page. */
static bool is_bare(const struct image *image)
{
	const uint32_t right = image->width - 1u, bottom = image->height - 1u;

	return is_unpainted(image, right, bottom / 4 * 3, image->width) ||
	       is_unpainted(image, right / 4 * 3, bottom, 1);
}

void settle_begin(struct settle *self, const struct image *before, uint16_t width, uint16_t height,
        uint64_t now_ms)
{
	/* Of a size that came and went unpainted nothing was shown. */
	if (!self->is_on)
		self->was_bare = is_bare(before);
	self->is_on = true;
	self->until_ms = now_ms + SETTLE_MAX_MS;
	self->bare_until_ms = now_ms + SETTLE_BARE_MAX_MS;
	self->left = SHARE((uint64_t)width * height);
}

void settle_take(struct settle *self, const struct rect *rects, uint16_t n_rects)
{
	for (uint16_t i = 0; i < n_rects; i++) {
		uint64_t area = (uint64_t)rects[i].width * rects[i].height;
		self->left = self->left > area ? self->left - area : 0;
	}
}

uint64_t settle_wait_ms(const struct settle *self, bool is_whole, uint64_t now_ms)
{
	uint64_t left_ms = self->until_ms > now_ms ? self->until_ms - now_ms : 0;

	if (self->left == 0)
		return 0;
	return is_whole && left_ms > SETTLE_QUIET_MS ? SETTLE_QUIET_MS : left_ms;
}

static bool is_hoped_for(const struct settle *self, const struct image *image, uint64_t now_ms)
{
	return !self->was_bare && self->bare_until_ms > now_ms && is_bare(image);
}

void settle_look(struct settle *self, const struct image *image, uint64_t now_ms)
{
	self->is_on = self->is_on || is_hoped_for(self, image, now_ms);
}

uint64_t settle_end(struct settle *self, const struct image *image, uint64_t now_ms)
{
	if (is_hoped_for(self, image, now_ms))
		return self->bare_until_ms - now_ms;
	self->is_on = false;
	return 0;
}
