/* Each allocation of 4 KiB or more fails once, one after the other: every call answers as documented or does its work, the
 * account is right, and the next call works. Started by tests/host_memory.rs.
 *
 * The program stands between the library and the C library's allocator. Each failure has a process of its own. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

#include <malloc.h>
#include <pthread.h>
#include <stdarg.h>
#include <sys/stat.h>

/* Smaller ones may end the process, see docs/host-safety.md. */
#define LARGE ((size_t)4096)
/* What stays allocated after the end: caches of libcurl and of the C library, and what lives as long as the process. */
#define KEPT ((long)512 * 1024)
/* Ends a process in which nothing was left to fail. */
#define NOTHING_LEFT 77

#ifdef __cplusplus
#    define NOTHROW noexcept
extern "C" {
#else
#    define NOTHROW
#endif
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *memory);
#ifdef __cplusplus
}
#endif

static __thread int is_main, is_armed;
/* Who gives back at once what was just allocated has only asked: so many bytes are there for what follows. */
static __thread void *newest;
static __thread size_t given_back;
static volatile int are_others_armed;
static long fail_at, seen, live;

static int fails(size_t size)
{
    if (size < LARGE)
        return 0;
    if (size <= given_back) {
        given_back -= size;
        return 0;
    }
    if (!(is_armed || (are_others_armed && !is_main)))
        return 0;
    if (__sync_add_and_fetch(&seen, 1) != fail_at)
        return 0;
    errno = ENOMEM;
    return 1;
}

static void *counted(void *memory)
{
    if (memory != NULL) {
        newest = memory;
        __sync_fetch_and_add(&live, (long)malloc_usable_size(memory));
    }
    return memory;
}

#ifdef __cplusplus
extern "C" {
#endif

void *malloc(size_t size) NOTHROW
{
    return fails(size) ? NULL : counted(__libc_malloc(size));
}

void *calloc(size_t count, size_t size) NOTHROW
{
    return count != 0 && fails(count * size) ? NULL : counted(__libc_calloc(count, size));
}

void free(void *memory) NOTHROW
{
    if (memory != NULL) {
        size_t size = malloc_usable_size(memory);
        if (memory == newest && size >= LARGE)
            given_back = size;
        __sync_fetch_and_sub(&live, (long)size);
    }
    __libc_free(memory);
}

void *realloc(void *old, size_t size) NOTHROW
{
    long before = old == NULL ? 0 : (long)malloc_usable_size(old);
    void *memory;
    /* Making something smaller takes no memory. */
    if ((long)size > before && fails(size))
        return NULL;
    memory = __libc_realloc(old, size);
    if (memory != NULL || size == 0)
        __sync_fetch_and_sub(&live, before);
    return counted(memory);
}

void *memalign(size_t alignment, size_t size) NOTHROW
{
    return fails(size) ? NULL : counted(__libc_memalign(alignment, size));
}

void *aligned_alloc(size_t alignment, size_t size) NOTHROW
{
    return memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) NOTHROW
{
    void *found = memalign(alignment, size);
    if (found == NULL)
        return ENOMEM;
    *memory = found;
    return 0;
}

#ifdef __cplusplus
}
#endif

static void arm(void)
{
    is_armed = 1;
}

static void disarm(void)
{
    is_armed = 0;
}

static void check_status(sentry_status_t status)
{
    if (status != SENTRY_STATUS_OK)
        CHECK_EQ(status, SENTRY_STATUS_OUT_OF_MEMORY);
}

/* Nil is for want of memory only. */
static void check_id(const sentry_uuid_t *id)
{
    if (sentry_uuid_is_nil(id))
        CHECK(strstr(sentry_last_error_message(), "memory") != NULL);
}

/* Text that the caller frees. */
static char *text_of(size_t size, const char *pattern)
{
    size_t length = strlen(pattern);
    char *text = (char *)malloc(size + 1);
    CHECK(text != NULL);
    for (size_t i = 0; i < size; i++)
        text[i] = pattern[i % length];
    text[size] = '\0';
    return text;
}

/* Appends to `*text`, which grows. */
static void add(char **text, size_t *length, const char *format, ...)
{
    va_list arguments;
    int more;
    *text = (char *)realloc(*text, *length + 64 * 1024);
    CHECK(*text != NULL);
    va_start(arguments, format);
    more = vsnprintf(*text + *length, 64 * 1024, format, arguments);
    va_end(arguments);
    CHECK(more >= 0 && more < 64 * 1024);
    *length += (size_t)more;
}

/* 50 characters, of which every multiple is whole: with all kinds of escapes, and without half a pair. */
#define ODD "some \\\"text\\\" \\u00e9\\ud800 \\n padding that is plai"
#define SOUND "some \\\"text\\\" \\u00e9\\u00e8 \\n padding that is plai"

/* An event with much of everything that events have, JSON of some 400 KB. */
static char *large_event(const char *pattern)
{
    char *text = NULL, *long_text = text_of(20000, pattern);
    size_t length = 0;
    add(&text, &length, "{\"message\":\"%s\",\"transaction\":\"%s\",\"logger\":\"%s\"", long_text, long_text, long_text);
    add(&text, &length, ",\"exception\":{\"values\":[");
    for (int i = 0; i < 20; i++)
        add(&text, &length,
            "%s{\"type\":\"T%d\",\"value\":\"%.9000s\",\"stacktrace\":{\"frames\":[{\"function\":\"f\",\"vars\":{\"v\":\"%.3000s\"}}]}}",
            i == 0 ? "" : ",", i, long_text, long_text);
    add(&text, &length, "]},\"tags\":{");
    for (int i = 0; i < 300; i++)
        add(&text, &length, "%s\"tag-%d\":\"%.250s\"", i == 0 ? "" : ",", i, long_text);
    add(&text, &length, "},\"extra\":{\"long\":\"%s\"%s", long_text, strstr(pattern, "ud800") != NULL ? ",\"number\":1e999" : "");
    for (int i = 0; i < 300; i++)
        add(&text, &length, ",\"extra-%d\":[\"%.200s\",{\"a\":[[1,2,3],{\"b\":null}]}]", i, long_text);
    add(&text, &length, "},\"contexts\":{\"c\":{\"long\":\"%s\"}", long_text);
    for (int i = 0; i < 150; i++)
        add(&text, &length, ",\"context-%d\":{\"k\":\"%.200s\"}", i, long_text);
    add(&text, &length, "},\"breadcrumbs\":{\"values\":[");
    for (int i = 0; i < 150; i++)
        add(&text, &length, "%s{\"message\":\"%.300s\",\"data\":{\"k\":\"%.200s\"}}", i == 0 ? "" : ",", long_text, long_text);
    add(&text, &length, "]},\"request\":{\"url\":\"http://host/%.2000s\",\"data\":\"%s\",\"headers\":{\"h\":\"%.5000s\"}}", long_text,
        long_text, long_text);
    add(&text, &length, ",\"user\":{\"id\":\"%.9000s\"},\"fingerprint\":[\"%.9000s\",\"b\"]", long_text, long_text);
    add(&text, &length, ",\"threads\":{\"values\":[{\"id\":1,\"name\":\"%.5000s\"}]}", long_text);
    for (int i = 0; i < 200; i++)
        add(&text, &length, ",\"unknown-%d\":\"%.100s\"", i, long_text);
    add(&text, &length, "}");
    free(long_text);
    return text;
}

/* The same as a value, wide and deep. */
static sentry_value_t large_value(const char *text)
{
    sentry_value_t value = sentry_value_new_object(), list = sentry_value_new_list();
    for (int i = 0; i < 2000; i++)
        sentry_value_append(list, sentry_value_new_int64(i));
    for (int i = 0; i < 500; i++) {
        char key[32];
        snprintf(key, sizeof key, "key-%d", i);
        sentry_value_set_by_key(value, key, sentry_value_new_string("value"));
    }
    sentry_value_set_by_key(value, "text", sentry_value_new_string(text));
    sentry_value_set_by_key(value, text, list);
    for (int i = 0; i < 400; i++) {
        sentry_value_t outer = sentry_value_new_list();
        sentry_value_append(outer, value);
        value = outer;
    }
    list = sentry_value_new_object();
    sentry_value_set_by_key(list, "deep", value);
    sentry_value_set_by_key(list, "event_id", sentry_value_new_null());
    return list;
}

/* Not as deep, so that all of it is sent. */
static sentry_value_t large_flat_value(void)
{
    char *text = text_of(30000, "text \"with\" quotes \n \xff");
    sentry_value_t value = sentry_value_new_object();
    for (int i = 0; i < 60; i++) {
        char key[32];
        sentry_value_t list = sentry_value_new_list();
        snprintf(key, sizeof key, "key-%d", i);
        for (int j = 0; j < 20; j++)
            sentry_value_append(list, sentry_value_new_double(j + 0.5));
        sentry_value_set_by_key(value, key, list);
    }
    sentry_value_set_by_key(value, "text", sentry_value_new_string(text));
    free(text);
    return value;
}

/* After each call: the account is right, and the library goes on. */
static void check_goes_on(void)
{
    disarm();
    are_others_armed = 0;
    host_check_account();
    CHECK_EQ(host_capture("afterwards"), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_flush(20000), 0);
    CHECK_EQ(host_check_account().pending, 0);
    CHECK_EQ(sentry_close(), 0);
}

static void init(void)
{
    sentry_options_t *options;
    int answer;
    arm();
    options = sentry_options_new();
    disarm();
    if (options != NULL) {
        sentry_options_free(options);
        options = host_options();
        sentry_options_set_database_path(options, "init");
        sentry_options_set_auto_session_tracking(options, 1);
        arm();
        answer = sentry_init(options);
        disarm();
        CHECK(answer == 0 || answer == 1);
        if (answer != 0)
            CHECK(sentry_last_error_message()[0] != '\0');
    }
    if (host_capture("first") != SENTRY_STATUS_OK)
        host_start();
    check_goes_on();
}

/* Without a database directory. */
static void start(void)
{
    sentry_options_t *opts = host_options();
    int answer;
    arm();
    answer = sentry_init(opts);
    disarm();
    if (answer != 0) {
        CHECK(sentry_last_error_message()[0] != '\0');
        host_start();
    }
    check_goes_on();
}

static void options(void)
{
    char *text = text_of(20000, "x");
    sentry_options_t *opts = host_options();
    arm();
    sentry_options_set_release(opts, text);
    sentry_options_set_environment(opts, text);
    sentry_options_set_ca_certs(opts, text);
    (void)sentry_options_get_release(opts);
    sentry_options_free(opts);
    disarm();
    free(text);
    host_start();
    check_goes_on();
}

static void json(void)
{
    char *event = large_event(ODD);
    host_start();
    arm();
    check_status(sentry_capture(event, NULL));
    disarm();
    free(event);
    check_goes_on();
}

static void values(void)
{
    char *text = text_of(30000, "text \"with\" quotes \n \xff"), *written;
    sentry_value_t value;
    size_t size = 1;
    host_start();
    arm();
    value = large_value(text);
    sentry_value_freeze(value);
    written = sentry_value_to_json(value);
    sentry_free(written);
    written = sentry_value_to_msgpack(value, &size);
    CHECK(written == NULL || size > 1);
    sentry_free(written);
    sentry_value_decref(value);
    disarm();
    free(text);
    check_goes_on();
}

static void event(void)
{
    sentry_value_t event = sentry_value_new_message_event(SENTRY_LEVEL_ERROR, "host", "large");
    char *text = text_of(30000, "text \"with\" quotes \n \xff");
    sentry_uuid_t id;
    sentry_value_set_by_key(event, "extra", large_flat_value());
    sentry_value_set_by_key(event, "unknown", large_value(text));
    free(text);
    sentry_value_set_stacktrace(event, NULL, 0);
    host_start();
    arm();
    id = sentry_capture_event(event);
    check_id(&id);
    check_goes_on();
}

static void message(void)
{
    char *text = text_of(100000, "line \"one\"\n\xff");
    host_start();
    arm();
    check_status(sentry_capture_message(SENTRY_LEVEL_ERROR, text, text, NULL));
    check_status(sentry_log_message(SENTRY_LEVEL_ERROR, text, text));
    disarm();
    free(text);
    check_goes_on();
}

static void scope(void)
{
    sentry_value_t crumb = sentry_value_new_breadcrumb("default", "large"), value = large_flat_value();
    sentry_value_t tags = sentry_value_new_object(), list = sentry_value_new_list();
    sentry_scope_t *own;
    sentry_uuid_t id;
    char *text = text_of(50000, "text \"two\" \xff"), *crumb_json = NULL;
    size_t length = 0;
    add(&crumb_json, &length, "{\"message\":\"%.30000s\",\"data\":{\"k\":\"\\ud800%.20000s\"}}", text + 8000, "x");
    sentry_value_set_by_key(crumb, "data", large_flat_value());
    sentry_value_set_by_key(tags, "a", sentry_value_new_string(text));
    sentry_value_append(list, sentry_value_new_string(text));
    for (int i = 0; i < 7; i++)
        sentry_value_incref(value);
    host_start();
    arm();
    sentry_value_incref(crumb);
    sentry_value_incref(crumb);
    sentry_add_breadcrumb(crumb);
    sentry_add_breadcrumb(crumb);
    (void)sentry_add_breadcrumb_json(crumb_json);
    sentry_set_extra(text, value);
    sentry_set_extra("extra", value);
    sentry_set_context("context", value);
    sentry_set_user(value);
    sentry_set_tags(tags);
    sentry_set_tag(text, text);
    sentry_set_fingerprints(list);
    sentry_set_transaction(text);
    sentry_set_release(text);
    sentry_set_environment(text);
    for (int i = 0; i < 40; i++) {
        char key[32];
        snprintf(key, sizeof key, "key-%d", i);
        sentry_set_tag(key, "value");
        sentry_set_extra(key, sentry_value_new_string("value"));
    }
    own = sentry_scope_new();
    sentry_scope_set_extra(own, "own", value);
    sentry_scope_update_context(own, "context", value);
    sentry_scope_update_context(own, "context", value);
    sentry_scope_add_breadcrumb(own, crumb);
    sentry_scope_free(sentry_scope_clone(own));
    id = sentry_scope_capture_event(own, sentry_value_new_message_event(SENTRY_LEVEL_ERROR, "host", "with a scope"));
    check_id(&id);
    sentry_scope_free(own);
    disarm();
    free(text);
    free(crumb_json);
    sentry_value_decref(value);
    check_goes_on();
}

static sentry_value_t change(sentry_value_t value, void *hint, void *unused)
{
    (void)hint;
    (void)unused;
    sentry_value_set_by_key(value, "hooked", sentry_value_new_bool(1));
    return value;
}

static sentry_value_t change_crumb(sentry_value_t value, void *unused)
{
    (void)unused;
    return value;
}

static void hooks(void)
{
    char *event = NULL, *text = text_of(20000, ODD);
    size_t length = 0;
    sentry_options_t *opts = host_options();
    sentry_uuid_t id;
    sentry_value_t crumb = sentry_value_new_breadcrumb("default", "large");
    /* Not as much as elsewhere: here each text is read into a value and written again. */
    add(&event, &length, "{\"message\":\"%s\",\"extra\":{\"long\":\"%s\"},\"unknown\":{\"%.5000s\":[1,2]}}", text, text, text);
    free(text);
    sentry_value_set_by_key(crumb, "data", large_flat_value());
    sentry_options_set_before_send(opts, change, NULL);
    sentry_options_set_before_breadcrumb(opts, change_crumb, NULL);
    CHECK_EQ(sentry_init(opts), 0);
    arm();
    sentry_add_breadcrumb(crumb);
    id = sentry_uuid_nil();
    check_status(sentry_capture(event, &id));
    disarm();
    free(event);
    check_goes_on();
}

static void ignore_header(const char *key, const char *value, void *userdata)
{
    (void)key, (void)value, (void)userdata;
}

static sentry_value_t change_transaction(sentry_value_t transaction, void *user_data)
{
    (void)user_data;
    sentry_value_set_by_key(transaction, "release", sentry_value_new_string("changed"));
    return transaction;
}

/* One transaction with long texts and much data; with a hook if `is_shown`. */
static void trace(int is_shown)
{
    char *text = text_of(20000, ODD), *baggage = text_of(8000, "sentry-release=a%40,sentry-"), key[16];
    sentry_options_t *opts = host_options();
    sentry_transaction_context_t *context;
    sentry_transaction_t *transaction;
    sentry_value_t data = large_flat_value();
    sentry_uuid_t id;
    sentry_options_set_traces_sample_rate(opts, 1);
    if (is_shown)
        sentry_options_set_before_transaction(opts, change_transaction, NULL);
    CHECK_EQ(sentry_init(opts), 0);
    context = sentry_transaction_context_new("name", "op");
    sentry_transaction_context_update_from_header(
        context, "sentry-trace", "0ae7be1efe7a4d04f423378007b8f6ae-fdf21cb107484a2d-1");
    arm();
    sentry_transaction_context_update_from_header(context, "baggage", baggage);
    transaction = sentry_transaction_start(context, sentry_value_new_null());
    CHECK(transaction != NULL);
    sentry_transaction_set_name(transaction, text);
    sentry_transaction_set_tag(transaction, "tag", text);
    sentry_transaction_set_data(transaction, "data", data);
    for (int i = 0; i < (is_shown ? 1 : 3); i++) {
        sentry_span_t *span = sentry_transaction_start_child(transaction, text, text);
        snprintf(key, sizeof key, "key-%d", i);
        sentry_span_set_tag(span, key, text);
        sentry_span_set_data(span, key, sentry_value_new_string(text));
        sentry_span_set_data(span, "same", sentry_value_new_int32(i));
        sentry_span_finish(span);
    }
    sentry_set_transaction_object(transaction);
    check_status(host_capture("in the transaction"));
    sentry_transaction_iter_headers(transaction, ignore_header, NULL);
    id = sentry_transaction_finish(transaction);
    disarm();
    if (sentry_uuid_is_nil(&id))
        CHECK_EQ(host_stats().categories[SENTRY_CATEGORY_TRANSACTION].discarded, 1);
    free(text);
    free(baggage);
    check_goes_on();
}

static void tracing(void)
{
    trace(0);
}

static void tracing_shown(void)
{
    trace(1);
}

static void feedback(void)
{
    char *text = text_of(20000, "words ");
    sentry_value_t value;
    host_start();
    arm();
    value = sentry_value_new_feedback(text, text, text, NULL);
    sentry_capture_feedback(value);
    disarm();
    free(text);
    check_goes_on();
}

static void envelopes(void)
{
    char *text = text_of(100000, SOUND), *serialized;
    char *bytes = NULL, *event = (char *)malloc(strlen(text) + 1000);
    size_t size = 0;
    sentry_envelope_t *envelope;
    CHECK(event != NULL);
    sprintf(event,
            "{\"event_id\":\"fc6d8c0c43fc4630ad850ee518f1b9d0\",\"timestamp\":\"2026-01-01T00:00:00Z\","
            "\"platform\":\"native\",\"level\":\"error\",\"logentry\":{\"formatted\":\"text\"},\"modules\":{\"m\":\"%s\"}}",
            text);
    free(text);
    bytes = (char *)malloc(strlen(event) + 1000);
    CHECK(bytes != NULL);
    size = (size_t)snprintf(bytes, strlen(event) + 1000,
                            "{\"event_id\":\"fc6d8c0c43fc4630ad850ee518f1b9d0\"}\n"
                            "{\"type\":\"event\",\"length\":%lu}\n%s\n",
                            (unsigned long)strlen(event), event);
    host_start();
    arm();
    envelope = sentry_envelope_deserialize(bytes, size);
    if (envelope != NULL) {
        size_t written = 0;
        (void)sentry_envelope_get_event(envelope);
        serialized = sentry_envelope_serialize(envelope, &written);
        CHECK((serialized != NULL) == (written != 0));
        sentry_free(serialized);
        if (sentry_envelope_write_to_file(envelope, "envelope") == 0) {
            sentry_envelope_t *again = sentry_envelope_read_from_file("envelope");
            sentry_envelope_free(again);
        }
        sentry_capture_envelope(envelope);
    }
    disarm();
    free(bytes);
    free(event);
    check_goes_on();
}

static void attachments(void)
{
    char *text = text_of(50000, "attached ");
    FILE *file = fopen("attached", "w");
    sentry_attachment_t *attachment;
    CHECK(file != NULL);
    CHECK(fwrite(text, 1, 50000, file) == 50000);
    CHECK_EQ(fclose(file), 0);
    host_start();
    arm();
    attachment = sentry_attach_bytes(text, 50000, "bytes");
    (void)attachment;
    sentry_attach_file("attached");
    sentry_attach_file(text);
    check_status(host_capture("with attachments"));
    disarm();
    free(text);
    check_goes_on();
}

static void sessions(void)
{
    sentry_options_t *opts = host_options();
    sentry_options_set_database_path(opts, "sessions");
    CHECK_EQ(sentry_init(opts), 0);
    arm();
    sentry_start_session();
    check_status(host_capture("within a session"));
    sentry_end_session();
    sentry_user_consent_give();
    sentry_user_consent_revoke();
    sentry_user_consent_give();
    check_goes_on();
}

/* What the worker allocates for one delivery. */
static void delivery(void)
{
    char *event = large_event(SOUND);
    host_start();
    are_others_armed = 1;
    CHECK_EQ(sentry_capture(event, NULL), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_flush(20000), 0);
    CHECK_EQ(host_check_account().pending, 0);
    free(event);
    check_goes_on();
}

/* Nobody listens: what is given up goes to the spool, and the next start reads it. */
static void spool(void)
{
    char *event = large_event(ODD);
    for (int run = 0; run < 2; run++) {
        sentry_options_t *opts = host_options();
        sentry_options_set_database_path(opts, "spool");
        sentry_options_set_http_retry(opts, 1);
        if (run == 0)
            sentry_options_set_dsn(opts, "http://key@127.0.0.1:1/1");
        CHECK_EQ(sentry_options_set_retries(opts, 1), SENTRY_STATUS_OK);
        sentry_options_set_shutdown_timeout(opts, 500);
        CHECK_EQ(sentry_init(opts), 0);
        are_others_armed = 1;
        CHECK_EQ(sentry_capture(event, NULL), SENTRY_STATUS_OK);
        (void)sentry_flush(run == 0 ? 50 : 20000);
        are_others_armed = 0;
        if (run == 0)
            (void)sentry_close();
    }
    free(event);
    check_goes_on();
}

static void durable(void)
{
    char *event = large_event(ODD);
    sentry_options_t *opts = host_options();
    sentry_options_set_database_path(opts, "durable");
    CHECK_EQ(sentry_options_set_queue_durable(opts, 1), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_init(opts), 0);
    are_others_armed = 1;
    arm();
    check_status(sentry_capture(event, NULL));
    disarm();
    (void)sentry_flush(20000);
    free(event);
    check_goes_on();
}

static void closing(void)
{
    char *event = large_event(ODD);
    host_start();
    CHECK_EQ(sentry_capture(event, NULL), SENTRY_STATUS_OK);
    are_others_armed = 1;
    arm();
    /* What could not be sent in time is counted. */
    CHECK(sentry_close() <= 1);
    disarm();
    are_others_armed = 0;
    free(event);
    host_start();
    check_goes_on();
}

static void self_test(void)
{
    char *report;
    host_start();
    are_others_armed = 1;
    arm();
    report = sentry_self_test(5000);
    sentry_free(report);
    check_goes_on();
}

static void stats_and_modules(void)
{
    sentry_value_t modules;
    host_start();
    arm();
    modules = sentry_get_modules_list();
    sentry_value_decref(modules);
    (void)host_stats();
    check_goes_on();
}

/* What one process does: the scenario, with the n-th large allocation failing. */
static void run_once(void (*scenario)(void), long n)
{
    long before;
    char folder[32];
    snprintf(folder, sizeof folder, "run-%ld", n);
    CHECK_EQ(mkdir(folder, 0700), 0);
    CHECK_EQ(chdir(folder), 0);
    is_main = 1;
    fail_at = n;
    before = live;
    scenario();
    if (live - before > KEPT)
        host_fail_number("bytes that stay allocated", live - before, KEPT, __FILE__, __LINE__);
    _exit(seen < fail_at ? NOTHING_LEFT : 0);
}

/* Counts how many failed, in text that the test reads. */
static void run_each(const char *name, void (*scenario)(void))
{
    for (long n = 1;; n++) {
        int status = -1;
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            alarm(HOST_GUARD_S);
            run_once(scenario, n);
        }
        while (waitpid(child, &status, 0) < 0)
            CHECK_EQ(errno, EINTR);
        if (WIFEXITED(status) && WEXITSTATUS(status) == NOTHING_LEFT) {
            printf("%s: %ld\n", name, n - 1);
            return;
        }
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
            char text[128];
            snprintf(text, sizeof text, "%s: allocation %ld fails: status %d", name, n, status);
            host_fail(text, __FILE__, __LINE__);
        }
    }
}

static const host_scenario_t SCENARIOS[] = {
    {"init", init}, {"start", start}, {"options", options},         {"json", json},           {"values", values},
    {"event", event},       {"message", message},         {"scope", scope},         {"hooks", hooks},
    {"feedback", feedback}, {"envelopes", envelopes},     {"attachments", attachments}, {"sessions", sessions},
    {"delivery", delivery}, {"spool", spool},             {"durable", durable},     {"closing", closing},
    {"self_test", self_test}, {"stats_and_modules", stats_and_modules},
    {"tracing", tracing},   {"tracing_shown", tracing_shown},
};

int main(int argc, char **argv)
{
    CHECK_EQ(argc, 3);
    host_dsn = argv[2];
    for (size_t i = 0; i < sizeof SCENARIOS / sizeof SCENARIOS[0]; i++)
        if (strcmp(SCENARIOS[i].name, argv[1]) == 0) {
            run_each(SCENARIOS[i].name, SCENARIOS[i].run);
            return 0;
        }
    host_fail("no such scenario", __FILE__, __LINE__);
    return 1;
}
