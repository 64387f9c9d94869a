/* The connection to the isolated host's RFB server: buffered reading; sending through libvncclient. */
#ifndef SHOJI_CAPTURE_RFB_H
#define SHOJI_CAPTURE_RFB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rfb;

/* Takes fd, a connected stream socket. NULL: no memory (fd is closed). */
struct rfb *rfb_new(int fd);
void rfb_free(struct rfb *self);
int rfb_fd(const struct rfb *self);

/* Bytes read and not consumed yet; borrowed until the next call. Reads more, without waiting, when there are none.
 * 1 and *data, *length; 0: nothing now; SHOJI_ERR_CLOSED. */
int rfb_peek(struct rfb *self, const uint8_t **data, size_t *length);
void rfb_consume(struct rfb *self, size_t length);

/* Whether a message of up to 64 bytes can be sent now without waiting. */
bool rfb_can_send(const struct rfb *self);

/* 0, or SHOJI_ERR_CLOSED. Only when rfb_can_send(). */
int rfb_send_bytes(struct rfb *self, const uint8_t *bytes, size_t length);
int rfb_send_update_request(struct rfb *self, uint16_t width, uint16_t height, bool is_incremental);
/* key: a QEMU key number; no keysym: the host's own keyboard map decides the character. */
int rfb_send_key(struct rfb *self, uint8_t key, bool is_down);
/* SetDesktopSize with one screen, called as the server called it. */
int rfb_send_size(struct rfb *self, uint16_t width, uint16_t height, uint32_t screen_id);
int rfb_send_pointer(struct rfb *self, uint16_t x, uint16_t y, uint8_t buttons);

#endif
