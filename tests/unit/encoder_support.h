/* The ends of an encoder's channels that a test plays: capture's and gate's. */
#ifndef SHOJI_TESTS_ENCODER_SUPPORT_H
#define SHOJI_TESTS_ENCODER_SUPPORT_H

#include "unit/suite.h"

#include "base/channel.h"
#include "base/error.h"
#include "encode/encoder.h"

/* For encoder_setup, where nobody waits for it. */
static inline void support_ignore_first_picture(void *data)
{
	(void)data;
}

static inline void support_never_closed(void *data, struct channel *channel, int error)
{
	(void)data;
	(void)channel;
	ck_abort_msg("a channel was closed: %s", shoji_error_text(error));
}

/* Returns the test's end; *theirs is encode's. */
static inline struct channel *support_end(struct loop *loop, enum message_link link,
        channel_message_fn on_message, void *data, int *theirs)
{
	int ours;

	ck_assert_int_eq(channel_pair(&ours, theirs), 0);
	struct channel *channel = channel_new(ours, link, SIDE_A);
	ck_assert_ptr_nonnull(channel);
	channel_set_phase(channel, PHASE_READY);
	ck_assert_int_eq(channel_watch(channel, loop, on_message, support_never_closed, data), 0);
	return channel;
}

static inline struct channel *support_capture(
        struct loop *loop, struct encoder *encoder, channel_message_fn on_message, void *data)
{
	int theirs;
	struct channel *channel = support_end(loop, LINK_CAPTURE_ENCODE, on_message, data, &theirs);

	ck_assert_int_eq(encoder_set_capture(encoder, theirs), 0);
	return channel;
}

static inline struct channel *support_gate(struct loop *loop, struct encoder *encoder,
        enum viewer_seat seat, channel_message_fn on_message, void *data)
{
	int theirs;
	struct channel *channel = support_end(loop, LINK_GATE_ENCODE, on_message, data, &theirs);

	ck_assert_int_eq(encoder_set_gate(encoder, seat, theirs), 0);
	return channel;
}

/* capture's ends: the number of what was taken is put into *data, a uint32_t. */
static inline void support_take_taken(void *data, struct channel *channel, struct message *in)
{
	struct message_taken taken;

	(void)channel;
	ck_assert_int_eq(message_get_taken(in, &taken), 0);
	*(uint32_t *)data = taken.sequence;
}

#endif
