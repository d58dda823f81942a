/* Files and bytes that travel with an event: the log of the program, and what it was working on.
 *
 *   cc -o attachment attachment.c $(pkg-config --cflags --libs sentry)
 *   ./attachment https://key@sentry.example.com/1
 */
#include <sentry.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int write_log(const char *path, const char *line)
{
    FILE *file = fopen(path, "a");
    if (file == NULL || fputs(line, file) < 0) {
        perror(path);
        if (file != NULL)
            fclose(file);
        return 1;
    }
    return fclose(file);
}

int main(int argc, char **argv)
{
    const char *dsn = argc > 1 ? argv[1] : getenv("SENTRY_DSN");
    const char *log = "attachment-example.log";
    const char *job = "{\"job\": 17, \"pages\": 3}";
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
    /* Read whenever something is captured; it need not exist yet. Larger than 1 MiB it stays at home. */
    sentry_options_add_attachment(options, log);
    if (sentry_options_set_max_attachment_bytes(options, 1024 * 1024) != SENTRY_STATUS_OK) {
        fprintf(stderr, "option: %s\n", sentry_last_error_message());
        sentry_options_free(options);
        return 1;
    }
    if (sentry_init(options) != 0) {
        fprintf(stderr, "sentry_init: %s\n", sentry_last_error_message());
        return 1;
    }

    int failures = write_log(log, "job 17 started\n") + write_log(log, "tray 2 is empty\n");

    /* Bytes are copied at once. This one goes with one event only. */
    sentry_scope_t *scope = sentry_local_scope_new();
    sentry_attachment_t *attachment = sentry_scope_attach_bytes(scope, job, strlen(job), "job.json");
    if (attachment == NULL) {
        fprintf(stderr, "sentry_scope_attach_bytes: %s\n", sentry_last_error_message());
        failures++;
    }
    sentry_attachment_set_content_type(attachment, "application/json");

    sentry_value_t event = sentry_value_new_message_event(SENTRY_LEVEL_ERROR, "printer", "Printing failed");
    sentry_uuid_t id = sentry_scope_capture_event(scope, event);
    if (sentry_uuid_is_nil(&id)) {
        fprintf(stderr, "not accepted: %s\n", sentry_last_error_message());
        failures++;
    } else {
        char text[37];
        sentry_uuid_as_string(&id, text);
        printf("accepted %s\n", text);
    }

    int unsent = sentry_close();
    if (unsent != 0)
        fprintf(stderr, "not sent before the time-out: %d\n", unsent);
    remove(log);
    return failures == 0 && unsent == 0 ? 0 : 1;
}
