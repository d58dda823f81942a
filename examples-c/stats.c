/* What became of every event: the outcome callback and the counts.
 *
 *   cc -o stats stats.c $(pkg-config --cflags --libs sentry)
 *   ./stats https://key@sentry.example.com/1
 */
#include <sentry.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define EVENTS 5

/* Called once per envelope, on the worker thread or, for a refusal, on the capturing one: be quick, do not block.
 * `info` lives during the call only. */
static void on_outcome(const sentry_outcome_info_t *info, void *user_data)
{
    static const char *const NAMES[] = { "delivered", "discarded", "spooled" };
    char id_text[37];
    (void)user_data;
    sentry_uuid_as_string(&info->event_id, id_text);
    printf("%s %s, HTTP %" PRId32 ", attempts %" PRIu32 "%s%s\n", id_text, NAMES[info->outcome], info->http_status,
        info->attempts, info->outcome == SENTRY_OUTCOME_DISCARDED ? ", because of " : "",
        info->outcome == SENTRY_OUTCOME_DISCARDED ? sentry_discard_reason_name(info->reason) : "");
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
    sentry_options_set_on_outcome(options, on_outcome, NULL);
    if (sentry_init(options) != 0) {
        fprintf(stderr, "sentry_init: %s\n", sentry_last_error_message());
        return 1;
    }

    for (int i = 0; i < EVENTS; i++) {
        sentry_status_t status = sentry_capture_message(SENTRY_LEVEL_WARNING, "stats", "Counting myself", NULL);
        if (status != SENTRY_STATUS_OK) {
            fprintf(stderr, "event %d: %s\n", i, sentry_status_message(status));
        }
    }
    if (sentry_flush(5000) != 0) {
        fprintf(stderr, "not everything was sent within 5 s\n");
    }

    /* The size tells the library which version of the structure this program was compiled with. */
    sentry_stats_t stats;
    stats.size = sizeof(stats);
    sentry_status_t status = sentry_get_stats(&stats);
    if (status != SENTRY_STATUS_OK) {
        fprintf(stderr, "sentry_get_stats: %s\n", sentry_status_message(status));
        sentry_shutdown();
        return 1;
    }
    const sentry_category_stats_t *errors = &stats.categories[SENTRY_CATEGORY_ERROR];
    printf("captured %" PRIu64 " = delivered %" PRIu64 " + discarded %" PRIu64 " + spooled %" PRIu64
           " + pending %" PRIu64 "\n",
        errors->captured, errors->delivered, errors->discarded, errors->spooled, errors->pending);
    for (int reason = 0; reason <= SENTRY_DISCARD_NO_CONSENT; reason++) {
        if (errors->discarded_by_reason[reason] != 0) {
            printf("  %s: %" PRIu64 "\n", sentry_discard_reason_name((sentry_discard_reason_t)reason),
                errors->discarded_by_reason[reason]);
        }
    }
    printf("requests %" PRIu64 ", retries %" PRIu64 ", bytes sent %" PRIu64 ", last status %" PRId32 "%s%s\n",
        stats.requests, stats.retries, stats.bytes_sent, stats.last_http_status,
        stats.last_error[0] != '\0' ? ", last error: " : "", stats.last_error);

    int unsent = sentry_shutdown();
    return errors->delivered == EVENTS && unsent == 0 ? 0 : 1;
}
