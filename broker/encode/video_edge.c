/* Where a film really ends. A region that was found while its page still moved has a little of the page within its edge, and a cell is
 * shown by video as a whole: writing there would be blurred for as long as the film lasts. Stands on no boundary.
 *
 * What changed is kept for two windows of playing. What did not in either, and is no photograph, is given back if video shows any of it;
 * that costs a key frame, so it happens twice at most: an edge that moves again after that is a talking head's. */
#include "encode/video_inside.h"

#include "encode/video_find.h"

#define WINDOW_MS 1000
#define WINDOW_CHANGES 10
#define TRIMS_MAX 2

void video_edge_begin(struct video_region *region, uint32_t now_ms)
{
	region->edge = (struct video_edge){.begun_ms = now_ms, .n_trims = region->edge.n_trims};
}

void video_edge_change(struct video_region *region, const struct rect *changed, bool is_new)
{
	region->edge.n_changes += is_new;
	region->edge.now = video_join(&region->edge.now, changed);
}

static bool is_shown_by_video(const struct video *self, const struct rect *area)
{
	struct video_span span = video_span_of(area);

	for (uint32_t row = span.top; row < span.bottom; row++)
		for (uint32_t column = span.left; column < span.right; column++)
			if (self->setup.cells->cells[row][column].is_live)
				return true;
	return false;
}

/* Whether what lies around `moving` is better off without video. */
static bool may_be_given_back(
        const struct video *self, const struct rect *area, const struct rect *moving)
{
	struct rect strips[4];
	size_t n = video_subtract(area, moving, strips);
	bool is_shown = false;

	for (size_t i = 0; i < n; i++) {
		if (video_looks_photographic(self, self->setup.shadow, &strips[i]))
			return false;
		is_shown = is_shown || is_shown_by_video(self, &strips[i]);
	}
	return is_shown;
}

bool video_edge_look(
        const struct video *self, struct video_region *region, uint32_t now_ms, struct rect *area)
{
	struct video_edge *edge = &region->edge;

	if (now_ms - edge->begun_ms < WINDOW_MS || edge->n_changes < WINDOW_CHANGES)
		return false;
	struct rect moving = video_join(&edge->before, &edge->now);
	bool is_known = edge->before.width > 0;
	*edge = (struct video_edge){
	        .before = edge->now, .begun_ms = now_ms, .n_trims = edge->n_trims};
	if (!is_known || edge->n_trims == TRIMS_MAX || moving.width < VIDEO_WIDTH_MIN ||
	        moving.height < VIDEO_HEIGHT_MIN ||
	        !may_be_given_back(self, &region->area, &moving))
		return false;
	edge->n_trims++;
	*area = moving;
	return true;
}
