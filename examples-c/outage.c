/* A server that cannot be reached: every capture returns at once, every refusal is told, stopping keeps its time.
 *
 *   cc -o outage outage.c $(pkg-config --cflags --libs sentry)
 *   ./outage http://key@192.0.2.1:9000/1     (an address reserved for examples: nobody answers)
 */
#define _POSIX_C_SOURCE 200809L
#include <sentry.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define EVENTS 12

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

int main(int argc, char **argv)
{
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
    sentry_options_set_shutdown_timeout(options, 1000);
    if (sentry_options_set_queue_max_items(options, 4) != SENTRY_STATUS_OK
        || sentry_options_set_connect_timeout_ms(options, 2000) != SENTRY_STATUS_OK
        || sentry_options_set_read_timeout_ms(options, 2000) != SENTRY_STATUS_OK
        || sentry_options_set_retries(options, 3) != SENTRY_STATUS_OK
        || sentry_options_set_retries_connect(options, 1) != SENTRY_STATUS_OK
        || sentry_options_set_retries_read(options, 1) != SENTRY_STATUS_OK
        || sentry_options_set_retries_redirect(options, 1) != SENTRY_STATUS_OK) {
        fprintf(stderr, "option: %s\n", sentry_last_error_message());
        sentry_options_free(options);
        return 1;
    }
    if (sentry_init(options) != 0) {
        fprintf(stderr, "sentry_init: %s\n", sentry_last_error_message());
        return 1;
    }

    double slowest_ms = 0;
    unsigned accepted = 0, refused = 0;
    for (int i = 0; i < EVENTS; i++) {
        double start = now_ms();
        sentry_status_t status = sentry_capture_message(SENTRY_LEVEL_ERROR, "outage", "Nobody hears this", NULL);
        double took_ms = now_ms() - start;
        slowest_ms = took_ms > slowest_ms ? took_ms : slowest_ms;
        accepted += status == SENTRY_STATUS_OK;
        refused += status == SENTRY_STATUS_QUEUE_FULL;
        printf("event %2d: %s\n", i, sentry_status_message(status));
    }
    printf("accepted %u, refused because the queue is full %u, slowest capture %.3f ms\n", accepted, refused, slowest_ms);

    sentry_stats_t stats;
    stats.size = sizeof(stats);
    if (sentry_get_stats(&stats) != SENTRY_STATUS_OK) {
        fprintf(stderr, "sentry_get_stats: %s\n", sentry_last_error_message());
        sentry_shutdown();
        return 1;
    }
    const sentry_category_stats_t *errors = &stats.categories[SENTRY_CATEGORY_ERROR];
    printf("captured %" PRIu64 " = delivered %" PRIu64 " + discarded %" PRIu64 " + spooled %" PRIu64 " + pending %" PRIu64 "\n",
        errors->captured, errors->delivered, errors->discarded, errors->spooled, errors->pending);
    printf("  of the discarded: %" PRIu64 " queue_overflow, %" PRIu64 " network_error\n",
        errors->discarded_by_reason[SENTRY_DISCARD_QUEUE_OVERFLOW],
        errors->discarded_by_reason[SENTRY_DISCARD_NETWORK_ERROR]);

    double start = now_ms();
    int unsent = sentry_shutdown();
    double shutdown_ms = now_ms() - start;
    printf("shutdown took %.0f ms of at most 1000 ms and left %d unsent\n", shutdown_ms, unsent);
    return accepted + refused == EVENTS && slowest_ms < 100 && shutdown_ms < 1100 ? 0 : 1;
}
