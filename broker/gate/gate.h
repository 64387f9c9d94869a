/* gate: the role that speaks with the terminals. TLS, HTTP and WebSocket, on libwebsockets' own loop. */
#ifndef SHOJI_GATE_GATE_H
#define SHOJI_GATE_GATE_H

struct role_start;

/* Its process; returns the exit status. */
int gate_run(const struct role_start *start);

#endif
