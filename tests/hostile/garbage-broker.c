/* The entry of capture in shoji-broker-garbage: every session's capture is one that was taken over, but those of the
 * first slot, which are the real one. There sits a person who has nothing to do with it, and must not notice. */
#include "capture/capture.h"
#include "hostile/garbage.h"

/* sessions_first of the default configuration, and one more: capture's account in slot 0 */
#define HONEST_UID 61001

/* broker/capture/capture.c, compiled with this name for its capture_run() */
int honest_capture_run(const struct role_start *start);

int capture_run(const struct role_start *start)
{
	return start->identity.uid == HONEST_UID ? honest_capture_run(start) : garbage_run(start);
}
