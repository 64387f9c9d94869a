/* decoder.wasm: the stream decoder with the exports that exports.h describes. Everything foreign is checked by the decoder
 * itself; WebAssembly's own memory is the wall around it. */
#include "stream/wasm/exports.h"

#include "stream/decoder.h"
#include "stream/wire.h"

#include <stddef.h>

_Static_assert((int)DECODER_SKIPPED == (int)STREAM_SKIPPED, "one list of numbers");
_Static_assert((int)DECODER_ERR_MEMORY == (int)STREAM_ERR_MEMORY, "one list of numbers");
_Static_assert(
        sizeof(struct screen_rect) == 4 * sizeof(uint16_t), "JavaScript reads the list as it is");

#define WASM_PAGE_BYTES 65536

/* The linker's: where the module's own data ends, and with it what decoder_new() may use. */
extern unsigned char __heap_base;

static struct stream_decoder *decoder;
static uint8_t input[WIRE_SLICE_MAX];

/* zstd refers to these but does not call them for contexts in fixed memory; libc's would take the same
 * memory that decoder_new() takes. */
void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void free(void *memory);

void *malloc(size_t size)
{
	(void)size;
	return NULL;
}

void *calloc(size_t count, size_t size)
{
	(void)count;
	(void)size;
	return NULL;
}

void free(void *memory)
{
	(void)memory;
}

static int has_memory(uintptr_t end)
{
	size_t pages = (end + WASM_PAGE_BYTES - 1) / WASM_PAGE_BYTES;
	size_t now = __builtin_wasm_memory_size(0);

	return pages <= now || __builtin_wasm_memory_grow(0, pages - now) != (size_t)-1;
}

int32_t decoder_new(
        uint32_t width_max, uint32_t height_max, uint32_t window_log_max, uint32_t cache_slots)
{
	struct stream_limits limits = {width_max, height_max, window_log_max, cache_slots};
	uintptr_t start = ((uintptr_t)&__heap_base + 15) & ~(uintptr_t)15;
	size_t size = stream_decoder_size(&limits);

	decoder = NULL;
	if (size == 0)
		return DECODER_ERR_LIMIT;
	if (!has_memory(start + size))
		return DECODER_ERR_MEMORY;
	decoder = stream_decoder_init((void *)start, size, &limits);
	return decoder ? 0 : DECODER_ERR_MEMORY;
}

uint8_t *decoder_input(void)
{
	return input;
}

uint32_t decoder_input_size(void)
{
	return sizeof(input);
}

int32_t decoder_push(uint32_t length)
{
	if (!decoder)
		return DECODER_ERR_SEQUENCE;
	return stream_decoder_push(decoder, input, length);
}

/* Before decoder_new() everything reads as 0. */
static const struct screen *screen(void)
{
	static const struct screen none;

	return decoder ? stream_decoder_screen(decoder) : &none;
}

static const struct side *side(void)
{
	static const struct side none;

	return decoder ? stream_decoder_side(decoder) : &none;
}

uint8_t *decoder_pixels(void)
{
	return screen()->pixels;
}

uint32_t decoder_stride(void)
{
	return screen()->width * SCREEN_PIXEL_BYTES;
}

uint32_t decoder_width(void)
{
	return screen()->width;
}

uint32_t decoder_height(void)
{
	return screen()->height;
}

uint16_t *decoder_rects(void)
{
	return (uint16_t *)(uintptr_t)screen()->rects;
}

uint32_t decoder_rect_count(void)
{
	return screen()->n_rects;
}

uint32_t decoder_frame(void)
{
	return decoder ? stream_decoder_frame(decoder) : 0;
}

uint32_t decoder_is_provisional(void)
{
	return decoder ? stream_decoder_is_provisional(decoder) : 0;
}

uint32_t decoder_is_unfinished(void)
{
	return decoder ? stream_decoder_is_unfinished(decoder) : 0;
}

int32_t decoder_answers(void)
{
	return decoder ? stream_decoder_answers(decoder) : -1;
}

uint32_t decoder_epoch_low(void)
{
	return decoder ? (uint32_t)stream_decoder_epoch(decoder) : 0;
}

uint32_t decoder_epoch_high(void)
{
	return decoder ? (uint32_t)(stream_decoder_epoch(decoder) >> 32) : 0;
}

uint8_t *decoder_cursor_pixels(void)
{
	return side()->cursor;
}

uint32_t decoder_cursor_width(void)
{
	return side()->cursor_width;
}

uint32_t decoder_cursor_height(void)
{
	return side()->cursor_height;
}

uint32_t decoder_cursor_hot_x(void)
{
	return side()->hot_x;
}

uint32_t decoder_cursor_hot_y(void)
{
	return side()->hot_y;
}

uint32_t decoder_caret_x(void)
{
	return side()->caret_x;
}

uint32_t decoder_caret_y(void)
{
	return side()->caret_y;
}

uint32_t decoder_caret_width(void)
{
	return side()->caret_width;
}

uint32_t decoder_caret_height(void)
{
	return side()->caret_height;
}

uint32_t decoder_text_number(void)
{
	return side()->text_number;
}

uint32_t decoder_text_outcome(void)
{
	return side()->text_outcome;
}

uint32_t decoder_takes_text(void)
{
	return side()->takes_text;
}
