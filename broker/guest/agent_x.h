/* The input agent's eye on the X server: when the sentinel was pressed, and when the window that has the focus has handled
 * it. */
#ifndef SHOJI_GUEST_AGENT_X_H
#define SHOJI_GUEST_AGENT_X_H

#include <stdint.h>

struct agent_x;
struct loop;

struct agent_x_events {
	/* The sentinel went down; a ping follows it. Called before that ping is sent. */
	void (*on_sentinel)(void *data);
	/* The window that had the focus has handled everything up to the last sentinel, or there was no such
	 * window. */
	void (*on_handled)(void *data);
	/* The X server is gone. */
	void (*on_gone)(void *data);
};

/* events is borrowed. NULL: no X server, or it lacks XInput 2. */
struct agent_x *agent_x_new(struct loop *loop, const struct agent_x_events *events, void *data);
void agent_x_free(struct agent_x *self);

#endif
