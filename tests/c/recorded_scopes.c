/* What scopes make of what they are given: reads steps from a file, one a line, and prints the event that is sent after
 * each group of them. Usage: program STEPS.
 *
 * A step is `process` or `scope`, a verb, and a JSON list of its arguments; a line with a dot ends a group. Each group has a
 * life of the library and a scope of its own. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

#include <sys/types.h>

static void on_send(sentry_envelope_t *envelope, void *state)
{
    size_t size = 0;
    char *bytes = sentry_envelope_serialize(envelope, &size);
    CHECK(bytes != NULL);
    /* The header of the envelope, that of its item, the event; none of them has a line feed inside. */
    const char *event = strchr(strchr(bytes, '\n') + 1, '\n') + 1;
    printf("%.*s\n", (int)strcspn(event, "\n"), event);
    (void)state;
    sentry_free(bytes);
    sentry_envelope_free(envelope);
}

/* The value of JSON text, by way of an event that has it as a member. */
static sentry_value_t read_json(const char *json)
{
    size_t room = strlen(json) + 64;
    char *text = (char *)malloc(room);
    CHECK(text != NULL);
    int length = snprintf(text, room, "{}\n{\"type\":\"event\"}\n{\"v\":%s}\n", json);
    sentry_envelope_t *envelope = sentry_envelope_deserialize(text, (size_t)length);
    CHECK(envelope != NULL);
    sentry_value_t value = sentry_value_get_by_key_owned(sentry_envelope_get_event(envelope), "v");
    CHECK(!sentry_value_is_null(value));
    sentry_envelope_free(envelope);
    free(text);
    return value;
}

/* An argument, for functions that take it. */
static sentry_value_t value_at(sentry_value_t arguments, size_t index)
{
    return sentry_value_get_by_index_owned(arguments, index);
}

static void step_of_process(const char *verb, sentry_value_t a)
{
    const char *key = sentry_value_as_string(sentry_value_get_by_index(a, 0));
    const char *text = sentry_value_as_string(sentry_value_get_by_index(a, 1));
    if (strcmp(verb, "tag") == 0) {
        sentry_set_tag(key, text);
    } else if (strcmp(verb, "remove_tag") == 0) {
        sentry_remove_tag(key);
    } else if (strcmp(verb, "tags") == 0) {
        sentry_set_tags(value_at(a, 0));
    } else if (strcmp(verb, "extra") == 0) {
        sentry_set_extra(key, value_at(a, 1));
    } else if (strcmp(verb, "context") == 0) {
        sentry_set_context(key, value_at(a, 1));
    } else if (strcmp(verb, "update_context") == 0) {
        sentry_update_context(key, value_at(a, 1));
    } else if (strcmp(verb, "user") == 0) {
        sentry_set_user(value_at(a, 0));
    } else if (strcmp(verb, "fingerprints") == 0) {
        sentry_set_fingerprints(value_at(a, 0));
    } else if (strcmp(verb, "breadcrumb") == 0) {
        sentry_add_breadcrumb(value_at(a, 0));
    } else if (strcmp(verb, "breadcrumb_json") == 0) {
        (void)sentry_add_breadcrumb_json(key);
    } else if (strcmp(verb, "level") == 0) {
        sentry_set_level((sentry_level_t)sentry_value_as_int32(sentry_value_get_by_index(a, 0)));
    } else if (strcmp(verb, "transaction") == 0) {
        sentry_set_transaction(key);
    } else if (strcmp(verb, "release") == 0) {
        sentry_set_release(key);
    } else if (strcmp(verb, "environment") == 0) {
        sentry_set_environment(key);
    } else {
        CHECK_TEXT(verb, "a verb of the process");
    }
}

static void step_of_scope(sentry_scope_t *scope, const char *verb, sentry_value_t a)
{
    const char *key = sentry_value_as_string(sentry_value_get_by_index(a, 0));
    const char *text = sentry_value_as_string(sentry_value_get_by_index(a, 1));
    if (strcmp(verb, "tag") == 0) {
        sentry_scope_set_tag(scope, key, text);
    } else if (strcmp(verb, "tags") == 0) {
        sentry_scope_set_tags(scope, value_at(a, 0));
    } else if (strcmp(verb, "extra") == 0) {
        sentry_scope_set_extra(scope, key, value_at(a, 1));
    } else if (strcmp(verb, "context") == 0) {
        sentry_scope_set_context(scope, key, value_at(a, 1));
    } else if (strcmp(verb, "update_context") == 0) {
        sentry_scope_update_context(scope, key, value_at(a, 1));
    } else if (strcmp(verb, "user") == 0) {
        sentry_scope_set_user(scope, value_at(a, 0));
    } else if (strcmp(verb, "fingerprints") == 0) {
        sentry_scope_set_fingerprints(scope, value_at(a, 0));
    } else if (strcmp(verb, "breadcrumb") == 0) {
        sentry_scope_add_breadcrumb(scope, value_at(a, 0));
    } else if (strcmp(verb, "level") == 0) {
        sentry_scope_set_level(
            scope, (sentry_level_t)sentry_value_as_int32(sentry_value_get_by_index(a, 0)));
    } else {
        CHECK_TEXT(verb, "a verb of a scope");
    }
}

static void start(void)
{
    sentry_options_t *options = sentry_options_new();
    sentry_options_set_dsn(options, "http://key@127.0.0.1:1/1");
    sentry_options_set_database_path(options, "");
    sentry_options_set_auto_session_tracking(options, 0);
    sentry_options_set_environment(options, "test");
    sentry_options_set_transport(options, sentry_transport_new(on_send));
    CHECK_EQ(sentry_init(options), 0);
    /* What is of this machine and what is made up. */
    sentry_remove_context("os");
    sentry_remove_context("device");
    sentry_set_trace("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb");
}

int main(int count, char **arguments_of_program)
{
    CHECK_EQ(count, 2);
    FILE *steps = fopen(arguments_of_program[1], "r");
    CHECK(steps != NULL);
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    start();
    sentry_scope_t *scope = sentry_scope_new();
    while ((length = getline(&line, &room, steps)) > 0) {
        line[length - 1] = 0;
        if (strcmp(line, ".") != 0) {
            char *verb = strchr(line, ' ');
            CHECK(verb != NULL);
            char *json = strchr(verb + 1, ' ');
            CHECK(json != NULL);
            *verb = 0;
            *json = 0;
            sentry_value_t arguments = read_json(json + 1);
            if (strcmp(line, "scope") == 0) {
                step_of_scope(scope, verb + 1, arguments);
            } else {
                step_of_process(verb + 1, arguments);
            }
            sentry_value_decref(arguments);
            continue;
        }
        sentry_value_t event = read_json(
            "{\"event_id\":\"cccccccccccccccccccccccccccccccc\",\"timestamp\":1767225600}");
        sentry_scope_capture_event(scope, event);
        sentry_scope_free(scope);
        CHECK_EQ(sentry_close(), 0);
        start();
        scope = sentry_scope_new();
    }
    sentry_scope_free(scope);
    CHECK_EQ(sentry_close(), 0);
    free(line);
    fclose(steps);
    return 0;
}
