/* Too little memory and too few descriptors: the library answers, and the process lives. Started by tests/host_load.rs. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

#include <sys/resource.h>

#define LARGE ((size_t)64 * 1024 * 1024)

/* Leaves the process room for so many bytes more. */
static void limit_memory_to(size_t more)
{
    unsigned long pages = 0;
    struct rlimit limit;
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file != NULL);
    CHECK_EQ(fscanf(file, "%lu", &pages), 1);
    fclose(file);
    limit.rlim_cur = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + more;
    limit.rlim_max = RLIM_INFINITY;
    CHECK_EQ(setrlimit(RLIMIT_AS, &limit), 0);
}

/* Leaves the process room for small allocations only. */
static void limit_memory(void)
{
    limit_memory_to(LARGE / 4);
}

/* A captured event needs a place in the queue. */
static void event(void)
{
    const size_t size = 900 * 1024;
    char *text = (char *)malloc(size);
    struct rlimit limit;
    sentry_stats_t stats;
    CHECK(text != NULL);
    memset(text, 'x', size);
    memcpy(text, "{\"unknown\":\"", 12);
    memcpy(text + size - 2, "\"}", 2);
    host_start();
    limit_memory_to(256 * 1024);
    CHECK_EQ(sentry_capture_n(text, size, NULL), SENTRY_STATUS_OUT_OF_MEMORY);
    stats.size = sizeof stats;
    CHECK_EQ(sentry_get_stats(&stats), SENTRY_STATUS_OK);
    CHECK_EQ(stats.categories[SENTRY_CATEGORY_ERROR].captured, 1);
    CHECK_EQ(stats.categories[SENTRY_CATEGORY_ERROR].discarded_by_reason[SENTRY_DISCARD_INTERNAL_SDK_ERROR], 1);
    limit.rlim_cur = limit.rlim_max = RLIM_INFINITY;
    CHECK_EQ(setrlimit(RLIMIT_AS, &limit), 0);
    CHECK_EQ(host_capture("after memory"), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_close(), 0);
    free(text);
}

/* Text that is not UTF-8 needs a copy. */
static void repair(void)
{
    char *text = (char *)malloc(LARGE);
    CHECK(text != NULL);
    memset(text, 0xff, LARGE);
    host_start();
    limit_memory();
    CHECK_EQ(sentry_capture_n(text, LARGE, NULL), SENTRY_STATUS_OUT_OF_MEMORY);
    CHECK(strstr(sentry_last_error_message(), "event_json") != NULL);
    CHECK_EQ(sentry_add_breadcrumb_json_n(text, LARGE), SENTRY_STATUS_OUT_OF_MEMORY);
    sentry_set_tag_n("key", 3, text, LARGE);
    CHECK_EQ(host_capture("after repair"), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_close(), 0);
    free(text);
}

/* Reading and writing envelopes needs one copy each. */
static void envelopes(void)
{
    static const char header[] = "{}\n{\"type\":\"attachment\"}\n";
    const size_t size = sizeof header - 1 + LARGE;
    size_t written = 0;
    sentry_envelope_t *envelope;
    char *bytes = (char *)malloc(size);
    CHECK(bytes != NULL);
    memset(bytes, 'x', size);
    memcpy(bytes, header, sizeof header - 1);
    envelope = sentry_envelope_deserialize(bytes, size);
    CHECK(envelope != NULL);
    limit_memory();
    CHECK(sentry_envelope_deserialize(bytes, size) == NULL);
    CHECK(sentry_envelope_serialize(envelope, &written) == NULL);
    CHECK_EQ(written, 0);
    CHECK_EQ(sentry_envelope_write_to_file(envelope, "envelope"), 1);
    CHECK(access("envelope", F_OK) != 0);
    sentry_envelope_free(envelope);
    free(bytes);
}

/* Objects within one another, each twice: 2^60 paths lead to the innermost, whose text brings a walk to its bound soon. */
static sentry_value_t shared_value(void)
{
    static char text[100000];
    sentry_value_t value = sentry_value_new_object();
    memset(text, 'x', sizeof text - 1);
    sentry_value_set_by_key(value, "k", sentry_value_new_string(text));
    for (int i = 0; i < 60; i++) {
        sentry_value_t outer = sentry_value_new_object();
        sentry_value_incref(value);
        sentry_value_set_by_key(outer, "a", value);
        sentry_value_set_by_key(outer, "b", value);
        value = outer;
    }
    return value;
}

/* An object that holds itself twice, and something that is sent. */
static sentry_value_t circular_value(void)
{
    sentry_value_t value = sentry_value_new_object();
    sentry_value_set_by_key(value, "kept", sentry_value_new_string("yes"));
    sentry_value_incref(value);
    sentry_value_set_by_key(value, "a", value);
    sentry_value_incref(value);
    sentry_value_set_by_key(value, "b", value);
    return value;
}

/* Gives the value as often as it is asked for. */
static sentry_value_t shared;

static sentry_value_t share(void)
{
    sentry_value_incref(shared);
    return shared;
}

static sentry_value_t add_shared(sentry_value_t event, void *hint, void *unused)
{
    (void)hint;
    (void)unused;
    if (sentry_value_is_true(sentry_value_get_by_key(event, "logger")))
        return event;
    sentry_value_set_by_key(event, "extra", share());
    return event;
}

static sentry_value_t add_shared_to_crumb(sentry_value_t crumb, void *unused)
{
    (void)unused;
    sentry_value_set_by_key(crumb, "data", share());
    return crumb;
}

/* Every way on which the library walks over a value, with one of an extent that no walk could come to the end of. */
static void use_everywhere(int is_refused)
{
    sentry_value_t event = sentry_value_new_message_event(SENTRY_LEVEL_ERROR, "host", "shared");
    sentry_value_t crumb = sentry_value_new_breadcrumb("default", "shared"), feedback;
    sentry_scope_t *scope = sentry_scope_new();
    sentry_uuid_t id;
    size_t size = 0;
    char *text;
    text = sentry_value_to_json(shared);
    CHECK_EQ(text == NULL, is_refused);
    sentry_free(text);
    text = sentry_value_to_msgpack(shared, &size);
    CHECK_EQ(text == NULL, is_refused);
    sentry_free(text);
    sentry_value_set_by_key(crumb, "data", share());
    sentry_value_incref(crumb);
    sentry_add_breadcrumb(crumb);
    sentry_scope_add_breadcrumb(scope, crumb);
    sentry_set_extra("shared", share());
    sentry_set_context("shared", share());
    sentry_set_user(share());
    sentry_set_tags(share());
    sentry_set_fingerprints(share());
    sentry_scope_set_extra(scope, "shared", share());
    sentry_scope_update_context(scope, "shared", share());
    sentry_scope_update_context(scope, "shared", share());
    sentry_value_set_by_key(event, "unknown", share());
    sentry_value_set_by_key(event, "contexts", share());
    sentry_value_incref(event);
    id = sentry_capture_event(event);
    CHECK_EQ(sentry_uuid_is_nil(&id), is_refused);
    id = sentry_scope_capture_event(scope, event);
    CHECK_EQ(sentry_uuid_is_nil(&id), is_refused);
    feedback = sentry_value_new_feedback("shared", NULL, NULL, NULL);
    sentry_value_set_by_key(feedback, "unknown", share());
    sentry_capture_feedback(feedback);
    sentry_scope_free(scope);
    /* The hook adds it to an event without a logger. */
    CHECK_EQ(sentry_capture("{\"message\":\"hooked\"}", NULL), is_refused ? SENTRY_STATUS_TOO_LARGE : SENTRY_STATUS_OK);
    sentry_value_freeze(shared);
}

static void shared_values(void)
{
    sentry_options_t *options = host_options();
    sentry_options_set_before_send(options, add_shared, NULL);
    sentry_options_set_before_breadcrumb(options, add_shared_to_crumb, NULL);
    CHECK_EQ(sentry_init(options), 0);
    /* Room for the text at the bound, some copies of it, and no more. */
    limit_memory_to(LARGE);
    shared = shared_value();
    use_everywhere(1);
    sentry_value_decref(shared);
    CHECK_EQ(host_check_account().discarded_by_reason[SENTRY_DISCARD_TOO_LARGE], 3);
    shared = circular_value();
    use_everywhere(0);
    CHECK_EQ(host_capture("after all"), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_flush(20000), 0);
    CHECK_EQ(host_check_account().delivered, 4);
    CHECK_EQ(sentry_close(), 0);
}

/* A child without descriptors cannot start its client, says why, and can try again. */
static void silent_child(void)
{
    pid_t child;
    host_start();
    child = host_fork();
    if (child == 0) {
        struct rlimit before, none;
        CHECK_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
        none = before;
        none.rlim_cur = 0;
        CHECK_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
        for (int i = 0; i < 2; i++) {
            CHECK_EQ(host_capture("lost"), SENTRY_STATUS_DISABLED);
            CHECK(strstr(sentry_last_error_message(), "forked child") != NULL);
            CHECK(strstr(sentry_last_error_message(), "cannot be started") != NULL);
        }
        CHECK_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
        host_start();
        CHECK_EQ(host_capture("child"), SENTRY_STATUS_OK);
        CHECK_EQ(sentry_close(), 0);
        CHECK_EQ(host_capture("after close"), SENTRY_STATUS_DISABLED);
        CHECK(strstr(sentry_last_error_message(), "forked child") == NULL);
        _exit(0);
    }
    host_await_child(child);
    CHECK_EQ(sentry_close(), 0);
}

/* Opens files until the process may open no more; returns how many. */
static size_t use_up_descriptors(int *files, size_t most)
{
    struct rlimit limit;
    size_t count = 0;
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = (rlim_t)most;
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
    while (count < most && (files[count] = dup(STDERR_FILENO)) >= 0)
        count++;
    CHECK_EQ(errno, EMFILE);
    return count;
}

/* With files to write, a session, and retries that outlast what follows. */
static void start_with_files(void)
{
    sentry_options_t *options = host_options();
    sentry_options_set_database_path(options, "database");
    sentry_options_set_auto_session_tracking(options, 1);
    CHECK_EQ(sentry_options_set_retries(options, 1000), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_init(options), 0);
    /* At its start the library's thread opens files for a moment: one that it closes after all others are used up
     * would be free for a connection. */
    CHECK_EQ(sentry_flush(20000), 0);
}

/* Captures while nothing can be opened: all is kept in memory, and the account is right at every step. */
static void capture_in_want(void)
{
    sentry_value_t event = sentry_value_new_message_event(SENTRY_LEVEL_ERROR, "host", "in want, with a stack");
    sentry_value_t thread = sentry_value_new_thread(1, "main");
    sentry_uuid_t id;
    sentry_value_set_stacktrace(thread, NULL, 0);
    sentry_event_add_thread(event, thread);
    id = sentry_capture_event(event);
    CHECK(!sentry_uuid_is_nil(&id));
    for (int i = 0; i < 20; i++) {
        CHECK_EQ(host_capture("in want"), SENTRY_STATUS_OK);
        host_check_account();
    }
    sentry_start_session();
    while (host_stats().requests_failed < 3)
        host_breathe();
    CHECK_EQ(sentry_flush(1), 1);
    CHECK_EQ(host_check_account().pending, 21);
}

static void capture_after_want(void)
{
    CHECK_EQ(host_capture("after want"), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_flush(20000), 0);
    CHECK_EQ(host_check_account().delivered, 22);
    CHECK_EQ(sentry_close(), 0);
}

/* The host has opened as many files as it may. */
static void descriptors(void)
{
    int files[64];
    size_t count;
    start_with_files();
    count = use_up_descriptors(files, sizeof files / sizeof files[0]);
    CHECK(count > 0);
    capture_in_want();
    while (count > 0)
        CHECK_EQ(close(files[--count]), 0);
    capture_after_want();
}

/* The limit has fallen below what is open: waiting on descriptors fails as well. */
static void lowered_limit(void)
{
    struct rlimit before, none;
    start_with_files();
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
    capture_in_want();
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
    capture_after_want();
}

/* Nothing can be opened until the end: what is left is counted, and the process ends. */
static void descriptors_until_the_end(void)
{
    int files[64];
    start_with_files();
    CHECK(use_up_descriptors(files, sizeof files / sizeof files[0]) > 0);
    capture_in_want();
    CHECK(host_close_within(20000) >= 21);
}

int main(int argc, char **argv)
{
    static const host_scenario_t scenarios[] = {
        {"event", event}, {"repair", repair},
        {"envelopes", envelopes},
        {"shared_values", shared_values},
        {"silent_child", silent_child},
        {"descriptors", descriptors},
        {"lowered_limit", lowered_limit},
        {"descriptors_until_the_end", descriptors_until_the_end},
    };
    return host_main(argc, argv, scenarios, sizeof scenarios / sizeof scenarios[0]);
}
