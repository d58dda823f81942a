/* What the host_*.c and api_*.c programs share: checks, a hang guard, a start with the DSN of the test, scenarios by name.
 *
 * A program is started as `program SCENARIO[,SCENARIO…] DSN`. It says nothing and ends with 0 when every check held; a failed check
 * is named on standard error and ends the process with 99. Valid as C99 and as C++17. */
#ifndef HOST_CHECK_H
#define HOST_CHECK_H

#include <sentry.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Ends a process that hangs; far more than any scenario needs. */
#define HOST_GUARD_S 60u
/* The promise: flush, close and shutdown return within their time-out and this. */
#define HOST_MARGIN_MS 100u

#if defined(__GNUC__)
#    define HOST_UNUSED __attribute__((unused))
#else
#    define HOST_UNUSED
#endif

typedef struct {
    const char *name;
    void (*run)(void);
} host_scenario_t;

static const char *host_dsn = "";

static HOST_UNUSED void host_fail(const char *what, const char *file, int line)
{
    char text[512];
    int length = snprintf(text, sizeof text, "%s:%d: in process %d: %s\n", file, line, (int)getpid(), what);
    /* Not through stdio: a forked child may hold its lock. */
    if (length > 0) {
        size_t size = (size_t)length < sizeof text ? (size_t)length : sizeof text - 1;
        ssize_t written = write(STDERR_FILENO, text, size);
        (void)written;
    }
    _exit(99);
}

static HOST_UNUSED void host_fail_number(const char *what, long long is, long long wanted, const char *file, int line)
{
    char text[384];
    snprintf(text, sizeof text, "%s is %lld, not %lld; last error: %.200s", what, is, wanted,
             sentry_last_error_message());
    host_fail(text, file, line);
}

#define CHECK(condition) ((condition) ? (void)0 : host_fail(#condition " is not so", __FILE__, __LINE__))
#define CHECK_EQ(is, wanted) host_check_eq(#is, (long long)(is), (long long)(wanted), __FILE__, __LINE__)
#define CHECK_TEXT(is, wanted) host_check_text(#is, is, wanted, __FILE__, __LINE__)

static HOST_UNUSED void host_check_eq(const char *what, long long is, long long wanted, const char *file, int line)
{
    if (is != wanted)
        host_fail_number(what, is, wanted, file, line);
}

static HOST_UNUSED void host_check_text(const char *what, const char *is, const char *wanted, const char *file, int line)
{
    char text[384];
    if (is == wanted || (is != NULL && wanted != NULL && strcmp(is, wanted) == 0))
        return;
    snprintf(text, sizeof text, "%s is \"%.120s\", not \"%.120s\"", what, is == NULL ? "(NULL)" : is,
             wanted == NULL ? "(NULL)" : wanted);
    host_fail(text, file, line);
}

static HOST_UNUSED uint64_t host_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

/* Between two looks at a condition that another thread or process brings about. */
static HOST_UNUSED void host_breathe(void)
{
    struct timespec moment;
    moment.tv_sec = 0;
    moment.tv_nsec = 1000000;
    nanosleep(&moment, NULL);
}

/* Entries of a directory besides . and .. */
static HOST_UNUSED int host_count_entries(const char *path)
{
    int count = 0;
    DIR *directory = opendir(path);
    struct dirent *entry;
    CHECK(directory != NULL);
    while ((entry = readdir(directory)) != NULL)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(directory);
    return count;
}

/* Options for the server of the test, without surprises from the environment. */
static HOST_UNUSED sentry_options_t *host_options(void)
{
    sentry_options_t *options = sentry_options_new();
    CHECK(options != NULL);
    sentry_options_set_dsn(options, host_dsn);
    sentry_options_set_release(options, "host@1.0.0");
    /* Without files and sessions: programs whose subject they are ask for them. */
    sentry_options_set_database_path(options, "");
    sentry_options_set_auto_session_tracking(options, 0);
    sentry_options_set_shutdown_timeout(options, 20000);
    CHECK_EQ(sentry_options_set_retry_backoff_ms(options, 20), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_options_set_retry_backoff_max_ms(options, 100), SENTRY_STATUS_OK);
    return options;
}

static HOST_UNUSED void host_start(void)
{
    CHECK_EQ(sentry_init(host_options()), 0);
}

static HOST_UNUSED sentry_status_t host_capture(const char *text)
{
    return sentry_capture_message(SENTRY_LEVEL_ERROR, "host", text, NULL);
}

static HOST_UNUSED sentry_stats_t host_stats(void)
{
    static sentry_stats_t empty;
    sentry_stats_t stats = empty;
    stats.size = sizeof stats;
    CHECK_EQ(sentry_get_stats(&stats), SENTRY_STATUS_OK);
    return stats;
}

/* captured = delivered + discarded + spooled + pending, and the reasons add up, in every category. */
static HOST_UNUSED sentry_category_stats_t host_check_account(void)
{
    sentry_stats_t stats = host_stats();
    for (size_t category = 0; category < SENTRY_STATS_CATEGORIES; category++) {
        const sentry_category_stats_t *counts = &stats.categories[category];
        uint64_t by_reason = 0;
        for (size_t reason = 0; reason < SENTRY_STATS_REASONS; reason++)
            by_reason += counts->discarded_by_reason[reason];
        CHECK_EQ(counts->captured, counts->delivered + counts->discarded + counts->spooled + counts->pending);
        CHECK_EQ(by_reason, counts->discarded);
    }
    return stats.categories[SENTRY_CATEGORY_ERROR];
}

/* Waits until a request is under way. */
static HOST_UNUSED void host_await_request(void)
{
    while (host_stats().requests_in_flight == 0)
        host_breathe();
}

/* Closes, and holds the library to its promise. */
static HOST_UNUSED int host_close_within(uint64_t timeout_ms)
{
    uint64_t start = host_now_ms();
    int unsent = sentry_close();
    uint64_t took = host_now_ms() - start;
    if (took > timeout_ms + HOST_MARGIN_MS)
        host_fail_number("time of sentry_close in ms", (long long)took, (long long)timeout_ms, __FILE__, __LINE__);
    return unsent;
}

/* Waits for a child that must have ended well. */
static HOST_UNUSED void host_await_child(pid_t child)
{
    int status = -1;
    CHECK(child > 0);
    while (waitpid(child, &status, 0) < 0)
        CHECK_EQ(errno, EINTR);
    if (WIFSIGNALED(status))
        host_fail_number("signal that ended the child", WTERMSIG(status), 0, __FILE__, __LINE__);
    CHECK_EQ(WEXITSTATUS(status), 0);
}

/* Forks; in the child the hang guard runs anew, since alarms are not inherited. */
static HOST_UNUSED pid_t host_fork(void)
{
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0)
        alarm(HOST_GUARD_S);
    return child;
}

static HOST_UNUSED int host_main(int argc, char **argv, const host_scenario_t *scenarios, size_t count)
{
    if (argc < 2)
        host_fail("usage: program SCENARIO[,SCENARIO…] [DSN]", __FILE__, __LINE__);
    host_dsn = argc > 2 ? argv[2] : "";
    for (char *name = strtok(argv[1], ","); name != NULL; name = strtok(NULL, ",")) {
        size_t i = 0;
        while (i < count && strcmp(scenarios[i].name, name) != 0)
            i++;
        if (i == count)
            host_fail("no such scenario", __FILE__, __LINE__);
        alarm(HOST_GUARD_S);
        scenarios[i].run();
    }
    return 0;
}

#endif
