/* The commands inside picture frames (stream/picture.h), obeyed upon a screen. */
#ifndef SHOJI_STREAM_COMMANDS_H
#define SHOJI_STREAM_COMMANDS_H

#include <stddef.h>
#include <stdint.h>

struct drawn_model;
struct history;
struct screen;
struct kept;
struct tile_cache;

/* Obeys the first command of bytes. Returns the bytes that it took (at most PICTURE_COMMAND_MAX), 0
 * when it is not whole yet, STREAM_ERR_MALFORMED when it is none. */
int32_t command_obey(struct screen *screen, struct tile_cache *cache, struct kept *kept,
        struct history *history, struct drawn_model *drawn, const uint8_t *bytes, size_t length);

#endif
