/* What the tests of one viewer (encode/viewer.h) share. */
#ifndef SHOJI_TESTS_VIEWER_SUPPORT_H
#define SHOJI_TESTS_VIEWER_SUPPORT_H

#include "unit/stream_support.h"

#include "encode/viewer.h"

/* For viewer_init(): the test looks into the outbox by itself. */
static inline void support_ignore_slices(void *data)
{
	(void)data;
}

/* As gate lets a viewer join, which keeps what that decoder has. */
static inline void support_join(
        struct viewer *viewer, const struct stream_decoder *decoder, uint16_t cache_slots)
{
	uint64_t epoch = stream_decoder_epoch(decoder);

	viewer_join(viewer, &(struct message_viewer_join){.version = WIRE_VERSION,
	                            .window_log_max = 20,
	                            .epoch = epoch,
	                            .last_frame = epoch ? stream_decoder_frame(decoder) : 0,
	                            .cache_slots = cache_slots});
}

#endif
