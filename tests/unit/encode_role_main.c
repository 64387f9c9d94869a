/* encode as a process of its own, for test_encode_role.c: what shoji-broker --role=encode does. */
#include "encode/encode.h"

int main(void)
{
	/* As whoever started it: identity is monitor's matter and tested with it. */
	return encode_run(&(struct role_start){.name = "encode"});
}
