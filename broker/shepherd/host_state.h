/* The states of an isolated host as its shepherd sees it. */
#ifndef SHOJI_SHEPHERD_HOST_STATE_H
#define SHOJI_SHEPHERD_HOST_STATE_H

#include <stdbool.h>

enum host_state {
	HOST_SETUP,    /* the first monitor still describes it */
	HOST_STARTING, /* the engine runs; its first process does not stand yet */
	HOST_RUNNING,
	HOST_ENDING, /* killed; children are waited for */
	HOST_ENDED,
};

bool host_state_may_follow(enum host_state from, enum host_state to);

#endif
