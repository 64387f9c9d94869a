/* The RFB handshake, client's side: version 3.8 exactly, security None exactly, then our own pixel format
 * and list of encodings. Pure: bytes in, replies out; the driver owns the socket. */
#ifndef SHOJI_CAPTURE_HANDSHAKE_H
#define SHOJI_CAPTURE_HANDSHAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HANDSHAKE_NAME_MAX 1024 /* bytes of the desktop's name, which is skipped */
#define HANDSHAKE_REPLY_MAX 64
#define HANDSHAKE_FIELD_MAX 24 /* ServerInit without the name */

/* What is asked for, and all that is accepted (reader.h). */
enum rfb_encoding {
	RFB_RAW = 0,
	RFB_COPY_RECT = 1,
	RFB_CURSOR = -239,
	RFB_COMPRESS_LEVEL_9 = -247, /* a wish, never accepted as an area's encoding */
	RFB_EXTENDED_KEY = -258,
	RFB_EXTENDED_DESKTOP_SIZE = -308,
};

enum handshake_state {
	HANDSHAKE_VERSION,
	HANDSHAKE_SECURITY_COUNT,
	HANDSHAKE_SECURITY_TYPE,
	HANDSHAKE_SECURITY_RESULT,
	HANDSHAKE_SERVER_INIT,
	HANDSHAKE_NAME,
	HANDSHAKE_DONE,
};

struct handshake {
	enum handshake_state state;
	uint16_t width_max, height_max; /* pixels: what ServerInit may say */
	uint16_t width, height;         /* what it said; valid when done */
	uint8_t field[HANDSHAKE_FIELD_MAX];
	size_t field_length;
	uint32_t name_left; /* bytes */
	uint8_t reply[HANDSHAKE_REPLY_MAX];
	size_t reply_length;
};

void handshake_init(struct handshake *self, uint16_t width_max, uint16_t height_max);

/* Consumes bytes up to the next reply or the end at most. Returns how many (0 only when length is 0 or the
 * handshake is done), SHOJI_ERR_FORBIDDEN (another version, security or screen than ours) or SHOJI_ERR_LIMIT (name or
 * screen too large). */
int handshake_feed(struct handshake *self, const uint8_t *data, size_t length);

/* Bytes that must go to the server now; the next call of feed forgets them. Borrowed. */
size_t handshake_reply(const struct handshake *self, const uint8_t **bytes);

bool handshake_is_done(const struct handshake *self);

#endif
