/* Which system calls a capture makes, and whether the library's thread wakes by itself. Started by tests/host_process.rs.
 *
 * The program stands between the library and the C library: it counts the calls that wake the library's thread, and those
 * in which that thread waits. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

#include <poll.h>
#include <pthread.h>
#include <sys/syscall.h>

static pthread_t capturing;
static unsigned written, waited;

#ifdef __cplusplus
extern "C" {
#endif

ssize_t write(int descriptor, const void *bytes, size_t length)
{
    if (pthread_equal(pthread_self(), capturing))
        __sync_fetch_and_add(&written, 1u);
    return (ssize_t)syscall(SYS_write, descriptor, bytes, length);
}

int poll(struct pollfd *descriptors, nfds_t count, int timeout)
{
    struct timespec left;
    if (!pthread_equal(pthread_self(), capturing))
        __sync_fetch_and_add(&waited, 1u);
    left.tv_sec = timeout / 1000;
    left.tv_nsec = timeout % 1000 * 1000000L;
    return (int)syscall(SYS_ppoll, descriptors, count, timeout < 0 ? NULL : &left, NULL, 0);
}

#ifdef __cplusplus
}
#endif

static void deliver(const char *text)
{
    CHECK_EQ(host_capture(text), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_flush(20000), 0);
}

/* One capture per millisecond: none of them has to wake anybody. */
static void stream(void)
{
    enum { COUNT = 300 };
    unsigned before, number;
    host_start();
    deliver("first");
    before = written;
    for (number = 0; number < COUNT; number++) {
        CHECK_EQ(host_capture("stream"), SENTRY_STATUS_OK);
        host_breathe();
    }
    /* A machine that lets this thread stand for some milliseconds ends the nap of the other one. */
    printf("%u of %d captures woke\n", written - before, COUNT);
    CHECK(written - before <= COUNT / 10);
    CHECK_EQ(sentry_close(), 0);
}

/* Long after the last capture the next one wakes, and is sent at once. */
static void sleeper(void)
{
    unsigned before, number;
    uint64_t start;
    host_start();
    for (number = 0; number < 5; number++) {
        deliver("sleeper");
        start = host_now_ms();
        while (host_now_ms() - start < 50)
            host_breathe();
        before = written;
        CHECK_EQ(host_capture("sleeper"), SENTRY_STATUS_OK);
        CHECK_EQ(written - before, 1);
    }
    CHECK_EQ(sentry_close(), 0);
}

/* A library that has nothing to do does not wake. */
static void idle(void)
{
    unsigned before, number;
    host_start();
    deliver("idle");
    /* The nap after the event, and the connection that it came on. */
    for (number = 0; number < 200; number++)
        host_breathe();
    before = waited;
    for (number = 0; number < 500; number++)
        host_breathe();
    CHECK_EQ(waited - before, 0);
    CHECK_EQ(sentry_close(), 0);
}

int main(int argc, char **argv)
{
    static const host_scenario_t scenarios[] = {{"stream", stream}, {"sleeper", sleeper}, {"idle", idle}};
    capturing = pthread_self();
    return host_main(argc, argv, scenarios, sizeof scenarios / sizeof scenarios[0]);
}
