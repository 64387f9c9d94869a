/* The viewer's decoder, given slices. The first byte of the input chooses: even, the rest are slices (u16 length and bytes,
 * again and again), as they might come over the network; odd, the rest are picture commands, which go plainly (bit 1 set) or are packed here into
 * a zstd stream of stored blocks, because random bytes seldom are one. */
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

static size_t put_u24(uint8_t *out, size_t at, size_t value)
{
	out[at++] = (uint8_t)value;
	out[at++] = (uint8_t)(value >> 8);
	out[at++] = (uint8_t)(value >> 16);
	return at;
}

static void push_commands(
        struct stream_decoder *decoder, const uint8_t *data, size_t size, bool is_plain)
{
	static const uint8_t begin[] = {WIRE_KIND(WIRE_PICTURE, WIRE_PICTURE_BEGIN), 1, 0, 0, 0, 0,
	        0, 0, 0, WIDTH, 0, HEIGHT, 0, 20, 1, CACHE_SLOTS, 0, 0, 0, 0, 0, 0, 0, 0, 0};
	/* magic, a window of 2^20, one stored block that is not the last */
	static const uint8_t zstd[] = {0x28, 0xb5, 0x2f, 0xfd, 0, 0x50};
	static uint8_t slice[64 + COMMANDS_MAX];
	size_t n = 0;

	if (size > COMMANDS_MAX)
		size = COMMANDS_MAX;
	slice[n++] = WIRE_KIND(WIRE_PICTURE, WIRE_PICTURE_FRAME);
	slice[n++] = PICTURE_FIRST | PICTURE_LAST | (is_plain ? PICTURE_PLAIN : 0);
	slice[n++] = 1;
	if (is_plain) {
		size = size > 255 ? 255 : size;
		slice[n++] = (uint8_t)size;
	} else {
		n = put_u24(slice, n, size);
		memcpy(slice + n, zstd, sizeof(zstd));
		n = put_u24(slice, n + sizeof(zstd), size << 3);
	}
	memcpy(slice + n, data, size);
	if (push(decoder, begin, sizeof(begin)) != STREAM_BEGUN)
		abort();
	int32_t status = push(decoder, slice, n + size);
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
		push_commands(decoder, data + 1, size - 1, data[0] & 2);
	else
		push_slices(decoder, data + 1, size - 1);
	return 0;
}
