/* Hosts that close descriptors: the standard streams, whose numbers nothing of the library gets, and in a daemon all that
 * were inherited. Started by tests/host_process.rs. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

#include <fcntl.h>
#include <sys/stat.h>

static int kept = -1;

/* The last output of this process is written to what was standard error. */
static void close_standard(void)
{
    kept = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 100);
    for (int number = 0; number <= 2; number++)
        CHECK_EQ(close(number), 0);
}

/* Looks all the time, since some descriptors live for a moment only. What can only be read takes no output. */
static void check_unused(void)
{
    for (int number = 0; number <= 2; number++) {
        int flags = fcntl(number, F_GETFL);
        if (flags >= 0 && (flags & O_ACCMODE) != O_RDONLY) {
            char target[256] = "", name[64];
            snprintf(name, sizeof name, "/proc/self/fd/%d", number);
            if (readlink(name, target, sizeof target - 1) < 0)
                continue; /* It is gone by now. */
            dup2(kept, STDERR_FILENO);
            host_fail(target, __FILE__, __LINE__);
        }
    }
}

static void restore(void)
{
    CHECK_EQ(dup2(kept, STDERR_FILENO), STDERR_FILENO);
}

static sentry_options_t *with_files(void)
{
    sentry_options_t *options = host_options();
    sentry_options_set_database_path(options, "database");
    sentry_options_set_auto_session_tracking(options, 1);
    CHECK_EQ(sentry_options_set_queue_durable(options, 1), SENTRY_STATUS_OK);
    sentry_options_set_http_retry(options, 1);
    sentry_options_set_debug(options, 1);
    sentry_options_set_logger_level(options, SENTRY_LEVEL_TRACE);
    return options;
}

/* The server takes its time for each answer. */
static void capture_and_look(void)
{
    for (int i = 0; i < 5; i++) {
        uint64_t before = host_stats().categories[SENTRY_CATEGORY_ERROR].delivered;
        CHECK_EQ(host_capture("without output"), SENTRY_STATUS_OK);
        while (host_stats().categories[SENTRY_CATEGORY_ERROR].delivered == before)
            check_unused();
    }
}

static void closed_before(void)
{
    sentry_options_t *options = with_files();
    char *report;
    close_standard();
    CHECK_EQ(sentry_init(options), 0);
    check_unused();
    capture_and_look();
    report = sentry_self_test(20000);
    check_unused();
    CHECK(report != NULL && strstr(report, "\"ok\":true") != NULL);
    sentry_free(report);
    CHECK_EQ(sentry_close(), 0);
    check_unused();
    restore();
}

static void closed_later(void)
{
    CHECK_EQ(sentry_init(with_files()), 0);
    /* Not while the library's thread opens something: that gets the number which is closed in this moment. */
    CHECK_EQ(sentry_flush(20000), 0);
    close_standard();
    capture_and_look();
    CHECK_EQ(sentry_close(), 0);
    check_unused();
    restore();
}

/* What a daemon does at its start: it closes all it inherited, and files of its own get the numbers. */
static void daemon_at_work(void)
{
    enum { OWN = 40 };
    int own[OWN];
    struct stat now;
    for (int number = 3; number < 256; number++)
        close(number);
    for (int i = 0; i < OWN; i++)
        CHECK((own[i] = open("own", O_RDWR | O_CREAT | O_CLOEXEC, 0600)) >= 3);
    CHECK_EQ(host_capture("daemon"), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_flush(20000), 0);
    CHECK_EQ(host_capture("daemon"), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_close(), 0);
    for (int i = 0; i < OWN; i++) {
        CHECK_EQ(fstat(own[i], &now), 0);
        CHECK_EQ(now.st_size, 0);
        CHECK_EQ(lseek(own[i], 0, SEEK_CUR), 0);
    }
    _exit(0);
}

static void daemonised(void)
{
    int status = -1;
    pid_t child;
    CHECK_EQ(sentry_init(with_files()), 0);
    CHECK_EQ(host_capture("parent"), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_flush(20000), 0);
    child = fork();
    CHECK(child >= 0);
    if (child == 0)
        daemon_at_work();
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
    CHECK_EQ(sentry_close(), 0);
}

int main(int argc, char **argv)
{
    static const host_scenario_t scenarios[] = {
        {"closed_before", closed_before},
        {"closed_later", closed_later},
        {"daemonised", daemonised},
    };
    return host_main(argc, argv, scenarios, sizeof scenarios / sizeof scenarios[0]);
}
