/* An administrator looks on at a session (docs/architecture.md, Looking on). */
#ifndef SHOJI_GATE_ONLOOK_H
#define SHOJI_GATE_ONLOOK_H

#include <stdbool.h>
#include <stdint.h>

struct gate;
struct seat;
struct session;
struct viewer;

/* An onlooker sits down; it is shown something once the person was told. NULL: no memory, or somebody sits there. */
struct seat *onlook_attach(
        struct gate *gate, uint64_t lease_id, const char *administrator, struct viewer *viewer);
bool onlook_is_seat(const struct seat *seat);
/* The person is there, and their viewer shows that somebody looks on. */
bool onlook_is_told(const struct session *session);
/* A viewer shows the badge of that watch: the onlooker's stream begins, if it was the person's. */
void onlook_person_told(struct seat *seat, uint32_t watch);
/* The person went away, or another window came for theirs, which was not told yet. */
void onlook_pause(struct session *session);
/* The onlooker has left its seat: person and keeper are told. May free the session. */
void onlook_left(struct session *session);
void onlook_end_all(struct gate *gate);
bool onlook_goes_on(struct gate *gate, uint64_t lease_id);

#endif
