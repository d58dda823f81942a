/* The smallest complete program: start, report one event, stop.
 *
 *   cc -o minimal minimal.c $(pkg-config --cflags --libs sentry)
 *   ./minimal https://key@sentry.example.com/1
 */
#include <sentry.h>

#include <stdio.h>
#include <stdlib.h>

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
    sentry_options_set_release(options, "minimal@1.0.0");

    /* Takes the options over, also when it fails: there is nothing to free. */
    if (sentry_init(options) != 0) {
        fprintf(stderr, "sentry_init: %s\n", sentry_last_error_message());
        return 1;
    }

    /* Validates, queues and returns; a thread of the library sends. */
    sentry_uuid_t event_id;
    sentry_status_t status = sentry_capture(
        "{\"level\": \"error\","
        " \"logger\": \"minimal\","
        " \"message\": \"The paper tray is empty\","
        " \"tags\": {\"tray\": \"2\"}}",
        &event_id);
    if (status != SENTRY_STATUS_OK) {
        fprintf(stderr, "sentry_capture: %s: %s\n", sentry_status_message(status), sentry_last_error_message());
        sentry_shutdown();
        return 1;
    }

    char id_text[37];
    sentry_uuid_as_string(&event_id, id_text);
    printf("accepted %s\n", id_text);

    /* Waits at most the shutdown time-out, 2 s by default; answers how many envelopes were left behind. */
    int unsent = sentry_shutdown();
    if (unsent != 0) {
        fprintf(stderr, "not sent before the time-out: %d\n", unsent);
        return 1;
    }
    return 0;
}
