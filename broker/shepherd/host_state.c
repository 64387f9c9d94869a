/* Which state of an isolated host may follow which. */
#include "shepherd/host_state.h"

bool host_state_may_follow(enum host_state from, enum host_state to)
{
	switch (from) {
	case HOST_SETUP:
		return to == HOST_STARTING || to == HOST_ENDED;
	case HOST_STARTING:
		return to == HOST_RUNNING || to == HOST_ENDING;
	case HOST_RUNNING:
		return to == HOST_ENDING;
	case HOST_ENDING:
		return to == HOST_ENDED;
	case HOST_ENDED:
		return false;
	}
	return false;
}
