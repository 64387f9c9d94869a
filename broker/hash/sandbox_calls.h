/* Every system call that a hash worker needs from its first job on. */
#ifndef SHOJI_HASH_SANDBOX_CALLS_H
#define SHOJI_HASH_SANDBOX_CALLS_H

#include "base/sandbox.h"

extern const struct sandbox_call hash_calls[];
extern const size_t hash_n_calls;

#endif
