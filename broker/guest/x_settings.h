/* The settings of the isolated host's desktop, as an XSETTINGS manager tells them to the browser (freedesktop.org, XSETTINGS): its
 * scale, and how it draws letters. */
#ifndef SHOJI_GUEST_X_SETTINGS_H
#define SHOJI_GUEST_X_SETTINGS_H

#include <stdint.h>

struct x_settings;

/* Becomes the manager and tells the scale (SCREEN_SCALE_*): that of the manager before it, which crashed, or this one. NULL: no X server. */
struct x_settings *x_settings_new(uint32_t scale);
void x_settings_free(struct x_settings *self);

/* scale: SCREEN_SCALE_* of base/session.h; programs that run follow at once. */
void x_settings_set_scale(struct x_settings *self, uint32_t scale);

#endif
