/* A wall clock that is set while the library runs. Started by tests/host_clock.rs.
 *
 * The program stands between the library and the C library and says what the time is; what waits goes by the other
 * clock, which it leaves alone. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

#include <pthread.h>
#include <sys/syscall.h>

/* Seconds between the time of the machine and what the library is told. */
static volatile long long offset;
static volatile int is_over;

#ifdef __cplusplus
extern "C" int clock_gettime(clockid_t clock, struct timespec *now) noexcept
#else
int clock_gettime(clockid_t clock, struct timespec *now)
#endif
{
    long result = syscall(SYS_clock_gettime, clock, now);
    if (result == 0 && clock == CLOCK_REALTIME)
        now->tv_sec += (time_t)__atomic_load_n(&offset, __ATOMIC_RELAXED);
    return (int)result;
}

static void set_clock(long long to)
{
    struct timespec now;
    CHECK_EQ(syscall(SYS_clock_gettime, CLOCK_REALTIME, &now), 0);
    __atomic_store_n(&offset, to - (long long)now.tv_sec, __ATOMIC_RELAXED);
}

/* 2026, 2100, 2000, 2026, 1970, before that, 9999, 2026; in seconds since 1970. */
static const long long times[] = {
    1780000000, 4102444800, 946684800, 1780000000, 86400, -86400, 253402300700, 1780000000,
};

#define TIMES (sizeof times / sizeof times[0])

static void start_with_session(void)
{
    sentry_options_t *options = host_options();
    set_clock(times[0]);
    sentry_options_set_auto_session_tracking(options, 1);
    sentry_options_set_database_path(options, "database");
    CHECK_EQ(sentry_options_set_retries(options, 1000), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_init(options), 0);
}

/* An event at each time; its message is the time. */
static void years(void)
{
    char text[32];
    start_with_session();
    for (size_t i = 0; i < TIMES; i++) {
        set_clock(times[i]);
        snprintf(text, sizeof text, "%lld", times[i]);
        CHECK_EQ(host_capture(text), SENTRY_STATUS_OK);
        CHECK_EQ(sentry_flush(20000), 0);
        CHECK_EQ(host_check_account().delivered, i + 1);
    }
    CHECK_EQ(sentry_close(), 0);
}

/* A device that starts in 1970 and learns the time while what it recorded waits. */
static void set_later(void)
{
    sentry_options_t *options = host_options();
    sentry_value_t crumb, event;
    set_clock(100);
    sentry_options_set_auto_session_tracking(options, 1);
    sentry_options_set_database_path(options, "database");
    CHECK_EQ(sentry_options_set_retries(options, 1000), SENTRY_STATUS_OK);
    /* The first attempt is not answered; it goes on until the clock is set. */
    CHECK_EQ(sentry_options_set_read_timeout_ms(options, 2000), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_init(options), 0);
    sentry_add_breadcrumb(sentry_value_new_breadcrumb(NULL, "before"));
    CHECK_EQ(host_capture("before, as JSON"), SENTRY_STATUS_OK);
    event = sentry_value_new_message_event(SENTRY_LEVEL_INFO, NULL, "before, as a value");
    sentry_capture_event(event);
    /* A time that the host knows better stays. */
    crumb = sentry_value_new_breadcrumb(NULL, "known");
    sentry_value_set_by_key(crumb, "timestamp", sentry_value_new_string("2001-02-03T04:05:06Z"));
    sentry_add_breadcrumb(crumb);
    host_await_request();
    set_clock(1780000000);
    CHECK_EQ(host_capture("after"), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_flush(20000), 0);
    CHECK_EQ(sentry_close(), 0);
}

static void *set_and_set_again(void *unused)
{
    (void)unused;
    for (size_t i = 0; !__atomic_load_n(&is_over, __ATOMIC_RELAXED); i++) {
        set_clock(times[i % TIMES]);
        sched_yield();
    }
    return NULL;
}

/* Set while events are made, sent, refused, tried again, and while the host waits. */
static void meanwhile(void)
{
    pthread_t thread;
    start_with_session();
    CHECK_EQ(pthread_create(&thread, NULL, set_and_set_again, NULL), 0);
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < 20; i++)
            CHECK_EQ(host_capture("meanwhile"), SENTRY_STATUS_OK);
        host_check_account();
        CHECK_EQ(sentry_flush(20000), 0);
        sentry_start_session();
    }
    CHECK_EQ(host_check_account().delivered, 100);
    CHECK_EQ(host_close_within(20000), 0);
    __atomic_store_n(&is_over, 1, __ATOMIC_RELAXED);
    CHECK_EQ(pthread_join(thread, NULL), 0);
}

/* Nobody answers: what waits for a second is back after that. */
static void time_out(void)
{
    pthread_t thread;
    uint64_t start;
    start_with_session();
    CHECK_EQ(host_capture("never answered"), SENTRY_STATUS_OK);
    host_await_request();
    CHECK_EQ(pthread_create(&thread, NULL, set_and_set_again, NULL), 0);
    start = host_now_ms();
    CHECK_EQ(sentry_flush(1000), 1);
    CHECK(host_now_ms() - start >= 1000);
    CHECK_EQ(host_check_account().pending, 1);
    __atomic_store_n(&is_over, 1, __ATOMIC_RELAXED);
    CHECK_EQ(pthread_join(thread, NULL), 0);
    /* Dies with it: a session is left behind. */
    _exit(0);
}

int main(int argc, char **argv)
{
    static const host_scenario_t scenarios[] = {
        {"years", years},
        {"set_later", set_later},
        {"meanwhile", meanwhile},
        {"time_out", time_out},
    };
    return host_main(argc, argv, scenarios, sizeof scenarios / sizeof scenarios[0]);
}
