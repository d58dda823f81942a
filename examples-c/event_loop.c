/* The library inside an event loop, without a thread of its own: each line of the standard input is reported as it comes.
 *
 *   cc -o event_loop event_loop.c $(pkg-config --cflags --libs sentry)
 *   ./event_loop https://key@sentry.example.com/1
 */
#include <sentry.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Reports each whole line in `text`, and returns how many bytes of it are left. */
static size_t report_lines(char *text, size_t length)
{
    char *newline;
    while ((newline = memchr(text, '\n', length)) != NULL) {
        *newline = '\0';
        /* Queues and returns: nothing is sent before the next sentry_poll. */
        sentry_status_t status = sentry_capture_message(SENTRY_LEVEL_INFO, "event_loop", text, NULL);
        if (status != SENTRY_STATUS_OK)
            fprintf(stderr, "not reported: %s\n", sentry_status_message(status));
        length -= (size_t)(newline + 1 - text);
        memmove(text, newline + 1, length);
    }
    return length;
}

int main(int argc, char **argv)
{
    const char *dsn = argc > 1 ? argv[1] : getenv("SENTRY_DSN");
    if (dsn == NULL) {
        fprintf(stderr, "usage: %s DSN\n", argv[0]);
        return 2;
    }
    sentry_options_t *options = sentry_options_new();
    if (options == NULL || sentry_options_set_threadless(options, 1) != SENTRY_STATUS_OK) {
        fprintf(stderr, "%s\n", options == NULL ? "out of memory" : sentry_last_error_message());
        sentry_options_free(options);
        return 1;
    }
    sentry_options_set_dsn(options, dsn);
    if (sentry_init(options) != 0) {
        fprintf(stderr, "sentry_init: %s\n", sentry_last_error_message());
        return 1;
    }

    char text[4096];
    size_t length = 0;
    for (;;) {
        /* Does what can be done without waiting, and says how long the loop may wait: -1 is without an end, here and there. */
        int timeout_ms = sentry_poll(0);
        if (timeout_ms < -1) {
            fprintf(stderr, "sentry_poll: %s\n", sentry_last_error_message());
            break;
        }
        struct pollfd input = {STDIN_FILENO, POLLIN, 0};
        int ready = poll(&input, 1, timeout_ms);
        if (ready < 0 && errno != EINTR) {
            perror("poll");
            break;
        }
        if (ready <= 0)
            continue;
        ssize_t got = read(STDIN_FILENO, text + length, sizeof text - length);
        if (got <= 0)
            break;
        length = report_lines(text, length + (size_t)got);
        /* A line that is too long is cut. */
        length = length == sizeof text ? 0 : length;
    }

    /* Sends the rest by itself, for at most the shutdown time-out. */
    int unsent = sentry_close();
    if (unsent != 0) {
        fprintf(stderr, "not sent before the time-out: %d\n", unsent);
        return 1;
    }
    return 0;
}
