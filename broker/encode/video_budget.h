/* How much of the processor video may take: a share of one core for each session, and less while the machine has none to spare. All sessions
 * feel the same shortage, so that what the machine has left is shared between those that show films. Pure. */
#ifndef SHOJI_ENCODE_VIDEO_BUDGET_H
#define SHOJI_ENCODE_VIDEO_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

struct video_budget {
	uint32_t core_permille;  /* the share while the machine is free; 0: none was given yet */
	uint32_t share_permille; /* of that share, now: VIDEO_BUDGET_LEAST to 1000 */
	int64_t saved_us;        /* processor time that may be spent; negative: was overspent */
	uint32_t counted_ms;
};

#define VIDEO_BUDGET_LEAST 125

/* Nothing may be encoded before there is a share. */
void video_budget_init(struct video_budget *self, uint32_t now_ms);
/* core_permille: 1 to 1000. */
void video_budget_set(struct video_budget *self, uint32_t core_permille);
bool video_budget_may_encode(struct video_budget *self, uint32_t now_ms);
/* A frame took that much time by the clock, and of the processor. */
void video_budget_spent(struct video_budget *self, uint32_t wall_us, uint32_t processor_us);

#endif
