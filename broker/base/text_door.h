/* What capture and the input agent inside the isolated host say to each other over the text door: a stream socket
 * that the shepherd made. Little endian.
 *
 * capture -> agent: an item is a header of TEXT_DOOR_ITEM_BYTES, n_clauses x TEXT_DOOR_CLAUSE_BYTES, then the text:
 *   u8 kind (enum text_door_item), u8 n_clauses, u16 caret in code points, u32 number, u16 bytes of text, u16 0
 *   a clause: u16 first code point, u16 code points, u8 whether it is the one being converted
 * At most one item of text is on its way: the next comes after its outcome, or after TEXT_DOOR_CANCEL.
 *
 * agent -> capture: records of TEXT_DOOR_RECORD_BYTES, the closed list of what the agent may say:
 *   u8 kind (enum text_door_record), u8 value, u16 0, then u32 number and u32 0, or u16 x, y, width, height
 * The agent is as hostile as the rest of the isolated host: capture checks each, and anything else ends the session.
 *
 * The input method module in the browser speaks the same with the agent: its records are NEXT, CARET and TAKES_TEXT, and an item
 * (or one of kind TEXT_DOOR_NOTHING) answers NEXT. */
#ifndef SHOJI_BASE_TEXT_DOOR_H
#define SHOJI_BASE_TEXT_DOOR_H

#define TEXT_DOOR_ITEM_BYTES 12
#define TEXT_DOOR_CLAUSE_BYTES 5
#define TEXT_DOOR_RECORD_BYTES 12
#define TEXT_DOOR_CLAUSES_MAX 16
#define TEXT_DOOR_TEXT_MAX 16384 /* bytes of UTF-8 */
#define TEXT_DOOR_CHARACTERS_MAX 4096
#define TEXT_DOOR_ITEM_MAX                                                                         \
	(TEXT_DOOR_ITEM_BYTES + TEXT_DOOR_CLAUSES_MAX * TEXT_DOOR_CLAUSE_BYTES + TEXT_DOOR_TEXT_MAX)

enum text_door_item {
	TEXT_DOOR_NOTHING = 0, /* agent -> module only */
	TEXT_DOOR_PREEDIT = 1, /* an empty one removes what is shown */
	TEXT_DOOR_COMMIT = 2,
	TEXT_DOOR_CANCEL = 3, /* the item of that number is not to be put in any more */
	TEXT_DOOR_SCALE = 4,  /* no text: number is the terminal's scale (SCREEN_SCALE_*) */
};

enum text_door_record {
	TEXT_DOOR_CLAIMED = 1,    /* number: the module took the item */
	TEXT_DOOR_UNCLAIMED = 2,  /* number: the sentinel was handled, and nothing took the item */
	TEXT_DOOR_CARET = 3,      /* x, y, width, height on the screen */
	TEXT_DOOR_TAKES_TEXT = 4, /* value: 0 no, 1 yes */
	TEXT_DOOR_NEXT = 5,       /* module -> agent only */
};

/* The sentinel: the key that stands in the key stream for an item. QEMU key number 0xf4 is X key code 247 (XF86UWB), which no
 * keyboard of a terminal has; gate and capture let no viewer press it. */
#define TEXT_DOOR_SENTINEL_KEY 0xf4
#define TEXT_DOOR_SENTINEL_KEYCODE 247

#endif
