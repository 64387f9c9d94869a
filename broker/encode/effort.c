/* Counts the work of the frames lately. What the isolated host draws decides it, and can at worst make its own picture larger. */
#include "encode/effort.h"

void effort_init(struct effort *self)
{
	*self = (struct effort){.bytes = 0};
}

void effort_begin_frame(struct effort *self, uint32_t now_ms, bool is_line_fast)
{
	uint64_t allowed = (uint64_t)(now_ms - self->last_ms) * EFFORT_BYTES_A_MS;

	self->bytes = self->bytes > allowed ? self->bytes - (uint32_t)allowed : 0;
	if (now_ms - self->last_ms >= EFFORT_REST_MS)
		self->n_vain = self->n_unsearched = 0;
	self->last_ms = now_ms;
	self->is_too_much = is_line_fast && self->bytes > EFFORT_BYTES_MAX;
}

static void add(struct effort *self, uint32_t n_bytes)
{
	const uint32_t most = EFFORT_BYTES_MAX + EFFORT_REST_MS * EFFORT_BYTES_A_MS;

	self->bytes = n_bytes < most - self->bytes ? self->bytes + n_bytes : most;
}

void effort_drawn(struct effort *self, uint32_t n_bytes)
{
	add(self, n_bytes);
}

void effort_spared(struct effort *self, uint32_t n_pixels)
{
	add(self, n_pixels / EFFORT_PIXELS_A_BYTE);
}

bool effort_may_search(struct effort *self)
{
	if (self->n_vain < EFFORT_VAIN_MAX || self->n_unsearched == EFFORT_SEARCH_EVERY - 1)
		return true;
	self->n_unsearched++;
	return false;
}

void effort_searched(struct effort *self, bool has_found)
{
	self->n_unsearched = 0;
	if (has_found)
		self->n_vain = 0;
	else if (self->n_vain < EFFORT_VAIN_MAX)
		self->n_vain++;
}
