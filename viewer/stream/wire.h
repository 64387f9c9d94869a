/* The Shoji stream, version 2: what a viewer and a broker say to each other inside one WebSocket.
 *
 * One binary WebSocket message is one slice: its kind, which is one byte, then a payload of at most WIRE_PAYLOAD_MAX bytes.
 * Everything is little endian. docs/protocol.md is the prose; this file is the numbers. It includes nothing
 * of the broker: the viewer's decoder, native and WebAssembly, is built from this folder alone.
 *
 *   kind = channel (enum wire_channel) * 16 + type (1 to 15, counted per channel)
 *
 * A receiver skips a slice of an optional channel (>= WIRE_CHANNEL_OPTIONAL_MIN) that it does not know, and closes
 * on any other that it does not know. The epoch is not in every slice: a WebSocket carries one epoch at a time,
 * named by the WIRE_PICTURE_BEGIN that precedes its frames, and WebSocket messages are never reordered. */
#ifndef SHOJI_STREAM_WIRE_H
#define SHOJI_STREAM_WIRE_H

#define WIRE_VERSION 2
#define WIRE_HEADER_BYTES 1
#define WIRE_KIND(channel, type) ((unsigned char)((channel)*16 + (type)))
#define WIRE_CHANNEL_OF(kind) ((kind) / 16)
#define WIRE_TYPE_OF(kind) ((kind) % 16)
#define WIRE_PAYLOAD_MAX 32768
#define WIRE_SLICE_MAX (WIRE_HEADER_BYTES + WIRE_PAYLOAD_MAX)
#define WIRE_FROM_VIEWER_MAX 16640 /* header + the longest text item and its fields */
#define WIRE_TEXT_CHARACTERS_MAX 4096
#define WIRE_CLAUSES_MAX 16
#define WIRE_SCALE_ONE 64
#define WIRE_SCALE_MIN 32
#define WIRE_SCALE_MAX 256
#define WIRE_CLAUSE_BYTES 5
#define WIRE_SUBPROTOCOL "shoji.v2"

enum wire_channel {
	WIRE_CONTROL = 0, /* both ways; gate speaks for the broker */
	WIRE_PICTURE = 1, /* encode -> viewer: BEGIN, FRAME; viewer -> encode: ACK */
	WIRE_CURSOR = 2,  /* encode -> viewer: cursor image, caret */
	WIRE_TEXT = 3,    /* encode -> viewer: what became of a numbered text */
	WIRE_INPUT = 4, /* viewer -> capture: keys, pointer, wheel, text in one numbered sequence */
	WIRE_CHANNEL_OPTIONAL_MIN = 8,
	/* Both ways, one channel a region: encode -> viewer BEGIN, MASK, FRAME, END; viewer -> encode DRAWN, FAILED. Sent only
	 * to viewers with WIRE_CAN_H264. */
	WIRE_VIDEO_MIN = 8,
	WIRE_VIDEO_MAX = 9,
	/* Reserved, version 2 sends none of them: 10-11 video, 12-13 audio, 14 file and print, 15 recording. */
};

/* Strings are u16 length, then UTF-8 without NUL. */

/* WIRE_CONTROL, broker -> viewer (made by gate) */
enum wire_control_to_viewer {
	/* u16 version, u8 session state (enum wire_state), string next attach token (64 hex digits),
	 * string the person's display name */
	WIRE_CONTROL_WELCOME = 1,
	WIRE_CONTROL_STATE = 2,  /* u8 enum wire_state */
	WIRE_CONTROL_NOTICE = 3, /* u8 enum viewer_notice (broker/base/session.h), string text */
	/* u8 enum end_reason (broker/base/session.h); or 0xff: not attached, and then u8 enum
	 * attach_outcome. gate closes next */
	WIRE_CONTROL_ENDED = 4,
	WIRE_CONTROL_PONG = 5, /* u32 nonce of the ping */
	/* u32 number of the watch (0: nobody looks on), string the administrator. After WELCOME when somebody looks on
	 * already, and at each change. The viewer shows it as long as it holds, and answers TOLD once it is shown. */
	WIRE_CONTROL_WATCHED = 6,
};
enum wire_state { WIRE_STATE_STARTING = 0, WIRE_STATE_LIVE = 1 };

/* WIRE_CONTROL, viewer -> broker */
enum wire_control_from_viewer {
	/* u16 lowest and u16 highest version spoken, u32 capabilities (bits of enum wire_capability),
	 * u8 largest zstd window log, u64 epoch known or 0, u32 last frame applied, u16 slots that its tile cache has
	 * (0: none; at most WIRE_CACHE_SLOTS_MAX), string attach token.
	 * The first message; anything before it closes the connection. */
	WIRE_CONTROL_HELLO = 1,
	WIRE_CONTROL_PING = 2, /* u32 nonce */
	/* u32 number of the watch that the person is told of now: before this, the onlooker sees nothing. */
	WIRE_CONTROL_TOLD = 3,
};
enum wire_capability {
	WIRE_CAN_CURSOR = 1 << 0,
	WIRE_CAN_H264 =
	        1 << 1, /* decodes H.264, profile High, Annex B, as the video channels carry it */
};
#define WIRE_CAPABILITIES_ALL 3

/* zstd window logs that may be agreed upon. */
#define WIRE_WINDOW_LOG_MIN 17
#define WIRE_WINDOW_LOG_MAX 22
#define WIRE_CACHE_SLOTS_MAX 4096

/* WIRE_PICTURE, viewer -> broker */
enum wire_picture_from_viewer {
	/* u16 low half of the frame drawn (all before it too); and, when it answered a press
	 * (PICTURE_ANSWERS) that is not told of yet, u16 that input, u16 tenths of a millisecond from the press to the drawn
	 * frame, 1 to WIRE_ANSWER_MAX. */
	WIRE_PICTURE_ACK = 1,
};
#define WIRE_ANSWER_MAX 10000 /* what took longer than a second was no answer */

/* WIRE_PICTURE, broker -> viewer (made by encode): types and payloads in viewer/stream/picture.h */

/* WIRE_INPUT, viewer -> broker: u32 sequence first, rising by one per message. modifiers: u16, bits of
 * enum input_modifier, the whole state as it is when the event happened. */
enum wire_input {
	WIRE_INPUT_KEY = 1,     /* u16 key (QEMU key number), u8 is down, u16 modifiers */
	WIRE_INPUT_POINTER = 2, /* u16 x, u16 y, u8 buttons (enum input_button), u16 modifiers */
	WIRE_INPUT_WHEEL = 3,   /* u16 x, u16 y, u8 notches left, right, up, down, u16 modifiers */
	/* u32 text number, u8 is commit, u16 caret, u8 number of clauses (at most WIRE_CLAUSES_MAX), each u16 first, u16
	 * count, u8 is being converted; string text. Caret, first and count in code points of the text; a
	 * commit has caret 0 and no clauses. At most WIRE_TEXT_CHARACTERS_MAX code points. */
	WIRE_INPUT_TEXT = 4,
	WIRE_INPUT_RELEASE_ALL = 5, /* nothing more: every key and button is up */
	/* u16 width, u16 height (device pixels of the terminal that the screen may fill; at most 3840 x 2160), u16 scale: device pixels per
	 * CSS pixel, in 64ths (WIRE_SCALE_MIN to WIRE_SCALE_MAX). The screen that the isolated host should have; gate holds it within
	 * the policy. Whenever a session is live anew, and when it changes. */
	WIRE_INPUT_SCREEN = 6,
};

/* WIRE_CURSOR, broker -> viewer (made by encode) */
enum wire_cursor {
	/* u8 width, u8 height (both at most 128; 0 x 0 hides it), u8 hot x, u8 hot y, then zstd frame of
	 * width x height x 4 bytes R,G,B,A */
	WIRE_CURSOR_IMAGE = 1,
	WIRE_CURSOR_CARET = 2, /* u16 x, y, width, height */
};

#define WIRE_VIDEO_REGIONS_MAX 2
#define WIRE_VIDEO_CELL 16 /* pixels each way: cells of the screen, from its upper left corner */
#define WIRE_VIDEO_FRAME_MAX 1048576
#define WIRE_VIDEO_REGION_PIXELS_MAX 2088960 /* 1920 x 1088, of whatever shape */

/* WIRE_VIDEO_MIN to WIRE_VIDEO_MAX, broker -> viewer (made by encode). A picture's BEGIN ends every region. */
enum wire_video {
	/* u16 x, y, width, height (on the screen, never empty), 3 bytes: profile, constraints, level as in "avc1.PPCCLL". The
	 * region has no live cell yet. Replaces one that this channel had. */
	WIRE_VIDEO_BEGIN = 1,
	/* A bit for each cell of the screen that the region touches, row by row, the lowest first; 1: live, shown by the video from
	 * its next frame on, and no longer by the picture; 0: shown by the picture from its next frame on. Unused bits are 0. */
	WIRE_VIDEO_MASK = 2,
	/* u32 number of the frame, rising, of all regions, never 0; u8 flags (enum wire_video_flag), then a part of one H.264 access
	 * unit; the parts of all its slices are at most WIRE_VIDEO_FRAME_MAX bytes. */
	WIRE_VIDEO_FRAME = 3,
	/* The picture shows the region again, from its next frame on. Nothing that is decoded later is drawn. */
	WIRE_VIDEO_END = 4,
};
enum wire_video_flag {
	WIRE_VIDEO_FIRST = 1 << 0,
	WIRE_VIDEO_LAST = 1 << 1,
	WIRE_VIDEO_KEY = 1 << 2, /* decoding may begin here */
};
#define WIRE_VIDEO_FLAGS_ALL 7

/* WIRE_VIDEO_MIN to WIRE_VIDEO_MAX, viewer -> broker */
enum wire_video_from_viewer {
	WIRE_VIDEO_DRAWN = 1, /* u32 number of the frame that is on the screen */
	/* Nothing more: this viewer cannot decode it. No region begins again in this session. */
	WIRE_VIDEO_FAILED = 2,
};

/* WIRE_TEXT, broker -> viewer (made by encode) */
enum wire_text {
	WIRE_TEXT_OUTCOME = 1, /* u32 text number, u8 enum text_outcome (broker/base/session.h) */
	WIRE_TEXT_TAKEN = 2,   /* u8 whether the focus takes text: 0 no, 1 yes, 2 unknown */
};

#endif
