/* Names to addresses, by c-ares on the role's loop. */
#ifndef SHOJI_EGRESS_RESOLVER_H
#define SHOJI_EGRESS_RESOLVER_H

#include "egress/net_address.h"

struct loop;
struct config_list;
struct resolver;

#define RESOLVER_ADDRESSES_MAX 16

/* Before confinement: c-ares takes its query numbers' seed from /dev/urandom and the machine's name servers from
 * /etc/resolv.conf, and neither is in an empty root (without a seed it would quietly use rand()). A changed
 * resolv.conf is seen when the role starts anew. NULL: not possible (logged). */
struct resolver *resolver_new(void);
/* Once, before the first lookup. name_servers (ADDRESS or ADDRESS:PORT): instead of the machine's own, unless
 * empty. 0, SHOJI_ERR_CONFIG, SHOJI_ERR_MEMORY. */
int resolver_start(
        struct resolver *self, struct loop *loop, const struct config_list *name_servers);
/* Lookups that are under way are answered with n_addresses 0. */
void resolver_free(struct resolver *self);

/* Called exactly once for each lookup, perhaps before resolver_lookup() returns. IPv4 first: where a network
 * has no IPv6, or a broken one, nobody waits for it. n_addresses 0: there is no such name, or no answer. */
typedef void (*resolver_fn)(void *data, const struct net_address *addresses, size_t n_addresses);
void resolver_lookup(struct resolver *self, const char *name, resolver_fn on_done, void *data);

#endif
