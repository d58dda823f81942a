/* Every option: its default, what its setter takes, what it refuses, what its getter answers. Started by tests/host_api.rs,
 * which also checks that no option of the header is missing here. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

/* Deprecated functions still work. */
SENTRY_SUPPRESS_DEPRECATED

static sentry_options_t *options;

/* A number: its default, two values it takes at the ends of its range, one below and one above. */
#define NUMBER(name, type, standard, least, most, below, above)                                                        \
    do {                                                                                                               \
        CHECK_EQ(sentry_options_get_##name(options), (type)(standard));                                                \
        CHECK_EQ(sentry_options_set_##name(options, (type)(least)), SENTRY_STATUS_OK);                                 \
        CHECK_EQ(sentry_options_get_##name(options), (type)(least));                                                   \
        CHECK_EQ(sentry_options_set_##name(options, (type)(most)), SENTRY_STATUS_OK);                                  \
        CHECK_EQ(sentry_options_set_##name(options, (type)(below)), SENTRY_STATUS_INVALID_ARGUMENT);                   \
        CHECK(strstr(sentry_last_error_message(), #name) != NULL);                                                     \
        CHECK_EQ(sentry_options_set_##name(options, (type)(above)), SENTRY_STATUS_INVALID_ARGUMENT);                   \
        CHECK_EQ(sentry_options_get_##name(options), (type)(most));                                                    \
        CHECK_EQ(sentry_options_set_##name(NULL, (type)(least)), SENTRY_STATUS_INVALID_ARGUMENT);                      \
        (void)sentry_options_get_##name(NULL);                                                                         \
        CHECK_EQ(sentry_options_set_##name(options, (type)(standard)), SENTRY_STATUS_OK);                              \
        CHECK_TEXT(sentry_last_error_message(), "");                                                                   \
    } while (0)

/* A text: unset at first; set, replaced, with a length, unset by NULL. */
#define TEXT_OPTION(name)                                                                                              \
    do {                                                                                                               \
        CHECK(sentry_options_get_##name(options) == NULL);                                                             \
        text_option(sentry_options_set_##name, sentry_options_set_##name##_n, sentry_options_get_##name);              \
    } while (0)

static void text_option(void (*set)(sentry_options_t *, const char *), void (*set_n)(sentry_options_t *, const char *, size_t),
                        const char *(*get)(const sentry_options_t *))
{
    char text[] = "first";
    set(options, text);
    text[0] = 'x';
    CHECK_TEXT(get(options), "first");
    set_n(options, "second and more", 6);
    CHECK_TEXT(get(options), "second");
    set(options, "\xff"); /* Repaired, or for a DSN dropped. */
    set(options, NULL);
    CHECK(get(options) == NULL);
    set_n(options, NULL, 0);
    set_n(options, NULL, 5);
    set(NULL, "nobody");
    set_n(NULL, "nobody", 6);
    CHECK(get(NULL) == NULL);
}

static void numbers(void)
{
    NUMBER(queue_max_items, int64_t, 1000, 1, 10000000, 0, 10000001);
    CHECK_EQ(sentry_options_set_queue_max_items(options, -1), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_options_get_queue_max_items(options), -1);
    CHECK_EQ(sentry_options_set_queue_max_items(options, INT64_MIN), SENTRY_STATUS_INVALID_ARGUMENT);
    NUMBER(queue_max_bytes, uint64_t, 16777216, 65536, 1099511627775, 65535, UINT64_MAX);
    NUMBER(queue_block_timeout_ms, uint64_t, 0, 0, 60000, 60001, UINT64_MAX);
    NUMBER(queue_sync_ms, uint64_t, 0, 0, 3600000, 3600001, UINT64_MAX);
    NUMBER(dedupe_window_ms, uint64_t, 0, 0, 86400000, 86400001, UINT64_MAX);
    NUMBER(connect_timeout_ms, uint64_t, 15000, 1, 600000, 0, UINT64_MAX);
    NUMBER(read_timeout_ms, uint64_t, 15000, 1, 600000, 0, UINT64_MAX);
    NUMBER(retries, int32_t, 3, 0, 1000, -1, INT32_MAX);
    NUMBER(retries_connect, int32_t, -1, -1, 1000, -2, 1001);
    NUMBER(retries_read, int32_t, -1, -1, 1000, INT32_MIN, 1001);
    NUMBER(retries_status, int32_t, 0, -1, 1000, -2, 1001);
    NUMBER(retries_redirect, int32_t, 0, -1, 1000, -2, 1001);
    NUMBER(retry_backoff_ms, uint64_t, 1000, 1, 3600000, 0, 3600001);
    NUMBER(retry_backoff_max_ms, uint64_t, 60000, 1, 86400000, 0, UINT64_MAX);
    NUMBER(max_requests_in_flight, int32_t, 1, 1, 32, 0, 33);
}

static void choices(void)
{
    NUMBER(queue_overflow, sentry_queue_overflow_t, SENTRY_QUEUE_OVERFLOW_DROP_NEWEST, SENTRY_QUEUE_OVERFLOW_DROP_OLDEST,
           SENTRY_QUEUE_OVERFLOW_SPILL, 4, 100);
    NUMBER(compression, sentry_compression_t, SENTRY_COMPRESSION_GZIP, SENTRY_COMPRESSION_NONE, SENTRY_COMPRESSION_GZIP, 2, 77);
    NUMBER(breadcrumb_level, sentry_level_t, SENTRY_LEVEL_INFO, SENTRY_LEVEL_TRACE, SENTRY_LEVEL_FATAL, -3, 4);
    NUMBER(event_level, sentry_level_t, SENTRY_LEVEL_ERROR, SENTRY_LEVEL_TRACE, SENTRY_LEVEL_FATAL, -3, 4);
}

static void texts(void)
{
    TEXT_OPTION(dsn);
    TEXT_OPTION(release);
    TEXT_OPTION(dist);
    TEXT_OPTION(proxy);
    TEXT_OPTION(http_proxy);
    TEXT_OPTION(ca_certs);
    CHECK_TEXT(sentry_options_get_environment(options), "production");
    text_option(sentry_options_set_environment, sentry_options_set_environment_n, sentry_options_get_environment);
    sentry_options_set_database_path(options, "somewhere");
    sentry_options_set_database_path_n(options, "somewhere else", 9);
    sentry_options_set_database_path(options, NULL);
    sentry_options_set_database_path(NULL, NULL);
    sentry_options_set_database_path_n(NULL, NULL, 7);

    CHECK(sentry_options_get_ignore_errors(options) == NULL);
    CHECK_EQ(sentry_options_set_ignore_errors(options, "One\nTwo*"), SENTRY_STATUS_OK);
    CHECK_TEXT(sentry_options_get_ignore_errors(options), "One\nTwo*");
    CHECK_EQ(sentry_options_set_ignore_errors_n(options, "Three\nFour", 5), SENTRY_STATUS_OK);
    CHECK_TEXT(sentry_options_get_ignore_errors(options), "Three");
    CHECK_EQ(sentry_options_set_ignore_errors(options, NULL), SENTRY_STATUS_OK);
    CHECK(sentry_options_get_ignore_errors(options) == NULL);
    CHECK_EQ(sentry_options_set_ignore_errors(NULL, "One"), SENTRY_STATUS_INVALID_ARGUMENT);
    CHECK_EQ(sentry_options_set_ignore_errors_n(options, NULL, 3), SENTRY_STATUS_INVALID_ARGUMENT);

    CHECK_TEXT(sentry_options_get_sdk_name(options), "libsentry.native");
    CHECK_EQ(sentry_options_set_sdk_name(options, "my.sdk"), 0);
    CHECK_TEXT(sentry_options_get_sdk_name(options), "my.sdk");
    CHECK(strncmp(sentry_options_get_user_agent(options), "my.sdk/", 7) == 0);
    CHECK_EQ(sentry_options_set_sdk_name_n(options, "other.sdk", 5), 0);
    CHECK_TEXT(sentry_options_get_sdk_name(options), "other");
    CHECK_EQ(sentry_options_set_sdk_name(options, NULL), 1);
    CHECK_TEXT(sentry_options_get_sdk_name(options), "other");
    CHECK_EQ(sentry_options_set_sdk_name(NULL, "nobody"), 1);
    CHECK_EQ(sentry_options_set_sdk_name_n(options, NULL, 4), 1);
    (void)sentry_options_get_user_agent(NULL);
}

static int same(double one, double other)
{
    return one <= other && one >= other;
}

/* The compatible setters answer nothing: what makes no sense is cut or ignored. */
static void compatible(void)
{
    double nothing = 0.0;
    CHECK(same(sentry_options_get_sample_rate(options), 1.0));
    sentry_options_set_sample_rate(options, 0.25);
    CHECK(same(sentry_options_get_sample_rate(options), 0.25));
    sentry_options_set_sample_rate(options, -7.0);
    CHECK(same(sentry_options_get_sample_rate(options), 0.0));
    sentry_options_set_sample_rate(options, 1e308);
    CHECK(same(sentry_options_get_sample_rate(options), 1.0));
    sentry_options_set_sample_rate(options, nothing / nothing);
    CHECK(same(sentry_options_get_sample_rate(options), 1.0));
    sentry_options_set_sample_rate(NULL, 0.5);
    (void)sentry_options_get_sample_rate(NULL);

    CHECK_EQ(sentry_options_get_debug(options), 0);
    sentry_options_set_debug(options, -5);
    CHECK_EQ(sentry_options_get_debug(options), 1);
    sentry_options_set_debug(options, 0);
    sentry_options_set_debug(NULL, 1);
    CHECK_EQ(sentry_options_get_debug(NULL), 0);
    sentry_options_set_logger_level(options, SENTRY_LEVEL_FATAL);
    sentry_options_set_logger_level(options, (sentry_level_t)99);
    sentry_options_set_logger_level(NULL, SENTRY_LEVEL_FATAL);

    CHECK_EQ(sentry_options_get_max_breadcrumbs(options), 100);
    sentry_options_set_max_breadcrumbs(options, 7);
    CHECK_EQ(sentry_options_get_max_breadcrumbs(options), 7);
    sentry_options_set_max_breadcrumbs(options, (size_t)-1);
    sentry_options_set_max_breadcrumbs(options, 0);
    CHECK_EQ(sentry_options_get_max_breadcrumbs(options), 0);
    sentry_options_set_max_breadcrumbs(NULL, 1);
    (void)sentry_options_get_max_breadcrumbs(NULL);

    CHECK_EQ(sentry_options_get_shutdown_timeout(options), 2000);
    sentry_options_set_shutdown_timeout(options, 12345);
    CHECK_EQ(sentry_options_get_shutdown_timeout(options), 12345);
    sentry_options_set_shutdown_timeout(options, UINT64_MAX);
    sentry_options_set_shutdown_timeout(NULL, 1);
    (void)sentry_options_get_shutdown_timeout(NULL);
    CHECK_EQ(sentry_options_get_transfer_timeout(options), 30000);
    sentry_options_set_transfer_timeout(options, 0);
    CHECK_EQ(sentry_options_get_transfer_timeout(options), 0);
    sentry_options_set_transfer_timeout(options, UINT64_MAX);
    sentry_options_set_transfer_timeout(NULL, 1);
    (void)sentry_options_get_transfer_timeout(NULL);

    CHECK_EQ(sentry_options_get_send_client_reports(options), 1);
    sentry_options_set_send_client_reports(options, 0);
    CHECK_EQ(sentry_options_get_send_client_reports(options), 0);
    sentry_options_set_send_client_reports(NULL, 0);
    (void)sentry_options_get_send_client_reports(NULL);
    CHECK_EQ(sentry_options_get_queue_durable(options), 0);
    CHECK_EQ(sentry_options_set_queue_durable(options, 5), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_options_get_queue_durable(options), 1);
    CHECK_EQ(sentry_options_set_queue_durable(NULL, 1), SENTRY_STATUS_INVALID_ARGUMENT);
    (void)sentry_options_get_queue_durable(NULL);
    CHECK_EQ(sentry_options_get_threadless(options), 0);
    CHECK_EQ(sentry_options_set_threadless(options, 5), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_options_get_threadless(options), 1);
    CHECK_EQ(sentry_options_set_threadless(NULL, 1), SENTRY_STATUS_INVALID_ARGUMENT);
    (void)sentry_options_get_threadless(NULL);

    sentry_options_set_on_outcome(options, NULL, options);
    sentry_options_set_on_outcome(NULL, NULL, NULL);
    sentry_options_set_before_send(options, NULL, NULL);
    sentry_options_set_before_breadcrumb(options, NULL, NULL);
}

/* Compatible setters of whole numbers: what they take, what becomes of it, and NULL. */
#define PLAIN(name, type, standard, given, kept)                                                                        \
    do {                                                                                                               \
        CHECK_EQ(sentry_options_get_##name(options), (type)(standard));                                                \
        sentry_options_set_##name(options, (type)(given));                                                             \
        CHECK_EQ(sentry_options_get_##name(options), (type)(kept));                                                    \
        sentry_options_set_##name(NULL, (type)(given));                                                                \
        (void)sentry_options_get_##name(NULL);                                                                         \
    } while (0)

/* Compatible setters that nothing reads back. */
#define UNREAD(name, type, given)                                                                                       \
    do {                                                                                                               \
        sentry_options_set_##name(options, (type)(given));                                                             \
        sentry_options_set_##name(NULL, (type)(given));                                                                \
    } while (0)

static void features(void)
{
    PLAIN(auto_session_tracking, int, 1, 0, 0);
    PLAIN(require_user_consent, int, 0, 7, 1);
    PLAIN(symbolize_stacktraces, int, 0, -1, 1);
    PLAIN(http_retry, int, 0, 2, 1);
    PLAIN(cache_keep, int, 0, 99, 2);
    PLAIN(cache_keep, int, 2, -5, 1);
    PLAIN(enable_large_attachments, int, 0, 1, 1);
    PLAIN(enable_logs, int, 1, 0, 0);
    SENTRY_SUPPRESS_DEPRECATED
    PLAIN(enable_metrics, int, 1, 0, 0);
    SENTRY_RESTORE_DEPRECATED
    PLAIN(logs_with_attributes, int, 0, 3, 1);
    PLAIN(send_log_messages, int, 0, 7, 1);
    PLAIN(enable_app_hang_tracking, int, 0, 1, 1);
    PLAIN(app_hang_timeout, uint64_t, 5000, 3, 1000);
    PLAIN(max_spans, size_t, 1000, 3, 3);
    PLAIN(propagate_traceparent, int, 0, 5, 1);
    PLAIN(strict_trace_continuation, int, 0, 5, 1);
    PLAIN(crash_reporting_mode, sentry_crash_reporting_mode_t, SENTRY_CRASH_REPORTING_MODE_NATIVE_WITH_MINIDUMP, 0, 0);
    PLAIN(crash_upload_mode, sentry_crash_upload_mode_t, SENTRY_CRASH_UPLOAD_MODE_SYNC, 77, SENTRY_CRASH_UPLOAD_MODE_ASYNC);
    PLAIN(handler_strategy, sentry_handler_strategy_t, SENTRY_HANDLER_STRATEGY_DEFAULT,
          SENTRY_HANDLER_STRATEGY_CHAIN_AT_START, SENTRY_HANDLER_STRATEGY_CHAIN_AT_START);
    NUMBER(max_attachment_bytes, uint64_t, 20971520, 1, 536870912, 0, UINT64_MAX);
    CHECK_TEXT(sentry_options_get_transport_thread_name(options), "sentry-http");
    text_option(sentry_options_set_transport_thread_name, sentry_options_set_transport_thread_name_n,
                sentry_options_get_transport_thread_name);
    CHECK(same(sentry_options_get_traces_sample_rate(options), 0.0));
    sentry_options_set_traces_sample_rate(options, 7.0);
    CHECK(same(sentry_options_get_traces_sample_rate(options), 1.0));
    sentry_options_set_traces_sample_rate(NULL, 7.0);
    (void)sentry_options_get_traces_sample_rate(NULL);

    UNREAD(cache_max_items, size_t, 7);
    UNREAD(cache_max_size, size_t, 7);
    UNREAD(cache_max_age, time_t, -7);
    UNREAD(attach_screenshot, int, 1);
    UNREAD(attach_session_replay, int, 1);
    UNREAD(session_replay_duration, uint32_t, 1);
    UNREAD(crashpad_limit_stack_capture_to_sp, int, 1);
    UNREAD(crashpad_wait_for_upload, int, 1);
    UNREAD(system_crash_reporter_enabled, int, 1);
    UNREAD(logger_enabled_when_crashed, int, 0);
    UNREAD(minidump_mode, sentry_minidump_mode_t, SENTRY_MINIDUMP_MODE_FULL);
    UNREAD(backend, sentry_backend_t *, NULL);
    UNREAD(external_crash_reporter_path, const char *, "reporter");
    UNREAD(handler_path, const char *, "handler");
    UNREAD(org_id, const char *, "17");
    sentry_options_set_external_crash_reporter_path_n(options, "reporter", 3);
    sentry_options_set_handler_path_n(options, "handler", 3);
    sentry_options_set_org_id_n(options, "17", 1);
}

/* Functions of the host; unset here, what they do is asserted where they are called. */
#define HOOK(name)                                                                                                      \
    do {                                                                                                               \
        sentry_options_set_##name(options, NULL, options);                                                             \
        sentry_options_set_##name(NULL, NULL, NULL);                                                                   \
    } while (0)

static void hooks(void)
{
    HOOK(before_screenshot);
    HOOK(before_send_feedback);
    HOOK(before_send_log);
    HOOK(before_send_metric);
    HOOK(before_transaction);
    HOOK(logger);
    HOOK(on_crash);
    HOOK(on_crashed_last_run);
    HOOK(traces_sampler);
    sentry_options_set_transport(options, NULL);
    sentry_options_set_transport(NULL, NULL);
}

static void round_trip(void)
{
    sentry_options_free(NULL);
    options = sentry_options_new();
    CHECK(options != NULL);
    numbers();
    choices();
    texts();
    compatible();
    features();
    hooks();
    sentry_options_free(options);
}

int main(int argc, char **argv)
{
    static const host_scenario_t scenarios[] = {{"round_trip", round_trip}};
    return host_main(argc, argv, scenarios, sizeof scenarios / sizeof scenarios[0]);
}
