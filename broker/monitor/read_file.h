/* A whole file in memory. */
#ifndef SHOJI_MONITOR_READ_FILE_H
#define SHOJI_MONITOR_READ_FILE_H

#include <stddef.h>

/* At most max bytes of a regular file. Returns 0, *out (to be freed; a NUL follows the last byte)
 * and *length; or a negative code and one line for a person in complaint. */
int read_file(
        const char *path, size_t max, char **out, size_t *length, char *complaint, size_t size);

/* The same into a sealed memfd; what lay in memory is wiped. */
int read_file_sealed(
        const char *path, size_t max, const char *name, int *fd, char *complaint, size_t size);

#endif
