/* Reads what a viewer sends. Every field is checked against its range here; capture checks the same again,
 * because it does not trust gate either. */
#include "gate/viewer_input.h"

#include "base/bytes.h"
#include "base/error.h"
#include "base/session.h"
#include "base/text_door.h"
#include "stream/wire.h"

#include <string.h>

bool is_token(const char *text, size_t length)
{
	if (length != TOKEN_HEX_DIGITS)
		return false;
	for (size_t i = 0; i < length; i++)
		if (!((text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f')))
			return false;
	return true;
}

/* Bytes after the first, the least code point that needs so many; 0 bytes and 0 least: not a first byte. */
static unsigned sequence_of(uint8_t first, uint32_t *code, uint32_t *least)
{
	if (first >= 0xc2 && first <= 0xdf) {
		*code = first & 0x1fu;
		*least = 0x80;
		return 1;
	}
	if (first >= 0xe0 && first <= 0xef) {
		*code = first & 0x0fu;
		*least = 0x800;
		return 2;
	}
	if (first >= 0xf0 && first <= 0xf4) {
		*code = first & 0x07u;
		*least = 0x10000;
		return 3;
	}
	return 0;
}

static bool is_permitted(uint32_t code)
{
	if (code < 0x20)
		return code == '\n' || code == '\t';
	return code != 0x7f && !(code >= 0x80 && code < 0xa0) &&
	       !(code >= 0xd800 && code < 0xe000) && code <= 0x10ffff;
}

bool is_plain_utf8(const char *text, size_t length)
{
	for (size_t at = 0; at < length;) {
		uint32_t code = (uint8_t)text[at++];
		uint32_t least = 0;
		unsigned more = 0;
		if (code >= 0x80) {
			more = sequence_of((uint8_t)code, &code, &least);
			if (more == 0 || length - at < more)
				return false;
		}
		while (more-- > 0) {
			uint8_t next = (uint8_t)text[at++];
			if ((next & 0xc0) != 0x80)
				return false;
			code = code << 6 | (next & 0x3fu);
		}
		if (code < least || !is_permitted(code))
			return false;
	}
	return true;
}

static int check(bool is_right)
{
	return is_right ? 0 : SHOJI_ERR_MALFORMED;
}

static int read_hello(struct bytes_reader *reader, struct viewer_message *out)
{
	out->kind = VIEWER_MESSAGE_HELLO;
	out->hello.version_min = bytes_get_u16(reader);
	out->hello.version_max = bytes_get_u16(reader);
	out->hello.capabilities = bytes_get_u32(reader);
	out->hello.window_log_max = bytes_get_u8(reader);
	out->hello.epoch = bytes_get_u64(reader);
	out->hello.last_frame = bytes_get_u32(reader);
	out->hello.cache_slots = bytes_get_u16(reader);
	bytes_get_string(reader, out->hello.token, TOKEN_HEX_DIGITS);
	if (bytes_reader_finish(reader))
		return SHOJI_ERR_MALFORMED;
	/* Later viewers may know more capabilities; what we do not know is not passed on. */
	out->hello.capabilities &= WIRE_CAPABILITIES_ALL;
	return check(out->hello.version_min <= out->hello.version_max &&
	             out->hello.window_log_max >= WIRE_WINDOW_LOG_MIN &&
	             out->hello.window_log_max <= WIRE_WINDOW_LOG_MAX &&
	             out->hello.cache_slots <= WIRE_CACHE_SLOTS_MAX &&
	             is_token(out->hello.token, strlen(out->hello.token)));
}

static int read_control(uint8_t type, struct bytes_reader *reader, struct viewer_message *out)
{
	if (type == WIRE_CONTROL_HELLO)
		return read_hello(reader, out);
	if (type == WIRE_CONTROL_TOLD) {
		out->kind = VIEWER_MESSAGE_TOLD;
		out->told_number = bytes_get_u32(reader);
		return bytes_reader_finish(reader);
	}
	if (type != WIRE_CONTROL_PING)
		return SHOJI_ERR_MALFORMED;
	out->kind = VIEWER_MESSAGE_PING;
	out->ping_nonce = bytes_get_u32(reader);
	return bytes_reader_finish(reader);
}

static int read_picture(uint8_t type, struct bytes_reader *reader, struct viewer_message *out)
{
	if (type != WIRE_PICTURE_ACK)
		return SHOJI_ERR_MALFORMED;
	out->kind = VIEWER_MESSAGE_ACK;
	out->ack.frame = bytes_get_u16(reader);
	out->ack.has_answer = !reader->error && reader->at < reader->length;
	out->ack.input = out->ack.has_answer ? bytes_get_u16(reader) : 0;
	out->ack.took = out->ack.has_answer ? bytes_get_u16(reader) : 0;
	if (bytes_reader_finish(reader))
		return SHOJI_ERR_MALFORMED;
	return check(
	        !out->ack.has_answer || (out->ack.took >= 1 && out->ack.took <= WIRE_ANSWER_MAX));
}

static int read_video(uint8_t type, struct bytes_reader *reader, struct viewer_message *out)
{
	if (type != WIRE_VIDEO_DRAWN && type != WIRE_VIDEO_FAILED)
		return SHOJI_ERR_MALFORMED;
	out->kind = VIEWER_MESSAGE_VIDEO;
	out->video.has_failed = type == WIRE_VIDEO_FAILED;
	out->video.frame = type == WIRE_VIDEO_DRAWN ? bytes_get_u32(reader) : 0;
	return bytes_reader_finish(reader);
}

static int read_key(struct bytes_reader *reader, struct viewer_message *out)
{
	out->kind = VIEWER_MESSAGE_KEY;
	out->key.key = bytes_get_u16(reader);
	uint8_t is_down = bytes_get_u8(reader);
	out->key.modifiers = bytes_get_u16(reader);
	if (bytes_reader_finish(reader))
		return SHOJI_ERR_MALFORMED;
	out->key.is_down = is_down == 1;
	/* The sentinel is capture's to press. */
	return check(out->key.key >= INPUT_KEY_MIN && out->key.key <= INPUT_KEY_MAX &&
	             out->key.key != TEXT_DOOR_SENTINEL_KEY && is_down <= 1 &&
	             !(out->key.modifiers & ~INPUT_MODIFIERS_ALL));
}

static int read_pointer(struct bytes_reader *reader, struct viewer_message *out)
{
	out->kind = VIEWER_MESSAGE_POINTER;
	out->pointer.x = bytes_get_u16(reader);
	out->pointer.y = bytes_get_u16(reader);
	out->pointer.buttons = bytes_get_u8(reader);
	out->pointer.modifiers = bytes_get_u16(reader);
	if (bytes_reader_finish(reader))
		return SHOJI_ERR_MALFORMED;
	return check(!(out->pointer.buttons & ~INPUT_BUTTONS_ALL) &&
	             !(out->pointer.modifiers & ~INPUT_MODIFIERS_ALL));
}

static int read_wheel(struct bytes_reader *reader, struct viewer_message *out)
{
	out->kind = VIEWER_MESSAGE_WHEEL;
	out->wheel.x = bytes_get_u16(reader);
	out->wheel.y = bytes_get_u16(reader);
	out->wheel.left = bytes_get_u8(reader);
	out->wheel.right = bytes_get_u8(reader);
	out->wheel.up = bytes_get_u8(reader);
	out->wheel.down = bytes_get_u8(reader);
	out->wheel.modifiers = bytes_get_u16(reader);
	if (bytes_reader_finish(reader))
		return SHOJI_ERR_MALFORMED;
	return check(out->wheel.left <= INPUT_WHEEL_MAX && out->wheel.right <= INPUT_WHEEL_MAX &&
	             out->wheel.up <= INPUT_WHEEL_MAX && out->wheel.down <= INPUT_WHEEL_MAX &&
	             !(out->wheel.modifiers & ~INPUT_MODIFIERS_ALL));
}

static int read_clauses(struct bytes_reader *reader, struct viewer_message *out)
{
	uint8_t n_clauses = bytes_get_u8(reader);

	if (n_clauses > WIRE_CLAUSES_MAX)
		return SHOJI_ERR_MALFORMED;
	out->text.clauses_length = (size_t)n_clauses * WIRE_CLAUSE_BYTES;
	const uint8_t *clauses = bytes_get_raw(reader, out->text.clauses_length);
	if (!clauses)
		return SHOJI_ERR_MALFORMED;
	memcpy(out->text.clauses, clauses, out->text.clauses_length);
	for (size_t i = 0; i < n_clauses; i++)
		if (out->text.clauses[i * WIRE_CLAUSE_BYTES + 4] > 1)
			return SHOJI_ERR_MALFORMED;
	return 0;
}

static size_t count_characters(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((uint8_t)*text & 0xc0) != 0x80;
	return n;
}

static int read_text(struct bytes_reader *reader, struct viewer_message *out)
{
	out->kind = VIEWER_MESSAGE_TEXT;
	out->text.number = bytes_get_u32(reader);
	uint8_t is_commit = bytes_get_u8(reader);
	out->text.caret = bytes_get_u16(reader);
	if (read_clauses(reader, out))
		return SHOJI_ERR_MALFORMED;
	bytes_get_string(reader, out->text.text, VIEWER_TEXT_MAX);
	if (bytes_reader_finish(reader))
		return SHOJI_ERR_MALFORMED;
	out->text.is_commit = is_commit == 1;
	out->text.length = strlen(out->text.text);
	if (is_commit > 1 || !is_plain_utf8(out->text.text, out->text.length))
		return SHOJI_ERR_MALFORMED;
	size_t n_characters = count_characters(out->text.text);
	return check(n_characters <= WIRE_TEXT_CHARACTERS_MAX && out->text.caret <= n_characters &&
	             (!is_commit || (out->text.caret == 0 && out->text.clauses_length == 0)));
}

static int read_screen(struct bytes_reader *reader, struct viewer_message *out)
{
	out->kind = VIEWER_MESSAGE_SCREEN;
	out->screen.width = bytes_get_u16(reader);
	out->screen.height = bytes_get_u16(reader);
	out->screen.scale = bytes_get_u16(reader);
	if (bytes_reader_finish(reader))
		return SHOJI_ERR_MALFORMED;
	return check(out->screen.width >= 1 && out->screen.width <= SCREEN_WIDTH_MAX &&
	             out->screen.height >= 1 && out->screen.height <= SCREEN_HEIGHT_MAX &&
	             out->screen.scale >= WIRE_SCALE_MIN && out->screen.scale <= WIRE_SCALE_MAX);
}

static int read_input(uint8_t type, struct bytes_reader *reader, struct viewer_message *out)
{
	out->sequence = bytes_get_u32(reader);
	switch ((enum wire_input)type) {
	case WIRE_INPUT_KEY:
		return read_key(reader, out);
	case WIRE_INPUT_POINTER:
		return read_pointer(reader, out);
	case WIRE_INPUT_WHEEL:
		return read_wheel(reader, out);
	case WIRE_INPUT_TEXT:
		return read_text(reader, out);
	case WIRE_INPUT_RELEASE_ALL:
		out->kind = VIEWER_MESSAGE_RELEASE_ALL;
		return bytes_reader_finish(reader);
	case WIRE_INPUT_SCREEN:
		return read_screen(reader, out);
	}
	return SHOJI_ERR_MALFORMED;
}

int viewer_message_parse(const uint8_t *data, size_t length, struct viewer_message *out)
{
	struct bytes_reader reader;

	if (length > WIRE_FROM_VIEWER_MAX)
		return SHOJI_ERR_MALFORMED;
	bytes_reader_init(&reader, data, length);
	uint8_t kind = bytes_get_u8(&reader);
	uint8_t channel = WIRE_CHANNEL_OF(kind), type = WIRE_TYPE_OF(kind);
	if (reader.error)
		return SHOJI_ERR_MALFORMED;
	switch (channel) {
	case WIRE_CONTROL:
		return read_control(type, &reader, out);
	case WIRE_PICTURE:
		return read_picture(type, &reader, out);
	case WIRE_INPUT:
		return read_input(type, &reader, out);
	case WIRE_VIDEO_MIN:
	case WIRE_VIDEO_MAX:
		return read_video(type, &reader, out);
	default: /* not an enum: any byte can arrive */
		out->kind = VIEWER_MESSAGE_SKIP;
		return check(channel >= WIRE_CHANNEL_OPTIONAL_MIN);
	}
}
