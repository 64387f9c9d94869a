/* The viewer's decoder, given slices. The first byte of the input chooses: even, the rest are slices (u16 length and bytes,
 * again and again), as they might come over the network; odd, the rest are picture commands, which are packed here into a zstd stream of stored
 * blocks, because random bytes seldom are one. */
#include "stream/decoder.h"
#include "stream/picture.h"
#include "stream/wire.h"

#include <stdlib.h>
#include <string.h>

#define WIDTH 200
#define HEIGHT 150
#define COMMANDS_MAX 16000
#define CACHE_SLOTS 5

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct stream_decoder *fresh_decoder(void)
{
	static const struct stream_limits limits = {WIDTH, HEIGHT, 20, CACHE_SLOTS};
	static void *memory;

	if (!memory)
		memory = aligned_alloc(16, stream_decoder_size(&limits));
	return stream_decoder_init(memory, stream_decoder_size(&limits), &limits);
}

/* A copy of its own, so that ASan sees a byte read behind the end. */
static int32_t push(struct stream_decoder *decoder, const uint8_t *slice, size_t length)
{
	uint8_t *copy = malloc(length ? length : 1);

	if (!copy)
		abort();
	memcpy(copy, slice, length);
	int32_t status = stream_decoder_push(decoder, copy, length);
	free(copy);
	return status;
}

static void check(const struct stream_decoder *decoder)
{
	const struct screen *screen = stream_decoder_screen(decoder);
	const struct side *side = stream_decoder_side(decoder);

	if (screen->width > WIDTH || screen->height > HEIGHT || screen->n_rects > SCREEN_RECTS_MAX)
		abort();
	for (uint16_t i = 0; i < screen->n_rects; i++)
		if (!screen_holds(screen, &screen->rects[i]))
			abort();
	if (side->cursor_width > CURSOR_SIDE_MAX || side->cursor_height > CURSOR_SIDE_MAX ||
	        (side->cursor_width && side->hot_x >= side->cursor_width) || side->takes_text > 2)
		abort();
}

static void push_slices(struct stream_decoder *decoder, const uint8_t *data, size_t size)
{
	while (size >= 2) {
		size_t length = data[0] | (size_t)data[1] << 8;
		data += 2;
		size -= 2;
		if (length > size)
			length = size;
		push(decoder, data, length);
		check(decoder);
		data += length;
		size -= length;
	}
}

static void push_commands(struct stream_decoder *decoder, const uint8_t *data, size_t size)
{
	static const uint8_t begin[] = {WIRE_PICTURE, WIRE_PICTURE_BEGIN, 0, 0, 0, 0, 0, 0, 1, 0, 0,
	        0, 0, 0, 0, 0, WIDTH, 0, HEIGHT, 0, 20, 1, CACHE_SLOTS, 0, 0, 0, 0, 0};
	/* flags and raw length, then zstd: magic, a window of 2^20, one stored block that is not the last */
	static const uint8_t start[] = {WIRE_PICTURE, WIRE_PICTURE_FRAME, 0, 0, 1, 0, 0, 0,
	        PICTURE_FIRST | PICTURE_LAST, 0, 0, 0, 0, 0x28, 0xb5, 0x2f, 0xfd, 0, 0x50, 0, 0, 0};
	static uint8_t slice[sizeof(start) + COMMANDS_MAX];

	if (size > COMMANDS_MAX)
		size = COMMANDS_MAX;
	memcpy(slice, start, sizeof(start));
	slice[9] = (uint8_t)size;
	slice[10] = (uint8_t)(size >> 8);
	slice[19] = (uint8_t)(size << 3);
	slice[20] = (uint8_t)(size >> 5);
	slice[21] = (uint8_t)(size >> 13);
	memcpy(slice + sizeof(start), data, size);
	if (push(decoder, begin, sizeof(begin)) != STREAM_BEGUN)
		abort();
	int32_t status = push(decoder, slice, sizeof(start) + size);
	/* Whole commands are a frame; anything else says so, and so do commands that are too much work for one slice. */
	if (status != STREAM_FRAME && status != STREAM_ERR_MALFORMED &&
	        status != STREAM_ERR_LIMIT && size > 0)
		abort();
	check(decoder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stream_decoder *decoder = fresh_decoder();

	if (!decoder)
		abort();
	if (size == 0)
		return 0;
	if (data[0] & 1)
		push_commands(decoder, data + 1, size - 1);
	else
		push_slices(decoder, data + 1, size - 1);
	return 0;
}
