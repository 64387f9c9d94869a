/* Any bytes as what an RFB server says: the handshake, then the reader.
 *
 * The first byte: bits 0-6 the size of the pieces in which the bytes arrive (0: all at once); bit 7: pixels of Raw rectangles
 * are not in the input but made up, so that a small input reaches far beyond a large picture. Twice: the result must not
 * depend on the pieces. After each update all that would go to encode is checked. */
#include "base/error.h"
#include "base/session.h"
#include "capture/handshake.h"
#include "capture/reader.h"

#include <stdlib.h>
#include <string.h>

#define WIDTH_MAX 640
#define HEIGHT_MAX 480
#define MADE_UP_BYTES_MAX (8 * 1024 * 1024) /* an input */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
	int error;
	size_t consumed;
	uint32_t generation, n_updates, n_rects, message_count;
};

static struct pixels pixels;
static struct handshake handshake;
static struct reader reader;

static void check(int condition)
{
	if (!condition)
		abort();
}

static void check_update(struct outcome *outcome)
{
	const struct message_damage *damage = &reader.damage;
	const struct message_cursor *cursor = &reader.cursor;

	check(reader.width >= SCREEN_WIDTH_MIN && reader.width <= WIDTH_MAX);
	check(reader.height >= SCREEN_HEIGHT_MIN && reader.height <= HEIGHT_MAX);
	check(damage->n_rects <= 256 && damage->n_copies <= 64);
	for (size_t i = 0; i < damage->n_rects; i++) {
		const struct rect *rect = &damage->rects[i];
		check(rect->width && rect->height && rect->x + rect->width <= reader.width &&
		        rect->y + rect->height <= reader.height);
	}
	for (size_t i = 0; i < damage->n_copies; i++) {
		const struct copy_hint *copy = &damage->copies[i];
		check(copy->source_x + copy->width <= reader.width &&
		        copy->source_y + copy->height <= reader.height);
		check(copy->x + copy->width <= reader.width &&
		        copy->y + copy->height <= reader.height);
	}
	check(cursor->width <= 128 && cursor->height <= 128);
	check(cursor->width == 0 ||
	        (cursor->hot_x < cursor->width && cursor->hot_y < cursor->height));
	check(cursor->image_length ==
	        (uint32_t)cursor->height * (cursor->width * 3u + (cursor->width + 7u) / 8));
	outcome->n_updates++;
	outcome->n_rects += damage->n_rects;
}

static int feed_handshake(const uint8_t *data, size_t length)
{
	const uint8_t *reply;
	int n = handshake_feed(&handshake, data, length);

	if (n < 0)
		return n;
	check(handshake_reply(&handshake, &reply) <= HANDSHAKE_REPLY_MAX);
	if (handshake_is_done(&handshake)) {
		reader_init(&reader, &pixels, handshake.width, handshake.height);
		reader_requested(&reader);
	}
	return n;
}

static int feed_reader(struct outcome *outcome, const uint8_t *data, size_t length)
{
	int n = reader_feed(&reader, data, length);

	if (n < 0)
		return n;
	check(n > 0 && (size_t)n <= length);
	if (!reader.is_update_complete)
		return n;
	check_update(outcome);
	reader.has_new_size = reader.has_cursor = false;
	reader_update_taken(&reader);
	reader_requested(&reader);
	/* Answers to sizes are taken as well, one for each. */
	if (outcome->n_updates % 2 == 0)
		reader_size_asked(&reader);
	return n;
}

/* The rest of the rectangle that is being read, or what is left of the allowance. */
static int make_up_pixels(struct outcome *outcome, size_t *allowance)
{
	static const uint8_t made_up[WIDTH_MAX * 4];
	size_t length = (size_t)reader.rect.width * 4 - reader.row_byte;

	if (length > *allowance)
		return SHOJI_ERR_AGAIN;
	*allowance -= length;
	int n = feed_reader(outcome, made_up, length);
	return n < 0 ? n : 0;
}

static struct outcome run(const uint8_t *data, size_t size, size_t piece, int is_made_up)
{
	struct outcome outcome = {0};
	size_t allowance = MADE_UP_BYTES_MAX;

	handshake_init(&handshake, WIDTH_MAX, HEIGHT_MAX);
	memset(&reader, 0, sizeof(reader));
	while (outcome.consumed < size && outcome.error == 0) {
		size_t length = size - outcome.consumed < piece ? size - outcome.consumed : piece;
		int n;
		if (!handshake_is_done(&handshake))
			n = feed_handshake(data + outcome.consumed, length);
		else if (is_made_up && reader.state == READER_RAW)
			n = make_up_pixels(&outcome, &allowance);
		else if (is_made_up)
			/* Byte for byte, or the bytes after a rectangle's header would become its pixels. */
			n = feed_reader(&outcome, data + outcome.consumed, 1);
		else
			n = feed_reader(&outcome, data + outcome.consumed, length);
		if (n < 0)
			outcome.error = n;
		else
			outcome.consumed += (size_t)n;
	}
	outcome.generation = reader.generation;
	outcome.message_count = reader.message_count;
	/* At an error, how much of the piece was consumed before it is not told. */
	if (outcome.error)
		outcome.consumed = 0;
	return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!pixels.data && pixels_allocate(&pixels, WIDTH_MAX, HEIGHT_MAX))
		abort();
	if (size < 1)
		return 0;
	size_t piece = data[0] & 0x7f ? data[0] & 0x7f : SIZE_MAX;
	int is_made_up = data[0] & 0x80;
	struct outcome whole = run(data + 1, size - 1, SIZE_MAX, is_made_up);
	struct outcome parts = run(data + 1, size - 1, piece, is_made_up);
	check(memcmp(&whole, &parts, sizeof(whole)) == 0);
	return 0;
}
