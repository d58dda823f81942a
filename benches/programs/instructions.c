/* What one call of a host costs, for benches/instructions.py: run twice under callgrind with different counts, so that
 * everything before the calls cancels.
 *
 * cc -O2 -pthread instructions.c -lsentry && ./a.out SCENARIO CALLS
 *
 * A scenario with `alone` in its name makes its values, the same number in each run, before the first call. The server
 * is a socket that nobody accepts from: the worker waits for its answer, and everything captured stays in the queue.
 * Prints the allocations of the calls when allocations.c is linked. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sentry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Missing without allocations.c. */
__attribute__((weak)) unsigned long allocations_of_thread(void);

enum { MOST = 200, MESSAGE = 1024, CRUMBS = 20, FRAMES = 20, TAGS = 1000 };

static char message[MESSAGE + 1], event_json[MESSAGE + 256], tag_keys[TAGS][16];

static void make_texts(void) {
    static const char sentence[] = "could not read the block of the file after 3 attempts; ";
    for (size_t at = 0; at < MESSAGE; at++) message[at] = sentence[at % (sizeof sentence - 1)];
    snprintf(event_json, sizeof event_json, "{\"message\":\"%s\",\"level\":\"error\",\"logger\":\"storage\",\"tags\":{\"part\":\"reader\"}}",
             message);
    for (int at = 0; at < TAGS; at++) snprintf(tag_keys[at], sizeof tag_keys[at], "tag-%d", at);
}

/* A server that takes connections and never answers; its port. */
static int open_silent_server(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, length) || listen(listener, 64) ||
        getsockname(listener, (struct sockaddr *)&address, &length)) {
        perror("server");
        exit(1);
    }
    return ntohs(address.sin_port);
}

static sentry_value_t set_dist(sentry_value_t event, void *hint, void *user_data) {
    (void)hint, (void)user_data;
    sentry_value_set_by_key(event, "dist", sentry_value_new_string("1"));
    return event;
}

static sentry_value_t no_value(void) { return sentry_value_new_null(); }

static sentry_value_t new_message_event(void) { return sentry_value_new_message_event(SENTRY_LEVEL_ERROR, "storage", message); }

static sentry_value_t new_frame(int serial) {
    char function[64], file[64];
    snprintf(function, sizeof function, "read_block_%d", serial);
    snprintf(file, sizeof file, "reader_%d.cpp", serial);
    sentry_value_t frame = sentry_value_new_object();
    sentry_value_set_by_key(frame, "function", sentry_value_new_string(function));
    sentry_value_set_by_key(frame, "filename", sentry_value_new_string(file));
    sentry_value_set_by_key(frame, "lineno", sentry_value_new_int32(100 + serial));
    return frame;
}

/* An exception with its frames, five tags and three contexts. */
static sentry_value_t new_exception_event(void) {
    sentry_value_t frames = sentry_value_new_list(), stacktrace = sentry_value_new_object();
    for (int at = 0; at < FRAMES; at++) sentry_value_append(frames, new_frame(at));
    sentry_value_set_by_key(stacktrace, "frames", frames);
    sentry_value_t exception = sentry_value_new_exception("ReadError", "could not read the block");
    sentry_value_set_by_key(exception, "stacktrace", stacktrace);
    sentry_value_t event = sentry_value_new_event(), tags = sentry_value_new_object(), contexts = sentry_value_new_object();
    sentry_event_add_exception(event, exception);
    for (int at = 0; at < 5; at++) sentry_value_set_by_key(tags, tag_keys[at], sentry_value_new_string("reader"));
    sentry_value_set_by_key(event, "tags", tags);
    static const char *const names[] = {"storage", "request", "cache"};
    for (int at = 0; at < 3; at++) {
        sentry_value_t context = sentry_value_new_object();
        sentry_value_set_by_key(context, "name", sentry_value_new_string("primary"));
        sentry_value_set_by_key(context, "size", sentry_value_new_int32(4096 + at));
        sentry_value_set_by_key(contexts, names[at], context);
    }
    sentry_value_set_by_key(event, "contexts", contexts);
    return event;
}

static sentry_value_t new_crumb(void) {
    sentry_value_t crumb = sentry_value_new_breadcrumb("http", "GET /api/items/17 answered 200");
    sentry_value_set_by_key(crumb, "category", sentry_value_new_string("request"));
    return crumb;
}

static void add_crumbs(void) {
    for (int at = 0; at < CRUMBS; at++) sentry_add_breadcrumb(new_crumb());
}

static void fill_queue(void) {
    add_crumbs();
    for (int at = 0; at < 4; at++) sentry_capture(event_json, NULL);
}

static void set_tags(int count) {
    for (int at = 0; at < count; at++) sentry_set_tag(tag_keys[at], "reader");
}

static void set_five_tags(void) { set_tags(5); }
static void set_all_tags(void) { set_tags(TAGS); }

static void capture_event(sentry_value_t event, int serial) {
    (void)serial;
    sentry_capture_event(event);
}

static void capture_json(sentry_value_t value, int serial) {
    (void)value, (void)serial;
    sentry_capture(event_json, NULL);
}

static void capture_message(sentry_value_t value, int serial) {
    (void)value, (void)serial;
    sentry_capture_message(SENTRY_LEVEL_ERROR, "storage", message, NULL);
}

static void add_crumb(sentry_value_t crumb, int serial) {
    (void)serial;
    sentry_add_breadcrumb(crumb);
}

static void log_info(sentry_value_t value, int serial) {
    (void)value;
    sentry_log_info("user %d did %s", serial, "open the door");
}

static void count(sentry_value_t value, int serial) {
    (void)serial;
    sentry_metrics_count("requests", 1, value);
}

static sentry_transaction_t *transaction;

static sentry_transaction_t *start_transaction(void) {
    sentry_transaction_context_t *context = sentry_transaction_context_new("GET /item", "http.server");
    sentry_transaction_context_set_sampled(context, 1);
    return sentry_transaction_start(context, sentry_value_new_null());
}

static void start_parent(void) { transaction = start_transaction(); }

static void trace_span(sentry_value_t value, int serial) {
    (void)value, (void)serial;
    sentry_span_finish(sentry_transaction_start_child(transaction, "db.query", "SELECT price FROM item"));
}

static void trace_transaction(sentry_value_t value, int serial) {
    (void)value, (void)serial;
    sentry_transaction_finish(start_transaction());
}

static void set_tag_of(int serial, int tags) { sentry_set_tag(tag_keys[serial * 7 % tags], serial % 2 ? "writer" : "reader"); }

static void set_tag_of_5(sentry_value_t value, int serial) {
    (void)value;
    set_tag_of(serial, 5);
}

static void set_tag_of_1000(sentry_value_t value, int serial) {
    (void)value;
    set_tag_of(serial, TAGS);
}

static void start(int64_t items, sentry_event_function_t hook) {
    char dsn[64];
    snprintf(dsn, sizeof dsn, "http://k@127.0.0.1:%d/1", open_silent_server());
    sentry_options_t *options = sentry_options_new();
    sentry_options_set_dsn(options, dsn);
    sentry_options_set_release(options, "bench@1.0");
    sentry_options_set_database_path(options, "");
    sentry_options_set_auto_session_tracking(options, 0);
    sentry_options_set_queue_max_items(options, items);
    if (hook) sentry_options_set_before_send(options, hook, NULL);
    if (sentry_init(options) != 0) {
        fprintf(stderr, "init: %s\n", sentry_last_error_message());
        exit(1);
    }
}

struct scenario {
    const char *name;
    void (*prepare)(void);
    sentry_value_t (*build)(void);
    void (*call)(sentry_value_t value, int serial);
    sentry_event_function_t hook;
};

static const struct scenario SCENARIOS[] = {
    {"message-event", add_crumbs, new_message_event, capture_event, NULL},
    {"exception", NULL, new_exception_event, capture_event, NULL},
    {"exception-alone", NULL, new_exception_event, capture_event, NULL},
    {"json", add_crumbs, no_value, capture_json, NULL},
    {"message", NULL, no_value, capture_message, NULL},
    {"refused", fill_queue, new_message_event, capture_event, NULL},
    {"breadcrumb", NULL, new_crumb, add_crumb, NULL},
    {"breadcrumb-alone", NULL, new_crumb, add_crumb, NULL},
    {"log", NULL, no_value, log_info, NULL},
    {"metric", NULL, sentry_value_new_null, count, NULL},
    {"span", start_parent, no_value, trace_span, NULL},
    {"transaction", NULL, no_value, trace_transaction, NULL},
    {"tag-5", set_five_tags, no_value, set_tag_of_5, NULL},
    {"tag-1000", set_all_tags, no_value, set_tag_of_1000, NULL},
    {"before-send", NULL, new_exception_event, capture_event, set_dist},
    {"before-send-alone", NULL, new_exception_event, capture_event, set_dist},
};

/* Not inlined, so that callgrind's --toggle-collect=call_all finds it. */
__attribute__((noinline)) static void call_all(const struct scenario *scenario, int calls, const sentry_value_t *built) {
    for (int at = 0; at < calls; at++) scenario->call(built ? built[at] : scenario->build(), at);
}

static void measure(const struct scenario *scenario, int calls) {
    static sentry_value_t built[MOST];
    int is_alone = strstr(scenario->name, "alone") != NULL;
    start(strcmp(scenario->name, "refused") == 0 ? 1 : 2 * MOST, scenario->hook);
    /* The worker takes the first envelope and waits for an answer; nobody has to wake it any more. */
    sentry_capture("{\"message\":\"first\"}", NULL);
    usleep(200 * 1000);
    if (scenario->prepare) scenario->prepare();
    for (int at = 0; is_alone && at < MOST; at++) built[at] = scenario->build();
    unsigned long before = allocations_of_thread ? allocations_of_thread() : 0;
    call_all(scenario, calls, is_alone ? built : NULL);
    printf("{\"allocations\":%lu}\n", (allocations_of_thread ? allocations_of_thread() : 0) - before);
}

int main(int argc, char **argv) {
    int calls = argc == 3 ? atoi(argv[2]) : 0;
    make_texts();
    for (size_t at = 0; argc == 3 && at < sizeof SCENARIOS / sizeof *SCENARIOS; at++) {
        if (calls < 0 || calls > MOST || strcmp(argv[1], SCENARIOS[at].name) != 0) continue;
        measure(&SCENARIOS[at], calls);
        fflush(stdout);
        /* Without the orderly close, which would wait for the server. */
        _Exit(0);
    }
    fprintf(stderr, "usage: %s SCENARIO CALLS, at most %d\n", argv[0], MOST);
    return 2;
}
