/* The self-test: time, threads, several at once, and what it says. Started by tests/self_test.rs as
 * `self_test SCENARIO DSN`; PROXY in the environment is the proxy option. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

#include <sys/resource.h>

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>

static sentry_options_t *options_with_proxy(void)
{
    sentry_options_t *options = host_options();
    const char *proxy = getenv("PROXY");
    if (proxy != NULL)
        sentry_options_set_proxy(options, proxy);
    CHECK_EQ(sentry_options_set_retries(options, 0), SENTRY_STATUS_OK);
    sentry_options_set_shutdown_timeout(options, 500);
    return options;
}

/* Threads of self-tests. */
static int probes(void)
{
    int found = 0;
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *task;
    CHECK(tasks != NULL);
    while ((task = readdir(tasks)) != NULL) {
        char path[300], name[32] = "";
        int file;
        snprintf(path, sizeof path, "/proc/self/task/%s/comm", task->d_name);
        file = open(path, O_RDONLY | O_CLOEXEC);
        if (file < 0)
            continue;
        if (read(file, name, sizeof name - 1) > 0 && strncmp(name, "sentry-probe", 12) == 0)
            found++;
        close(file);
    }
    closedir(tasks);
    return found;
}

static void check_failed(char *report, const char *why)
{
    CHECK(report != NULL);
    CHECK(strstr(report, "\"ok\":false") != NULL);
    if (strstr(report, why) == NULL)
        host_fail(report, __FILE__, __LINE__);
    sentry_free(report);
}

static void no_time(void)
{
    CHECK_EQ(sentry_init(options_with_proxy()), 0);
    for (int i = 0; i < 5; i++)
        check_failed(sentry_self_test(0), "\"error\":\"");
    CHECK_EQ(host_close_within(500), 0);
    CHECK_EQ(probes(), 0);
}

static char heard[4096];

static void hear(sentry_level_t level, const char *format, va_list arguments, void *data)
{
    size_t length = strlen(heard);
    (void)data;
    if (level >= SENTRY_LEVEL_ERROR)
        vsnprintf(heard + length, sizeof heard - length, format, arguments);
}

static void start_and_hear(void)
{
    sentry_options_t *options = options_with_proxy();
    sentry_options_set_debug(options, 1);
    sentry_options_set_logger(options, hear, NULL);
    CHECK_EQ(sentry_init(options), 0);
}

static void without_tls(void)
{
    static const char why[] = "has no TLS";
    start_and_hear();
    CHECK(sentry_last_error_message() != NULL);
    CHECK(strstr(sentry_last_error_message(), why) != NULL);
    CHECK(strstr(host_stats().last_error, why) != NULL);
    check_failed(sentry_self_test(20000), why);
    CHECK_EQ(host_close_within(500), 0);
    CHECK(strstr(heard, why) != NULL);
}

static void without_need_of_tls(void)
{
    start_and_hear();
    CHECK_EQ(host_stats().last_error[0], 0);
    CHECK_EQ(host_close_within(500), 0);
    CHECK_EQ(heard[0], 0);
}

/* The host has opened as many files as it may; afterwards it works. */
static void no_descriptors(void)
{
    struct rlimit before, none;
    host_start();
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 3;
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
    check_failed(sentry_self_test(20000), "free descriptors");
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
    char *report = sentry_self_test(20000);
    CHECK(report != NULL && strstr(report, "\"ok\":true") != NULL);
    sentry_free(report);
    CHECK_EQ(sentry_close(), 0);
}

static void *long_test(void *unused)
{
    (void)unused;
    return sentry_self_test(UINT64_MAX);
}

/* A second one is refused, and closing ends the first. */
static void several(void)
{
    pthread_t thread;
    void *report;
    for (int round = 0; round < 3; round++) {
        CHECK_EQ(sentry_init(options_with_proxy()), 0);
        CHECK_EQ(pthread_create(&thread, NULL, long_test, NULL), 0);
        while (probes() == 0)
            host_breathe();
        check_failed(sentry_self_test(1000), "another self-test is running");
        /* While it begins a lookup its thread has the name of those for a moment. */
        while (probes() != 1)
            host_breathe();
        CHECK_EQ(host_close_within(500), 0);
        CHECK_EQ(probes(), 0);
        CHECK_EQ(pthread_join(thread, &report), 0);
        check_failed((char *)report, "closed");
    }
}

/* One after the other always works: the first has ended when its report is there. */
static void in_turn(void)
{
    CHECK_EQ(sentry_init(options_with_proxy()), 0);
    for (int i = 0; i < 20; i++) {
        char *report = sentry_self_test(10000);
        CHECK(report != NULL);
        if (strstr(report, "\"ok\":true") == NULL)
            host_fail(report, __FILE__, __LINE__);
        sentry_free(report);
    }
    CHECK_EQ(host_close_within(500), 0);
    CHECK_EQ(probes(), 0);
}

/* Prints what it says, and what the library says about an event that it cannot send. */
static void print(void)
{
    sentry_options_t *options = options_with_proxy();
    char *report;
    sentry_options_set_debug(options, 1);
    CHECK_EQ(sentry_init(options), 0);
    report = sentry_self_test(10000);
    CHECK(report != NULL);
    printf("%s\n", report);
    sentry_free(report);
    CHECK_EQ(host_capture("which way?"), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_flush(20000), 0);
    CHECK_EQ(host_check_account().pending, 0);
    printf("%llu delivered\n%s\n", (unsigned long long)host_check_account().delivered, host_stats().last_error);
    CHECK_EQ(sentry_close(), 0);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static const host_scenario_t scenarios[] = {
        {"without_tls", without_tls},
        {"without_need_of_tls", without_need_of_tls},
        {"no_time", no_time},
        {"no_descriptors", no_descriptors},
        {"several", several},
        {"in_turn", in_turn},
        {"print", print},
    };
    return host_main(argc, argv, scenarios, sizeof scenarios / sizeof scenarios[0]);
}
