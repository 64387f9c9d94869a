/* The decoder: golden streams whole, every slice cut off at every length, bits flipped, and the bounds of commands. */
#include "unit/stream_slices.h"

static const char *const names[] = {"page", "beside", "small", "photo"};

START_TEST(golden_streams)
{
	for (size_t n = 0; n < 3; n++) {
		struct support_stream stream = support_stream_open(names[n]);
		struct stream_decoder *decoder = support_decoder_new(1280, 800);
		char path[512], line[SUPPORT_LINE_MAX];
		const uint8_t *slice;
		size_t length;
		snprintf(path, sizeof(path), "%s/golden/stream/%s.expected", SHOJI_TEST_DATA,
		        names[n]);
		char *expected = support_read_file(path, &length), *next = expected;
		while ((slice = support_stream_next(&stream, &length))) {
			support_describe(
			        decoder, stream_decoder_push(decoder, slice, length), line);
			ck_assert_msg(strncmp(next, line, strlen(line)) == 0 &&
			                      next[strlen(line)] == '\n',
			        "%s: got \"%s\" where this is left: %.100s", names[n], line, next);
			next += strlen(line) + 1;
		}
		ck_assert_str_eq(next, "");
		free(expected);
		free(stream.data);
		free(decoder);
	}
}
END_TEST

/* A copy of its own, so that ASan sees a byte read behind the end. */
static int32_t push_exactly(struct stream_decoder *decoder, const uint8_t *slice, size_t length)
{
	uint8_t *copy = malloc(length ? length : 1);

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, slice, length);
	int32_t status = stream_decoder_push(decoder, copy, length);
	free(copy);
	return status;
}

/* A decoder as new, for tests that need thousands: megabytes each time are what takes their time. The one before is gone. */
static struct stream_decoder *next_decoder(void)
{
	static const struct stream_limits limits = {WIDTH, HEIGHT, 21, SUPPORT_CACHE_SLOTS};
	static void *memory;
	size_t size = stream_decoder_size(&limits);

	if (!memory)
		memory = aligned_alloc(16, size);
	ck_assert_ptr_nonnull(memory);
	return stream_decoder_init(memory, size, &limits);
}

/* A decoder that was given what comes before `end`. */
static struct stream_decoder *replayed(const struct support_stream *stream, size_t end)
{
	struct stream_decoder *decoder = next_decoder();
	struct support_stream before = {stream->data, end, 0};
	const uint8_t *slice;
	size_t length;

	while ((slice = support_stream_next(&before, &length)))
		ck_assert_int_ge(stream_decoder_push(decoder, slice, length), 0);
	return decoder;
}

/* A slice that lacks its end is refused, whatever came before it. */
static void cut_stream(const char *name, size_t step)
{
	struct support_stream stream = support_stream_open(name);
	const uint8_t *slice;
	size_t length, start = 0, n_accepted = 0;

	while ((slice = support_stream_next(&stream, &length))) {
		for (size_t cut = 0; cut < length; cut += step) {
			struct stream_decoder *decoder = replayed(&stream, start);
			n_accepted += push_exactly(decoder, slice, cut) >= 0;
		}
		start = stream.at;
	}
	ck_assert_uint_gt(start, 500);
	ck_assert_uint_eq(n_accepted, 0);
	free(stream.data);
}

START_TEST(cut_off_at_every_length)
{
	cut_stream("small", 1);
	cut_stream("beside", 997);
	cut_stream("page", 997);
}
END_TEST

START_TEST(bits_flipped)
{
	uint64_t state = 20260401;
	size_t n_errors = 0;

	for (int round = 0; round < 600; round++) {
		struct support_stream stream = support_stream_open(names[round % 4]);
		struct stream_decoder *decoder = next_decoder();
		uint8_t *slice;
		size_t length;
		while ((slice = (uint8_t *)(uintptr_t)support_stream_next(&stream, &length))) {
			if (support_below(&state, 6) == 0) {
				uint32_t bit = support_below(&state, (uint32_t)length * 8);
				slice[bit / 8] ^= (uint8_t)(1 << bit % 8);
			}
			int32_t status = push_exactly(decoder, slice, length);
			ck_assert_int_ge(status, STREAM_ERR_SEQUENCE);
			ck_assert_int_le(status, STREAM_SKIPPED);
			n_errors += status < 0;
			ck_assert_uint_le(
			        stream_decoder_screen(decoder)->n_rects, SCREEN_RECTS_MAX);
		}
		free(stream.data);
	}
	ck_assert_uint_gt(n_errors, 500);
}
END_TEST

/* ---- slices made by hand ---- */

/* What one frame of those commands is answered with by a decoder that has begun. */
static int32_t try_commands(const uint8_t *commands, size_t length)
{
	struct stream_decoder *decoder = support_decoder_new(WIDTH, HEIGHT);
	ZSTD_CCtx *context = zstd();

	ck_assert_int_eq(push_begin(decoder), STREAM_BEGUN);
	int32_t status =
	        push_frame(decoder, context, 11, PICTURE_FIRST | PICTURE_LAST, commands, length);
	/* Plainly they are answered with the same; the zstd stream goes on after them as if they had not been. */
	if (status != STREAM_ERR_LIMIT && length < 256) {
		ck_assert_int_eq(push_begin(decoder), STREAM_BEGUN);
		ck_assert_int_eq(push_plain(decoder, 11, commands, length), status);
		ZSTD_CCtx_reset(context, ZSTD_reset_session_only);
	}
	/* Whatever it was: nothing but BEGIN mends a broken decoder. */
	static const uint8_t good[] = {FILL(0, 0, 1, 1)};
	int32_t next =
	        push_frame(decoder, context, 12, PICTURE_FIRST | PICTURE_LAST, good, sizeof(good));
	ck_assert_int_eq(next, status < 0 ? status : STREAM_FRAME);
	ck_assert_int_eq(push_begin(decoder), STREAM_BEGUN);
	ZSTD_freeCCtx(context);
	free(decoder);
	return status;
}

#define TRY(...)                                                                                   \
	try_commands((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

START_TEST(commands_and_their_bounds)
{
	ck_assert_int_eq(TRY(FILL(0, 0, WIDTH, HEIGHT)), STREAM_FRAME);
	ck_assert_int_eq(TRY(FILL(1, 0, WIDTH, HEIGHT)), STREAM_ERR_MALFORMED);
	ck_assert_int_eq(TRY(FILL(0, 1, WIDTH, HEIGHT)), STREAM_ERR_MALFORMED);
	ck_assert_int_eq(TRY(FILL(0, 0, 0, 1)), STREAM_ERR_MALFORMED);
	ck_assert_int_eq(TRY(FILL(0, 0, 65535, 65535)), STREAM_ERR_MALFORMED);
	ck_assert_int_eq(TRY(PICTURE_COPY, 0, 0, 0, 0, 5, 0, 5, 0, 9, 0, 9, 0), STREAM_FRAME);
	ck_assert_int_eq(
	        TRY(PICTURE_COPY, 0, 0, 0, 0, 5, 0, 239, 0, 9, 0, 9, 0), STREAM_ERR_MALFORMED);
	ck_assert_int_eq(
	        TRY(PICTURE_COPY, 0, 0, 239, 0, 5, 0, 5, 0, 9, 0, 9, 0), STREAM_ERR_MALFORMED);
	ck_assert_int_eq(TRY(PICTURE_PIXELS, 0, 0, 0, 0, 1, 0, 1, 0, 1, 2, 3), STREAM_FRAME);
	ck_assert_int_eq(TRY(PICTURE_PIXELS, 0, 0, 0, 0, 1, 0, 1, 0, 1, 2), STREAM_ERR_MALFORMED);
	ck_assert_int_eq(TRY(PICTURE_PIXELS, 0, 0, 0, 0, 65, 0, 64, 0), STREAM_ERR_MALFORMED);
	ck_assert_int_eq(TRY(PICTURE_PREDICTED, 0, 0, 0, 0, 1, 0, 1, 0, 1, 2, 3), STREAM_FRAME);
	ck_assert_int_eq(TRY(PICTURE_PREDICTED, 0, 0, 0, 0, 65, 0, 64, 0), STREAM_ERR_MALFORMED);
	/* 1: the pixels beside are known; u16 length; any bytes. At most DRAWN_WIDTH_MAX x DRAWN_HEIGHT_MAX, on the screen. */
	ck_assert_int_eq(TRY(PICTURE_DRAWN, 0, 0, 0, 0, 9, 0, 8, 0, 0, 2, 0, 1, 2), STREAM_FRAME);
	ck_assert_int_eq(
	        TRY(PICTURE_DRAWN, 231, 0, 232, 0, 9, 0, 8, 0, 1, 2, 0, 255, 255), STREAM_FRAME);
	ck_assert_int_eq(
	        TRY(PICTURE_DRAWN, 0, 0, 0, 0, 9, 0, 8, 0, 2, 1, 0, 1), STREAM_ERR_MALFORMED);
	ck_assert_int_eq(TRY(PICTURE_DRAWN, 0, 0, 0, 0, 9, 0, 8, 0, 0, 0, 0), STREAM_ERR_MALFORMED);
	ck_assert_int_eq(
	        TRY(PICTURE_DRAWN, 0, 0, 0, 0, 9, 0, 8, 0, 0, 2, 0, 1), STREAM_ERR_MALFORMED);
	ck_assert_int_eq(
	        TRY(PICTURE_DRAWN, 0, 0, 0, 0, 9, 0, 8, 0, 0, 0xfe, 0x2f, 1), STREAM_ERR_MALFORMED);
	ck_assert_int_eq(
	        TRY(PICTURE_DRAWN, 0, 0, 0, 0, 9, 0, 65, 0, 0, 1, 0, 1), STREAM_ERR_MALFORMED);
	ck_assert_int_eq(
	        TRY(PICTURE_DRAWN, 0, 0, 239, 0, 9, 0, 2, 0, 0, 1, 0, 1), STREAM_ERR_MALFORMED);
	ck_assert_int_eq(
	        TRY(PICTURE_DRAWN, 0, 0, 0, 0, 0, 0, 2, 0, 0, 1, 0, 1), STREAM_ERR_MALFORMED);
	ck_assert_int_eq(TRY(PICTURE_FORGET, PICTURE_FORGET), STREAM_FRAME);
	ck_assert_int_eq(TRY(4 + 60), STREAM_ERR_MALFORMED);
	/* quality, u16 length, coefficients; at most a tile */
	ck_assert_int_eq(TRY(PICTURE_PHOTO, 0, 0, 0, 0, 9, 0, 8, 0, 10, 2, 0, 1, 2), STREAM_FRAME);
	ck_assert_int_eq(
	        TRY(PICTURE_PHOTO, 0, 0, 0, 0, 65, 0, 1, 0, 10, 1, 0, 1), STREAM_ERR_MALFORMED);
	ck_assert_int_eq(
	        TRY(PICTURE_PHOTO, 0, 0, 239, 0, 1, 0, 2, 0, 10, 1, 0, 1), STREAM_ERR_MALFORMED);
	ck_assert_int_eq(
	        TRY(PICTURE_PHOTO, 0, 0, 0, 0, 9, 0, 8, 0, 0, 1, 0, 1), STREAM_ERR_MALFORMED);
	ck_assert_int_eq(
	        TRY(PICTURE_PHOTO, 0, 0, 0, 0, 9, 0, 8, 0, 21, 1, 0, 1), STREAM_ERR_MALFORMED);
	ck_assert_int_eq(
	        TRY(PICTURE_PHOTO, 0, 0, 0, 0, 9, 0, 8, 0, 10, 0, 0), STREAM_ERR_MALFORMED);
	ck_assert_int_eq(
	        TRY(PICTURE_PHOTO, 0, 0, 0, 0, 9, 0, 8, 0, 10, 1, 0x18, 1), STREAM_ERR_MALFORMED);
	ck_assert_int_eq(
	        TRY(PICTURE_PHOTO, 0, 0, 0, 0, 9, 0, 8, 0, 10, 2, 0, 1), STREAM_ERR_MALFORMED);
	/* WIDTH x HEIGHT are 5 x 4 tiles, the last row 48 pixels high; 3 slots. */
	ck_assert_int_eq(TRY(PICTURE_STORE, 0, 0, 0), STREAM_ERR_MALFORMED);
	ck_assert_int_eq(TRY(PICTURE_STORE, 0, 0, 5), STREAM_FRAME);
	ck_assert_int_eq(TRY(PICTURE_STORE, 0, 0, 6), STREAM_ERR_MALFORMED);
	ck_assert_int_eq(TRY(PICTURE_STORE, 0, 4, 1), STREAM_ERR_MALFORMED);
	ck_assert_int_eq(TRY(PICTURE_STORE, 255, 255, 255), STREAM_ERR_MALFORMED);
	ck_assert_int_eq(TRY(PICTURE_SHOW, 0, 0, 0, 0, 1), STREAM_ERR_MALFORMED);
	ck_assert_int_eq(TRY(PICTURE_STORE, 1, 1, 1, PICTURE_SHOW, 0, 0, 0, 0, 1), STREAM_FRAME);
	ck_assert_int_eq(
	        TRY(PICTURE_STORE, 1, 1, 1, PICTURE_SHOW, 0, 0, 0, 0, 0), STREAM_ERR_MALFORMED);
	ck_assert_int_eq(
	        TRY(PICTURE_STORE, 1, 1, 1, PICTURE_SHOW, 0, 0, 0, 0, 2), STREAM_ERR_MALFORMED);
	ck_assert_int_eq(
	        TRY(PICTURE_STORE, 1, 1, 1, PICTURE_SHOW, 1, 0, 0, 0, 1), STREAM_ERR_MALFORMED);
	ck_assert_int_eq(
	        TRY(PICTURE_STORE, 1, 1, 3, PICTURE_SHOW, 3, 0, 0, 0, 1), STREAM_ERR_MALFORMED);
	ck_assert_int_eq(
	        TRY(PICTURE_STORE, 1, 1, 1, PICTURE_SHOW, 0, 0, 0, 3, 1), STREAM_ERR_MALFORMED);
	ck_assert_int_eq(
	        TRY(PICTURE_STORE, 1, 1, 1, PICTURE_SHOW, 0, 255, 4, 4, 1), STREAM_ERR_MALFORMED);
	/* area, slot; slot: at most 1024 pixels on the screen, 4 slots, and nothing is swapped that was not kept */
	ck_assert_int_eq(TRY(PICTURE_KEEP, 0, 0, 0, 0, 32, 0, 32, 0, 3), STREAM_FRAME);
	ck_assert_int_eq(TRY(PICTURE_KEEP, 0, 0, 0, 0, 32, 0, 32, 0, 4), STREAM_ERR_MALFORMED);
	ck_assert_int_eq(TRY(PICTURE_KEEP, 0, 0, 0, 0, 33, 0, 32, 0, 0), STREAM_ERR_MALFORMED);
	ck_assert_int_eq(TRY(PICTURE_KEEP, 0, 0, 0, 0, 0, 0, 32, 0, 0), STREAM_ERR_MALFORMED);
	ck_assert_int_eq(TRY(PICTURE_KEEP, 0, 0, 239, 0, 9, 0, 2, 0, 0), STREAM_ERR_MALFORMED);
	ck_assert_int_eq(
	        TRY(PICTURE_KEEP, 0, 0, 0, 0, 255, 255, 255, 255, 0), STREAM_ERR_MALFORMED);
	ck_assert_int_eq(TRY(PICTURE_KEEP, 0, 0, 0, 0, 9, 0, 2, 0), STREAM_ERR_MALFORMED);
	ck_assert_int_eq(TRY(PICTURE_SWAP, 0), STREAM_ERR_MALFORMED);
	ck_assert_int_eq(TRY(PICTURE_SWAP, 4), STREAM_ERR_MALFORMED);
	ck_assert_int_eq(
	        TRY(PICTURE_KEEP, 0, 0, 238, 0, 9, 0, 2, 0, 1, PICTURE_SWAP, 1, PICTURE_SWAP, 1),
	        STREAM_FRAME);
	ck_assert_int_eq(TRY(PICTURE_KEEP, 0, 0, 0, 0, 9, 0, 2, 0, 1, PICTURE_SWAP, 2),
	        STREAM_ERR_MALFORMED);
	ck_assert_int_eq(TRY(PICTURE_KEEP, 0, 0, 0, 0, 9, 0, 2, 0, 1, PICTURE_SWAP, 255),
	        STREAM_ERR_MALFORMED);
	for (unsigned command = 0; command < 256; command++)
		if (command != PICTURE_KEEP && command != PICTURE_STORE &&
		        command != PICTURE_SHOW &&
		        (command < PICTURE_COPY || command > PICTURE_PREDICTED))
			ck_assert_int_eq(TRY((uint8_t)command, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0),
			        STREAM_ERR_MALFORMED);
}
END_TEST

START_TEST(so_many_pixels_and_no_more)
{
	static uint8_t pixels[PICTURE_COMMAND_MAX + 64 * PICTURE_PIXEL_BYTES] = {
	        PICTURE_PIXELS, 0, 0, 0, 0, 64, 0, 64, 0};

	ck_assert_int_eq(try_commands(pixels, PICTURE_COMMAND_MAX), STREAM_FRAME);
	pixels[7] = 65;
	ck_assert_int_eq(try_commands(pixels, sizeof(pixels)), STREAM_ERR_MALFORMED);
}
END_TEST

START_TEST(a_slice_that_unpacks_to_too_much)
{
	static const uint8_t one[] = {FILL(0, 0, 2, 2)};
	size_t n = PICTURE_SLICE_RAW_MAX / sizeof(one) + 1;
	uint8_t *many = malloc(n * sizeof(one));

	for (size_t i = 0; i < n; i++)
		memcpy(many + i * sizeof(one), one, sizeof(one));
	ck_assert_int_eq(try_commands(many, (n - 1) * sizeof(one)), STREAM_FRAME);
	ck_assert_int_eq(try_commands(many, n * sizeof(one)), STREAM_ERR_LIMIT);
	free(many);
}
END_TEST

static const uint8_t *pixel(const struct stream_decoder *decoder, uint32_t x, uint32_t y)
{
	return stream_decoder_screen(decoder)->pixels + ((size_t)y * WIDTH + x) * 4;
}

/* What is kept comes back, takes what covered it in its place, and is gone with a BEGIN that keeps the screen. */
START_TEST(kept_areas)
{
	static const uint8_t keep[] = {PICTURE_KEEP, 2, 0, 1, 0, 3, 0, 2, 0, 1, FILL(0, 0, 9, 9)};
	static const uint8_t swap[] = {PICTURE_SWAP, 1};
	struct stream_decoder *decoder = support_decoder_new(WIDTH, HEIGHT);

	ck_assert_int_eq(push_begin(decoder), STREAM_BEGUN);
	ck_assert_int_eq(push_plain(decoder, 11, keep, sizeof(keep)), STREAM_FRAME);
	for (uint32_t i = 0; i < 5; i++) {
		ck_assert_int_eq(push_plain(decoder, 12 + i, swap, sizeof(swap)), STREAM_FRAME);
		ck_assert_uint_eq(stream_decoder_screen(decoder)->n_rects, 1);
		ck_assert_uint_eq(pixel(decoder, 2, 1)[0], i % 2 ? 10 : 0);
		ck_assert_uint_eq(pixel(decoder, 4, 2)[2], i % 2 ? 30 : 0);
		ck_assert_uint_eq(pixel(decoder, 1, 1)[0], 10);
		ck_assert_uint_eq(pixel(decoder, 5, 2)[0], 10);
		ck_assert_uint_eq(pixel(decoder, 4, 3)[0], 10);
	}
	ck_assert_int_eq(push_begin_as(decoder, 77, 16, WIDTH, HEIGHT, 20, 0), STREAM_BEGUN);
	ck_assert_int_eq(push_plain(decoder, 17, swap, sizeof(swap)), STREAM_ERR_MALFORMED);
	free(decoder);
}
END_TEST

/* Few bytes that would keep a viewer busy for long: of each command as many as a slice may have, and one more. */
START_TEST(a_slice_that_is_too_much_work)
{
	static const struct {
		uint8_t bytes[20];
		size_t length, n_max;
	} commands[] = {
	        {{FILL(0, 0, WIDTH, HEIGHT)}, 12, PICTURE_SLICE_SCREENS_MAX},
	        {{PICTURE_COPY, 0, 0, 0, 0, 64, 0, 0, 0, 256 - 64, 0, HEIGHT, 0}, 13, 106},
	        /* 1 x 240: each row as 16 */
	        {{FILL(7, 0, 1, HEIGHT)}, 12, 1280},
	        {{PICTURE_COPY, 9, 0, 0, 0, 7, 0, 0, 0, 1, 0, HEIGHT, 0}, 13, 1280},
	        {{PICTURE_KEEP, 7, 0, 0, 0, 1, 0, HEIGHT, 0, 0}, 10, 1280},
	        /* 320 x 64, of one byte: 32 each */
	        {{PICTURE_DRAWN, 0, 0, 0, 0, 64, 1, 64, 0, 1, 1, 0, 7}, 13, 7},
	        {{PICTURE_FORGET}, 1, 75},
	        {{PICTURE_STORE, 0, 0, 1}, 4, 1200},
	        {{PICTURE_KEEP, 0, 0, 0, 0, 32, 0, 32, 0, 0}, 10, 4800},
	        /* 64 x 64: 4 each */
	        {{PICTURE_PHOTO, 0, 0, 0, 0, 64, 0, 64, 0, 10, 1, 0, 7}, 13, 300},
	};
	static uint8_t many[65536];

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		size_t n = commands[i].n_max, length = commands[i].length;
		ck_assert_uint_le((n + 1) * length, sizeof(many));
		for (size_t at = 0; at <= n; at++)
			memcpy(many + at * length, commands[i].bytes, length);
		ck_assert_msg(try_commands(many, n * length) == STREAM_FRAME, "command %u",
		        commands[i].bytes[0]);
		ck_assert_msg(try_commands(many, (n + 1) * length) == STREAM_ERR_LIMIT,
		        "command %u", commands[i].bytes[0]);
	}
}
END_TEST

int main(void)
{
	return SUITE_RUN("stream decoder", golden_streams, cut_off_at_every_length, bits_flipped,
	        commands_and_their_bounds, so_many_pixels_and_no_more,
	        a_slice_that_unpacks_to_too_much, a_slice_that_is_too_much_work, kept_areas);
}
