/* The lies of lying-host: what an isolated host that was taken over may say through its RFB door. */
#ifndef SHOJI_TESTS_RFB_LIES_H
#define SHOJI_TESTS_RFB_LIES_H

#include "hostile/rfb_script.h"

#include <stdbool.h>
#include <stdint.h>

/* How what `say` wrote is sent. */
enum lie_pace {
	LIE_ONCE,       /* and then nothing more, the connection held open */
	LIE_FLOOD,      /* again and again, as fast as it is taken */
	LIE_AT_REQUEST, /* once for each request of capture's: as often as an honest host may */
	LIE_TRICKLE,    /* a byte at a time, LIE_TRICKLE_MS apart */
	LIE_CLOSE,      /* once, and then the connection is closed */
};
#define LIE_TRICKLE_MS 100

struct lie {
	const char *name;
	/* True: an honest handshake and an honest picture come first. False: it lies from the first byte. */
	bool has_picture;
	enum lie_pace pace;
	void (*say)(struct script *script, unsigned width, unsigned height);
};

extern const struct lie rfb_lies[];
extern const unsigned n_rfb_lies;

#endif
