/* The addresses of this machine's interfaces. */
#ifndef SHOJI_EGRESS_OWN_ADDRESSES_H
#define SHOJI_EGRESS_OWN_ADDRESSES_H

#include <stdint.h>

struct egress_policy;

#define OWN_ADDRESSES_AGE_MAX_MS 2000

struct own_addresses {
	struct egress_policy *policy; /* borrowed */
	uint64_t read_ms;
};

/* Asks the kernel and tells the policy. 0, SHOJI_ERR_SYSTEM or SHOJI_ERR_MEMORY; the policy then keeps what
 * it knew. */
int own_addresses_read(struct own_addresses *self, struct egress_policy *policy);
/* Asks again where the last answer is older than OWN_ADDRESSES_AGE_MAX_MS: to be called before the policy is asked of an address. What was
 * known before stays refused where the kernel does not answer. */
void own_addresses_freshen(struct own_addresses *self);

#endif
