/* The first bytes of a tunnel. A name that is taken is in normal form; more bytes behind the message change nothing. */
#include "egress/client_hello.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct client_hello hello, again;
	char name[HOST_NAME_MAX_BYTES];
	int result = client_hello_parse(data, size, &hello);

	if (result <= 0)
		return 0;
	if ((size_t)result > size || result > CLIENT_HELLO_BYTES_MAX)
		abort();
	if (client_hello_parse(data, (size_t)result, &again) != result ||
	        again.has_server_name != hello.has_server_name)
		abort();
	if (hello.has_server_name &&
	        (host_name_normalise(hello.server_name, strlen(hello.server_name), name) ||
	                strcmp(name, hello.server_name) != 0))
		abort();
	return 0;
}
