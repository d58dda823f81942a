/* Traces are passed on; transactions and spans are recorded and sent. Argument: the DSN. */

#include <sentry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                        \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

#define TRACE "0ae7be1efe7a4d04f423378007b8f6ae"
#define SPAN "fdf21cb107484a2d"

/* The headers of one handle. */
typedef struct {
    char sentry_trace[100];
    char traceparent[100];
    char baggage[1000];
    int count;
} headers_t;

static void note(const char *key, const char *value, void *userdata)
{
    headers_t *headers = (headers_t *)userdata;
    headers->count++;
    if (strcmp(key, "sentry-trace") == 0) {
        strcpy(headers->sentry_trace, value);
    } else if (strcmp(key, "baggage") == 0) {
        strcpy(headers->baggage, value);
    } else {
        CHECK(strcmp(key, "traceparent") == 0);
        strcpy(headers->traceparent, value);
    }
}

static headers_t headers_of(sentry_transaction_t *transaction, sentry_span_t *span)
{
    headers_t headers;
    memset(&headers, 0, sizeof(headers));
    sentry_transaction_iter_headers(transaction, note, &headers);
    sentry_span_iter_headers(span, note, &headers);
    return headers;
}

/* A counted value that must be taken: one reference stays here. */
static sentry_value_t watched(void)
{
    sentry_value_t value = sentry_value_new_object();
    sentry_value_incref(value);
    return value;
}

static void taken(sentry_value_t value)
{
    CHECK(sentry_value_refcount(value) == 1);
    sentry_value_decref(value);
}

static void null_handles(void)
{
    sentry_uuid_t id = sentry_transaction_finish(NULL);
    sentry_value_t value = watched();
    CHECK(sentry_uuid_is_nil(&id));
    CHECK(sentry_transaction_start(NULL, value) == NULL);
    taken(value);
    CHECK(sentry_transaction_start_child(NULL, "op", "d") == NULL);
    CHECK(sentry_span_start_child_ts_n(NULL, "op", 2, "d", 1, 7) == NULL);
    value = watched();
    sentry_transaction_set_data(NULL, "k", value);
    taken(value);
    value = watched();
    sentry_span_set_data_n(NULL, NULL, 0, value);
    taken(value);
    sentry_transaction_discard(NULL);
    sentry_span_finish(NULL);
    sentry_span_finish_ts(NULL, 1);
    sentry_span_discard(NULL);
    sentry_set_transaction_object(NULL);
    sentry_set_span(NULL);
    sentry_scope_set_transaction_object(NULL, NULL);
    sentry_scope_set_span(NULL, NULL);
    sentry_transaction_set_tag(NULL, NULL, NULL);
    sentry_transaction_set_name_n(NULL, NULL, 0);
    sentry_transaction_remove_tag(NULL, "k");
    sentry_transaction_remove_data_n(NULL, NULL, 0);
    sentry_transaction_context_set_operation_n(NULL, NULL, 0);
    sentry_span_remove_tag_n(NULL, "k", 1);
    sentry_span_remove_data(NULL, "k");
    sentry_trace_iter_headers(NULL, NULL);
    CHECK(sentry_transaction_start_child_ts(NULL, "op", NULL, 7) == NULL);
    sentry_span_remove_tag(NULL, NULL);
    sentry_transaction_set_status(NULL, SENTRY_SPAN_STATUS_OK);
    sentry_transaction_context_set_name(NULL, "n");
    sentry_transaction_context_set_sampled(NULL, 1);
    sentry_transaction_context_remove_sampled(NULL);
    sentry_transaction_context_update_from_header(NULL, "sentry-trace", TRACE "-" SPAN);
    CHECK(strcmp(sentry_transaction_context_get_name(NULL), "") == 0);
    CHECK(strcmp(sentry_transaction_context_get_operation(NULL), "") == 0);
    CHECK(headers_of(NULL, NULL).count == 0);
    sentry_set_trace(NULL, NULL);
}

static void contexts(void)
{
    sentry_transaction_context_t *context = sentry_transaction_context_new(NULL, NULL);
    sentry_transaction_t *transaction;
    CHECK(strcmp(sentry_transaction_context_get_name(context), "") == 0);
    CHECK(strcmp(sentry_transaction_context_get_operation(context), "") == 0);
    sentry_transaction_context_set_name_n(context, "bake bread", 4);
    sentry_transaction_context_set_operation(context, "oven");
    CHECK(strcmp(sentry_transaction_context_get_name(context), "bake") == 0);
    CHECK(strcmp(sentry_transaction_context_get_operation(context), "oven") == 0);
    sentry_transaction_context_update_from_header(context, "x-other", TRACE "-" SPAN);
    sentry_transaction_context_update_from_header(context, "SENTRY-trace", "nonsense");
    sentry_transaction_context_update_from_header(context, "Sentry-Trace", TRACE "-" SPAN "-1");
    transaction = sentry_transaction_start(context, sentry_value_new_null());
    CHECK(transaction != NULL);
    CHECK(strncmp(headers_of(transaction, NULL).sentry_trace, TRACE "-", 33) == 0);
    CHECK(strcmp(headers_of(transaction, NULL).sentry_trace + 49, "-1") == 0);
    /* The span of the header is the parent, not this one. */
    CHECK(strstr(headers_of(transaction, NULL).sentry_trace, SPAN) == NULL);
    sentry_transaction_discard(transaction);
}

static void handles(int is_running)
{
    sentry_transaction_context_t *context = sentry_transaction_context_new_n("name", 4, "op", 2);
    sentry_transaction_t *transaction;
    sentry_span_t *span, *inner;
    headers_t outer_headers, inner_headers;
    sentry_value_t value = watched();
    sentry_uuid_t id;

    sentry_transaction_context_set_sampled(context, 0);
    sentry_transaction_context_remove_sampled(context);
    transaction = sentry_transaction_start_ts(context, value, 1000);
    taken(value);
    outer_headers = headers_of(transaction, NULL);
    CHECK(outer_headers.count == (is_running ? 3 : 1));
    /* Without a client nobody decides whether the trace is sent. */
    CHECK(strcmp(outer_headers.sentry_trace + 49, is_running ? "-1" : "") == 0);

    span = sentry_transaction_start_child(transaction, "op", NULL);
    inner = sentry_span_start_child_n(span, "op", 2, "text", 4);
    CHECK(span != NULL && inner != NULL);
    inner_headers = headers_of(NULL, inner);
    CHECK(strncmp(outer_headers.sentry_trace, inner_headers.sentry_trace, 33) == 0);
    CHECK(strcmp(outer_headers.sentry_trace, inner_headers.sentry_trace) != 0);
    if (is_running) {
        CHECK(strlen(inner_headers.traceparent) == 55);
        CHECK(strncmp(inner_headers.traceparent + 3, inner_headers.sentry_trace, 49) == 0);
    }
    sentry_set_transaction_object(transaction);
    sentry_set_span(span);
    sentry_transaction_set_tag_n(transaction, "k", 1, "v", 1);
    sentry_span_set_tag(span, "k", "v");
    value = watched();
    sentry_span_set_data(span, "k", value);
    taken(value);
    sentry_span_set_status(span, (sentry_span_status_t)99);
    /* A span may outlive what it is a part of. */
    id = sentry_transaction_finish_ts(transaction, 2000);
    CHECK(sentry_uuid_is_nil(&id) == !is_running);
    sentry_span_finish(span);
    sentry_span_discard(inner);
}

static void capture(const char *text)
{
    sentry_uuid_t id
        = sentry_capture_event(sentry_value_new_message_event(SENTRY_LEVEL_INFO, NULL, text));
    CHECK(!sentry_uuid_is_nil(&id));
}

int main(int argc, char **argv)
{
    sentry_options_t *options;
    sentry_transaction_t *transaction;
    CHECK(argc == 2);
    null_handles();
    contexts();
    handles(0);

    options = sentry_options_new();
    sentry_options_set_dsn(options, argv[1]);
    sentry_options_set_database_path(options, "");
    sentry_options_set_shutdown_timeout(options, 30000);
    sentry_options_set_traces_sample_rate(options, 1.0);
    sentry_options_set_propagate_traceparent(options, 1);
    sentry_options_set_auto_session_tracking(options, 0);
    CHECK(sentry_init(options) == 0);
    null_handles();
    contexts();
    handles(1);

    capture("own");
    sentry_set_trace("not a trace", NULL);
    sentry_set_trace_n("00000000000000000000000000000000", 32, SPAN, 16);
    capture("still own");
    sentry_set_trace_n(TRACE "garbage", 32, SPAN "garbage", 16);
    capture("joined");
    transaction = sentry_transaction_start(
        sentry_transaction_context_new("n", "o"), sentry_value_new_null());
    CHECK(strncmp(headers_of(transaction, NULL).sentry_trace, TRACE "-", 33) == 0);
    sentry_transaction_finish(transaction);
    sentry_set_trace("0AE7BE1EFE7A4D04F423378007B8F6AE", "no span");
    capture("without parent");
    sentry_regenerate_trace();
    capture("new");
    CHECK(sentry_close() == 0);
    handles(0);
    return 0;
}
