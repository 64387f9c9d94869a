/* Who the shepherd is while it works: the slot's uid, not root. */
#ifndef SHOJI_SHEPHERD_IDENTITY_H
#define SHOJI_SHEPHERD_IDENTITY_H

#include <stdbool.h>
#include <sys/types.h>

/* The one that uid and gid become for good; our own (not root's): stay (reduced isolation). Root is refused. Also
 * no-new-privileges, and not to be traced by what runs under the same uid. 0 or SHOJI_ERR_SYSTEM (logged). */
int identity_take(uid_t uid);

/* Whether the peer of a connected unix socket may give orders: root, or the user who started us. */
bool identity_may_order(int fd, uid_t started_by);

#endif
