/* A service that listens on all addresses of the broker's machine would be reachable through the machine's public
 * one: so that is refused like a private one. Interfaces come and go, hence they are read again (a netlink
 * question, which works in an empty root) when somebody wants to go somewhere: while nobody does, nothing is asked. */
#include "egress/own_addresses.h"

#include "base/error.h"
#include "base/log.h"
#include "base/loop.h"
#include "egress/egress_policy.h"

#include <ifaddrs.h>
#include <stdlib.h>

#define OWN_ADDRESSES_MAX 4096

int own_addresses_read(struct own_addresses *self, struct egress_policy *policy)
{
	struct ifaddrs *interfaces;
	size_t n_addresses = 0;
	int error = SHOJI_ERR_MEMORY;

	*self = (struct own_addresses){policy, clock_now_ms()};
	if (getifaddrs(&interfaces) < 0)
		return SHOJI_ERR_SYSTEM;
	struct net_address *addresses = calloc(OWN_ADDRESSES_MAX, sizeof(*addresses));
	for (struct ifaddrs *at = interfaces; addresses && at; at = at->ifa_next)
		if (at->ifa_addr && n_addresses < OWN_ADDRESSES_MAX &&
		        !net_address_from_sockaddr(at->ifa_addr, &addresses[n_addresses]))
			n_addresses++;
	if (addresses)
		error = egress_policy_set_own(policy, addresses, n_addresses);
	free(addresses);
	freeifaddrs(interfaces);
	return error;
}

void own_addresses_freshen(struct own_addresses *self)
{
	if (clock_now_ms() - self->read_ms < OWN_ADDRESSES_AGE_MAX_MS)
		return;
	if (own_addresses_read(self, self->policy))
		log_warning(0, "cannot read this machine's addresses: %m");
}
