/* design.md has lws adopt each worker's socket as a raw file. Tried: it works, but pausing one (back-pressure) and
 * waiting for one to become writable are then lws's business, in another way than the channels of every other
 * role have it. An epoll descriptor is itself something to poll: so lws adopts that one, and the channels behind it are
 * base's as everywhere. Timers stay with lws; the nested loop has none. */
#include "gate/role_loop.h"

#include "base/error.h"
#include "base/loop.h"
#include "gate/gate_state.h"

#include <fcntl.h>
#include <unistd.h>

int role_loop_start(struct gate *gate)
{
	lws_sock_file_fd_type descriptor;

	gate->loop = loop_new();
	if (!gate->loop)
		return SHOJI_ERR_MEMORY;
	/* lws closes what it adopted; the loop closes its own. */
	descriptor.filefd = fcntl(loop_fd(gate->loop), F_DUPFD_CLOEXEC, 0);
	if (descriptor.filefd < 0)
		return SHOJI_ERR_SYSTEM;
	if (lws_adopt_descriptor_vhost(
	            gate->vhost, LWS_ADOPT_RAW_FILE_DESC, descriptor, GATE_PROTOCOL_ROLES, NULL))
		return 0;
	close(descriptor.filefd);
	return SHOJI_ERR_MEMORY;
}

void role_loop_on_ready(struct gate *gate)
{
	loop_turn(gate->loop, 0);
}
