/* What the tests of stream and encode share: reproducible pictures, decoders, and words for what a decoder did. */
#ifndef SHOJI_TESTS_STREAM_SUPPORT_H
#define SHOJI_TESTS_STREAM_SUPPORT_H

#include "stream/decoder.h"
#include "tools/pixel_digest.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* xorshift64: the same on every machine. state is not 0. */
static inline uint32_t support_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)(*state >> 16);
}

static inline uint32_t support_below(uint64_t *state, uint32_t limit)
{
	return support_random(state) % limit;
}

#define SUPPORT_CACHE_SLOTS 300

/* Of 4096 words, for as many as encode wants. */
static inline const uint64_t *support_cache_key(void)
{
	static uint64_t key[4096];
	uint64_t state = 77;

	for (size_t i = 0; i < 4096; i++)
		key[i] = (uint64_t)support_random(&state) << 32 | support_random(&state);
	return key;
}

static inline struct stream_decoder *support_decoder_new(uint32_t width, uint32_t height)
{
	struct stream_limits limits = {width, height, 21, SUPPORT_CACHE_SLOTS};
	size_t size = stream_decoder_size(&limits);
	void *memory = aligned_alloc(16, size);
	struct stream_decoder *decoder = memory ? stream_decoder_init(memory, size, &limits) : NULL;

	if (!decoder)
		abort();
	return decoder;
}

/* R,G,B,A without gap. */
static inline uint64_t support_digest(const uint8_t *rgba, uint32_t width, uint32_t height)
{
	uint32_t sums[2] = {0x811c9dc5u, 0x9747b28cu};

	pixel_digest_add(sums, width);
	pixel_digest_add(sums, height);
	for (size_t i = 0; i < (size_t)width * height; i++, rgba += 4)
		pixel_digest_add(sums, rgba[0] | (uint32_t)rgba[1] << 8 | (uint32_t)rgba[2] << 16 |
		                               (uint32_t)rgba[3] << 24);
	return (uint64_t)sums[0] << 32 | sums[1];
}

#define SUPPORT_LINE_MAX 96

static inline void support_describe_frame(const struct stream_decoder *decoder,
        const struct screen *screen, char line[SUPPORT_LINE_MAX])
{
	int length = snprintf(line, SUPPORT_LINE_MAX, "frame %u %016llx",
	        stream_decoder_frame(decoder),
	        (unsigned long long)support_digest(screen->pixels, screen->width, screen->height));

	if (stream_decoder_answers(decoder) >= 0)
		snprintf(line + length, SUPPORT_LINE_MAX - (size_t)length, " answers %d",
		        stream_decoder_answers(decoder));
}

/* One line of NAME.expected: what a decoder did with one slice. tests/unit/stream_wasm.mjs writes the same. */
static inline void support_describe(
        const struct stream_decoder *decoder, int32_t status, char line[SUPPORT_LINE_MAX])
{
	const struct screen *screen = stream_decoder_screen(decoder);
	const struct side *side = stream_decoder_side(decoder);

	line[0] = '\0';
	if (status == STREAM_MORE)
		snprintf(line, SUPPORT_LINE_MAX, "more");
	else if (status == STREAM_BEGUN)
		snprintf(line, SUPPORT_LINE_MAX, "begun %ux%u", screen->width, screen->height);
	else if (status == STREAM_FRAME)
		support_describe_frame(decoder, screen, line);
	else if (status == STREAM_CURSOR)
		snprintf(line, SUPPORT_LINE_MAX, "cursor %ux%u+%u+%u %016llx", side->cursor_width,
		        side->cursor_height, side->hot_x, side->hot_y,
		        (unsigned long long)support_digest(
		                side->cursor, side->cursor_width, side->cursor_height));
	else if (status == STREAM_CARET)
		snprintf(line, SUPPORT_LINE_MAX, "caret %ux%u+%u+%u", side->caret_width,
		        side->caret_height, side->caret_x, side->caret_y);
	else if (status == STREAM_TEXT_OUTCOME)
		snprintf(line, SUPPORT_LINE_MAX, "outcome %u %u", side->text_number,
		        side->text_outcome);
	else if (status == STREAM_TEXT_TAKEN)
		snprintf(line, SUPPORT_LINE_MAX, "takes-text %u", side->takes_text);
	else if (status == STREAM_SKIPPED)
		snprintf(line, SUPPORT_LINE_MAX, "skipped");
	else
		snprintf(line, SUPPORT_LINE_MAX, "error %d", status);
}

/* A recorded stream: u32 length and a slice, again and again. */
struct support_stream {
	uint8_t *data;
	size_t length, at;
};

static inline char *support_read_file(const char *path, size_t *length)
{
	FILE *file = fopen(path, "rb");
	char *data = NULL;

	if (!file)
		abort();
	fseek(file, 0, SEEK_END);
	*length = (size_t)ftell(file);
	rewind(file);
	data = malloc(*length + 1);
	if (!data || fread(data, 1, *length, file) != *length)
		abort();
	data[*length] = '\0';
	fclose(file);
	return data;
}

static inline struct support_stream support_stream_open(const char *name)
{
	char path[512];
	struct support_stream self = {0};

	snprintf(path, sizeof(path), "%s/golden/stream/%s.slices", SHOJI_TEST_DATA, name);
	self.data = (uint8_t *)support_read_file(path, &self.length);
	return self;
}

/* NULL at the end. */
static inline const uint8_t *support_stream_next(struct support_stream *self, size_t *length)
{
	uint32_t field;

	if (self->at == self->length)
		return NULL;
	memcpy(&field, self->data + self->at, sizeof(field));
	self->at += sizeof(field) + field;
	*length = field;
	return self->data + self->at - field;
}

/* A picture with what screens have: paper, lines of something like text, one-coloured areas, a photograph. */
static inline uint32_t support_page_pixel(uint32_t x, uint32_t y)
{
	uint64_t state = (uint64_t)(y / 20) * 7919 + (x / 9) * 104729 + 1;
	uint32_t glyph;

	support_random(&state);
	glyph = support_random(&state);
	if (x >= 200 && x < 260 && y % 400 >= 100 && y % 400 < 160) {
		state = (uint64_t)y << 32 | (x + 1);
		support_random(&state);
		return support_random(&state) & 0xffffff;
	}
	if (y % 20 < 14 && y % 100 < 80 && x % 9 < 7)
		return glyph >> ((x % 9 / 2 + y % 20 / 3 * 4) % 31) & 1 ? 0x202020 : 0xffffff;
	return 0xffffff;
}

/* Up and down again, 0..amplitude, once every 2 x half. */
static inline uint32_t support_wave(uint32_t at, uint32_t half, uint32_t amplitude)
{
	uint32_t phase = at % (2 * half);

	return (phase < half ? phase : 2 * half - phase) * amplitude / half;
}

/* One pixel (0xffRRGGBB) of something like a photograph: slopes, texture and noise; every fourth kind has hard edges. */
static inline uint32_t support_photo_pixel(uint32_t x, uint32_t y, uint32_t kind)
{
	uint64_t state = ((uint64_t)kind << 40 | (uint64_t)y << 20 | x) * 2654435761u + 1;
	uint32_t noise[3];

	support_random(&state);
	for (uint32_t i = 0; i < 3; i++)
		noise[i] = support_below(&state, 3 + kind % 20);
	uint32_t light = support_wave(x + 2 * y + 31 * kind, 150, 130) +
	                 support_wave(x * (3 + kind % 5) + y, 17, 25);
	uint32_t warm = support_wave(3 * x + y + 7 * kind, 260, 60);
	if (kind % 4 == 1 && (x / 9 + y / 13) % 3 == 0)
		return kind % 8 == 1 ? 0xffffff00u : 0xff0000ffu;
	return 0xff000000u | (light + warm + noise[0]) << 16 | (light + noise[1] + 20) << 8 |
	       (light + noise[2] + 60 - warm);
}

#endif
