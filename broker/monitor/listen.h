/* The sockets that monitor binds for its roles. They are handed over as descriptors; monitor
 * accepts on none. */
#ifndef SHOJI_MONITOR_LISTEN_H
#define SHOJI_MONITOR_LISTEN_H

#include <sys/types.h>

/* A TCP listener on "192.0.2.1:8443" or "[2001:db8::1]:8443"; port 0 takes any free one. Returns 0
 * and *fd, or a negative code: SHOJI_ERR_CONFIG (not an address and port), SHOJI_ERR_SYSTEM (errno
 * says why). */
int listen_tcp(const char *address, int *fd);

#define LISTEN_URL_MAX 80
/* "https://192.0.2.1:8443" as bound. Returns 0 or SHOJI_ERR_SYSTEM. */
int listen_url(int fd, char out[LISTEN_URL_MAX]);

/* A unix listener of `type` (SOCK_SEQPACKET, SOCK_STREAM) at path, in place of one that may be
 * there, with that owner and mode from its first moment on. Returns 0 and *fd, SHOJI_ERR_LIMIT
 * (path too long) or SHOJI_ERR_SYSTEM. */
int listen_unix(const char *path, int type, uid_t uid, gid_t gid, mode_t mode, int *fd);

/* Connects to a SOCK_SEQPACKET listener. Does not wait. Returns 0 and *fd, or SHOJI_ERR_SYSTEM. */
int connect_unix(const char *path, int *fd);

#endif
