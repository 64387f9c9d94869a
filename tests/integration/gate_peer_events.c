/* What gate says, as the events of gate_peer: one JSON object a line. Foreign text is in hex. */
#include "gate_peer.h"

static void print_hex(const char *text)
{
	for (; *text; text++)
		printf("%02x", (unsigned char)*text);
}

/* The message as m. */
#define TAKE(name)                                                                                 \
	struct message_##name m;                                                                   \
	if (message_get_##name(in, &m))                                                            \
	peer_die(#name)

void event_of_keeper(struct message *in)
{
	if (in->number == MESSAGE_SIGN_IN) {
		TAKE(sign_in);
		printf("{\"event\":\"sign_in\",\"request\":%u,\"width\":%u,\"height\":%u,\"scale\":"
		       "%u,"
		       "\"address\":\"%s\",\"person\":\"",
		        m.request, m.width, m.height, m.scale, m.address);
		print_hex(m.person);
		printf("\",\"password\":\"");
		print_hex(m.password);
		EVENT("\"}");
	} else if (in->number == MESSAGE_SIGN_OUT) {
		TAKE(sign_out);
		EVENT("{\"event\":\"sign_out\",\"request\":%u,\"cookie\":\"%s\"}", m.request,
		        m.cookie);
	} else if (in->number == MESSAGE_ATTACH) {
		TAKE(attach);
		EVENT("{\"event\":\"attach\",\"request\":%u,\"cookie\":\"%s\",\"token\":\"%s\","
		      "\"address\":\"%s\"}",
		        m.request, m.cookie, m.attach_token, m.address);
	} else if (in->number == MESSAGE_ONLOOK) {
		TAKE(onlook);
		EVENT("{\"event\":\"onlook\",\"request\":%u,\"token\":\"%s\"}", m.request, m.token);
	} else if (in->number == MESSAGE_ONLOOK_LEFT) {
		TAKE(onlook_left);
		EVENT("{\"event\":\"onlook_left\",\"lease\":\"%llx\"}",
		        (unsigned long long)m.lease_id);
	} else if (in->number == MESSAGE_DETACHED) {
		TAKE(detached);
		EVENT("{\"event\":\"detached\",\"lease\":\"%llx\"}",
		        (unsigned long long)m.lease_id);
	} else if (in->number == MESSAGE_LATENCY) {
		TAKE(latency);
		EVENT("{\"event\":\"latency\",\"lease\":\"%llx\",\"answers\":%u,\"drawn\":[%u,%u],"
		      "\"round\":[%u,%u]}",
		        (unsigned long long)m.lease_id, m.answers, m.drawn_p50, m.drawn_p95,
		        m.round_p50, m.round_p95);
	} else if (in->number == MESSAGE_ACTIVITY) {
		TAKE(activity);
		EVENT("{\"event\":\"activity\",\"lease\":\"%llx\",\"address\":\"%s\"}",
		        (unsigned long long)m.lease_id, m.address);
	}
}

void event_of_encode(struct message *in, uint64_t lease_id, int seat)
{
	unsigned long long id = lease_id;

	if (in->number == MESSAGE_VIEWER_JOIN) {
		TAKE(viewer_join);
		EVENT("{\"event\":\"viewer_join\",\"seat\":%d,\"lease\":\"%llx\",\"capabilities\":%"
		      "u,\"window_"
		      "log\":%u,\"epoch\":\"%llx\",\"last\":%u,\"slots\":%u,\"address\":\"%s\"}",
		        seat, id, m.capabilities, m.window_log_max, (unsigned long long)m.epoch,
		        m.last_frame, m.cache_slots, m.address);
	} else if (in->number == MESSAGE_VIEWER_SCREEN) {
		TAKE(viewer_screen);
		EVENT("{\"event\":\"viewer_screen\",\"seat\":%d,\"lease\":\"%llx\",\"scale\":%u}",
		        seat, id, m.scale);
	} else if (in->number == MESSAGE_VIEWER_ACK) {
		TAKE(viewer_ack);
		EVENT("{\"event\":\"viewer_ack\",\"lease\":\"%llx\",\"frame\":%u}", id, m.frame);
	} else if (in->number == MESSAGE_VIEWER_VIDEO) {
		TAKE(viewer_video);
		EVENT("{\"event\":\"viewer_video\",\"lease\":\"%llx\",\"failed\":%d,\"frame\":%u}",
		        id, m.has_failed, m.frame);
	} else if (in->number == MESSAGE_VIEWER_TOUCH) {
		TAKE(viewer_touch);
		EVENT("{\"event\":\"viewer_touch\",\"lease\":\"%llx\",\"x\":%u,\"y\":%u}", id, m.x,
		        m.y);
	} else if (in->number == MESSAGE_VIEWER_PRESS) {
		TAKE(viewer_press);
		EVENT("{\"event\":\"viewer_press\",\"lease\":\"%llx\",\"input\":%u}", id, m.input);
	} else if (in->number == MESSAGE_VIEWER_LEAVE) {
		EVENT("{\"event\":\"viewer_leave\",\"seat\":%d,\"lease\":\"%llx\"}", seat, id);
	}
}

void event_of_capture(struct message *in, uint64_t lease_id)
{
	unsigned long long id = lease_id;

	if (in->number == MESSAGE_INPUT_KEY) {
		TAKE(input_key);
		EVENT("{\"event\":\"key\",\"lease\":\"%llx\",\"sequence\":%u,\"key\":%u,\"down\":%"
		      "d,\"modifiers\":%u}",
		        id, m.sequence, m.key, m.is_down, m.modifiers);
	} else if (in->number == MESSAGE_INPUT_POINTER) {
		TAKE(input_pointer);
		EVENT("{\"event\":\"pointer\",\"sequence\":%u,\"x\":%u,\"y\":%u,\"buttons\":%u}",
		        m.sequence, m.x, m.y, m.buttons);
	} else if (in->number == MESSAGE_INPUT_WHEEL) {
		TAKE(input_wheel);
		EVENT("{\"event\":\"wheel\",\"sequence\":%u,\"up\":%u,\"down\":%u}", m.sequence,
		        m.up, m.down);
	} else if (in->number == MESSAGE_INPUT_TEXT) {
		static TAKE(input_text);
		printf("{\"event\":\"text\",\"sequence\":%u,\"number\":%u,\"commit\":%d,\"text\":"
		       "\"",
		        m.sequence, m.text_number, m.is_commit);
		print_hex(m.text);
		EVENT("\"}");
	} else if (in->number == MESSAGE_INPUT_RELEASE_ALL) {
		TAKE(input_release_all);
		EVENT("{\"event\":\"release_all\",\"lease\":\"%llx\",\"sequence\":%u}", id,
		        m.sequence);
	} else if (in->number == MESSAGE_INPUT_SCREEN) {
		TAKE(input_screen);
		EVENT("{\"event\":\"screen\",\"sequence\":%u,\"width\":%u,\"height\":%u,"
		      "\"scale\":%u}",
		        m.sequence, m.width, m.height, m.scale);
	}
}
