/* The sessions' user accounts belong to one broker of a machine: monitor kills what it finds under an account that
 * it is about to use, and a second broker with the same accounts would be found there. */
#ifndef SHOJI_MONITOR_ACCOUNTS_LOCK_H
#define SHOJI_MONITOR_ACCOUNTS_LOCK_H

#include <stddef.h>
#include <stdint.h>

#define ACCOUNTS_LOCK_PATH "/run/shoji-accounts"

/* Takes the n accounts from `first` on, until *fd is closed or this process ends; its children do not have them.
 * 0; SHOJI_ERR_EXISTS: another process has some of them; SHOJI_ERR_SYSTEM. Otherwise than with 0 a line for the
 * administrator is in complaint. The file stays: it is empty, and locks are by place in it. */
int accounts_lock(
        const char *path, uint64_t first, uint64_t n, int *fd, char *complaint, size_t size);

#endif
