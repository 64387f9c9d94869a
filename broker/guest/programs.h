/* The programs of an isolated host, and how each is called. */
#ifndef SHOJI_GUEST_PROGRAMS_H
#define SHOJI_GUEST_PROGRAMS_H

#include "base/guest.h"
#include "guest/options.h"
#include "guest/service.h"

/* In the order in which they start. */
enum program {
	PROGRAM_XVNC,
	PROGRAM_KEYBOARD, /* runs once */
	PROGRAM_WINDOWS,
	PROGRAM_FORWARD,
	PROGRAM_AGENT, /* before the browser, which connects to it */
	PROGRAM_BROWSER,
};
#define N_PROGRAMS 6

#define PROGRAMS_DISPLAY 0
#define PROGRAMS_PROFILE GUEST_HOME "/browser"

struct programs {
	struct service services[N_PROGRAMS];
	char geometry[16];
	char window_size[32];
	char scale[8];
};

/* options' texts are borrowed as long as self lives. */
void programs_init(struct programs *self, const struct guest_options *options);

#endif
