/* Takes the picture of an X display by itself, with GetImage: the independent witness of what is on an isolated
 * host's screen. It shares no code with capture.
 *
 * Usage: x-grab [--raw FILE] [--ppm FILE] [--display DISPLAY]
 * Prints one line: digest (pixel_digest.h), width x height, number of different colours.
 * --raw writes rows of B,G,R,0 without gaps. Exit status 0, or 1 with a line on standard error. */
#include "tools/pixel_digest.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xcb/xcb.h>

#define COLOURS (1u << 24)

struct picture {
	uint16_t width, height;
	uint8_t *pixels; /* B,G,R,0 */
	size_t size_bytes;
};

static int fail(const char *what)
{
	fprintf(stderr, "x-grab: %s\n", what);
	return 1;
}

static const xcb_format_t *format_of(const xcb_setup_t *setup, uint8_t depth)
{
	xcb_format_iterator_t at = xcb_setup_pixmap_formats_iterator(setup);

	for (; at.rem; xcb_format_next(&at))
		if (at.data->depth == depth)
			return at.data;
	return NULL;
}

static int grab(xcb_connection_t *x, struct picture *out)
{
	const xcb_setup_t *setup = xcb_get_setup(x);
	xcb_screen_t *screen = xcb_setup_roots_iterator(setup).data;
	xcb_get_geometry_reply_t *size =
	        xcb_get_geometry_reply(x, xcb_get_geometry(x, screen->root), NULL);

	if (!size)
		return fail("the root window has no geometry");
	out->width = size->width;
	out->height = size->height;
	free(size);
	out->size_bytes = (size_t)out->width * out->height * 4;
	xcb_get_image_reply_t *image = xcb_get_image_reply(x,
	        xcb_get_image(x, XCB_IMAGE_FORMAT_Z_PIXMAP, screen->root, 0, 0, out->width,
	                out->height, ~0u),
	        NULL);
	if (!image)
		return fail("GetImage was refused");
	const xcb_format_t *format = format_of(setup, image->depth);
	if (!format || format->bits_per_pixel != 32 ||
	        setup->image_byte_order != XCB_IMAGE_ORDER_LSB_FIRST ||
	        (size_t)xcb_get_image_data_length(image) < out->size_bytes)
		return fail("the display is not 32 bits per pixel, little endian");
	out->pixels = malloc(out->size_bytes);
	if (!out->pixels)
		return fail("out of memory");
	memcpy(out->pixels, xcb_get_image_data(image), out->size_bytes);
	for (size_t i = 3; i < out->size_bytes; i += 4)
		out->pixels[i] = 0;
	free(image);
	return 0;
}

static uint32_t count_colours(const struct picture *picture)
{
	uint8_t *seen = calloc(1, COLOURS / 8);
	uint32_t n = 0;

	for (size_t i = 0; seen && i < picture->size_bytes; i += 4) {
		uint32_t colour = picture->pixels[i] | (uint32_t)picture->pixels[i + 1] << 8 |
		                  (uint32_t)picture->pixels[i + 2] << 16;
		n += !(seen[colour / 8] & 1u << colour % 8);
		seen[colour / 8] |= (uint8_t)(1u << colour % 8);
	}
	free(seen);
	return n;
}

static int write_file(const struct picture *picture, const char *path, bool is_ppm)
{
	FILE *file = fopen(path, "wb");

	if (!file)
		return fail("cannot write the file");
	if (is_ppm)
		fprintf(file, "P6\n%u %u\n255\n", picture->width, picture->height);
	else
		fwrite(picture->pixels, 1, picture->size_bytes, file);
	for (size_t i = 0; is_ppm && i < picture->size_bytes; i += 4) {
		const uint8_t *pixel = picture->pixels + i;
		fwrite((const uint8_t[]){pixel[2], pixel[1], pixel[0]}, 1, 3, file);
	}
	return fclose(file) == 0 ? 0 : fail("cannot write the file");
}

int main(int argc, char **argv)
{
	const char *raw = NULL, *ppm = NULL, *display = NULL;
	struct picture picture = {0};

	for (int i = 1; i < argc; i += 2) {
		if (i + 1 < argc && strcmp(argv[i], "--raw") == 0)
			raw = argv[i + 1];
		else if (i + 1 < argc && strcmp(argv[i], "--ppm") == 0)
			ppm = argv[i + 1];
		else if (i + 1 < argc && strcmp(argv[i], "--display") == 0)
			display = argv[i + 1];
		else
			return fail("usage: x-grab [--raw FILE] [--ppm FILE] [--display DISPLAY]");
	}
	xcb_connection_t *x = xcb_connect(display, NULL);
	if (xcb_connection_has_error(x))
		return fail("cannot connect to the display");
	int status = grab(x, &picture);
	if (status == 0 && raw)
		status = write_file(&picture, raw, false);
	if (status == 0 && ppm)
		status = write_file(&picture, ppm, true);
	if (status == 0)
		printf("%016" PRIx64 " %ux%u %u\n",
		        pixel_digest(picture.pixels, picture.width, picture.height,
		                (size_t)picture.width * 4),
		        picture.width, picture.height, count_colours(&picture));
	free(picture.pixels);
	xcb_disconnect(x);
	return status;
}
