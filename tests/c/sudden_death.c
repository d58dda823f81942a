/* What a program that is killed leaves behind, and what the next start makes of it; driven by tests/sudden_death.rs.
 *
 *   sudden_death capture DSN DATABASE DURABLE THREADS   captures until it is killed; one line with the id for each event
 *                                                       that was accepted, written after the call has returned
 *   sudden_death drain DSN DATABASE DURABLE SECONDS     starts, waits until nothing of earlier runs is left, prints the
 *                                                       account of errors as JSON, closes
 */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

#include <dirent.h>
#include <inttypes.h>
#include <pthread.h>

static void start(const char *dsn, const char *database, int durable)
{
    sentry_options_t *options = sentry_options_new();
    sentry_options_set_dsn(options, dsn);
    sentry_options_set_database_path(options, database);
    sentry_options_set_auto_session_tracking(options, 0);
    sentry_options_set_http_retry(options, 1);
    sentry_options_set_cache_max_items(options, 100000);
    sentry_options_set_queue_max_items(options, 200);
    sentry_options_set_queue_durable(options, durable);
    sentry_options_set_queue_sync_ms(options, 50);
    sentry_options_set_connect_timeout_ms(options, 200);
    sentry_options_set_read_timeout_ms(options, 200);
    sentry_options_set_retries(options, 2);
    sentry_options_set_retry_backoff_ms(options, 10);
    sentry_options_set_retry_backoff_max_ms(options, 40);
    CHECK_EQ(sentry_init(options), 0);
}

static void pause_us(unsigned microseconds)
{
    struct timespec time;
    time.tv_sec = 0;
    time.tv_nsec = (long)microseconds * 1000;
    nanosleep(&time, NULL);
}

/* Different lengths, so that a death hits all kinds of places; below the pipe's atomic size for the answer. */
static void *capture(void *argument)
{
    unsigned seed = (unsigned)(uintptr_t)argument ^ (unsigned)getpid();
    char *json = (char *)malloc(8192);
    CHECK(json != NULL);
    for (;;) {
        sentry_uuid_t id;
        char line[40];
        int length = (int)(rand_r(&seed) % 6000u);
        int start = snprintf(json, 64, "{\"message\":\"");
        memset(json + start, 'a' + (int)(rand_r(&seed) % 26u), (size_t)length);
        memcpy(json + start + length, "\"}", 3);
        if (sentry_capture(json, &id) == SENTRY_STATUS_OK) {
            sentry_uuid_as_string(&id, line);
            line[36] = '\n';
            if (write(STDOUT_FILENO, line, 37) != 37)
                _exit(98);
        }
        pause_us(rand_r(&seed) % 4000u);
    }
    return NULL;
}

/* How many names in a directory end like this; 0 without the directory. */
static int count_names(const char *path, const char *end)
{
    int found = 0;
    struct dirent *entry;
    DIR *directory = opendir(path);
    if (directory == NULL)
        return 0;
    while ((entry = readdir(directory)) != NULL) {
        size_t length = strlen(entry->d_name);
        found += length > strlen(end) && strcmp(entry->d_name + length - strlen(end), end) == 0;
    }
    closedir(directory);
    return found;
}

static int runs_of_others(const char *database)
{
    return count_names(database, ".run") - 1;
}

static int files_in_cache(const char *database)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/cache", database);
    return count_names(path, ".envelope");
}

static void drain(const char *database, uint64_t seconds)
{
    sentry_stats_t stats;
    const sentry_category_stats_t *errors = &stats.categories[SENTRY_CATEGORY_ERROR];
    uint64_t until = host_now_ms() + seconds * 1000u, lost = 0;
    int reason;
    for (;;) {
        stats.size = sizeof stats;
        CHECK_EQ(sentry_get_stats(&stats), SENTRY_STATUS_OK);
        /* The cache is looked at some time after the start. */
        if (runs_of_others(database) == 0 && files_in_cache(database) == 0 && errors->pending == 0
            && errors->spooled == 0)
            break;
        if (host_now_ms() > until)
            break;
        sentry_flush(20);
        pause_us(10000);
    }
    /* What was lost is reported before the account is read. */
    sentry_flush(5000);
    stats.size = sizeof stats;
    CHECK_EQ(sentry_get_stats(&stats), SENTRY_STATUS_OK);
    for (reason = 0; reason < 24; reason++)
        lost += errors->discarded_by_reason[reason];
    CHECK_EQ(lost, errors->discarded);
    CHECK_EQ(errors->captured, errors->delivered + errors->discarded + errors->spooled + errors->pending);
    printf("{\"captured\":%" PRIu64 ",\"delivered\":%" PRIu64 ",\"discarded\":%" PRIu64 ",\"spooled\":%" PRIu64
           ",\"pending\":%" PRIu64 ",\"host_died\":%" PRIu64 ",\"runs\":%d}\n",
           errors->captured, errors->delivered, errors->discarded, errors->spooled, errors->pending,
           errors->discarded_by_reason[SENTRY_DISCARD_HOST_DIED], runs_of_others(database));
    CHECK_EQ(sentry_close(), 0);
}

int main(int argc, char **argv)
{
    CHECK(argc == 6);
    start(argv[2], argv[3], atoi(argv[4]));
    if (strcmp(argv[1], "drain") == 0) {
        drain(argv[3], (uint64_t)atoi(argv[5]));
    } else {
        int thread, threads = atoi(argv[5]);
        for (thread = 0; thread < threads; thread++) {
            pthread_t started;
            CHECK_EQ(pthread_create(&started, NULL, capture, (void *)(uintptr_t)(thread + 1)), 0);
        }
        for (;;)
            pause();
    }
    return 0;
}
