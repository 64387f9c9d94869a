/* gate's questions to keeper, and keeper's answers and orders. */
#ifndef SHOJI_GATE_KEEPER_LINK_H
#define SHOJI_GATE_KEEPER_LINK_H

#include <stdint.h>

struct connection;
struct gate;
struct latency_figures;
struct sign_in_form;

/* Takes fd as the channel to keeper, in place of an earlier one: what was asked of that is answered
 * "unavailable". SHOJI_ERR_MEMORY. */
int keeper_link_open(struct gate *gate, int fd);
void keeper_link_close(struct gate *gate);

/* Ask; the answer comes to http.h or viewer.h for this connection. 0, or an error when keeper is away or its queue is full. */
int keeper_ask_sign_in(struct connection *connection, const struct sign_in_form *form);
int keeper_ask_sign_out(struct connection *connection, const char *cookie);
int keeper_ask_attach(struct connection *connection, const char *cookie, const char *attach_token);
int keeper_ask_onlook(struct connection *connection, const char *token);

/* Tell. Lost when keeper is away: it then takes the lease from its own records. */
void keeper_tell_onlook_left(struct gate *gate, uint64_t lease_id);
void keeper_tell_detached(struct gate *gate, uint64_t lease_id);
/* What administrators are shown of it. */
void keeper_tell_latency(
        struct gate *gate, uint64_t lease_id, const struct latency_figures *figures);
void keeper_tell_activity(struct gate *gate, uint64_t lease_id, const char *address);

#endif
