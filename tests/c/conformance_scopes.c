/* Scopes of the host's own: precedence, copies, ownership, one-shot scopes. What arrives is asserted by the test that
 * runs this. Usage: program DSN. C99 and C++17. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

/* Deprecated functions still work. */
SENTRY_SUPPRESS_DEPRECATED

static sentry_value_t message(const char *text)
{
    return sentry_value_new_message_event(SENTRY_LEVEL_INFO, NULL, text);
}

static sentry_value_t object(const char *key, const char *text)
{
    sentry_value_t made = sentry_value_new_object();
    sentry_value_set_by_key(made, key, sentry_value_new_string(text));
    return made;
}

static void null_scopes(void)
{
    sentry_uuid_t id = sentry_scope_get_last_event_id(NULL);
    CHECK(sentry_uuid_is_nil(&id));
    CHECK(sentry_scope_clone(NULL) == NULL);
    sentry_scope_free(NULL);
    sentry_scope_clear(NULL);
    sentry_scope_set_user(NULL, sentry_value_new_object());
    sentry_scope_set_tag(NULL, "a", "b");
    sentry_scope_set_tags(NULL, sentry_value_new_object());
    sentry_scope_set_extra(NULL, "a", sentry_value_new_list());
    sentry_scope_set_context(NULL, "a", sentry_value_new_list());
    sentry_scope_update_context(NULL, "a", sentry_value_new_list());
    sentry_scope_set_fingerprints(NULL, sentry_value_new_list());
    sentry_scope_remove_fingerprint(NULL);
    sentry_scope_set_level(NULL, SENTRY_LEVEL_INFO);
    sentry_scope_add_breadcrumb(NULL, sentry_value_new_breadcrumb(NULL, "x"));
}

static void disabled_captures_end_one_shot_scopes(void)
{
    sentry_uuid_t id;
    sentry_scope_t *scope = sentry_local_scope_new();
    sentry_scope_set_tag(scope, "a", "b");
    id = sentry_scope_capture_event(scope, message("nobody hears"));
    CHECK(sentry_uuid_is_nil(&id));
}

static void precedence(void)
{
    sentry_uuid_t id, last;
    sentry_value_t event = message("inner wins");
    sentry_value_t list = sentry_value_new_list();
    sentry_scope_t *scope = sentry_scope_new();
    sentry_set_tag("where", "process");
    sentry_set_tag("only", "process");
    sentry_set_user(sentry_value_new_user("process", NULL, NULL, NULL));
    sentry_set_context("box", object("from", "process"));
    sentry_add_breadcrumb(sentry_value_new_breadcrumb(NULL, "first"));
    sentry_scope_set_tag(scope, "where", "scope");
    sentry_scope_set_tag(scope, "event", "scope");
    sentry_scope_set_user(scope, sentry_value_new_user("scope", NULL, NULL, NULL));
    sentry_scope_set_context(scope, "box", object("from", "scope"));
    sentry_scope_update_context(scope, "box", object("more", "scope"));
    sentry_scope_set_extra(scope, "x", sentry_value_new_int32(1));
    sentry_scope_set_level(scope, SENTRY_LEVEL_FATAL); /* the event has its own */
    sentry_value_append(list, sentry_value_new_string("print"));
    sentry_scope_set_fingerprints(scope, list);
    sentry_scope_add_breadcrumb(scope, sentry_value_new_breadcrumb(NULL, "second"));
    sentry_value_set_by_key(event, "tags", object("event", "event"));
    id = sentry_scope_capture_event(scope, event);
    CHECK(!sentry_uuid_is_nil(&id));
    last = sentry_scope_get_last_event_id(scope);
    CHECK_EQ(memcmp(&id, &last, sizeof id), 0);
    /* That of the process is another. */
    last = sentry_get_last_event_id();
    CHECK(sentry_uuid_is_nil(&last));

    /* A copy is independent, and a cleared scope is empty. */
    {
        sentry_scope_t *copy = sentry_scope_clone(scope);
        sentry_scope_set_tag(copy, "where", "copy");
        sentry_scope_clear(scope);
        last = sentry_scope_get_last_event_id(scope);
        CHECK(sentry_uuid_is_nil(&last));
        id = sentry_capture_event_with_scope(message("copy"), copy);
        CHECK(!sentry_uuid_is_nil(&id));
        sentry_scope_free(copy);
    }
    id = sentry_scope_capture_event(scope, message("cleared"));
    CHECK(!sentry_uuid_is_nil(&id));
    sentry_scope_free(scope);
}

/* What event, scope and process have of one name becomes one, and breadcrumbs stand in the order of their times. */
static void layers(void)
{
    sentry_value_t event = message("layers");
    sentry_value_t contexts = sentry_value_new_object();
    sentry_value_t crumb, numbers = message("numbers"), extra = sentry_value_new_object();
    sentry_scope_t *scope = sentry_local_scope_new();
    const char *names[] = { "1 scope", "2 process", "3 scope", "4 process" };
    int i;
    sentry_set_context("app", object("build", "process"));
    sentry_set_extra("layered", object("a", "process"));
    sentry_scope_set_context(scope, "app", object("view", "scope"));
    sentry_scope_set_extra(scope, "layered", object("b", "scope"));
    sentry_value_set_by_key(contexts, "app", object("job", "event"));
    sentry_value_set_by_key(contexts, "trace", object("trace_id", "0ae7be1efe7a4d04f423378007b8f6ae"));
    sentry_value_set_by_key(event, "contexts", contexts);
    for (i = 0; i < 4; i++) {
        crumb = sentry_value_new_breadcrumb(NULL, names[i]);
        sentry_value_set_by_key(crumb, "timestamp", sentry_value_new_double(4e9 + i));
        if (i % 2) {
            sentry_add_breadcrumb(crumb);
        } else {
            sentry_scope_add_breadcrumb(scope, crumb);
        }
    }
    sentry_set_release("layered@2");
    sentry_set_environment("layers");
    sentry_scope_capture_event(scope, event);
    sentry_value_set_by_key(extra, "max", sentry_value_new_double(1.7976931348623157e308));
    sentry_value_set_by_key(extra, "tiny", sentry_value_new_double(5e-324));
    sentry_value_set_by_key(extra, "third", sentry_value_new_double(0.1 + 0.2));
    sentry_value_set_by_key(numbers, "extra", extra);
    sentry_capture_event(numbers);
}

static void one_shot(void)
{
    sentry_uuid_t id;
    sentry_value_t transaction = sentry_value_new_object();
    sentry_scope_t *scope = sentry_local_scope_new();
    sentry_scope_set_tag(scope, "where", "once");
    id = sentry_scope_capture_event(scope, message("once")); /* ends the scope */
    CHECK(!sentry_uuid_is_nil(&id));
    id = sentry_scope_capture_event(sentry_local_scope_new(), sentry_value_new_list()); /* so does a refusal */
    CHECK(sentry_uuid_is_nil(&id));
    scope = sentry_local_scope_new();
    sentry_value_set_by_key(transaction, "type", sentry_value_new_string("transaction"));
    id = sentry_scope_capture_event(scope, transaction); /* neither is taken */
    CHECK(sentry_uuid_is_nil(&id));
    CHECK_EQ(sentry_value_decref(transaction), 0);
    sentry_scope_free(scope);
    id = sentry_scope_capture_event(NULL, message("no scope"));
    CHECK(!sentry_uuid_is_nil(&id));
}

int main(int argc, char **argv)
{
    sentry_options_t *options;
    CHECK(argc == 2);
    null_scopes();
    disabled_captures_end_one_shot_scopes();
    options = sentry_options_new();
    sentry_options_set_dsn(options, argv[1]);
    sentry_options_set_database_path(options, "");
    sentry_options_set_org_id(options, "4711");
    sentry_options_set_max_breadcrumbs(options, 4);
    sentry_options_set_auto_session_tracking(options, 0);
    sentry_options_set_shutdown_timeout(options, 60000); /* under valgrind, on a busy machine */
    CHECK_EQ(sentry_init(options), 0);
    precedence();
    one_shot();
    layers();
    CHECK_EQ(sentry_close(), 0);
    disabled_captures_end_one_shot_scopes();
    return 0;
}
