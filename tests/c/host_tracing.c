/* Tracing: what is sent of transactions and spans, what is counted of those that are not, and traces across threads, forks
 * and programs. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

#include <pthread.h>

#define TRACE "0ae7be1efe7a4d04f423378007b8f6ae"
#define SPAN "fdf21cb107484a2d"
#define START_MICROS 1767225600000042u

/* What was told of a place in a trace. */
typedef struct {
    char trace[80];
    char baggage[2000];
    char traceparent[80];
} told_t;

static void note(const char *key, const char *value, void *userdata)
{
    told_t *told = (told_t *)userdata;
    CHECK(strlen(value) < sizeof told->baggage);
    if (strcmp(key, "sentry-trace") == 0 || strcmp(key, "SENTRY_TRACE") == 0) {
        strcpy(told->trace, value);
    } else if (strcmp(key, "baggage") == 0 || strcmp(key, "SENTRY_BAGGAGE") == 0) {
        strcpy(told->baggage, value);
    } else {
        CHECK_TEXT(key, "traceparent");
        strcpy(told->traceparent, value);
    }
}

static told_t told_of(sentry_transaction_t *transaction, sentry_span_t *span)
{
    told_t told;
    memset(&told, 0, sizeof told);
    sentry_transaction_iter_headers(transaction, note, &told);
    sentry_span_iter_headers(span, note, &told);
    return told;
}

static sentry_transaction_t *start_named(const char *name)
{
    return sentry_transaction_start(sentry_transaction_context_new(name, "op"), sentry_value_new_null());
}

/* Starts with a rate; negative: without one. */
static void start_at(double rate)
{
    sentry_options_t *options = host_options();
    if (rate >= 0)
        sentry_options_set_traces_sample_rate(options, rate);
    CHECK_EQ(sentry_init(options), 0);
}

static const sentry_category_stats_t *counts_of(sentry_category_t category)
{
    static sentry_stats_t stats;
    host_check_account();
    stats = host_stats();
    return &stats.categories[category];
}

static int finish_is_sent(sentry_transaction_t *transaction)
{
    sentry_uuid_t id = sentry_transaction_finish(transaction);
    return !sentry_uuid_is_nil(&id);
}

static sentry_value_t object_of(const char *key, sentry_value_t value)
{
    sentry_value_t object = sentry_value_new_object();
    sentry_value_set_by_key(object, key, value);
    return object;
}

/* One transaction with all that it can have. */
static void whole(void)
{
    sentry_transaction_context_t *context = sentry_transaction_context_new_n("baking bread", 6, "oven", 4);
    sentry_transaction_t *transaction;
    sentry_span_t *outer, *inner, *late;
    start_at(1);
    sentry_set_tag("scope", "s");
    sentry_set_tag("both", "of scope");
    sentry_set_extra("extra", sentry_value_new_int32(7));
    sentry_set_user(sentry_value_new_user("7", NULL, NULL, NULL));
    sentry_set_fingerprint("print", NULL);
    sentry_set_context("oven", object_of("hot", sentry_value_new_bool(1)));
    sentry_add_breadcrumb(sentry_value_new_breadcrumb(NULL, "crumb"));
    CHECK(sentry_attach_bytes("bytes", 5, "stays") != NULL);
    transaction = sentry_transaction_start_ts(context, sentry_value_new_null(), START_MICROS);
    sentry_transaction_set_name_n(transaction, "roasting meat", 8);
    sentry_transaction_set_tag(transaction, "both", "own");
    sentry_transaction_set_tag_n(transaction, "gone!", 4, "xyz", 1);
    sentry_transaction_remove_tag_n(transaction, "gone", 4);
    sentry_transaction_set_tag(transaction, NULL, "x");
    sentry_transaction_set_data(transaction, "degrees", sentry_value_new_int32(200));
    sentry_transaction_set_data_n(transaction, "gone!", 4, sentry_value_new_null());
    sentry_transaction_remove_data_n(transaction, "gone!", 4);
    sentry_transaction_set_data(transaction, "away", sentry_value_new_int32(1));
    sentry_transaction_remove_data(transaction, "away");
    sentry_transaction_set_tag(transaction, "away", "x");
    sentry_transaction_remove_tag(transaction, "away");
    sentry_transaction_set_status(transaction, SENTRY_SPAN_STATUS_DEADLINE_EXCEEDED);

    outer = sentry_transaction_start_child_ts_n(transaction, "mixer", 3, "water and flour", 5, START_MICROS + 1000);
    inner = sentry_span_start_child_ts(outer, "fold", NULL, START_MICROS + 2000);
    sentry_span_set_tag(inner, "hand", "left\nright");
    sentry_span_set_tag(inner, "gone", "x");
    sentry_span_set_tag(inner, "gone", NULL);
    sentry_span_set_tag_n(inner, "away!", 4, "x", 1);
    sentry_span_remove_tag_n(inner, "away!", 4);
    sentry_span_set_tag(inner, "away", "x");
    sentry_span_remove_tag(inner, "away");
    sentry_span_set_data(inner, "times", object_of("n", sentry_value_new_int32(2)));
    sentry_span_set_data_n(inner, "gone!", 4, sentry_value_new_bool(1));
    sentry_span_remove_data_n(inner, "gone!", 4);
    sentry_span_set_data(inner, "away", sentry_value_new_null());
    sentry_span_remove_data(inner, "away");
    sentry_span_set_status(inner, SENTRY_SPAN_STATUS_ABORTED);
    sentry_span_finish_ts(inner, START_MICROS + 3000);
    /* Before its start is its start. */
    sentry_span_finish_ts(outer, 5);
    sentry_span_discard(sentry_transaction_start_child_ts(transaction, "discarded", "d", START_MICROS));
    late = sentry_span_start_child_ts_n(NULL, "op", 2, "d", 1, 7);
    CHECK(late == NULL);
    late = sentry_transaction_start_child_n(transaction, "late", 4, "d", 1);
    sentry_set_span(late);
    CHECK_EQ(host_capture("in span"), SENTRY_STATUS_OK);
    sentry_set_transaction_object(transaction);
    CHECK_EQ(host_capture("in transaction"), SENTRY_STATUS_OK);
    {
        sentry_uuid_t id = sentry_transaction_finish_ts(transaction, START_MICROS + 5000000);
        CHECK(!sentry_uuid_is_nil(&id));
    }
    CHECK_EQ(host_capture("after it"), SENTRY_STATUS_OK);
    sentry_span_finish(sentry_span_start_child(late, "later", NULL));
    sentry_span_finish(late);
    CHECK_EQ(counts_of(SENTRY_CATEGORY_SPAN)->discarded_by_reason[SENTRY_DISCARD_INSUFFICIENT_DATA], 1);
    CHECK_EQ(counts_of(SENTRY_CATEGORY_SPAN)->captured, 4);
    CHECK_EQ(counts_of(SENTRY_CATEGORY_TRANSACTION)->captured, 1);
    CHECK_EQ(sentry_close(), 0);
}

/* One decision per trace; what is left out is counted with its spans. */
static void sampled(void)
{
    int sent = 0;
    start_at(0);
    for (int i = 0; i < 3; i++) {
        sentry_transaction_t *transaction = start_named("left out");
        sentry_span_t *span = sentry_transaction_start_child(transaction, "op", NULL);
        told_t told = told_of(NULL, span);
        CHECK_TEXT(told.trace + 49, "-0");
        CHECK(strstr(told.baggage, "sentry-sampled=false") != NULL);
        CHECK(strstr(told.baggage, "sentry-sample_rate=0,") != NULL);
        sentry_span_finish(sentry_span_start_child(span, "op", NULL));
        sentry_span_finish(span);
        CHECK(!finish_is_sent(transaction));
    }
    /* The host discards: no loss. */
    sentry_transaction_discard(start_named("discarded"));
    CHECK_EQ(counts_of(SENTRY_CATEGORY_TRANSACTION)->discarded_by_reason[SENTRY_DISCARD_SAMPLE_RATE], 3);
    CHECK_EQ(counts_of(SENTRY_CATEGORY_SPAN)->discarded_by_reason[SENTRY_DISCARD_SAMPLE_RATE], 9);
    CHECK_EQ(counts_of(SENTRY_CATEGORY_TRANSACTION)->captured, 3);
    CHECK_EQ(host_capture("carries the report"), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_close(), 0);

    start_at(0.5);
    for (int trace = 0; trace < 20; trace++) {
        int in_trace = 0;
        sentry_regenerate_trace();
        for (int i = 0; i < 4; i++)
            in_trace += finish_is_sent(start_named("some"));
        CHECK(in_trace == 0 || in_trace == 4);
        sent += in_trace;
    }
    /* One in a million runs fails here. */
    CHECK(sent > 0 && sent < 80);
    CHECK_EQ(counts_of(SENTRY_CATEGORY_TRANSACTION)->captured, 80);
    CHECK_EQ(sentry_close(), 0);
}

typedef struct {
    int calls;
    double answer;
    int parent;
} sampler_t;

static double sample(const sentry_transaction_context_t *context, sentry_value_t custom, const int *parent,
                     void *user_data)
{
    sampler_t *sampler = (sampler_t *)user_data;
    sampler->calls++;
    sampler->parent = parent == NULL ? -1 : *parent;
    CHECK_TEXT(sentry_transaction_context_get_name(context), "asked");
    CHECK_TEXT(sentry_transaction_context_get_operation(context), "op");
    CHECK_EQ(sentry_value_as_int32(sentry_value_get_by_key(custom, "n")), 7);
    return sampler->answer;
}

static sentry_transaction_t *start_asked(const char *header, int explicitly)
{
    sentry_transaction_context_t *context = sentry_transaction_context_new("asked", "op");
    sentry_value_t custom = sentry_value_new_object();
    sentry_value_set_by_key(custom, "n", sentry_value_new_int32(7));
    if (header != NULL)
        sentry_transaction_context_update_from_header(context, "sentry-trace", header);
    if (explicitly >= 0)
        sentry_transaction_context_set_sampled(context, explicitly);
    return sentry_transaction_start(context, custom);
}

/* The host's word, its function, the program before, and the rate, in this order. */
static void decided(void)
{
    sampler_t sampler = {0, 1.0, 0};
    volatile double zero = 0;
    sentry_options_t *options = host_options();
    sentry_options_set_traces_sampler(options, sample, &sampler);
    CHECK_EQ(sentry_init(options), 0);
    CHECK(finish_is_sent(start_asked(TRACE "-" SPAN "-0", -1)));
    CHECK_EQ(sampler.parent, 0);
    sampler.answer = 0;
    CHECK(!finish_is_sent(start_asked(TRACE "-" SPAN "-1", -1)));
    CHECK_EQ(sampler.parent, 1);
    CHECK(!finish_is_sent(start_asked(NULL, -1)));
    CHECK_EQ(sampler.parent, -1);
    CHECK_EQ(sampler.calls, 3);
    CHECK(finish_is_sent(start_asked(NULL, 1)));
    CHECK_EQ(sampler.calls, 3);
    sampler.answer = zero / zero;
    CHECK(finish_is_sent(start_asked(TRACE "-" SPAN "-1", -1)));
    CHECK(!finish_is_sent(start_asked(TRACE "-" SPAN "-0", -1)));
    CHECK(!finish_is_sent(start_asked(NULL, -1)));
    CHECK_EQ(sampler.calls, 6);
    CHECK_EQ(counts_of(SENTRY_CATEGORY_TRANSACTION)->discarded_by_reason[SENTRY_DISCARD_SAMPLE_RATE], 4);
    CHECK_EQ(sentry_close(), 0);
}

/* The table of docs/protocol.md: no rate, rate 0, rate 1; no trace, deferred, -1, -0. */
static void table(void)
{
    static const double rates[3] = {-1, 0, 1};
    static const char *const headers[4] = {NULL, TRACE "-" SPAN, TRACE "-" SPAN "-1", TRACE "-" SPAN "-0"};
    static const int is_sent[4][3] = {{0, 0, 1}, {0, 0, 1}, {0, 1, 1}, {0, 0, 0}};
    static const char *const flags[4][3]
        = {{"", "-0", "-1"}, {"", "-0", "-1"}, {"-1", "-1", "-1"}, {"-0", "-0", "-0"}};
    for (int rate = 0; rate < 3; rate++) {
        uint64_t lost = 0;
        start_at(rates[rate]);
        for (int header = 0; header < 4; header++) {
            sentry_transaction_context_t *context = sentry_transaction_context_new("table", "op");
            sentry_transaction_t *transaction;
            told_t told;
            if (headers[header] != NULL)
                sentry_transaction_context_update_from_header(context, "Sentry-Trace", headers[header]);
            transaction = sentry_transaction_start(context, sentry_value_new_null());
            told = told_of(transaction, NULL);
            CHECK_TEXT(told.trace + 49, flags[header][rate]);
            CHECK_EQ(strncmp(told.trace, TRACE, 32) == 0, headers[header] != NULL);
            CHECK_EQ(finish_is_sent(transaction), is_sent[header][rate]);
            lost += rate > 0 && !is_sent[header][rate];
        }
        CHECK_EQ(counts_of(SENTRY_CATEGORY_TRANSACTION)->discarded, lost);
        CHECK_EQ(sentry_close(), 0);
    }
}

/* A transaction holds so many spans, and at most 1 MiB; the rest is counted. */
static void full(void)
{
    static char text[8001];
    sentry_options_t *options = host_options();
    sentry_transaction_t *transaction;
    sentry_span_t *parent;
    sentry_options_set_traces_sample_rate(options, 1);
    sentry_options_set_max_spans(options, 3);
    CHECK_EQ(sentry_init(options), 0);
    transaction = start_named("few");
    parent = sentry_transaction_start_child(transaction, "parent", NULL);
    for (int i = 0; i < 3; i++)
        sentry_span_finish(sentry_transaction_start_child(transaction, "kept", NULL));
    CHECK(sentry_transaction_start_child(transaction, "refused", NULL) == NULL);
    /* Its own children may be used, and are lost as well. */
    sentry_span_finish(sentry_span_start_child(parent, "lost", NULL));
    sentry_span_finish(parent);
    CHECK(finish_is_sent(transaction));
    CHECK_EQ(counts_of(SENTRY_CATEGORY_SPAN)->discarded_by_reason[SENTRY_DISCARD_BUFFER_OVERFLOW], 3);
    CHECK_EQ(counts_of(SENTRY_CATEGORY_SPAN)->captured, 7);
    CHECK_EQ(sentry_close(), 0);

    memset(text, 'x', sizeof text - 1);
    start_at(1);
    transaction = start_named("large");
    for (int i = 0; i < 300; i++) {
        sentry_span_t *span = sentry_transaction_start_child(transaction, i < 299 ? "older" : "newest", text);
        sentry_span_finish(span);
    }
    CHECK(finish_is_sent(transaction));
    CHECK_EQ(counts_of(SENTRY_CATEGORY_SPAN)->captured, 301);
    CHECK(counts_of(SENTRY_CATEGORY_SPAN)->discarded_by_reason[SENTRY_DISCARD_BUFFER_OVERFLOW] > 160);
    CHECK_EQ(sentry_close(), 0);
}

static sentry_value_t change(sentry_value_t transaction, void *data)
{
    const char *mode = (const char *)data;
    sentry_value_t spans = sentry_value_get_by_key(transaction, "spans");
    CHECK_TEXT(sentry_value_as_string(sentry_value_get_by_key(transaction, "type")), "transaction");
    CHECK_EQ(sentry_value_get_length(spans), 2);
    if (strcmp(mode, "drop") == 0) {
        sentry_value_decref(transaction);
        return sentry_value_new_null();
    }
    sentry_value_remove_by_index(spans, 0);
    sentry_value_set_by_key(transaction, "transaction", sentry_value_new_string("changed"));
    sentry_value_set_by_key(transaction, "contexts", sentry_value_new_null());
    sentry_value_set_by_key(transaction, "start_timestamp", sentry_value_new_string("soon"));
    return transaction;
}

/* The function that sees transactions changes or drops them; that for events does not see them. */
static void shown(void)
{
    static char drop[] = "drop", alter[] = "alter";
    char *const modes[2] = {drop, alter};
    for (int i = 0; i < 2; i++) {
        sentry_options_t *options = host_options();
        sentry_transaction_t *transaction;
        sentry_options_set_traces_sample_rate(options, 1);
        sentry_options_set_sample_rate(options, 0);
        sentry_options_set_before_transaction(options, change, modes[i]);
        CHECK_EQ(sentry_init(options), 0);
        transaction = start_named("shown");
        sentry_span_finish(sentry_transaction_start_child(transaction, "first", NULL));
        sentry_span_finish(sentry_transaction_start_child(transaction, "second", NULL));
        CHECK_EQ(finish_is_sent(transaction), i);
        CHECK_EQ(counts_of(SENTRY_CATEGORY_TRANSACTION)->discarded_by_reason[SENTRY_DISCARD_BEFORE_SEND], !i);
        CHECK_EQ(counts_of(SENTRY_CATEGORY_SPAN)->discarded_by_reason[SENTRY_DISCARD_BEFORE_SEND], i ? 1 : 3);
        CHECK_EQ(counts_of(SENTRY_CATEGORY_SPAN)->captured, 3);
        CHECK_EQ(sentry_close(), 0);
    }
}

/* A second client goes on with the trace that the first tells of, in its environment and by headers. */
static void two_programs(void)
{
    told_t first, child, second;
    sentry_transaction_context_t *context;
    sentry_transaction_t *transaction;
    memset(&first, 0, sizeof first);
    memset(&child, 0, sizeof child);
    sentry_trace_iter_headers(note, &first);
    sentry_trace_iter_environment(note, &first);
    sentry_trace_iter_headers(NULL, NULL);
    CHECK_EQ(first.trace[0], 0);
    start_at(1);
    transaction = start_named("first");
    sentry_set_transaction_object(transaction);
    sentry_trace_iter_headers(note, &first);
    sentry_trace_iter_environment(note, &child);
    CHECK_TEXT(child.trace, first.trace);
    CHECK_TEXT(child.baggage, first.baggage);
    CHECK_TEXT(told_of(transaction, NULL).trace, first.trace);
    CHECK(finish_is_sent(transaction));
    CHECK_EQ(sentry_close(), 0);

    CHECK_EQ(setenv("SENTRY_TRACE", child.trace, 1), 0);
    CHECK_EQ(setenv("SENTRY_BAGGAGE", child.baggage, 1), 0);
    {
        /* Its own rate would send nothing. */
        sentry_options_t *options = host_options();
        sentry_options_set_traces_sample_rate(options, 0);
        sentry_options_set_release(options, "other@2");
        CHECK_EQ(sentry_init(options), 0);
    }
    CHECK_EQ(host_capture("in the child"), SENTRY_STATUS_OK);
    transaction = start_named("second");
    second = told_of(transaction, NULL);
    CHECK(strncmp(second.trace, first.trace, 33) == 0 && strcmp(second.trace, first.trace) != 0);
    CHECK_TEXT(second.baggage, first.baggage);
    CHECK(finish_is_sent(transaction));
    context = sentry_transaction_context_new("third", "op");
    sentry_transaction_context_update_from_header_n(context, "sentry-trace!", 12, second.trace, strlen(second.trace));
    sentry_transaction_context_update_from_header(context, "Baggage", "vendor=1");
    sentry_transaction_context_update_from_header(context, "Baggage", second.baggage);
    transaction = sentry_transaction_start(context, sentry_value_new_null());
    CHECK_TEXT(told_of(transaction, NULL).baggage, first.baggage);
    CHECK(finish_is_sent(transaction));
    CHECK_EQ(unsetenv("SENTRY_TRACE"), 0);
    CHECK_EQ(unsetenv("SENTRY_BAGGAGE"), 0);
    CHECK_EQ(sentry_close(), 0);
}

/* A trace of another organisation does not go on; one of an unknown one only if that is not forbidden. */
static void foreign(void)
{
    for (int is_strict = 0; is_strict < 2; is_strict++) {
        static const char *const baggage[3] = {"sentry-org_id=7", "sentry-org_id=8", "sentry-release=x"};
        sentry_options_t *options = host_options();
        sentry_options_set_traces_sample_rate(options, 0);
        sentry_options_set_org_id(options, "7");
        sentry_options_set_strict_trace_continuation(options, is_strict);
        CHECK_EQ(sentry_init(options), 0);
        for (int i = 0; i < 3; i++) {
            const int goes_on = i == 0 || (i == 2 && !is_strict);
            sentry_transaction_context_t *context = sentry_transaction_context_new("foreign", "op");
            sentry_transaction_t *transaction;
            told_t told;
            sentry_transaction_context_update_from_header(context, "baggage", baggage[i]);
            sentry_transaction_context_update_from_header(context, "sentry-trace", TRACE "-" SPAN "-1");
            transaction = sentry_transaction_start(context, sentry_value_new_null());
            told = told_of(transaction, NULL);
            CHECK_EQ(strncmp(told.trace, TRACE, 32) == 0, goes_on);
            CHECK_EQ(strstr(told.baggage, baggage[i]) != NULL, goes_on);
            CHECK_EQ(finish_is_sent(transaction), goes_on);
        }
        CHECK_EQ(sentry_close(), 0);
    }
}

static void capture_with(sentry_scope_t *scope, const char *text)
{
    sentry_scope_capture_event(scope, sentry_value_new_message_event(SENTRY_LEVEL_INFO, NULL, text));
}

/* Each scope binds its own, and a copy shares what is bound. */
static void bound(void)
{
    sentry_scope_t *scope = sentry_scope_new(), *copy;
    sentry_transaction_t *transaction, *other;
    sentry_span_t *span;
    start_at(1);
    transaction = start_named("bound");
    other = start_named("other");
    span = sentry_transaction_start_child(other, "span", "described");
    sentry_span_set_status(span, SENTRY_SPAN_STATUS_CANCELLED);
    sentry_set_transaction_object(transaction);
    sentry_scope_set_transaction_object(scope, transaction);
    sentry_scope_set_span(scope, span);
    copy = sentry_scope_clone(scope);
    sentry_scope_set_span(scope, NULL);
    capture_with(copy, "copy");
    capture_with(scope, "process");
    sentry_set_transaction("renamed");
    sentry_set_transaction_object(NULL);
    capture_with(scope, "none");
    sentry_set_span(span);
    sentry_scope_free(copy);
    capture_with(scope, "span");
    sentry_span_discard(span);
    capture_with(scope, "none again");
    sentry_scope_set_transaction_object(scope, other);
    sentry_transaction_discard(other);
    capture_with(scope, "discarded");
    sentry_scope_free(scope);
    CHECK(finish_is_sent(transaction));
    CHECK_EQ(sentry_close(), 0);
}

#define THREADS 4
#define SPANS 200

static void *work(void *argument)
{
    sentry_transaction_t *transaction = (sentry_transaction_t *)argument;
    sentry_span_t *outer = sentry_transaction_start_child(transaction, "thread", NULL);
    for (int i = 0; i < SPANS; i++) {
        sentry_span_t *span = sentry_span_start_child(outer, "op", "work");
        sentry_span_set_tag(outer, "i", "x");
        sentry_transaction_set_data(transaction, "i", sentry_value_new_int32(i));
        sentry_set_span(span);
        (void)told_of(transaction, span);
        sentry_span_finish(span);
    }
    sentry_span_finish(outer);
    return NULL;
}

/* Threads that work in one transaction lose nothing. */
static void threads(void)
{
    pthread_t threads[THREADS];
    sentry_transaction_t *transaction;
    start_at(1);
    transaction = start_named("threads");
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, work, transaction), 0);
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
    CHECK(finish_is_sent(transaction));
    CHECK_EQ(counts_of(SENTRY_CATEGORY_SPAN)->captured, 1 + THREADS * (SPANS + 1));
    CHECK_EQ(counts_of(SENTRY_CATEGORY_SPAN)->discarded, 0);
    CHECK_EQ(sentry_close(), 0);
}

/* A transaction is sent by the process that started it; a child can use its handles, and starts its own. */
static void forked(void)
{
    sentry_transaction_t *transaction;
    sentry_span_t *span;
    pid_t child;
    start_at(1);
    transaction = start_named("parent");
    span = sentry_transaction_start_child(transaction, "span", NULL);
    sentry_set_span(span);
    child = host_fork();
    if (child == 0) {
        sentry_transaction_t *own;
        CHECK_EQ(strncmp(told_of(NULL, span).trace, told_of(transaction, NULL).trace, 33), 0);
        sentry_span_set_tag(span, "a", "b");
        sentry_transaction_set_data(transaction, "a", sentry_value_new_object());
        sentry_transaction_set_name(transaction, "child");
        sentry_span_finish(sentry_span_start_child(span, "in child", NULL));
        CHECK_EQ(host_capture("child in the span of its parent"), SENTRY_STATUS_OK);
        own = start_named("of the child");
        CHECK(finish_is_sent(own));
        sentry_span_finish(span);
        CHECK(!finish_is_sent(transaction));
        CHECK_EQ(counts_of(SENTRY_CATEGORY_TRANSACTION)->captured, 1);
        CHECK_EQ(sentry_close(), 0);
        _exit(0);
    }
    host_await_child(child);
    sentry_span_finish(span);
    CHECK(finish_is_sent(transaction));
    CHECK_EQ(sentry_close(), 0);
}

/* Handles outlive the client, and what was started without one is never sent. */
static void closed(void)
{
    sentry_transaction_t *early = start_named("early"), *live;
    sentry_span_t *span;
    start_at(1);
    CHECK(!finish_is_sent(early));
    live = start_named("live");
    span = sentry_transaction_start_child(live, "op", NULL);
    sentry_set_span(span);
    CHECK_EQ(sentry_close(), 0);
    sentry_transaction_set_tag(live, "a", "b");
    sentry_span_discard(sentry_span_start_child(span, "op", NULL));
    CHECK(strlen(told_of(live, NULL).trace) == 51);
    sentry_span_finish(span);
    CHECK(!finish_is_sent(live));
    start_at(1);
    CHECK_EQ(counts_of(SENTRY_CATEGORY_TRANSACTION)->captured, 0);
    CHECK_EQ(sentry_close(), 0);
}

static const host_scenario_t scenarios[] = {
    {"whole", whole},   {"sampled", sampled}, {"decided", decided},           {"table", table},
    {"full", full},     {"shown", shown},     {"two_programs", two_programs}, {"foreign", foreign},
    {"bound", bound},   {"threads", threads}, {"forked", forked},             {"closed", closed},
};

int main(int argc, char **argv)
{
    return host_main(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}
