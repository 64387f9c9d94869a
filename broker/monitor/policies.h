/* The isolated browser's managed policies, as the shepherd gets them. */
#ifndef SHOJI_MONITOR_POLICIES_H
#define SHOJI_MONITOR_POLICIES_H

#include <stddef.h>

/* program_folder/policies.json, with the certificates of the PEM file extra_ca (empty: none) to be
 * trusted, in a sealed memfd. Returns 0 and *fd, or a negative code and a complaint. */
int policies_load(
        const char *program_folder, const char *extra_ca, int *fd, char *complaint, size_t size);

/* The text of it; for tests. out is to be freed. Both texts are NUL-terminated. Returns 0,
 * SHOJI_ERR_MALFORMED (not a JSON object, or not PEM), SHOJI_ERR_MEMORY. */
int policies_make(const char *policies, const char *pem, char **out);

#endif
