/* What capture may do once it listens to the isolated host. Its own header, so that a test can be confined
 * likewise and try what is forbidden. */
#ifndef SHOJI_CAPTURE_CONFINE_H
#define SHOJI_CAPTURE_CONFINE_H

#include "base/sandbox.h"

extern const struct sandbox_limits capture_limits;

/* From here on a system call that is not in the list kills the process. 0 or SHOJI_ERR_SYSTEM (logged). */
int capture_seccomp(void);

#endif
