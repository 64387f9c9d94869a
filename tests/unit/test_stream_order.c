/* The decoder: slices in and out of turn, what is behind their end, beginnings, the other channels, and where it is not to begin. */
#include "unit/stream_slices.h"

#define ZSTD_BLOCK_BYTES 4 /* with its head of 3 */

/* A frame's only slice, with so many bytes behind what it holds. `n_answer_bytes` are between its head and that. */
static int32_t push_trailed(struct stream_decoder *decoder, uint8_t flags, size_t n_answer_bytes,
        size_t n_trailing_bytes)
{
	static const uint8_t fill[] = {FILL(3, 4, 5, 6)};
	struct made made = header(WIRE_PICTURE, WIRE_PICTURE_FRAME);
	ZSTD_CCtx *context = zstd();
	ZSTD_inBuffer in = {fill, sizeof(fill), 0};

	put(&made, flags, 1);
	put(&made, 11, 1);
	put(&made, 0, n_answer_bytes);
	put(&made, sizeof(fill), flags & PICTURE_PLAIN ? 1 : PICTURE_RAW_LENGTH_BYTES);
	if (flags & PICTURE_PLAIN) {
		memcpy(made.bytes + made.length, fill, sizeof(fill));
		made.length += sizeof(fill);
	} else {
		ZSTD_outBuffer out = {made.bytes, sizeof(made.bytes), made.length};
		ck_assert_uint_eq(ZSTD_compressStream2(context, &out, &in, ZSTD_e_flush), 0);
		made.length = out.pos;
	}
	ZSTD_freeCCtx(context);
	/* For zstd they are more blocks, stored, of a byte each: it reads one ahead, and gives it out with the next slice. */
	memset(made.bytes + made.length, 0, n_trailing_bytes);
	for (size_t i = 0; i + ZSTD_BLOCK_BYTES <= n_trailing_bytes; i += ZSTD_BLOCK_BYTES)
		made.bytes[made.length + i] = 1 << 3;
	return stream_decoder_push(decoder, made.bytes, made.length + n_trailing_bytes);
}

START_TEST(nothing_behind_the_end)
{
	const uint8_t only = PICTURE_FIRST | PICTURE_LAST;
	struct stream_decoder *decoder = support_decoder_new(WIDTH, HEIGHT);
	static uint8_t long_slice[WIRE_SLICE_MAX + 1];
	struct {
		uint8_t flags;
		size_t n_answer_bytes, n_trailing_bytes;
		int32_t status;
	} cases[] = {{only | PICTURE_PLAIN, 0, 0, STREAM_FRAME},
	        {only | PICTURE_PLAIN, 0, 1, STREAM_ERR_MALFORMED}, {only, 0, 0, STREAM_FRAME},
	        {only, 0, 3 * ZSTD_BLOCK_BYTES, STREAM_ERR_MALFORMED},
	        {only | PICTURE_ANSWERS, PICTURE_ANSWER_BYTES, 0, STREAM_FRAME}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_int_eq(push_begin(decoder), STREAM_BEGUN);
		ck_assert_int_eq(push_trailed(decoder, cases[i].flags, cases[i].n_answer_bytes,
		                         cases[i].n_trailing_bytes),
		        cases[i].status);
	}
	/* An answer is said with the first slice. */
	static const uint8_t fill[] = {FILL(3, 4, 5, 6)};
	ZSTD_CCtx *context = zstd();
	ck_assert_int_eq(push_begin(decoder), STREAM_BEGUN);
	ck_assert_int_eq(
	        push_frame(decoder, context, 11, PICTURE_FIRST, fill, sizeof(fill)), STREAM_MORE);
	ck_assert_int_eq(push_trailed(decoder, PICTURE_LAST | PICTURE_ANSWERS | PICTURE_PLAIN,
	                         PICTURE_ANSWER_BYTES, 0),
	        STREAM_ERR_MALFORMED);
	ZSTD_freeCCtx(context);
	long_slice[0] = WIRE_KIND(WIRE_CHANNEL_OPTIONAL_MIN, 9);
	ck_assert_int_eq(stream_decoder_push(decoder, long_slice, WIRE_SLICE_MAX), STREAM_SKIPPED);
	ck_assert_int_eq(
	        stream_decoder_push(decoder, long_slice, WIRE_SLICE_MAX + 1), STREAM_ERR_LIMIT);
	free(decoder);
}
END_TEST

START_TEST(order_of_frames)
{
	static const uint8_t fill[] = {FILL(3, 4, 5, 6)};
	struct stream_decoder *decoder = support_decoder_new(WIDTH, HEIGHT);
	ZSTD_CCtx *context = zstd();

	ck_assert_int_eq(push_frame(decoder, context, 1, PICTURE_FIRST | PICTURE_LAST, fill, 12),
	        STREAM_ERR_SEQUENCE);
	struct {
		uint32_t frame;
		uint8_t flags;
		int32_t status;
	} second[] = {{12, PICTURE_FIRST, STREAM_ERR_SEQUENCE}, {11, PICTURE_LAST, STREAM_FRAME},
	        {12, PICTURE_LAST, STREAM_ERR_SEQUENCE}, {11, 0, STREAM_MORE},
	        {11, PICTURE_FIRST, STREAM_ERR_SEQUENCE}, {10, PICTURE_LAST, STREAM_ERR_SEQUENCE},
	        {11, 16 | PICTURE_LAST, STREAM_ERR_MALFORMED}};
	for (size_t i = 0; i < sizeof(second) / sizeof(second[0]); i++) {
		ZSTD_CCtx_reset(context, ZSTD_reset_session_only);
		ck_assert_int_eq(push_begin(decoder), STREAM_BEGUN);
		ck_assert_uint_eq(stream_decoder_frame(decoder), 0);
		ck_assert_int_eq(
		        push_frame(decoder, context, 11, PICTURE_FIRST, fill, 12), STREAM_MORE);
		ck_assert_uint_eq(stream_decoder_epoch(decoder), 0);
		ck_assert_int_eq(
		        push_frame(decoder, context, second[i].frame, second[i].flags, fill, 12),
		        second[i].status);
	}
	/* After the largest number an epoch is over. */
	ZSTD_CCtx_reset(context, ZSTD_reset_session_only);
	ck_assert_int_eq(
	        push_begin_as(decoder, 77, UINT32_MAX, WIDTH, HEIGHT, 20, 1), STREAM_BEGUN);
	ck_assert_int_eq(push_frame(decoder, context, 0, PICTURE_FIRST | PICTURE_LAST, fill, 12),
	        STREAM_ERR_SEQUENCE);
	ZSTD_freeCCtx(context);
	free(decoder);
}
END_TEST

START_TEST(beginnings)
{
	static const uint8_t fill[] = {FILL(3, 4, 5, 6)};
	struct stream_decoder *decoder = support_decoder_new(WIDTH, HEIGHT);
	ZSTD_CCtx *context = zstd();

	ck_assert_int_eq(push_begin_as(decoder, 77, 0, WIDTH + 1, HEIGHT, 20, 1), STREAM_ERR_LIMIT);
	ck_assert_int_eq(push_begin_as(decoder, 77, 0, WIDTH, HEIGHT + 1, 20, 1), STREAM_ERR_LIMIT);
	ck_assert_int_eq(push_begin_as(decoder, 77, 0, WIDTH, HEIGHT, 22, 1), STREAM_ERR_LIMIT);
	ck_assert_int_eq(push_begin_as(decoder, 77, 0, WIDTH, HEIGHT, 16, 1), STREAM_ERR_LIMIT);
	ck_assert_int_eq(push_begin_as(decoder, 77, 0, 0, HEIGHT, 20, 1), STREAM_ERR_MALFORMED);
	ck_assert_int_eq(push_begin_as(decoder, 0, 0, WIDTH, HEIGHT, 20, 1), STREAM_ERR_MALFORMED);
	ck_assert_int_eq(push_begin_as(decoder, 77, 0, WIDTH, HEIGHT, 20, 3), STREAM_ERR_MALFORMED);
	begin_slots = SUPPORT_CACHE_SLOTS + 1;
	ck_assert_int_eq(push_begin(decoder), STREAM_ERR_LIMIT);
	begin_slots = 3;
	/* To keep a screen there must be one, and the very one that is meant. */
	ck_assert_int_eq(push_begin(decoder), STREAM_BEGUN);
	ck_assert_int_eq(push_begin_as(decoder, 77, 10, WIDTH, HEIGHT, 20, 0), STREAM_ERR_SEQUENCE);
	ck_assert_int_eq(push_begin(decoder), STREAM_BEGUN);
	ck_assert_int_eq(push_frame(decoder, context, 11, PICTURE_FIRST | PICTURE_LAST, fill, 12),
	        STREAM_FRAME);
	ck_assert_uint_eq(stream_decoder_epoch(decoder), 77);
	ck_assert_uint_eq(stream_decoder_frame(decoder), 11);
	uint64_t digest = support_digest(stream_decoder_screen(decoder)->pixels, WIDTH, HEIGHT);
	ck_assert_int_eq(push_begin_as(decoder, 77, 11, WIDTH, HEIGHT, 20, 0), STREAM_BEGUN);
	ck_assert(digest == support_digest(stream_decoder_screen(decoder)->pixels, WIDTH, HEIGHT));
	/* The cache alone may be kept when the screen has another size; not when it has others slots. */
	ck_assert_int_eq(push_begin_as(decoder, 77, 11, WIDTH, 9, 20, 0), STREAM_ERR_SEQUENCE);
	ck_assert_int_eq(push_begin(decoder), STREAM_BEGUN);
	ZSTD_CCtx_reset(context, ZSTD_reset_session_only);
	ck_assert_int_eq(push_frame(decoder, context, 11, PICTURE_FIRST | PICTURE_LAST, fill, 12),
	        STREAM_FRAME);
	ck_assert_int_eq(
	        push_begin_as(decoder, 77, 11, WIDTH, 20, 20, PICTURE_RESET_SCREEN), STREAM_BEGUN);
	ck_assert_uint_eq(stream_decoder_epoch(decoder), 0);
	ZSTD_CCtx_reset(context, ZSTD_reset_session_only);
	ck_assert_int_eq(push_frame(decoder, context, 12, PICTURE_FIRST | PICTURE_LAST, fill, 12),
	        STREAM_FRAME);
	begin_slots = 4;
	ck_assert_int_eq(push_begin_as(decoder, 77, 12, WIDTH, 20, 20, PICTURE_RESET_SCREEN),
	        STREAM_ERR_SEQUENCE);
	begin_slots = 3;
	ck_assert_int_eq(push_begin_as(decoder, 78, 11, WIDTH, HEIGHT, 20, 0), STREAM_ERR_SEQUENCE);
	/* Another frame than the one that is held is meant. */
	ck_assert_int_eq(push_begin(decoder), STREAM_BEGUN);
	ZSTD_CCtx_reset(context, ZSTD_reset_session_only);
	ck_assert_int_eq(push_frame(decoder, context, 11, PICTURE_FIRST | PICTURE_LAST, fill, 12),
	        STREAM_FRAME);
	ck_assert_int_eq(push_begin_as(decoder, 77, 12, WIDTH, HEIGHT, 20, 0), STREAM_ERR_SEQUENCE);
	ZSTD_freeCCtx(context);
	free(decoder);
}
END_TEST

START_TEST(channels)
{
	struct stream_decoder *decoder = support_decoder_new(WIDTH, HEIGHT);

	for (unsigned channel = 0; channel < 16; channel++) {
		struct made made = header((uint8_t)channel, 9);
		ck_assert_int_eq(stream_decoder_push(decoder, made.bytes, made.length),
		        channel >= WIRE_CHANNEL_OPTIONAL_MIN ? STREAM_SKIPPED
		                                             : STREAM_ERR_MALFORMED);
	}
	struct made taken = header(WIRE_TEXT, WIRE_TEXT_TAKEN);
	put(&taken, 3, 1);
	ck_assert_int_eq(
	        stream_decoder_push(decoder, taken.bytes, taken.length), STREAM_ERR_MALFORMED);
	taken.bytes[1] = 2;
	ck_assert_int_eq(
	        stream_decoder_push(decoder, taken.bytes, taken.length), STREAM_TEXT_TAKEN);
	free(decoder);
}
END_TEST

START_TEST(cursors)
{
	struct {
		uint8_t width, height, hot_x, hot_y;
		size_t rgba;
		int32_t status;
	} cases[] = {{2, 2, 1, 1, 16, STREAM_CURSOR}, {2, 2, 2, 1, 16, STREAM_ERR_MALFORMED},
	        {2, 2, 1, 2, 16, STREAM_ERR_MALFORMED}, {2, 2, 1, 1, 12, STREAM_ERR_MALFORMED},
	        {2, 2, 1, 1, 20, STREAM_ERR_MALFORMED}, {129, 1, 0, 0, 516, STREAM_ERR_MALFORMED},
	        {128, 128, 127, 127, 65536, STREAM_CURSOR}, {0, 1, 0, 0, 0, STREAM_ERR_MALFORMED},
	        {0, 0, 0, 0, 0, STREAM_CURSOR}};
	static const uint8_t rgba[65536];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct stream_decoder *decoder = support_decoder_new(WIDTH, HEIGHT);
		struct made made = header(WIRE_CURSOR, WIRE_CURSOR_IMAGE);
		put(&made, cases[i].width, 1);
		put(&made, cases[i].height, 1);
		put(&made, cases[i].hot_x, 1);
		put(&made, cases[i].hot_y, 1);
		if (cases[i].rgba)
			made.length += ZSTD_compress(made.bytes + made.length,
			        sizeof(made.bytes) - made.length, rgba, cases[i].rgba, 1);
		ck_assert_int_eq(
		        stream_decoder_push(decoder, made.bytes, made.length), cases[i].status);
		free(decoder);
	}
}
END_TEST

START_TEST(limits_of_the_start)
{
	ck_assert_uint_eq(stream_decoder_size(&(struct stream_limits){3841, 800, 21, 2}), 0);
	ck_assert_uint_eq(stream_decoder_size(&(struct stream_limits){1280, 2161, 21, 2}), 0);
	ck_assert_uint_eq(stream_decoder_size(&(struct stream_limits){0, 800, 21, 2}), 0);
	ck_assert_uint_eq(stream_decoder_size(&(struct stream_limits){1280, 800, 23, 2}), 0);
	ck_assert_uint_eq(stream_decoder_size(&(struct stream_limits){1280, 800, 16, 2}), 0);
	ck_assert_uint_eq(stream_decoder_size(&(struct stream_limits){1280, 800, 21, 4097}), 0);
	struct stream_limits limits = {64, 64, 17, 2};
	size_t size = stream_decoder_size(&limits);
	void *memory = aligned_alloc(16, size);
	ck_assert_ptr_null(stream_decoder_init(memory, size - 16, &limits));
	ck_assert_ptr_nonnull(stream_decoder_init(memory, size, &limits));
	free(memory);
}
END_TEST

int main(void)
{
	return SUITE_RUN("stream order", nothing_behind_the_end, order_of_frames, beginnings,
	        channels, cursors, limits_of_the_start);
}
