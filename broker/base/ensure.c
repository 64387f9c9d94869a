/* Ends a process whose own code is wrong, telling where. Stands on no boundary. */
#include "base/ensure.h"

#include "base/log.h"

#include <stdlib.h>

_Noreturn void ensure_failed(
        const char *condition, const char *file, int line, const char *function)
{
	log_error(0, "bug in Shoji: %s is false at %s:%d in %s; please report it", condition, file,
	        line, function);
	abort();
}
