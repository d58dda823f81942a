/* A fork while another thread is inside its first call of the library. Started by tests/host_load.rs.
 *
 * The program stands between the library and the C library: it hears when the fork handler is installed. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

#include <dlfcn.h>
#include <pthread.h>

typedef int (*register_atfork_t)(void (*)(void), void (*)(void), void (*)(void), void *);

static int is_armed, calls_before_main, calls_later;
static volatile int has_arrived;

#ifdef __cplusplus
extern "C"
#endif
    int
    __register_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void), void *handle);

int __register_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void), void *handle)
{
    register_atfork_t next;
    void *found = dlsym(RTLD_NEXT, "__register_atfork");
    CHECK(found != NULL);
    memcpy(&next, &found, sizeof next);
    if (!is_armed) {
        calls_before_main++;
        return next(prepare, parent, child, handle);
    }
    /* The thread stays here for ever, as if it had been interrupted at the worst moment. */
    __sync_fetch_and_add(&calls_later, 1);
    __sync_fetch_and_or(&has_arrived, 1);
    for (;;)
        pause();
    return 0;
}

static void *first_call(void *unused)
{
    (void)unused;
    (void)sentry_uuid_new_v4();
    __sync_fetch_and_or(&has_arrived, 1);
    return NULL;
}

static void first_call_during_fork(void)
{
    pthread_t thread;
    pid_t child;
    is_armed = 1;
    CHECK_EQ(pthread_create(&thread, NULL, first_call, NULL), 0);
    while (__sync_fetch_and_or(&has_arrived, 0) == 0)
        sched_yield();
    child = host_fork();
    if (child == 0) {
        alarm(10);
        (void)sentry_uuid_new_v4();
        CHECK_EQ(host_capture("child"), SENTRY_STATUS_DISABLED);
        _exit(0);
    }
    host_await_child(child);
    CHECK(calls_before_main > 0);
    CHECK_EQ(calls_later, 0);
    CHECK_EQ(pthread_join(thread, NULL), 0);
}

int main(int argc, char **argv)
{
    static const host_scenario_t scenarios[] = {
        {"first_call_during_fork", first_call_during_fork},
    };
    return host_main(argc, argv, scenarios, sizeof scenarios / sizeof scenarios[0]);
}
