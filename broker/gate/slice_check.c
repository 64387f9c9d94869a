/* The header of a slice, and the rate of slices. The bytes come from encode, which stands on the isolated
 * host's side of the line. */
#include "gate/slice_check.h"

#include "base/error.h"
#include "stream/picture.h"
#include "stream/wire.h"

int slice_check(struct slice_check *self, const uint8_t *slice, size_t length, uint64_t now_ms)
{
	if (length < WIRE_HEADER_BYTES || length > WIRE_SLICE_MAX)
		return SHOJI_ERR_MALFORMED;
	/* Control is gate's own to speak, input the viewer's: encode may not pretend to either. */
	uint8_t channel = WIRE_CHANNEL_OF(slice[0]);
	bool is_video = channel >= WIRE_VIDEO_MIN && channel <= WIRE_VIDEO_MAX;
	if (channel != WIRE_PICTURE && channel != WIRE_CURSOR && channel != WIRE_TEXT && !is_video)
		return SHOJI_ERR_MALFORMED;
	if (now_ms / 1000 != self->second)
		*self = (struct slice_check){.second = now_ms / 1000};
	self->slices++;
	self->bytes += length;
	if (self->slices > SLICES_PER_SECOND_MAX || self->bytes > SLICE_BYTES_PER_SECOND_MAX)
		return SHOJI_ERR_LIMIT;
	return 0;
}

bool slice_is_begin(const uint8_t *slice)
{
	return slice[0] == WIRE_KIND(WIRE_PICTURE, WIRE_PICTURE_BEGIN);
}
