/* The encode role: confined, then set up, then locked by seccomp, and only then capture's first message is read. It stands
 * behind capture, on the near side of the line that must hold (docs/security.md). */
#include "encode/encode.h"

#include "base/channel.h"
#include "base/error.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/session.h"
#include "encode/confine.h"
#include "encode/encoder.h"
#include "encode/tile_name.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW)

struct process {
	struct loop *loop;
	struct channel *monitor;
	struct encoder *encoder;
	const uint8_t *pixels;
	size_t pixels_size;
	uint64_t lease_id;
	uint64_t cache_key[TILE_NAME_KEY_WORDS];
};

static void on_first_picture(void *data)
{
	struct process *self = data;

	CHANNEL_SEND(self->monitor, first_picture);
}

static void on_film(void *data, bool is_playing)
{
	struct process *self = data;

	CHANNEL_SEND(self->monitor, film_playing, .is_playing = is_playing);
}

static void on_end(void *data, enum worker_exit status)
{
	struct process *self = data;

	loop_stop(self->loop, (int)status);
}

/* ---- from monitor ---- */

static bool write_all(int fd, const uint8_t *data, size_t length)
{
	off_t at = 0;

	while (length > 0) {
		ssize_t n = pwrite(fd, data, length, at);
		if (n <= 0)
			return false;
		data += n;
		at += n;
		length -= (size_t)n;
	}
	return true;
}

/* Unanswered when it cannot be written: monitor has a deadline for it. */
static void fill_snapshot(struct process *self, const struct message_snapshot_fill *fill)
{
	struct encoder_picture picture;

	encoder_picture(self->encoder, &picture);
	if (picture.width == 0)
		return;
	if (!write_all(fill->pixels, (const uint8_t *)picture.pixels,
	            (size_t)picture.stride_bytes * picture.height)) {
		log_warning(self->lease_id, "cannot write a snapshot: %m");
		return;
	}
	CHANNEL_SEND(self->monitor, snapshot_filled, .request = fill->request,
	        .width = picture.width, .height = picture.height,
	        .stride_bytes = picture.stride_bytes);
}

static int take_stream_peer(struct process *self, struct message *in)
{
	struct message_stream_peer peer;
	int error = message_get_stream_peer(in, &peer);

	if (error)
		return error;
	if (peer.seat >= VIEWERS_MAX) {
		close(peer.peer);
		return SHOJI_ERR_FORBIDDEN;
	}
	return encoder_set_gate(self->encoder, (enum viewer_seat)peer.seat, peer.peer);
}

static int take_snapshot_fill(struct process *self, struct message *in)
{
	struct message_snapshot_fill fill;
	int error = message_get_snapshot_fill(in, &fill);

	if (error)
		return error;
	fill_snapshot(self, &fill);
	close(fill.pixels);
	return 0;
}

static int take_mark(struct process *self, struct message *in)
{
	struct message_mark_encode mark;
	int error = message_get_mark_encode(in, &mark);

	if (error)
		return error;
	if (mark.east_min > 2 * 1440)
		return SHOJI_ERR_FORBIDDEN;
	encoder_set_mark(self->encoder, mark.person, mark.address, mark.east_min - 1440);
	return 0;
}

static int take_film_share(struct process *self, struct message *in)
{
	struct message_film_share share;
	int error = message_get_film_share(in, &share);

	if (error)
		return error;
	if (share.core_permille == 0 || share.core_permille > 1000)
		return SHOJI_ERR_FORBIDDEN;
	encoder_set_video_share(self->encoder, share.core_permille);
	return 0;
}

static void on_monitor_message(void *data, struct channel *channel, struct message *in)
{
	struct process *self = data;
	int error = SHOJI_ERR_FORBIDDEN;

	(void)channel;
	if (in->number == MESSAGE_STREAM_PEER)
		error = take_stream_peer(self, in);
	else if (in->number == MESSAGE_SNAPSHOT_FILL)
		error = take_snapshot_fill(self, in);
	else if (in->number == MESSAGE_MARK_ENCODE)
		error = take_mark(self, in);
	else if (in->number == MESSAGE_FILM_SHARE)
		error = take_film_share(self, in);
	if (error) {
		log_error(self->lease_id, "message %u of monitor: %s", in->number,
		        shoji_error_text(error));
		loop_stop(self->loop,
		        error == SHOJI_ERR_MEMORY ? WORKER_EXIT_MEMORY : WORKER_EXIT_SETUP);
	}
}

static void on_monitor_close(void *data, struct channel *channel, int error)
{
	struct process *self = data;

	(void)channel;
	(void)error;
	loop_stop(self->loop, WORKER_EXIT_DONE);
}

/* ---- set-up ---- */

/* Unsealed, a capture that was taken over could shrink the buffer, and encode would die of SIGBUS. */
static bool map_pixels(struct process *self, const struct message_setup_encode *setup)
{
	struct stat status;
	int seals = fcntl(setup->pixels, F_GET_SEALS);

	self->pixels_size = (size_t)setup->width_max * setup->height_max * PIXEL_BYTES;
	if (seals < 0 || (seals & SEALS) != SEALS || fstat(setup->pixels, &status) < 0 ||
	        status.st_size < (off_t)self->pixels_size) {
		log_error(setup->lease_id, "the pixel buffer is not sealed, or too small");
		return false;
	}
	void *pixels = mmap(NULL, self->pixels_size, PROT_READ, MAP_SHARED, setup->pixels, 0);
	if (pixels == MAP_FAILED) {
		log_error(setup->lease_id, "cannot map the pixel buffer: %m");
		return false;
	}
	self->pixels = pixels;
	return true;
}

static bool draw_epoch(uint64_t *epoch)
{
	do {
		if (getrandom(epoch, sizeof(*epoch), 0) != (ssize_t)sizeof(*epoch))
			return false;
	} while (*epoch == 0);
	return true;
}

/* What no page can know: tiles' names are safe from collisions as long as this is secret. */
static bool draw_cache_key(struct process *self)
{
	uint8_t *at = (uint8_t *)self->cache_key, *end = at + sizeof(self->cache_key);

	while (at < end) {
		ssize_t n = getrandom(at, (size_t)(end - at), 0);
		if (n <= 0)
			return false;
		at += n;
	}
	return true;
}

static bool make_encoder(struct process *self, const struct message_setup_encode *setup)
{
	struct encoder_setup encoder = {.loop = self->loop,
	        .lease_id = setup->lease_id,
	        .is_marked = setup->is_marked,
	        .scale = setup->scale,
	        .is_metered = setup->kbit_s_max != UINT32_MAX,
	        .kbit_s_max = setup->kbit_s_max,
	        .cache_key = self->cache_key,
	        .pixels = self->pixels,
	        .width_max = setup->width_max,
	        .height_max = setup->height_max,
	        .has_video = setup->has_video,
	        .has_photos = true,
	        .on_first_picture = on_first_picture,
	        .on_film = on_film,
	        .on_end = on_end,
	        .data = self};

	if (!draw_epoch(&encoder.epoch) || !draw_cache_key(self))
		return false;
	self->encoder = encoder_new(&encoder);
	return self->encoder && encoder_set_capture(self->encoder, setup->capture) == 0;
}

static bool set_up(struct process *self)
{
	struct message_setup_encode setup;
	struct message in;

	if (role_receive_setup(self->monitor, MESSAGE_SETUP_ENCODE, &in) ||
	        message_get_setup_encode(&in, &setup) || setup.kbit_s_max == 0) {
		log_error(0, "no set-up message came from monitor");
		return false;
	}
	self->lease_id = setup.lease_id;
	self->loop = loop_new();
	bool is_mapped = self->loop && map_pixels(self, &setup);
	close(setup.pixels);
	if (!is_mapped) {
		close(setup.capture);
		return false;
	}
	if (make_encoder(self, &setup) && channel_watch(self->monitor, self->loop,
	                                          on_monitor_message, on_monitor_close, self) == 0)
		return true;
	log_error(self->lease_id, "no memory for the encoder");
	return false;
}

static void finish(struct process *self)
{
	encoder_free(self->encoder);
	channel_free(self->monitor);
	loop_free(self->loop);
}

int encode_run(const struct role_start *start)
{
	struct process self = {.monitor = role_begin(start, &encode_limits)};

	if (!self.monitor)
		return WORKER_EXIT_SETUP;
	encode_prepare_heap();
	/* What was mapped cannot be unmapped any more, and needs not be: the process ends here. */
	if (set_up(&self) && encode_seccomp() == 0 && role_ready(self.monitor) == 0)
		_exit(loop_run(self.loop));
	finish(&self);
	return WORKER_EXIT_SETUP;
}
