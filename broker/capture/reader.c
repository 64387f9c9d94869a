/* Reads RFB from the isolated host, which is assumed hostile: the one place where its bytes are parsed.
 *
 * Shoji's own instead of libvncclient's HandleRFBServerMessage(), for what remains of that after our limits is
 * six short encodings, while it would (1) go on to decode whatever a server sends: fifteen encodings with
 * zlib, LZO and JPEG behind them, text chat, server-chosen buffer sizes; (2) allocate by lengths of the server's; (3) block
 * inside a rectangle, so that input would wait behind frames and a trickling server could not be told from a
 * busy one (its readTimeout counts waits, not time). It allocates nothing, never blocks and keeps no pointer into its
 * input. Every length is checked before a byte of it is waited for. */
#include "capture/reader.h"

#include "base/ensure.h"
#include "base/error.h"
#include "base/session.h"
#include "capture/damage.h"
#include "capture/handshake.h"

#include <string.h>

/* Server to client. */
enum rfb_message {
	RFB_FRAMEBUFFER_UPDATE = 0,
	RFB_BELL = 2,
	RFB_CUT_TEXT = 3,
};

/* x of an ExtendedDesktopSize rectangle. */
enum rfb_size_reason {
	RFB_SIZE_BY_SERVER = 0,
	RFB_SIZE_BY_US = 1,
	RFB_SIZE_BY_OTHER_CLIENT = 2,
};

/* Its y, in an answer to a size that was asked for; the others are refusals. */
#define RFB_SIZE_DONE 0

#define RFB_UPDATE_BYTES 3 /* after the type */
#define RFB_RECT_BYTES 12
#define RFB_COPY_BYTES 4
#define RFB_SCREENS_BYTES 4
#define RFB_SCREEN_BYTES 16
#define RFB_CUT_TEXT_BYTES 7 /* after the type */

void reader_init(struct reader *self, struct pixels *pixels, uint16_t width, uint16_t height)
{
	memset(self, 0, sizeof(*self));
	ensure(width <= pixels->width_max && height <= pixels->height_max);
	self->pixels = pixels;
	self->width = width;
	self->height = height;
	self->generation = 1;
}

void reader_requested(struct reader *self)
{
	self->n_requests = 1;
}

void reader_size_asked(struct reader *self)
{
	self->n_sizes_asked = 1;
	self->is_size_refused = false;
}

void reader_update_taken(struct reader *self)
{
	self->is_update_complete = false;
	damage_clear(&self->damage);
}

void reader_new_window(struct reader *self)
{
	self->window = (struct reader_window){0};
}

bool reader_is_inside(const struct reader *self)
{
	return self->state != READER_MESSAGE;
}

static uint16_t get_u16(const struct reader *self, size_t at)
{
	return (uint16_t)(self->gathered[at] << 8 | self->gathered[at + 1]);
}

static uint32_t get_u32(const struct reader *self, size_t at)
{
	return (uint32_t)get_u16(self, at) << 16 | get_u16(self, at + 2);
}

/* Goes on with a field of `wanted` bytes, which is gathered whole. */
static void gather(struct reader *self, enum reader_state state, size_t wanted)
{
	ensure(wanted > 0 && wanted <= sizeof(self->gathered));
	self->state = state;
	self->wanted = wanted;
	self->gathered_length = 0;
}

/* Counts one more of a thing against what a window permits. */
static int count(uint32_t *counter, uint32_t amount, uint32_t maximum)
{
	if (amount > maximum - *counter)
		return SHOJI_ERR_LIMIT;
	*counter += amount;
	return 0;
}

/* ---- updates ---- */

static int end_update(struct reader *self)
{
	self->state = READER_MESSAGE;
	/* Whoever shows a picture has read our encodings; one that does not take raw keys is not our Xvnc. */
	if (self->damage.n_rects > 0 && !self->has_extended_key)
		return SHOJI_ERR_FORBIDDEN;
	if (self->is_empty) {
		int error =
		        count(&self->window.n_empty_updates, 1, READER_WINDOW_EMPTY_UPDATES_MAX);
		if (error)
			return error;
	}
	self->is_update_complete = true;
	return 0;
}

static int next_rect(struct reader *self)
{
	if (self->rects_left == 0)
		return end_update(self);
	self->rects_left--;
	gather(self, READER_RECT, RFB_RECT_BYTES);
	return 0;
}

static int on_update(struct reader *self)
{
	self->rects_left = get_u16(self, 1);
	self->area_left = (uint64_t)self->width * self->height * READER_UPDATE_AREA_FACTOR;
	self->is_empty = true;
	return next_rect(self);
}

/* Whether an area lies on the screen. In 32 bits: 65535 + 65535 does not wrap. */
static bool is_inside(
        const struct reader *self, uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
	return x + width <= self->width && y + height <= self->height;
}

static int take_area(struct reader *self)
{
	uint64_t area = (uint64_t)self->rect.width * self->rect.height;

	if (!is_inside(self, self->rect.x, self->rect.y, self->rect.width, self->rect.height))
		return SHOJI_ERR_LIMIT;
	if (area > self->area_left)
		return SHOJI_ERR_LIMIT;
	self->area_left -= area;
	return 0;
}

static int begin_raw(struct reader *self)
{
	int error = take_area(self);

	if (error)
		return error;
	if (self->rect.width == 0 || self->rect.height == 0)
		return next_rect(self);
	self->state = READER_RAW;
	self->row = 0;
	self->row_byte = 0;
	return 0;
}

static int end_raw(struct reader *self)
{
	self->is_empty = false;
	damage_add(&self->damage, &self->rect);
	return next_rect(self);
}

static size_t feed_raw(struct reader *self, const uint8_t *data, size_t length)
{
	uint32_t row_bytes = (uint32_t)self->rect.width * PIXEL_BYTES;
	size_t at = 0;

	while (at < length && self->row < self->rect.height) {
		uint8_t *row = pixels_at(
		        self->pixels, self->rect.x, self->rect.y + self->row, self->rect.width);
		size_t n = row_bytes - self->row_byte;
		if (n > length - at)
			n = length - at;
		memcpy(row + self->row_byte, data + at, n);
		at += n;
		self->row_byte += (uint32_t)n;
		if (self->row_byte == row_bytes) {
			self->row++;
			self->row_byte = 0;
		}
	}
	return at;
}

static int on_copy(struct reader *self)
{
	const struct copy_hint copy = {.source_x = get_u16(self, 0),
	        .source_y = get_u16(self, 2),
	        .x = self->rect.x,
	        .y = self->rect.y,
	        .width = self->rect.width,
	        .height = self->rect.height};

	if (!is_inside(self, copy.source_x, copy.source_y, copy.width, copy.height))
		return SHOJI_ERR_LIMIT;
	pixels_copy(self->pixels, copy.source_x, copy.source_y, copy.x, copy.y, copy.width,
	        copy.height);
	self->is_empty = false;
	damage_add(&self->damage, &self->rect);
	damage_add_copy(&self->damage, &copy);
	return next_rect(self);
}

static int begin_copy(struct reader *self)
{
	int error = take_area(self);

	if (!error)
		gather(self, READER_COPY, RFB_COPY_BYTES);
	return error;
}

/* ---- cursor ---- */

static uint32_t mask_row_bytes(uint32_t width)
{
	return (width + 7) / 8;
}

/* What the mask hides is zeroed, and so are the mask's unused bits: nothing invisible goes on. */
static void convert_cursor(struct reader *self)
{
	const uint32_t width = self->rect.width, height = self->rect.height;
	const uint32_t mask_stride = mask_row_bytes(width);
	const uint8_t *mask = self->gathered + (size_t)width * height * PIXEL_BYTES;
	uint8_t *out = self->cursor_image;
	uint8_t *out_mask = out + (size_t)width * height * 3;

	memset(out_mask, 0, (size_t)mask_stride * height);
	for (uint32_t y = 0; y < height; y++) {
		for (uint32_t x = 0; x < width; x++) {
			const uint8_t *pixel = self->gathered + (y * width + x) * PIXEL_BYTES;
			uint8_t bit = (uint8_t)(0x80 >> (x % 8));
			bool is_shown = mask[y * mask_stride + x / 8] & bit;
			for (int i = 0; i < 3; i++)
				*out++ = is_shown ? pixel[i] : 0;
			if (is_shown)
				out_mask[y * mask_stride + x / 8] |= bit;
		}
	}
}

static int end_cursor(struct reader *self)
{
	const uint32_t width = self->rect.width, height = self->rect.height;

	self->is_empty = false;
	self->has_cursor = true;
	self->cursor = (struct message_cursor){
	        .width = (uint8_t)width,
	        .height = (uint8_t)height,
	        .hot_x = (uint8_t)self->rect.x,
	        .hot_y = (uint8_t)self->rect.y,
	        .image = self->cursor_image,
	        .image_length = width * height * 3 + mask_row_bytes(width) * height,
	};
	return next_rect(self);
}

static int on_cursor(struct reader *self)
{
	convert_cursor(self);
	return end_cursor(self);
}

static int begin_cursor(struct reader *self)
{
	const uint32_t width = self->rect.width, height = self->rect.height;
	int error = count(&self->window.n_cursors, 1, READER_WINDOW_CURSORS_MAX);

	if (error)
		return error;
	if (width > READER_CURSOR_MAX || height > READER_CURSOR_MAX)
		return SHOJI_ERR_LIMIT;
	if (width == 0 || height == 0) {
		self->rect = (struct rect){0};
		return end_cursor(self);
	}
	if (self->rect.x >= width || self->rect.y >= height)
		return SHOJI_ERR_LIMIT;
	gather(self, READER_CURSOR, width * height * PIXEL_BYTES + mask_row_bytes(width) * height);
	return 0;
}

/* ---- the screen's size ---- */

static int change_size(struct reader *self)
{
	const struct rect *size = &self->rect;

	if (size->width < SCREEN_WIDTH_MIN || size->width > self->pixels->width_max)
		return SHOJI_ERR_LIMIT;
	if (size->height < SCREEN_HEIGHT_MIN || size->height > self->pixels->height_max)
		return SHOJI_ERR_LIMIT;
	if (size->width == self->width && size->height == self->height)
		return 0;
	self->width = size->width;
	self->height = size->height;
	self->generation++;
	self->has_new_size = true;
	/* What was damaged before is of a screen that is no more; the driver asks for all of the new one. */
	damage_clear(&self->damage);
	return count(&self->window.n_sizes, 1, READER_WINDOW_SIZES_MAX);
}

static int on_screens(struct reader *self)
{
	uint32_t n_screens = self->gathered[0];

	if (n_screens > READER_SCREENS_MAX)
		return SHOJI_ERR_LIMIT;
	self->is_empty = false;
	int error = self->rect.y == RFB_SIZE_DONE ? change_size(self) : 0;
	if (error)
		return error;
	if (n_screens == 0)
		return next_rect(self);
	gather(self, READER_SCREEN_LIST, (size_t)n_screens * RFB_SCREEN_BYTES);
	return 0;
}

/* Of the layout only the first one's name is of interest: a size is asked for under it. */
static int on_screen_list(struct reader *self)
{
	self->has_screen = true;
	self->screen_id = get_u32(self, 0);
	return next_rect(self);
}

/* An answer to SetDesktopSize, which may be a refusal: only when one is owed. */
static int take_size_answer(struct reader *self)
{
	if (self->n_sizes_asked == 0)
		return SHOJI_ERR_FORBIDDEN;
	self->n_sizes_asked = 0;
	self->is_size_refused = self->rect.y != RFB_SIZE_DONE;
	return 0;
}

static int begin_screens(struct reader *self)
{
	int error = 0;

	if (self->rect.x == RFB_SIZE_BY_US)
		error = take_size_answer(self);
	else if (self->rect.y != RFB_SIZE_DONE ||
	         (self->rect.x != RFB_SIZE_BY_SERVER && self->rect.x != RFB_SIZE_BY_OTHER_CLIENT))
		error = SHOJI_ERR_FORBIDDEN;
	if (!error)
		gather(self, READER_SCREENS, RFB_SCREENS_BYTES);
	return error;
}

/* ---- dispatch ---- */

static int on_extended_key(struct reader *self)
{
	if (!self->has_extended_key)
		self->is_empty = false;
	self->has_extended_key = true;
	return next_rect(self);
}

static int on_rect(struct reader *self)
{
	int32_t encoding = (int32_t)get_u32(self, 8);

	self->rect = (struct rect){.x = get_u16(self, 0),
	        .y = get_u16(self, 2),
	        .width = get_u16(self, 4),
	        .height = get_u16(self, 6)};
	/* The number is foreign, so this is no switch over the enum. */
	if (encoding == RFB_RAW)
		return begin_raw(self);
	if (encoding == RFB_COPY_RECT)
		return begin_copy(self);
	if (encoding == RFB_CURSOR)
		return begin_cursor(self);
	if (encoding == RFB_EXTENDED_DESKTOP_SIZE)
		return begin_screens(self);
	if (encoding == RFB_EXTENDED_KEY)
		return on_extended_key(self);
	return SHOJI_ERR_FORBIDDEN;
}

static int begin_update(struct reader *self)
{
	/* One answer a request: encode's TAKEN paces the requests, and so the server. */
	if (self->n_requests == 0)
		return SHOJI_ERR_FORBIDDEN;
	self->n_requests = 0;
	gather(self, READER_UPDATE, RFB_UPDATE_BYTES);
	return 0;
}

static int on_message(struct reader *self, uint8_t type)
{
	self->message_count++;
	if (type == RFB_FRAMEBUFFER_UPDATE)
		return begin_update(self);
	if (type != RFB_BELL && type != RFB_CUT_TEXT)
		return SHOJI_ERR_FORBIDDEN;
	int error = count(&self->window.n_dropped, 1, READER_WINDOW_DROPPED_MAX);
	if (!error && type == RFB_CUT_TEXT)
		gather(self, READER_CUT_TEXT, RFB_CUT_TEXT_BYTES);
	return error;
}

static int on_cut_text(struct reader *self)
{
	/* The negative lengths of the extended clipboard are large ones here: never offered. */
	uint32_t length = get_u32(self, 3);

	if (length > READER_CUT_TEXT_MAX)
		return SHOJI_ERR_LIMIT;
	self->skip_left = length;
	self->state = length ? READER_CUT_TEXT_BYTES : READER_MESSAGE;
	return count(&self->window.dropped_bytes, length, READER_WINDOW_DROPPED_BYTES_MAX);
}

static size_t skip(struct reader *self, size_t length)
{
	size_t n = length < self->skip_left ? length : self->skip_left;

	self->skip_left -= (uint32_t)n;
	if (self->skip_left == 0)
		self->state = READER_MESSAGE;
	return n;
}

static int on_gathered(struct reader *self)
{
	switch (self->state) {
	case READER_UPDATE:
		return on_update(self);
	case READER_RECT:
		return on_rect(self);
	case READER_COPY:
		return on_copy(self);
	case READER_CURSOR:
		return on_cursor(self);
	case READER_SCREENS:
		return on_screens(self);
	case READER_SCREEN_LIST:
		return on_screen_list(self);
	case READER_CUT_TEXT:
		return on_cut_text(self);
	case READER_MESSAGE:
	case READER_RAW:
	case READER_CUT_TEXT_BYTES:
		break;
	}
	ensure(!"gathered in a state that gathers nothing");
	return 0;
}

static int feed_field(struct reader *self, const uint8_t *data, size_t length)
{
	size_t n = self->wanted - self->gathered_length;

	if (n > length)
		n = length;
	memcpy(self->gathered + self->gathered_length, data, n);
	self->gathered_length += n;
	int error = self->gathered_length == self->wanted ? on_gathered(self) : 0;
	return error ? error : (int)n;
}

static int step(struct reader *self, const uint8_t *data, size_t length)
{
	int error;

	if (self->state == READER_MESSAGE) {
		error = on_message(self, data[0]);
		return error ? error : 1;
	}
	if (self->state == READER_CUT_TEXT_BYTES)
		return (int)skip(self, length);
	if (self->state != READER_RAW)
		return feed_field(self, data, length);
	size_t n = feed_raw(self, data, length);
	error = self->row == self->rect.height ? end_raw(self) : 0;
	return error ? error : (int)n;
}

int reader_feed(struct reader *self, const uint8_t *data, size_t length)
{
	size_t at = 0;

	while (at < length && !self->is_update_complete) {
		int n = step(self, data + at, length - at);
		if (n < 0)
			return n;
		at += (size_t)n;
	}
	return (int)at;
}
