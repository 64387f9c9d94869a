/* The managed policies that differ by profile, as JSON beside the fixed ones. */
#ifndef SHOJI_SHEPHERD_PROFILE_POLICIES_H
#define SHOJI_SHEPHERD_PROFILE_POLICIES_H

#include <stddef.h>

/* Writes the JSON with the start page as home, new tab and first page. 0, SHOJI_ERR_LIMIT, or
 * SHOJI_ERR_MALFORMED for a start page with control characters. */
int profile_policies_write(char *out, size_t size, const char *start_page);

#endif
