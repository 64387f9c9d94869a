/* A bucket that fills with time. Stands on no boundary. */
#include "encode/video_budget.h"

/* So much may be saved up: a key frame after a rest costs several frames. */
#define SAVED_MS 300
/* A frame that waited for the processor: it took longer than it worked, by half and more than a turn of the scheduler. */
#define WAITED_US 3000

void video_budget_init(struct video_budget *self, uint32_t now_ms)
{
	*self = (struct video_budget){.share_permille = 1000, .counted_ms = now_ms};
}

void video_budget_set(struct video_budget *self, uint32_t core_permille)
{
	/* The first one is whole at once. */
	if (self->core_permille == 0)
		self->saved_us = (int64_t)SAVED_MS * core_permille;
	self->core_permille = core_permille;
}

bool video_budget_may_encode(struct video_budget *self, uint32_t now_ms)
{
	/* 1 ms of a core at 1 permille is 1 us. */
	int64_t most_us = (int64_t)SAVED_MS * self->core_permille;

	self->saved_us += (int64_t)(now_ms - self->counted_ms) * self->core_permille *
	                  self->share_permille / 1000;
	self->counted_ms = now_ms;
	if (self->saved_us > most_us)
		self->saved_us = most_us;
	return self->saved_us > 0;
}

void video_budget_spent(struct video_budget *self, uint32_t wall_us, uint32_t processor_us)
{
	self->saved_us -= processor_us;
	if (wall_us > processor_us + processor_us / 2 + WAITED_US)
		self->share_permille = self->share_permille * 4 / 5;
	else
		self->share_permille += 20;
	if (self->share_permille < VIDEO_BUDGET_LEAST)
		self->share_permille = VIDEO_BUDGET_LEAST;
	if (self->share_permille > 1000)
		self->share_permille = 1000;
}
