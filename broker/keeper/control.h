/* What shojictl asks: one JSON request on a connection of its own, answered by JSON replies, the last of which says
 * {"ok":true} or {"ok":false,"error":CODE,"what":TEXT}. docs/man/shojictl.1 shows the codes' exit statuses.
 *
 * Only root, or the user who started a broker without root, may connect: the kernel says who it is (SO_PEERCRED). */
#ifndef SHOJI_KEEPER_CONTROL_H
#define SHOJI_KEEPER_CONTROL_H

#include "keeper/state.h"

#include <sys/types.h>

#define CONTROL_CLIENTS_MAX 8
#define CONTROL_DEADLINE_MS 30000
#define CONTROL_REQUEST_VERSION 1

/* Takes listener. allowed_uid may connect beside root. NULL: no memory. */
struct control *control_new(struct keeper *keeper, int listener, uid_t allowed_uid);
void control_free(struct control *self);
void control_sweep(struct control *self);
/* When the next client's time is over; UINT64_MAX: there is none. */
uint64_t control_due_ms(const struct control *self);
void control_on_snapshot(struct control *self, struct message *in);

/* ---- for the commands (control_*.c) ---- */

/* Names a client across waiting: 0 is nobody. */
typedef uint64_t control_client_id;

struct control_call {
	struct keeper *keeper;
	struct control *control;
	control_client_id client;
	uid_t uid;
	json_t *request; /* borrowed for the call; secrets in it are wiped after it */
};
typedef void (*control_command_fn)(const struct control_call *call);

/* Ends the request. data (may be NULL) becomes the member "data"; taken. */
void control_succeed(struct control *self, control_client_id client, json_t *data);
void control_fail(struct control *self, control_client_id client, const char *code,
        const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Sends every element of items (taken) in as many replies as it takes, then succeeds. */
void control_list(struct control *self, control_client_id client, json_t *items);
/* A picture before the last reply. SHOJI_ERR_CLOSED: the client has gone. */
int control_send_picture(struct control *self, control_client_id client,
        const struct message_snapshot_taken *picture);

/* A member of the request: NULL (and failed) when it is missing, not text, or not plain. */
const char *control_text(const struct control_call *call, const char *name);
/* Puts who asked into a record: the uid that the kernel says, the name that shojictl says. */
void control_sign(const struct control_call *call, json_t *record);
const char *control_operator(const struct control_call *call);

/* The request goes on: its deadline begins anew. */
void control_keep_alive(struct control *self, control_client_id client);
/* A verification that is under way ends with keeper. */
void control_audit_stop(void);

void control_status(const struct control_call *call);
void control_sessions(const struct control_call *call);
void control_end(const struct control_call *call);
void control_screenshot(const struct control_call *call);
void control_watch(const struct control_call *call);
void control_people_add(const struct control_call *call);
void control_people_passwd(const struct control_call *call);
void control_people_lock(const struct control_call *call);
void control_people_unlock(const struct control_call *call);
void control_people_list(const struct control_call *call);
void control_audit_verify(const struct control_call *call);
void control_audit_tail(const struct control_call *call);

/* The lease that "session" names: s-<hex>, its beginning, or a person's id. NULL: failed. */
struct lease *control_find_session(const struct control_call *call);

#endif
