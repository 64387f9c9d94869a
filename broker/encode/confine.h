/* encode's walls, apart from the process so that tests can stand inside them. */
#ifndef SHOJI_ENCODE_CONFINE_H
#define SHOJI_ENCODE_CONFINE_H

#include "base/sandbox.h"

extern const struct sandbox_limits encode_limits;

/* Grows the heap once and keeps malloc from mapping, so that encode_seccomp() needs no mmap. */
void encode_prepare_heap(void);
/* 0 or SHOJI_ERR_SYSTEM. From here on anything but the listed calls ends the process by SIGSYS. */
int encode_seccomp(void);

#endif
