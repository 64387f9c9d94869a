/* The one list of ways in which a function of Shoji can fail.
 *
 * Fallible functions return 0 or one of these negative codes; outputs are written only on success.
 */
#ifndef SHOJI_BASE_ERROR_H
#define SHOJI_BASE_ERROR_H

enum shoji_error {
	SHOJI_OK = 0,
	SHOJI_ERR_MEMORY = -1,    /* an allocation failed */
	SHOJI_ERR_SYSTEM = -2,    /* a system call failed; errno says why */
	SHOJI_ERR_CLOSED = -3,    /* the peer closed */
	SHOJI_ERR_MALFORMED = -4, /* bytes that do not follow their format */
	SHOJI_ERR_FORBIDDEN = -5, /* well-formed, but not permitted here or now */
	SHOJI_ERR_LIMIT = -6,     /* a stated maximum was exceeded */
	SHOJI_ERR_NOT_FOUND = -7, /* nothing of that name or number */
	SHOJI_ERR_EXISTS = -8,    /* there is one already */
	SHOJI_ERR_TIMEOUT = -9,   /* the deadline passed */
	SHOJI_ERR_CONFIG = -10,   /* a setting is unknown, missing or out of range */
	SHOJI_ERR_AGAIN =
	        -11, /* nothing to do now; not a failure: try when the descriptor is ready */
};

/* A short English phrase for a code, for logs. Static storage. */
const char *shoji_error_text(int error);

#endif
