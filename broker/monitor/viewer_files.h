/* The viewer's files as a bundle for gate (base/assets.h). */
#ifndef SHOJI_MONITOR_VIEWER_FILES_H
#define SHOJI_MONITOR_VIEWER_FILES_H

#include <stddef.h>

/* Everything below folder whose ending has a known content type; names that begin with a dot, links
 * and other files are left out. Returns 0 and *fd, or a negative code and a complaint. A folder
 * without index.html is refused. */
int viewer_files_load(const char *folder, int *fd, char *complaint, size_t size);

/* "text/html; charset=utf-8"; NULL: not a kind of file that gate serves. */
const char *viewer_file_type(const char *name);

#endif
