/* Every destination of every session, recorded before it is reached. */
#ifndef SHOJI_KEEPER_EGRESS_LINK_H
#define SHOJI_KEEPER_EGRESS_LINK_H

#include "keeper/state.h"

/* Takes fd, in place of the egress before. */
void egress_link_open(struct keeper *self, int fd);

#endif
