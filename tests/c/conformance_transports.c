/* Transports of the host: which function is called when, on which thread, how often, and who owns what; what the
 * library's own queue does in front of them. Usage: program. C99 and C++17. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

#include <pthread.h>
#include <semaphore.h>

/* Deprecated functions still work. */
SENTRY_SUPPRESS_DEPRECATED

/* What the functions of a transport saw; written by one thread at a time, read after a flush or a close. */
typedef struct {
    int started, sent, flushed, stopped, freed, start_answer, flush_answer;
    int is_main_start, is_main_send;
    uint64_t flush_timeout, stop_timeout;
    char order[32];
    sentry_envelope_t *kept;
    sem_t entered, leave, ended;
    int blocks, captures;
    sentry_uuid_t inner;
} seen_t;

static pthread_t main_thread;

static void note(seen_t *seen, char letter)
{
    size_t length = strlen(seen->order);
    if (length + 1 < sizeof seen->order) {
        seen->order[length] = letter;
        seen->order[length + 1] = 0;
    }
}

static void forget(seen_t *seen)
{
    memset(seen, 0, sizeof *seen);
    CHECK_EQ(sem_init(&seen->entered, 0, 0), 0);
    CHECK_EQ(sem_init(&seen->leave, 0, 0), 0);
    CHECK_EQ(sem_init(&seen->ended, 0, 0), 0);
}

static int on_start(const sentry_options_t *options, void *state)
{
    seen_t *seen = (seen_t *)state;
    CHECK_TEXT(sentry_options_get_environment(options), "test");
    seen->started++;
    seen->is_main_start = pthread_equal(pthread_self(), main_thread);
    note(seen, 's');
    /* Starting from within a start would wait for itself. */
    CHECK_EQ(sentry_init(NULL), 1);
    return seen->start_answer;
}

static void on_send(sentry_envelope_t *envelope, void *state)
{
    seen_t *seen = (seen_t *)state;
    seen->sent++;
    seen->is_main_send = pthread_equal(pthread_self(), main_thread);
    if (seen->sent < 10) {
        note(seen, 'e');
    }
    if (seen->captures) {
        /* On the library's own thread, so refused; a flush does not wait for itself either. */
        seen->inner = sentry_capture_event(sentry_value_new_message_event(SENTRY_LEVEL_INFO, NULL, "inner"));
        CHECK_EQ(sentry_flush(1000), 1);
    }
    if (seen->blocks) {
        sem_post(&seen->entered);
        while (sem_wait(&seen->leave) != 0) {
        }
    }
    sentry_envelope_free(seen->kept);
    seen->kept = envelope;
}

static int on_flush(uint64_t timeout, void *state)
{
    seen_t *seen = (seen_t *)state;
    seen->flushed++;
    seen->flush_timeout = timeout;
    note(seen, 'f');
    /* From within it does not call itself. */
    CHECK_EQ(sentry_flush(100), 0);
    return seen->flush_answer;
}

static int on_stop(uint64_t timeout, void *state)
{
    seen_t *seen = (seen_t *)state;
    seen->stopped++;
    seen->stop_timeout = timeout;
    note(seen, 'x');
    CHECK_EQ(sentry_close(), 0);
    return 1;
}

static void on_free(void *state)
{
    seen_t *seen = (seen_t *)state;
    seen->freed++;
    note(seen, 'F');
    sem_post(&seen->ended);
}

static sentry_transport_t *transport(seen_t *seen)
{
    sentry_transport_t *made = sentry_transport_new(on_send);
    CHECK(made != NULL);
    sentry_transport_set_state(made, seen);
    sentry_transport_set_free_func(made, on_free);
    sentry_transport_set_startup_func(made, on_start);
    sentry_transport_set_flush_func(made, on_flush);
    sentry_transport_set_shutdown_func(made, on_stop);
    return made;
}

static sentry_options_t *options(void)
{
    sentry_options_t *made = sentry_options_new();
    sentry_options_set_database_path(made, "");
    sentry_options_set_environment(made, "test");
    return made;
}

static sentry_uuid_t capture(const char *text)
{
    return sentry_capture_event(sentry_value_new_message_event(SENTRY_LEVEL_ERROR, NULL, text));
}

static const char *message_of(const sentry_envelope_t *envelope)
{
    sentry_value_t event = sentry_envelope_get_event(envelope);
    return sentry_value_as_string(sentry_value_get_by_key(sentry_value_get_by_key(event, "message"), "formatted"));
}

static sentry_category_stats_t errors(void)
{
    sentry_stats_t stats;
    memset(&stats, 0, sizeof stats);
    stats.size = sizeof stats;
    CHECK_EQ(sentry_get_stats(&stats), SENTRY_STATUS_OK);
    sentry_category_stats_t found = stats.categories[SENTRY_CATEGORY_ERROR];
    CHECK_EQ(found.captured, found.delivered + found.discarded + found.spooled + found.pending);
    return found;
}

static void nothing_crashes(void)
{
    CHECK(sentry_transport_new(NULL) == NULL);
    CHECK(sentry_new_function_transport(NULL, NULL) == NULL);
    sentry_transport_set_state(NULL, NULL);
    sentry_transport_set_free_func(NULL, NULL);
    sentry_transport_set_startup_func(NULL, NULL);
    sentry_transport_set_flush_func(NULL, NULL);
    sentry_transport_set_shutdown_func(NULL, NULL);
    sentry_transport_retry(NULL);
    sentry_transport_free(NULL);
    sentry_options_set_transport(NULL, NULL);
    sentry_http_transport_set_client_start_func(NULL, NULL);
    sentry_http_transport_set_client_shutdown_func(NULL, NULL);
}

static void every_owner_frees_once(void)
{
    seen_t seen, other;
    forget(&seen);
    forget(&other);
    sentry_transport_free(transport(&seen));
    CHECK_EQ(seen.freed, 1);
    sentry_options_set_transport(NULL, transport(&seen));
    CHECK_EQ(seen.freed, 2);
    sentry_options_t *made = options();
    sentry_transport_t *first = transport(&seen);
    sentry_options_set_transport(made, first);
    sentry_options_set_transport(made, first);
    CHECK_EQ(seen.freed, 2);
    sentry_options_set_transport(made, transport(&other));
    CHECK_EQ(seen.freed, 3);
    sentry_options_free(made);
    CHECK_EQ(other.freed, 1);
    CHECK_EQ(seen.started + seen.flushed + seen.stopped + seen.sent, 0);
}

static void a_failed_start_fails_init(void)
{
    seen_t seen;
    forget(&seen);
    seen.start_answer = 7;
    sentry_options_t *made = options();
    sentry_options_set_transport(made, transport(&seen));
    CHECK_EQ(sentry_init(made), 1);
    CHECK(strstr(sentry_last_error_message(), "7") != NULL);
    CHECK_TEXT(seen.order, "sF");
    sentry_uuid_t id = capture("nobody listens");
    CHECK(sentry_uuid_is_nil(&id));
    CHECK_EQ(sentry_close(), 0);
}

static void functions_are_called_in_order(void)
{
    seen_t seen;
    forget(&seen);
    sentry_options_t *made = options();
    sentry_transport_t *own = transport(&seen);
    sentry_options_set_transport(made, own);
    CHECK_EQ(sentry_init(made), 0);
    CHECK(seen.is_main_start);
    sentry_transport_retry(own);
    sentry_uuid_t id = capture("first");
    CHECK(!sentry_uuid_is_nil(&id));
    CHECK_EQ(sentry_flush(60000), 0);
    CHECK(!seen.is_main_send);
    CHECK(seen.flush_timeout > 0 && seen.flush_timeout <= 60000);
    CHECK_TEXT(message_of(seen.kept), "first");
    /* No DSN, so the envelope has none; the rest of its headers is there. */
    CHECK(sentry_value_is_null(sentry_envelope_get_header(seen.kept, "dsn")));
    CHECK(!sentry_value_is_null(sentry_envelope_get_header(seen.kept, "event_id")));
    CHECK(!sentry_value_is_null(sentry_envelope_get_header(seen.kept, "sent_at")));
    CHECK(!sentry_value_is_null(sentry_envelope_get_header(seen.kept, "sdk")));
    CHECK_EQ(errors().delivered, 1);

    seen.flush_answer = 5;
    CHECK_EQ(sentry_flush(1000), 5);
    CHECK_EQ(sentry_flush(0), 5);
    CHECK_EQ(seen.flush_timeout, 0);

    /* A capture inside of send is refused, counted, and told with the next envelope, never alone. */
    seen.captures = 1;
    capture("second");
    CHECK_EQ(sentry_flush(60000), 5);
    CHECK(sentry_uuid_is_nil(&seen.inner));
    CHECK_EQ(errors().discarded_by_reason[SENTRY_DISCARD_WORKER_THREAD], 1);
    CHECK_EQ(seen.sent, 2);
    seen.captures = 0;
    capture("third");
    CHECK_EQ(sentry_close(), 0);
    CHECK_EQ(seen.sent, 3);
    CHECK(seen.stop_timeout > 0 && seen.stop_timeout <= 2000);
    CHECK_TEXT(seen.order, "sefffefexF");
    CHECK_EQ(seen.freed, 1);
    CHECK_EQ(seen.stopped, 1);
    /* The host keeps an envelope for as long as it likes. */
    size_t size = 0;
    char *text = sentry_envelope_serialize(seen.kept, &size);
    CHECK(strstr(text, "\"type\":\"client_report\"") != NULL);
    CHECK(strstr(text, "third") != NULL);
    sentry_free(text);
    sentry_envelope_free(seen.kept);
}

static void an_unusable_dsn_does_not_matter(void)
{
    seen_t seen;
    forget(&seen);
    sentry_options_t *made = options();
    sentry_options_set_dsn(made, "no dsn at all");
    sentry_options_set_transport(made, transport(&seen));
    CHECK_EQ(sentry_init(made), 0);
    capture("anyway");
    CHECK_EQ(sentry_close(), 0);
    CHECK_EQ(seen.sent, 1);
    sentry_envelope_free(seen.kept);
    forget(&seen);
    made = options();
    sentry_options_set_dsn(made, "https://key@sentry.invalid/42");
    sentry_options_set_transport(made, transport(&seen));
    CHECK_EQ(sentry_init(made), 0);
    capture("named");
    CHECK_EQ(sentry_close(), 0);
    CHECK_TEXT(sentry_value_as_string(sentry_envelope_get_header(seen.kept, "dsn")), "https://key@sentry.invalid/42");
    sentry_envelope_free(seen.kept);
}

static int shown;

static void on_show(const sentry_envelope_t *envelope, void *data)
{
    CHECK(data == &shown);
    CHECK_TEXT(message_of(envelope), "look");
    shown++;
}

static void a_function_transport_borrows(void)
{
    sentry_options_t *made = options();
    sentry_options_set_transport(made, sentry_new_function_transport(on_show, &shown));
    CHECK_EQ(sentry_init(made), 0);
    capture("look");
    CHECK_EQ(sentry_flush(60000), 0);
    CHECK_EQ(shown, 1);
    CHECK_EQ(sentry_close(), 0);
}

static void no_transport_discards_everything(void)
{
    sentry_options_t *made = options();
    sentry_options_set_dsn(made, "https://key@sentry.invalid/42");
    sentry_options_set_transport(made, NULL);
    CHECK_EQ(sentry_init(made), 0);
    sentry_uuid_t id = capture("into the void");
    CHECK(!sentry_uuid_is_nil(&id));
    CHECK_EQ(sentry_flush(60000), 0);
    sentry_category_stats_t found = errors();
    CHECK_EQ(found.captured, 1);
    CHECK_EQ(found.discarded_by_reason[SENTRY_DISCARD_IGNORED], 1);
    CHECK_EQ(sentry_close(), 0);
}

static void a_send_that_hangs_does_not_hold_close_up(void)
{
    seen_t seen;
    forget(&seen);
    seen.blocks = 1;
    sentry_options_t *made = options();
    sentry_options_set_shutdown_timeout(made, 50);
    sentry_options_set_transport(made, transport(&seen));
    CHECK_EQ(sentry_init(made), 0);
    capture("held");
    while (sem_wait(&seen.entered) != 0) {
    }
    capture("waiting");
    CHECK_EQ(sentry_flush(10), 1);
    CHECK_EQ(seen.flushed, 0);
    /* Both were in the library's hands at the deadline. The guard of the program notices a close that hangs. */
    CHECK_EQ(sentry_close(), 2);
    CHECK_EQ(seen.stopped, 1);
    CHECK_EQ(seen.stop_timeout, 0);
    CHECK_EQ(seen.freed, 0);
    sem_post(&seen.leave);
    while (sem_wait(&seen.ended) != 0) {
    }
    CHECK_EQ(seen.freed, 1);
    CHECK_EQ(seen.sent, 1);
    sentry_envelope_free(seen.kept);
}

static void the_queue_bounds_what_waits(void)
{
    seen_t seen;
    sentry_stats_t stats;
    int captured;
    forget(&seen);
    seen.blocks = 1;
    sentry_options_t *made = options();
    sentry_options_set_queue_max_items(made, 100);
    sentry_options_set_transport(made, transport(&seen));
    CHECK_EQ(sentry_init(made), 0);
    for (captured = 0; captured < 10000; captured++) {
        sentry_capture_message(SENTRY_LEVEL_ERROR, NULL, "one of many", NULL);
    }
    sentry_category_stats_t found = errors();
    CHECK_EQ(found.captured, 10000);
    CHECK_EQ(found.pending, 100);
    CHECK_EQ(found.discarded_by_reason[SENTRY_DISCARD_QUEUE_OVERFLOW], 9900);
    memset(&stats, 0, sizeof stats);
    stats.size = sizeof stats;
    CHECK_EQ(sentry_get_stats(&stats), SENTRY_STATUS_OK);
    CHECK(stats.queue_items <= 100 && stats.queue_items_peak <= 100);
    for (captured = 0; captured < 100; captured++) {
        sem_post(&seen.leave);
    }
    CHECK_EQ(sentry_flush(60000), 0);
    found = errors();
    CHECK_EQ(found.delivered, 100);
    CHECK_EQ(found.pending, 0);
    CHECK_EQ(sentry_close(), 0);
    CHECK_EQ(seen.sent, 100);
    sentry_envelope_free(seen.kept);
}

/* An HTTP client that answers by the book. */
typedef struct {
    int requests, freed, started, interrupted, start_answer, is_gzip, blocks;
    int status[8], answer[8];
    const char *limits;
    const char *location;
    char url[256];
    sem_t entered, leave, ended;
} client_t;

static client_t client;

static sentry_http_client_t *client_new(void *data)
{
    CHECK(data == &client || data == NULL);
    return data;
}

static void client_free(sentry_http_client_t *it)
{
    ((client_t *)it)->freed++;
    sem_post(&((client_t *)it)->ended);
}

static int client_start(sentry_http_client_t *it, const sentry_options_t *made)
{
    CHECK_TEXT(sentry_options_get_environment(made), "test");
    ((client_t *)it)->started++;
    return ((client_t *)it)->start_answer;
}

static void client_interrupt(sentry_http_client_t *it)
{
    ((client_t *)it)->interrupted++;
}

static int client_send(sentry_http_client_t *it, sentry_http_request_t *request, sentry_http_response_t *response)
{
    client_t *own = (client_t *)it;
    int at = own->requests++;
    const char *key = NULL, *value = NULL;
    size_t size = 7, index = 0;
    char expected[32];
    CHECK_TEXT(sentry_http_request_get_method(request), "POST");
    snprintf(own->url, sizeof own->url, "%s", sentry_http_request_get_url(request));
    CHECK_EQ(sentry_http_request_get_header(request, index, &key, &value), 1);
    CHECK_TEXT(key, "x-sentry-auth");
    CHECK(strncmp(value, "Sentry sentry_key=key, sentry_version=7, sentry_client=", 55) == 0);
    CHECK_EQ(sentry_http_request_get_header(request, ++index, &key, NULL), 1);
    CHECK_TEXT(key, "content-type");
    CHECK_EQ(sentry_http_request_get_header(request, index, NULL, &value), 1);
    CHECK_TEXT(value, "application/x-sentry-envelope");
    CHECK_EQ(sentry_http_request_get_header(request, ++index, &key, &value), 1);
    if (strcmp(key, "content-encoding") == 0) {
        own->is_gzip = 1;
        CHECK_TEXT(value, "gzip");
        CHECK_EQ(sentry_http_request_get_header(request, ++index, &key, &value), 1);
    }
    CHECK_TEXT(key, "content-length");
    const char *body = sentry_http_request_get_body(request, &size);
    CHECK(body != NULL && size > 0);
    snprintf(expected, sizeof expected, "%zu", size);
    CHECK_TEXT(value, expected);
    if (!own->is_gzip) {
        CHECK_EQ(body[0], '{');
    }
    CHECK_EQ(sentry_http_request_get_header_count(request), index + 1);
    CHECK_EQ(sentry_http_request_get_header(request, index + 1, &key, &value), 0);
    CHECK_TEXT(key, "content-length");
    CHECK(sentry_http_request_get_body_file_path(request, &size) == NULL);
    CHECK_EQ(size, 0);
    if (own->blocks) {
        sem_post(&own->entered);
        while (sem_wait(&own->leave) != 0) {
        }
    }
    if (at >= 8) {
        return 1;
    }
    sentry_http_response_set_status_code(response, own->status[at]);
    sentry_http_response_set_header(response, "x-SENTRY-rate-limits", "60:transaction:key");
    sentry_http_response_set_header(response, "X-Sentry-Rate-Limits", at == 0 ? own->limits : NULL);
    sentry_http_response_set_header(response, "location", at == 0 ? own->location : NULL);
    sentry_http_response_set_header(response, "x-other", "ignored");
    sentry_http_response_set_header(response, NULL, "ignored");
    return own->answer[at];
}

static void start_client(int compression)
{
    sentry_options_t *made = options();
    sentry_transport_t *own = sentry_http_transport_new(client_new, &client, client_send, client_free);
    CHECK(own != NULL);
    sentry_http_transport_set_client_start_func(own, client_start);
    sentry_http_transport_set_client_shutdown_func(own, client_interrupt);
    /* Those of other transports do not belong here. */
    sentry_transport_set_state(own, NULL);
    sentry_transport_set_free_func(own, on_free);
    sentry_options_set_dsn(made, "http://key@sentry.invalid/path/42");
    sentry_options_set_shutdown_timeout(made, 50);
    sentry_options_set_retry_backoff_ms(made, 0);
    sentry_options_set_retries(made, 2);
    sentry_options_set_retries_redirect(made, 1);
    sentry_options_set_compression(made, compression ? SENTRY_COMPRESSION_GZIP : SENTRY_COMPRESSION_NONE);
    sentry_options_set_transport(made, own);
    CHECK_EQ(sentry_init(made), client.start_answer != 0);
}

static void fresh_client(void)
{
    int at;
    memset(&client, 0, sizeof client);
    for (at = 0; at < 8; at++) {
        client.status[at] = 200;
        client.answer[at] = 1;
    }
    sem_init(&client.entered, 0, 0);
    sem_init(&client.leave, 0, 0);
    sem_init(&client.ended, 0, 0);
}

static void answers_of_a_client_count_as_those_of_ours(void)
{
    CHECK(sentry_http_transport_new(NULL, &client, client_send, client_free) == NULL);
    CHECK(sentry_http_transport_new(client_new, &client, NULL, client_free) == NULL);
    CHECK(sentry_http_transport_new(client_new, NULL, client_send, client_free) == NULL);
    fresh_client();
    sentry_transport_free(sentry_http_transport_new(client_new, &client, client_send, NULL));
    CHECK_EQ(client.freed, 0);

    start_client(0);
    CHECK_EQ(client.started, 1);
    capture("arrives");
    CHECK_EQ(sentry_flush(60000), 0);
    CHECK_TEXT(client.url, "http://sentry.invalid:80/path/api/42/envelope/");
    CHECK_EQ(errors().delivered, 1);
    CHECK(!client.is_gzip);
    CHECK_EQ(sentry_close(), 0);
    CHECK_EQ(client.freed, 1);
    CHECK_EQ(client.interrupted, 0);

    /* No answer is tried again; 500 is not. */
    fresh_client();
    client.answer[0] = 0;
    client.status[2] = 500;
    start_client(1);
    /* Worth compressing. */
    char lengthy[4096];
    memset(lengthy, 'x', sizeof lengthy - 1);
    lengthy[sizeof lengthy - 1] = 0;
    capture(lengthy);
    CHECK_EQ(sentry_flush(60000), 0);
    CHECK_EQ(client.requests, 2);
    CHECK_EQ(errors().delivered, 1);
    CHECK(client.is_gzip);
    capture("refused");
    CHECK_EQ(sentry_flush(60000), 0);
    CHECK_EQ(errors().discarded_by_reason[SENTRY_DISCARD_SEND_ERROR], 1);
    CHECK_EQ(sentry_close(), 0);

    /* Given up. */
    fresh_client();
    client.answer[0] = client.answer[1] = client.answer[2] = 0;
    start_client(0);
    capture("lost");
    sentry_flush(60000);
    CHECK_EQ(errors().discarded_by_reason[SENTRY_DISCARD_NETWORK_ERROR], 1);
    sentry_close();

    /* Limits of the server hold; a status that is not told is a good one. */
    fresh_client();
    client.status[0] = 0;
    client.limits = "60:error:key";
    start_client(0);
    capture("limits what follows");
    CHECK_EQ(sentry_flush(60000), 0);
    CHECK_EQ(errors().delivered, 1);
    capture("too much");
    CHECK_EQ(errors().discarded_by_reason[SENTRY_DISCARD_RATELIMIT_BACKOFF], 1);
    sentry_close();

    /* 429 without a word limits everything. */
    fresh_client();
    client.status[0] = 429;
    start_client(0);
    capture("refused with 429");
    CHECK_EQ(sentry_flush(60000), 0);
    CHECK_EQ(errors().discarded_by_reason[SENTRY_DISCARD_SERVER_RATE_LIMIT], 1);
    sentry_close();

    /* A redirect is followed within the policy, also one without a host. */
    fresh_client();
    client.status[0] = 308;
    client.location = "/elsewhere";
    start_client(0);
    capture("moved");
    CHECK_EQ(sentry_flush(60000), 0);
    CHECK_TEXT(client.url, "http://sentry.invalid:80/elsewhere");
    CHECK_EQ(errors().delivered, 1);
    sentry_close();

    fresh_client();
    client.start_answer = 3;
    start_client(0);
    CHECK_EQ(client.freed, 1);
}

static void a_client_that_hangs_is_interrupted(void)
{
    fresh_client();
    client.blocks = 1;
    start_client(0);
    capture("held");
    while (sem_wait(&client.entered) != 0) {
    }
    CHECK_EQ(sentry_close(), 1);
    CHECK_EQ(client.interrupted, 1);
    CHECK_EQ(client.freed, 0);
    sem_post(&client.leave);
    while (sem_wait(&client.ended) != 0) {
    }
    CHECK_EQ(client.freed, 1);
}

static void accessors_take_null(void)
{
    size_t size = 3;
    const char *text = NULL;
    CHECK(sentry_http_request_get_method(NULL) == NULL);
    CHECK(sentry_http_request_get_url(NULL) == NULL);
    CHECK_EQ(sentry_http_request_get_header_count(NULL), 0);
    CHECK_EQ(sentry_http_request_get_header(NULL, 0, &text, &text), 0);
    CHECK(sentry_http_request_get_body(NULL, &size) == NULL);
    CHECK_EQ(size, 0);
    CHECK(sentry_http_request_get_body(NULL, NULL) == NULL);
    CHECK(sentry_http_request_get_body_file_path(NULL, NULL) == NULL);
    sentry_http_response_set_status_code(NULL, 200);
    sentry_http_response_set_header(NULL, "location", "x");
}

int main(void)
{
    /* Many captures, which a memory checker makes slow. */
    alarm(2 * HOST_GUARD_S - 10);
    main_thread = pthread_self();
    unsetenv("SENTRY_DSN");
    nothing_crashes();
    accessors_take_null();
    every_owner_frees_once();
    a_failed_start_fails_init();
    functions_are_called_in_order();
    an_unusable_dsn_does_not_matter();
    a_function_transport_borrows();
    no_transport_discards_everything();
    a_send_that_hangs_does_not_hold_close_up();
    the_queue_bounds_what_waits();
    answers_of_a_client_count_as_those_of_ours();
    a_client_that_hangs_is_interrupted();
    return 0;
}
