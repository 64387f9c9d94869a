/* A capture that was taken over (garbage-capture.c). */
#ifndef SHOJI_TESTS_GARBAGE_H
#define SHOJI_TESTS_GARBAGE_H

#include "base/role.h"

#include <stdbool.h>
#include <stdint.h>

/* What garbage-capture is told by its command line; a broker that it is linked into leaves it as it is. */
struct garbage_options {
	bool has_seed;
	uint64_t seed;
	uint64_t after_ms; /* so long the honest picture stays */
};

extern struct garbage_options garbage_options;

/* In capture_run()'s place. */
int garbage_run(const struct role_start *start);

#endif
