/* One viewer: a WebSocket from its opening to its close. It has one state enum; a message that is not for
 * the state closes it. */
#ifndef SHOJI_GATE_VIEWER_H
#define SHOJI_GATE_VIEWER_H

#include "gate/session.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct connection;
struct message_attach_result;
struct message_onlook_result;
struct message_viewer_join;
struct viewer;

/* Takes the connection's cookie (which is wiped there). NULL: no memory. */
struct viewer *viewer_new(struct connection *connection);
/* Leaves its session. */
void viewer_free(struct viewer *self);

/* ---- lws's callbacks: 0, or -1: close (the reason is set) ---- */
/* A piece of a message; is_first and is_last say where in it. */
int viewer_receive(struct viewer *self, const uint8_t *data, size_t length, bool is_first,
        bool is_last, bool is_binary);
/* It can be written to: sends one message, if there is one. */
int viewer_on_writable(struct viewer *self);
/* true: the connection must go. */
bool viewer_on_deadline(struct viewer *self);

/* ---- keeper's answers ---- */
void viewer_on_attach_result(struct viewer *self, const struct message_attach_result *result);
void viewer_on_onlook_result(struct viewer *self, const struct message_onlook_result *result);
void viewer_on_unavailable(struct viewer *self);

/* ---- from its session ---- */
/* Copies the slice; the session gives no other until seat_resume(). */
void viewer_take_slice(struct viewer *self, const uint8_t *slice, size_t length);
/* The terminal's, as keeper was told; lives as long as the viewer. */
const char *viewer_address(const struct viewer *self);
/* What encode is told of it; false: it is not there to be shown anything. */
bool viewer_fill_join(const struct viewer *self, struct message_viewer_join *out);
/* There is a picture to be had now. */
void viewer_on_live(struct viewer *self);
/* There is none to be had any more: an onlooker, while the person is away. */
void viewer_on_pause(struct viewer *self);
/* Somebody looks on (number of the watch, administrator), or does no longer (0). */
void viewer_watched(struct viewer *self, uint32_t number, const char *administrator);
/* Whether this viewer has said that its person was told of that watch. */
bool viewer_is_told(const struct viewer *self, uint32_t number);
/* Tells why it is over (enum end_reason), leaves its session (enum session_leave), then closes. */
void viewer_end(struct viewer *self, unsigned reason, enum session_leave leave);
/* Another window has the lease now. */
void viewer_replace(struct viewer *self);
/* At most VIEWER_NOTICES_MAX wait; the oldest is dropped for a newer. */
void viewer_notice(struct viewer *self, unsigned notice, const char *text);
#define VIEWER_NOTICES_MAX 4

#endif
