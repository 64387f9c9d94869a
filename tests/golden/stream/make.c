/* Makes the golden streams: fixed pictures through encode's core, as slices, beside what a decoder must make of them. The
 * expected lines come from the pictures that went in, never from a decoder.
 * Usage: make-stream-golden OUTPUT_FOLDER (tests/golden/stream/regenerate runs it). */
#include "unit/stream_support.h"

#include "encode/compressor.h"
#include "encode/image.h"
#include "encode/photo_write.h"
#include "encode/values.h"
#include "encode/viewer.h"
#include "stream/drawn_model.h"

#define WIDTH 320
#define HEIGHT 240
#define EPOCH 0x0123456789abcdefull

static struct {
	FILE *slices, *expected;
	struct viewer viewer;
	struct values values;
	struct values_told told;
	struct image image;
	uint64_t now_ms;
	int answers; /* what the next frame is to answer; -1: nothing */
	uint8_t screen[WIDTH * HEIGHT * 4];
	uint32_t pixels[WIDTH * HEIGHT], reference[WIDTH * HEIGHT];
} make;

static void on_slices(void *data)
{
	(void)data;
}

static void open_files(const char *folder, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s.slices", folder, name);
	make.slices = fopen(path, "wb");
	snprintf(path, sizeof(path), "%s/%s.expected", folder, name);
	make.expected = fopen(path, "w");
	if (!make.slices || !make.expected)
		abort();
}

static void write_slice(const uint8_t *slice, size_t length)
{
	uint32_t field = (uint32_t)length;

	fwrite(&field, sizeof(field), 1, make.slices);
	fwrite(slice, 1, length, make.slices);
}

static uint64_t image_digest(void)
{
	static uint8_t rgba[WIDTH * HEIGHT * 4];
	size_t n_pixels = (size_t)make.image.width * make.image.height;

	for (size_t i = 0; i < n_pixels; i++) {
		rgba[i * 4] = (uint8_t)(make.image.pixels[i] >> 16);
		rgba[i * 4 + 1] = (uint8_t)(make.image.pixels[i] >> 8);
		rgba[i * 4 + 2] = (uint8_t)make.image.pixels[i];
		rgba[i * 4 + 3] = 255;
	}
	return support_digest(rgba, make.image.width, make.image.height);
}

static void expect_frame(void)
{
	fprintf(make.expected, "frame %u %016llx", make.viewer.frame,
	        (unsigned long long)image_digest());
	if (make.answers >= 0)
		fprintf(make.expected, " answers %d", make.answers);
	make.answers = -1;
	fprintf(make.expected, "\n");
}

static void press(uint16_t input)
{
	make.answers = input;
	viewer_hear_input(&make.viewer, input);
}

/* Sends what has changed, and acknowledges it. */
static void step(void)
{
	const uint8_t *slice;
	size_t length;

	image_look(&make.image);
	/* A line that takes each frame as a whole: what is expected is the whole image. */
	make.viewer.line.window_bytes = FLOW_WINDOW_MAX;
	make.viewer.line.is_known = false;
	viewer_work(&make.viewer, &make.image);
	while ((slice = outbox_peek(&make.viewer.outbox, &length))) {
		write_slice(slice, length);
		if (slice[0] == WIRE_KIND(WIRE_PICTURE, WIRE_PICTURE_BEGIN))
			fprintf(make.expected, "begun %ux%u\n", make.image.width,
			        make.image.height);
		else if (slice[WIRE_HEADER_BYTES] & PICTURE_LAST)
			expect_frame();
		else
			fprintf(make.expected, "more\n");
		outbox_pop(&make.viewer.outbox);
	}
	viewer_ack(&make.viewer, (uint16_t)make.viewer.frame);
}

static void draw(struct rect area, uint32_t from_x, uint32_t from_y)
{
	for (uint32_t y = area.y; y < area.y + (uint32_t)area.height; y++)
		for (uint32_t x = area.x; x < area.x + (uint32_t)area.width; x++) {
			uint32_t pixel = support_page_pixel(x + from_x, y + from_y);
			memcpy(make.screen + (y * WIDTH + x) * 4, &pixel, 4);
		}
	image_take(&make.image, make.screen, WIDTH * 4, &area);
	viewer_damage(&make.viewer, &area);
}

static void resize(uint16_t width, uint16_t height)
{
	image_resize(&make.image, make.pixels, width, height);
	viewer_resize(&make.viewer, width, height);
}

static void join(uint64_t epoch, uint32_t frame)
{
	viewer_join(&make.viewer, &(struct message_viewer_join){.version = WIRE_VERSION,
	                                  .capabilities = WIRE_CAN_CURSOR,
	                                  .window_log_max = 20,
	                                  .cache_slots = 64,
	                                  .epoch = epoch,
	                                  .last_frame = frame});
}

/* Stands still, but where a picture is to be old enough for the cache. */
static uint64_t clock_ms(void)
{
	return make.now_ms;
}

static void start(void)
{
	static uint8_t once_told[WIRE_SLICE_MAX];
	static struct cache cache;
	static struct drawn_model drawn;
	static uint64_t cache_key[TILE_NAME_KEY_WORDS];
	static _Alignas(64) uint8_t once[1 << 22], compressor[1 << 23], outbox[1 << 22];

	if (compressor_once_size() > sizeof(once) || compressor_size() > sizeof(compressor) ||
	        outbox_size(WIDTH, HEIGHT) > sizeof(outbox))
		abort();
	for (size_t i = 0; i < TILE_NAME_KEY_WORDS; i++)
		cache_key[i] = (i + 1) * 0x9e3779b97f4a7c15u;
	values_init(&make.values, once, sizeof(once));
	values_told_nothing(&make.told);
	values_next(&make.values, &make.told, 0, once_told); /* whether the focus takes text */
	viewer_init(&make.viewer, EPOCH,
	        &(struct viewer_memory){make.reference, &cache, cache_key, compressor, &drawn, NULL,
	                outbox, sizeof(outbox), NULL},
	        on_slices, NULL);
	make.viewer.clock_ms = clock_ms;
	make.answers = -1;
	resize(WIDTH, HEIGHT);
}

static void finish(void)
{
	fclose(make.slices);
	fclose(make.expected);
}

static void make_page(const char *folder)
{
	struct rect all = {0, 0, WIDTH, HEIGHT}, below = {0, 40, WIDTH, HEIGHT - 40};

	open_files(folder, "page");
	start();
	draw(all, 0, 0);
	join(0, 0);
	step();
	draw(below, 0, 20); /* scrolled down, up, right, left */
	step();
	draw(below, 0, 7);
	step();
	draw(all, 16, 7);
	step();
	draw(all, 3, 7);
	step();
	draw((struct rect){101, 77, 2, 14}, 500, 500); /* a caret blinks */
	step();
	for (uint32_t i = 0; i < 4; i++) { /* to another page, and back */
		make.now_ms += 1000;
		draw(all, 0, i % 2 ? 7 : 4000);
		step();
	}
	for (uint32_t i = 0; i < 40; i++) {
		draw((struct rect){(uint16_t)(i * 7), (uint16_t)(i * 5), 33, 17}, i * 50, i * 31);
		step();
	}
	finish();
}

/* The next value that is due; the caller says what is expected of it. */
static void send_value(void)
{
	uint8_t slice[WIRE_SLICE_MAX];

	write_slice(slice, values_next(&make.values, &make.told, WIRE_CAN_CURSOR, slice));
}

/* A cursor whose mask is a triangle. */
static void send_cursor(uint8_t side)
{
	static uint8_t image[CURSOR_BYTES_MAX], rgba[CURSOR_BYTES_MAX];
	size_t n_pixels = (size_t)side * side, mask_stride = (side + 7u) / 8;
	size_t length = n_pixels * 3 + side * mask_stride;

	memset(image, 0, sizeof(image));
	memset(rgba, 0, sizeof(rgba));
	for (size_t i = 0; i < n_pixels; i++) {
		size_t x = i % side, y = i / side;
		uint8_t colour[3] = {(uint8_t)(x * 7), (uint8_t)(y * 5), (uint8_t)(x + y)};
		memcpy(image + i * 3, colour, 3);
		if (x > y)
			continue;
		image[n_pixels * 3 + y * mask_stride + x / 8] |= (uint8_t)(0x80 >> (x % 8));
		rgba[i * 4] = colour[2];
		rgba[i * 4 + 1] = colour[1];
		rgba[i * 4 + 2] = colour[0];
		rgba[i * 4 + 3] = 255;
	}
	values_set_cursor(&make.values, &(struct message_cursor){.width = side,
	                                        .height = side,
	                                        .hot_x = side ? side - 1 : 0,
	                                        .hot_y = side ? 1 : 0,
	                                        .image = image,
	                                        .image_length = (uint32_t)length});
	send_value();
	fprintf(make.expected, "cursor %ux%u+%u+%u %016llx\n", side, side, side ? side - 1 : 0,
	        side ? 1 : 0, (unsigned long long)support_digest(rgba, side, side));
}

static void make_beside(const char *folder)
{
	struct rect all = {0, 0, WIDTH, HEIGHT};

	open_files(folder, "beside");
	start();
	draw(all, 9, 9);
	join(0, 0);
	values_set_takes_text(&make.values, 1);
	send_value();
	fprintf(make.expected, "takes-text 1\n");
	step();
	send_cursor(24);
	values_set_caret(
	        &make.values, &(struct message_caret){.x = 5, .y = 6, .width = 1, .height = 18});
	send_value();
	fprintf(make.expected, "caret 1x18+5+6\n");
	values_add_outcome(
	        &make.told, &(struct message_text_outcome){.text_number = 70000, .outcome = 1});
	send_value();
	fprintf(make.expected, "outcome 70000 1\n");
	draw((struct rect){64, 64, 64, 64}, 77, 0);
	step();
	viewer_leave(
	        &make.viewer); /* the line is cut, nothing is lost: resumed without a key frame */
	join(EPOCH, make.viewer.frame);
	draw((struct rect){0, 0, 10, 10}, 77, 77);
	step();
	send_cursor(0);
	send_cursor(128);
	resize(WIDTH - 77, HEIGHT - 99);
	memset(make.screen, 0, sizeof(make.screen));
	struct rect smaller = {0, 0, WIDTH - 77, HEIGHT - 99};
	image_take(&make.image, make.screen, WIDTH * 4, &smaller);
	draw((struct rect){100, 50, 90, 70}, 0, 0);
	step();
	finish();
}

/* Of everything a little: so short that a test can cut every slice off at every length. */
static void make_small(const char *folder)
{
	const struct rect caret = {11, 20, 2, 14};
	struct rect all = {0, 0, 80, 70};

	open_files(folder, "small");
	start();
	resize(80, 70);
	draw(all, 150, 90);
	join(0, 0);
	step();
	press(0xfedc);
	draw(all, 150, 98);
	step();
	/* It blinks over the page: kept the second time, swapped from the third on. */
	for (uint32_t i = 0; i < 6; i++) {
		draw(caret, i % 2 ? 150 : 77, i % 2 ? 98 : 13);
		step();
	}
	values_set_caret(
	        &make.values, &(struct message_caret){.x = 5, .y = 6, .width = 1, .height = 18});
	send_value();
	fprintf(make.expected, "caret 1x18+5+6\n");
	send_cursor(9);
	draw(all, 0, 0);
	step();
	make.now_ms += 1000;
	draw(all, 999, 999);
	step();
	make.now_ms += 1000;
	draw(all, 0, 0);
	step();
	finish();
}

/* A photograph's command at a place of the screen, of which the image becomes what a viewer will see. */
static void say_photo(uint8_t quality, struct rect area)
{
	static uint32_t shown[PICTURE_TILE * PICTURE_TILE];
	struct slicer *slicer = &make.viewer.slicer;
	uint8_t *out = slicer_reserve(slicer, PICTURE_COMMAND_MAX);
	struct bytes_writer writer;
	uint32_t *pixels = make.image.pixels + (size_t)area.y * make.image.width + area.x;
	size_t length = photo_write(quality, pixels, make.image.width, area.width, area.height,
	        out + PHOTO_HEAD_BYTES, PHOTO_BYTES_MAX, shown);

	bytes_writer_init(&writer, out, PHOTO_HEAD_BYTES);
	bytes_put_u8(&writer, PICTURE_PHOTO);
	bytes_put_u16(&writer, area.x);
	bytes_put_u16(&writer, area.y);
	bytes_put_u16(&writer, area.width);
	bytes_put_u16(&writer, area.height);
	bytes_put_u8(&writer, quality);
	bytes_put_u16(&writer, (uint16_t)length);
	slicer_commit(slicer, PHOTO_HEAD_BYTES + length);
	for (uint32_t y = 0; y < area.height; y++)
		memcpy(pixels + (size_t)y * make.image.width, shown + (size_t)y * PICTURE_TILE,
		        area.width * sizeof(*shown));
}

/* Every quality, tiles of every odd size, hard edges that ring and are clamped. */
static void make_photo(const char *folder)
{
	struct rect all = {0, 0, WIDTH, HEIGHT};

	open_files(folder, "photo");
	start();
	memset(make.screen, 0, sizeof(make.screen));
	image_take(&make.image, make.screen, WIDTH * 4, &all);
	join(0, 0);
	viewer_damage(&make.viewer, &(struct rect){0, 0, 1, 1});
	make.image.pixels[0] = 0xff123456;
	step();
	for (uint32_t i = 0; i < 4 * PHOTO_QUALITY_MAX; i++) {
		struct rect area = {(uint16_t)(i * 37 % 250), (uint16_t)(i * 53 % 170),
		        (uint16_t)(1 + i * 29 % PICTURE_TILE),
		        (uint16_t)(1 + i * 43 % PICTURE_TILE)};
		if (i % 4 == 3)
			area.width = area.height = PICTURE_TILE;
		for (uint32_t y = area.y; y < area.y + (uint32_t)area.height; y++)
			for (uint32_t x = area.x; x < area.x + (uint32_t)area.width; x++)
				make.image.pixels[y * WIDTH + x] = support_photo_pixel(x, y, i);
		make.viewer.frame++;
		slicer_begin_frame(&make.viewer.slicer, make.viewer.frame);
		say_photo((uint8_t)(1 + i % PHOTO_QUALITY_MAX), area);
		slicer_end_frame(&make.viewer.slicer);
		step();
	}
	finish();
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: %s OUTPUT_FOLDER\n", argv[0]);
		return 2;
	}
	make_page(argv[1]);
	make_beside(argv[1]);
	make_small(argv[1]);
	make_photo(argv[1]);
	return 0;
}
