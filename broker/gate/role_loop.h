/* base's loop inside lws's: the roles' channels are base's, the terminals' sockets lws's, and the process
 * waits in one place. */
#ifndef SHOJI_GATE_ROLE_LOOP_H
#define SHOJI_GATE_ROLE_LOOP_H

struct gate;

/* Makes gate->loop and lets lws wait for it. SHOJI_ERR_MEMORY or SHOJI_ERR_SYSTEM. */
int role_loop_start(struct gate *gate);
/* Something in it is ready. */
void role_loop_on_ready(struct gate *gate);

#endif
