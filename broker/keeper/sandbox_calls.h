/* Every system call that keeper needs from its first foreign byte on. No socket(), connect(), execve() or clone():
 * with a root of its own and this list, the kernel refuses keeper a network. */
#ifndef SHOJI_KEEPER_SANDBOX_CALLS_H
#define SHOJI_KEEPER_SANDBOX_CALLS_H

#include "base/sandbox.h"

extern const struct sandbox_call keeper_calls[];
extern const size_t keeper_n_calls;

#endif
