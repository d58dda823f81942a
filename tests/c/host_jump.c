/* A host that leaves a callback with longjmp, which is forbidden: what the library keeps about the thread recovers.
 * Started by tests/host_callback.rs. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

#include <pthread.h>
#include <setjmp.h>

#define JUMPS 20

static jmp_buf back;
static volatile int calls, jumps;

static void leave(void)
{
    calls++;
    if (jumps < JUMPS) {
        jumps++;
        longjmp(back, 1);
    }
}

static sentry_value_t leaving_hook(sentry_value_t event, void *hint, void *data)
{
    (void)hint;
    (void)data;
    leave();
    return event;
}

static void leaving_outcome(const sentry_outcome_info_t *info, void *data)
{
    (void)data;
    if (info->outcome == SENTRY_OUTCOME_DISCARDED)
        leave();
}

/* Captures, and comes back from there in either way. */
static void capture_and_be_left(int *answers, sentry_status_t wanted)
{
    if (setjmp(back) == 0)
        *answers += host_capture("jump") == wanted;
}

static void check_thread(void)
{
    int state = -1;
    CHECK_EQ(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state), 0);
    CHECK_EQ(state, PTHREAD_CANCEL_ENABLE);
}

static void out_of_a_hook(void)
{
    int answers = 0;
    sentry_options_t *options = host_options();
    sentry_options_set_before_send(options, leaving_hook, NULL);
    CHECK_EQ(sentry_init(options), 0);
    for (int i = 0; i < JUMPS + 1; i++)
        capture_and_be_left(&answers, SENTRY_STATUS_OK);
    CHECK_EQ(jumps, JUMPS);
    /* The hook is called as before, and what it passes goes. */
    CHECK_EQ(calls, JUMPS + 1);
    CHECK_EQ(answers, 1);
    check_thread();
    CHECK_EQ(sentry_flush(20000), 0);
    CHECK_EQ(sentry_close(), 0);
}

static void out_of_the_outcome_callback(void)
{
    int answers = 0;
    sentry_options_t *options = host_options();
    sentry_options_set_on_outcome(options, leaving_outcome, NULL);
    sentry_options_set_sample_rate(options, 0.0);
    CHECK_EQ(sentry_init(options), 0);
    for (int i = 0; i < JUMPS + 1; i++)
        capture_and_be_left(&answers, SENTRY_STATUS_SAMPLED_OUT);
    CHECK_EQ(calls, JUMPS + 1);
    CHECK_EQ(answers, 1);
    check_thread();
    CHECK_EQ(sentry_close(), 0);
}

int main(int argc, char **argv)
{
    static const host_scenario_t scenarios[] = {
        {"out_of_a_hook", out_of_a_hook},
        {"out_of_the_outcome_callback", out_of_the_outcome_callback},
    };
    return host_main(argc, argv, scenarios, sizeof scenarios / sizeof scenarios[0]);
}
