/* What the outcome callback heard, in an array outside of the heap, so that the heap shows the library's memory.
 *
 * Part of driver.c, which includes it once. */
#ifndef DRIVER_RECORD_H
#define DRIVER_RECORD_H

#include "driver_text.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/mman.h>
#include <time.h>

/* More outcomes than any scenario has; pages that are not written to cost nothing. */
#define MOST_OUTCOMES ((size_t)4 * 1024 * 1024)

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    sentry_outcome_info_t *entries;
    size_t count;
} record;

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Zeroed memory outside of the heap. */
static void *map_memory(size_t bytes) {
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return must(memory == MAP_FAILED ? NULL : memory);
}

static void record_start(void) {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&record.changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&record.lock, NULL);
    record.entries = (sentry_outcome_info_t *)map_memory(MOST_OUTCOMES * sizeof *record.entries);
}

static void record_outcome(const sentry_outcome_info_t *info, void *user_data) {
    (void)user_data;
    pthread_mutex_lock(&record.lock);
    if (record.count == MOST_OUTCOMES) {
        fputs("driver: too many outcomes\n", stderr);
        exit(70);
    }
    record.entries[record.count++] = *info;
    pthread_cond_broadcast(&record.changed);
    pthread_mutex_unlock(&record.lock);
}

/* Waits until the callback was called that often; 0 when the time is over before. */
static int record_wait(size_t count, uint64_t timeout_ms) {
    uint64_t at = now_ns() + timeout_ms * 1000000u;
    struct timespec deadline;
    deadline.tv_sec = (time_t)(at / 1000000000u);
    deadline.tv_nsec = (long)(at % 1000000000u);
    pthread_mutex_lock(&record.lock);
    int error = 0;
    while (record.count < count && error != ETIMEDOUT) {
        error = pthread_cond_timedwait(&record.changed, &record.lock, &deadline);
    }
    int is_reached = record.count >= count;
    pthread_mutex_unlock(&record.lock);
    return is_reached;
}

static const char *outcome_name(sentry_outcome_t outcome) {
    switch (outcome) {
    case SENTRY_OUTCOME_DELIVERED:
        return "delivered";
    case SENTRY_OUTCOME_DISCARDED:
        return "discarded";
    case SENTRY_OUTCOME_SPOOLED:
        return "spooled";
    }
    return "unknown";
}

/* All outcomes so far as a JSON array. */
static void record_write(text_t *text) {
    pthread_mutex_lock(&record.lock);
    text_append(text, "[", 1);
    for (size_t at = 0; at < record.count; at++) {
        const sentry_outcome_info_t *info = &record.entries[at];
        text_format(text, "%s{\"event_id\":", at == 0 ? "" : ",");
        text_id(text, &info->event_id);
        text_format(text, ",\"outcome\":\"%s\",\"reason\":", outcome_name(info->outcome));
        if (info->outcome == SENTRY_OUTCOME_DISCARDED) {
            text_string(text, sentry_discard_reason_name(info->reason));
        } else {
            text_append(text, "null", 4);
        }
        text_format(text, ",\"category\":\"%s\",\"status\":%d,\"attempts\":%u}",
                    sentry_category_name(info->category), (int)info->http_status, (unsigned)info->attempts);
    }
    text_append(text, "]", 1);
    pthread_mutex_unlock(&record.lock);
}

#endif
