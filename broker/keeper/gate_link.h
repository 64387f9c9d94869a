/* What gate asks of keeper: signing in and out, attaching, and what viewers do. */
#ifndef SHOJI_KEEPER_GATE_LINK_H
#define SHOJI_KEEPER_GATE_LINK_H

#include "keeper/state.h"

/* Takes fd, in place of the gate before, or (is_same) of the channel to it that broke: monitor says so, not gate. */
void gate_link_open(struct keeper *self, int fd, bool is_same);

/* sign_in.c */
void sign_in_begin(struct keeper *self, struct message *in);

#endif
