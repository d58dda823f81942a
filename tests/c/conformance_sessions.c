/* Sessions: the calls in every order; what arrives is asserted by the test that runs this.
 * Usage: program DSN DIRECTORY. C99 and C++17. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

static void uninitialised(void)
{
    sentry_start_session();
    sentry_end_session();
    sentry_end_session_with_status(SENTRY_SESSION_STATUS_CRASHED);
}

static void capture(sentry_level_t level)
{
    sentry_uuid_t id = sentry_capture_event(sentry_value_new_message_event(level, NULL, "event"));
    CHECK(!sentry_uuid_is_nil(&id));
}

/* Errors count after the hook: what it drops is no error, and what it makes one is. */
static sentry_value_t before_send(sentry_value_t event, void *hint, void *user_data)
{
    int *call = (int *)user_data;
    (void)hint;
    *call += 1;
    if (*call == 1) {
        sentry_value_decref(event);
        return sentry_value_new_null();
    }
    sentry_value_set_by_key(event, "level", sentry_value_new_string("fatal"));
    return event;
}

static sentry_value_t seen_user;

static sentry_value_t see_user(sentry_value_t event, void *hint, void *user_data)
{
    (void)hint;
    (void)user_data;
    sentry_value_decref(seen_user);
    seen_user = sentry_value_get_by_key_owned(event, "user");
    sentry_value_decref(event);
    return sentry_value_new_null();
}

/* The id of the user of an event that is captured with this scope. */
static const char *user_with(sentry_scope_t *scope)
{
    sentry_scope_capture_event(scope, sentry_value_new_message_event(SENTRY_LEVEL_INFO, NULL, "seen and dropped"));
    return sentry_value_as_string(sentry_value_get_by_key(seen_user, "id"));
}

/* Who has no id has that of the installation. An empty id is one, and a removed user has none. */
static void users(const char *dsn, const char *directory)
{
    sentry_options_t *options = sentry_options_new();
    sentry_value_t user = sentry_value_new_user("", "", "", "");
    char *json = sentry_value_to_json(user);
    CHECK_TEXT(json, "{\"id\":\"\"}");
    sentry_free(json);
    CHECK(sentry_value_is_null(sentry_value_new_user(NULL, "", NULL, "")));
    seen_user = sentry_value_new_null();
    sentry_options_set_dsn(options, dsn);
    sentry_options_set_database_path(options, directory);
    sentry_options_set_before_send(options, see_user, NULL);
    CHECK_EQ(sentry_init(options), 0);
    CHECK_EQ(strlen(user_with(NULL)), 36);
    sentry_set_user(sentry_value_new_user(NULL, "somebody", NULL, NULL));
    CHECK_EQ(strlen(user_with(NULL)), 36);
    CHECK_TEXT(sentry_value_as_string(sentry_value_get_by_key(seen_user, "username")), "somebody");
    sentry_set_user(user);
    CHECK_TEXT(user_with(NULL), "");
    sentry_set_user(sentry_value_new_user("baker", NULL, NULL, NULL));
    CHECK_TEXT(user_with(sentry_local_scope_new()), "baker");
    sentry_remove_user();
    CHECK_TEXT(user_with(NULL), "");
    CHECK(sentry_value_is_null(seen_user));
    CHECK_EQ(sentry_close(), 0);
}

int main(int argc, char **argv)
{
    int calls = 0;
    sentry_options_t *options;
    sentry_uuid_t id;
    CHECK(argc == 3);
    uninitialised();
    users(argv[1], argv[2]);

    /* Without a release nothing starts; one that comes late is for the next start. */
    options = sentry_options_new();
    sentry_options_set_dsn(options, argv[1]);
    sentry_options_set_database_path(options, argv[2]);
    sentry_options_set_environment(options, NULL);
    sentry_options_set_shutdown_timeout(options, 60000); /* under valgrind, on a busy machine */
    CHECK_EQ(sentry_init(options), 0);
    sentry_start_session();
    capture(SENTRY_LEVEL_ERROR);
    sentry_end_session();
    sentry_set_release("late@1");
    capture(SENTRY_LEVEL_ERROR);
    sentry_set_user(sentry_value_new_user("baker", NULL, NULL, NULL));
    sentry_start_session();
    sentry_set_release("later@2");
    capture(SENTRY_LEVEL_WARNING);
    sentry_start_session();
    sentry_end_session_with_status((sentry_session_status_t)42);
    sentry_end_session_with_status((sentry_session_status_t)-1);
    sentry_end_session_with_status(SENTRY_SESSION_STATUS_ABNORMAL);
    sentry_end_session();
    sentry_start_session();
    sentry_end_session_with_status(SENTRY_SESSION_STATUS_OK);
    CHECK_EQ(sentry_close(), 0);
    uninitialised();

    /* The whole life is one session. */
    options = sentry_options_new();
    sentry_options_set_dsn(options, argv[1]);
    sentry_options_set_database_path(options, argv[2]);
    sentry_options_set_release(options, "whole@1");
    sentry_options_set_shutdown_timeout(options, 60000);
    sentry_options_set_before_send(options, before_send, &calls);
    CHECK_EQ(sentry_init(options), 0);
    sentry_remove_user();
    id = sentry_capture_event(sentry_value_new_message_event(SENTRY_LEVEL_ERROR, NULL, "dropped"));
    CHECK(sentry_uuid_is_nil(&id));
    capture(SENTRY_LEVEL_INFO);
    CHECK_EQ(calls, 2);
    CHECK_EQ(sentry_close(), 0);
    return 0;
}
