/* Every option from one JSON text, for instance a section of your own configuration file.
 *
 *   cc -o options_json options_json.c $(pkg-config --cflags --libs sentry)
 *   ./options_json https://key@sentry.example.com/1
 */
#include <sentry.h>

#include <stdio.h>
#include <stdlib.h>

/* An unknown name or a wrong type is an error that names it: a typing mistake does not pass in silence. */
static const char CONFIGURATION[] =
    "{\"release\": \"options-json@1.0.0\","
    " \"environment\": \"staging\","
    " \"queue_max_items\": 100,"
    " \"queue_max_bytes\": 1048576,"
    " \"connect_timeout_ms\": 2000,"
    " \"read_timeout_ms\": 5000,"
    " \"retries\": 5,"
    " \"shutdown_timeout\": 3000,"
    " \"ignore_errors\": [\"Chatty*\", \"vendor.noise\"]}";

int main(int argc, char **argv)
{
    const char *dsn = argc > 1 ? argv[1] : getenv("SENTRY_DSN");
    if (dsn == NULL) {
        fprintf(stderr, "usage: %s DSN\n", argv[0]);
        return 2;
    }

    /* What a mistake looks like. No options are made, so nothing has to be freed. */
    if (sentry_options_new_from_json("{\"queue_max_item\": 100}") != NULL) {
        fprintf(stderr, "a mistyped option was accepted\n");
        return 1;
    }
    printf("a mistake: %s\n", sentry_last_error_message());

    sentry_options_t *options = sentry_options_new_from_json(CONFIGURATION);
    if (options == NULL) {
        fprintf(stderr, "sentry_options_new_from_json: %s\n", sentry_last_error_message());
        return 1;
    }
    sentry_options_set_dsn(options, dsn);

    /* A setter refuses what makes no sense, says why, and leaves the value as it was. */
    if (sentry_options_set_retries(options, -7) != SENTRY_STATUS_INVALID_ARGUMENT) {
        fprintf(stderr, "-7 retries were accepted\n");
        sentry_options_free(options);
        return 1;
    }
    printf("refused: %s\n", sentry_last_error_message());
    printf("retries: %d, queue: %lld items, %llu bytes\n", (int)sentry_options_get_retries(options),
        (long long)sentry_options_get_queue_max_items(options),
        (unsigned long long)sentry_options_get_queue_max_bytes(options));

    if (sentry_init(options) != 0) {
        fprintf(stderr, "sentry_init: %s\n", sentry_last_error_message());
        return 1;
    }

    sentry_status_t ignored = sentry_capture("{\"logger\": \"vendor.noise\", \"message\": \"again\"}", NULL);
    sentry_status_t reported = sentry_capture("{\"logger\": \"vendor.signal\", \"message\": \"once\"}", NULL);
    printf("vendor.noise: %s\nvendor.signal: %s\n", sentry_status_message(ignored), sentry_status_message(reported));

    int unsent = sentry_shutdown();
    return ignored == SENTRY_STATUS_IGNORED && reported == SENTRY_STATUS_OK && unsent == 0 ? 0 : 1;
}
