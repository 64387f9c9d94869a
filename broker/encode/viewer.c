/* The state of one viewer. Its words come through gate, and the numbers in them are checked: a viewer can only
 * harm what it is shown itself. */
#include "encode/viewer.h"

#include "base/ensure.h"
#include "base/loop.h"
#include "encode/compressor.h"
#include "encode/image.h"

#include <string.h>

static void on_slice(void *data, const uint8_t *slice, size_t length)
{
	struct viewer *self = data;

	if (!outbox_put(&self->outbox, slice, length)) {
		self->has_failed = true;
		return;
	}
	flow_line_sent(&self->line, self->frame, (uint32_t)length, clock_now_us());
	self->on_slices(self->data);
}

void viewer_init(struct viewer *self, uint64_t epoch, const struct viewer_memory *memory,
        viewer_slices_fn on_slices, void *data)
{
	memset(self, 0, sizeof(*self));
	self->epoch = epoch;
	self->reference = memory->reference;
	self->cache = memory->cache;
	self->cache_key = memory->cache_key;
	self->clock_ms = clock_now_ms;
	photo_init(&self->photo, memory->marks);
	self->compressor_memory = memory->compressor;
	self->drawn = memory->drawn;
	outbox_init(&self->outbox, memory->outbox, memory->outbox_size);
	slicer_init(&self->slicer, on_slice, self);
	self->slicer.history = memory->cache_key ? memory->history : NULL;
	self->on_slices = on_slices;
	self->data = data;
}

static bool is_allowed(enum viewer_state from, enum viewer_state to)
{
	switch (from) {
	case VIEWER_ABSENT:
		return to == VIEWER_BEGINNING;
	case VIEWER_BEGINNING:
	case VIEWER_LIVE:
		return true;
	}
	return false;
}

static void viewer_set_state(struct viewer *self, enum viewer_state state)
{
	ensure(is_allowed(self->state, state));
	self->state = state;
	if (state != VIEWER_ABSENT)
		return;
	outbox_clear(&self->outbox);
	self->answer.is_heard = self->answer.is_due = false;
}

void viewer_resize(struct viewer *self, uint16_t width, uint16_t height)
{
	tiles_resize(&self->dirty, width, height);
	photo_forget(&self->photo, width, height);
	self->n_hints = 0;
	self->keeps_screen = false;
	if (self->state == VIEWER_LIVE) {
		/* All frames reach it before that BEGIN, on one line. It keeps what it has if it has any. */
		self->keeps_cache = self->has_reference;
		self->held = self->frame;
		viewer_set_state(self, VIEWER_BEGINNING);
	}
	self->has_reference = false;
}

/* Of presses that wait for one frame the oldest is told of: the wait of the person is that one's. */
static void note_answer(struct viewer *self)
{
	if (!self->answer.is_heard)
		return;
	if (!self->answer.is_due && self->clock_ms() - self->answer.heard_ms <= VIEWER_ANSWER_MS) {
		self->answer.is_due = true;
		self->answer.input = self->answer.heard;
	}
	self->answer.is_heard = false;
}

void viewer_damage(struct viewer *self, const struct rect *area)
{
	tiles_mark(&self->dirty, area);
	note_answer(self);
}

void viewer_hear_input(struct viewer *self, uint16_t input)
{
	if (self->state == VIEWER_ABSENT)
		return;
	self->answer.is_heard = true;
	self->answer.heard = input;
	self->answer.heard_ms = self->clock_ms();
}

void viewer_forget_area(struct viewer *self, const struct rect *area, uint32_t unknown)
{
	if (self->dirty.width == 0)
		return;
	for (uint32_t y = area->y; y < area->y + (uint32_t)area->height; y++) {
		uint32_t *row = self->reference + (size_t)y * self->dirty.width + area->x;
		for (uint32_t x = 0; x < area->width; x++)
			row[x] = unknown;
	}
	/* No photograph is to become exact there: below a film nothing differs, and its turn would come again without end. */
	photo_wrote(&self->photo, area);
}

void viewer_hint(struct viewer *self, const struct copy_hint *hint)
{
	struct scroll_offset offset = {
	        (int16_t)(hint->x - hint->source_x), (int16_t)(hint->y - hint->source_y)};

	if ((offset.dx == 0 && offset.dy == 0) || self->n_hints == VIEWER_HINTS_MAX)
		return;
	for (size_t i = 0; i < self->n_hints; i++)
		if (self->hints[i].dx == offset.dx && self->hints[i].dy == offset.dy)
			return;
	self->hints[self->n_hints++] = offset;
}

/* What it may keep: only what can be restored to be exactly what it has. */
static void judge_claim(struct viewer *self, const struct message_viewer_join *join)
{
	const struct cache *cache = self->cache;
	bool is_known = self->has_cache && join->epoch == self->epoch;
	uint32_t meant = is_known ? cache_frame_meant(cache, join->last_frame) : 0;

	self->keeps_cache = is_known && meant <= self->frame && meant >= cache->floor &&
	                    self->cache_slots == cache->rule.n_slots;
	self->keeps_screen =
	        self->keeps_cache && self->has_reference && meant >= cache->screen_floor;
	self->held = join->last_frame;
}

void viewer_join(struct viewer *self, const struct message_viewer_join *join)
{
	if (self->state != VIEWER_ABSENT)
		viewer_set_state(self, VIEWER_ABSENT);
	self->capabilities = join->capabilities;
	self->window_log = join->window_log_max < COMPRESSOR_WINDOW_LOG ? join->window_log_max
	                                                                : COMPRESSOR_WINDOW_LOG;
	self->cache_slots = self->cache_key ? join->cache_slots : 0;
	judge_claim(self, join);
	flow_line_begin(&self->line, self->frame, clock_now_us());
	viewer_set_state(self, VIEWER_BEGINNING);
}

void viewer_forget_picture(struct viewer *self)
{
	self->keeps_screen = false;
}

/* Frames that are not acknowledged are few: the number is that of the newest frame that ends like this. */
bool viewer_ack(struct viewer *self, uint16_t low_half)
{
	uint32_t frame = self->frame - (uint16_t)(self->frame - low_half);

	if (self->state == VIEWER_ABSENT || frame > self->frame)
		return false;
	/* An older one than the last is out of turn; it says nothing new. */
	if (frame > self->line.acked)
		flow_line_acked(&self->line, frame, clock_now_us());
	return true;
}

void viewer_leave(struct viewer *self)
{
	if (self->state != VIEWER_ABSENT)
		viewer_set_state(self, VIEWER_ABSENT);
}

void viewer_forget_screen(struct viewer *self)
{
	ensure(self->state == VIEWER_ABSENT);
	self->has_reference = self->has_cache = false;
	self->keeps_screen = self->keeps_cache = false;
	self->slicer.compressor = NULL;
	photo_forget(&self->photo, self->dirty.width, self->dirty.height);
}

bool viewer_has_begun(const struct viewer *self)
{
	size_t length;
	const uint8_t *next = outbox_peek(&self->outbox, &length);

	return self->state == VIEWER_LIVE &&
	       (!next || next[0] != WIRE_KIND(WIRE_PICTURE, WIRE_PICTURE_BEGIN));
}

/* The viewer's screen turns black; so does what we think of it. */
static void blacken_reference(struct viewer *self)
{
	size_t n_pixels = (size_t)self->dirty.width * self->dirty.height;

	for (size_t i = 0; i < n_pixels; i++)
		self->reference[i] = IMAGE_SEEN;
	tiles_mark_all(&self->dirty);
	self->has_reference = false;
}

/* Frames that the viewer never got wrote these tiles: what it shows there is not known, so that no pixel is equal to it. */
static void forget_tiles(struct viewer *self, const struct tiles *unknown)
{
	for (uint32_t row = 0; row < unknown->rows; row++)
		for (uint32_t column = 0; column < unknown->columns; column++) {
			if (!unknown->is_marked[row][column])
				continue;
			struct rect area = tiles_area(unknown, column, row);
			for (uint32_t y = area.y; y < area.y + (uint32_t)area.height; y++)
				memset(self->reference + (size_t)y * unknown->width + area.x, 0,
				        (size_t)area.width * 4);
			tiles_mark_one(&self->dirty, column, row);
			cache_set_changed(self->cache, column, row);
		}
}

/* Sets screen and cache to what the viewer has after BEGIN. */
static void restore(struct viewer *self)
{
	static struct tiles unknown;

	tiles_resize(&unknown, self->dirty.width, self->dirty.height);
	self->cache->now_ms = (uint32_t)self->clock_ms();
	if (self->keeps_cache) {
		cache_resume(
		        self->cache, self->held, self->frame, self->keeps_screen ? &unknown : NULL);
	} else {
		cache_init(self->cache, self->cache_key);
		cache_begin(self->cache, self->cache_slots, self->frame);
		self->has_cache = true;
	}
	if (self->keeps_screen) {
		forget_tiles(self, &unknown);
		return;
	}
	cache_forget_screens(self->cache, self->frame);
	photo_forget(&self->photo, self->dirty.width, self->dirty.height);
	blacken_reference(self);
}

static enum picture_reset reset_of(const struct viewer *self)
{
	if (self->keeps_screen)
		return PICTURE_RESET_NOTHING;
	return self->keeps_cache ? PICTURE_RESET_SCREEN : PICTURE_RESET_ALL;
}

static void begin(struct viewer *self)
{
	uint8_t slice[WIRE_HEADER_BYTES + PICTURE_BEGIN_BYTES];
	struct bytes_writer writer;

	slicer_begin_stream(&self->slicer,
	        compressor_begin(self->compressor_memory, compressor_size(), self->window_log),
	        self->drawn);
	bytes_writer_init(&writer, slice, sizeof(slice));
	bytes_put_u8(&writer, WIRE_KIND(WIRE_PICTURE, WIRE_PICTURE_BEGIN));
	bytes_put_u64(&writer, self->epoch);
	bytes_put_u16(&writer, self->dirty.width);
	bytes_put_u16(&writer, self->dirty.height);
	bytes_put_u8(&writer, (uint8_t)self->window_log);
	bytes_put_u8(&writer, (uint8_t)reset_of(self));
	bytes_put_u16(&writer, self->cache_slots);
	bytes_put_u32(&writer, self->keeps_cache ? self->held : 0);
	bytes_put_u32(&writer, self->frame);
	if (!self->slicer.compressor || !outbox_put(&self->outbox, slice, writer.length)) {
		self->has_failed = true;
		return;
	}
	restore(self);
	self->keeps_screen = self->keeps_cache = false;
	viewer_set_state(self, VIEWER_LIVE);
	self->on_slices(self->data);
}

static void end_frame(struct viewer *self)
{
	self->has_reference = true;
	flow_line_frame_ends(&self->line, self->dirty.n_marked == 0);
}

/* 2^32 - 1 frames are two years at 60 a second; then the process ends and the session with it. */
static bool make_frame(struct viewer *self, const struct image *image)
{
	uint32_t number = self->frame + 1, now_ms = (uint32_t)self->clock_ms();
	struct photo *photo = self->photo.marks ? &self->photo : NULL;

	ensure(number != 0);
	self->frame = number;
	self->slicer.budget_bytes = flow_line_budget(&self->line, clock_now_us());
	self->slicer.is_line_fast = flow_line_carries(&self->line) > PHOTO_FAST_BYTES_PER_S;
	self->cache->now_ms = now_ms;
	if (photo) {
		photo->bytes_per_s = flow_line_carries(&self->line);
		photo_begin_frame(
		        photo, self->reference, &self->dirty, self->slicer.budget_bytes, now_ms);
	}
	bool is_made = frame_make(image, self->reference, self->cache, photo, &self->dirty,
	        self->hints, self->n_hints, &self->slicer, number, &self->counts);
	if (!is_made)
		self->frame = number - 1;
	else
		end_frame(self);
	self->n_hints = 0;
	self->has_failed |= self->slicer.has_failed;
	return is_made;
}

/* What was drawn anew as it was is no answer: the press waits on. */
static void make_frame_that_answers(struct viewer *self, const struct image *image)
{
	self->slicer.has_answer = self->answer.is_due;
	self->slicer.answer = self->answer.input;
	bool is_made = make_frame(self, image);
	self->slicer.has_answer = false;
	if (!is_made && self->answer.is_due && !self->answer.is_heard) {
		self->answer.is_heard = true;
		self->answer.heard = self->answer.input;
	}
	self->answer.is_due = false;
}

static bool is_pass_due(const struct viewer *self)
{
	return photo_is_due(&self->photo, (uint32_t)self->clock_ms());
}

uint32_t viewer_wait_ms(const struct viewer *self)
{
	return self->state == VIEWER_LIVE ? photo_wait_ms(&self->photo, (uint32_t)self->clock_ms())
	                                  : UINT32_MAX;
}

bool viewer_has_news(const struct viewer *self, const struct image *image)
{
	return self->state != VIEWER_ABSENT && image->is_whole &&
	       (self->state == VIEWER_BEGINNING || self->dirty.n_marked > 0 || is_pass_due(self));
}

void viewer_work(struct viewer *self, const struct image *image)
{
	size_t length;

	if (self->state == VIEWER_ABSENT || !image->is_whole || self->has_failed)
		return;
	if (outbox_peek(&self->outbox, &length) ||
	        !flow_line_has_credit(&self->line, clock_now_us()))
		return;
	if (self->state == VIEWER_BEGINNING)
		begin(self);
	/* What changed goes first, by itself; what is to become exact goes after it. */
	struct rect moved = {0};
	if (self->dirty.n_marked > 0 && !self->has_failed) {
		make_frame_that_answers(self, image);
		moved = self->counts.moved;
	}
	while (!self->has_failed && is_pass_due(self) && !outbox_peek(&self->outbox, &length) &&
	        flow_line_has_credit(&self->line, clock_now_us())) {
		uint32_t before = self->frame;
		make_frame(self, image);
		/* Nothing came of it (all that is due lies below a film): asked again without end, it would hold up capture. */
		if (self->frame == before)
			break;
	}
	self->counts.moved = moved;
}
