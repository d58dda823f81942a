/* Feedback and user reports: who owns what, what the hook sees and changes, what is refused. Usage: program DSN.
 * C99 and C++17. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

/* Deprecated functions still work. */
SENTRY_SUPPRESS_DEPRECATED

static int seen;
static int events_seen;

static const char *written(sentry_value_t event)
{
    sentry_value_t contexts = sentry_value_get_by_key(event, "contexts");
    sentry_value_t feedback = sentry_value_get_by_key(contexts, "feedback");
    return sentry_value_as_string(sentry_value_get_by_key(feedback, "message"));
}

static sentry_value_t before_send_feedback(sentry_value_t event, sentry_hint_t *hint, void *data)
{
    const char *text = written(event);
    CHECK(data == &seen);
    CHECK(hint != NULL);
    seen++;
    CHECK_TEXT(sentry_value_as_string(sentry_value_get_by_key(event, "level")), "info");
    CHECK_TEXT(sentry_value_as_string(sentry_value_get_by_key(sentry_value_get_by_key(event, "tags"), "t")), "v");
    CHECK(sentry_value_is_null(sentry_value_get_by_key(event, "breadcrumbs")));
    if (strcmp(text, "drop me") == 0) {
        CHECK(sentry_hint_attach_file(hint, "/nowhere") != NULL);
        sentry_value_decref(event);
        return sentry_value_new_null();
    }
    if (strcmp(text, "empty me") == 0) {
        sentry_value_set_by_key(sentry_value_get_by_key(event, "contexts"), "feedback", sentry_value_new_object());
        return event;
    }
    if (strcmp(text, "change me") == 0) {
        sentry_value_t feedback = sentry_value_new_feedback("changed", NULL, "hook", NULL);
        sentry_value_set_by_key(sentry_value_get_by_key(event, "contexts"), "feedback", feedback);
        sentry_value_remove_by_key(event, "tags");
        CHECK(sentry_hint_attach_bytes(hint, "seen", 4, "hook.txt") != NULL);
    }
    return event;
}

static sentry_value_t before_send(sentry_value_t event, void *hint, void *data)
{
    (void)hint;
    (void)data;
    events_seen++;
    return event;
}

static int captured(const char *text)
{
    sentry_uuid_t id =
        sentry_scope_capture_feedback(NULL, sentry_value_new_feedback(text, NULL, NULL, NULL), NULL);
    return !sentry_uuid_is_nil(&id);
}

static uint64_t refused(sentry_discard_reason_t reason)
{
    host_check_account();
    return host_stats().categories[SENTRY_CATEGORY_FEEDBACK].discarded_by_reason[reason];
}

static sentry_hint_t *filled_hint(void)
{
    sentry_hint_t *hint = sentry_hint_new();
    CHECK(hint != NULL);
    CHECK(sentry_hint_attach_bytes(hint, "hint", 4, "hint.txt") != NULL);
    return hint;
}

static void constructors(void)
{
    sentry_uuid_t id = sentry_uuid_from_string("9ec79c33ec9942ab8353589fcb2e04dc");
    sentry_value_t value = sentry_value_new_feedback("m", "e@x", "n", &id);
    char *json = sentry_value_to_json(value);
    CHECK_TEXT(json, "{\"message\":\"m\",\"contact_email\":\"e@x\",\"name\":\"n\","
                     "\"associated_event_id\":\"9ec79c33ec9942ab8353589fcb2e04dc\"}");
    sentry_free(json);
    CHECK_EQ(sentry_value_decref(value), 0);
    value = sentry_value_new_feedback_n("mess...", 4, "e...", 1, NULL, 0, NULL);
    json = sentry_value_to_json(value);
    CHECK_TEXT(json, "{\"message\":\"mess\",\"contact_email\":\"e\"}");
    sentry_free(json);
    sentry_value_decref(value);
    value = sentry_value_new_user_feedback(&id, "n", NULL, "c");
    json = sentry_value_to_json(value);
    CHECK_TEXT(json, "{\"event_id\":\"9ec79c33-ec99-42ab-8353-589fcb2e04dc\",\"name\":\"n\",\"comments\":\"c\"}");
    sentry_free(json);
    sentry_value_decref(value);
    CHECK(sentry_value_is_null(sentry_value_new_user_feedback(NULL, "n", NULL, "c")));
    CHECK(sentry_hint_attach_file(NULL, "x") == NULL);
    CHECK_TEXT(sentry_last_error_message(), "the hint is NULL");
    CHECK(sentry_hint_attach_bytes(NULL, "x", 1, "x") == NULL);
}

/* Everything is taken, also when nothing comes of it; valgrind looks for what is not. */
static void without_a_client(void)
{
    sentry_scope_t *once = sentry_local_scope_new();
    sentry_uuid_t id =
        sentry_scope_capture_feedback(once, sentry_value_new_feedback("lost", NULL, NULL, NULL), filled_hint());
    CHECK(sentry_uuid_is_nil(&id));
    CHECK(strstr(sentry_last_error_message(), "not initialised") != NULL);
    sentry_capture_feedback(sentry_value_new_feedback("lost", NULL, NULL, NULL));
    sentry_capture_feedback_with_hint(sentry_value_new_null(), NULL);
    sentry_capture_user_feedback(sentry_value_new_object());
}

static void feedback(void)
{
    static char text[5001];
    sentry_scope_t *once = sentry_local_scope_new();
    sentry_scope_t *scope = sentry_scope_new();
    sentry_uuid_t error, id, last;
    sentry_hint_t *hint = filled_hint();
    sentry_attachment_t *handle;

    sentry_set_tag("t", "v");
    sentry_add_breadcrumb(sentry_value_new_breadcrumb(NULL, "not for feedback"));
    CHECK(sentry_attach_bytes("process", 7, "process.txt") != NULL);
    error = sentry_capture_event(sentry_value_new_message_event(SENTRY_LEVEL_ERROR, NULL, "it broke"));
    CHECK(sentry_uuid_is_nil(&error)); /* sampled out, and that is of no concern here */

    id = sentry_uuid_from_string("9ec79c33ec9942ab8353589fcb2e04dc");
    sentry_capture_feedback(sentry_value_new_feedback("it broke", "e@x", "n", &id));
    last = sentry_get_last_event_id();
    CHECK(!sentry_uuid_is_nil(&last));

    handle = sentry_hint_attach_bytes(hint, "zwei", 4, "two.txt");
    sentry_attachment_set_content_type(handle, "text/plain");
    CHECK(sentry_hint_attach_file(hint, "/nowhere/at/all") != NULL);
    CHECK(sentry_scope_attach_bytes(scope, "scope", 5, "scope.txt") != NULL);
    sentry_scope_set_tag(scope, "s", "w");
    id = sentry_scope_capture_feedback(scope, sentry_value_new_feedback("all of it", NULL, NULL, NULL), hint);
    CHECK(!sentry_uuid_is_nil(&id));
    last = sentry_scope_get_last_event_id(scope);
    CHECK(memcmp(&id, &last, sizeof id) == 0);
    sentry_attachment_set_content_type(handle, "late");
    sentry_scope_free(scope);

    CHECK(!captured("drop me"));
    CHECK_TEXT(sentry_last_error_message(), "before_send_feedback returned null");
    CHECK_EQ(refused(SENTRY_DISCARD_BEFORE_SEND), 1);
    CHECK(!captured("empty me"));
    CHECK_EQ(refused(SENTRY_DISCARD_INVALID), 1);
    sentry_capture_feedback_with_hint(sentry_value_new_feedback("change me", NULL, NULL, NULL), filled_hint());
    CHECK_TEXT(sentry_last_error_message(), "");

    CHECK(!captured(""));
    CHECK_TEXT(sentry_last_error_message(), "the message of feedback is empty");
    CHECK(!captured(NULL));
    CHECK(!captured(" \n "));
    id = sentry_scope_capture_feedback(once, sentry_value_new_int32(7), filled_hint());
    CHECK(sentry_uuid_is_nil(&id));
    CHECK_EQ(refused(SENTRY_DISCARD_INVALID), 5);
    memset(text, '"', sizeof text - 1);
    CHECK(captured(text));
    CHECK_EQ(seen, 6);
    CHECK_EQ(events_seen, 1);
}

static void user_reports(void)
{
    sentry_uuid_t id = sentry_uuid_from_string("9ec79c33ec9942ab8353589fcb2e04dc");
    sentry_uuid_t last;
    sentry_value_t odd = sentry_value_new_object();
    sentry_capture_user_feedback(sentry_value_new_user_feedback_n(&id, "n...", 1, "e@x", 3, "it broke", 8));
    last = sentry_get_last_event_id();
    CHECK(memcmp(&id, &last, sizeof id) == 0);
    sentry_value_set_by_key(odd, "event_id", sentry_value_new_string("no id"));
    sentry_value_set_by_key(odd, "comments", sentry_value_new_string("replaced"));
    sentry_capture_user_feedback(odd);
    last = sentry_get_last_event_id();
    CHECK(!sentry_uuid_is_nil(&last));
    CHECK(memcmp(&id, &last, sizeof id) != 0);
    sentry_capture_user_feedback(sentry_value_new_null());
    CHECK_TEXT(sentry_last_error_message(), "a user report is an object");
    CHECK_EQ(refused(SENTRY_DISCARD_INVALID), 6);
}

int main(int argc, char **argv)
{
    sentry_options_t *options;
    CHECK(argc == 2);
    host_dsn = argv[1];
    constructors();
    without_a_client();
    options = host_options();
    sentry_options_set_shutdown_timeout(options, 60000); /* under valgrind, on a busy machine */
    sentry_options_set_sample_rate(options, 0.0);
    sentry_options_set_before_send(options, before_send, NULL);
    sentry_options_set_before_send_feedback(NULL, before_send_feedback, NULL);
    sentry_options_set_before_send_feedback(options, before_send_feedback, &seen);
    CHECK_EQ(sentry_init(options), 0);
    feedback();
    user_reports();
    CHECK_EQ(sentry_close(), 0);
    without_a_client();
    return 0;
}
