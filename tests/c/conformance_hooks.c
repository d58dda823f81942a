/* Hooks and envelopes: what they see, change and drop; who owns what; reading and writing of envelopes, hostile input
 * included. Usage: program DSN. C99 and C++17. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

#include <sys/stat.h>

static int events_seen;
static int crumbs_seen;

static sentry_value_t before_send(sentry_value_t event, void *hint, void *data)
{
    sentry_value_t message = sentry_value_get_by_key(event, "message");
    const char *text = sentry_value_as_string(sentry_value_get_by_key(message, "formatted"));
    CHECK(hint == NULL);
    CHECK(data == &events_seen);
    events_seen++;
    /* The event is complete: scope, contexts, id, and the wire's logentry has its old name. */
    CHECK_TEXT(sentry_value_as_string(sentry_value_get_by_key(sentry_value_get_by_key(event, "tags"), "t")), "v");
    CHECK_EQ(sentry_value_get_type(sentry_value_get_by_key(event, "contexts")), SENTRY_VALUE_TYPE_OBJECT);
    CHECK(sentry_value_is_null(sentry_value_get_by_key(event, "logentry")));
    if (strcmp(text, "drop me") == 0) {
        CHECK_EQ(sentry_value_decref(event), 0);
        return sentry_value_new_null();
    }
    if (strcmp(text, "replace me") == 0) {
        sentry_value_decref(event);
        return sentry_value_new_message_event(SENTRY_LEVEL_INFO, "hook", "another");
    }
    if (strcmp(text, "again") == 0) {
        /* Calling back into the library from a hook is allowed. */
        sentry_set_tag("from", "hook");
        sentry_uuid_t inner =
            sentry_capture_event(sentry_value_new_message_event(SENTRY_LEVEL_INFO, NULL, "inner"));
        CHECK(!sentry_uuid_is_nil(&inner));
    }
    if (strcmp(text, "nonsense") == 0) {
        sentry_value_decref(event);
        return sentry_value_new_int32(7);
    }
    sentry_value_remove_by_key(event, "extra");
    sentry_value_set_by_key(event, "fingerprint", sentry_value_new_list());
    sentry_value_append(sentry_value_get_by_key(event, "fingerprint"), sentry_value_new_string("hooked"));
    return event;
}

static sentry_value_t before_breadcrumb(sentry_value_t crumb, void *data)
{
    const char *text = sentry_value_as_string(sentry_value_get_by_key(crumb, "message"));
    CHECK(data == &crumbs_seen);
    crumbs_seen++;
    if (strcmp(text, "secret") == 0) {
        sentry_value_decref(crumb);
        return sentry_value_new_null();
    }
    sentry_value_set_by_key(crumb, "category", sentry_value_new_string("seen"));
    return crumb;
}

static int captured(const char *text)
{
    sentry_uuid_t id = sentry_capture_event(sentry_value_new_message_event(SENTRY_LEVEL_ERROR, NULL, text));
    return !sentry_uuid_is_nil(&id);
}

static uint64_t discarded(sentry_discard_reason_t reason)
{
    sentry_stats_t stats;
    stats.size = sizeof stats;
    CHECK_EQ(sentry_get_stats(&stats), SENTRY_STATUS_OK);
    return stats.categories[SENTRY_CATEGORY_ERROR].discarded_by_reason[reason];
}

static void hooks(void)
{
    sentry_set_tag("t", "v");
    sentry_set_extra("private", sentry_value_new_string("gone"));
    sentry_add_breadcrumb(sentry_value_new_breadcrumb(NULL, "secret"));
    CHECK_TEXT(sentry_last_error_message(), "before_breadcrumb returned null");
    sentry_add_breadcrumb(sentry_value_new_breadcrumb(NULL, "kept"));
    CHECK_EQ(sentry_log_message(SENTRY_LEVEL_INFO, "lg", "secret"), SENTRY_STATUS_OK);
    CHECK_EQ(crumbs_seen, 3);
    CHECK(captured("plain"));
    CHECK(!captured("drop me"));
    CHECK_TEXT(sentry_last_error_message(), "before_send returned null");
    CHECK_EQ(sentry_capture_message(SENTRY_LEVEL_INFO, NULL, "drop me", NULL), SENTRY_STATUS_DROPPED_BY_HOOK);
    CHECK_EQ(discarded(SENTRY_DISCARD_BEFORE_SEND), 2);
    CHECK(!captured("nonsense"));
    CHECK_EQ(discarded(SENTRY_DISCARD_INVALID), 1);
    CHECK(captured("replace me"));
    CHECK(captured("again"));
    CHECK_EQ(events_seen, 7);
}

static void envelopes(void)
{
    static const char text[] =
        "{\"event_id\":\"9ec79c33ec9942ab8353589fcb2e04dc\",\"sent_at\":\"2026-01-01T00:00:00Z\",\"odd\":[1]}\n"
        "{\"type\":\"event\",\"length\":53}\n"
        "{\"event_id\":\"9ec79c33ec9942ab8353589fcb2e04dc\",\"n\":1}\n"
        "{\"type\":\"mystery\",\"length\":3,\"x\":true}\n"
        "a\nb\n";
    static const char *const broken[] = {"[]", "{", "{}\n{\"type\":\"event\",\"length\":99}\n{}",
                                         "{}\n{\"type\":\"event\",\"length\":-1}\n{}", "{}\nnonsense\n{}", "\xff",
                                         "{}\n{\"type\":\"event\",\"length\":0}"};
    static const char *const unusual[] = {
        "{}", "{}\n", "{}\n{\"type\":\"attachment\",\"length\":0}\n", "{}\n{\"type\":\"attachment\",\"length\":0}\n\n",
        "{}\n{\"type\":\"attachment\",\"length\":2}\nhi", "{}\n{\"type\":\"attachment\"}\nhi",
        "{}\n\n{\"type\":\"attachment\"}\nhi\n\n\n{\"type\":\"event\"}\n{}\n",
        "{\"event_id\":\"\",\"sent_at\":7}\n{\"length\":2}\nhi", "{}\n{\"type\":\"event\",\"length\":null}\n{}"};
    char path[] = "/tmp/libsentry-conformance-XXXXXX";
    sentry_envelope_t *envelope = sentry_envelope_deserialize(text, sizeof text - 1);
    sentry_envelope_t *copy;
    size_t size = 0, again = 0, at;
    char *bytes, *reread;
    CHECK(envelope != NULL);
    CHECK_TEXT(sentry_value_as_string(sentry_envelope_get_header(envelope, "event_id")),
               "9ec79c33ec9942ab8353589fcb2e04dc");
    CHECK_EQ(sentry_value_get_length(sentry_envelope_get_header_n(envelope, "odd...", 3)), 1);
    CHECK(sentry_value_is_null(sentry_envelope_get_header(envelope, "absent")));
    CHECK(sentry_value_is_null(sentry_envelope_get_header(envelope, NULL)));
    CHECK(sentry_value_is_null(sentry_envelope_get_header(NULL, "event_id")));
    CHECK_EQ(sentry_value_as_int32(sentry_value_get_by_key(sentry_envelope_get_event(envelope), "n")), 1);
    CHECK(sentry_value_is_null(sentry_envelope_get_transaction(envelope)));
    bytes = sentry_envelope_serialize(envelope, &size);
    CHECK_EQ(strlen(bytes), size);
    CHECK(bytes[size - 1] != '\n');
    /* What was read is written, but for the line feed at the end. */
    CHECK_EQ(size, sizeof text - 2);
    CHECK_EQ(memcmp(bytes, text, size), 0);
    CHECK_TEXT(sentry_value_as_string(sentry_envelope_get_header(envelope, "sent_at")), "2026-01-01T00:00:00Z");

    at = (size_t)mkstemp(path);
    CHECK((int)at >= 0);
    close((int)at);
    CHECK_EQ(sentry_envelope_write_to_file(envelope, path), 0);
    copy = sentry_envelope_read_from_file(path);
    CHECK(copy != NULL);
    reread = sentry_envelope_serialize(copy, &again);
    CHECK_EQ(again, size);
    CHECK_EQ(memcmp(bytes, reread, size), 0);
    unlink(path);
    {
        /* A new file may be read by all and written by the group, as far as the umask allows. */
        struct stat found;
        mode_t before = umask(0);
        CHECK_EQ(sentry_envelope_write_to_file(envelope, path), 0);
        umask(before);
        CHECK_EQ(stat(path, &found), 0);
        CHECK_EQ(found.st_mode & 0777, 0664);
        unlink(path);
    }
    sentry_free(reread);
    sentry_free(bytes);
    sentry_envelope_free(copy);

    CHECK_EQ(sentry_envelope_write_to_file(envelope, "/nonexistent/x"), 1);
    CHECK_EQ(sentry_envelope_write_to_file(NULL, path), 1);
    CHECK_EQ(sentry_envelope_write_to_file(envelope, NULL), 1);
    CHECK(sentry_envelope_read_from_file("/nonexistent/x") == NULL);
    CHECK(sentry_envelope_read_from_file("/dev/zero") == NULL);
    CHECK(sentry_envelope_read_from_file(NULL) == NULL);
    CHECK(sentry_envelope_read_from_file_n("x", 0) == NULL);
    CHECK(sentry_envelope_deserialize(NULL, 0) == NULL);
    CHECK(sentry_envelope_deserialize("", 0) == NULL);
    CHECK(sentry_envelope_serialize(NULL, NULL) == NULL);
    for (at = 0; at < sizeof broken / sizeof broken[0]; at++)
        CHECK(sentry_envelope_deserialize(broken[at], strlen(broken[at])) == NULL);
    sentry_envelope_free(NULL);
    sentry_capture_envelope(NULL);

    /* What other programs write: nothing attached, no length, no newline at the end, lines between the items. */
    for (at = 0; at < sizeof unusual / sizeof unusual[0]; at++) {
        copy = sentry_envelope_deserialize(unusual[at], strlen(unusual[at]));
        if (copy == NULL)
            host_fail(unusual[at], __FILE__, __LINE__);
        reread = sentry_envelope_serialize(copy, NULL);
        CHECK(reread != NULL);
        sentry_free(reread);
        sentry_envelope_free(copy);
    }

    /* Neither hook nor scope: it goes as it is. */
    sentry_capture_envelope(envelope);
    CHECK_TEXT(sentry_last_error_message(), "");
    copy = sentry_envelope_deserialize("{}", 2);
    CHECK(copy != NULL);
    sentry_capture_envelope(copy);
    CHECK(strstr(sentry_last_error_message(), "without items") != NULL);
    CHECK_EQ(events_seen, 7);
}

static int depth;
static int deepest;

/* What a logger does that hears of everything: reports what it sees, from within the hook. */
static sentry_value_t report_again(sentry_value_t event, void *hint, void *data)
{
    (void)hint;
    (void)data;
    depth++;
    deepest = depth > deepest ? depth : deepest;
    sentry_capture_message(SENTRY_LEVEL_ERROR, NULL, "deeper", NULL);
    depth--;
    return event;
}

static sentry_value_t log_again(sentry_value_t crumb, void *data)
{
    (void)data;
    sentry_log_message(SENTRY_LEVEL_INFO, NULL, "deeper");
    return crumb;
}

static void hooks_that_call_themselves(const char *dsn)
{
    sentry_options_t *options = sentry_options_new();
    sentry_options_set_dsn(options, dsn);
    sentry_options_set_database_path(options, "");
    sentry_options_set_auto_session_tracking(options, 0);
    sentry_options_set_shutdown_timeout(options, 60000);
    sentry_options_set_before_send(options, report_again, NULL);
    sentry_options_set_before_breadcrumb(options, log_again, NULL);
    CHECK_EQ(sentry_init(options), 0);
    sentry_add_breadcrumb(sentry_value_new_breadcrumb(NULL, "once"));
    CHECK(captured("outermost"));
    CHECK_EQ(deepest, 4);
    CHECK_EQ(discarded(SENTRY_DISCARD_BEFORE_SEND), 1);
    CHECK_EQ(sentry_close(), 0);
}

int main(int argc, char **argv)
{
    sentry_options_t *options = sentry_options_new();
    sentry_envelope_t *early;
    CHECK(argc == 2);
    early = sentry_envelope_deserialize("{}\n{\"type\":\"event\"}\n{}", 22);
    CHECK(early != NULL);
    sentry_capture_envelope(early); /* before init: freed, nothing else */
    sentry_options_set_dsn(options, argv[1]);
    sentry_options_set_database_path(options, "");
    sentry_options_set_auto_session_tracking(options, 0);
    sentry_options_set_shutdown_timeout(options, 60000); /* under valgrind, on a busy machine */
    sentry_options_set_before_send(NULL, before_send, NULL);
    sentry_options_set_before_send(options, before_send, &events_seen);
    sentry_options_set_before_breadcrumb(options, before_breadcrumb, &crumbs_seen);
    CHECK_EQ(sentry_init(options), 0);
    hooks();
    envelopes();
    CHECK_EQ(sentry_close(), 0);
    CHECK(!captured("after close"));
    CHECK_EQ(events_seen, 7);
    hooks_that_call_themselves(argv[1]);
    return 0;
}
