/* From a key press to a changed pixel, as the person before a screen has it: presses a key through
 * XTEST and polls one pixel of the same display through XGetImage. The same tool measures a local
 * browser and the viewer, so that the difference is Shoji. A bench tool: stands outside the
 * product.
 *
 * usage: key-latency X Y PRESSES [KEYCODE]     prints {"n":..,"p50_ms":..,"p95_ms":..,"max_ms":..}
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <xcb/xcb.h>
#include <xcb/xtest.h>

#define PRESSES_MAX 1000
#define GIVE_UP_MS 2000.0
#define KEYCODE_A 38

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1000 + (double)now.tv_nsec / 1e6;
}

static uint32_t pixel(xcb_connection_t *display, xcb_window_t root, int16_t x, int16_t y)
{
	xcb_get_image_reply_t *image = xcb_get_image_reply(display,
	        xcb_get_image(display, XCB_IMAGE_FORMAT_Z_PIXMAP, root, x, y, 1, 1, ~0u), NULL);
	uint32_t value = 0;

	if (!image) {
		fprintf(stderr, "key-latency: no pixel at %d,%d\n", x, y);
		exit(1);
	}
	memcpy(&value, xcb_get_image_data(image), sizeof(value));
	free(image);
	return value & 0xffffff;
}

static void key(xcb_connection_t *display, uint8_t type, uint8_t code)
{
	xcb_test_fake_input(display, type, code, XCB_CURRENT_TIME, XCB_NONE, 0, 0, 0);
	xcb_flush(display);
}

static double press(
        xcb_connection_t *display, xcb_window_t root, int16_t x, int16_t y, uint8_t code)
{
	uint32_t before = pixel(display, root, x, y);
	double start = now_ms();

	key(display, XCB_KEY_PRESS, code);
	while (pixel(display, root, x, y) == before)
		if (now_ms() - start > GIVE_UP_MS) {
			fprintf(stderr, "key-latency: no change within %.0f ms\n", GIVE_UP_MS);
			exit(1);
		}
	double took = now_ms() - start;
	key(display, XCB_KEY_RELEASE, code);
	return took;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	static double took[PRESSES_MAX];
	xcb_connection_t *display = xcb_connect(NULL, NULL);

	if (argc < 4 || xcb_connection_has_error(display)) {
		fprintf(stderr, "usage: DISPLAY=:N key-latency X Y PRESSES [KEYCODE]\n");
		return 2;
	}
	xcb_window_t root = xcb_setup_roots_iterator(xcb_get_setup(display)).data->root;
	int presses = atoi(argv[3]);
	uint8_t code = argc > 4 ? (uint8_t)atoi(argv[4]) : KEYCODE_A;
	if (presses < 1 || presses > PRESSES_MAX)
		return 2;
	for (int i = 0; i < presses; i++) {
		took[i] =
		        press(display, root, (int16_t)atoi(argv[1]), (int16_t)atoi(argv[2]), code);
		/* Out of step with every clock in the way: 100 to 150 ms. */
		struct timespec rest = {.tv_nsec = 100000000 + (i * 7919 % 50) * 1000000};
		nanosleep(&rest, NULL);
	}
	qsort(took, (size_t)presses, sizeof(took[0]), compare);
	printf("{\"n\":%d,\"p50_ms\":%.2f,\"p95_ms\":%.2f,\"max_ms\":%.2f}\n", presses,
	        took[presses / 2], took[presses * 95 / 100], took[presses - 1]);
	xcb_disconnect(display);
	return 0;
}
