/* Watches areas of an X display. The Damage extension says when something was drawn; whether pixels changed is found
 * by comparing them: browsers draw again what was there. */
#include "bench/watch.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <time.h>

static void fail(const char *what)
{
	fprintf(stderr, "watch: %s\n", what);
	exit(1);
}

double watch_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1000 + (double)now.tv_nsec / 1e6;
}

bool watch_area_read(const char *text, struct watch_area *area)
{
	unsigned x, y, width, height;
	char rest;

	if (sscanf(text, "%u,%u,%u,%u%c", &x, &y, &width, &height, &rest) != 4 || x > INT16_MAX ||
	        y > INT16_MAX || width == 0 || width > 8192 || height == 0 || height > 8192)
		return false;
	*area = (struct watch_area){(int16_t)x, (int16_t)y, (uint16_t)width, (uint16_t)height};
	return true;
}

static size_t area_bytes(const struct watch_area *area)
{
	return (size_t)area->width * area->height * 4;
}

/* Another IPC namespace, or a server without the extension: GetImage does as well. */
static void share_memory(struct watch *self, size_t bytes)
{
	int id = shmget(IPC_PRIVATE, bytes, IPC_CREAT | 0600);
	void *memory = id < 0 ? (void *)-1 : shmat(id, NULL, 0);

	if (memory == (void *)-1)
		return;
	self->segment = xcb_generate_id(self->x);
	xcb_generic_error_t *error = xcb_request_check(
	        self->x, xcb_shm_attach_checked(self->x, self->segment, (uint32_t)id, false));
	/* Lives on until both have let go of it. */
	shmctl(id, IPC_RMID, NULL);
	if (error) {
		free(error);
		shmdt(memory);
		return;
	}
	self->shared = memory;
	self->shared_bytes = bytes;
}

static void watch_damage(struct watch *self)
{
	const xcb_query_extension_reply_t *extension =
	        xcb_get_extension_data(self->x, &xcb_damage_id);

	if (!extension || !extension->present)
		fail("the display has no Damage extension");
	self->damage_event = extension->first_event;
	free(xcb_damage_query_version_reply(
	        self->x, xcb_damage_query_version(self->x, 1, 1), NULL));
	self->damage = xcb_generate_id(self->x);
	xcb_damage_create(self->x, self->damage, self->root, XCB_DAMAGE_REPORT_LEVEL_NON_EMPTY);
}

void watch_open(struct watch *self, const struct watch_area *areas, size_t n_areas)
{
	size_t largest = 0;

	memset(self, 0, sizeof(*self));
	self->x = xcb_connect(NULL, NULL);
	if (xcb_connection_has_error(self->x))
		fail("no display");
	if (n_areas == 0 || n_areas > WATCH_AREAS_MAX)
		fail("one to eight areas");
	self->root = xcb_setup_roots_iterator(xcb_get_setup(self->x)).data->root;
	memcpy(self->areas, areas, n_areas * sizeof(*areas));
	self->n_areas = n_areas;
	for (size_t i = 0; i < n_areas; i++) {
		self->size_bytes += area_bytes(&areas[i]);
		largest = area_bytes(&areas[i]) > largest ? area_bytes(&areas[i]) : largest;
	}
	self->now = calloc(1, self->size_bytes);
	self->before = calloc(1, self->size_bytes);
	if (!self->now || !self->before)
		fail("no memory");
	share_memory(self, largest);
	watch_damage(self);
	watch_take(self);
}

static void take_shared(struct watch *self, const struct watch_area *area, uint8_t *to)
{
	xcb_shm_get_image_reply_t *reply = xcb_shm_get_image_reply(self->x,
	        xcb_shm_get_image(self->x, self->root, area->x, area->y, area->width, area->height,
	                ~0u, XCB_IMAGE_FORMAT_Z_PIXMAP, self->segment, 0),
	        NULL);

	if (!reply)
		fail("no picture of the area");
	free(reply);
	memcpy(to, self->shared, area_bytes(area));
}

static void take_by_socket(struct watch *self, const struct watch_area *area, uint8_t *to)
{
	xcb_get_image_reply_t *reply = xcb_get_image_reply(self->x,
	        xcb_get_image(self->x, XCB_IMAGE_FORMAT_Z_PIXMAP, self->root, area->x, area->y,
	                area->width, area->height, ~0u),
	        NULL);

	if (!reply || (size_t)xcb_get_image_data_length(reply) < area_bytes(area))
		fail("no picture of the area");
	memcpy(to, xcb_get_image_data(reply), area_bytes(area));
	free(reply);
}

bool watch_take(struct watch *self)
{
	uint8_t *to = self->before;

	self->before = self->now;
	self->now = to;
	for (size_t i = 0; i < self->n_areas; i++) {
		if (self->shared)
			take_shared(self, &self->areas[i], to);
		else
			take_by_socket(self, &self->areas[i], to);
		to += area_bytes(&self->areas[i]);
	}
	return memcmp(self->now, self->before, self->size_bytes) != 0;
}

/* From the next drawing on it tells again. */
static bool take_events(struct watch *self)
{
	xcb_generic_event_t *event;
	bool is_drawn = false;

	while ((event = xcb_poll_for_event(self->x))) {
		is_drawn |= (event->response_type & 0x7f) == self->damage_event;
		free(event);
	}
	if (is_drawn) {
		xcb_damage_subtract(self->x, self->damage, XCB_NONE, XCB_NONE);
		xcb_flush(self->x);
	}
	if (xcb_connection_has_error(self->x))
		fail("the display went away");
	return is_drawn;
}

bool watch_wait(struct watch *self, double until_ms)
{
	struct pollfd ready = {.fd = xcb_get_file_descriptor(self->x), .events = POLLIN};

	xcb_flush(self->x);
	for (;;) {
		if (take_events(self))
			return true;
		double left_ms = until_ms - watch_now_ms();
		if (left_ms <= 0)
			return false;
		struct timespec left = {.tv_sec = (time_t)(left_ms / 1000),
		        .tv_nsec = (long)(left_ms * 1e6) % 1000000000};
		ppoll(&ready, 1, &left, NULL);
	}
}

void watch_close(struct watch *self)
{
	xcb_disconnect(self->x);
	if (self->shared)
		shmdt(self->shared);
	free(self->now);
	free(self->before);
}
