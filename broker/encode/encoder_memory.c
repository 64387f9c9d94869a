/* One mapping for the screens, the viewers and the compressors: address space for the largest screen and every seat; what
 * a smaller one or an empty seat does not touch is never made. */
#include "encode/encoder_inside.h"

#include "encode/compressor.h"
#include "encode/history_names.h"
#include "stream/drawn_model.h"

#include <sys/mman.h>

static size_t rounded(size_t bytes)
{
	return (bytes + 4095) & ~(size_t)4095;
}

enum seat_part {
	PART_REFERENCE,
	PART_MARKS,
	PART_COMPRESSOR,
	PART_DRAWN,
	PART_CACHE,
	PART_HISTORY,
	PART_OUTBOX,
	SEAT_PARTS
};

/* Where in a seat's memory each part is; the last entry is its size. */
static void lay_out(const struct encoder *self, size_t at[SEAT_PARTS + 1])
{
	uint32_t width = self->setup.width_max, height = self->setup.height_max;

	at[PART_REFERENCE] = 0;
	at[PART_MARKS] = rounded((size_t)width * height * PIXEL_BYTES);
	at[PART_COMPRESSOR] = at[PART_MARKS] + rounded((size_t)width * height);
	at[PART_DRAWN] = at[PART_COMPRESSOR] + rounded(compressor_size());
	at[PART_CACHE] = at[PART_DRAWN] + rounded(sizeof(struct drawn_model));
	at[PART_HISTORY] = at[PART_CACHE] + rounded(sizeof(struct cache));
	at[PART_OUTBOX] = at[PART_HISTORY] + rounded(sizeof(struct history_names));
	at[SEAT_PARTS] = at[PART_OUTBOX] + rounded(outbox_size(width, height));
}

static void init_seat(struct encoder *self, struct seat *seat, uint8_t *memory)
{
	size_t at[SEAT_PARTS + 1];

	lay_out(self, at);
	seat->encoder = self;
	seat->memory = memory;
	seat->memory_size = at[SEAT_PARTS];
	viewer_init(&seat->viewer, self->setup.epoch,
	        &(struct viewer_memory){
	                .reference = (uint32_t *)(void *)(memory + at[PART_REFERENCE]),
	                .marks = self->setup.has_photos ? memory + at[PART_MARKS] : NULL,
	                .compressor = memory + at[PART_COMPRESSOR],
	                .drawn = (struct drawn_model *)(void *)(memory + at[PART_DRAWN]),
	                .cache = (struct cache *)(void *)(memory + at[PART_CACHE]),
	                .cache_key = self->setup.cache_key,
	                .history = (struct history_names *)(void *)(memory + at[PART_HISTORY]),
	                .outbox = memory + at[PART_OUTBOX],
	                .outbox_size = at[SEAT_PARTS] - at[PART_OUTBOX]},
	        seat_pump_outbox, seat);
	if (self->setup.clock_ms)
		seat->viewer.clock_ms = self->setup.clock_ms;
}

bool encoder_reserve(struct encoder *self)
{
	size_t image =
	        rounded((size_t)self->setup.width_max * self->setup.height_max * PIXEL_BYTES);
	size_t once = rounded(compressor_once_size());
	size_t cells = rounded(sizeof(struct video_cells));
	size_t seat[SEAT_PARTS + 1];

	lay_out(self, seat);
	size_t pattern = rounded(sizeof(struct mark_pattern));
	size_t marked = self->setup.is_marked ? 2 * image + pattern : 0;
	self->memory_size = image + once + VIEWERS_MAX * seat[SEAT_PARTS] + marked + image + cells;
	void *memory = mmap(NULL, self->memory_size, PROT_READ | PROT_WRITE,
	        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return false;
	self->memory = memory;
	self->image_memory = (uint32_t *)memory;
	values_init(&self->values, self->memory + image, once);
	for (int i = 0; i < VIEWERS_MAX; i++)
		init_seat(self, &self->seats[i],
		        self->memory + image + once + (size_t)i * seat[SEAT_PARTS]);
	uint8_t *rest = self->memory + self->memory_size - image - cells;
	if (marked > 0)
		mark_init(&self->mark,
		        &(struct mark_memory){.shown = (uint32_t *)(void *)(rest - marked),
		                .before = (uint32_t *)(void *)(rest - marked + image),
		                .pattern = (struct mark_pattern *)(void *)(rest - pattern)});
	video_init(&self->video,
	        &(struct video_setup){.lease_id = self->setup.lease_id,

	                .shadow = (uint32_t *)(void *)rest,
	                .cells = (struct video_cells *)(void *)(rest + image),
	                .line = &self->seats[SEAT_PERSON].viewer.line,
	                .on_damage = encoder_damage,
	                .on_unknown = encoder_forget_area,
	                .data = self},
	        encoder_now_ms(self));
	video_resize(&self->video, &self->image);
	return true;
}
