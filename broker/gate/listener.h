/* Accepts terminals. */
#ifndef SHOJI_GATE_LISTENER_H
#define SHOJI_GATE_LISTENER_H

struct gate;

/* Takes fd, a listening TCP socket, into lws's loop. SHOJI_ERR_MEMORY. */
int listener_start(struct gate *gate, int fd);
/* It has connections to accept. */
void listener_on_ready(struct gate *gate, int fd);

#endif
