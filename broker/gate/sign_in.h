/* The body of POST /sign-in: {"person","password","width","height","scale"} and nothing else.
 *
 * Boundary: anybody who reaches the port can send it. */
#ifndef SHOJI_GATE_SIGN_IN_H
#define SHOJI_GATE_SIGN_IN_H

#include <stddef.h>
#include <stdint.h>

#define SIGN_IN_BODY_MAX 4096 /* bytes */
#define SIGN_IN_PERSON_MAX 64
#define SIGN_IN_PASSWORD_MAX 256

struct sign_in_form {
	char person[SIGN_IN_PERSON_MAX + 1];
	char password[SIGN_IN_PASSWORD_MAX + 1]; /* the caller wipes it */
	uint16_t width, height;                  /* pixels, within SCREEN_*_MIN..MAX */
	uint16_t scale;                          /* SCREEN_SCALE_* */
};

/* Once a process, before the first body: makes jansson wipe what it frees, passwords among it. */
void sign_in_init(void);

/* 0 and *out; or SHOJI_ERR_MALFORMED and *field, the name of the first wrong field ("" when it is not the
 * expected JSON at all; static storage). body is not kept. */
int sign_in_parse(const char *body, size_t length, struct sign_in_form *out, const char **field);

#endif
