/* What the engine tells shoji-guest-init on its command line. */
#ifndef SHOJI_GUEST_OPTIONS_H
#define SHOJI_GUEST_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct guest_options {
	uint16_t width_px, height_px;
	uint16_t scale; /* SCREEN_SCALE_*: what the browser begins with */
	int text_door;  /* the inherited listening socket of the input agent */
	uint32_t tasks; /* so many processes and threads at most */
	bool is_kiosk;
	const char *keyboard;   /* "jp" or "us"; borrowed from argv */
	const char *start_page; /* borrowed from argv */
};

/* --width=N --height=N --scale=N --tasks=N --text-door=FD --keyboard=jp|us --start-page=URL [--kiosk]. 0 or SHOJI_ERR_CONFIG. */
int guest_options_read(struct guest_options *self, int argc, char *const argv[]);

#endif
