/* Words for the numbers of session.h, as logs and audit records show them. */
#include "base/session.h"

const char *end_reason_text(enum end_reason reason)
{
	switch (reason) {
	case END_SIGNED_OUT:
		return "signed out";
	case END_IDLE:
		return "idle for too long";
	case END_DURATION:
		return "longest permitted time is over";
	case END_ABANDONED:
		return "viewer stayed away";
	case END_ADMINISTRATOR:
		return "ended by an administrator";
	case END_START_FAILED:
		return "isolated host did not start";
	case END_HOST_EXITED:
		return "isolated host exited";
	case END_CAPTURE_FAILED:
		return "capture failed";
	case END_ENCODE_FAILED:
		return "encode failed";
	case END_LIMIT:
		return "over its memory or process limit";
	case END_BROKER:
		return "broker stopped";
	case END_LEASE_LOST:
		return "lease was not renewed";
	}
	return "unknown reason";
}

const char *egress_verdict_text(enum egress_verdict verdict)
{
	switch (verdict) {
	case EGRESS_ALLOWED:
		return "allowed";
	case EGRESS_DENIED_BY_LIST:
		return "denied by list";
	case EGRESS_DENIED_ADDRESS:
		return "denied address";
	case EGRESS_DENIED_PORT:
		return "denied port";
	case EGRESS_NOT_RESOLVED:
		return "not resolved";
	case EGRESS_UNREACHABLE:
		return "unreachable";
	case EGRESS_MALFORMED:
		return "malformed request";
	case EGRESS_DENIED_SNI:
		return "denied server name";
	case EGRESS_OVER_LIMIT:
		return "over the limit";
	}
	return "unknown verdict";
}

const char *worker_exit_text(int exit_status)
{
	switch (exit_status) {
	case WORKER_EXIT_DONE:
		return "done";
	case WORKER_EXIT_SETUP:
		return "could not be confined or set up";
	case WORKER_EXIT_HANDSHAKE:
		return "the isolated host does not speak RFB 3.8 with security None";
	case WORKER_EXIT_PROTOCOL:
		return "the isolated host sent RFB that was not asked for";
	case WORKER_EXIT_BOUNDS:
		return "the isolated host sent something over its limit";
	case WORKER_EXIT_STALLED:
		return "the isolated host was silent or slow for too long";
	case WORKER_EXIT_CLOSED:
		return "the isolated host closed its RFB connection";
	case WORKER_EXIT_PEER:
		return "a peer broke the message table";
	case WORKER_EXIT_MEMORY:
		return "out of memory";
	case WORKER_EXIT_NOT_TAKEN:
		return "encode did not take damage within 10 seconds";
	}
	return "unexpected exit";
}
