/* An HTTP answer: made whole, then sent piece by piece as the terminal takes it. */
#ifndef SHOJI_GATE_ANSWER_H
#define SHOJI_GATE_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lws;
struct lws_protocol_vhost_options;

#define ANSWER_SMALL_MAX 1024 /* bytes of a body that the answer holds itself */
#define ANSWER_HEADER_MAX 192 /* bytes with NUL of one further header's value */

struct answer {
	unsigned status;           /* 0: there is no answer yet */
	const char *content_type;  /* static; NULL: no body */
	const char *cache_control; /* static */
	const uint8_t *body;       /* borrowed, or own; NULL: none */
	size_t length, sent;
	bool is_head;                       /* the header alone is sent, with the body's length */
	bool has_header;                    /* sent */
	bool is_last;                       /* the connection closes after it */
	char etag[ANSWER_HEADER_MAX];       /* "": none */
	char set_cookie[ANSWER_HEADER_MAX]; /* "": none; wiped */
	const char *allow;                  /* static; NULL: none */
	char own[ANSWER_SMALL_MAX];         /* wiped */
};

/* What every answer carries beside its own headers, lws's own error pages included: for vhost creation. */
const struct lws_protocol_vhost_options *answer_security_headers(void);

/* text is copied, at most ANSWER_SMALL_MAX bytes of JSON. Not cached. */
void answer_json(struct answer *self, unsigned status, const char *text, bool is_last);
/* data is borrowed for as long as the process lives. Checked anew each time (no-cache with an ETag). */
void answer_file(struct answer *self, const char *content_type, const uint8_t *data, size_t length,
        const char *etag);
/* The terminal has that very file. */
void answer_not_modified(struct answer *self, const char *etag);
void answer_finish(struct answer *self);

/* Sends what the terminal takes now; to be called when lws says that it can be written to. 1: all of it is
 * sent; 0: call again (it was asked for); -1: close. */
int answer_send(struct answer *self, struct lws *wsi);

#endif
