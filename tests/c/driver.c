/* The driver: reads commands from standard input, one a line, carries them out, and answers each with one line of JSON.
 *
 *     {"ms":0.123, "status":0, …}
 *
 * "ms" is the time of the call into the library, by the monotonic clock. Tests start it as a process of its own, so that
 * each has the library's process-wide state for itself. The commands are in the table at the end; `watch` before one adds
 * "stall_ms", for how long the machine did not run a thread that was ready. C99 and C++17. */
#if !defined(_GNU_SOURCE)
#define _GNU_SOURCE 1
#endif

#include "driver_figures.h"
#include "driver_health.h"
#include "driver_record.h"
#include "driver_stress.h"
#include "driver_text.h"

#include <sentry.h>

static text_t answer;
static uint64_t started_ns;
static uint64_t ended_ns;

static void start_clock(void) {
    started_ns = now_ns();
    ended_ns = 0;
}

static void stop_clock(void) {
    ended_ns = now_ns();
}

/* Cuts the next word off; empty at the end of the line. */
static char *take_word(char **rest) {
    char *word = *rest;
    char *end = word + strcspn(word, " ");
    *rest = *end == '\0' ? end : end + 1;
    *end = '\0';
    return word;
}

static uint64_t take_number(char **rest) {
    return strtoull(take_word(rest), NULL, 10);
}

static sentry_level_t take_level(char **rest) {
    static const char *const names[] = {"trace", "debug", "info", "warning", "error", "fatal"};
    const char *word = take_word(rest);
    for (int at = 0; at < 6; at++) {
        if (strcmp(word, names[at]) == 0) {
            return (sentry_level_t)(at - 2);
        }
    }
    return (sentry_level_t)atoi(word);
}

static const char *take_logger(char **rest) {
    const char *word = take_word(rest);
    return strcmp(word, "-") == 0 ? NULL : word;
}

/* Adds a status and the text of the last error. */
static void answer_status(sentry_status_t status) {
    stop_clock();
    text_format(&answer, ",\"status\":%d,\"error\":", (int)status);
    text_string(&answer, sentry_last_error_message());
}

static void answer_capture(sentry_status_t status, const sentry_uuid_t *id) {
    answer_status(status);
    text_append(&answer, ",\"id\":", 6);
    text_id(&answer, id);
}

static void answer_result(int result) {
    stop_clock();
    text_format(&answer, ",\"result\":%d,\"error\":", result);
    text_string(&answer, sentry_last_error_message());
}

static void run_init(char *json) {
    sentry_options_t *options = sentry_options_new_from_json(json);
    if (options == NULL) {
        answer_result(-1);
        return;
    }
    sentry_options_set_on_outcome(options, record_outcome, NULL);
    start_clock();
    answer_result(sentry_init(options));
}

static int refuse_to_start(const sentry_options_t *options, void *state) {
    (void)options;
    (void)state;
    return 7;
}

static void discard(sentry_envelope_t *envelope, void *state) {
    (void)state;
    sentry_envelope_free(envelope);
}

/* Starts the library with a transport that cannot be started. */
static void run_init_hopeless(char *json) {
    sentry_options_t *options = sentry_options_new_from_json(json);
    sentry_transport_t *transport = sentry_transport_new(discard);
    sentry_transport_set_startup_func(transport, refuse_to_start);
    sentry_options_set_transport(options, transport);
    start_clock();
    answer_result(sentry_init(options));
}

static void run_capture(char *json) {
    sentry_uuid_t id = sentry_uuid_nil();
    answer_capture(sentry_capture(json, &id), &id);
}

static void run_capture_hex(char *rest) {
    size_t length = strlen(rest) / 2;
    char *bytes = (char *)must(malloc(length + 1));
    for (size_t at = 0; at < length; at++) {
        char pair[3] = {rest[2 * at], rest[2 * at + 1], '\0'};
        bytes[at] = (char)strtoul(pair, NULL, 16);
    }
    sentry_uuid_t id = sentry_uuid_nil();
    start_clock();
    answer_capture(sentry_capture_n(bytes, length, &id), &id);
    free(bytes);
}

static void run_capture_null(char *rest) {
    (void)rest;
    sentry_uuid_t id = sentry_uuid_nil();
    answer_capture(sentry_capture(NULL, &id), &id);
}

/* An event whose message has that many bytes. */
static void run_capture_huge(char *rest) {
    static const char head[] = "{\"message\":\"";
    size_t bytes = (size_t)take_number(&rest);
    char *json = (char *)must(malloc(sizeof head + bytes + 2));
    memcpy(json, head, sizeof head - 1);
    memset(json + sizeof head - 1, 'a', bytes);
    memcpy(json + sizeof head - 1 + bytes, "\"}", 3);
    sentry_uuid_t id = sentry_uuid_nil();
    start_clock();
    answer_capture(sentry_capture(json, &id), &id);
    free(json);
}

/* An event of about that many bytes that stays so large: an unknown key with a list of random numbers. */
static void run_capture_bulky(char *rest) {
    size_t bytes = (size_t)take_number(&rest);
    char *json = (char *)must(malloc(bytes + 128));
    uint64_t seed = 1234567;
    size_t at = (size_t)sprintf(json, "{\"message\":\"bulky\",\"bulk\":\"");
    while (at < bytes) {
        json[at++] = (char)('0' + next_random(&seed) % 64);
        if (json[at - 1] == '\\') {
            json[at - 1] = 'x';
        }
    }
    memcpy(json + at, "\"}", 3);
    sentry_uuid_t id = sentry_uuid_nil();
    start_clock();
    answer_capture(sentry_capture(json, &id), &id);
    free(json);
}

/* An event with that many lists within one another. */
static void run_capture_deep(char *rest) {
    size_t levels = (size_t)take_number(&rest);
    text_t json = {NULL, 0, 0};
    text_append(&json, "{\"extra\":{\"a\":", 14);
    for (size_t at = 0; at < levels; at++) {
        text_append(&json, "[", 1);
    }
    for (size_t at = 0; at < levels; at++) {
        text_append(&json, "]", 1);
    }
    text_append(&json, "}}", 2);
    sentry_uuid_t id = sentry_uuid_nil();
    start_clock();
    answer_capture(sentry_capture(json.bytes, &id), &id);
    free(json.bytes);
}

static int compare_times(const void *left, const void *right) {
    uint32_t a = *(const uint32_t *)left;
    uint32_t b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

/* Captures many events of a size and tells how they were answered, how long it took, and the most heap there was. */
static void run_capture_many(char *rest) {
    size_t count = (size_t)take_number(&rest);
    size_t bytes = (size_t)take_number(&rest);
    uint64_t by_status[STATUS_COUNT] = {0};
    unsigned long long heap_peak = 0;
    uint32_t *times = (uint32_t *)map_memory((count + 1) * sizeof *times);
    char *json = (char *)must(malloc(bytes + 64));
    size_t head = (size_t)sprintf(json, "{\"message\":\"");
    memset(json + head, 'm', bytes);
    memcpy(json + head + bytes, "\"}", 3);
    start_clock();
    for (size_t at = 0; at < count; at++) {
        uint64_t before = now_ns();
        sentry_status_t status = sentry_capture(json, NULL);
        times[at] = (uint32_t)(now_ns() - before);
        by_status[(unsigned)status % STATUS_COUNT]++;
        if (at % 1024 == 0) {
            unsigned long long heap = heap_bytes();
            heap_peak = heap > heap_peak ? heap : heap_peak;
        }
    }
    stop_clock();
    free(json);
    qsort(times, count, sizeof *times, compare_times);
    text_append(&answer, ",\"by_status\":[", 14);
    for (int status = 0; status < STATUS_COUNT; status++) {
        text_format(&answer, "%s%llu", status == 0 ? "" : ",", (unsigned long long)by_status[status]);
    }
    text_format(&answer, "],\"p50_ns\":%u,\"p99_ns\":%u,\"max_ns\":%u,\"heap_peak\":%llu", times[count / 2],
                times[count * 99 / 100], times[count == 0 ? 0 : count - 1], heap_peak);
    munmap(times, (count + 1) * sizeof *times);
}

static void run_message(char *rest) {
    sentry_level_t level = take_level(&rest);
    const char *logger = take_logger(&rest);
    sentry_uuid_t id = sentry_uuid_nil();
    start_clock();
    answer_capture(sentry_capture_message(level, logger, rest, &id), &id);
}

static void run_log(char *rest) {
    sentry_level_t level = take_level(&rest);
    const char *logger = take_logger(&rest);
    start_clock();
    answer_status(sentry_log_message(level, logger, rest));
}

/* One capture on a thread of its own: for calls that wait while others go on. */
static struct {
    pthread_t thread;
    char *json;
    sentry_status_t status;
} beside;

static void *capture_beside(void *unused) {
    (void)unused;
    beside.status = sentry_capture(beside.json, NULL);
    return NULL;
}

static void run_capture_beside(char *json) {
    beside.json = (char *)must(strdup(json));
    must(pthread_create(&beside.thread, NULL, capture_beside, NULL) == 0 ? &beside : NULL);
}

/* Waits for the capture on the other thread; the answer's time is until now, not that of the call. */
static void run_join_beside(char *rest) {
    (void)rest;
    pthread_join(beside.thread, NULL);
    stop_clock();
    text_format(&answer, ",\"status\":%d", (int)beside.status);
    free(beside.json);
}

static void run_crumb(char *json) {
    answer_status(sentry_add_breadcrumb_json(json));
}

static void run_tag(char *rest) {
    const char *key = take_word(&rest);
    sentry_set_tag(key, rest);
}

static void run_untag(char *key) {
    sentry_remove_tag(key);
}

static void run_session(char *rest) {
    health_session(rest);
}

static void run_user(char *rest) {
    health_user(rest);
}

static void run_release(char *rest) {
    sentry_set_release(rest);
    stop_clock();
    text_append(&answer, ",\"error\":", 9);
    text_string(&answer, sentry_last_error_message());
}

static void run_consent(char *rest) {
    health_consent(rest, &answer);
}

static void run_setuid(char *rest) {
    uid_t user = (uid_t)strtoul(rest, NULL, 10);
    text_format(&answer, ",\"result\":%d", setgid((gid_t)user) != 0 || setuid(user) != 0);
}

static void run_crashed(char *rest) {
    health_crashed(rest, &answer);
}

static void run_fork(char *rest) {
    if (strcmp(rest, "stay") == 0) {
        health_fork_stay(&answer);
    } else {
        health_fork(rest, &answer);
    }
}

static void run_flush(char *rest) {
    uint64_t timeout_ms = take_number(&rest);
    start_clock();
    answer_result(sentry_flush(timeout_ms));
}

static void run_close(char *rest) {
    (void)rest;
    answer_result(sentry_close());
}

static void run_shutdown(char *rest) {
    (void)rest;
    answer_result(sentry_shutdown());
}

static void run_stats(char *rest) {
    sentry_stats_t stats;
    (void)rest;
    answer_status(get_stats(&stats));
    text_append(&answer, ",\"stats\":", 9);
    write_stats(&answer, &stats);
}

static uint64_t figure(const sentry_stats_t *stats, const char *name) {
    const sentry_category_stats_t *errors = &stats->categories[SENTRY_CATEGORY_ERROR];
    if (strcmp(name, "delivered") == 0) {
        return errors->delivered;
    }
    if (strcmp(name, "discarded") == 0) {
        return errors->discarded;
    }
    if (strcmp(name, "captured") == 0) {
        return errors->captured;
    }
    if (strcmp(name, "spooled") == 0) {
        return errors->spooled;
    }
    if (strcmp(name, "unspooled") == 0) {
        return errors->spooled == 0;
    }
    if (strcmp(name, "requests") == 0) {
        return stats->requests;
    }
    if (strcmp(name, "failed") == 0) {
        return stats->requests_failed;
    }
    if (strcmp(name, "http_status") == 0) {
        return (uint64_t)stats->last_http_status;
    }
    if (strcmp(name, "reports") == 0) {
        return stats->client_reports_sent;
    }
    if (strcmp(name, "settled") == 0) {
        return errors->pending == 0;
    }
    fprintf(stderr, "driver: unknown figure %s\n", name);
    exit(64);
}

/* Waits until a figure has at least a value. */
static void run_wait(char *rest) {
    const char *name = take_word(&rest);
    uint64_t least = take_number(&rest);
    uint64_t until_ns = now_ns() + take_number(&rest) * 1000000u;
    sentry_stats_t stats;
    int is_reached = 0;
    for (;;) {
        get_stats(&stats);
        is_reached = figure(&stats, name) >= least;
        if (is_reached || now_ns() >= until_ns) {
            break;
        }
        pause_ms(1);
    }
    stop_clock();
    text_format(&answer, ",\"reached\":%s,\"stats\":", is_reached ? "true" : "false");
    write_stats(&answer, &stats);
}

static void run_wait_outcomes(char *rest) {
    size_t count = (size_t)take_number(&rest);
    int is_reached = record_wait(count, take_number(&rest));
    stop_clock();
    text_format(&answer, ",\"reached\":%s", is_reached ? "true" : "false");
}

static void run_outcomes(char *rest) {
    (void)rest;
    text_append(&answer, ",\"outcomes\":", 12);
    record_write(&answer);
}

static void run_self_test(char *rest) {
    uint64_t timeout_ms = take_number(&rest);
    start_clock();
    char *report = sentry_self_test(timeout_ms);
    answer_result(report == NULL ? 1 : 0);
    text_append(&answer, ",\"report\":", 10);
    text_append(&answer, report == NULL ? "null" : report, report == NULL ? 4 : strlen(report));
    sentry_free(report);
}

static void run_process(char *rest) {
    (void)rest;
    text_format(&answer, ",\"threads\":%d,\"descriptors\":%d,\"rss\":%llu,\"heap\":%llu", count_entries("/proc/self/task"),
                count_entries("/proc/self/fd"), resident_bytes(), heap_bytes());
}

static void run_stress(char *rest) {
    int threads = (int)take_number(&rest);
    stress_run(threads, take_number(&rest), &answer);
}

static void run_audit(char *rest) {
    (void)rest;
    stress_audit(&answer);
}

static void run_accepted(char *rest) {
    (void)rest;
    text_append(&answer, ",\"ids\":", 7);
    stress_write_accepted(&answer);
}

/* A control beside a call whose time matters: a thread that sleeps 2 ms again and again, and adds up how much longer it
 * took. That is time in which the machine did not run a thread that was ready, and nobody's fault but the machine's. */
static struct {
    pthread_t thread;
    pthread_mutex_t lock;
    int is_over;
    uint64_t stalled_ns;
} control;

static void *run_control(void *unused) {
    (void)unused;
    int is_over = 0;
    while (!is_over) {
        uint64_t expected_ns = now_ns() + 2000000u;
        pause_ms(2);
        uint64_t woken_ns = now_ns();
        pthread_mutex_lock(&control.lock);
        control.stalled_ns += woken_ns > expected_ns + 1000000u ? woken_ns - expected_ns : 0;
        is_over = control.is_over;
        pthread_mutex_unlock(&control.lock);
    }
    return NULL;
}

static void start_control(void) {
    control.is_over = 0;
    control.stalled_ns = 0;
    must(pthread_create(&control.thread, NULL, run_control, NULL) == 0 ? &control : NULL);
}

static void stop_control(void) {
    pthread_mutex_lock(&control.lock);
    control.is_over = 1;
    pthread_mutex_unlock(&control.lock);
    pthread_join(control.thread, NULL);
    text_format(&answer, ",\"stall_ms\":%.3f", (double)control.stalled_ns / 1e6);
}

typedef struct command_t {
    const char *name;
    void (*run)(char *rest);
} command_t;

static const command_t commands[] = {
    {"init", run_init},                   /* options as JSON */
    {"init_hopeless", run_init_hopeless}, /* the same, and fails */
    {"capture", run_capture},             /* event as JSON */
    {"capture_hex", run_capture_hex},     /* the bytes of an event */
    {"capture_null", run_capture_null},   /* */
    {"capture_huge", run_capture_huge},   /* bytes of the message */
    {"capture_bulky", run_capture_bulky}, /* bytes */
    {"capture_deep", run_capture_deep},   /* levels */
    {"capture_many", run_capture_many},   /* count, bytes of each message */
    {"capture_beside", run_capture_beside}, /* event as JSON */
    {"join_beside", run_join_beside},     /* */
    {"message", run_message},             /* level, logger or -, text */
    {"log", run_log},                     /* level, logger or -, text */
    {"crumb", run_crumb},                 /* breadcrumb as JSON */
    {"tag", run_tag},                     /* key, value */
    {"untag", run_untag},                 /* key */
    {"session", run_session},             /* start, end, or the number of a status */
    {"user", run_user},                   /* id, - or ? */
    {"release", run_release},             /* release */
    {"consent", run_consent},             /* give, revoke, reset or nothing */
    {"crashed", run_crashed},             /* clear or nothing */
    {"setuid", run_setuid},               /* user */
    {"fork", run_fork},                   /* session, stay or nothing */
    {"flush", run_flush},                 /* ms */
    {"close", run_close},                 /* */
    {"shutdown", run_shutdown},           /* */
    {"stats", run_stats},                 /* */
    {"wait", run_wait},                   /* figure, least value, ms */
    {"wait_outcomes", run_wait_outcomes}, /* count, ms */
    {"outcomes", run_outcomes},           /* */
    {"self_test", run_self_test},         /* ms */
    {"process", run_process},             /* */
    {"stress", run_stress},               /* threads, ms */
    {"audit", run_audit},                 /* after stress and close */
    {"accepted", run_accepted},           /* ids that stress captured */
};

static const command_t *find_command(const char *name) {
    for (size_t at = 0; at < sizeof commands / sizeof commands[0]; at++) {
        if (strcmp(commands[at].name, name) == 0) {
            return &commands[at];
        }
    }
    return NULL;
}

/* One line; NULL at the end of the input. The line is valid until the next call. */
static char *read_line(void) {
    static text_t line;
    char piece[4096];
    line.length = 0;
    while (fgets(piece, sizeof piece, stdin) != NULL) {
        text_append(&line, piece, strlen(piece));
        if (line.bytes[line.length - 1] == '\n') {
            line.bytes[line.length - 1] = '\0';
            return line.bytes;
        }
    }
    return NULL;
}

int main(void) {
    record_start();
    pthread_mutex_init(&control.lock, NULL);
    for (char *line = read_line(); line != NULL; line = read_line()) {
        char *rest = line;
        const char *name = take_word(&rest);
        if (strcmp(name, "exit") == 0) {
            break;
        }
        int is_watched = strcmp(name, "watch") == 0;
        if (is_watched) {
            name = take_word(&rest);
        }
        const command_t *command = find_command(name);
        if (command == NULL) {
            fprintf(stderr, "driver: unknown command %s\n", name);
            return 64;
        }
        answer.length = 0;
        if (is_watched) {
            start_control();
        }
        start_clock();
        command->run(rest);
        if (ended_ns == 0) {
            stop_clock();
        }
        if (is_watched) {
            stop_control();
        }
        printf("{\"ms\":%.3f%s}\n", (double)(ended_ns - started_ns) / 1e6, answer.length == 0 ? "" : answer.bytes);
        fflush(stdout);
    }
    return 0;
}
