/* The states of a session as monitor sees it, and which may follow which. */
#ifndef SHOJI_MONITOR_SESSION_STATE_H
#define SHOJI_MONITOR_SESSION_STATE_H

#include <stdbool.h>

enum session_state {
	SESSION_NEW,           /* nothing was made yet */
	SESSION_HOST_STARTING, /* the shepherd was started; its hello is awaited */
	SESSION_ADOPTING, /* found at start; the shepherd's hello and keeper's lease are awaited */
	SESSION_CONNECTING,       /* the RFB connection is awaited */
	SESSION_WORKERS_STARTING, /* capture and encode were started; both READYs are awaited */
	SESSION_PICTURE_AWAITED,  /* the first whole picture is */
	SESSION_RUNNING,
	SESSION_ENDING, /* everything was told to end, and is awaited */
	SESSION_OVER,   /* nothing is left of it; to be freed */
};
#define SESSION_N_STATES 9

bool session_state_may_follow(enum session_state from, enum session_state to);
const char *session_state_text(enum session_state state);

#endif
