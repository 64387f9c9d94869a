/* The words that roles share about a session: why it ends, what signing in and attaching answer,
 * what egress decided. Their numbers travel in messages and are never reused. */
#ifndef SHOJI_BASE_SESSION_H
#define SHOJI_BASE_SESSION_H

#include <stdint.h>

/* Why a session ended. Also what the viewer is told (viewer/stream/wire.h, WIRE_CONTROL_ENDED). */
enum end_reason {
	END_SIGNED_OUT = 1,    /* the person signed out */
	END_IDLE = 2,          /* nothing was pressed for the permitted time */
	END_DURATION = 3,      /* the longest permitted time is over */
	END_ABANDONED = 4,     /* the line stayed cut for too long, or the viewer never came */
	END_ADMINISTRATOR = 5, /* an administrator ended it */
	END_START_FAILED = 6,  /* the isolated host did not come up */
	END_HOST_EXITED = 7,   /* the isolated host ended by itself */
	END_CAPTURE_FAILED =
	        8, /* capture ended: the isolated host broke the rules of RFB, or stalled */
	END_ENCODE_FAILED = 9, /* encode ended: a bug, or capture said something forbidden */
	END_LIMIT = 10,        /* over its memory or process limit */
	END_BROKER = 11,       /* the broker stopped */
	END_LEASE_LOST = 12,   /* the shepherd was not told in time that the lease still holds */
};
#define END_REASON_MAX END_LEASE_LOST

const char *end_reason_text(enum end_reason reason);

enum sign_in_outcome {
	SIGN_IN_ACCEPTED = 0,
	SIGN_IN_WRONG = 1,       /* unknown person or wrong password: never told apart */
	SIGN_IN_LOCKED = 2,      /* too many failures; retry_after_s says for how long */
	SIGN_IN_IN_USE = 3,      /* this person has a session already */
	SIGN_IN_FULL = 4,        /* no slot is free */
	SIGN_IN_UNAVAILABLE = 5, /* the broker cannot take anybody just now */
};
#define SIGN_IN_OUTCOME_MAX SIGN_IN_UNAVAILABLE

enum attach_outcome {
	ATTACH_ACCEPTED = 0,
	ATTACH_UNKNOWN = 1, /* no such cookie, or its lease is over: sign in again */
	ATTACH_IN_USE = 2,  /* the token is not the latest one: another window has the session */
	ATTACH_UNAVAILABLE = 3, /* not just now: the token stays good, wait and try again */
};
#define ATTACH_OUTCOME_MAX ATTACH_UNAVAILABLE

/* Of a press and its answer (viewer/stream/wire.h, WIRE_ANSWER_MAX): tenths of a millisecond. */
#define LATENCY_TENTHS_MAX 10000

/* What a viewer is told while its session goes on (WIRE_CONTROL_NOTICE). */
/* What became of a text that was to be committed (text_outcome, and WIRE_TEXT_OUTCOME). */
enum text_outcome {
	TEXT_DONE = 0,
	TEXT_REFUSED = 1,  /* nothing that has the focus takes it */
	TEXT_TOO_MUCH = 2, /* more characters a minute than anybody types */
};
#define TEXT_OUTCOME_MAX TEXT_TOO_MUCH

enum viewer_notice {
	NOTICE_SCREENSHOT = 1, /* an administrator took a screenshot; text: the administrator */
	NOTICE_IDLE_SOON = 2,  /* idle end is near; text: minutes left */
	NOTICE_DURATION_SOON =
	        3, /* the longest permitted time is nearly over; text: minutes left */
};
#define NOTICE_MAX NOTICE_DURATION_SOON

/* The viewers that one session may have, each with a channel and a stream of its own. Its number is its place in arrays. */
enum viewer_seat {
	SEAT_PERSON = 0,
	SEAT_ONLOOKER = 1, /* an administrator who looks on: never any input */
};
#define VIEWERS_MAX 2

enum egress_verdict {
	EGRESS_ALLOWED = 0,
	EGRESS_DENIED_BY_LIST = 1, /* the deny list names it */
	EGRESS_DENIED_ADDRESS =
	        2, /* private, LGWAN, My Number, own or otherwise not the Internet */
	EGRESS_DENIED_PORT = 3,
	EGRESS_NOT_RESOLVED = 4,
	EGRESS_UNREACHABLE = 5, /* connection refused or timed out, or the upstream proxy is down */
	EGRESS_MALFORMED = 6,   /* the request broke a rule of HTTP */
	EGRESS_DENIED_SNI = 7,  /* the TLS server name differs from the CONNECT name */
	EGRESS_OVER_LIMIT = 8,  /* too many connections of this session, at once or in a minute */
};
#define EGRESS_VERDICT_MAX EGRESS_OVER_LIMIT
const char *egress_verdict_text(enum egress_verdict verdict);

/* The whole modifier state, in every input message. Bits. */
enum input_modifier {
	MODIFIER_SHIFT = 1 << 0,
	MODIFIER_CONTROL = 1 << 1,
	MODIFIER_ALT = 1 << 2,
	MODIFIER_META = 1 << 3,
	MODIFIER_ALTGR = 1 << 4,
	MODIFIER_CAPS_LOCK = 1 << 5,
	MODIFIER_NUM_LOCK = 1 << 6,
};
#define INPUT_MODIFIERS_ALL 0x7f

/* Bits of `buttons` in input_pointer: what is held now. */
enum input_button {
	BUTTON_LEFT = 1 << 0,
	BUTTON_MIDDLE = 1 << 1,
	BUTTON_RIGHT = 1 << 2,
	BUTTON_BACK = 1 << 3,
	BUTTON_FORWARD = 1 << 4,
};
#define INPUT_BUTTONS_ALL 0x1f

/* Wheel notches that one message may carry, each way. */
#define INPUT_WHEEL_MAX 32

/* A key is a QEMU key number (an XT scan code; 0x80 is set for the E0-prefixed ones):
 * https://github.com/rfbproto/rfbproto, "QEMU Extended Key Event Message". */
#define INPUT_KEY_MIN 1
#define INPUT_KEY_MAX 0xff

/* Screen sizes in pixels. */
#define SCREEN_WIDTH_MIN 320
#define SCREEN_HEIGHT_MIN 240
#define SCREEN_WIDTH_MAX 3840
#define SCREEN_HEIGHT_MAX 2160

/* Device pixels of the terminal per CSS pixel, in 64ths: the steps that Chromium itself rounds to. */
#define SCREEN_SCALE_ONE 64
#define SCREEN_SCALE_MIN 32
#define SCREEN_SCALE_MAX 256

/* The pixel buffer: rows of width_max pixels of 4 bytes B,G,R,X, one after the other without gap.
 */
#define PIXEL_BYTES 4

/* What capture's and encode's exit status says (below 64 and from 128 on: the system's own). */
enum worker_exit {
	WORKER_EXIT_DONE = 0,       /* monitor closed the channel */
	WORKER_EXIT_SETUP = 64,     /* confinement or set-up failed */
	WORKER_EXIT_HANDSHAKE = 65, /* not RFB 3.8 with security None */
	WORKER_EXIT_PROTOCOL = 66,  /* RFB that was not asked for, or malformed */
	WORKER_EXIT_BOUNDS = 67,    /* a rectangle, size or length over its limit */
	WORKER_EXIT_STALLED = 68,   /* the peer was silent or slow for too long */
	WORKER_EXIT_CLOSED = 69,    /* the RFB connection was closed */
	WORKER_EXIT_PEER = 70,      /* the other worker, or gate, broke the message table */
	WORKER_EXIT_MEMORY = 71,
	WORKER_EXIT_NOT_TAKEN = 72, /* encode did not take damage within 10 seconds */
};
const char *worker_exit_text(int exit_status);

#endif
