/* A program's own log feeds the reports: two thresholds decide what becomes context and what becomes an event.
 *
 *   cc -o logging logging.c $(pkg-config --cflags --libs sentry)
 *   ./logging https://key@sentry.example.com/1
 */
#include <sentry.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* The one place where the program writes its log. */
static void log_line(sentry_level_t level, const char *logger, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    printf("%s: %s\n", logger, text);

    /* At or above `breadcrumb_level` a breadcrumb, at or above `event_level` an event with the breadcrumbs so far. */
    sentry_status_t status = sentry_log_message(level, logger, text);
    if (status != SENTRY_STATUS_OK) {
        printf("  not reported: %s\n", sentry_status_message(status));
    }
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
    /* These two are the defaults; a logger is silenced by its name. */
    if (sentry_options_set_breadcrumb_level(options, SENTRY_LEVEL_INFO) != SENTRY_STATUS_OK
        || sentry_options_set_event_level(options, SENTRY_LEVEL_ERROR) != SENTRY_STATUS_OK
        || sentry_options_set_ignore_errors(options, "printer.heartbeat\nvendor.*") != SENTRY_STATUS_OK) {
        fprintf(stderr, "option: %s\n", sentry_last_error_message());
        sentry_options_free(options);
        return 1;
    }
    if (sentry_init(options) != 0) {
        fprintf(stderr, "sentry_init: %s\n", sentry_last_error_message());
        return 1;
    }
    sentry_set_tag("printer", "lp0");

    log_line(SENTRY_LEVEL_DEBUG, "printer.spool", "polled in %d ms", 3);
    log_line(SENTRY_LEVEL_INFO, "printer.spool", "job %d queued", 17);
    log_line(SENTRY_LEVEL_WARNING, "printer.feed", "tray %d is low", 2);
    log_line(SENTRY_LEVEL_ERROR, "printer.feed", "tray %d is empty", 2);
    log_line(SENTRY_LEVEL_ERROR, "printer.heartbeat", "late by %d ms", 40);

    /* A breadcrumb of any shape, as JSON. */
    sentry_status_t status = sentry_add_breadcrumb_json(
        "{\"category\": \"ui\", \"message\": \"Cancel pressed\", \"data\": {\"job\": 17}}");
    if (status != SENTRY_STATUS_OK) {
        fprintf(stderr, "sentry_add_breadcrumb_json: %s\n", sentry_last_error_message());
    }

    int unsent = sentry_shutdown();
    if (unsent != 0) {
        fprintf(stderr, "not sent before the time-out: %d\n", unsent);
    }
    return status == SENTRY_STATUS_OK && unsent == 0 ? 0 : 1;
}
