/* What shojictl's parts share. */
#ifndef SHOJI_CTL_CTL_H
#define SHOJI_CTL_CTL_H

#include "ctl/words.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum ctl_exit {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_UNREACHABLE = 3,
	EXIT_NOT_FOUND = 4,
	EXIT_DAMAGED = 5,
};

#define PASSWORD_SIZE 257

struct options {
	const char *socket;
	bool is_json;
	bool is_password_stdin;
	bool is_generate;
	const char *name;         /* NULL: not given */
	const char *reason;       /* NULL: not given */
	long n;                   /* records */
	const char *arguments[4]; /* after the command's words */
	size_t n_arguments;
};

/* ---- broker.c: the connection ---- */

struct picture {
	int fd; /* owned; -1: none came */
	unsigned width, height, stride_bytes;
};

/* Asks and waits. request is taken; secrets in it are wiped. *reply (owned by the caller) is the last reply's
 * "data", or for a list the array of all items, or NULL. picture may be NULL. Returns an exit status; what
 * went wrong has been said on standard error (and as JSON on standard output). */
int broker_ask(
        const struct options *options, json_t *request, json_t **reply, struct picture *picture);

/* ---- commands.c ---- */
typedef int (*command_fn)(const struct options *options);
int command_status(const struct options *options);
int command_sessions(const struct options *options);
int command_end(const struct options *options);
int command_screenshot(const struct options *options);
int command_watch(const struct options *options);
int command_people_add(const struct options *options);
int command_people_passwd(const struct options *options);
int command_people_lock(const struct options *options);
int command_people_unlock(const struct options *options);
int command_people_list(const struct options *options);
int command_audit_verify(const struct options *options);
int command_audit_tail(const struct options *options);

/* ---- password.c ---- */
/* Fills password as the options say: typed twice without echo, a line of standard input, or made up. */
int password_get(const struct options *options, char password[PASSWORD_SIZE]);

/* ---- picture.c ---- */
/* Creates the file, 0600, never one that exists. -1: said why. */
int picture_create(const char *path);
/* Writes the picture as PNG and closes nothing. 0 or -1 (said why). */
int picture_write(const struct picture *picture, int fd, const char *path);

/* ---- print.c ---- */
/* Says one line on standard error: "shojictl: TEXT: DETAIL" (detail may be NULL). */
void print_error(const char *text, const char *detail);
/* Foreign text with control characters replaced, so that a record cannot steer the terminal. */
void print_text(const char *text);
void print_json(const json_t *value);
void print_status(const json_t *status);
void print_sessions(const json_t *items);
void print_people(const json_t *items);
void print_records(const json_t *items);
void print_audit_verdict(const json_t *verdict);
/* The words with their one %s filled in. */
void print_sentence(enum word which, const char *text);

#endif
