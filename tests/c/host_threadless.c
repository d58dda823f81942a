/* A program that lends the library its own threads (option `threadless`). Started by tests/threadless.rs. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>

#define NOTHING_DUE (-1)
#define NOT_RUN (-2)

static sentry_options_t *threadless(void)
{
    sentry_options_t *options = host_options();
    CHECK_EQ(sentry_options_set_threadless(options, 1), SENTRY_STATUS_OK);
    return options;
}

static void start(void)
{
    CHECK_EQ(sentry_init(threadless()), 0);
}

static int threads(void)
{
    return host_count_entries("/proc/self/task");
}

static void sleep_ms(unsigned ms)
{
    CHECK(poll(NULL, 0, (int)ms) == 0 || errno == EINTR);
}

/* As an event loop does: waits as long as it is told, and not at all for anything else. */
static void loop_until_idle(void)
{
    int due;
    while ((due = sentry_poll(0)) >= 0 && due < 1000)
        sleep_ms((unsigned)due);
    CHECK(due == NOTHING_DUE || due >= 1000);
}

/* Captures send nothing and start no thread; polls do, until nothing is due. */
static void event_loop(void)
{
    unsigned number;
    start();
    CHECK_EQ(threads(), 1);
    CHECK_EQ(sentry_poll(0) == NOT_RUN, 0);
    loop_until_idle();
    for (number = 0; number < 3; number++)
        CHECK_EQ(host_capture("loop"), SENTRY_STATUS_OK);
    sleep_ms(50);
    CHECK_EQ(host_stats().requests, 0);
    loop_until_idle();
    CHECK_EQ(host_check_account().delivered, 3);
    CHECK_EQ(threads(), 1);
    CHECK_EQ(sentry_poll(0), NOTHING_DUE);
    CHECK_EQ(sentry_close(), 0);
}

/* One call that waits sends everything, and returns when that is done. */
static void one_poll(void)
{
    uint64_t begin = host_now_ms();
    start();
    CHECK_EQ(host_capture("one"), SENTRY_STATUS_OK);
    CHECK_EQ(host_capture("two"), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_poll(20000), NOTHING_DUE);
    CHECK_EQ(host_check_account().delivered, 2);
    CHECK_EQ(sentry_poll(20000), NOTHING_DUE);
    CHECK(host_now_ms() - begin < 15000);
    CHECK_EQ(sentry_close(), 0);
}

/* A flush and a close run the work themselves. */
static void by_themselves(void)
{
    start();
    CHECK_EQ(host_capture("flush"), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_flush(20000), 0);
    CHECK_EQ(host_check_account().delivered, 1);
    CHECK_EQ(sentry_flush(0), 0);
    CHECK_EQ(host_capture("close"), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_close(), 0);
}

/* A server that does not answer: each call ends in its time. */
static void hanging(void)
{
    static const int times[] = {0, 1, 20, 150};
    sentry_options_t *options = threadless();
    uint64_t begin, took;
    size_t i;
    int due;
    sentry_options_set_shutdown_timeout(options, 200);
    CHECK_EQ(sentry_init(options), 0);
    CHECK_EQ(host_capture("hanging"), SENTRY_STATUS_OK);
    for (i = 0; i < sizeof times / sizeof times[0]; i++) {
        begin = host_now_ms();
        due = sentry_poll(times[i]);
        took = host_now_ms() - begin;
        CHECK(due >= 0 && due <= 100);
        CHECK(took + 1 >= (uint64_t)times[i] && took <= (uint64_t)times[i] + HOST_MARGIN_MS);
    }
    CHECK_EQ(host_stats().requests_in_flight, 1);
    begin = host_now_ms();
    CHECK_EQ(sentry_flush(100), 1);
    took = host_now_ms() - begin;
    CHECK(took >= 99 && took <= 100 + HOST_MARGIN_MS);
    CHECK_EQ(host_close_within(200), 1);
}

/* After a failure the next attempt is due after its delay, and not before. */
static void unreachable(void)
{
    sentry_options_t *options = threadless();
    int due;
    CHECK_EQ(sentry_options_set_retry_backoff_max_ms(options, 5000), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_options_set_retry_backoff_ms(options, 5000), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_init(options), 0);
    CHECK_EQ(host_capture("unreachable"), SENTRY_STATUS_OK);
    while ((due = sentry_poll(20)) >= 0 && host_stats().requests_failed == 0)
        sleep_ms((unsigned)due);
    due = sentry_poll(0);
    CHECK(due > 0 && due <= 5000);
    CHECK_EQ(host_close_within(20000), 1);
}

/* Callbacks run on the thread that polls. */
static pthread_t told_on;
static unsigned told;
static int inner_poll, inner_flush, closes_within;

static void on_outcome(const sentry_outcome_info_t *info, void *user_data)
{
    (void)info;
    (void)user_data;
    told_on = pthread_self();
    told++;
    inner_poll = sentry_poll(1000);
    CHECK(strlen(sentry_last_error_message()) > 0);
    inner_flush = sentry_flush(1000);
    if (closes_within)
        CHECK_EQ(sentry_close(), 0);
}

static void callback(void)
{
    sentry_options_t *options = threadless();
    sentry_options_set_on_outcome(options, on_outcome, NULL);
    CHECK_EQ(sentry_init(options), 0);
    CHECK_EQ(host_capture("told"), SENTRY_STATUS_OK);
    loop_until_idle();
    CHECK_EQ(told, 1);
    CHECK(pthread_equal(told_on, pthread_self()));
    CHECK_EQ(inner_poll, NOT_RUN);
    CHECK_EQ(inner_flush, 1);
    /* A close from within: what runs ends, and then there is nothing to run. */
    closes_within = 1;
    CHECK_EQ(host_capture("closing"), SENTRY_STATUS_OK);
    while (sentry_poll(100) >= 0)
        host_breathe();
    CHECK_EQ(told, 2);
    CHECK_EQ(sentry_poll(0), NOT_RUN);
    CHECK_EQ(host_capture("late"), SENTRY_STATUS_DISABLED);
    closes_within = 0;
}

/* Without a client, or with a thread, there is nothing to run. */
static void refused(void)
{
    CHECK_EQ(sentry_poll(0), NOT_RUN);
    CHECK(strlen(sentry_last_error_message()) > 0);
    host_start();
    CHECK_EQ(sentry_poll(0), NOT_RUN);
    CHECK(strstr(sentry_last_error_message(), "threadless") != NULL);
    CHECK_EQ(host_capture("thread"), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_close(), 0);
    CHECK_EQ(sentry_poll(0), NOT_RUN);
    start();
    CHECK_EQ(sentry_poll(-5), NOTHING_DUE);
    CHECK_TEXT(sentry_last_error_message(), "");
    CHECK_EQ(sentry_close(), 0);
    CHECK_EQ(sentry_poll(0), NOT_RUN);
}

/* Several threads poll, flush and capture at the same time: one of them runs the work, and everything arrives once. */
enum { THREADS = 4, CAPTURES = 50 };
static volatile int is_over;

static void *captures(void *unused)
{
    int number;
    for (number = 0; number < CAPTURES; number++) {
        CHECK_EQ(host_capture("many"), SENTRY_STATUS_OK);
        if (number % 10 == 0)
            CHECK_EQ(sentry_flush(20000), 0);
    }
    return unused;
}

static void *polls(void *unused)
{
    while (!is_over) {
        int due = sentry_poll(5);
        CHECK(due >= NOT_RUN);
        if (due < 0)
            host_breathe();
    }
    return unused;
}

static void many(void)
{
    pthread_t capturing[THREADS], polling[2];
    int i;
    start();
    for (i = 0; i < 2; i++)
        CHECK_EQ(pthread_create(&polling[i], NULL, polls, NULL), 0);
    for (i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_create(&capturing[i], NULL, captures, NULL), 0);
    for (i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_join(capturing[i], NULL), 0);
    CHECK_EQ(sentry_flush(20000), 0);
    CHECK_EQ(host_check_account().delivered, THREADS * CAPTURES);
    is_over = 1;
    for (i = 0; i < 2; i++)
        CHECK_EQ(pthread_join(polling[i], NULL), 0);
    CHECK_EQ(sentry_close(), 0);
}

/* A poll of one thread while another one polls. */
static void *long_poll(void *result)
{
    *(int *)result = sentry_poll(500);
    return NULL;
}

static void taken(void)
{
    pthread_t other;
    int result = 0, mine;
    sentry_options_t *options = threadless();
    sentry_options_set_shutdown_timeout(options, 200);
    CHECK_EQ(sentry_init(options), 0);
    CHECK_EQ(host_capture("taken"), SENTRY_STATUS_OK);
    CHECK_EQ(pthread_create(&other, NULL, long_poll, &result), 0);
    host_await_request();
    /* Between two turns of the other thread it may be this one's. */
    while ((mine = sentry_poll(0)) != NOT_RUN)
        CHECK(mine >= 0);
    CHECK(strstr(sentry_last_error_message(), "another thread") != NULL);
    CHECK_EQ(host_close_within(200), 1);
    CHECK_EQ(pthread_join(other, NULL), 0);
    CHECK_EQ(result, NOT_RUN);
}

/* A forked child runs its own work, and not that of its parent. */
static void forked(void)
{
    pid_t child;
    start();
    CHECK_EQ(host_capture("parent"), SENTRY_STATUS_OK);
    child = host_fork();
    if (child == 0) {
        CHECK_EQ(sentry_poll(0), NOTHING_DUE);
        CHECK_EQ(host_capture("child"), SENTRY_STATUS_OK);
        loop_until_idle();
        CHECK_EQ(host_check_account().delivered, 1);
        CHECK_EQ(threads(), 1);
        CHECK_EQ(sentry_close(), 0);
        _exit(0);
    }
    host_await_child(child);
    loop_until_idle();
    CHECK_EQ(host_check_account().delivered, 1);
    CHECK_EQ(sentry_close(), 0);
}

/* A callback that forks inside of a poll: the child goes on without the work of its parent. */
static pid_t callback_child = -1;

static void fork_within(const sentry_outcome_info_t *info, void *user_data)
{
    (void)info;
    (void)user_data;
    if (callback_child < 0)
        callback_child = host_fork();
}

static void fork_in_callback(void)
{
    sentry_options_t *options = threadless();
    int due;
    sentry_options_set_on_outcome(options, fork_within, NULL);
    CHECK_EQ(sentry_init(options), 0);
    CHECK_EQ(host_capture("one"), SENTRY_STATUS_OK);
    while (callback_child < 0 && (due = sentry_poll(0)) >= 0)
        sleep_ms((unsigned)due);
    if (callback_child == 0) {
        CHECK_EQ(host_capture("child"), SENTRY_STATUS_OK);
        CHECK_EQ(sentry_flush(20000), 0);
        CHECK_EQ(sentry_close(), 0);
        _exit(0);
    }
    host_await_child(callback_child);
    CHECK_EQ(host_capture("two"), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_flush(20000), 0);
    CHECK_EQ(sentry_close(), 0);
}

/* Signals of the program reach it during a poll, and its mask stays as it was. */
static volatile sig_atomic_t heard;

static void hear(int number)
{
    (void)number;
    heard++;
}

static void *signal_soon(void *thread)
{
    sleep_ms(50);
    CHECK_EQ(pthread_kill(*(pthread_t *)thread, SIGUSR1), 0);
    return NULL;
}

static void signals(void)
{
    struct sigaction action;
    sigset_t before, after;
    pthread_t self = pthread_self(), other;
    int number;
    sentry_options_t *options = threadless();
    sentry_options_set_shutdown_timeout(options, 200);
    memset(&action, 0, sizeof action);
    action.sa_handler = hear;
    CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
    CHECK_EQ(pthread_sigmask(SIG_BLOCK, NULL, &before), 0);
    CHECK_EQ(sentry_init(options), 0);
    CHECK_EQ(host_capture("signals"), SENTRY_STATUS_OK);
    CHECK_EQ(pthread_create(&other, NULL, signal_soon, &self), 0);
    CHECK(sentry_poll(300) >= 0);
    CHECK_EQ(heard, 1);
    CHECK_EQ(pthread_join(other, NULL), 0);
    CHECK_EQ(pthread_sigmask(SIG_BLOCK, NULL, &after), 0);
    for (number = 1; number < 32; number++)
        CHECK_EQ(sigismember(&after, number), sigismember(&before, number));
    CHECK_EQ(host_close_within(200), 1);
}

/* A program that never polls and ends without a close: the exit handler sends. */
static void at_exit(void)
{
    start();
    CHECK_EQ(host_capture("at exit"), SENTRY_STATUS_OK);
}

int main(int argc, char **argv)
{
    static const host_scenario_t scenarios[] = {
        {"event_loop", event_loop}, {"one_poll", one_poll},   {"by_themselves", by_themselves},
        {"hanging", hanging},       {"callback", callback},   {"unreachable", unreachable},
        {"refused", refused},       {"many", many},           {"taken", taken},
        {"forked", forked},         {"signals", signals},     {"fork_in_callback", fork_in_callback},
        {"at_exit", at_exit},
    };
    return host_main(argc, argv, scenarios, sizeof scenarios / sizeof scenarios[0]);
}
