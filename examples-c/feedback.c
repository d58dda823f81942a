/* What a user says about a failure, with the failure and a file that the user chose to add.
 *
 *   cc -o feedback feedback.c $(pkg-config --cflags --libs sentry)
 *   ./feedback https://key@sentry.example.com/1
 */
#include <sentry.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Last look before anything leaves: without an answer to write to, no name either. */
static sentry_value_t before_send_feedback(sentry_value_t event, sentry_hint_t *hint, void *user_data)
{
    static const char note[] = "checked";
    sentry_value_t contexts = sentry_value_get_by_key(event, "contexts");
    sentry_value_t feedback = sentry_value_get_by_key(contexts, "feedback");
    (void)user_data;
    if (sentry_value_is_null(sentry_value_get_by_key(feedback, "contact_email")))
        sentry_value_remove_by_key(feedback, "name");
    /* Or attach something; returning null, after a decref of the event, would drop it. */
    if (sentry_hint_attach_bytes(hint, note, sizeof note - 1, "note.txt") == NULL)
        fprintf(stderr, "sentry_hint_attach_bytes: %s\n", sentry_last_error_message());
    return event;
}

int main(int argc, char **argv)
{
    const char *dsn = argc > 1 ? argv[1] : getenv("SENTRY_DSN");
    const char *settings = "paper = a4\n";
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
    sentry_options_set_before_send_feedback(options, before_send_feedback, NULL);
    if (sentry_init(options) != 0) {
        fprintf(stderr, "sentry_init: %s\n", sentry_last_error_message());
        return 1;
    }

    sentry_value_t event = sentry_value_new_message_event(SENTRY_LEVEL_ERROR, "printer", "Printing failed");
    sentry_uuid_t failure = sentry_capture_event(event);
    int failures = sentry_uuid_is_nil(&failure);

    /* The capture ends the hint, and takes the feedback. */
    sentry_hint_t *hint = sentry_hint_new();
    if (sentry_hint_attach_bytes(hint, settings, strlen(settings), "settings.ini") == NULL) {
        fprintf(stderr, "sentry_hint_attach_bytes: %s\n", sentry_last_error_message());
        failures++;
    }
    sentry_value_t feedback = sentry_value_new_feedback("It stopped after page 2.", NULL, "Ada", &failure);
    sentry_uuid_t id = sentry_scope_capture_feedback(NULL, feedback, hint);
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
    return failures == 0 && unsent == 0 ? 0 : 1;
}
