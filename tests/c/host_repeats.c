/* Repeats of an error: one is sent, the others are counted into it. Started by tests/repeats.rs. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

static void start(uint64_t window_ms)
{
    sentry_options_t *options = host_options();
    CHECK_EQ(sentry_options_set_dedupe_window_ms(options, window_ms), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_init(options), 0);
}

static sentry_category_stats_t counts(void)
{
    return host_check_account();
}

/* The window ends by itself, and the library's own thread says what was in it. */
static void by_time(void)
{
    start(1000);
    CHECK_EQ(host_capture("again"), SENTRY_STATUS_OK);
    for (int i = 0; i < 5; i++)
        CHECK_EQ(host_capture("again"), SENTRY_STATUS_IGNORED);
    CHECK(strstr(sentry_last_error_message(), "dedupe_window_ms") != NULL);
    CHECK_EQ(host_capture("another"), SENTRY_STATUS_OK);
    while (counts().delivered < 3)
        host_breathe();
    /* The next window has one, and that is said at the close. */
    CHECK_EQ(host_capture("again"), SENTRY_STATUS_IGNORED);
    CHECK_EQ(counts().captured, 9);
    CHECK_EQ(counts().discarded_by_reason[SENTRY_DISCARD_DUPLICATE], 6);
    CHECK_EQ(sentry_close(), 0);
}

/* Events by template, and with a fingerprint. */
static void by_likeness(void)
{
    static const char *const same[] = {
        "{\"logentry\":{\"message\":\"%d left\",\"formatted\":\"1 left\"}}",
        "{\"logentry\":{\"message\":\"%d left\",\"formatted\":\"2 left\"}}",
    };
    start(60000);
    CHECK_EQ(sentry_capture(same[0], NULL), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_capture(same[1], NULL), SENTRY_STATUS_IGNORED);
    CHECK_EQ(sentry_capture("{\"message\":\"a\",\"fingerprint\":[\"f\"]}", NULL), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_capture("{\"message\":\"b\",\"fingerprint\":[\"f\"]}", NULL), SENTRY_STATUS_IGNORED);
    /* Nothing to compare. */
    CHECK_EQ(sentry_capture("{}", NULL), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_capture("{}", NULL), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_flush(20000), 0);
    CHECK_EQ(counts().delivered, 6);
    CHECK_EQ(sentry_close(), 0);
}

/* A child counts its own. */
static void forked(void)
{
    pid_t child;
    start(60000);
    CHECK_EQ(host_capture("again"), SENTRY_STATUS_OK);
    child = host_fork();
    if (child == 0) {
        CHECK_EQ(host_capture("again"), SENTRY_STATUS_OK);
        CHECK_EQ(sentry_close(), 0);
        _exit(0);
    }
    host_await_child(child);
    CHECK_EQ(host_capture("again"), SENTRY_STATUS_IGNORED);
    CHECK_EQ(sentry_close(), 0);
}

int main(int argc, char **argv)
{
    static const host_scenario_t scenarios[] = {
        {"by_time", by_time},
        {"by_likeness", by_likeness},
        {"forked", forked},
    };
    return host_main(argc, argv, scenarios, sizeof scenarios / sizeof scenarios[0]);
}
