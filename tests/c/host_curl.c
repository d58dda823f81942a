/* A program with two libcurl in it: a foreign one, found first by name, and that of the library. Started by
 * tests/host_curl.rs as `host_curl SCENARIO DSN`. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

int curl_multi_wakeup(void *multi);

/* Keeps the foreign library, which is linked first. */
int (*volatile foreign)(void *) = curl_multi_wakeup;

static void deliver(void)
{
    CHECK(foreign != NULL);
    host_start();
    CHECK_EQ(host_capture("through the right libcurl"), SENTRY_STATUS_OK);
    sentry_free(sentry_self_test(5000));
    CHECK_EQ(host_close_within(20000), 0);
}

int main(int argc, char **argv)
{
    static const host_scenario_t scenarios[] = {{"deliver", deliver}};
    return host_main(argc, argv, scenarios, sizeof scenarios / sizeof scenarios[0]);
}
