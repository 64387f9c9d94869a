/* Which hosts and origins a request may name.
 *
 * gate.origins set: Host must be the authority of one of them, Origin one of them. Empty: Host must be a name
 * in our certificate, and Origin https:// and that Host. So a page of another site, even one whose name was made to
 * point here, can neither sign in nor open a stream with a person's cookie. */
#ifndef SHOJI_GATE_ORIGIN_H
#define SHOJI_GATE_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>

#define ORIGIN_MAX 300 /* bytes with NUL: https:// + a name + port */

/* Whether the certificate names it: a host name, or an IP address without brackets. */
typedef bool (*origin_names_fn)(const void *data, const char *host);

struct origin_rules {
	char *const *origins; /* borrowed */
	size_t n_origins;
	origin_names_fn is_our_name;
	const void *data;
};

/* Whether the configured origins have the form https://host[:port]. On false *bad is the first that has not. */
bool origin_rules_check(const struct origin_rules *self, const char **bad);
/* A Host header (as it came) that we answer to. */
bool origin_host_allowed(const struct origin_rules *self, const char *host);
/* An Origin header that may act for the person, given a Host that was allowed. NULL or "": there was none. */
bool origin_allowed(const struct origin_rules *self, const char *origin, const char *host);
/* Sec-Fetch-Site: absent (not every browser sends it) or same-origin. */
bool origin_fetch_site_allowed(const char *site);

#endif
