/* The lease's state machine: every transition, a deadline in every state, tokens, notices, slots. */
#include "base/error.h"
#include "keeper/lease.h"
#include "keeper/leases.h"
#include "suite.h"

#include <sodium.h>
#include <string.h>

#define NOW 1000000ull
#define MINUTE 60000ull

static const struct lease_rules rules = {.start_ms = 30000,
        .attach_ms = 60000,
        .abandoned_ms = 600000,
        .end_ms = 10000,
        .idle_ms = 60 * MINUTE,
        .duration_ms = 720 * MINUTE};

static uint8_t cookie[TOKEN_HASH_BYTES] = {1};
static uint8_t token_1[TOKEN_HASH_BYTES] = {11}, token_2[TOKEN_HASH_BYTES] = {12},
               token_3[TOKEN_HASH_BYTES] = {13}, token_4[TOKEN_HASH_BYTES] = {14};

static struct lease make(void)
{
	struct lease lease;

	lease_init(&lease, &rules, 7, 0, cookie, token_1, NOW);
	return lease;
}

/* A lease that has come to `state` by permitted steps. */
static struct lease make_in(enum lease_state state, bool was_attached)
{
	struct lease lease = make();

	lease.was_attached = was_attached;
	if (state == LEASE_STARTING)
		return lease;
	if (state == LEASE_ENDING || state == LEASE_ENDED) {
		lease_set_state(&lease, state, NOW);
		return lease;
	}
	lease_set_state(&lease, was_attached ? LEASE_DETACHED : LEASE_READY, NOW);
	if (state == LEASE_ATTACHED || state == LEASE_DETACHED)
		lease_set_state(&lease, LEASE_ATTACHED, NOW);
	if (state == LEASE_DETACHED)
		lease_set_state(&lease, LEASE_DETACHED, NOW);
	return lease;
}

START_TEST(every_transition)
{
	/* [from][to], from 1; rows as in lease.h's picture. */
	static const bool allowed[7][7] = {
	        [LEASE_STARTING] =
	                {[LEASE_READY] = true, [LEASE_ENDING] = true, [LEASE_ENDED] = true},
	        [LEASE_READY] =
	                {[LEASE_ATTACHED] = true, [LEASE_ENDING] = true, [LEASE_ENDED] = true},
	        [LEASE_ATTACHED] =
	                {[LEASE_DETACHED] = true, [LEASE_ENDING] = true, [LEASE_ENDED] = true},
	        [LEASE_DETACHED] =
	                {[LEASE_ATTACHED] = true, [LEASE_ENDING] = true, [LEASE_ENDED] = true},
	        [LEASE_ENDING] = {[LEASE_ENDED] = true},
	};

	for (int from = LEASE_STARTING; from <= LEASE_STATE_MAX; from++) {
		for (int to = LEASE_STARTING; to <= LEASE_STATE_MAX; to++) {
			struct lease lease = make_in((enum lease_state)from, false);
			ck_assert_int_eq(lease.state, from);
			lease.is_dirty = false;
			int error = lease_set_state(&lease, (enum lease_state)to, NOW + 5);
			ck_assert_msg(
			        (error == 0) == allowed[from][to], "%d -> %d: %d", from, to, error);
			ck_assert_int_eq(lease.state, error ? from : to);
			ck_assert(lease.is_dirty == (error == 0));
		}
	}
}
END_TEST

START_TEST(adopted_ones_wait_as_after_a_cut_line)
{
	struct lease lease = make_in(LEASE_STARTING, true);

	ck_assert_int_eq(lease_set_state(&lease, LEASE_READY, NOW), SHOJI_ERR_FORBIDDEN);
	ck_assert_int_eq(lease_set_state(&lease, LEASE_DETACHED, NOW), 0);
	ck_assert_uint_eq(lease.deadline_ms, NOW + rules.abandoned_ms);
}
END_TEST

static enum lease_action check_at(struct lease *lease, uint64_t at_ms, enum end_reason *reason)
{
	struct lease_due due;
	enum lease_action action = lease_check(lease, at_ms, &due);

	*reason = due.reason;
	return action;
}

START_TEST(every_state_has_a_deadline)
{
	static const struct {
		enum lease_state state;
		uint64_t after_ms;
		enum lease_action action;
		enum end_reason reason;
	} cases[] = {
	        {LEASE_STARTING, 30000, LEASE_DO_END, END_START_FAILED},
	        {LEASE_READY, 60000, LEASE_DO_END, END_ABANDONED},
	        {LEASE_ATTACHED, 60 * MINUTE, LEASE_DO_END, END_IDLE},
	        {LEASE_DETACHED, 600000, LEASE_DO_END, END_ABANDONED},
	        {LEASE_ENDING, 10000, LEASE_DO_STOP_AGAIN, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct lease lease = make_in(cases[i].state, false);
		enum end_reason reason;
		ck_assert_uint_eq(lease.deadline_ms, NOW + cases[i].after_ms);
		lease.was_told_idle = true;
		ck_assert_int_eq(
		        check_at(&lease, NOW + cases[i].after_ms - 1, &reason), LEASE_DO_NOTHING);
		ck_assert_int_eq(
		        check_at(&lease, NOW + cases[i].after_ms, &reason), cases[i].action);
		ck_assert_int_eq(reason, cases[i].reason);
	}
}
END_TEST

START_TEST(stop_is_repeated)
{
	struct lease lease = make_in(LEASE_ENDING, false);
	enum end_reason reason;

	ck_assert_int_eq(check_at(&lease, NOW + 10000, &reason), LEASE_DO_STOP_AGAIN);
	ck_assert_int_eq(check_at(&lease, NOW + 10001, &reason), LEASE_DO_NOTHING);
	ck_assert_int_eq(check_at(&lease, NOW + 20000, &reason), LEASE_DO_STOP_AGAIN);
}
END_TEST

START_TEST(duration_ends_whatever_is_pressed)
{
	struct lease lease = make_in(LEASE_ATTACHED, false);
	enum end_reason reason;

	for (uint64_t at = NOW; at < NOW + 720 * MINUTE; at += MINUTE) {
		lease_touch(&lease, at);
		enum lease_action action = check_at(&lease, at, &reason);
		ck_assert(action == LEASE_DO_NOTHING || action == LEASE_DO_TELL_DURATION);
	}
	ck_assert_int_eq(check_at(&lease, NOW + 720 * MINUTE, &reason), LEASE_DO_END);
	ck_assert_int_eq(reason, END_DURATION);
}
END_TEST

START_TEST(notices_come_once_and_anew)
{
	struct lease lease = make_in(LEASE_ATTACHED, false);
	struct lease_due due;

	ck_assert_int_eq(lease_check(&lease, NOW + 55 * MINUTE - 1, &due), LEASE_DO_NOTHING);
	ck_assert_int_eq(lease_check(&lease, NOW + 55 * MINUTE, &due), LEASE_DO_TELL_IDLE);
	ck_assert_uint_eq(due.minutes_left, 5);
	ck_assert_int_eq(lease_check(&lease, NOW + 56 * MINUTE, &due), LEASE_DO_NOTHING);
	lease_touch(&lease, NOW + 56 * MINUTE);
	ck_assert_int_eq(lease_check(&lease, NOW + 60 * MINUTE, &due), LEASE_DO_NOTHING);
	ck_assert_int_eq(
	        lease_check(&lease, NOW + 56 * MINUTE + 57 * MINUTE, &due), LEASE_DO_TELL_IDLE);
	ck_assert_uint_eq(due.minutes_left, 3);
}
END_TEST

/* Between what is due nothing is: keeper looks at a lease only then. In steps of a second; is_used: somebody presses a key every ten minutes. */
static void check_due(struct lease lease, bool is_used, uint64_t end_ms)
{
	uint64_t due_ms = lease_due_ms(&lease);
	struct lease_due due;

	for (uint64_t now_ms = NOW; now_ms < end_ms; now_ms += 1000) {
		bool is_due = now_ms >= due_ms;
		bool was_refused = lease_take_refused(&lease, false, now_ms) > 0;
		enum lease_action action = lease_check(&lease, now_ms, &due);
		/* Not an assertion a second: Check writes each one down. */
		if (is_due != (was_refused || action != LEASE_DO_NOTHING))
			ck_abort_msg("in %s after %llu s: action %d, due %d",
			        lease_state_text(lease.state),
			        (unsigned long long)(now_ms - NOW) / 1000, (int)action, is_due);
		if (action == LEASE_DO_END)
			lease_set_state(&lease, LEASE_ENDING, now_ms);
		if (is_used && (now_ms - NOW) % (10 * MINUTE) == 0)
			lease_touch(&lease, now_ms);
		due_ms = lease_due_ms(&lease);
	}
}

START_TEST(nothing_is_due_in_between)
{
	for (int state = LEASE_STARTING; state <= LEASE_ENDED; state++)
		for (int i = 0; i < 8; i++) {
			struct lease lease = make_in((enum lease_state)state, i & 1);
			if (i & 2) {
				lease_attach_refused(&lease, "10.0.0.1", NOW);
				lease_attach_refused(&lease, "10.0.0.1", NOW);
			}
			check_due(lease, i & 4, NOW + 2 * rules.duration_ms);
		}
}
END_TEST

START_TEST(tokens_rotate)
{
	struct lease lease = make_in(LEASE_READY, false);

	ck_assert_int_eq(lease_attach(&lease, token_2, token_3), ATTACH_IN_USE);
	ck_assert_int_eq(lease_attach(&lease, token_1, token_2), ATTACH_ACCEPTED);
	/* The reply was lost: the one that was used is good once more, and only once. */
	ck_assert_int_eq(lease_attach(&lease, token_1, token_3), ATTACH_ACCEPTED);
	ck_assert_int_eq(lease_attach(&lease, token_1, token_4), ATTACH_IN_USE);
	/* The token that was lost has died with it. */
	ck_assert_int_eq(lease_attach(&lease, token_2, token_4), ATTACH_IN_USE);
	ck_assert_int_eq(lease_attach(&lease, token_3, token_4), ATTACH_ACCEPTED);
	ck_assert_int_eq(lease_attach(&lease, token_1, token_2), ATTACH_IN_USE);
	ck_assert_int_eq(lease_attach(&lease, token_4, token_1), ATTACH_ACCEPTED);
	/* The next was seen: the one before it is dead. */
	ck_assert_int_eq(lease_attach(&lease, token_3, token_2), ATTACH_IN_USE);
}
END_TEST

START_TEST(the_first_token_has_no_predecessor)
{
	static const uint8_t zeros[TOKEN_HASH_BYTES];
	struct lease lease = make_in(LEASE_READY, false);

	ck_assert_int_eq(lease_attach(&lease, zeros, token_2), ATTACH_IN_USE);
}
END_TEST

START_TEST(ended_leases_attach_nobody)
{
	struct lease ending = make_in(LEASE_ENDING, false);
	struct lease ended = make_in(LEASE_ENDED, false);

	ck_assert_int_eq(lease_attach(&ending, token_1, token_2), ATTACH_UNKNOWN);
	ck_assert_int_eq(lease_attach(&ended, token_1, token_2), ATTACH_UNKNOWN);
}
END_TEST

static struct lease *add(struct leases *leases, uint64_t id, const char *person)
{
	struct lease lease;
	int slot = leases_free_slot(leases);

	ck_assert_int_ge(slot, 0);
	lease_init(&lease, &rules, id, (uint16_t)slot, cookie, token_1, NOW);
	lease.cookie[1] = (uint8_t)id;
	strcpy(lease.person, person);
	return leases_add(leases, &lease);
}

START_TEST(slots)
{
	static struct leases leases;
	uint8_t wanted[TOKEN_HASH_BYTES] = {1, 2};

	leases_init(&leases, 3);
	struct lease *a = add(&leases, 1, "a");
	struct lease *b = add(&leases, 2, "b");
	struct lease *c = add(&leases, 3, "c");
	ck_assert_int_eq(leases_free_slot(&leases), -1);
	ck_assert_ptr_eq(leases_find(&leases, 2), b);
	ck_assert_ptr_eq(leases_find_cookie(&leases, wanted), b);
	ck_assert_ptr_eq(leases_find_person(&leases, "c"), c);
	ck_assert_ptr_null(leases_find_person(&leases, "d"));
	/* Its end frees the person and the cookie, not the slot. */
	lease_set_state(b, LEASE_ENDING, NOW);
	ck_assert_ptr_null(leases_find_person(&leases, "b"));
	ck_assert_ptr_null(leases_find_cookie(&leases, wanted));
	ck_assert_int_eq(leases_free_slot(&leases), -1);
	lease_set_state(b, LEASE_ENDED, NOW);
	ck_assert_int_eq(leases_free_slot(&leases), -1);
	leases_remove(&leases, b);
	ck_assert_int_eq(leases_free_slot(&leases), 1);
	leases_remove(&leases, a);
	/* Walks on: a slot rests before it is used again. */
	ck_assert_int_eq(leases_free_slot(&leases), 0);
	ck_assert_uint_eq(leases_count(&leases, LEASE_STARTING), 1);
	leases_finish(&leases);
}
END_TEST

START_TEST(comings_of_a_minute)
{
	struct lease lease = make();

	for (int i = 0; i < LEASE_ATTACHES_PER_MINUTE_MAX; i++)
		ck_assert(lease_may_attach(&lease, NOW));
	ck_assert(!lease_may_attach(&lease, NOW + MINUTE - 1));
	ck_assert(lease_may_attach(&lease, NOW + MINUTE));

	ck_assert(lease_attach_refused(&lease, "10.0.0.1", NOW + MINUTE));
	ck_assert_uint_eq(lease_take_refused(&lease, false, NOW + 9 * MINUTE), 0);
	ck_assert(lease_attach_refused(&lease, "10.0.0.1", NOW + 9 * MINUTE));
	ck_assert(!lease_attach_refused(&lease, "10.0.0.2", NOW + 9 * MINUTE));
	ck_assert(!lease_attach_refused(&lease, "10.0.0.3", NOW + 9 * MINUTE));
	ck_assert_uint_eq(lease_take_refused(&lease, false, NOW + 10 * MINUTE - 1), 0);
	/* The next minute does not forget those of the one before. */
	ck_assert(lease_attach_refused(&lease, "10.0.0.1", NOW + 10 * MINUTE));
	ck_assert_uint_eq(lease_take_refused(&lease, false, NOW + 11 * MINUTE), 2);
	ck_assert_str_eq(lease.attaches.address, "10.0.0.3");
	ck_assert_uint_eq(lease_take_refused(&lease, true, NOW + 11 * MINUTE), 0);
	ck_assert(lease_attach_refused(&lease, "10.0.0.1", NOW + 12 * MINUTE));
	ck_assert(!lease_attach_refused(&lease, "10.0.0.1", NOW + 12 * MINUTE));
	ck_assert_uint_eq(lease_take_refused(&lease, true, NOW + 12 * MINUTE), 1);
}
END_TEST

int main(void)
{
	if (sodium_init() < 0)
		return EXIT_FAILURE;
	return SUITE_RUN("keeper-lease", every_transition, adopted_ones_wait_as_after_a_cut_line,
	        every_state_has_a_deadline, stop_is_repeated, duration_ends_whatever_is_pressed,
	        notices_come_once_and_anew, nothing_is_due_in_between, tokens_rotate,
	        the_first_token_has_no_predecessor, ended_leases_attach_nobody, comings_of_a_minute,
	        slots);
}
