/* When libcurl is set up: not before sentry_init, once, and never in the middle of a fork. Started by tests/host_curl.rs.
 *
 * The program stands between the library and libcurl: it hears when libcurl is set up. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>

typedef int (*curl_global_init_t)(long);
typedef int (*openssl_init_t)(unsigned long long, const void *);

static int setups, tls_setups, is_stuck;
static volatile int has_arrived;

#ifdef __cplusplus
extern "C" {
#endif
int curl_global_init(long flags);
int OPENSSL_init_ssl(unsigned long long options, const void *settings);
#ifdef __cplusplus
}
#endif

static void *next(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    CHECK(found != NULL);
    return found;
}

int curl_global_init(long flags)
{
    curl_global_init_t real;
    void *found = next("curl_global_init");
    memcpy(&real, &found, sizeof real);
    __sync_fetch_and_add(&setups, 1);
    __sync_fetch_and_or(&has_arrived, 1);
    /* As if the thread had been interrupted at the worst moment. */
    while (is_stuck)
        pause();
    return real(flags);
}

int OPENSSL_init_ssl(unsigned long long options, const void *settings)
{
    openssl_init_t real;
    void *found = next("OPENSSL_init_ssl");
    memcpy(&real, &found, sizeof real);
    __sync_fetch_and_add(&tls_setups, 1);
    return real(options, settings);
}

/* What a program may do that only links the library, or never calls sentry_init. */
static void use_without_init(void)
{
    sentry_options_t *options = host_options();
    sentry_value_decref(sentry_value_new_message_event(SENTRY_LEVEL_ERROR, "host", "text"));
    CHECK_EQ(host_capture("nobody"), SENTRY_STATUS_DISABLED);
    CHECK(sentry_self_test(100) == NULL);
    CHECK_EQ(sentry_close(), 0);
    sentry_options_free(options);
}

static void only_by_init(void)
{
    pid_t child;
    CHECK_EQ(setups, 0);
    CHECK_EQ(tls_setups, 0);
    use_without_init();
    CHECK_EQ(setups, 0);
    CHECK_EQ(tls_setups, 0);
    host_start();
    CHECK_EQ(setups, 1);
    CHECK_EQ(host_capture("first"), SENTRY_STATUS_OK);
    CHECK_EQ(host_close_within(20000), 0);
    host_start();
    CHECK_EQ(host_capture("second"), SENTRY_STATUS_OK);
    sentry_free(sentry_self_test(5000));
    child = host_fork();
    if (child == 0) {
        alarm(20);
        CHECK_EQ(host_capture("child"), SENTRY_STATUS_OK);
        CHECK_EQ(host_close_within(20000), 0);
        CHECK_EQ(setups, 1);
        _exit(0);
    }
    host_await_child(child);
    CHECK_EQ(host_close_within(20000), 0);
    CHECK_EQ(setups, 1);
}

static void *start(void *unused)
{
    (void)unused;
    (void)sentry_init(host_options());
    return NULL;
}

static void forked_meanwhile(void)
{
    pthread_t thread;
    pid_t child;
    is_stuck = 1;
    CHECK_EQ(pthread_create(&thread, NULL, start, NULL), 0);
    while (__sync_fetch_and_or(&has_arrived, 0) == 0)
        sched_yield();
    child = host_fork();
    if (child == 0) {
        /* What the other thread had done of it cannot be known: no second attempt, and no waiting for that thread. */
        alarm(10);
        CHECK(sentry_init(host_options()) != 0);
        CHECK_EQ(host_capture("child"), SENTRY_STATUS_DISABLED);
        CHECK_EQ(setups, 1);
        _exit(0);
    }
    host_await_child(child);
    _exit(0);
}

int main(int argc, char **argv)
{
    static const host_scenario_t scenarios[] = {
        {"only_by_init", only_by_init},
        {"forked_meanwhile", forked_meanwhile},
    };
    return host_main(argc, argv, scenarios, sizeof scenarios / sizeof scenarios[0]);
}
