/* ensure(): stops the process when one of our own assumptions is wrong.
 *
 * It stays in release builds. For our own bugs only: never for memory, never for input. */
#ifndef SHOJI_BASE_ENSURE_H
#define SHOJI_BASE_ENSURE_H

#define ensure(condition)                                                                          \
	((condition) ? (void)0 : ensure_failed(#condition, __FILE__, __LINE__, __func__))

_Noreturn void ensure_failed(
        const char *condition, const char *file, int line, const char *function);

#endif
