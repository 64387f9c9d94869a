/* Draws on an X display what a browser would, only faster: seeded random rectangles, images, lines and moved areas;
 * then scrolls all of it by 3 pixels, so many times, 10 ms apart.
 *
 * Usage: x-draw DISPLAY SEED OPERATIONS SCROLLS
 * Draws on a window over the whole screen, prints "drawn", and stays until its standard input ends (an X server
 * without clients would reset its screen). */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <xcb/xcb.h>

#define IMAGE_SIDE 48

struct drawing {
	xcb_connection_t *x;
	xcb_window_t window;
	xcb_gcontext_t gc;
	uint8_t depth;
	uint16_t width, height;
	uint64_t random;
};

/* xorshift64* */
static uint32_t next(struct drawing *self, uint32_t below)
{
	self->random ^= self->random >> 12;
	self->random ^= self->random << 25;
	self->random ^= self->random >> 27;
	return (uint32_t)((self->random * 2685821657736338717ull) >> 32) % below;
}

static int16_t next_x(struct drawing *self)
{
	return (int16_t)((int)next(self, self->width + 60u) - 30);
}

static int16_t next_y(struct drawing *self)
{
	return (int16_t)((int)next(self, self->height + 60u) - 30);
}

static void draw_image(struct drawing *self)
{
	static uint32_t image[IMAGE_SIDE * IMAGE_SIDE];

	for (size_t i = 0; i < IMAGE_SIDE * IMAGE_SIDE; i++)
		image[i] = next(self, 1u << 24);
	xcb_put_image(self->x, XCB_IMAGE_FORMAT_Z_PIXMAP, self->window, self->gc, IMAGE_SIDE,
	        IMAGE_SIDE, next_x(self), next_y(self), 0, self->depth, sizeof(image),
	        (const uint8_t *)image);
}

static void draw_line(struct drawing *self)
{
	const xcb_point_t points[] = {{next_x(self), next_y(self)}, {next_x(self), next_y(self)}};

	xcb_poly_line(self->x, XCB_COORD_MODE_ORIGIN, self->window, self->gc, 2, points);
}

static void draw_rectangle(struct drawing *self)
{
	const xcb_rectangle_t area = {next_x(self), next_y(self), (uint16_t)(1 + next(self, 200)),
	        (uint16_t)(1 + next(self, 120))};

	xcb_poly_fill_rectangle(self->x, self->window, self->gc, 1, &area);
}

static void draw(struct drawing *self)
{
	const uint32_t colour = next(self, 1u << 24);

	xcb_change_gc(self->x, self->gc, XCB_GC_FOREGROUND, &colour);
	switch (next(self, 8)) {
	case 0:
		xcb_copy_area(self->x, self->window, self->window, self->gc, next_x(self),
		        next_y(self), next_x(self), next_y(self), (uint16_t)(1 + next(self, 600)),
		        (uint16_t)(1 + next(self, 500)));
		break;
	case 1:
		draw_image(self);
		break;
	case 2:
		draw_line(self);
		break;
	default:
		draw_rectangle(self);
	}
}

static void open_window(struct drawing *self)
{
	xcb_screen_t *screen = xcb_setup_roots_iterator(xcb_get_setup(self->x)).data;
	const uint32_t window_values[] = {screen->white_pixel, 1};
	const uint32_t no_exposures = 0;

	self->width = screen->width_in_pixels;
	self->height = screen->height_in_pixels;
	self->depth = screen->root_depth;
	self->window = xcb_generate_id(self->x);
	xcb_create_window(self->x, XCB_COPY_FROM_PARENT, self->window, screen->root, 0, 0,
	        self->width, self->height, 0, XCB_WINDOW_CLASS_INPUT_OUTPUT, screen->root_visual,
	        XCB_CW_BACK_PIXEL | XCB_CW_OVERRIDE_REDIRECT, window_values);
	self->gc = xcb_generate_id(self->x);
	xcb_create_gc(self->x, self->gc, self->window, XCB_GC_GRAPHICS_EXPOSURES, &no_exposures);
	xcb_map_window(self->x, self->window);
}

static void scroll(struct drawing *self)
{
	xcb_copy_area(self->x, self->window, self->window, self->gc, 0, 3, 0, 0, self->width,
	        (uint16_t)(self->height - 3));
	xcb_flush(self->x);
	usleep(10 * 1000);
}

int main(int argc, char **argv)
{
	struct drawing self = {0};
	char byte;

	if (argc != 5)
		return 2;
	self.x = xcb_connect(argv[1], NULL);
	self.random = strtoull(argv[2], NULL, 10) * 2 + 1;
	if (xcb_connection_has_error(self.x))
		return 1;
	open_window(&self);
	for (unsigned long i = strtoul(argv[3], NULL, 10); i > 0; i--)
		draw(&self);
	for (unsigned long i = strtoul(argv[4], NULL, 10); i > 0; i--)
		scroll(&self);
	/* An answered request: all before it has been drawn. */
	void *answer = xcb_get_input_focus_reply(self.x, xcb_get_input_focus(self.x), NULL);
	if (!answer)
		return 1;
	free(answer);
	puts("drawn");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	xcb_disconnect(self.x);
	return 0;
}
