/* Logs and metrics in a host: threads, forks, a server that hangs or wants a pause. Started by tests/telemetry.rs. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

#include <pthread.h>
#include <signal.h>

enum { THREADS = 16, LINES = 2000 };

/* In all categories the books must be right; those of log entries. */
static sentry_category_stats_t log_counts(void)
{
    (void)host_check_account();
    return host_stats().categories[SENTRY_CATEGORY_LOG_ITEM];
}

/* The logger of the diagnostics must show each line, and a line of its own must not go round. */
static void look_for_line(sentry_level_t level, const char *message, va_list args, void *user_data)
{
    char line[256];
    vsnprintf(line, sizeof line, message, args);
    if (strstr(line, "LOG: 3 of 4") != NULL) {
        CHECK_EQ(level, SENTRY_LEVEL_WARNING);
        ++*(int *)user_data;
        CHECK_EQ(sentry_log_error("from the logger"), SENTRY_LOG_RETURN_FAILED);
    }
}

static void echo(void)
{
    static int seen;
    sentry_options_t *options = host_options();
    sentry_options_set_debug(options, 1);
    sentry_options_set_logger(options, look_for_line, &seen);
    CHECK_EQ(sentry_init(options), 0);
    CHECK_EQ(sentry_log_warn("%d of %d", 3, 4), SENTRY_LOG_RETURN_SUCCESS);
    CHECK_EQ(sentry_flush(20000), 0);
    CHECK_EQ(seen, 1);
    CHECK_EQ(log_counts().discarded_by_reason[SENTRY_DISCARD_WORKER_THREAD], 1);
    CHECK_EQ(sentry_close(), 0);
}

/* Nobody flushes: it goes by itself. */
static void by_time(void)
{
    uint64_t start = host_now_ms();
    host_start();
    CHECK_EQ(sentry_log_info("alone"), SENTRY_LOG_RETURN_SUCCESS);
    CHECK_EQ(sentry_metrics_count("alone", 1, sentry_value_new_null()), SENTRY_METRICS_RESULT_SUCCESS);
    CHECK_EQ(log_counts().pending, 1);
    while (log_counts().delivered == 0)
        host_breathe();
    CHECK(host_now_ms() - start >= 5000);
    CHECK(host_now_ms() - start < 5000 + 2000);
    CHECK_EQ(sentry_close(), 0);
}

static void poll_by_time(void)
{
    sentry_options_t *options = host_options();
    sentry_options_set_threadless(options, 1);
    CHECK_EQ(sentry_init(options), 0);
    CHECK_EQ(sentry_log_info("alone"), SENTRY_LOG_RETURN_SUCCESS);
    int64_t due = sentry_poll(0);
    CHECK(due > 4000 && due <= 5000);
    while (log_counts().delivered == 0)
        (void)sentry_poll(1000);
    CHECK_EQ(sentry_close(), 0);
}

static long refused;

static void *log_lines(void *argument)
{
    int thread = (int)(intptr_t)argument;
    for (int line = 0; line < LINES; line++) {
        if (sentry_log_info("%d:%d", thread, line) != SENTRY_LOG_RETURN_SUCCESS)
            __atomic_fetch_add(&refused, 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

static void log_from_threads(void)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, log_lines, (void *)(intptr_t)i), 0);
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
}

static void threads(void)
{
    sentry_options_t *options = host_options();
    CHECK_EQ(sentry_options_set_queue_max_bytes(options, 64 << 20), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_init(options), 0);
    log_from_threads();
    CHECK_EQ(refused, 0);
    CHECK_EQ(sentry_flush(20000), 0);
    sentry_category_stats_t counts = log_counts();
    CHECK_EQ(counts.captured, THREADS * LINES);
    CHECK_EQ(counts.delivered, THREADS * LINES);
    CHECK_EQ(sentry_close(), 0);
}

/* The server hangs: half of the queue is for logs, and what has no room is refused and counted. */
static void hung(void)
{
    sentry_options_t *options = host_options();
    CHECK_EQ(sentry_options_set_queue_max_bytes(options, 1 << 20), SENTRY_STATUS_OK);
    sentry_options_set_shutdown_timeout(options, 300);
    CHECK_EQ(sentry_init(options), 0);
    for (int round = 0; round < 5; round++)
        log_from_threads();
    CHECK(refused > 0);
    sentry_category_stats_t counts = log_counts();
    CHECK_EQ(counts.captured, 5 * THREADS * LINES);
    CHECK_EQ(counts.discarded_by_reason[SENTRY_DISCARD_QUEUE_OVERFLOW], refused);
    CHECK(host_stats().queue_bytes <= 1 << 19);
    /* Errors have the other half. */
    CHECK_EQ(host_capture("beside logs"), SENTRY_STATUS_OK);
    CHECK(host_close_within(300) > 0);
}

/* What the parent collected is the parent's. */
static void forked(void)
{
    pid_t child;
    host_start();
    for (int i = 0; i < 10; i++)
        CHECK_EQ(sentry_log_info("parent %d", i), SENTRY_LOG_RETURN_SUCCESS);
    child = host_fork();
    if (child == 0) {
        for (int i = 0; i < 5; i++)
            CHECK_EQ(sentry_log_info("child %d", i), SENTRY_LOG_RETURN_SUCCESS);
        CHECK_EQ(log_counts().captured, 5);
        CHECK_EQ(sentry_close(), 0);
        _exit(0);
    }
    host_await_child(child);
    CHECK_EQ(sentry_log_info("parent 10"), SENTRY_LOG_RETURN_SUCCESS);
    CHECK_EQ(log_counts().captured, 11);
    CHECK_EQ(sentry_close(), 0);
}

/* The server wants a pause from logs, and from nothing else. */
static void limited(void)
{
    host_start();
    CHECK_EQ(sentry_log_info("first"), SENTRY_LOG_RETURN_SUCCESS);
    CHECK_EQ(sentry_flush(20000), 0);
    CHECK_EQ(sentry_log_info("second"), SENTRY_LOG_RETURN_FAILED);
    CHECK_EQ(log_counts().discarded_by_reason[SENTRY_DISCARD_RATELIMIT_BACKOFF], 1);
    CHECK_EQ(sentry_metrics_count("m", 1, sentry_value_new_null()), SENTRY_METRICS_RESULT_SUCCESS);
    CHECK_EQ(host_capture("event"), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_flush(20000), 0);
    CHECK_EQ(sentry_close(), 0);
}

static void start_with_database(void)
{
    sentry_options_t *options = host_options();
    sentry_options_set_database_path(options, "telemetry-database");
    sentry_options_set_http_retry(options, 1);
    CHECK_EQ(sentry_init(options), 0);
}

/* The server is away: logs wait on disk. */
static void spool(void)
{
    start_with_database();
    for (int i = 0; i < 150; i++)
        CHECK_EQ(sentry_log_info("line %d", i), SENTRY_LOG_RETURN_SUCCESS);
    CHECK_EQ(sentry_close(), 2);
}

/* The next start sends them. */
static void unspool(void)
{
    start_with_database();
    while (log_counts().delivered < 150)
        host_breathe();
    CHECK_EQ(sentry_close(), 0);
}

static void start_durable(void)
{
    sentry_options_t *options = host_options();
    sentry_options_set_database_path(options, "telemetry-durable");
    CHECK_EQ(sentry_options_set_queue_durable(options, 1), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_init(options), 0);
}

/* A hundred are an envelope, and thirty are not yet. */
static void killed(void)
{
    start_durable();
    for (int i = 0; i < 130; i++)
        CHECK_EQ(sentry_log_info("line %d", i), SENTRY_LOG_RETURN_SUCCESS);
    raise(SIGKILL);
}

static void after_kill(void)
{
    start_durable();
    while (log_counts().delivered < 100)
        host_breathe();
    CHECK_EQ(log_counts().captured, 130);
    CHECK_EQ(log_counts().discarded_by_reason[SENTRY_DISCARD_HOST_DIED], 30);
    CHECK_EQ(sentry_close(), 0);
}

int main(int argc, char **argv)
{
    static const host_scenario_t scenarios[] = {
        {"echo", echo},
        {"by_time", by_time},
        {"poll_by_time", poll_by_time},
        {"threads", threads},
        {"hung", hung},
        {"forked", forked},
        {"limited", limited},
        {"spool", spool},
        {"unspool", unspool},
        {"killed", killed},
        {"after_kill", after_kill},
    };
    return host_main(argc, argv, scenarios, sizeof scenarios / sizeof scenarios[0]);
}
