/* A door into the isolated host (RFB, text): a listening socket that the shepherd makes and the host inherits. */
#ifndef SHOJI_SHEPHERD_DOOR_H
#define SHOJI_SHEPHERD_DOOR_H

struct door {
	const char *name; /* borrowed */
	int folder;       /* run_folder/rfb; never visible in the host */
	int listener;     /* blocking: the host's own */
};

/* 0 or SHOJI_ERR_SYSTEM (logged). self is then closed. */
int door_open(struct door *self, const char *run_folder, const char *name);
/* A connection to the door: owned by the caller, or -1 (errno). Succeeds before the host accepts it. */
int door_connect(const struct door *self);
/* The listener is the host's from now on; ours would keep the door open after Xvnc has gone. */
void door_hand_over(struct door *self);
void door_close(struct door *self);

#endif
