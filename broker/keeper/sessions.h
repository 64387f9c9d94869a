/* The life of leases inside keeper: from the database to monitor and gate and back. */
#ifndef SHOJI_KEEPER_SESSIONS_H
#define SHOJI_KEEPER_SESSIONS_H

#include "keeper/state.h"

/* Reads the leases of the process before. Returns 0 or a negative code. */
int sessions_load(struct keeper *self);
/* Tells monitor which leases are held: once, after READY. */
void sessions_tell(struct keeper *self);

/* Makes a lease for a person who was let in; it is started by sessions_start() after the commit. NULL: full. */
struct lease *sessions_admit(struct keeper *self, const struct person *person, const char *address,
        uint16_t width, uint16_t height, uint16_t scale, char cookie[TOKEN_TEXT_BYTES + 1],
        char attach_token[TOKEN_TEXT_BYTES + 1]);
void sessions_start(struct keeper *self, struct lease *lease);
/* Begins the end, if it has not begun. */
void sessions_end(struct keeper *self, struct lease *lease, enum end_reason reason);
void sessions_attached(struct keeper *self, struct lease *lease, const char *address);
void sessions_detached(struct keeper *self, struct lease *lease);
/* address: of the terminal that is attached. */
void sessions_activity(struct keeper *self, struct lease *lease, const char *address);
/* gate is gone: all its viewers are. */
void sessions_gate_lost(struct keeper *self);

/* From monitor. */
void sessions_on_started(struct keeper *self, const struct message_session_started *message);
void sessions_on_ended(struct keeper *self, const struct message_session_ended *message);

/* journal's two hooks. */
int sessions_save(struct keeper *self);
void sessions_on_commit(struct keeper *self, int error);

/* Deadlines and notices. */
void sessions_sweep(struct keeper *self);
/* When the next of them is: UINT64_MAX where none is awaited. */
uint64_t sessions_due_ms(const struct keeper *self);

#endif
