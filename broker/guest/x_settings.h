/* The settings of the isolated host's desktop, as an XSETTINGS manager tells them to the browser (freedesktop.org, XSETTINGS): its
 * scale, and how it draws letters. */
#ifndef SHOJI_GUEST_X_SETTINGS_H
#define SHOJI_GUEST_X_SETTINGS_H

#include <stdint.h>

struct x_settings;

/* Becomes the manager and tells a scale of 1. NULL: no X server. */
struct x_settings *x_settings_new(void);
void x_settings_free(struct x_settings *self);

/* scale: SCREEN_SCALE_* of base/session.h; programs that run follow at once. */
void x_settings_set_scale(struct x_settings *self, uint32_t scale);

#endif
