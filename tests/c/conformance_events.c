/* Events and breadcrumbs as values, and the scope's setters: what arrives is asserted by the test that runs this.
 * Usage: program DSN. C99 and C++17. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

static void before_init(void)
{
    sentry_uuid_t id = sentry_capture_event(sentry_value_new_message_event(SENTRY_LEVEL_INFO, NULL, "nobody hears"));
    CHECK(sentry_uuid_is_nil(&id));
    sentry_add_breadcrumb(sentry_value_new_breadcrumb("default", "nobody hears"));
    sentry_set_user(sentry_value_new_user("1", NULL, NULL, NULL));
    sentry_set_extra("key", sentry_value_new_list());
    sentry_set_context("key", sentry_value_new_object());
    sentry_set_tags(sentry_value_new_object());
    id = sentry_get_last_event_id();
    CHECK(sentry_uuid_is_nil(&id));
}

static void fill_the_scope(void)
{
    sentry_value_t value = sentry_value_new_object();
    sentry_set_user(sentry_value_new_user("id-1", "name", "", NULL));
    sentry_value_set_by_key(value, "state", sentry_value_new_string("warm"));
    sentry_set_context("oven", value);
    sentry_set_context("gone", sentry_value_new_object());
    sentry_remove_context("gone");
    value = sentry_value_new_list();
    sentry_value_append(value, sentry_value_new_double(0.5));
    sentry_set_extra("list", value);
    sentry_set_extra("gone", sentry_value_new_null());
    sentry_remove_extra_n("gone...", 4);
    value = sentry_value_new_object();
    sentry_value_set_by_key(value, "color", sentry_value_new_string("red"));
    sentry_value_set_by_key(value, "number", sentry_value_new_int32(1));
    sentry_set_tags(value);
    sentry_set_tag("a/b", "two\nlines");
    sentry_set_level(SENTRY_LEVEL_WARNING);
    sentry_set_transaction("baking");
    sentry_set_release("bread@2");
    sentry_add_breadcrumb(sentry_value_new_breadcrumb("http", "fetched flour"));
    sentry_set_user(sentry_value_new_int32(3)); /* no user: ignored */
    sentry_set_extra(NULL, sentry_value_new_list());
}

static sentry_uuid_t captured(sentry_value_t event)
{
    return sentry_capture_event(event);
}

static sentry_options_t *options_for(const char *dsn)
{
    sentry_options_t *options = sentry_options_new();
    sentry_options_set_dsn(options, dsn);
    sentry_options_set_database_path(options, "");
    sentry_options_set_auto_session_tracking(options, 0);
    sentry_options_set_shutdown_timeout(options, 0);
    return options;
}

/* Where nothing can be sent, init succeeds and captures answer an id: that of the event, if it has one. */
static void ids_though_nothing_is_sent(const char *dsn)
{
    static const char known[] = "9ec79c33-ec99-42ab-8353-589fcb2e04dc";
    int way;
    for (way = 0; way < 4; way++) {
        sentry_options_t *options = options_for(way == 0 ? "nonsense" : way == 1 ? NULL : dsn);
        sentry_value_t event = sentry_value_new_event();
        sentry_uuid_t id;
        char text[37];
        if (way == 2)
            sentry_options_set_transport(options, NULL);
        if (way == 3)
            sentry_options_set_proxy(options, "socks7://nowhere:1");
        CHECK_EQ(sentry_init(options), 0);
        sentry_value_set_by_key(event, "event_id", sentry_value_new_string(known));
        id = captured(event);
        sentry_uuid_as_string(&id, text);
        CHECK_TEXT(text, known);
        id = sentry_scope_capture_event(sentry_local_scope_new(), sentry_value_new_object());
        CHECK(!sentry_uuid_is_nil(&id));
        id = sentry_scope_capture_feedback(
            sentry_local_scope_new(), sentry_value_new_feedback("text", NULL, NULL, NULL), sentry_hint_new());
        CHECK(!sentry_uuid_is_nil(&id));
        CHECK_EQ(sentry_capture("{}", NULL), way < 2 ? SENTRY_STATUS_DISABLED : SENTRY_STATUS_OK);
        sentry_close();
    }
}

/* An id that is none is replaced; one that can be read is kept. */
static void ids_of_events(const char *dsn)
{
    static const char *const odd[] = {"", "no id", "9ec79c33", "00000000-0000-0000-0000-000000000000"};
    sentry_options_t *options = options_for(dsn);
    sentry_value_t event;
    sentry_uuid_t id;
    char text[37];
    size_t at;
    sentry_options_set_transport(options, NULL);
    CHECK_EQ(sentry_init(options), 0);
    for (at = 0; at < sizeof odd / sizeof odd[0]; at++) {
        event = sentry_value_new_event();
        sentry_value_set_by_key(event, "event_id", sentry_value_new_string(odd[at]));
        id = captured(event);
        CHECK(!sentry_uuid_is_nil(&id));
    }
    event = sentry_value_new_event();
    sentry_value_set_by_key(event, "event_id", sentry_value_new_int32(7));
    id = captured(event);
    CHECK(!sentry_uuid_is_nil(&id));
    event = sentry_value_new_event();
    sentry_value_set_by_key(event, "event_id", sentry_value_new_string("9ec79c33ec9942ab8353589fcb2e04dc"));
    id = captured(event);
    sentry_uuid_as_string(&id, text);
    CHECK_TEXT(text, "9ec79c33-ec99-42ab-8353-589fcb2e04dc");
    sentry_close();
}

int main(int argc, char **argv)
{
    sentry_options_t *options;
    sentry_value_t event, transaction;
    sentry_uuid_t id, last;
    char text[37];
    before_init();
    CHECK(argc == 2);
    ids_though_nothing_is_sent(argv[1]);
    ids_of_events(argv[1]);
    options = sentry_options_new();
    sentry_options_set_dsn(options, argv[1]);
    sentry_options_set_database_path(options, "");
    sentry_options_set_auto_session_tracking(options, 0);
    sentry_options_set_shutdown_timeout(options, 60000); /* under valgrind, on a busy machine */
    sentry_options_set_release(options, "bread@1");
    CHECK_EQ(sentry_init(options), 0);
    fill_the_scope();

    event = sentry_value_new_event();
    sentry_event_add_exception(event, sentry_value_new_exception("Burnt", "400 degrees"));
    sentry_event_add_thread(event, sentry_value_new_thread(7, "baker"));
    sentry_value_set_by_key(event, "message", sentry_value_new_string("smoke"));
    id = sentry_capture_event(event);
    CHECK(!sentry_uuid_is_nil(&id));
    last = sentry_get_last_event_id();
    CHECK_EQ(memcmp(&id, &last, sizeof id), 0);
    sentry_uuid_as_string(&id, text);
    printf("%s\n", text);

    /* A transaction is not taken, and stays ours. */
    transaction = sentry_value_new_object();
    sentry_value_set_by_key(transaction, "type", sentry_value_new_string("transaction"));
    id = sentry_capture_event(transaction);
    CHECK(sentry_uuid_is_nil(&id));
    CHECK_EQ(sentry_value_decref(transaction), 0);
    id = sentry_capture_event(sentry_value_new_list());
    CHECK(sentry_uuid_is_nil(&id));
    last = sentry_get_last_event_id();
    sentry_uuid_as_string(&last, text);
    printf("%s\n", text);

    CHECK_EQ(sentry_close(), 0);
    id = sentry_capture_event(sentry_value_new_event());
    CHECK(sentry_uuid_is_nil(&id));
    return 0;
}
