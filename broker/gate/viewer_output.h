/* The control messages that gate itself says to a viewer (viewer/stream/wire.h). Pure. */
#ifndef SHOJI_GATE_VIEWER_OUTPUT_H
#define SHOJI_GATE_VIEWER_OUTPUT_H

#include <stddef.h>
#include <stdint.h>

#define VIEWER_OUTPUT_MAX 512 /* bytes of the longest */

/* Each writes to out (VIEWER_OUTPUT_MAX bytes) and returns the length. */
size_t viewer_output_welcome(
        uint8_t *out, uint8_t state, const char *token, const char *display_name);
size_t viewer_output_state(uint8_t *out, uint8_t state);
size_t viewer_output_notice(uint8_t *out, uint8_t notice, const char *text);
size_t viewer_output_ended(uint8_t *out, uint8_t reason);
size_t viewer_output_not_attached(uint8_t *out, uint8_t outcome);
/* number 0: nobody looks on. */
size_t viewer_output_watched(uint8_t *out, uint32_t number, const char *administrator);
size_t viewer_output_pong(uint8_t *out, uint32_t nonce);

#endif
