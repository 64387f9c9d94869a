/* The upgrade of a request to a WebSocket: who may open a stream. */
#ifndef SHOJI_GATE_UPGRADE_H
#define SHOJI_GATE_UPGRADE_H

#define UPGRADE_PATH "/stream"
/* An onlooker's: there only where the policy has any. */
#define UPGRADE_PATH_ONLOOKER "/watch/stream"

struct connection;

/* 0: lws may go on; else the refusal has been sent and lws must close. */
int upgrade_check(struct connection *self);

#endif
