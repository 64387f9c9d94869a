/* Photographs and gradients: what is left of each pixel after the guess that the decoder makes as well (stream/predict.h). */
#include "encode/codec.h"

#include "encode/image.h"
#include "stream/predict.h"

#include <stdbool.h>

/* Smaller areas are what changes where somebody types. */
#define PIXELS_MIN 512
#define EQUAL_DIVISOR 3

/* Red, green, blue as the prediction sees them: R - G, G, B - G. */
struct sample {
	uint8_t g, r, b;
};

static struct sample sample_of(uint32_t pixel)
{
	uint8_t g = (uint8_t)(pixel >> 8);

	return (struct sample){g, (uint8_t)((pixel >> 16) - g), (uint8_t)(pixel - g)};
}

static void put_rest(
        uint8_t out[3], struct sample now, struct sample a, struct sample b, struct sample c)
{
	out[0] = (uint8_t)(now.g - picture_median(a.g, b.g, c.g));
	out[1] = (uint8_t)(now.r - picture_median(a.r, b.r, c.r));
	out[2] = (uint8_t)(now.b - picture_median(a.b, b.b, c.b));
}

/* Drawings of many colours repeat pixels, which codec_drawn knows and a prediction would hide. */
static bool is_drawn(const struct image *image, const struct rect *area)
{
	uint32_t n_equal = 0;

	for (uint32_t row = 0; row < area->height; row++) {
		const uint32_t *pixels =
		        image->pixels + (size_t)(area->y + row) * image->width + area->x;
		for (uint32_t i = 1; i < area->width; i++)
			n_equal += pixels[i] == pixels[i - 1];
	}
	return n_equal > (uint32_t)area->width * area->height / EQUAL_DIVISOR;
}

static bool wants(const struct image *image, const struct rect *area)
{
	return (uint32_t)area->width * area->height >= PIXELS_MIN && !is_drawn(image, area);
}

static size_t write_predicted(const struct codec_pixels *pixels, struct rect *area, uint8_t *out)
{
	static struct sample above[PICTURE_PIXELS_MAX];
	const struct image *image = pixels->image;
	uint8_t *at = out + codec_put_area(out, PICTURE_PREDICTED, area);

	for (uint32_t row = 0; row < area->height; row++) {
		const uint32_t *now_row =
		        image->pixels + (size_t)(area->y + row) * image->width + area->x;
		struct sample left = {0}, corner = {0};
		for (uint32_t i = 0; i < area->width; i++, at += PICTURE_PIXEL_BYTES) {
			struct sample now = sample_of(now_row[i]);
			struct sample up = row > 0 ? above[i] : left;
			if (i == 0)
				left = corner = up;
			put_rest(at, now, left, up, row > 0 ? corner : left);
			corner = up;
			left = above[i] = now;
		}
	}
	return (size_t)(at - out);
}

const struct tile_codec codec_predicted = {.name = "predicted",
        .pixels_max = PICTURE_PIXELS_MAX,
        .width_max = PICTURE_PIXELS_MAX,
        .wants = wants,
        .write = write_predicted};
