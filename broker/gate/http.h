/* HTTP requests: the viewer's files, /status, /sign-in, /sign-out. */
#ifndef SHOJI_GATE_HTTP_H
#define SHOJI_GATE_HTTP_H

#include <stddef.h>

struct connection;
struct message_sign_in_result;
struct message_sign_out_result;

/* lws's callbacks for a connection in CONNECTION_REQUEST and after; each returns what lws wants: 0 or -1 to close. */
int http_on_request(struct connection *self, const char *path); /* the header is complete */
int http_on_body(struct connection *self, const char *data, size_t length);
int http_on_body_end(struct connection *self);
int http_on_writable(struct connection *self);

/* keeper's answers to what this connection asked. */
void http_on_sign_in_result(struct connection *self, const struct message_sign_in_result *result);
void http_on_sign_out_result(struct connection *self, const struct message_sign_out_result *result);
/* keeper is away, or did not answer in time. */
void http_on_unavailable(struct connection *self);

/* Refuses with this status and closes after it: used by upgrade.c as well, which sends at once. */
void http_refuse(struct connection *self, unsigned status, const char *why);

#endif
