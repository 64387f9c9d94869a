/* One WebSocket message of a viewer, taken apart and checked (viewer/stream/wire.h). Pure: no state, no I/O.
 *
 * Boundary: the bytes come from a terminal, which may be anybody who holds a cookie. */
#ifndef SHOJI_GATE_VIEWER_INPUT_H
#define SHOJI_GATE_VIEWER_INPUT_H

#include "stream/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOKEN_HEX_DIGITS 64
#define VIEWER_TEXT_MAX 16384 /* bytes, as in messages.def */

enum viewer_message_kind {
	VIEWER_MESSAGE_SKIP, /* an optional channel that we do not know */
	VIEWER_MESSAGE_HELLO,
	VIEWER_MESSAGE_PING,
	VIEWER_MESSAGE_TOLD,
	VIEWER_MESSAGE_ACK,
	VIEWER_MESSAGE_VIDEO,
	VIEWER_MESSAGE_KEY,
	VIEWER_MESSAGE_POINTER,
	VIEWER_MESSAGE_WHEEL,
	VIEWER_MESSAGE_TEXT,
	VIEWER_MESSAGE_RELEASE_ALL,
	VIEWER_MESSAGE_SCREEN,
};

struct viewer_message {
	enum viewer_message_kind kind;
	uint32_t sequence; /* of KEY and all below it */
	union {
		struct {
			uint16_t version_min, version_max;
			uint32_t capabilities;
			uint8_t window_log_max;
			uint64_t epoch;
			uint32_t last_frame;
			uint16_t cache_slots;
			char token[TOKEN_HEX_DIGITS + 1];
		} hello;
		uint32_t ping_nonce;
		uint32_t told_number;
		struct {
			uint16_t frame; /* the low half of its number */
			bool has_answer;
			uint16_t input, took; /* tenths of a millisecond, 1..WIRE_ANSWER_MAX */
		} ack;
		struct {
			bool has_failed;
			uint32_t frame; /* drawn; 0 when it has failed */
		} video;
		struct {
			uint16_t key, modifiers;
			bool is_down;
		} key;
		struct {
			uint16_t x, y, modifiers; /* pixels; not yet held to the screen's size */
			uint8_t buttons;
		} pointer;
		struct {
			uint16_t x, y, modifiers;
			uint8_t left, right, up, down; /* notches */
		} wheel;
		struct {
			uint16_t width, height; /* pixels; not yet held to the policy */
			uint16_t scale;         /* 64ths */
		} screen;
		struct {
			uint32_t number;
			bool is_commit;
			uint16_t caret; /* code points; at most those of the text */
			uint8_t clauses[WIRE_CLAUSES_MAX * WIRE_CLAUSE_BYTES]; /* as they came */
			size_t clauses_length;
			size_t length;
			char text[VIEWER_TEXT_MAX + 1]; /* UTF-8 */
		} text;
	};
};

/* 0 and *out, or SHOJI_ERR_MALFORMED. */
int viewer_message_parse(const uint8_t *data, size_t length, struct viewer_message *out);

/* 64 digits 0-9 a-f. */
bool is_token(const char *text, size_t length);
/* Valid UTF-8 without surrogates, overlong forms or control characters other than line feed and tab. */
bool is_plain_utf8(const char *text, size_t length);

#endif
