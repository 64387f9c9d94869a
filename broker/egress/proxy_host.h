/* The host that a proxy request, a TLS server name or the configuration names: a name in its one normal
 * form, or an address. Pure. */
#ifndef SHOJI_EGRESS_PROXY_HOST_H
#define SHOJI_EGRESS_PROXY_HOST_H

#include "egress/net_address.h"

#define HOST_NAME_MAX_BYTES 254 /* with NUL; DNS itself ends at 253 characters */
#define PROXY_HOST_TEXT_MAX HOST_NAME_MAX_BYTES

struct proxy_host {
	bool is_address;
	struct net_address address;     /* when is_address */
	char name[HOST_NAME_MAX_BYTES]; /* otherwise: lower case, no dot at the end */
};

/* Lower case, one dot at the end dropped; labels of letters, digits, hyphens (and underscores, which real
 * hosts have), at most 63 long, no hyphen at either end (so an A-label is never an empty "xn--"). A name whose last label is a number is malformed: it could be read as an address. */
int host_name_normalise(const char *text, size_t length, char out[HOST_NAME_MAX_BYTES]);
/* name is domain or lies below it; both in normal form. */
bool host_name_is_within(const char *name, const char *domain);

/* As in an authority: a name, four decimal numbers, or an IPv6 address in brackets. */
int proxy_host_parse(const char *text, size_t length, struct proxy_host *out);
bool proxy_host_equal(const struct proxy_host *a, const struct proxy_host *b);
/* For a log or a record: the name, or the address without brackets. Returns out. */
const char *proxy_host_text(const struct proxy_host *self, char out[PROXY_HOST_TEXT_MAX]);
/* For an authority: an IPv6 address in brackets. Returns out. */
const char *proxy_host_authority(const struct proxy_host *self, char out[PROXY_HOST_TEXT_MAX]);

#endif
