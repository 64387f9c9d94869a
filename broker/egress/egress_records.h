/* What is told to keeper of every destination: no record, no connection. What is refused without a record of its
 * own, because a session asks for too many or because keeper is not there, is counted, and told in one record a
 * session and minute.
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

/* per_minute: destinations of one session. NULL: no memory. */
struct egress_records *egress_records_new(struct loop *loop, uint64_t per_minute);
void egress_records_free(struct egress_records *self);
/* on_lost is called when the channel to keeper broke. */
typedef void (*egress_records_lost_fn)(void *data);
void egress_records_on_lost(
        struct egress_records *self, egress_records_lost_fn on_lost, void *data);

/* Takes fd: a channel to keeper, in place of the one before. 0, SHOJI_ERR_MEMORY, SHOJI_ERR_CLOSED. */
int egress_records_attach(struct egress_records *self, int fd);

/* Before anything is done about a request, a name looked up included. 0: go on. Otherwise SHOJI_ERR_CLOSED (no keeper),
 * SHOJI_ERR_LIMIT (too many are not on disk yet) or SHOJI_ERR_FORBIDDEN (more than a session may ask for in a
 * minute): it must be refused, and has been counted. */
int egress_records_admit(struct egress_records *self, uint64_t lease_id, const char *method,
        const struct proxy_host *host, uint16_t port);

/* host: NULL when the request named none. address: NULL when nothing was connected to.
 * 0: told to keeper. Otherwise an error as above: there is no record, and there must be no connection; it has been
 * counted. */
int egress_records_put(struct egress_records *self, uint64_t lease_id, enum egress_verdict verdict,
        const char *method, const struct proxy_host *host, uint16_t port,
        const struct net_address *address);

/* Tells what was refused and is not told yet, at once: egress is about to leave. */
void egress_records_tell_refused(struct egress_records *self);

#endif
