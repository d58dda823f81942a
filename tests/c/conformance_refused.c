/* Events that are refused before they are built: the answers, the ids that the outcome callback hears, and what the session
 * learns. Usage: program DSN. C99 and C++17. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

static const char known[] = "9ec79c33-ec99-42ab-8353-589fcb2e04dc";

/* The last outcome on this thread's captures, and what the transport saw. */
static struct {
    char id[37];
    sentry_discard_reason_t reason;
    int count;
} heard;
static volatile int is_held, sessions_with_an_error;

static void hear(const sentry_outcome_info_t *info, void *user_data)
{
    (void)user_data;
    if (info->outcome == SENTRY_OUTCOME_DISCARDED && info->category == SENTRY_CATEGORY_ERROR) {
        sentry_uuid_as_string(&info->event_id, heard.id);
        heard.reason = info->reason;
        heard.count++;
    }
}

static void take(sentry_envelope_t *envelope, void *state)
{
    size_t size;
    char *text = sentry_envelope_serialize(envelope, &size);
    (void)state;
    if (text && strstr(text, "\"type\":\"session\"") && strstr(text, "\"errors\":1"))
        sessions_with_an_error++;
    sentry_free(text);
    sentry_envelope_free(envelope);
    while (is_held)
        usleep(1000);
}

static sentry_options_t *options_for(const char *dsn)
{
    sentry_options_t *options = sentry_options_new();
    sentry_options_set_dsn(options, dsn);
    sentry_options_set_database_path(options, "");
    sentry_options_set_release(options, "bread@1");
    sentry_options_set_auto_session_tracking(options, 0);
    sentry_options_set_transport(options, sentry_transport_new(take));
    sentry_options_set_on_outcome(options, hear, NULL);
    memset(&heard, 0, sizeof heard);
    sessions_with_an_error = 0;
    return options;
}

static sentry_value_t event_with_id(void)
{
    sentry_value_t event = sentry_value_new_message_event(SENTRY_LEVEL_ERROR, NULL, "smoke");
    sentry_value_set_by_key(event, "event_id", sentry_value_new_string(known));
    return event;
}

/* The next event is refused for `reason`, in each form; the ids are those they would have been sent under. */
static void refused_for(sentry_discard_reason_t reason, sentry_status_t status)
{
    static const char json[] = "{\"event_id\":\"9ec79c33ec9942ab8353589fcb2e04dc\",\"level\":\"info\"}";
    sentry_uuid_t id = sentry_capture_event(event_with_id());
    CHECK(sentry_uuid_is_nil(&id));
    CHECK_EQ(heard.count, 1);
    CHECK_EQ(heard.reason, reason);
    CHECK_TEXT(heard.id, known);
    id = sentry_capture_event(sentry_value_new_message_event(SENTRY_LEVEL_INFO, NULL, "smoke"));
    CHECK(sentry_uuid_is_nil(&id));
    CHECK_EQ(heard.count, 2);
    id = sentry_uuid_from_string(heard.id);
    CHECK(!sentry_uuid_is_nil(&id));
    CHECK_EQ(sentry_capture(json, NULL), status);
    CHECK_EQ(heard.count, 3);
    CHECK_TEXT(heard.id, known);
    CHECK_EQ(sentry_capture_message(SENTRY_LEVEL_ERROR, "oven", "smoke", NULL), status);
    CHECK_EQ(heard.count, 4);
    CHECK_EQ(heard.reason, reason);
    id = sentry_uuid_from_string(heard.id);
    CHECK(!sentry_uuid_is_nil(&id));
    /* What is no event is that, whatever else is in its way. */
    CHECK_EQ(sentry_capture("{\"message\":", NULL), SENTRY_STATUS_INVALID_JSON);
    CHECK_EQ(heard.reason, SENTRY_DISCARD_INVALID);
    id = sentry_capture_event(sentry_value_new_list());
    CHECK(sentry_uuid_is_nil(&id));
    CHECK_EQ(heard.count, 6);
    CHECK_EQ(heard.reason, SENTRY_DISCARD_INVALID);
}

static void sampled_out(const char *dsn)
{
    sentry_options_t *options = options_for(dsn);
    sentry_options_set_sample_rate(options, 0.0);
    CHECK_EQ(sentry_init(options), 0);
    sentry_start_session();
    refused_for(SENTRY_DISCARD_SAMPLE_RATE, SENTRY_STATUS_SAMPLED_OUT);
    CHECK_EQ(sentry_flush(60000), 0);
    /* Of the error, and of no other of them. */
    CHECK_EQ(sessions_with_an_error, 1);
    CHECK_EQ(sentry_close(), 0);
}

static void full(const char *dsn)
{
    sentry_options_t *options = options_for(dsn);
    CHECK_EQ(sentry_options_set_queue_max_items(options, 1), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_init(options), 0);
    is_held = 1;
    CHECK_EQ(sentry_capture("{}", NULL), SENTRY_STATUS_OK);
    refused_for(SENTRY_DISCARD_QUEUE_OVERFLOW, SENTRY_STATUS_QUEUE_FULL);
    is_held = 0;
    CHECK_EQ(sentry_flush(60000), 0);
    CHECK_EQ(sentry_close(), 0);
}

static sentry_value_t drop(sentry_value_t event, void *hint, void *user_data)
{
    (void)hint;
    *(int *)user_data += 1;
    sentry_value_decref(event);
    return sentry_value_new_null();
}

/* A hook sees what would be refused, and so does an ignore pattern. */
static void seen_first(const char *dsn)
{
    int count = 0;
    sentry_options_t *options = options_for(dsn);
    sentry_options_set_sample_rate(options, 0.0);
    sentry_options_set_before_send(options, drop, &count);
    CHECK_EQ(sentry_init(options), 0);
    sentry_capture_event(event_with_id());
    CHECK_EQ(count, 1);
    CHECK_EQ(heard.reason, SENTRY_DISCARD_BEFORE_SEND);
    CHECK_TEXT(heard.id, known);
    CHECK_EQ(sentry_close(), 0);
    options = options_for(dsn);
    sentry_options_set_sample_rate(options, 0.0);
    CHECK_EQ(sentry_options_set_ignore_errors(options, "oven"), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_init(options), 0);
    CHECK_EQ(sentry_capture_message(SENTRY_LEVEL_ERROR, "oven", "smoke", NULL), SENTRY_STATUS_IGNORED);
    CHECK_EQ(sentry_capture_message(SENTRY_LEVEL_ERROR, "stove", "smoke", NULL), SENTRY_STATUS_SAMPLED_OUT);
    CHECK_EQ(sentry_close(), 0);
}

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    sampled_out(argv[1]);
    full(argv[1]);
    seen_first(argv[1]);
    return 0;
}
