/* The session's state machine as data. */
#include "monitor/session_state.h"

bool session_state_may_follow(enum session_state from, enum session_state to)
{
	/* Every state but OVER may be followed by ENDING: whatever happens, a session can be ended.
	 */
	if (to == SESSION_ENDING)
		return from != SESSION_ENDING && from != SESSION_OVER;
	switch (from) {
	case SESSION_NEW:
		return to == SESSION_HOST_STARTING || to == SESSION_ADOPTING;
	case SESSION_HOST_STARTING:
	case SESSION_ADOPTING:
		return to == SESSION_CONNECTING;
	case SESSION_CONNECTING:
		return to == SESSION_WORKERS_STARTING;
	case SESSION_WORKERS_STARTING:
		return to == SESSION_PICTURE_AWAITED;
	case SESSION_PICTURE_AWAITED:
		return to == SESSION_RUNNING;
	case SESSION_RUNNING:
		return false;
	case SESSION_ENDING:
		return to == SESSION_OVER;
	case SESSION_OVER:
		return false;
	}
	return false;
}

const char *session_state_text(enum session_state state)
{
	switch (state) {
	case SESSION_NEW:
		return "new";
	case SESSION_HOST_STARTING:
		return "host starting";
	case SESSION_ADOPTING:
		return "adopting";
	case SESSION_CONNECTING:
		return "connecting";
	case SESSION_WORKERS_STARTING:
		return "workers starting";
	case SESSION_PICTURE_AWAITED:
		return "picture awaited";
	case SESSION_RUNNING:
		return "running";
	case SESSION_ENDING:
		return "ending";
	case SESSION_OVER:
		return "over";
	}
	return "?";
}
