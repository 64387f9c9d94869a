/* The encode role: one process a session; pixels in, slices out. */
#ifndef SHOJI_ENCODE_ENCODE_H
#define SHOJI_ENCODE_ENCODE_H

#include "base/role.h"

/* Returns the exit status: enum worker_exit. */
int encode_run(const struct role_start *start);

#endif
