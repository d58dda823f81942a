/* The library under measurement, as a host would use it. One scenario for each run; prints one JSON object.
 *
 * cc -O2 -pthread libsentry.c -lsentry && ./a.out SCENARIO DSN NAME=VALUE...
 *
 * capture   times each call of sentry_capture: n=100000 threads=1 kind=json|message|short|crumb items= bytes= gap_us=0
 * memory    resident memory around n=1000000 captures
 * burst     n=10000 captures, then flush: delivered, seconds, CPU; kind= items= bytes= gzip=1 inflight=1 crumbs=1
 *           database= spooled=0: with so many envelopes in it, all of them known before the first capture
 * close     fills the queue, then times sentry_close with a time-out of 2 s
 * init      memory, threads and time added by sentry_init */
#define _GNU_SOURCE
#include "measure.h"
#include <pthread.h>
#include <sentry.h>

/* Zero without allocations.c. */
__attribute__((weak)) unsigned long allocations_of_thread(void);

enum { MESSAGE = 1024, CRUMBS = 20 };

static int argument_count;
static char **arguments;

static const char *option(const char *name, const char *otherwise) {
    for (int at = 3; at < argument_count; at++) {
        size_t length = strlen(name);
        if (strncmp(arguments[at], name, length) == 0 && arguments[at][length] == '=') return arguments[at] + length + 1;
    }
    return otherwise;
}

static long number(const char *name, long otherwise) {
    const char *text = option(name, NULL);
    return text ? strtol(text, NULL, 10) : otherwise;
}

static char message[MESSAGE + 1], event_json[MESSAGE + 256], short_json[128];

static void make_texts(void) {
    static const char sentence[] = "could not read the block of the file after 3 attempts; ";
    for (size_t at = 0; at < MESSAGE; at++) message[at] = sentence[at % (sizeof sentence - 1)];
    snprintf(event_json, sizeof event_json, "{\"message\":\"%s\",\"level\":\"error\",\"logger\":\"storage\",\"tags\":{\"part\":\"reader\"}}",
             message);
    snprintf(short_json, sizeof short_json, "{\"message\":\"%.64s\",\"level\":\"error\"}", message);
}

static void add_crumb(int serial) {
    char json[256];
    snprintf(json, sizeof json,
             "{\"category\":\"http\",\"level\":\"info\",\"message\":\"GET /api/items/%d answered 200\",\"data\":{\"status\":200,\"ms\":%d}}",
             serial, serial % 90);
    if (sentry_add_breadcrumb_json(json) != SENTRY_STATUS_OK) fprintf(stderr, "breadcrumb refused\n");
}

static void start(void) {
    sentry_options_t *options = sentry_options_new();
    sentry_options_set_dsn(options, arguments[2]);
    sentry_options_set_release(options, "bench@1.0");
    sentry_options_set_database_path(options, option("database", ""));
    sentry_options_set_http_retry(options, option("database", NULL) != NULL);
    sentry_options_set_cache_max_items(options, 0);
    sentry_options_set_auto_session_tracking(options, 0);
    if (number("items", 0)) sentry_options_set_queue_max_items(options, number("items", 0));
    if (number("bytes", 0)) sentry_options_set_queue_max_bytes(options, (uint64_t)number("bytes", 0));
    sentry_options_set_compression(options, number("gzip", 1) ? SENTRY_COMPRESSION_GZIP : SENTRY_COMPRESSION_NONE);
    sentry_options_set_max_requests_in_flight(options, (int32_t)number("inflight", 1));
    sentry_options_set_shutdown_timeout(options, (uint64_t)number("shutdown", 2000));
    if (sentry_init(options) != 0) {
        fprintf(stderr, "init: %s\n", sentry_last_error_message());
        exit(1);
    }
}

/* How many files the library knows, or has sent. */
static uint64_t spooled_so_far(void) {
    sentry_stats_t stats = {.size = sizeof stats};
    if (sentry_get_stats(&stats) != SENTRY_STATUS_OK) exit(1);
    return stats.categories[SENTRY_CATEGORY_ERROR].spooled + stats.categories[SENTRY_CATEGORY_ERROR].delivered;
}

static void start_with_scope(void) {
    start();
    const struct timespec moment = {.tv_nsec = 1000 * 1000};
    while (spooled_so_far() < (uint64_t)number("spooled", 0)) nanosleep(&moment, NULL);
    sentry_set_tag("customer", "acme");
    for (int serial = 0; serial < CRUMBS && number("crumbs", 1); serial++) add_crumb(serial);
}

static sentry_status_t capture_one(const char *kind, long serial) {
    if (strcmp(kind, "message") == 0)
        return sentry_capture_message(SENTRY_LEVEL_ERROR, "storage", message, NULL);
    if (strcmp(kind, "short") == 0) return sentry_capture(short_json, NULL);
    if (strcmp(kind, "crumb") == 0) add_crumb((int)serial);
    return sentry_capture(event_json, NULL);
}

struct job {
    const char *kind;
    struct timespec gap;
    size_t count;
    uint32_t *ns;
    unsigned long allocations, accepted;
};

static void *capture_thread(void *argument) {
    struct job *job = argument;
    unsigned long before = allocations_of_thread ? allocations_of_thread() : 0;
    for (size_t at = 0; at < job->count; at++) {
        if (job->gap.tv_nsec) nanosleep(&job->gap, NULL);
        uint64_t from = now_ns();
        sentry_status_t status = capture_one(job->kind, (long)at);
        job->ns[at] = (uint32_t)(now_ns() - from);
        job->accepted += status == SENTRY_STATUS_OK;
    }
    job->allocations = (allocations_of_thread ? allocations_of_thread() : 0) - before;
    return NULL;
}

static void capture(void) {
    size_t threads = (size_t)number("threads", 1), each = (size_t)number("n", 100000) / threads;
    uint32_t *ns = calloc(threads * each, sizeof *ns);
    struct job *jobs = calloc(threads, sizeof *jobs);
    pthread_t *ids = calloc(threads, sizeof *ids);
    memset(ns, 1, threads * each * sizeof *ns);
    start_with_scope();
    capture_one("json", 0);
    double cpu = cpu_seconds();
    uint64_t from = now_ns();
    for (size_t at = 0; at < threads; at++) {
        jobs[at] = (struct job){
            .kind = option("kind", "json"), .gap = {.tv_nsec = number("gap_us", 0) * 1000}, .count = each, .ns = ns + at * each};
        if (threads > 1) pthread_create(&ids[at], NULL, capture_thread, &jobs[at]);
        else capture_thread(&jobs[at]);
    }
    unsigned long allocations = 0, accepted = 0;
    for (size_t at = 0; at < threads; at++) {
        if (threads > 1) pthread_join(ids[at], NULL);
        allocations += jobs[at].allocations;
        accepted += jobs[at].accepted;
    }
    double seconds = (double)(now_ns() - from) / 1e9;
    cpu = cpu_seconds() - cpu;
    print_percentiles(ns, threads * each);
    printf("\"accepted\":%lu,\"count\":%zu,\"allocations_per_capture\":%.3f,\"seconds\":%.4f,\"cpu_us_per_capture\":%.3f", accepted,
           threads * each, (double)allocations / (double)(threads * each), seconds, cpu * 1e6 / (double)(threads * each));
}

static void memory(void) {
    long count = number("n", 1000000), accepted = 0;
    start_with_scope();
    capture_one("json", 0);
    reset_peak();
    long before = proc_number("status", "VmRSS:");
    uint64_t from = now_ns();
    for (long at = 0; at < count; at++) accepted += capture_one(option("kind", "json"), at) == SENTRY_STATUS_OK;
    double seconds = (double)(now_ns() - from) / 1e9;
    sentry_stats_t stats = {.size = sizeof stats};
    sentry_get_stats(&stats);
    long peak = proc_number("status", "VmHWM:");
    printf("\"accepted\":%ld,\"before_kib\":%ld,\"peak_kib\":%ld,\"growth_kib\":%ld,\"queue_bytes_peak\":%llu,\"queue_items_peak\":%llu,"
           "\"seconds\":%.3f",
           accepted, before, peak, peak - before, (unsigned long long)stats.queue_bytes_peak,
           (unsigned long long)stats.queue_items_peak, seconds);
}

static void burst(void) {
    long count = number("n", 10000), accepted = 0;
    start_with_scope();
    capture_one("json", 0);
    sentry_flush(10000);
    sentry_stats_t stats = {.size = sizeof stats};
    sentry_get_stats(&stats);
    uint64_t before = stats.categories[SENTRY_CATEGORY_ERROR].delivered;
    double cpu = cpu_seconds();
    uint64_t from = now_ns();
    for (long at = 0; at < count; at++) accepted += capture_one(option("kind", "json"), at) == SENTRY_STATUS_OK;
    double captured = (double)(now_ns() - from) / 1e9, cpu_capture = cpu_seconds() - cpu;
    int flushed = sentry_flush(60000);
    double seconds = (double)(now_ns() - from) / 1e9;
    cpu = cpu_seconds() - cpu;
    sentry_get_stats(&stats);
    unsigned long long delivered = stats.categories[SENTRY_CATEGORY_ERROR].delivered - before;
    printf("\"accepted\":%ld,\"delivered\":%llu,\"flush\":%d,\"capture_seconds\":%.4f,\"seconds\":%.4f,\"per_second\":%.0f,\"cpu\":%.4f,"
           "\"cpu_until_captured\":%.4f,\"cpu_per_10000\":%.4f,\"bytes_sent\":%llu",
           accepted, delivered, flushed, captured, seconds, (double)delivered / seconds, cpu, cpu_capture,
           cpu * 10000 / (double)delivered, (unsigned long long)stats.bytes_sent);
}

static void close_hung(void) {
    start_with_scope();
    for (int at = 0; at < 2000; at++) capture_one("json", at);
    uint64_t from = now_ns();
    sentry_close();
    printf("\"seconds\":%.4f", (double)(now_ns() - from) / 1e9);
}

static void init(void) {
    long before = proc_number("status", "VmRSS:"), anonymous = proc_number("status", "RssAnon:");
    uint64_t from = now_ns();
    start();
    double seconds = (double)(now_ns() - from) / 1e9;
    struct timespec pause = {.tv_nsec = 200000000};
    nanosleep(&pause, NULL);
    long idle = proc_number("status", "VmRSS:"), idle_anonymous = proc_number("status", "RssAnon:");
    capture_one("json", 0);
    sentry_flush(5000);
    printf("\"before_kib\":%ld,\"before_anonymous_kib\":%ld,\"idle_kib\":%ld,\"idle_anonymous_kib\":%ld,\"sent_kib\":%ld,"
           "\"sent_anonymous_kib\":%ld,\"threads\":%ld,\"init_seconds\":%.6f",
           before, anonymous, idle, idle_anonymous, proc_number("status", "VmRSS:"), proc_number("status", "RssAnon:"),
           proc_number("status", "Threads:") - 1, seconds);
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(void);
    } scenarios[] = {{"capture", capture}, {"memory", memory}, {"burst", burst}, {"close", close_hung}, {"init", init}};
    argument_count = argc;
    arguments = argv;
    make_texts();
    for (size_t at = 0; argc > 2 && at < sizeof scenarios / sizeof *scenarios; at++) {
        if (strcmp(argv[1], scenarios[at].name) == 0) {
            printf("{");
            scenarios[at].run();
            printf("}\n");
            fflush(stdout);
            /* Without the orderly close: what matters was measured, and a hung server would cost its time-out. */
            _Exit(0);
        }
    }
    fprintf(stderr, "usage: %s capture|memory|burst|close|init DSN [NAME=VALUE]...\n", argv[0]);
    return 2;
}
