/* A hand at a keyboard and a mouse: presses keys and buttons of an X display, as the standard input says, line by line:
 *   down KEYCODE | up KEYCODE | press BUTTON | release BUTTON | move X Y | wait MS
 * Each is seen by the display before the next; the last thing printed is "done".
 *
 * Usage: x-hand DISPLAY */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xcb/xcb.h>
#include <xcb/xtest.h>

static void fake(xcb_connection_t *x, uint8_t type, unsigned detail, int to_x, int to_y)
{
	xcb_window_t root = xcb_setup_roots_iterator(xcb_get_setup(x)).data->root;

	xcb_test_fake_input(x, type, (uint8_t)detail, XCB_CURRENT_TIME,
	        type == XCB_MOTION_NOTIFY ? root : XCB_NONE, (int16_t)to_x, (int16_t)to_y, 0);
	/* An answer comes after everything before it was done. */
	free(xcb_get_input_focus_reply(x, xcb_get_input_focus(x), NULL));
}

static int act(xcb_connection_t *x, const char *line)
{
	static const struct {
		const char *word;
		uint8_t type;
	} actions[] = {
	        {"down", XCB_KEY_PRESS},
	        {"up", XCB_KEY_RELEASE},
	        {"press", XCB_BUTTON_PRESS},
	        {"release", XCB_BUTTON_RELEASE},
	};
	char word[16];
	int a, b = 0;

	if (sscanf(line, "%15s %d %d", word, &a, &b) < 2 || a < 0)
		return -1;
	if (strcmp(word, "wait") == 0)
		return usleep((useconds_t)a * 1000);
	if (strcmp(word, "move") == 0) {
		fake(x, XCB_MOTION_NOTIFY, 0, a, b);
		return 0;
	}
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (strcmp(word, actions[i].word) == 0) {
			fake(x, actions[i].type, (unsigned)a, 0, 0);
			return 0;
		}
	return -1;
}

int main(int argc, char **argv)
{
	xcb_connection_t *x = argc == 2 ? xcb_connect(argv[1], NULL) : NULL;
	char line[64];

	if (!x || xcb_connection_has_error(x)) {
		fprintf(stderr, "usage: x-hand DISPLAY\n");
		return 2;
	}
	while (fgets(line, sizeof(line), stdin))
		if (act(x, line) < 0) {
			fprintf(stderr, "x-hand: %s", line);
			return 1;
		}
	xcb_disconnect(x);
	printf("done\n");
	return 0;
}
