/* Names for error codes, as logs show them. Stands on no boundary. */
#include "base/error.h"

const char *shoji_error_text(int error)
{
	switch ((enum shoji_error)error) {
	case SHOJI_OK:
		return "no error";
	case SHOJI_ERR_MEMORY:
		return "out of memory";
	case SHOJI_ERR_SYSTEM:
		return "system call failed";
	case SHOJI_ERR_CLOSED:
		return "closed by peer";
	case SHOJI_ERR_MALFORMED:
		return "malformed";
	case SHOJI_ERR_FORBIDDEN:
		return "not permitted";
	case SHOJI_ERR_LIMIT:
		return "over its limit";
	case SHOJI_ERR_NOT_FOUND:
		return "not found";
	case SHOJI_ERR_EXISTS:
		return "exists already";
	case SHOJI_ERR_TIMEOUT:
		return "deadline passed";
	case SHOJI_ERR_CONFIG:
		return "bad configuration";
	case SHOJI_ERR_AGAIN:
		return "not ready";
	}
	return "unknown error";
}
