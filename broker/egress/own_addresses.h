/* The addresses of this machine's interfaces. */
#ifndef SHOJI_EGRESS_OWN_ADDRESSES_H
#define SHOJI_EGRESS_OWN_ADDRESSES_H

struct egress_policy;

/* Asks the kernel and tells the policy. 0, SHOJI_ERR_SYSTEM or SHOJI_ERR_MEMORY; the policy then keeps what
 * it knew. */
int own_addresses_refresh(struct egress_policy *policy);

#endif
