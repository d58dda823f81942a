/* Hooks as scrubbers write them for the compatible interface: they see breadcrumbs as a list, tags and extra as objects
 * and the message as `message`, what they change reaches the server, and what they lose is filled in. A transport reads an
 * envelope's event the same way. Usage: program DSN. C99 and C++17. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

static sentry_value_t get(sentry_value_t object, const char *key)
{
    return sentry_value_get_by_key(object, key);
}

static int set_text(sentry_value_t object, const char *key, const char *text)
{
    return sentry_value_set_by_key(object, key, sentry_value_new_string(text));
}

static const char *message_of(sentry_value_t event)
{
    return sentry_value_as_string(get(get(event, "message"), "formatted"));
}

/* What every event has that is shown to a host. */
static void check_model(sentry_value_t event)
{
    int is_feedback = !sentry_value_is_null(get(get(event, "contexts"), "feedback"));
    CHECK_EQ(sentry_value_get_type(event), SENTRY_VALUE_TYPE_OBJECT);
    CHECK_EQ(sentry_value_get_type(get(event, "breadcrumbs")),
             is_feedback ? SENTRY_VALUE_TYPE_NULL : SENTRY_VALUE_TYPE_LIST);
    CHECK_EQ(sentry_value_get_type(get(event, "tags")), SENTRY_VALUE_TYPE_OBJECT);
    CHECK_EQ(sentry_value_get_type(get(event, "extra")), SENTRY_VALUE_TYPE_OBJECT);
    CHECK(sentry_value_is_null(get(event, "logentry")));
    CHECK(!sentry_value_is_frozen(event));
}

/* Takes what it was given apart, and builds another event from nothing but the message. */
static sentry_value_t lose_all_but_the_message(sentry_value_t event)
{
    sentry_value_t other = sentry_value_new_object(), crumb = sentry_value_new_object();
    sentry_value_t crumbs = sentry_value_new_list();
    set_text(other, "message", message_of(event));
    set_text(crumb, "message", "without a time");
    sentry_value_append(crumbs, crumb);
    crumb = sentry_value_new_object();
    set_text(crumb, "timestamp", "yesterday");
    sentry_value_append(crumbs, crumb);
    sentry_value_set_by_key(other, "breadcrumbs", crumbs);
    sentry_value_decref(event);
    return other;
}

static void spoil(sentry_value_t event)
{
    set_text(event, "event_id", "");
    set_text(event, "timestamp", "");
    set_text(event, "level", "loud");
    set_text(event, "platform", "");
}

static sentry_value_t scrub(sentry_value_t event, void *hint, void *data)
{
    sentry_value_t crumbs = get(event, "breadcrumbs");
    (void)hint;
    (void)data;
    check_model(event);
    for (size_t i = 0; i < sentry_value_get_length(crumbs); i++)
        set_text(sentry_value_get_by_index(crumbs, i), "message", "[redacted]");
    CHECK_EQ(sentry_value_append(crumbs, sentry_value_new_breadcrumb("t", "of the hook")), 0);
    CHECK_EQ(set_text(get(event, "tags"), "hook", "tag"), 0);
    CHECK_EQ(set_text(get(event, "extra"), "hook", "extra"), 0);
    if (strcmp(message_of(event), "secret") == 0)
        CHECK_EQ(set_text(get(event, "message"), "formatted", "[redacted]"), 0);
    if (strcmp(message_of(event), "lost") == 0)
        return lose_all_but_the_message(event);
    if (strcmp(message_of(event), "spoilt") == 0)
        spoil(event);
    return event;
}

static sentry_value_t scrub_crumb(sentry_value_t crumb, void *data)
{
    (void)data;
    if (strcmp(sentry_value_as_string(get(crumb, "message")), "early") == 0) {
        sentry_value_decref(crumb);
        crumb = sentry_value_new_object();
        set_text(crumb, "category", "scrubbed");
    }
    return crumb;
}

static sentry_value_t scrub_feedback(sentry_value_t event, sentry_hint_t *hint, void *data)
{
    sentry_value_t feedback = get(get(event, "contexts"), "feedback");
    sentry_value_t crumbs = sentry_value_new_list();
    (void)hint;
    (void)data;
    check_model(event);
    CHECK_EQ(set_text(feedback, "message", "[redacted]"), 0);
    CHECK_EQ(set_text(get(event, "tags"), "hook", "tag"), 0);
    sentry_value_append(crumbs, sentry_value_new_object());
    sentry_value_set_by_key(event, "breadcrumbs", crumbs);
    spoil(event);
    return event;
}

static void start(const char *dsn, sentry_transport_t *transport)
{
    sentry_options_t *options = sentry_options_new();
    sentry_options_set_dsn(options, dsn);
    sentry_options_set_database_path(options, "");
    sentry_options_set_auto_session_tracking(options, 0);
    sentry_options_set_shutdown_timeout(options, 60000); /* under valgrind, on a busy machine */
    if (transport != NULL) {
        sentry_options_set_transport(options, transport);
    } else {
        sentry_options_set_before_send(options, scrub, NULL);
        sentry_options_set_before_breadcrumb(options, scrub_crumb, NULL);
        sentry_options_set_before_send_feedback(options, scrub_feedback, NULL);
    }
    CHECK_EQ(sentry_init(options), 0);
}

static void add_crumb(double timestamp, const char *text)
{
    sentry_value_t crumb = sentry_value_new_object();
    sentry_value_set_by_key(crumb, "timestamp", sentry_value_new_double(timestamp));
    set_text(crumb, "message", text);
    sentry_add_breadcrumb(crumb);
}

static void capture(const char *text)
{
    sentry_uuid_t id;
    sentry_value_t event = sentry_value_new_message_event(SENTRY_LEVEL_WARNING, NULL, text);
    sentry_value_set_by_key(event, "timestamp", sentry_value_new_double(1700000000.5));
    set_text(event, "event_id", "11111111-1111-1111-1111-111111111111");
    set_text(event, "platform", "c");
    id = sentry_capture_event(event);
    CHECK(!sentry_uuid_is_nil(&id));
}

static void hooks(const char *dsn)
{
    start(dsn, NULL);
    capture("secret");
    add_crumb(1600000000.5, "early");
    add_crumb(1600000001.5, "password");
    capture("lost");
    capture("spoilt");
    sentry_capture_feedback(sentry_value_new_feedback("secret", NULL, NULL, NULL));
    CHECK_EQ(sentry_close(), 0);
}

static int events_seen, feedbacks_seen;

/* The host owns the envelope, and reads in it what a hook would have seen. */
static void look(sentry_envelope_t *envelope, void *state)
{
    sentry_value_t event = sentry_envelope_get_event(envelope);
    sentry_value_t feedback = get(get(event, "contexts"), "feedback");
    (void)state;
    check_model(event);
    if (sentry_value_is_null(feedback)) {
        events_seen++;
        CHECK_TEXT(message_of(event), "hello");
        CHECK_TEXT(sentry_value_as_string(get(sentry_value_get_by_index(get(event, "breadcrumbs"), 0), "message")),
                   "crumb");
    } else {
        feedbacks_seen++;
        CHECK_TEXT(sentry_value_as_string(get(feedback, "message")), "words");
    }
    CHECK(sentry_value_is_null(sentry_envelope_get_transaction(envelope)));
    sentry_envelope_free(envelope);
}

static void transports(const char *dsn)
{
    start(dsn, sentry_transport_new(look));
    add_crumb(1600000000.5, "crumb");
    capture("hello");
    sentry_capture_feedback(sentry_value_new_feedback("words", NULL, NULL, NULL));
    CHECK_EQ(sentry_close(), 0);
    CHECK_EQ(events_seen, 1);
    CHECK_EQ(feedbacks_seen, 1);
}

/* What was read from bytes: transactions are told by their type, and feedback is no event. */
static void bytes(void)
{
    static const char text[] = "{}\n{\"type\":\"feedback\"}\n{\"a\":1}\n{\"type\":\"event\"}\n{\"type\":\"transaction\",\"b\":2}\n"
                               "{\"type\":\"event\"}\n{\"logentry\":{\"formatted\":\"m\"},\"breadcrumbs\":{\"values\":[{}]}}";
    sentry_envelope_t *envelope = sentry_envelope_deserialize(text, sizeof text - 1);
    CHECK(envelope != NULL);
    check_model(sentry_envelope_get_event(envelope));
    CHECK_TEXT(message_of(sentry_envelope_get_event(envelope)), "m");
    CHECK_EQ(sentry_value_get_length(get(sentry_envelope_get_event(envelope), "breadcrumbs")), 1);
    CHECK_EQ(sentry_value_as_int32(get(sentry_envelope_get_transaction(envelope), "b")), 2);
    sentry_envelope_free(envelope);
}

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    hooks(argv[1]);
    transports(argv[1]);
    bytes();
    return 0;
}
