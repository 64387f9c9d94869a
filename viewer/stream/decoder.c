/* The state machine of the viewer's end of the stream (docs/protocol.md). It reads what came over
 * the network: lengths, order and sizes are checked here, areas in commands.c. */
#include "stream/decoder.h"

#include "stream/commands.h"
#include "stream/drawn_model.h"
#include "stream/history.h"
#include "stream/inflate.h"
#include "stream/kept.h"
#include "stream/little_endian.h"
#include "stream/tile_cache.h"
#include "stream/wire.h"

#include <string.h>

/* Holds one command that is not whole yet, and room for zstd to go on. */
#define RAW_BYTES (PICTURE_COMMAND_MAX + WIRE_PAYLOAD_MAX)

enum decoder_state {
	DECODER_EMPTY,   /* nothing but BEGIN is taken */
	DECODER_BETWEEN, /* a frame may begin */
	DECODER_WITHIN,  /* a frame's first slice came, its last did not */
	DECODER_BROKEN,
};

struct stream_decoder {
	struct stream_limits limits;
	enum decoder_state state;
	int32_t error; /* of DECODER_BROKEN */
	uint64_t epoch;
	uint32_t frame; /* last complete one */
	bool has_frame; /* since the screen was black: it is that of `frame` */
	bool is_provisional, is_unfinished;
	int32_t answers; /* of the frame that is coming, then of the last complete one */
	struct screen screen;
	struct tile_cache cache;
	struct side side;
	struct kept kept;       /* from BEGIN to BEGIN */
	struct history history; /* from BEGIN to BEGIN */
	struct inflate *stream; /* of the picture, from BEGIN to BEGIN */
	struct inflate *once;   /* for cursors */
	uint8_t *pixels, *cache_pixels;
	uint32_t *history_pixels;
	uint8_t cursors[2][CURSOR_BYTES_MAX];
	/* From here on megabytes, of which nothing is read before it was written. */
	struct drawn_model drawn; /* from BEGIN to BEGIN */
	uint8_t raw[RAW_BYTES];
};

static size_t rounded(size_t bytes)
{
	return (bytes + 15) & ~(size_t)15;
}

static bool are_in_range(const struct stream_limits *limits)
{
	return limits->width_max > 0 && limits->width_max <= PICTURE_WIDTH_MAX &&
	       limits->height_max > 0 && limits->height_max <= PICTURE_HEIGHT_MAX &&
	       limits->window_log_max >= WIRE_WINDOW_LOG_MIN &&
	       limits->window_log_max <= WIRE_WINDOW_LOG_MAX &&
	       limits->cache_slots_max <= PICTURE_CACHE_SLOTS_MAX;
}

static size_t pixel_bytes(const struct stream_limits *limits)
{
	/* At most 3840 x 2160 x 4: no overflow, in 32 bits either. */
	return rounded((size_t)limits->width_max * limits->height_max * SCREEN_PIXEL_BYTES);
}

/* A cursor is read in one piece, so that its window is its size. */
static size_t once_bytes(void)
{
	return rounded(inflate_size(WIRE_WINDOW_LOG_MIN));
}

size_t stream_decoder_size(const struct stream_limits *limits)
{
	if (!are_in_range(limits))
		return 0;
	return rounded(sizeof(struct stream_decoder)) + pixel_bytes(limits) +
	       limits->cache_slots_max * TILE_CACHE_SLOT_BYTES + HISTORY_BYTES + once_bytes() +
	       rounded(inflate_size(limits->window_log_max));
}

struct stream_decoder *stream_decoder_init(
        void *memory, size_t size, const struct stream_limits *limits)
{
	struct stream_decoder *self = memory;
	size_t needed = stream_decoder_size(limits);

	if (needed == 0 || size < needed)
		return NULL;
	memset(self, 0, offsetof(struct stream_decoder, drawn));
	self->limits = *limits;
	self->state = DECODER_EMPTY;
	self->side.cursor = self->cursors[0];
	self->side.spare = self->cursors[1];
	self->side.takes_text = 2;
	self->answers = -1;
	uint8_t *at = (uint8_t *)memory + rounded(sizeof(*self));
	self->pixels = at;
	at += pixel_bytes(limits);
	self->cache_pixels = at;
	at += limits->cache_slots_max * TILE_CACHE_SLOT_BYTES;
	self->history_pixels = (uint32_t *)(void *)at;
	at += HISTORY_BYTES;
	self->once = inflate_init(at, once_bytes(), WIRE_WINDOW_LOG_MIN);
	at += once_bytes();
	self->stream = inflate_init(
	        at, rounded(inflate_size(limits->window_log_max)), limits->window_log_max);
	return self->once && self->stream ? self : NULL;
}

struct begin {
	uint64_t epoch;
	uint32_t width, height, window_log, held, frame;
	uint16_t cache_slots;
	uint8_t reset;
};

static int32_t read_begin(struct begin *begin, const uint8_t *payload, size_t length)
{
	if (length != PICTURE_BEGIN_BYTES)
		return STREAM_ERR_MALFORMED;
	begin->epoch = read_u64(payload);
	begin->width = read_u16(payload + 8);
	begin->height = read_u16(payload + 10);
	begin->window_log = payload[12];
	begin->reset = payload[13];
	begin->cache_slots = read_u16(payload + 14);
	begin->held = read_u32(payload + 16);
	begin->frame = read_u32(payload + 20);
	if (begin->reset > PICTURE_RESET_SCREEN || begin->width == 0 || begin->height == 0 ||
	        begin->epoch == 0)
		return STREAM_ERR_MALFORMED;
	return STREAM_MORE;
}

static int32_t check_begin(const struct stream_decoder *self, const struct begin *begin)
{
	if (begin->width > self->limits.width_max || begin->height > self->limits.height_max ||
	        begin->window_log < WIRE_WINDOW_LOG_MIN ||
	        begin->window_log > self->limits.window_log_max ||
	        begin->cache_slots > self->limits.cache_slots_max)
		return STREAM_ERR_LIMIT;
	if (begin->reset == PICTURE_RESET_ALL)
		return STREAM_MORE;
	/* Something is to be kept: only if it is what the broker thinks of. */
	if (self->state != DECODER_BETWEEN || !self->has_frame || begin->epoch != self->epoch ||
	        begin->held != self->frame || begin->cache_slots != self->cache.rule.n_slots)
		return STREAM_ERR_SEQUENCE;
	if (begin->reset == PICTURE_RESET_NOTHING &&
	        (begin->width != self->screen.width || begin->height != self->screen.height))
		return STREAM_ERR_SEQUENCE;
	return STREAM_MORE;
}

static int32_t take_begin(struct stream_decoder *self, const uint8_t *payload, size_t length)
{
	struct begin begin;
	int32_t status = read_begin(&begin, payload, length);

	if (status == STREAM_MORE)
		status = check_begin(self, &begin);
	if (status == STREAM_MORE)
		status = inflate_begin(self->stream, begin.window_log);
	if (status != STREAM_MORE)
		return status;
	if (begin.reset != PICTURE_RESET_NOTHING) {
		self->has_frame = false;
		screen_init(&self->screen, self->pixels, begin.width, begin.height);
	}
	if (begin.reset == PICTURE_RESET_ALL)
		tile_cache_init(&self->cache, self->cache_pixels, begin.cache_slots);
	drawn_model_init(&self->drawn);
	kept_init(&self->kept);
	history_init(&self->history, self->history_pixels);
	self->epoch = begin.epoch;
	self->frame = begin.frame;
	self->answers = -1;
	self->state = DECODER_BETWEEN;
	return STREAM_BEGUN;
}

/* Obeys the whole commands of raw[0..*n_raw) and moves what is left to the front. */
static int32_t obey_all(struct stream_decoder *self, size_t *n_raw)
{
	size_t at = 0;

	for (;;) {
		int32_t taken = command_obey(&self->screen, &self->cache, &self->kept,
		        &self->history, &self->drawn, self->raw + at, *n_raw - at);
		if (taken < 0)
			return taken;
		if (taken == 0)
			break;
		if (self->screen.painted_px > (uint64_t)self->screen.width * self->screen.height *
		                                      PICTURE_SLICE_SCREENS_MAX)
			return STREAM_ERR_LIMIT;
		at += (size_t)taken;
	}
	*n_raw -= at;
	memmove(self->raw, self->raw + at, *n_raw);
	return STREAM_MORE;
}

static int32_t obey_plain(struct stream_decoder *self, const uint8_t *bytes, size_t length)
{
	size_t n_raw = bytes[0]; /* as below: one that is cut off is seen */

	if (n_raw == 0 || length != 1 + n_raw)
		return STREAM_ERR_MALFORMED;
	memcpy(self->raw, bytes + 1, n_raw);
	int32_t status = obey_all(self, &n_raw);
	return status == STREAM_MORE && n_raw > 0 ? STREAM_ERR_MALFORMED : status;
}

/* What the slice says it unpacks to comes first; one that is cut off does not unpack to it. */
static int32_t obey_packed(struct stream_decoder *self, const uint8_t *bytes, size_t length)
{
	size_t n_raw = 0;

	if (length <= PICTURE_RAW_LENGTH_BYTES)
		return STREAM_ERR_MALFORMED;
	uint32_t raw_left = read_u24(bytes);
	/* Small slices that unpack to gigabytes would hold the viewer up. */
	if (raw_left == 0 || raw_left > PICTURE_SLICE_RAW_MAX)
		return STREAM_ERR_LIMIT;
	bytes += PICTURE_RAW_LENGTH_BYTES;
	length -= PICTURE_RAW_LENGTH_BYTES;
	while (raw_left > 0) {
		size_t fed = length, got = RAW_BYTES - n_raw;
		if (got > raw_left)
			got = raw_left;
		int32_t status = inflate_some(self->stream, bytes, &fed, self->raw + n_raw, &got);
		if (status != STREAM_MORE)
			return status;
		if (fed == 0 && got == 0)
			return STREAM_ERR_MALFORMED;
		bytes += fed;
		length -= fed;
		raw_left -= (uint32_t)got;
		n_raw += got;
		status = obey_all(self, &n_raw);
		if (status != STREAM_MORE)
			return status;
	}
	return length == 0 && n_raw == 0 ? STREAM_MORE : STREAM_ERR_MALFORMED;
}

/* number: the low byte of the frame's. */
static int32_t check_frame(const struct stream_decoder *self, uint8_t flags, uint8_t number)
{
	if (self->state == DECODER_EMPTY)
		return STREAM_ERR_SEQUENCE;
	/* After the largest number an epoch is over. */
	if (number != (uint8_t)(self->frame + 1) || self->frame == UINT32_MAX)
		return STREAM_ERR_SEQUENCE;
	if ((flags & PICTURE_FIRST) ? self->state != DECODER_BETWEEN
	                            : self->state != DECODER_WITHIN)
		return STREAM_ERR_SEQUENCE;
	if (flags & PICTURE_ANSWERS && !(flags & PICTURE_FIRST))
		return STREAM_ERR_MALFORMED;
	return flags & ~PICTURE_FLAGS_ALL ? STREAM_ERR_MALFORMED : STREAM_MORE;
}

static size_t head_bytes(uint8_t flags)
{
	return PICTURE_FRAME_BYTES + (flags & PICTURE_ANSWERS ? PICTURE_ANSWER_BYTES : 0);
}

static void begin_frame(struct stream_decoder *self, uint8_t flags, const uint8_t *payload)
{
	self->answers =
	        flags & PICTURE_ANSWERS ? (int32_t)read_u16(payload + PICTURE_FRAME_BYTES) : -1;
	screen_forget_changes(&self->screen);
}

static int32_t take_frame(struct stream_decoder *self, const uint8_t *payload, size_t length)
{
	if (length <= PICTURE_FRAME_BYTES || length <= head_bytes(payload[0]))
		return STREAM_ERR_MALFORMED;
	uint8_t flags = payload[0];
	int32_t status = check_frame(self, flags, payload[1]);
	if (status != STREAM_MORE)
		return status;
	if (flags & PICTURE_FIRST)
		begin_frame(self, flags, payload);
	self->state = DECODER_WITHIN;
	self->screen.painted_px = 0;
	payload += head_bytes(flags);
	length -= head_bytes(flags);
	status = flags & PICTURE_PLAIN ? obey_plain(self, payload, length)
	                               : obey_packed(self, payload, length);
	if (status != STREAM_MORE || !(flags & PICTURE_LAST))
		return status;
	self->state = DECODER_BETWEEN;
	self->frame++;
	self->has_frame = true;
	self->is_provisional = flags & PICTURE_PROVISIONAL;
	self->is_unfinished = flags & PICTURE_UNFINISHED;
	return STREAM_FRAME;
}

static int32_t take_picture(
        struct stream_decoder *self, uint8_t type, const uint8_t *payload, size_t length)
{
	int32_t status = STREAM_ERR_MALFORMED;

	if (type == WIRE_PICTURE_BEGIN)
		status = take_begin(self, payload, length);
	else if (self->state == DECODER_BROKEN)
		return self->error;
	else if (type == WIRE_PICTURE_FRAME)
		status = take_frame(self, payload, length);
	if (status < 0) {
		self->state = DECODER_BROKEN;
		self->error = status;
	}
	return status;
}

int32_t stream_decoder_push(struct stream_decoder *self, const uint8_t *slice, size_t length)
{
	if (length < WIRE_HEADER_BYTES)
		return STREAM_ERR_MALFORMED;
	if (length > WIRE_SLICE_MAX)
		return STREAM_ERR_LIMIT;
	uint8_t channel = WIRE_CHANNEL_OF(slice[0]), type = WIRE_TYPE_OF(slice[0]);
	const uint8_t *payload = slice + WIRE_HEADER_BYTES;

	length -= WIRE_HEADER_BYTES;
	if (channel >= WIRE_CHANNEL_OPTIONAL_MIN)
		return STREAM_SKIPPED;
	if (channel == WIRE_PICTURE)
		return take_picture(self, type, payload, length);
	if (channel == WIRE_CURSOR)
		return side_take_cursor(&self->side, self->once, type, payload, length);
	if (channel == WIRE_TEXT)
		return side_take_text(&self->side, type, payload, length);
	return STREAM_ERR_MALFORMED;
}

const struct screen *stream_decoder_screen(const struct stream_decoder *self)
{
	return &self->screen;
}

const struct side *stream_decoder_side(const struct stream_decoder *self)
{
	return &self->side;
}

uint32_t stream_decoder_frame(const struct stream_decoder *self)
{
	return self->has_frame ? self->frame : 0;
}

bool stream_decoder_is_provisional(const struct stream_decoder *self)
{
	return self->is_provisional;
}

bool stream_decoder_is_unfinished(const struct stream_decoder *self)
{
	return self->is_unfinished;
}

int32_t stream_decoder_answers(const struct stream_decoder *self)
{
	return self->state == DECODER_BETWEEN ? self->answers : -1;
}

const struct cache_rule *stream_decoder_cache_rule(const struct stream_decoder *self)
{
	return &self->cache.rule;
}

uint64_t stream_decoder_epoch(const struct stream_decoder *self)
{
	return self->state == DECODER_BETWEEN && self->has_frame ? self->epoch : 0;
}
