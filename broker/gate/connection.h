/* One TCP connection of a terminal, from accept to close: whose it is, what it waits for, until when. */
#ifndef SHOJI_GATE_CONNECTION_H
#define SHOJI_GATE_CONNECTION_H

#include "gate/address_table.h"
#include "gate/answer.h"
#include "gate/sign_in.h"
#include "gate/viewer_input.h"

#include <stdbool.h>

struct gate;
struct lws;
struct viewer;

enum connection_state {
	CONNECTION_REQUEST, /* until the whole request is here; the request deadline runs from accept on */
	CONNECTION_WAITING,   /* keeper was asked */
	CONNECTION_ANSWERING, /* the answer goes out */
	CONNECTION_VIEWER,    /* a WebSocket */
	CONNECTION_CLOSED,
};

enum connection_question {
	QUESTION_NONE,
	QUESTION_SIGN_IN,
	QUESTION_SIGN_OUT,
	QUESTION_ATTACH,
	QUESTION_ONLOOK,
};

struct connection {
	struct gate *gate;
	struct connection *next;
	struct lws *wsi; /* NULL before it was adopted */
	enum connection_state state;
	struct address_key key;
	char address[ADDRESS_TEXT_MAX];

	/* The request's body, while it comes. Wiped. */
	char body[SIGN_IN_BODY_MAX];
	size_t body_length;
	bool is_sign_in;                   /* else a sign-out */
	char cookie[TOKEN_HEX_DIGITS + 1]; /* of the request; wiped */
	bool is_onlooker; /* its stream is that of an onlooker: no cookie, no input */
	bool has_body_ended;

	struct answer answer;
	uint64_t answer_until_ms;
	size_t sent_before;    /* at the last look at its progress ... */
	uint64_t turns_before; /* ... and the loop's turns then */
	enum connection_question question;
	uint32_t request; /* its number */

	struct viewer *viewer; /* owned */
};

/* Counts the address; NULL: refused (too many) or no memory. */
struct connection *connection_new(
        struct gate *gate, const struct address_key *key, const char address[ADDRESS_TEXT_MAX]);
/* Takes it off the list, frees its viewer, uncounts the address. */
void connection_free(struct connection *self);

/* Checks the transition and starts the state's deadline. */
void connection_set_state(struct connection *self, enum connection_state state);
/* Other deadlines than the state's own (a viewer's). 0: none. */
void connection_set_deadline_ms(struct connection *self, uint64_t delay_ms);
/* The deadline passed. Returns what lws's callback returns: -1 closes. */
int connection_on_deadline(struct connection *self);
/* Closes without a word, at the next turn. */
void connection_kill(struct connection *self);

/* NULL: none waits for that. */
struct connection *connection_find_question(
        struct gate *gate, enum connection_question question, uint32_t request);

/* One line of log about a refusal, unless there were too many in this second: terminals must not fill the disk. */
void connection_log_refusal(const struct connection *self, const char *why);

#endif
