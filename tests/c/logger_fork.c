/* A logger that calls back into the library, in a forked child and on several threads. Arguments: the DSN. */

#define _POSIX_C_SOURCE 200809L

#include <sentry.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                        \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

static unsigned lines;
static unsigned in_child;

/* Whatever it does inside, it comes back. */
static void logger(sentry_level_t level, const char *format, va_list arguments, void *userdata)
{
    char line[300];
    sentry_stats_t stats;
    vsnprintf(line, sizeof(line), format, arguments);
    __atomic_add_fetch((unsigned *)userdata, 1u, __ATOMIC_RELAXED);
    sentry_log_message(level, NULL, "from the logger");
    sentry_set_tag("from", "logger");
    sentry_get_last_event_id();
    memset(&stats, 0, sizeof(stats));
    stats.size = sizeof(stats);
    sentry_get_stats(&stats);
    if (__atomic_load_n(&in_child, __ATOMIC_RELAXED)) {
        /* The child's own client may be just starting on this thread. */
        sentry_flush(0);
    }
}

static void *capture_some(void *unused)
{
    int i;
    for (i = 0; i < 20; i++) {
        CHECK(sentry_capture("{\"message\":\"from a thread\"}", NULL) == SENTRY_STATUS_OK);
    }
    return unused;
}

static void threads(void)
{
    pthread_t thread[4];
    int i;
    for (i = 0; i < 4; i++) {
        CHECK(pthread_create(&thread[i], NULL, capture_some, NULL) == 0);
    }
    for (i = 0; i < 4; i++) {
        CHECK(pthread_join(thread[i], NULL) == 0);
    }
}

int main(int argc, char **argv)
{
    sentry_options_t *options = sentry_options_new();
    pid_t child;
    int status = 0;
    CHECK(argc == 2);
    alarm(60); /* what hangs is killed */
    sentry_options_set_dsn(options, argv[1]);
    sentry_options_set_database_path(options, "");
    sentry_options_set_shutdown_timeout(options, 30000);
    sentry_options_set_auto_session_tracking(options, 0);
    sentry_options_set_debug(options, 1);
    sentry_options_set_logger_level(options, SENTRY_LEVEL_TRACE);
    sentry_options_set_logger(options, logger, &lines);
    CHECK(sentry_init(options) == 0);
    threads();
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        unsigned before = __atomic_load_n(&lines, __ATOMIC_RELAXED);
        alarm(30);
        __atomic_store_n(&in_child, 1u, __ATOMIC_RELAXED);
        CHECK(sentry_capture("{\"message\":\"from the child\"}", NULL) == SENTRY_STATUS_OK);
        CHECK(sentry_close() == 0);
        CHECK(__atomic_load_n(&lines, __ATOMIC_RELAXED) > before);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK(sentry_close() == 0);
    return 0;
}
