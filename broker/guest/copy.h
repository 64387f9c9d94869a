/* Copies a small file. */
#ifndef SHOJI_GUEST_COPY_H
#define SHOJI_GUEST_COPY_H

/* to must not exist yet. 0 or -1 (errno). */
int copy_file(const char *from, const char *to);

#endif
