/* One session's folder: RUN/sessions/ID, named by its lease in 16 hex digits
 * (docs/architecture.md).
 *
 *   ID/              ours, 0711
 *     lock           held by the shepherd through the descriptor that monitor hands it
 *     control.sock   the shepherd listens; 0600
 *     rfb/           the host's uid, 0700; never bound into the host
 *     doors/         ours, 0755, bound read-only into the host
 *       proxy.sock   egress accepts on it; the host's group may connect */
#ifndef SHOJI_MONITOR_SESSION_FOLDER_H
#define SHOJI_MONITOR_SESSION_FOLDER_H

#include "monitor/run_folder.h"

#include <stdint.h>

/* RUN/sessions/ID/name; name "" for the folder. Returns out. */
const char *session_folder_path(
        const struct run_folder *run, uint64_t lease_id, const char *name, char out[RUN_PATH_MAX]);

/* Makes the folder. Returns 0, SHOJI_ERR_EXISTS or SHOJI_ERR_SYSTEM. */
int session_folder_make(const struct run_folder *run, uint64_t lease_id, uid_t uid, gid_t gid);

/* Takes the lock: 0 and *fd (close it, or hand it on), SHOJI_ERR_EXISTS (a shepherd lives and holds
 * it), or SHOJI_ERR_SYSTEM. */
int session_folder_lock(const struct run_folder *run, uint64_t lease_id, int *fd);

/* Binds doors/proxy.sock anew. Returns 0 and *fd, or a negative code. */
int session_folder_door(const struct run_folder *run, uint64_t lease_id, gid_t host_gid, int *fd);
/* Binds control.sock. The same. */
int session_folder_control(const struct run_folder *run, uint64_t lease_id, int *fd);

/* Whose host it is: the owner of rfb/, which monitor gave it. Returns 0 and *uid, or
 * SHOJI_ERR_SYSTEM. */
int session_folder_owner(const struct run_folder *run, uint64_t lease_id, uid_t *uid);

int session_folder_remove(const struct run_folder *run, uint64_t lease_id);

/* Calls on_lease for each session folder there is. What is not named like one is reported in the
 * log. */
typedef void (*session_folder_fn)(void *data, uint64_t lease_id);
int session_folder_list(const struct run_folder *run, session_folder_fn on_lease, void *data);

#endif
