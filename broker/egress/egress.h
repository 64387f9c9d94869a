/* The role egress: the isolated hosts' only way out. */
#ifndef SHOJI_EGRESS_EGRESS_H
#define SHOJI_EGRESS_EGRESS_H

struct role_start;

/* Set-up is setup_egress; then door_open, door_close and keeper_peer until monitor's channel closes.
 * Returns 0 when monitor closed the channel, 1 when set-up failed (logged). */
int egress_run(const struct role_start *start);

#endif
