/* The settings that an isolated host finds: Chromium's policies, accounts, GTK's. */
#ifndef SHOJI_SHEPHERD_HOST_SETTINGS_H
#define SHOJI_SHEPHERD_HOST_SETTINGS_H

#include "base/message.h"
#include "shepherd/guest_files.h"

/* Adds them to what the host gets by content. setup->policies is closed and then -1. 0 or a negative code. */
int host_settings_add(struct guest_files *files, struct message_shepherd_setup *setup);

#endif
