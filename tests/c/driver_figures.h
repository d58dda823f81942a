/* Figures: the library's statistics as JSON, their identity, and what the process uses.
 *
 * Part of driver.c, which includes it once. */
#ifndef DRIVER_FIGURES_H
#define DRIVER_FIGURES_H

#include "driver_text.h"

#include <dirent.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

static sentry_status_t get_stats(sentry_stats_t *stats) {
    memset(stats, 0, sizeof *stats);
    stats->size = sizeof *stats;
    return sentry_get_stats(stats);
}

/* captured = delivered + discarded (the sum of all reasons) + spooled + pending, for every category. */
static int identity_holds(const sentry_stats_t *stats) {
    for (int category = 0; category < SENTRY_STATS_CATEGORIES; category++) {
        const sentry_category_stats_t *counts = &stats->categories[category];
        uint64_t by_reason = 0;
        for (int reason = 0; reason < SENTRY_STATS_REASONS; reason++) {
            by_reason += counts->discarded_by_reason[reason];
        }
        uint64_t sum = counts->delivered + counts->discarded + counts->spooled + counts->pending;
        if (counts->captured != sum || counts->discarded != by_reason) {
            return 0;
        }
    }
    return 1;
}

static void write_category(text_t *text, const sentry_category_stats_t *counts) {
    text_format(text,
                "{\"captured\":%llu,\"delivered\":%llu,\"discarded\":%llu,\"spooled\":%llu,\"pending\":%llu,\"reasons\":{",
                (unsigned long long)counts->captured, (unsigned long long)counts->delivered,
                (unsigned long long)counts->discarded, (unsigned long long)counts->spooled,
                (unsigned long long)counts->pending);
    const char *separator = "";
    for (int reason = 0; reason < SENTRY_STATS_REASONS; reason++) {
        if (counts->discarded_by_reason[reason] != 0) {
            text_format(text, "%s\"%s\":%llu", separator, sentry_discard_reason_name((sentry_discard_reason_t)reason),
                        (unsigned long long)counts->discarded_by_reason[reason]);
            separator = ",";
        }
    }
    text_append(text, "}}", 2);
}

/* All figures; categories in which nothing happened are left out, errors excepted. */
static void write_stats(text_t *text, const sentry_stats_t *stats) {
    text_format(text,
                "{\"queue_items\":%llu,\"queue_bytes\":%llu,\"queue_items_peak\":%llu,\"queue_bytes_peak\":%llu,"
                "\"requests\":%llu,\"requests_failed\":%llu,\"retries\":%llu,\"bytes_sent\":%llu,",
                (unsigned long long)stats->queue_items, (unsigned long long)stats->queue_bytes,
                (unsigned long long)stats->queue_items_peak, (unsigned long long)stats->queue_bytes_peak,
                (unsigned long long)stats->requests, (unsigned long long)stats->requests_failed,
                (unsigned long long)stats->retries, (unsigned long long)stats->bytes_sent);
    text_format(text,
                "\"client_reports_sent\":%llu,\"requests_in_flight\":%u,\"server_unreachable\":%u,"
                "\"last_http_status\":%d,\"database_unusable\":%u,",
                (unsigned long long)stats->client_reports_sent, (unsigned)stats->requests_in_flight,
                (unsigned)stats->server_unreachable, (int)stats->last_http_status, (unsigned)stats->database_unusable);
    text_format(text, "\"queue_not_durable\":%u,", (unsigned)stats->queue_not_durable);
    text_format(text, "\"files_written\":%llu,\"file_bytes_written\":%llu,",
                (unsigned long long)stats->files_written, (unsigned long long)stats->file_bytes_written);
    text_format(text, "\"options_adjusted\":%llu,", (unsigned long long)stats->options_adjusted);
    text_append(text, "\"last_error\":", 13);
    text_string(text, stats->last_error);
    text_append(text, ",\"categories\":{", 15);
    sentry_category_stats_t nothing;
    memset(&nothing, 0, sizeof nothing);
    const char *separator = "";
    for (int category = 0; category < SENTRY_STATS_CATEGORIES; category++) {
        const sentry_category_stats_t *counts = &stats->categories[category];
        if (category != SENTRY_CATEGORY_ERROR && memcmp(counts, &nothing, sizeof nothing) == 0) {
            continue;
        }
        text_format(text, "%s\"%s\":", separator, sentry_category_name((sentry_category_t)category));
        write_category(text, counts);
        separator = ",";
    }
    text_append(text, "}}", 2);
}

/* Bytes of heap in use, the library's and ours; 0 where the C library cannot tell. */
static unsigned long long heap_bytes(void) {
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 33)
    struct mallinfo2 info = mallinfo2();
    return (unsigned long long)info.uordblks + (unsigned long long)info.hblkhd;
#else
    return 0;
#endif
}

static unsigned long long resident_bytes(void) {
    unsigned long long kilobytes = 0;
    char line[256];
    FILE *status = fopen("/proc/self/status", "r");
    if (status != NULL) {
        while (fgets(line, sizeof line, status) != NULL && sscanf(line, "VmRSS: %llu", &kilobytes) != 1) {
        }
        fclose(status);
    }
    return kilobytes * 1024;
}

static int count_entries(const char *path) {
    int count = 0;
    DIR *directory = opendir(path);
    if (directory != NULL) {
        for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
            count += entry->d_name[0] != '.';
        }
        closedir(directory);
    }
    return count;
}

#endif
