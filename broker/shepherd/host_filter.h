/* The seccomp program of an isolated host: parts of the kernel that no browser needs. */
#ifndef SHOJI_SHEPHERD_HOST_FILTER_H
#define SHOJI_SHEPHERD_HOST_FILTER_H

/* A descriptor (close-on-exec, owned by the caller) with the program as bubblewrap wants it, or -1. */
int host_filter_open(void);

#endif
