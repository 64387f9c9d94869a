/* What is told to keeper of every destination: no record, no connection.
 *
 * A record stays here until keeper says that it is on disk; when keeper was started anew, those that are left are
 * told again, with their numbers. So keeper may hear a record twice, never not at all. */
#ifndef SHOJI_EGRESS_RECORDS_H
#define SHOJI_EGRESS_RECORDS_H

#include "base/session.h"
#include "egress/proxy_host.h"

struct loop;
struct egress_records;

#define EGRESS_RECORDS_MAX 1024 /* not on disk yet */
#define EGRESS_RECORDS_PER_SESSION_MAX                                                             \
	256 /* of one session, so that it cannot silence the others */

struct egress_records *egress_records_new(struct loop *loop);
void egress_records_free(struct egress_records *self);

/* Takes fd: a channel to keeper, in place of the one before. 0, SHOJI_ERR_MEMORY, SHOJI_ERR_CLOSED. */
int egress_records_attach(struct egress_records *self, int fd);

/* host: NULL when the request named none. address: NULL when nothing was connected to.
 * 0: told to keeper. SHOJI_ERR_CLOSED (no keeper), SHOJI_ERR_LIMIT (too many are not on disk yet): there is no
 * record, and there must be no connection. */
int egress_records_put(struct egress_records *self, uint64_t lease_id, enum egress_verdict verdict,
        const char *method, const struct proxy_host *host, uint16_t port,
        const struct net_address *address);

#endif
