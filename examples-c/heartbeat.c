/* Signs of life of a job: one when it begins, one when it has ended, both under one id.
 *
 *   cc -o heartbeat heartbeat.c $(pkg-config --cflags --libs sentry)
 *   ./heartbeat https://key@sentry.example.com/1
 *
 * The server raises an issue when the job fails, takes longer than five minutes, or does not come every ten.
 */
#define _POSIX_C_SOURCE 200809L
#include <sentry.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The work. */
static int tidy_up(void)
{
    struct timespec pause = {0, 50 * 1000 * 1000};
    nanosleep(&pause, NULL);
    return 0;
}

int main(int argc, char **argv)
{
    static const char monitor[] = "{\"schedule\":{\"type\":\"interval\",\"value\":10,\"unit\":\"minute\"},"
                                  "\"checkin_margin\":2,\"max_runtime\":5}";
    const char *dsn = argc > 1 ? argv[1] : getenv("SENTRY_DSN");
    if (dsn == NULL) {
        fprintf(stderr, "usage: %s DSN\n", argv[0]);
        return 2;
    }
    sentry_options_t *options = sentry_options_new();
    if (options == NULL) {
        fprintf(stderr, "out of memory\n");
        return 1;
    }
    sentry_options_set_dsn(options, dsn);
    if (sentry_init(options) != 0) {
        fprintf(stderr, "sentry_init: %s\n", sentry_last_error_message());
        return 1;
    }

    sentry_uuid_t id = sentry_uuid_nil();
    double start = seconds_now();
    if (sentry_capture_check_in("tidy-up", SENTRY_CHECK_IN_IN_PROGRESS, -1, monitor, &id) != SENTRY_STATUS_OK)
        fprintf(stderr, "sentry_capture_check_in: %s\n", sentry_last_error_message());
    int failed = tidy_up();
    sentry_check_in_status_t status = failed ? SENTRY_CHECK_IN_ERROR : SENTRY_CHECK_IN_OK;
    if (sentry_capture_check_in("tidy-up", status, seconds_now() - start, NULL, &id) != SENTRY_STATUS_OK)
        fprintf(stderr, "sentry_capture_check_in: %s\n", sentry_last_error_message());

    int unsent = sentry_close();
    if (unsent > 0)
        fprintf(stderr, "%d not sent\n", unsent);
    return failed != 0;
}
