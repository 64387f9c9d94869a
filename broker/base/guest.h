/* What an engine and the programs inside the isolated host agree on: places, numbers, exit statuses. */
#ifndef SHOJI_BASE_GUEST_H
#define SHOJI_BASE_GUEST_H

/* Places inside. Everything is read-only but GUEST_HOME, /tmp and /dev/shm, which are tmpfs with a size. */
#define GUEST_PROGRAMS "/run/shoji/bin"
#define GUEST_DATA "/run/shoji/guest" /* locale, openbox.xml */
#define GUEST_DOORS "/run/shoji/doors"
#define GUEST_PROXY_SOCKET GUEST_DOORS "/proxy.sock"
#define GUEST_HOME "/home/user"
#define GUEST_POLICIES "/etc/chromium/policies/managed"

/* The version of the control socket's messages, as shepherd_hello says it. A broker that was upgraded meets
 * shepherds of the one before. */
#define SHEPHERD_VERSION 3 /* 2: the text door; 3: connect_text */
#define SHEPHERD_VERSION_TEXT 3

#define GUEST_INIT "shoji-guest-init"
#define GUEST_FORWARD "shoji-guest-forward"
#define GUEST_AGENT "shoji-guest-agent"
#define GUEST_IM_CACHE GUEST_DATA "/im/immodules.cache"
#define GUEST_IM_SOCKET GUEST_HOME "/.run/im.sock"

#define GUEST_UID 1000 /* inside; outside it is the session's slot */
#define GUEST_GID 1000
#define GUEST_PROXY_PORT 3128 /* on 127.0.0.1, the forwarder's */

/* shoji-guest-init's exit status: all that it says to the outside. */
enum guest_exit {
	GUEST_EXIT_TOLD = 0,      /* SIGTERM */
	GUEST_EXIT_USAGE = 64,    /* its arguments are wrong */
	GUEST_EXIT_SETUP = 65,    /* a folder, descriptor or process could not be made */
	GUEST_EXIT_X_SILENT = 66, /* Xvnc did not answer in time */
	GUEST_EXIT_X_DIED = 67,   /* Xvnc ended */
	GUEST_EXIT_KEYBOARD = 68, /* the keyboard map could not be set */
};

/* A short English phrase for a status of the isolated host's first process. Static storage. */
const char *guest_exit_text(int exit_status);

#endif
