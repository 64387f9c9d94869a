/* Where a session may go: ports, denied domains and networks, the table of hosts, the machine's own
 * addresses. Pure but for what the caller tells it. */
#ifndef SHOJI_EGRESS_POLICY_H
#define SHOJI_EGRESS_POLICY_H

#include "base/session.h"
#include "egress/proxy_host.h"

struct config;
struct egress_policy;

#define START_PAGE_HOST "start.shoji.internal"

enum egress_route_kind {
	ROUTE_REFUSED,    /* verdict says why */
	ROUTE_START_PAGE, /* answered by egress itself */
	ROUTE_ADDRESS,    /* direct: to `endpoint`, which was checked or stands in the table */
	ROUTE_RESOLVE,    /* direct: ask DNS for the host's name; port in `endpoint` */
	ROUTE_UPSTREAM,   /* through the upstream proxy, as `host` and the port in `endpoint` */
};

struct egress_route {
	enum egress_route_kind kind;
	enum egress_verdict verdict; /* EGRESS_ALLOWED unless refused */
	struct net_endpoint endpoint;
	struct proxy_host host; /* ROUTE_UPSTREAM */
};

/* NULL: no memory, or a setting is wrong; one line for a person is then in complaint. */
struct egress_policy *egress_policy_new(const struct config *config, char *complaint, size_t size);
void egress_policy_free(struct egress_policy *self);

/* The addresses of this machine: never connected to, whatever they are. Copied. 0 or SHOJI_ERR_MEMORY. */
int egress_policy_set_own(
        struct egress_policy *self, const struct net_address *addresses, size_t n_addresses);

/* The order: the start page; denied domains; ports; the table of hosts; addresses. In upstream mode nothing is
 * ever ROUTE_ADDRESS or ROUTE_RESOLVE. */
void egress_policy_route(const struct egress_policy *self, const struct proxy_host *host,
        uint16_t port, bool is_connect, struct egress_route *out);

/* An address that DNS answered with, or a literal: EGRESS_ALLOWED or EGRESS_DENIED_ADDRESS. */
enum egress_verdict egress_policy_check(
        const struct egress_policy *self, const struct net_address *address);

/* The upstream proxy: NULL in direct mode. When the name is in the table of hosts or an address, *endpoint has
 * it and true is returned; otherwise DNS has to be asked for upstream->name. */
const struct proxy_host *egress_policy_upstream(const struct egress_policy *self);
bool egress_policy_upstream_endpoint(
        const struct egress_policy *self, struct net_endpoint *endpoint);
uint16_t egress_policy_upstream_port(const struct egress_policy *self);

#endif
