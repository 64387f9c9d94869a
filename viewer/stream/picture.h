/* The picture channel of the Shoji stream, version 2: slices of WIRE_PICTURE that encode makes, and
 * the commands in them. docs/protocol.md is the prose; this file is the numbers. Everything is
 * little endian.
 *
 * BEGIN
 *   u64 epoch (never 0), u16 width, u16 height, u8 window log, u8 reset (enum picture_reset), u16 slots of the
 *   tile cache, u32 frame that the viewer holds (0 with PICTURE_RESET_ALL), u32 number of the last frame of this epoch,
 *   from which frames go on
 *
 *   A new zstd stream begins. What is kept must be what the viewer has: same epoch, the frame it applied last, as many
 *   slots, and for the screen the same size.
 *
 * FRAME
 *   u8 flags (bits of enum picture_flag), u8 low byte of the frame's number, which is one more than that of the frame
 *   before; with PICTURE_ANSWERS u16 input; then with PICTURE_PLAIN u8 length and commands, else u24 raw length and bytes of the zstd stream
 *
 *   A frame is one or more slices with the same number: the first has PICTURE_FIRST, the last
 *   PICTURE_LAST. Each slice has whole commands. Its zstd bytes end in a flush and unpack to exactly
 *   "raw length" bytes of them, at most PICTURE_SLICE_RAW_MAX; plain ones are not part of the zstd stream. Commands are
 *   obeyed in their order, each upon the screen as the one before left it.
 *
 *   PICTURE_PROVISIONAL: a later frame will make areas of this one exact (photographs, video);
 *   a viewer only passes it on.
 *   PICTURE_UNFINISHED: something that has changed had no room in it; the next frames say it. After a BEGIN that made the screen
 *   black, the picture is whole with the first frame that is not so marked.
 *
 *   PICTURE_ANSWERS, of a first slice only: the frame is the first that shows a change after that key press or text (the low
 *   half of its sequence number in WIRE_INPUT) went to the isolated host. For measuring only. */
#ifndef SHOJI_STREAM_PICTURE_H
#define SHOJI_STREAM_PICTURE_H

#define PICTURE_BEGIN_BYTES 24
#define PICTURE_FRAME_BYTES 2      /* flags and number */
#define PICTURE_RAW_LENGTH_BYTES 3 /* of a packed slice */

#define PICTURE_TILE 64         /* pixels each way; tiles are cut off at the screen's edges */
#define PICTURE_PIXELS_MAX 4096 /* pixels that one PICTURE_PIXELS may carry */
#define PICTURE_PIXEL_BYTES 3   /* R, G, B */
#define PICTURE_SLICE_RAW_MAX 1048576
/* So many screens' worth of pixels the commands of one slice may write: a copy of the whole screen is 13 bytes, and
 * a slice full of them would hold a viewer up for minutes. */
#define PICTURE_SLICE_SCREENS_MAX 64
#define PICTURE_WIDTH_MAX 3840
#define PICTURE_HEIGHT_MAX 2160

/* WIRE_PICTURE, broker -> viewer */
enum wire_picture_to_viewer {
	WIRE_PICTURE_BEGIN = 1,
	WIRE_PICTURE_FRAME = 2,
};

enum picture_reset {
	PICTURE_RESET_NOTHING = 0, /* screen and cache are kept */
	PICTURE_RESET_ALL = 1,     /* the screen is black, the cache is empty */
	PICTURE_RESET_SCREEN = 2,  /* the screen is black, the cache is kept */
};

enum picture_flag {
	PICTURE_FIRST = 1 << 0,
	PICTURE_LAST = 1 << 1,
	PICTURE_PROVISIONAL = 1 << 2,
	PICTURE_UNFINISHED = 1 << 3,
	PICTURE_ANSWERS = 1 << 4,
	PICTURE_PLAIN = 1 << 5,
};
#define PICTURE_FLAGS_ALL 63
#define PICTURE_ANSWER_BYTES 2

/* A command is u8 number, then its fields. */
enum picture_command {
	/* u16 source x, source y, x, y, width, height: that area of the screen was moved to (x, y).
	 * The two may overlap; the result is as if the source had been set aside first. */
	PICTURE_COPY = 1,
	/* u16 x, y, width, height, then width x height x 3 bytes, row by row. width x height is at
	 * most PICTURE_PIXELS_MAX. */
	PICTURE_PIXELS = 2,
	/* u16 x, y, width, height, then 3 bytes: one colour. */
	PICTURE_FILL = 3,
	/* u16 x, y, width, height, then for each pixel, row by row, 3 bytes G, R, B: what picture_predict() (predict.h)
	 * leaves of it; at most PICTURE_PIXELS_MAX. */
	PICTURE_PREDICTED = 4,
	/* u16 x, y, width, height (at most DRAWN_WIDTH_MAX, DRAWN_HEIGHT_MAX), u8 1 if the pixels beside the area are known to
	 * both sides, else 0; u16 length, then so many bytes: the area's pixels, exactly (drawn_code.h). What is learned from
	 * them holds until BEGIN or FORGET. */
	PICTURE_DRAWN = 5,
	/* What was learned by DRAWN is forgotten, as at BEGIN. */
	PICTURE_FORGET = 6,
	/* u16 x, y, width, height, u8 1 if the area is filled with the ground first, else 0; 3 bytes ground; u16 length, then so many
	 * bytes (glyph_code.h): glyphs that were shown before, and boxes of pixels. What is learned holds until BEGIN or FORGET. */
	PICTURE_GLYPHS = 7,
	/* u8 column, row, count: that tile of the grid and those to the right of it, so many in all, are stored one after
	 * the other, each in the slot that was stored or shown longest ago. */
	PICTURE_STORE = 16,
	/* u16 slot, u8 column, row, count: what that slot holds is shown as that tile, the next slot's as the tile to the
	 * right, and so on. Each was stored, from a tile of the same size. */
	PICTURE_SHOW = 17,
	/* u16 x, y, width, height (at most PICTURE_KEPT_PIXELS_MAX pixels), u8 slot: what that area shows now is kept in the slot,
	 * until BEGIN or another KEEP. */
	PICTURE_KEEP = 18,
	/* u8 slot: the area that was kept there is shown as it was kept, and what it showed is kept in its stead. */
	PICTURE_SWAP = 19,
	/* u16 x, y, width, height: that area is remembered as it is now, row by row. A row begins with the next slot and takes as many, of
	 * PICTURE_TILE pixels each, as it needs; of PICTURE_HISTORY_SLOTS slots, around and around, until BEGIN. */
	PICTURE_REMEMBER = 20,
	/* u16 x, y, width, height, u24 slot, u8 stride: row r of the area shows what is remembered from slot + r * stride on (modulo
	 * PICTURE_HISTORY_SLOTS). Each of these slots was written. */
	PICTURE_AGAIN = 21,
	/* u16 x, y, width, height (at most PICTURE_TILE each way), u8 quality (PHOTO_QUALITY_MIN to PHOTO_QUALITY_MAX), u16
	 * length, then so many bytes: coefficients (photo_code.h). Not exact: a later frame will be. */
	PICTURE_PHOTO = 32,
	/* Reserved, version 2 sends none of them: 22-31 tile cache, 33-47 photographs, 48-63 video. */
};
#define DRAWN_HEAD_BYTES 12
#define DRAWN_WIDTH_MAX 1024
#define DRAWN_HEIGHT_MAX PICTURE_TILE
#define DRAWN_BYTES_MAX                                                                            \
	12285 /* of one command's pixels; an area that needs more is cut between rows */
/* Of PICTURE_SLICE_SCREENS_MAX: a pixel of DRAWN, of a photograph, and FORGET, take as long as so many of other commands. A slice made to
 * be dear so takes what two screens of text take at the most. */
#define DRAWN_PIXEL_WORK 32
#define PHOTO_PIXEL_WORK 4
#define DRAWN_FORGET_WORK 65536
#define GLYPHS_HEAD_BYTES 15
#define GLYPHS_BYTES_MAX (PICTURE_COMMAND_MAX - GLYPHS_HEAD_BYTES)
#define GLYPHS_ITEMS_MAX 4096 /* of one command */
#define GLYPHS_BOX_PX 1600    /* of a box whose pixels are told */
#define GLYPHS_ITEM_WORK 64   /* an item takes as long as so many pixels */
#define PICTURE_STORE_BYTES 4
#define PICTURE_SHOW_BYTES 6
#define PICTURE_CACHE_SLOTS_MAX 4096
#define PICTURE_KEPT_SLOTS 4
#define PICTURE_KEPT_PIXELS_MAX 1024
#define PICTURE_KEEP_BYTES 10
#define PICTURE_SWAP_BYTES 2
#define PICTURE_REMEMBER_BYTES 9
#define PICTURE_AGAIN_BYTES 13
#define PICTURE_HISTORY_SLOTS 65536 /* of PICTURE_TILE pixels: 16 MiB at the viewer */
#define PHOTO_HEAD_BYTES 12
#define PHOTO_QUALITY_MIN 1
#define PHOTO_QUALITY_MAX 20
#define PHOTO_BYTES_MAX 6144 /* of one command's coefficients; what is larger is sent exactly */
#define PICTURE_COPY_BYTES 13
#define PICTURE_RECT_BYTES 9 /* PIXELS and FILL before their colours */
#define PICTURE_COMMAND_MAX (PICTURE_RECT_BYTES + PICTURE_PIXELS_MAX * PICTURE_PIXEL_BYTES)

/* WIRE_CURSOR_IMAGE: pixels each way. */
#define CURSOR_SIDE_MAX 128
#define CURSOR_BYTES_MAX (CURSOR_SIDE_MAX * CURSOR_SIDE_MAX * 4)

#endif
