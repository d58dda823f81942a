/* Check-ins: both ends of a run, what is refused and what is left out. Started by tests/check_ins.rs. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

#include <math.h>

static sentry_status_t say(const char *slug, sentry_check_in_status_t status, double duration, const char *config)
{
    return sentry_capture_check_in(slug, status, duration, config, NULL);
}

static void run(void)
{
    static const char monitor[] = "{\"schedule\":{\"type\":\"crontab\",\"value\":\"@daily\"},\"max_runtime\":\"long\"}";
    sentry_uuid_t id = sentry_uuid_nil(), first;
    CHECK_EQ(say("job", SENTRY_CHECK_IN_OK, -1, NULL), SENTRY_STATUS_DISABLED);
    host_start();
    CHECK_EQ(sentry_capture_check_in("nightly-job", SENTRY_CHECK_IN_IN_PROGRESS, -1, monitor, &id), SENTRY_STATUS_OK);
    CHECK(!sentry_uuid_is_nil(&id));
    CHECK(strstr(sentry_last_error_message(), "max_runtime") != NULL);
    first = id;
    CHECK_EQ(sentry_capture_check_in("nightly-job", SENTRY_CHECK_IN_OK, 1.5, NULL, &id), SENTRY_STATUS_OK);
    CHECK(memcmp(&first, &id, sizeof id) == 0);
    CHECK_EQ(say("other", SENTRY_CHECK_IN_ERROR, 0, "no JSON"), SENTRY_STATUS_OK);
    CHECK(strstr(sentry_last_error_message(), "monitor_config") != NULL);

    CHECK_EQ(say(NULL, SENTRY_CHECK_IN_OK, -1, NULL), SENTRY_STATUS_INVALID_ARGUMENT);
    CHECK_EQ(say("with blanks", SENTRY_CHECK_IN_OK, -1, NULL), SENTRY_STATUS_INVALID_ARGUMENT);
    CHECK(strstr(sentry_last_error_message(), "hyphens") != NULL);
    CHECK_EQ(say("job", (sentry_check_in_status_t)3, -1, NULL), SENTRY_STATUS_INVALID_ARGUMENT);
    CHECK_EQ(say("job", SENTRY_CHECK_IN_OK, NAN, NULL), SENTRY_STATUS_INVALID_ARGUMENT);
    CHECK_EQ(say("job", SENTRY_CHECK_IN_OK, INFINITY, NULL), SENTRY_STATUS_INVALID_ARGUMENT);
    CHECK_EQ(sentry_flush(20000), 0);
    (void)host_check_account();
    sentry_category_stats_t counts = host_stats().categories[SENTRY_CATEGORY_MONITOR];
    CHECK_EQ(counts.captured, 6);
    CHECK_EQ(counts.delivered, 3);
    CHECK_EQ(counts.discarded_by_reason[SENTRY_DISCARD_INVALID], 3);
    CHECK_EQ(sentry_close(), 0);
}

/* Neither sampled nor shown to a hook. */
static sentry_value_t drop(sentry_value_t event, void *hint, void *user_data)
{
    (void)hint;
    (void)user_data;
    sentry_value_decref(event);
    return sentry_value_new_null();
}

static void apart(void)
{
    sentry_options_t *options = host_options();
    sentry_options_set_sample_rate(options, 0);
    sentry_options_set_before_send(options, drop, NULL);
    CHECK_EQ(sentry_init(options), 0);
    CHECK_EQ(say("job", SENTRY_CHECK_IN_OK, -1, NULL), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_close(), 0);
}

int main(int argc, char **argv)
{
    static const host_scenario_t scenarios[] = {
        {"run", run},
        {"apart", apart},
    };
    return host_main(argc, argv, scenarios, sizeof scenarios / sizeof scenarios[0]);
}
