/* What is off: documented answers, and nothing that was given away is lost. */

/* To turn logs and metrics off is deprecated. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

#include <sentry.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                        \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

/* A counted value; one reference stays here, so that the count tells what was taken. */
static sentry_value_t watched(void)
{
    sentry_value_t value = sentry_value_new_object();
    sentry_value_set_by_key(value, "k", sentry_value_new_attribute(sentry_value_new_int32(1), NULL));
    sentry_value_incref(value);
    return value;
}

static void taken(sentry_value_t value)
{
    CHECK(sentry_value_refcount(value) == 1);
    sentry_value_decref(value);
}

static void logs(void)
{
    sentry_value_t value = watched();
    sentry_scope_t *scope;
    CHECK(sentry_log(SENTRY_LEVEL_INFO, "text", value) == SENTRY_LOG_RETURN_DISABLED);
    taken(value);
    value = watched();
    CHECK(sentry_log((sentry_level_t)77, NULL, value) == SENTRY_LOG_RETURN_DISABLED);
    taken(value);
    CHECK(sentry_log(SENTRY_LEVEL_INFO, "", sentry_value_new_null()) == SENTRY_LOG_RETURN_DISABLED);
    /* A scope for one capture is ended (valgrind looks), another one stays usable. */
    value = watched();
    CHECK(sentry_scope_capture_log(sentry_local_scope_new(), SENTRY_LEVEL_INFO, "text", value)
        == SENTRY_LOG_RETURN_DISABLED);
    taken(value);
    scope = sentry_scope_new();
    CHECK(sentry_scope_capture_log(scope, SENTRY_LEVEL_INFO, "text", sentry_value_new_null())
        == SENTRY_LOG_RETURN_DISABLED);
    sentry_scope_set_tag(scope, "still", "there");
    sentry_scope_free(scope);
}

static void metrics(void)
{
    sentry_value_t value = watched(), attributes = watched();
    CHECK(sentry_metrics_count("n", 1, attributes) == SENTRY_METRICS_RESULT_DISABLED);
    taken(attributes);
    attributes = watched();
    CHECK(sentry_metrics_gauge("n", 1.5, "byte", attributes) == SENTRY_METRICS_RESULT_DISABLED);
    taken(attributes);
    attributes = watched();
    CHECK(sentry_metrics_distribution(NULL, 1.5, NULL, attributes)
        == SENTRY_METRICS_RESULT_DISABLED);
    taken(attributes);
    attributes = watched();
    CHECK(sentry_scope_capture_metric(sentry_local_scope_new(), SENTRY_METRIC_GAUGE, "n", value,
              NULL, attributes)
        == SENTRY_METRICS_RESULT_DISABLED);
    taken(value);
    taken(attributes);
    CHECK(sentry_scope_capture_metric(NULL, (sentry_metric_type_t)9, NULL, sentry_value_new_null(),
              NULL, sentry_value_new_null())
        == SENTRY_METRICS_RESULT_FAILED);
}

static void attributes(void)
{
    sentry_scope_t *scope = sentry_scope_new();
    sentry_value_t value = sentry_value_new_attribute(sentry_value_new_string("v"), "unit");

    sentry_value_incref(value);
    sentry_set_attribute("key", value);
    taken(value);
    value = watched(); /* an object, but neither type nor value */
    sentry_set_attribute("key", value);
    taken(value);
    value = watched();
    sentry_value_set_by_key(value, "type", sentry_value_new_string("string"));
    sentry_value_set_by_key(value, "value", sentry_value_new_null());
    sentry_set_attribute("key", value);
    taken(value);
    value = watched();
    sentry_set_attribute(NULL, value);
    taken(value);
    value = watched();
    sentry_set_attribute_n("kkk", 1, value);
    taken(value);
    sentry_remove_attribute("absent");
    sentry_remove_attribute(NULL);
    sentry_remove_attribute_n("key", 3);

    value = sentry_value_new_attribute(sentry_value_new_double(0.5), NULL);
    sentry_value_incref(value);
    sentry_scope_set_attribute(scope, "key", value);
    taken(value);
    value = watched();
    sentry_scope_set_attribute(NULL, "key", value);
    taken(value);
    value = watched();
    sentry_scope_set_attribute_n(scope, NULL, 0, value);
    taken(value);
    sentry_scope_remove_attribute(scope, "key");
    sentry_scope_remove_attribute_n(NULL, "key", 3);
    sentry_scope_free(scope);
}

static void all(void)
{
    logs();
    metrics();
    attributes();
    sentry_app_hang_heartbeat();
    sentry_app_hang_pause();
}

int main(int argc, char **argv)
{
    sentry_options_t *opts;
    sentry_uuid_t id;
    CHECK(argc == 2);
    all();
    opts = sentry_options_new();
    sentry_options_set_dsn(opts, argv[1]);
    sentry_options_set_database_path(opts, "");
    /* Under valgrind on a busy machine two seconds may not be enough. */
    sentry_options_set_shutdown_timeout(opts, 30000);
    sentry_options_set_enable_logs(opts, 0);
    sentry_options_set_enable_metrics(opts, 0);
    CHECK(sentry_init(opts) == 0);
    all();
    sentry_set_attribute(
        "kept", sentry_value_new_attribute(sentry_value_new_string("for logs"), NULL));
    /* Events do not carry attributes; the test looks at this one. */
    id = sentry_capture_event(sentry_value_new_message_event(SENTRY_LEVEL_INFO, NULL, "plain"));
    CHECK(!sentry_uuid_is_nil(&id));
    CHECK(sentry_close() == 0);
    all();
    return 0;
}
