/* The headers of a request that gate looks at. */
#ifndef SHOJI_GATE_REQUEST_HEADER_H
#define SHOJI_GATE_REQUEST_HEADER_H

#include "gate/viewer_input.h"

#include <stdbool.h>

struct connection;
struct lws;

#define SESSION_COOKIE "__Host-shoji"

/* Host names us, and for what acts (is_action) Origin and Sec-Fetch-Site say that our own page asks.
 * NULL, or why not (for the log). */
const char *request_check_source(const struct connection *self, bool is_action);

/* The session's cookie; false: there is none of the right form. out is wiped by the caller. */
bool request_session_cookie(struct lws *wsi, char out[TOKEN_HEX_DIGITS + 1]);
/* The same from the header's text: pure, for tests. */
bool cookie_find(const char *header, char out[TOKEN_HEX_DIGITS + 1]);

#endif
