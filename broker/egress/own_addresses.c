/* A service that listens on all addresses of the broker's machine would be reachable through the machine's public
 * one: so that is refused like a private one. Interfaces come and go, hence the refresh (a netlink
 * question, which works in an empty root). */
#include "egress/own_addresses.h"

#include "base/error.h"
#include "egress/egress_policy.h"

#include <ifaddrs.h>
#include <stdlib.h>

#define OWN_ADDRESSES_MAX 4096

int own_addresses_refresh(struct egress_policy *policy)
{
	struct ifaddrs *interfaces;
	size_t n_addresses = 0;
	int error = SHOJI_ERR_MEMORY;

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
