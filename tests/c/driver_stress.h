/* Many threads that capture at once, one that checks the identity, one that flushes; afterwards, the audit.
 *
 * Part of driver.c, which includes it once. */
#ifndef DRIVER_STRESS_H
#define DRIVER_STRESS_H

#include "driver_figures.h"
#include "driver_record.h"

#define MOST_THREADS 64
#define MOST_ACCEPTED ((size_t)512 * 1024)
#define STATUS_COUNT 16

/* What one thread did. */
typedef struct capturer_t {
    pthread_t thread;
    uint64_t seed;
    uint64_t until_ns;
    uint64_t by_status[STATUS_COUNT];
    sentry_uuid_t *accepted;
    size_t accepted_count;
    int writes_when_refused;
} capturer_t;

static struct {
    capturer_t capturers[MOST_THREADS];
    int threads;
    uint64_t until_ns;
    uint64_t checks;
    uint64_t violations;
    unsigned long long heap_peak;
    uint64_t flushes;
} stress;

static void pause_ms(long milliseconds) {
    struct timespec pause;
    pause.tv_sec = milliseconds / 1000;
    pause.tv_nsec = milliseconds % 1000 * 1000000;
    nanosleep(&pause, NULL);
}

/* xorshift: any number but 0 is a good seed. */
static uint64_t next_random(uint64_t *seed) {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static sentry_status_t capture_something(capturer_t *self, sentry_uuid_t *id) {
    static const char broken[] = "{\"message\":\"never closed";
    static const char padding[] = "................................................................................................";
    char json[512];
    uint64_t choice = next_random(&self->seed) % 100;
    if (choice < 5) {
        return sentry_capture_n(broken, sizeof broken - 1, id);
    }
    if (choice < 15) {
        return sentry_capture_message(SENTRY_LEVEL_WARNING, "stress", "something happened", id);
    }
    snprintf(json, sizeof json, "{\"message\":\"%.*s\",\"tags\":{\"seed\":%u}}", (int)(choice % sizeof padding), padding,
             (unsigned)(self->seed & 0xffff));
    return sentry_capture(json, id);
}

static void *capture_until(void *argument) {
    capturer_t *self = (capturer_t *)argument;
    while (now_ns() < self->until_ns) {
        sentry_uuid_t id = sentry_uuid_nil();
        sentry_status_t status = capture_something(self, &id);
        self->by_status[(unsigned)status % STATUS_COUNT]++;
        if (status == SENTRY_STATUS_OK) {
            if (self->accepted_count < MOST_ACCEPTED) {
                self->accepted[self->accepted_count++] = id;
            }
        } else {
            self->writes_when_refused += !sentry_uuid_is_nil(&id);
        }
        switch (next_random(&self->seed) % 64) {
        case 0:
            sentry_set_tag("turn", (self->seed & 256) != 0 ? "one" : "two");
            break;
        case 1:
            sentry_add_breadcrumb_json("{\"message\":\"a crumb\"}");
            break;
        case 2:
            sentry_remove_tag("turn");
            break;
        default:
            break;
        }
        /* Refusals are cheap: without a pause they would be all there is. */
        if (status == SENTRY_STATUS_QUEUE_FULL || status == SENTRY_STATUS_RATE_LIMITED) {
            pause_ms(1);
        }
    }
    return NULL;
}

static void *check_until(void *argument) {
    uint64_t seed = 88172645463325252u;
    (void)argument;
    while (now_ns() < stress.until_ns) {
        sentry_stats_t stats;
        if (get_stats(&stats) == SENTRY_STATUS_OK) {
            stress.checks++;
            stress.violations += !identity_holds(&stats);
        }
        unsigned long long heap = heap_bytes();
        stress.heap_peak = heap > stress.heap_peak ? heap : stress.heap_peak;
        if (next_random(&seed) % 4 == 0) {
            pause_ms(1);
        }
    }
    return NULL;
}

static void *flush_until(void *argument) {
    (void)argument;
    while (now_ns() < stress.until_ns) {
        sentry_flush(5);
        stress.flushes++;
        pause_ms(10);
    }
    return NULL;
}

static void stress_run(int threads, uint64_t duration_ms, text_t *text) {
    pthread_t checker;
    pthread_t flusher;
    stress.threads = threads > MOST_THREADS ? MOST_THREADS : threads;
    stress.until_ns = now_ns() + duration_ms * 1000000u;
    for (int at = 0; at < stress.threads; at++) {
        capturer_t *self = &stress.capturers[at];
        memset(self, 0, sizeof *self);
        self->seed = 0x9e3779b97f4a7c15u * (uint64_t)(at + 1);
        self->until_ns = stress.until_ns;
        self->accepted = (sentry_uuid_t *)map_memory(MOST_ACCEPTED * sizeof *self->accepted);
        must(pthread_create(&self->thread, NULL, capture_until, self) == 0 ? self : NULL);
    }
    must(pthread_create(&checker, NULL, check_until, NULL) == 0 ? &checker : NULL);
    must(pthread_create(&flusher, NULL, flush_until, NULL) == 0 ? &flusher : NULL);
    for (int at = 0; at < stress.threads; at++) {
        pthread_join(stress.capturers[at].thread, NULL);
    }
    pthread_join(checker, NULL);
    pthread_join(flusher, NULL);
    text_format(text, ",\"checks\":%llu,\"violations\":%llu,\"heap_peak\":%llu,\"flushes\":%llu",
                (unsigned long long)stress.checks, (unsigned long long)stress.violations, stress.heap_peak,
                (unsigned long long)stress.flushes);
}

static int compare_outcomes(const void *left, const void *right) {
    return memcmp(&((const sentry_outcome_info_t *)left)->event_id, &((const sentry_outcome_info_t *)right)->event_id,
                  sizeof(sentry_uuid_t));
}

/* How many of the sorted outcomes have that id. */
static size_t count_outcomes(const sentry_outcome_info_t *sorted, size_t count, const sentry_uuid_t *id) {
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(&sorted[middle].event_id, id, sizeof *id) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    size_t found = 0;
    while (low + found < count && memcmp(&sorted[low + found].event_id, id, sizeof *id) == 0) {
        found++;
    }
    return found;
}

/* After close: every accepted id must have been heard of exactly once, and every call must have one outcome. */
static void stress_audit(text_t *text) {
    uint64_t by_status[STATUS_COUNT] = {0};
    uint64_t accepted = 0, missing = 0, repeated = 0, calls = 0, writes = 0;
    pthread_mutex_lock(&record.lock);
    size_t count = record.count;
    sentry_outcome_info_t *sorted = (sentry_outcome_info_t *)must(malloc((count + 1) * sizeof *sorted));
    memcpy(sorted, record.entries, count * sizeof *sorted);
    pthread_mutex_unlock(&record.lock);
    qsort(sorted, count, sizeof *sorted, compare_outcomes);
    for (int at = 0; at < stress.threads; at++) {
        const capturer_t *capturer = &stress.capturers[at];
        for (int status = 0; status < STATUS_COUNT; status++) {
            by_status[status] += capturer->by_status[status];
            calls += capturer->by_status[status];
        }
        for (size_t place = 0; place < capturer->accepted_count; place++) {
            size_t found = count_outcomes(sorted, count, &capturer->accepted[place]);
            missing += found == 0;
            repeated += found > 1;
        }
        accepted += capturer->accepted_count;
        writes += (uint64_t)capturer->writes_when_refused;
    }
    free(sorted);
    text_format(text, ",\"calls\":%llu,\"outcomes\":%llu,\"accepted\":%llu,\"missing\":%llu,\"repeated\":%llu",
                (unsigned long long)calls, (unsigned long long)count, (unsigned long long)accepted,
                (unsigned long long)missing, (unsigned long long)repeated);
    text_format(text, ",\"ids_written_when_refused\":%llu,\"by_status\":[", (unsigned long long)writes);
    for (int status = 0; status < STATUS_COUNT; status++) {
        text_format(text, "%s%llu", status == 0 ? "" : ",", (unsigned long long)by_status[status]);
    }
    text_append(text, "]", 1);
}

/* The ids of all accepted events as a JSON array. */
static void stress_write_accepted(text_t *text) {
    const char *separator = "";
    text_append(text, "[", 1);
    for (int at = 0; at < stress.threads; at++) {
        const capturer_t *capturer = &stress.capturers[at];
        for (size_t place = 0; place < capturer->accepted_count; place++) {
            text_append(text, separator, strlen(separator));
            text_id(text, &capturer->accepted[place]);
            separator = ",";
        }
    }
    text_append(text, "]", 1);
}

#endif
