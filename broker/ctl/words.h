/* shojictl's words in Japanese and English. */
#ifndef SHOJI_CTL_WORDS_H
#define SHOJI_CTL_WORDS_H

#include <stdbool.h>

enum word {
	WORD_CANNOT_REACH,
	WORD_CANNOT_REACH_HINT,
	WORD_NO_ANSWER,
	WORD_USAGE_HINT,
	WORD_PASSWORD,
	WORD_PASSWORD_AGAIN,
	WORD_PASSWORDS_DIFFER,
	WORD_NO_TERMINAL,
	WORD_PASSWORD_EMPTY,
	WORD_FILE_EXISTS,
	WORD_FILE_FAILED,
	WORD_ADDED,
	WORD_CHANGED,
	WORD_LOCKED,
	WORD_UNLOCKED,
	WORD_ENDING,
	WORD_SAVED,
	WORD_WATCH,
	WORD_GENERATED,
	WORD_NO_SESSIONS,
	WORD_NO_PEOPLE,
	WORD_YES,
	WORD_NO,
	N_WORDS,
};

/* lang: "ja", "en", or NULL: what LC_ALL, LC_MESSAGES or LANG says. False: neither. */
bool words_choose(const char *lang);
bool words_are_japanese(void);
/* The words; a %s in them is filled by print_sentence(). Static storage. */
const char *word(enum word which);
/* What keeper's error code means, in the chosen language; NULL: unknown code (show keeper's own text). */
const char *word_for_error(const char *code);
const char *help_text(void);

#endif
