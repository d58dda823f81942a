/* Threads that the host cancels: a call of the library completes, and the thread ends at its next own cancellation point.
 * Started by tests/host_cancel.rs. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

#include <pthread.h>

static int ready, go, calls;

/* Made while a request to end the thread is pending. */
static void (*call)(void);

static sentry_options_t *quiet_options(void)
{
    sentry_options_t *options = host_options();
    sentry_options_set_shutdown_timeout(options, 0);
    return options;
}

static void capture(void)
{
    CHECK_EQ(host_capture("cancelled"), SENTRY_STATUS_OK);
}

static void event_with_stack(void)
{
    sentry_value_t event = sentry_value_new_message_event(SENTRY_LEVEL_ERROR, "host", "with a stack");
    sentry_value_t thread = sentry_value_new_thread(1, "thread");
    sentry_uuid_t id;
    sentry_clear_modulecache();
    sentry_value_set_stacktrace(thread, NULL, 0);
    sentry_event_add_thread(event, thread);
    id = sentry_capture_event(event);
    CHECK(!sentry_uuid_is_nil(&id));
}

static void uuid(void)
{
    sentry_uuid_t id = sentry_uuid_new_v4();
    CHECK(!sentry_uuid_is_nil(&id));
}

static void init(void)
{
    CHECK_EQ(sentry_init(quiet_options()), 0);
}

static void session(void)
{
    sentry_start_session();
    sentry_end_session();
}

static void flush(void)
{
    CHECK_EQ(sentry_flush(20000), 0);
}

static void close_and_init(void)
{
    CHECK_EQ(sentry_close(), 0);
    init();
}

static void wrong_use(void)
{
    CHECK_EQ(sentry_value_as_int32(sentry_value_new_null()), 0);
    CHECK(sentry_value_get_length(sentry_value_new_int32(1)) == 0);
}

static void scope(void)
{
    sentry_set_tag("key", "value");
    sentry_set_extra("key", sentry_value_new_int32(1));
    sentry_add_breadcrumb(sentry_value_new_breadcrumb("default", "crumb"));
    sentry_set_fingerprint("one", "two", NULL);
}

static void attachment(void)
{
    sentry_attachment_t *file = sentry_attach_file("/proc/self/status");
    CHECK(file != NULL);
    capture();
    sentry_remove_attachment(file);
}

static void log_line(void)
{
    CHECK_EQ(sentry_log_message(SENTRY_LEVEL_ERROR, "host", "a line"), SENTRY_STATUS_OK);
}

static void modules(void)
{
    sentry_clear_modulecache();
    sentry_value_decref(sentry_get_modules_list());
}

static void options_and_envelopes(void)
{
    sentry_envelope_t *envelope;
    sentry_options_t *options = sentry_options_new();
    CHECK(options != NULL);
    CHECK_EQ(sentry_options_set_queue_max_items(options, 0), SENTRY_STATUS_INVALID_ARGUMENT);
    sentry_options_free(options);
    envelope = sentry_envelope_deserialize("{}\n{\"type\":\"attachment\"}\nx", 27);
    CHECK(envelope != NULL);
    CHECK_EQ(sentry_envelope_write_to_file(envelope, "/dev/null/nowhere"), 1);
    sentry_envelope_free(envelope);
}

static void stats_and_self_test(void)
{
    char *report = sentry_self_test(200);
    CHECK(report != NULL);
    sentry_free(report);
    host_check_account();
}

static void *make_the_call(void *unused)
{
    __atomic_store_n(&ready, 1, __ATOMIC_RELEASE);
    /* No cancellation point of the program's own. */
    while (!__atomic_load_n(&go, __ATOMIC_ACQUIRE)) {
    }
    call();
    __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
    pthread_testcancel();
    host_fail("the thread was not cancelled after the call", __FILE__, __LINE__);
    return unused;
}

static void cancel_in(void (*what)(void))
{
    pthread_t thread;
    void *result = NULL;
    call = what;
    ready = go = calls = 0;
    CHECK_EQ(pthread_create(&thread, NULL, make_the_call, NULL), 0);
    while (!__atomic_load_n(&ready, __ATOMIC_ACQUIRE))
        host_breathe();
    CHECK_EQ(pthread_cancel(thread), 0);
    __atomic_store_n(&go, 1, __ATOMIC_RELEASE);
    CHECK_EQ(pthread_join(thread, &result), 0);
    CHECK(result == PTHREAD_CANCELED);
    CHECK_EQ(calls, 1);
}

static void every_call(void)
{
    static void (*const all[])(void) = {
        capture, event_with_stack, uuid, init, session, flush, close_and_init, wrong_use, scope, attachment, log_line,
        modules, options_and_envelopes, stats_and_self_test,
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        cancel_in(all[i]);
    CHECK_EQ(sentry_close(), 0);
}

static void pending(void)
{
    host_start();
    every_call();
}

/* Writing to stderr is a cancellation point too. */
static void pending_with_diagnostics(void)
{
    sentry_options_t *options = host_options();
    sentry_options_set_debug(options, 1);
    sentry_options_set_logger_level(options, SENTRY_LEVEL_TRACE);
    CHECK_EQ(sentry_init(options), 0);
    every_call();
}

static int hook_calls;

/* Holds cancellation points, and is not left at one. */
static sentry_value_t hook(sentry_value_t event, void *hint, void *data)
{
    (void)hint;
    (void)data;
    pthread_testcancel();
    host_breathe();
    __atomic_add_fetch(&hook_calls, 1, __ATOMIC_RELAXED);
    return event;
}

/* Enables cancellation for itself; what follows in the library is protected all the same. */
static sentry_value_t enabling_hook(sentry_value_t event, void *hint, void *data)
{
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    __atomic_add_fetch(&hook_calls, 1, __ATOMIC_RELAXED);
    (void)hint;
    (void)data;
    return event;
}

static void in_a_hook(void)
{
    for (int i = 0; i < 2; i++) {
        sentry_options_t *options = host_options();
        sentry_options_set_before_send(options, i == 0 ? hook : enabling_hook, NULL);
        CHECK_EQ(sentry_init(options), 0);
        cancel_in(capture);
        CHECK_EQ(hook_calls, i + 1);
    }
    CHECK_EQ(sentry_close(), 0);
}

/* What the host had set is what it finds. */
static void state_is_kept(void)
{
    int state = -1;
    host_start();
    CHECK_EQ(host_capture("enabled"), SENTRY_STATUS_OK);
    CHECK_EQ(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state), 0);
    CHECK_EQ(state, PTHREAD_CANCEL_ENABLE);
    CHECK_EQ(host_capture("disabled"), SENTRY_STATUS_OK);
    CHECK_EQ(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state), 0);
    CHECK_EQ(state, PTHREAD_CANCEL_DISABLE);
    CHECK_EQ(sentry_close(), 0);
}

int main(int argc, char **argv)
{
    static const host_scenario_t scenarios[] = {
        {"pending", pending},
        {"pending_with_diagnostics", pending_with_diagnostics},
        {"in_a_hook", in_a_hook},
        {"state_is_kept", state_is_kept},
    };
    return host_main(argc, argv, scenarios, sizeof scenarios / sizeof scenarios[0]);
}
