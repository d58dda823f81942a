/* What differs from the official SDK: one scenario for each row of the table in docs/migrating-from-sentry-native.md that can be
 * run. Started by tests/migration.rs, which reads the table. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>

/* What a transport of the host got, one envelope behind the other. */
static char sent[1 << 18];
static size_t sent_length;
static pthread_t sender;

static void keep(sentry_envelope_t *envelope, void *state)
{
    size_t length = 0;
    char *text = sentry_envelope_serialize(envelope, &length);
    (void)state;
    sender = pthread_self();
    CHECK(text != NULL && sent_length + length + 2 < sizeof sent);
    memcpy(sent + sent_length, text, length);
    sent_length += length;
    sent[sent_length++] = '\n';
    sent[sent_length] = '\0';
    sentry_free(text);
    sentry_envelope_free(envelope);
}

static int has_sent(const char *text)
{
    return strstr(sent, text) != NULL;
}

/* Options whose envelopes come to `send`. */
static sentry_options_t *own(void (*send)(sentry_envelope_t *, void *))
{
    sentry_options_t *options = host_options();
    sentry_options_set_transport(options, sentry_transport_new(send));
    return options;
}

static void start(sentry_options_t *options)
{
    CHECK_EQ(sentry_init(options), 0);
}

static void finish(void)
{
    CHECK_EQ(sentry_flush(20000), 0);
    CHECK_EQ(sentry_close(), 0);
}

static sentry_value_t message(const char *text)
{
    return sentry_value_new_message_event(SENTRY_LEVEL_ERROR, "migration", text);
}

static int is_nil(sentry_uuid_t id)
{
    return sentry_uuid_is_nil(&id);
}

/* Works in a directory of its own, which must be empty at the end. */
static void in_new_directory(char *path, size_t size)
{
    snprintf(path, size, "migration-%d", (int)getpid());
    CHECK(mkdir(path, 0700) == 0);
    CHECK(chdir(path) == 0);
}

static void leave_empty_directory(const char *path)
{
    CHECK(chdir("..") == 0);
    CHECK(rmdir(path) == 0);
}

static void directory(void)
{
    sentry_options_t *options = host_options();
    sentry_options_set_database_path(options, "/dev/null/below");
    start(options);
    CHECK_EQ(host_stats().database_unusable, 1);
    finish();
}

static void empty_path(void)
{
    char path[64];
    sentry_options_t *options = host_options();
    in_new_directory(path, sizeof path);
    sentry_options_set_database_path(options, "");
    sentry_options_set_auto_session_tracking(options, 1);
    start(options);
    CHECK_EQ(host_capture("in memory"), SENTRY_STATUS_OK);
    finish();
    leave_empty_directory(path);
}

static void no_dsn(void)
{
    char path[64];
    sentry_options_t *options = host_options();
    in_new_directory(path, sizeof path);
    sentry_options_set_dsn(options, NULL);
    sentry_options_set_database_path(options, "db");
    sentry_options_set_auto_session_tracking(options, 1);
    start(options);
    CHECK(!is_nil(sentry_capture_event(message("nowhere"))));
    finish();
    leave_empty_directory(path);
}

static void defaults(void)
{
    sentry_options_t *options = sentry_options_new();
    CHECK_EQ(sentry_options_get_transfer_timeout(options), 30000);
    CHECK_EQ(sentry_options_get_debug(options), 0);
    sentry_options_free(options);
}

static void variables(void)
{
    sentry_options_t *options;
    CHECK(setenv("SENTRY_SAMPLE_RATE", "-1", 1) == 0);
    CHECK(setenv("SENTRY_DEBUG", "yes", 1) == 0);
    options = sentry_options_new();
    CHECK(sentry_options_get_sample_rate(options) == 1.0);
    CHECK_EQ(sentry_options_get_debug(options), 1);
    sentry_options_free(options);
}

static void names(void)
{
    sentry_options_t *options = own(keep);
    char environment[66];
    memset(environment, '#', 65);
    environment[65] = '\0';
    sentry_options_set_release(options, "feature/x");
    sentry_options_set_dist(options, "1.2+3");
    sentry_options_set_environment(options, environment);
    start(options);
    CHECK(strstr(sentry_last_error_message(), "release: ") != NULL);
    CHECK_EQ(host_stats().options_adjusted, 3);
    CHECK_EQ(host_capture("named"), SENTRY_STATUS_OK);
    finish();
    CHECK(!has_sent("feature/x") && !has_sent("1.2+3"));
    CHECK(has_sent("###"));
    CHECK_EQ(strspn(strstr(sent, "###"), "#"), 64);
}

static void certificates(void)
{
    sentry_options_t *options = host_options();
    sentry_options_set_ca_certs(options, "/does/not/exist.pem");
    start(options);
    CHECK(strstr(sentry_last_error_message(), "ca_certs: ") != NULL);
    CHECK_EQ(host_capture("certified"), SENTRY_STATUS_OK);
    finish();
}

static void proxy_variable(void)
{
    CHECK(setenv("http_proxy", "http://127.0.0.1:99999", 1) == 0);
    host_start();
    CHECK(strstr(sentry_last_error_message(), "http_proxy: ignored") != NULL);
    CHECK_EQ(host_capture("direct"), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_flush(20000), 0);
    CHECK_EQ(host_stats().categories[SENTRY_CATEGORY_ERROR].delivered, 1);
    CHECK_EQ(sentry_close(), 0);
}

static void foreign_host(void)
{
    sentry_options_t *options = host_options();
    sentry_options_set_dsn(options, "https://key@s\xc3\xa9ntry.example/1");
    start(options);
    CHECK(strstr(sentry_last_error_message(), "ASCII") != NULL);
    finish();
}

static void full_queue(void)
{
    sentry_options_t *options = host_options();
    int refused = 0;
    sentry_options_set_dsn(options, "http://key@127.0.0.1:1/1");
    CHECK_EQ(sentry_options_set_queue_max_items(options, 2), SENTRY_STATUS_OK);
    sentry_options_set_shutdown_timeout(options, 0);
    start(options);
    for (int i = 0; i < 10; i++)
        refused += is_nil(sentry_capture_event(message("too many")));
    CHECK(refused >= 7);
    CHECK(host_stats().categories[SENTRY_CATEGORY_ERROR].discarded_by_reason[SENTRY_DISCARD_QUEUE_OVERFLOW] >= 7);
    sentry_close();
}

static void send_hook(void)
{
    start(own(keep));
    CHECK_EQ(host_capture("elsewhere"), SENTRY_STATUS_OK);
    finish();
    CHECK(has_sent("elsewhere"));
    CHECK(!pthread_equal(sender, pthread_self()));
}

static int flushed, stopped;

static int on_flush(uint64_t timeout, void *state)
{
    (void)timeout;
    (void)state;
    flushed++;
    return 0;
}

static int on_shutdown(uint64_t timeout, void *state)
{
    (void)timeout;
    (void)state;
    stopped++;
    return 0;
}

static void flush_hook(void)
{
    sentry_options_t *options = host_options();
    sentry_transport_t *transport = sentry_transport_new(keep);
    sentry_transport_set_flush_func(transport, on_flush);
    sentry_transport_set_shutdown_func(transport, on_shutdown);
    sentry_options_set_transport(options, transport);
    start(options);
    finish();
    CHECK(flushed > 0);
    CHECK_EQ(stopped, 1);
}

static sem_t is_sending, may_send;

static void keep_when_allowed(sentry_envelope_t *envelope, void *state)
{
    sem_post(&is_sending);
    while (sem_wait(&may_send) != 0)
        CHECK_EQ(errno, EINTR);
    keep(envelope, state);
}

static void revoked_consent(void)
{
    sentry_options_t *options = own(keep_when_allowed);
    CHECK_EQ(sem_init(&is_sending, 0, 0), 0);
    CHECK_EQ(sem_init(&may_send, 0, 0), 0);
    sentry_options_set_require_user_consent(options, 1);
    start(options);
    sentry_user_consent_give();
    CHECK_EQ(host_capture("on its way"), SENTRY_STATUS_OK);
    while (sem_wait(&is_sending) != 0)
        CHECK_EQ(errno, EINTR);
    CHECK_EQ(host_capture("still queued"), SENTRY_STATUS_OK);
    sentry_user_consent_revoke();
    for (int i = 0; i < 8; i++)
        sem_post(&may_send);
    finish();
    CHECK(has_sent("on its way"));
    CHECK(!has_sent("still queued"));
}

static sentry_value_t drop(sentry_value_t event, void *hint, void *state)
{
    (void)hint;
    (void)state;
    sentry_value_decref(event);
    return sentry_value_new_null();
}

static void dropped_before_session(void)
{
    sentry_options_t *options = own(keep);
    sentry_options_set_auto_session_tracking(options, 1);
    sentry_options_set_before_send(options, drop, NULL);
    start(options);
    CHECK(is_nil(sentry_capture_event(message("dropped"))));
    finish();
    CHECK(has_sent("\"errors\":0"));
    CHECK(!has_sent("\"errors\":1"));
}

static void sampled_out_session(void)
{
    sentry_options_t *options = own(keep);
    sentry_options_set_auto_session_tracking(options, 1);
    sentry_options_set_sample_rate(options, 0);
    start(options);
    sentry_capture_event(message("sampled out"));
    finish();
    CHECK(!has_sent("sampled out"));
    CHECK(has_sent("\"init\":true"));
}

static int seen;

static sentry_value_t look(sentry_value_t event, void *hint, void *state)
{
    (void)hint;
    (void)state;
    CHECK(!sentry_value_is_null(sentry_value_get_by_key(event, "message")));
    CHECK_EQ(sentry_value_get_type(sentry_value_get_by_key(event, "breadcrumbs")), SENTRY_VALUE_TYPE_LIST);
    seen++;
    return event;
}

static void form_of_events(void)
{
    sentry_options_t *options = own(keep);
    sentry_uuid_t id;
    char text[37], line[64];
    size_t at = 0;
    sentry_options_set_before_send(options, look, NULL);
    start(options);
    id = sentry_capture_event(message("formed"));
    finish();
    CHECK_EQ(seen, 1);
    CHECK(has_sent("\"logentry\":{"));
    CHECK(!has_sent("\"message\":"));
    CHECK(!has_sent("\"breadcrumbs\""));
    sentry_uuid_as_string(&id, text);
    CHECK(!has_sent(text));
    for (size_t i = 0; text[i] != '\0'; i++)
        if (text[i] != '-')
            text[at++] = text[i];
    text[at] = '\0';
    snprintf(line, sizeof line, "\"event_id\":\"%s\"", text);
    CHECK(has_sent(line));
}

static void nothing_unset(void)
{
    sentry_options_t *options = own(keep);
    sentry_options_set_release(options, NULL);
    sentry_options_set_environment(options, NULL);
    start(options);
    CHECK_EQ(host_capture("nameless"), SENTRY_STATUS_OK);
    finish();
    CHECK(has_sent("\"trace\":{"));
    CHECK(!has_sent("\"release\"") && !has_sent("\"environment\""));
}

static void sdk_name(void)
{
    sentry_options_t *options = sentry_options_new();
    CHECK_EQ(sentry_options_set_sdk_name(options, ""), 1);
    CHECK_EQ(sentry_options_set_sdk_name(options, "a\r\nx-other: 1"), 1);
    CHECK_TEXT(sentry_options_get_sdk_name(options), "libsentry.native");
    sentry_options_free(options);
}

/* The test looks at the request. */
static void request(void)
{
    sentry_options_t *options = host_options();
    CHECK_EQ(sentry_options_set_sdk_name(options, "mine"), 0);
    start(options);
    CHECK_EQ(host_capture("requested"), SENTRY_STATUS_OK);
    finish();
}

static void odd_member(void)
{
    start(own(keep));
    CHECK_EQ(sentry_capture("{\"message\":\"odd\",\"user\":[\"strange\"],\"exception\":{\"values\":[{}]}}", NULL), SENTRY_STATUS_OK);
    CHECK(strstr(sentry_last_error_message(), "user") != NULL);
    finish();
    CHECK(has_sent("odd"));
    CHECK(!has_sent("strange"));
}

static void images(void)
{
    sentry_value_t event = message("with a stack");
    sentry_value_t thread = sentry_value_new_thread(1, "main");
    start(own(keep));
    CHECK_EQ(host_capture("without"), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_flush(20000), 0);
    CHECK(!has_sent("\"debug_meta\""));
    sentry_value_set_stacktrace(thread, NULL, 0);
    sentry_event_add_thread(event, thread);
    CHECK(!is_nil(sentry_capture_event(event)));
    finish();
    CHECK(has_sent("\"debug_meta\""));
}

/* The answer to the first request limits feedback. */
static void rate_limit(void)
{
    const sentry_category_stats_t *counts;
    sentry_stats_t stats;
    host_start();
    CHECK_EQ(host_capture("limited from here on"), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_flush(20000), 0);
    sentry_capture_feedback(sentry_value_new_feedback("too often", NULL, NULL, NULL));
    CHECK_EQ(sentry_flush(20000), 0);
    stats = host_stats();
    counts = &stats.categories[SENTRY_CATEGORY_FEEDBACK];
    CHECK_EQ(counts->discarded_by_reason[SENTRY_DISCARD_RATELIMIT_BACKOFF], 1);
    CHECK_EQ(stats.categories[SENTRY_CATEGORY_ERROR].discarded, 0);
    CHECK_EQ(sentry_close(), 0);
}

static pthread_mutex_t lines_lock = PTHREAD_MUTEX_INITIALIZER;
static char lines[1 << 14];
static int line_count;

static void hear(sentry_level_t level, const char *format, va_list arguments, void *state)
{
    char line[1024];
    (void)level;
    (void)state;
    vsnprintf(line, sizeof line, format, arguments);
    CHECK_EQ(pthread_mutex_lock(&lines_lock), 0);
    strncat(lines, line, sizeof lines - strlen(lines) - 1);
    line_count++;
    CHECK_EQ(pthread_mutex_unlock(&lines_lock), 0);
}

static sentry_options_t *heard(sentry_options_t *options)
{
    sentry_options_set_debug(options, 1);
    sentry_options_set_logger(options, hear, NULL);
    return options;
}

/* The server answers 413. */
static void too_large(void)
{
    start(heard(host_options()));
    CHECK_EQ(host_capture("too large"), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_flush(20000), 0);
    CHECK_EQ(host_stats().categories[SENTRY_CATEGORY_ERROR].discarded_by_reason[SENTRY_DISCARD_SEND_ERROR], 1);
    CHECK_EQ(sentry_close(), 0);
    CHECK(strstr(lines, "HTTP 413; the envelope exceeds the server's size limit") != NULL);
}

static void quiet_after_close(void)
{
    int before;
    start(heard(host_options()));
    CHECK_EQ(host_capture("heard"), SENTRY_STATUS_OK);
    finish();
    before = line_count;
    CHECK(before > 0);
    CHECK(host_capture("unheard") != SENTRY_STATUS_OK);
    sentry_set_release("a/b");
    CHECK_EQ(sentry_close(), 0);
    CHECK_EQ(line_count, before);
}

static sentry_status_t on_worker;

static void capture_again(sentry_envelope_t *envelope, void *state)
{
    on_worker = host_capture("from within");
    keep(envelope, state);
}

static void worker_thread(void)
{
    start(own(capture_again));
    CHECK_EQ(host_capture("from without"), SENTRY_STATUS_OK);
    finish();
    CHECK_EQ(on_worker, SENTRY_STATUS_WORKER_THREAD);
}

static int level, deepest;

static sentry_value_t call_again(sentry_value_t event, void *hint, void *state)
{
    (void)hint;
    (void)state;
    level++;
    deepest = level > deepest ? level : deepest;
    CHECK(level < 100);
    sentry_capture_event(message("again"));
    level--;
    return event;
}

static void recursion(void)
{
    sentry_options_t *options = own(keep);
    sentry_options_set_before_send(options, call_again, NULL);
    start(options);
    sentry_capture_event(message("first"));
    finish();
    CHECK_EQ(deepest, 4);
}

static sentry_value_t lengthen(sentry_value_t event, void *hint, void *state)
{
    static char text[10001];
    (void)hint;
    (void)state;
    memset(text, 'x', sizeof text - 1);
    sentry_value_set_by_key(event, "message", sentry_value_new_string(text));
    return event;
}

static void limits_after_hook(void)
{
    sentry_options_t *options = own(keep);
    const char *text;
    sentry_options_set_before_send(options, lengthen, NULL);
    start(options);
    CHECK(!is_nil(sentry_capture_event(message("short"))));
    finish();
    text = strstr(sent, "xxx");
    CHECK(text != NULL);
    CHECK_EQ(strspn(text, "x"), 8192 - 3);
}

static sentry_value_t look_at_time(sentry_value_t crumb, void *state)
{
    (void)state;
    CHECK(!sentry_value_is_null(sentry_value_get_by_key(crumb, "timestamp")));
    seen++;
    return crumb;
}

static void time_of_crumbs(void)
{
    sentry_options_t *options = own(keep);
    sentry_value_t crumb = sentry_value_new_object();
    sentry_options_set_before_breadcrumb(options, look_at_time, NULL);
    start(options);
    sentry_value_set_by_key(crumb, "message", sentry_value_new_string("timeless"));
    sentry_add_breadcrumb(crumb);
    finish();
    CHECK_EQ(seen, 1);
}

static void ids(void)
{
    for (int i = 0; i < 64; i++) {
        sentry_uuid_t id = sentry_uuid_new_v4();
        CHECK_EQ(id.bytes[6] & 0xf0, 0x40);
        CHECK_EQ(id.bytes[8] & 0xc0, 0x80);
    }
}

static void shared_values(void)
{
    sentry_value_t value = sentry_value_new_string("leaf"), own = sentry_value_new_object();
    char *text;
    for (int i = 0; i < 40; i++) {
        sentry_value_t list = sentry_value_new_list();
        sentry_value_incref(value);
        sentry_value_append(list, value);
        sentry_value_append(list, value);
        value = list;
    }
    CHECK(sentry_value_to_json(value) == NULL);
    sentry_value_decref(value);
    sentry_value_incref(own);
    sentry_value_set_by_key(own, "self", own);
    text = sentry_value_to_json(own);
    CHECK_TEXT(text, "{\"self\":{}}");
    sentry_free(text);
    sentry_value_remove_by_key(own, "self");
    sentry_value_decref(own);
}

static void consumed(void)
{
    sentry_value_t list = sentry_value_new_list(), value = sentry_value_new_object();
    sentry_value_freeze(list);
    sentry_value_incref(value);
    CHECK(sentry_value_append(list, value) != 0);
    CHECK_EQ(sentry_value_refcount(value), 1);
    sentry_value_decref(value);
    sentry_value_decref(list);
}

static void null_handles(void)
{
    sentry_options_set_release(NULL, "nobody");
    CHECK(sentry_options_get_release(NULL) == NULL);
    sentry_options_free(NULL);
    sentry_transport_free(NULL);
    sentry_scope_set_tag(NULL, "key", "value");
    CHECK(sentry_envelope_serialize(NULL, NULL) == NULL);
}

static void no_backend(void)
{
    struct sigaction action;
    sentry_options_t *options = host_options();
    sentry_options_set_handler_path(options, "/does/not/exist");
    start(options);
    CHECK_EQ(sigaction(SIGSEGV, NULL, &action), 0);
    CHECK(action.sa_handler == SIG_DFL);
    finish();
}

static sentry_transaction_t *transaction_of(sentry_transaction_context_t *context)
{
    return sentry_transaction_start(context, sentry_value_new_null());
}

static int is_sent(sentry_transaction_t *transaction)
{
    sentry_uuid_t id = sentry_transaction_finish(transaction);
    return !sentry_uuid_is_nil(&id);
}

static void left_out_transaction(void)
{
    sentry_options_t *options = host_options();
    sentry_stats_t stats;
    sentry_options_set_traces_sample_rate(options, 0);
    start(options);
    CHECK(!is_sent(transaction_of(sentry_transaction_context_new("t", "op"))));
    stats = host_stats();
    CHECK_EQ(stats.categories[SENTRY_CATEGORY_TRANSACTION].discarded_by_reason[SENTRY_DISCARD_SAMPLE_RATE], 1);
    CHECK_EQ(stats.categories[SENTRY_CATEGORY_SPAN].discarded_by_reason[SENTRY_DISCARD_SAMPLE_RATE], 1);
    finish();
}

static double never(const sentry_transaction_context_t *context, sentry_value_t custom, const int *parent, void *data)
{
    (void)context, (void)custom, (void)parent, (void)data;
    return 0;
}

static void explicit_decision(void)
{
    sentry_options_t *options = host_options();
    sentry_transaction_context_t *context;
    sentry_options_set_traces_sampler(options, never, NULL);
    start(options);
    context = sentry_transaction_context_new("t", "op");
    sentry_transaction_context_set_sampled(context, 1);
    CHECK(is_sent(transaction_of(context)));
    finish();
}

static void no_traces_rate(void)
{
    sentry_transaction_context_t *context;
    start(host_options());
    context = sentry_transaction_context_new("t", "op");
    sentry_transaction_context_update_from_header(
        context, "sentry-trace", "0ae7be1efe7a4d04f423378007b8f6ae-fdf21cb107484a2d-1");
    CHECK(!is_sent(transaction_of(context)));
    CHECK_EQ(host_stats().categories[SENTRY_CATEGORY_TRANSACTION].captured, 0);
    finish();
}

static void check_baggage(const char *key, const char *value, void *userdata)
{
    (void)userdata;
    if (strcmp(key, "baggage") == 0) {
        const char *rand = strstr(value, "sentry-sample_rand=0.");
        CHECK(strstr(value, "sentry-sampled=true") != NULL);
        CHECK(rand != NULL && strcspn(rand, ",") == strlen("sentry-sample_rand=0.123456"));
    }
}

static void form_of_transactions(void)
{
    sentry_options_t *options = own(keep);
    sentry_transaction_t *transaction;
    sentry_value_t data = sentry_value_new_object();
    sent_length = 0;
    sentry_options_set_traces_sample_rate(options, 1);
    sentry_options_set_sample_rate(options, 0);
    sentry_options_set_auto_session_tracking(options, 1);
    start(options);
    transaction = transaction_of(sentry_transaction_context_new("t", "op"));
    sentry_transaction_set_tag(transaction, "tag", "value");
    sentry_transaction_set_tag(transaction, "tag", NULL);
    sentry_value_incref(data);
    sentry_transaction_set_data(transaction, "data", data);
    sentry_value_set_by_key(data, "later", sentry_value_new_null());
    sentry_value_decref(data);
    sentry_transaction_iter_headers(transaction, check_baggage, NULL);
    CHECK(is_sent(transaction));
    CHECK_EQ(sentry_flush(20000), 0);
    CHECK(has_sent("\"transaction_info\":{\"source\":\"custom\"}"));
    CHECK(has_sent("\"data\":{\"data\":{}}"));
    CHECK(has_sent("\"start_timestamp\":1") && has_sent("\"timestamp\":1"));
    CHECK(!has_sent("\"level\"") && !has_sent("\"tag\"") && !has_sent("\"type\":\"session\""));
    finish();
}

static void forked_transaction(void)
{
    sentry_options_t *options = host_options();
    sentry_transaction_t *transaction;
    pid_t child;
    sentry_options_set_traces_sample_rate(options, 1);
    start(options);
    transaction = transaction_of(sentry_transaction_context_new("t", "op"));
    child = host_fork();
    if (child == 0) {
        CHECK(!is_sent(transaction));
        _exit(0);
    }
    host_await_child(child);
    CHECK(is_sent(transaction));
    finish();
}

int main(int argc, char **argv)
{
    static const host_scenario_t scenarios[] = {
        {"directory", directory},
        {"empty_path", empty_path},
        {"no_dsn", no_dsn},
        {"defaults", defaults},
        {"variables", variables},
        {"names", names},
        {"certificates", certificates},
        {"proxy_variable", proxy_variable},
        {"foreign_host", foreign_host},
        {"full_queue", full_queue},
        {"send_hook", send_hook},
        {"flush_hook", flush_hook},
        {"revoked_consent", revoked_consent},
        {"dropped_before_session", dropped_before_session},
        {"sampled_out_session", sampled_out_session},
        {"form_of_events", form_of_events},
        {"nothing_unset", nothing_unset},
        {"sdk_name", sdk_name},
        {"request", request},
        {"odd_member", odd_member},
        {"images", images},
        {"rate_limit", rate_limit},
        {"too_large", too_large},
        {"quiet_after_close", quiet_after_close},
        {"worker_thread", worker_thread},
        {"recursion", recursion},
        {"limits_after_hook", limits_after_hook},
        {"time_of_crumbs", time_of_crumbs},
        {"ids", ids},
        {"shared_values", shared_values},
        {"consumed", consumed},
        {"null_handles", null_handles},
        {"no_backend", no_backend},
        {"left_out_transaction", left_out_transaction},
        {"explicit_decision", explicit_decision},
        {"no_traces_rate", no_traces_rate},
        {"form_of_transactions", form_of_transactions},
        {"forked_transaction", forked_transaction},
    };
    return host_main(argc, argv, scenarios, sizeof scenarios / sizeof scenarios[0]);
}
