/* capture: one a session. It alone speaks with the isolated host's screen, in RFB. */
#ifndef SHOJI_CAPTURE_CAPTURE_H
#define SHOJI_CAPTURE_CAPTURE_H

#include "base/role.h"

/* Runs the role to its end. Returns enum worker_exit. */
int capture_run(const struct role_start *start);

#endif
