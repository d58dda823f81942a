/* Ways for a process to end, with and without sentry_close. Started by tests/host_exit.rs. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

#include <pthread.h>
#include <signal.h>

/* Of the exit against a server that hangs. */
#define SHORT_TIMEOUT_MS 300u
/* For what the exit of a process costs besides us. */
#define EXIT_SLACK_MS 50u

static uint64_t exit_began;

static void begin_exit(int status)
{
    exit_began = host_now_ms();
    exit(status);
}

/* Registered before init, so it runs when the library's exit handler has run. */
static void check_exit_time(void)
{
    uint64_t took = host_now_ms() - exit_began;
    if (took > SHORT_TIMEOUT_MS + HOST_MARGIN_MS + EXIT_SLACK_MS)
        host_fail_number("time of exit in ms", (long long)took, SHORT_TIMEOUT_MS, __FILE__, __LINE__);
}

static void without_close(void)
{
    host_start();
    for (int i = 0; i < 50; i++)
        CHECK_EQ(host_capture("before exit"), SENTRY_STATUS_OK);
    exit(0);
}

static void start_hung(sentry_outcome_function_t callback, int64_t queue_items)
{
    sentry_options_t *options = host_options();
    CHECK_EQ(atexit(check_exit_time), 0);
    sentry_options_set_shutdown_timeout(options, SHORT_TIMEOUT_MS);
    sentry_options_set_on_outcome(options, callback, NULL);
    CHECK_EQ(sentry_options_set_queue_max_items(options, queue_items), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_init(options), 0);
}

static void hung(void)
{
    start_hung(NULL, 100);
    for (int i = 0; i < 50; i++)
        CHECK_EQ(host_capture("hung"), SENTRY_STATUS_OK);
    host_await_request();
    begin_exit(0);
}

static void exit_at_outcome(const sentry_outcome_info_t *info, void *user_data)
{
    (void)info;
    (void)user_data;
    begin_exit(0);
}

static void in_worker_callback(void)
{
    sentry_options_t *options = host_options();
    CHECK_EQ(atexit(check_exit_time), 0);
    sentry_options_set_on_outcome(options, exit_at_outcome, NULL);
    CHECK_EQ(sentry_init(options), 0);
    for (int i = 0; i < 20; i++)
        (void)host_capture("exit in callback");
    for (;;)
        pause();
}

static void in_capture_callback(void)
{
    start_hung(exit_at_outcome, 1);
    CHECK_EQ(host_capture("first"), SENTRY_STATUS_OK);
    (void)host_capture("refused");
    host_fail("the callback was not called", __FILE__, __LINE__);
}

static void *exit_in_thread(void *unused)
{
    (void)unused;
    begin_exit(0);
    return NULL;
}

/* Another thread exits while this one waits in a flush. */
static void during_flush(void)
{
    pthread_t thread;
    start_hung(NULL, 100);
    CHECK_EQ(host_capture("hung"), SENTRY_STATUS_OK);
    host_await_request();
    CHECK_EQ(pthread_create(&thread, NULL, exit_in_thread, NULL), 0);
    (void)sentry_flush(30000);
    for (;;)
        pause();
}

static void close_library(void)
{
    CHECK_EQ(sentry_close(), 0);
}

static void close_registered_before(void)
{
    CHECK_EQ(atexit(close_library), 0);
    host_start();
    CHECK_EQ(host_capture("before"), SENTRY_STATUS_OK);
    exit(0);
}

static void close_registered_after(void)
{
    host_start();
    CHECK_EQ(atexit(close_library), 0);
    CHECK_EQ(host_capture("after"), SENTRY_STATUS_OK);
    exit(0);
}

static void capture_early(void)
{
    CHECK_EQ(host_capture("in an exit handler"), SENTRY_STATUS_OK);
}

static void capture_late(void)
{
    sentry_stats_t stats;
    stats.size = sizeof stats;
    CHECK_EQ(host_capture("too late"), SENTRY_STATUS_DISABLED);
    CHECK_EQ(sentry_log_message(SENTRY_LEVEL_ERROR, "host", "too late"), SENTRY_STATUS_DISABLED);
    CHECK_EQ(sentry_get_stats(&stats), SENTRY_STATUS_DISABLED);
    CHECK_EQ(sentry_flush(1000), 0);
    CHECK_EQ(sentry_close(), 0);
}

/* The handlers run in reverse order: capture_early, the library's, capture_late. */
static void capture_in_handlers(void)
{
    CHECK_EQ(atexit(capture_late), 0);
    host_start();
    CHECK_EQ(atexit(capture_early), 0);
    exit(0);
}

/* A child that never used the library and captures when its exit handlers have begun. */
static void capture_in_handlers_of_child(void)
{
    pid_t child;
    CHECK_EQ(atexit(capture_late), 0);
    host_start();
    child = host_fork();
    if (child == 0)
        exit(0);
    host_await_child(child);
    exit(0);
}

/* Ends a child in this way while events are on their way; returns its status. */
static int end_child(void (*end)(void))
{
    int status = -1;
    pid_t child = host_fork();
    if (child == 0) {
        host_start();
        for (int i = 0; i < 20; i++)
            CHECK_EQ(host_capture("on the way"), SENTRY_STATUS_OK);
        end();
        _exit(98);
    }
    CHECK_EQ(waitpid(child, &status, 0), child);
    return status;
}

static void end_at_once(void)
{
    _exit(7);
}

static void end_quickly(void)
{
    quick_exit(8);
}

static void abrupt(void)
{
    int status = end_child(end_at_once);
    CHECK(WIFEXITED(status));
    CHECK_EQ(WEXITSTATUS(status), 7);
    status = end_child(end_quickly);
    CHECK(WIFEXITED(status));
    CHECK_EQ(WEXITSTATUS(status), 8);
    status = end_child(abort);
    CHECK(WIFSIGNALED(status));
    CHECK_EQ(WTERMSIG(status), SIGABRT);
}

static void *close_in_thread(void *main_thread)
{
    CHECK_EQ(pthread_join(*(pthread_t *)main_thread, NULL), 0);
    CHECK_EQ(host_capture("without main"), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_close(), 0);
    return NULL;
}

/* The main thread ends; the process does when the last thread has. */
static void main_thread_ends(void)
{
    static pthread_t self;
    pthread_t thread;
    self = pthread_self();
    host_start();
    CHECK_EQ(pthread_create(&thread, NULL, close_in_thread, &self), 0);
    pthread_exit(NULL);
}

static void capture_at_thread_end(void *key)
{
    CHECK_EQ(host_capture("at the end of a thread"), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_capture("{", NULL), SENTRY_STATUS_INVALID_JSON);
    CHECK(sentry_last_error_message()[0] != 0);
    (void)host_check_account();
    /* Once more after the destructors of others have run. */
    if (key != NULL)
        CHECK_EQ(pthread_setspecific(*(pthread_key_t *)key, NULL), 0);
}

static void *use_key(void *key)
{
    CHECK_EQ(pthread_setspecific(*(pthread_key_t *)key, key), 0);
    return NULL;
}

/* The first call of a thread may be the one its destructors make. */
static void thread_data(void)
{
    pthread_key_t key;
    host_start();
    CHECK_EQ(pthread_key_create(&key, capture_at_thread_end), 0);
    for (int i = 0; i < 20; i++) {
        pthread_t thread;
        CHECK_EQ(pthread_create(&thread, NULL, use_key, &key), 0);
        CHECK_EQ(pthread_join(thread, NULL), 0);
    }
    CHECK_EQ(sentry_flush(20000), 0);
    CHECK_EQ(host_check_account().delivered, 20);
    CHECK_EQ(sentry_close(), 0);
}

int main(int argc, char **argv)
{
    static const host_scenario_t scenarios[] = {
        {"without_close", without_close},
        {"hung", hung},
        {"in_worker_callback", in_worker_callback},
        {"in_capture_callback", in_capture_callback},
        {"during_flush", during_flush},
        {"close_registered_before", close_registered_before},
        {"close_registered_after", close_registered_after},
        {"capture_in_handlers", capture_in_handlers},
        {"capture_in_handlers_of_child", capture_in_handlers_of_child},
        {"abrupt", abrupt},
        {"main_thread_ends", main_thread_ends},
        {"thread_data", thread_data},
    };
    return host_main(argc, argv, scenarios, sizeof scenarios / sizeof scenarios[0]);
}
