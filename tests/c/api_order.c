/* Calls in every order: before init, after close, twice, after a failed init. Started by tests/host_api.rs. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

#include <stdarg.h>

/* Nothing is running: every call is a safe no-op with a defined answer. */
static void check_idle(void)
{
    sentry_stats_t stats;
    sentry_uuid_t id = sentry_uuid_new_v4(), same = id;
    uint64_t start = host_now_ms();
    stats.size = sizeof stats;
    CHECK_EQ(sentry_capture("{\"message\":\"idle\"}", &id), SENTRY_STATUS_DISABLED);
    CHECK(sentry_last_error_message()[0] != 0);
    CHECK_EQ(sentry_capture_n("{}", 2, &id), SENTRY_STATUS_DISABLED);
    CHECK_EQ(sentry_capture_message(SENTRY_LEVEL_FATAL, NULL, "idle", &id), SENTRY_STATUS_DISABLED);
    CHECK_EQ(sentry_capture_message_n(SENTRY_LEVEL_FATAL, NULL, 0, "idle", 4, &id), SENTRY_STATUS_DISABLED);
    CHECK_EQ(sentry_log_message(SENTRY_LEVEL_FATAL, "logger", "idle"), SENTRY_STATUS_DISABLED);
    CHECK_EQ(sentry_add_breadcrumb_json("{}"), SENTRY_STATUS_DISABLED);
    CHECK_EQ(memcmp(&id, &same, sizeof id), 0);
    sentry_set_tag("key", "value");
    sentry_remove_tag("key");
    CHECK_EQ(sentry_get_stats(&stats), SENTRY_STATUS_DISABLED);
    CHECK_EQ(stats.categories[0].captured, 0);
    CHECK(sentry_self_test(30000) == NULL);
    CHECK_EQ(sentry_flush(30000), 0);
    CHECK_EQ(sentry_flush(UINT64_MAX), 0);
    CHECK_EQ(sentry_close(), 0);
    CHECK_EQ(sentry_shutdown(), 0);
    CHECK(host_now_ms() - start < 10000);
}

static void check_works(const char *text)
{
    uint64_t before = host_stats().categories[SENTRY_CATEGORY_ERROR].delivered;
    CHECK_EQ(host_capture(text), SENTRY_STATUS_OK);
    CHECK_TEXT(sentry_last_error_message(), "");
    CHECK_EQ(sentry_flush(20000), 0);
    CHECK_EQ(host_check_account().delivered, before + 1);
}

static void idle(void)
{
    check_idle();
    host_start();
    check_works("first life");
    CHECK_EQ(sentry_close(), 0);
    check_idle();
    host_start();
    check_works("second life");
    /* Init while it runs closes the first and starts with new figures and an empty scope. */
    sentry_set_tag("old", "tag");
    host_start();
    CHECK_EQ(host_stats().categories[SENTRY_CATEGORY_ERROR].captured, 0);
    check_works("third life");
    CHECK_EQ(sentry_shutdown(), 0);
    check_idle();
}

/* What is queued is delivered by the init that replaces its client. */
static void replaced(void)
{
    for (int i = 0; i < 5; i++) {
        host_start();
        CHECK_EQ(host_capture("replaced"), SENTRY_STATUS_OK);
    }
    CHECK_EQ(sentry_close(), 0);
}

static int refuse_to_start(const sentry_options_t *options, void *state)
{
    (void)options;
    (void)state;
    return 7;
}

static void discard(sentry_envelope_t *envelope, void *state)
{
    (void)state;
    sentry_envelope_free(envelope);
}

/* Options with which nothing could ever be sent. */
static sentry_options_t *hopeless(void)
{
    sentry_options_t *options = host_options();
    sentry_transport_t *transport = sentry_transport_new(discard);
    sentry_transport_set_startup_func(transport, refuse_to_start);
    sentry_options_set_transport(options, transport);
    return options;
}

/* How often the diagnostics said why nothing is reported. */
static int refusals;

static void hear(sentry_level_t level, const char *message, va_list arguments, void *state)
{
    char line[512];
    (void)state;
    vsnprintf(line, sizeof line, message, arguments);
    CHECK_EQ(level, SENTRY_LEVEL_ERROR);
    CHECK(strstr(line, "nothing will be reported: ") != NULL);
    CHECK(strstr(line, "answered 7") != NULL);
    refusals++;
}

/* The diagnostics are told although there is no client. */
static void expect_failure(sentry_options_t *options)
{
    int before = refusals;
    sentry_options_set_debug(options, 1);
    sentry_options_set_logger_level(options, SENTRY_LEVEL_WARNING);
    sentry_options_set_logger(options, hear, NULL);
    CHECK_EQ(sentry_init(options), 1);
    CHECK(strstr(sentry_last_error_message(), "answered 7") != NULL);
    CHECK_EQ(refusals, before + 1);
    check_idle();
}

/* A failed init, also one that replaces a running client, leaves a library that does nothing and can be used again. */
static void failed(void)
{
    for (int round = 0; round < 3; round++) {
        expect_failure(hopeless());
        host_start();
        check_works("after a failure");
    }
    CHECK_EQ(sentry_close(), 0);
}

/* Without a usable DSN init succeeds and says what is wrong with it; the library stays disabled. */
static void disabled(void)
{
    static const char *const unusable[] = {"nonsense", "ftp://key@host/1", "http://host/1", "http://key@host/", "http://key@/1",
                                           "http://key@host:99999/1", " "};
    for (size_t i = 0; i < sizeof unusable / sizeof unusable[0]; i++) {
        sentry_options_t *options = host_options();
        sentry_options_set_dsn(options, unusable[i]);
        CHECK_EQ(sentry_init(options), 0);
        if (sentry_last_error_message()[0] == 0)
            host_fail(unusable[i], __FILE__, __LINE__);
        check_idle();
    }
    {
        sentry_options_t *options = host_options();
        sentry_options_set_dsn(options, NULL);
        CHECK_EQ(sentry_init(options), 0);
        CHECK_TEXT(sentry_last_error_message(), "");
        check_idle();
    }
    {
        /* A DSN is no text to be repaired: the setter drops it, and what was set before. */
        sentry_options_t *options = host_options();
        sentry_options_set_dsn(options, "http://key@host/\xff");
        CHECK(sentry_options_get_dsn(options) == NULL);
        CHECK(sentry_last_error_message()[0] != 0);
        CHECK_EQ(sentry_init(options), 0);
        check_idle();
    }
    CHECK_EQ(sentry_init(NULL), 0);
    check_idle();
}

static void arguments(void)
{
    static const int levels[] = {-3, 4, 99, -2147483647};
    sentry_stats_t stats;
    host_start();
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        sentry_level_t level = (sentry_level_t)levels[i];
        CHECK_EQ(sentry_capture_message(level, "host", "text", NULL), SENTRY_STATUS_INVALID_ARGUMENT);
        CHECK_EQ(sentry_log_message(level, "host", "text"), SENTRY_STATUS_INVALID_ARGUMENT);
    }
    CHECK_EQ(sentry_capture(NULL, NULL), SENTRY_STATUS_INVALID_ARGUMENT);
    CHECK_EQ(sentry_capture_n(NULL, 10, NULL), SENTRY_STATUS_INVALID_ARGUMENT);
    CHECK_EQ(sentry_capture_n("{}", (size_t)-1, NULL), SENTRY_STATUS_INVALID_ARGUMENT);
    CHECK_EQ(sentry_capture_n("{\"message\":\"short\"}xxxx", 19, NULL), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_capture_message(SENTRY_LEVEL_ERROR, NULL, NULL, NULL), SENTRY_STATUS_INVALID_ARGUMENT);
    CHECK_EQ(sentry_add_breadcrumb_json(NULL), SENTRY_STATUS_INVALID_ARGUMENT);
    CHECK_EQ(sentry_get_stats(NULL), SENTRY_STATUS_INVALID_ARGUMENT);
    stats.size = 0;
    CHECK_EQ(sentry_get_stats(&stats), SENTRY_STATUS_INVALID_ARGUMENT);
    /* An older program knows fewer members: no more is written. */
    memset(&stats, 0x5a, sizeof stats);
    stats.size = sizeof(size_t) + sizeof(uint64_t);
    CHECK_EQ(sentry_get_stats(&stats), SENTRY_STATUS_OK);
    CHECK_EQ(stats.queue_bytes, 0x5a5a5a5a5a5a5a5aULL);
    memset(&stats, 0, sizeof stats);
    stats.size = (size_t)-1;
    (void)sentry_get_stats(&stats);
    for (int number = -5; number < 40; number++) {
        CHECK(sentry_status_message((sentry_status_t)number)[0] != 0);
        CHECK(sentry_category_name((sentry_category_t)number)[0] != 0);
        CHECK(sentry_discard_reason_name((sentry_discard_reason_t)number)[0] != 0);
    }
    CHECK_TEXT(sentry_category_name((sentry_category_t)77), "unknown");
    CHECK_TEXT(sentry_discard_reason_name((sentry_discard_reason_t)-1), "unknown");
    CHECK_EQ(sentry_flush(20000), 0);
    (void)host_check_account();
    CHECK_EQ(sentry_close(), 0);
}

static void uuids(void)
{
    const char *text = "c993afb6-b4ac-48a6-b61b-2558e601d65d";
    char bytes[16], written[40];
    sentry_uuid_t id = sentry_uuid_from_string(text), nil = sentry_uuid_nil(), random;
    memset(written, 'x', sizeof written);
    sentry_uuid_as_string(&id, written);
    CHECK_TEXT(written, text);
    CHECK_EQ(written[37], 'x');
    id = sentry_uuid_from_string_n("c993afb6b4ac48a6b61b2558e601d65dffff", 32);
    sentry_uuid_as_string(&id, written);
    CHECK_TEXT(written, text);
    sentry_uuid_as_bytes(&id, bytes);
    CHECK_EQ((unsigned char)bytes[0], 0xc9);
    random = sentry_uuid_from_bytes(bytes);
    CHECK_EQ(memcmp(&random, &id, sizeof id), 0);
    CHECK_EQ(sentry_uuid_is_nil(&id), 0);
    CHECK_EQ(sentry_uuid_is_nil(&nil), 1);
    CHECK_EQ(sentry_uuid_is_nil(NULL), 1);
    id = sentry_uuid_from_string("not an id");
    CHECK_EQ(sentry_uuid_is_nil(&id), 1);
    id = sentry_uuid_from_string(NULL);
    CHECK_EQ(sentry_uuid_is_nil(&id), 1);
    id = sentry_uuid_from_bytes(NULL);
    CHECK_EQ(sentry_uuid_is_nil(&id), 1);
    sentry_uuid_as_string(NULL, written);
    sentry_uuid_as_string(&id, NULL);
    sentry_uuid_as_bytes(&id, NULL);
    sentry_uuid_as_bytes(NULL, bytes);
    random = sentry_uuid_new_v4();
    CHECK_EQ((random.bytes[6] >> 4) & 15, 4);
    CHECK_EQ((random.bytes[8] >> 6) & 3, 2);
}

static void memory(void)
{
    char *text = (char *)sentry_malloc(10);
    CHECK(text != NULL);
    strcpy(text, "nine long");
    sentry_free(text);
    sentry_free(NULL);
    /* One allocator: what one side made the other may free. */
    free(sentry_malloc(100));
    sentry_free(malloc(100));
    host_start();
    text = sentry_self_test(20000);
    CHECK(text != NULL);
    CHECK(text[0] == '{');
    sentry_free(text);
    CHECK_EQ(sentry_close(), 0);
}

/* Apart from `memory`, since valgrind takes the size for a mistake. */
static void no_memory(void)
{
    CHECK(sentry_malloc((size_t)-1) == NULL);
}

/* Options end exactly once: freed, or given to an init that works or fails. valgrind looks at this one. */
static void ownership(void)
{
    sentry_options_t *options = host_options();
    sentry_options_free(options);
    CHECK_EQ(sentry_init(host_options()), 0);
    CHECK_EQ(sentry_init(hopeless()), 1);
    options = sentry_options_new_from_json("{\"release\": \"from@json\", \"retries\": 2}");
    CHECK(options != NULL);
    CHECK_TEXT(sentry_options_get_release(options), "from@json");
    sentry_options_free(options);
    CHECK(sentry_options_new_from_json("{\"nonsense\": 1}") == NULL);
    CHECK(strstr(sentry_last_error_message(), "nonsense") != NULL);
    CHECK(sentry_options_new_from_json(NULL) == NULL);
    CHECK(sentry_options_new_from_json_n(NULL, 3) == NULL);
    CHECK(sentry_options_new_from_json_n("{}", 1) == NULL);
    CHECK_EQ(sentry_close(), 0);
}

int main(int argc, char **argv)
{
    static const host_scenario_t scenarios[] = {
        {"idle", idle},           {"replaced", replaced}, {"failed", failed}, {"disabled", disabled},
        {"arguments", arguments}, {"uuids", uuids},       {"memory", memory}, {"ownership", ownership},
        {"no_memory", no_memory},
    };
    return host_main(argc, argv, scenarios, sizeof scenarios / sizeof scenarios[0]);
}
