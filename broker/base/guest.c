/* Words for the exit status of an isolated host's first process: a bounded number is all that is
 * believed of it. */
#include "base/guest.h"

const char *guest_exit_text(int exit_status)
{
	switch (exit_status) {
	case GUEST_EXIT_TOLD:
		return "the isolated host ended when told";
	case GUEST_EXIT_USAGE:
		return "shoji-guest-init was given wrong arguments";
	case GUEST_EXIT_SETUP:
		return "the isolated host could not set itself up";
	case GUEST_EXIT_X_SILENT:
		return "Xvnc did not answer in time";
	case GUEST_EXIT_X_DIED:
		return "Xvnc ended";
	case GUEST_EXIT_KEYBOARD:
		return "the keyboard map could not be set";
	}
	return "the isolated host ended unexpectedly";
}
