/* Counting and a division. Stands on no boundary: encode says when a film plays, and one that lies takes a share of what others' films
 * have, as a film would. */
#include "monitor/films.h"

#include "base/ensure.h"

void films_init(struct films *self, uint32_t all_percent, uint32_t each_percent)
{
	*self = (struct films){
	        .all_permille = all_percent * 10, .each_permille = each_percent * 10};
}

void films_set(struct films *self, bool *is_playing, bool plays)
{
	if (*is_playing == plays)
		return;
	ensure(plays || self->n_playing > 0);
	*is_playing = plays;
	if (plays)
		self->n_playing++;
	else
		self->n_playing--;
}

uint16_t films_share_permille(const struct films *self)
{
	uint32_t share =
	        self->n_playing > 1 ? self->all_permille / self->n_playing : self->all_permille;

	if (share > self->each_permille)
		share = self->each_permille;
	return share > 0 ? (uint16_t)share : 1;
}
