/* A person before a display: presses keys or turns the wheel at a steady pace, and sees when pixels change. Both are
 * on one clock, and the same for every viewer that is shown there. Bench tool: stands outside the product.
 *
 * usage: DISPLAY=:N hand-and-eye [--area X,Y,WIDTH,HEIGHT]... [--quiet MS] [--limit MS] ACTION
 *   ACTION: press KEYCODE COUNT INTERVAL_MS | turn BUTTON COUNT INTERVAL_MS | look MS
 *           (turn: 4 is a notch up, 5 one down; INTERVAL_MS may have a fraction)
 *   Ends when after the last action nothing has changed for so long (--quiet, default 1000), or at --limit after it
 *   (default 15000).
 *
 * Prints JSON: actions, and changes: milliseconds from the first action at which the areas were seen changed;
 * last_action_ms; end: "quiet" or "limit". */
#include "bench/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xcb/xtest.h>

#define CHANGES_MAX 100000

enum action { ACTION_PRESS, ACTION_TURN, ACTION_LOOK };

struct plan {
	enum action action;
	uint8_t code;
	unsigned count;
	double interval_ms, quiet_ms, limit_ms;
	struct watch_area areas[WATCH_AREAS_MAX];
	size_t n_areas;
};

static int usage(void)
{
	fprintf(stderr,
	        "usage: hand-and-eye [--area X,Y,WIDTH,HEIGHT]... [--quiet MS] [--limit MS] "
	        "press KEYCODE COUNT INTERVAL_MS | turn BUTTON COUNT INTERVAL_MS | look MS\n");
	return 2;
}

static bool read_action(struct plan *plan, int n, char **words)
{
	if (n == 2 && strcmp(words[0], "look") == 0) {
		plan->action = ACTION_LOOK;
		plan->count = 1;
		plan->interval_ms = atof(words[1]);
		return plan->interval_ms >= 0;
	}
	if (n != 4)
		return false;
	plan->action = strcmp(words[0], "press") == 0 ? ACTION_PRESS : ACTION_TURN;
	plan->code = (uint8_t)atoi(words[1]);
	plan->count = (unsigned)atoi(words[2]);
	plan->interval_ms = atof(words[3]);
	return (plan->action == ACTION_PRESS || strcmp(words[0], "turn") == 0) && plan->code > 0 &&
	       plan->count > 0 && plan->count <= 10000 && plan->interval_ms > 0;
}

static bool read_plan(struct plan *plan, int argc, char **argv)
{
	int i = 1;

	*plan = (struct plan){.quiet_ms = 1000, .limit_ms = 15000};
	for (; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
		if (strcmp(argv[i], "--area") == 0 && plan->n_areas < WATCH_AREAS_MAX) {
			if (!watch_area_read(argv[i + 1], &plan->areas[plan->n_areas++]))
				return false;
		} else if (strcmp(argv[i], "--quiet") == 0) {
			plan->quiet_ms = atof(argv[i + 1]);
		} else if (strcmp(argv[i], "--limit") == 0) {
			plan->limit_ms = atof(argv[i + 1]);
		} else {
			return false;
		}
	}
	return plan->n_areas > 0 && read_action(plan, argc - i, argv + i);
}

static void act(struct watch *watch, const struct plan *plan)
{
	bool is_key = plan->action == ACTION_PRESS;

	if (plan->action == ACTION_LOOK)
		return;
	xcb_test_fake_input(watch->x, is_key ? XCB_KEY_PRESS : XCB_BUTTON_PRESS, plan->code,
	        XCB_CURRENT_TIME, XCB_NONE, 0, 0, 0);
	xcb_test_fake_input(watch->x, is_key ? XCB_KEY_RELEASE : XCB_BUTTON_RELEASE, plan->code,
	        XCB_CURRENT_TIME, XCB_NONE, 0, 0, 0);
	xcb_flush(watch->x);
}

int main(int argc, char **argv)
{
	static double changes_ms[CHANGES_MAX];
	struct plan plan;
	struct watch watch;
	size_t n_changes = 0;
	unsigned n_done = 0;

	if (!read_plan(&plan, argc, argv))
		return usage();
	watch_open(&watch, plan.areas, plan.n_areas);
	double start_ms = watch_now_ms(), last_action_ms = 0, now_ms = 0;
	double next_ms = plan.action == ACTION_LOOK ? plan.interval_ms : 0, seen_ms = 0;
	const char *end = NULL;
	while (!end) {
		if (n_done < plan.count && now_ms >= next_ms) {
			act(&watch, &plan);
			last_action_ms = seen_ms = now_ms;
			next_ms += plan.interval_ms;
			n_done++;
		}
		double until_ms = n_done < plan.count ? next_ms : seen_ms + plan.quiet_ms;
		if (watch_wait(&watch, start_ms + until_ms) && watch_take(&watch) &&
		        n_changes < CHANGES_MAX)
			changes_ms[n_changes++] = seen_ms = watch_now_ms() - start_ms;
		now_ms = watch_now_ms() - start_ms;
		if (n_done == plan.count && now_ms - seen_ms >= plan.quiet_ms)
			end = "quiet";
		else if (n_done == plan.count && now_ms - last_action_ms >= plan.limit_ms)
			end = "limit";
	}
	printf("{\"actions\": %u, \"last_action_ms\": %.2f, \"end\": \"%s\", \"changes_ms\": [",
	        n_done, last_action_ms, end);
	for (size_t i = 0; i < n_changes; i++)
		printf("%s%.2f", i ? ", " : "", changes_ms[i]);
	printf("]}\n");
	watch_close(&watch);
	return 0;
}
