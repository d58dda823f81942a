/* What the programs measure with: clocks, memory, threads, percentiles. Header only, so that each builds from one file. */
#ifndef MEASURE_H
#define MEASURE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

/* Nanoseconds of the monotonic clock. */
static inline uint64_t now_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* CPU seconds of this process, user and system, all threads. */
static inline double cpu_seconds(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6 + (double)usage.ru_stime.tv_sec +
           (double)usage.ru_stime.tv_usec / 1e6;
}

/* A number of /proc/self/<file>, for instance "VmHWM:" in kB; 0 if it is not there. */
static inline long proc_number(const char *file, const char *name) {
    char path[64], line[256];
    long number = 0;
    snprintf(path, sizeof path, "/proc/self/%s", file);
    FILE *stream = fopen(path, "r");
    while (stream && fgets(line, sizeof line, stream)) {
        if (strncmp(line, name, strlen(name)) == 0) number = strtol(line + strlen(name), NULL, 10);
    }
    if (stream) fclose(stream);
    return number;
}

/* Lets the peak of the resident memory begin anew; ignored where the kernel does not allow it. */
static inline void reset_peak(void) {
    FILE *stream = fopen("/proc/self/clear_refs", "w");
    if (stream) {
        fputs("5", stream);
        fclose(stream);
    }
}

static int compare_u32(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* Prints percentiles of `count` durations in ns as members of a JSON object, with a comma behind. */
static inline void print_percentiles(uint32_t *ns, size_t count) {
    if (count == 0) return;
    qsort(ns, count, sizeof *ns, compare_u32);
    printf("\"p50_ns\":%u,\"p90_ns\":%u,\"p99_ns\":%u,\"p999_ns\":%u,\"max_ns\":%u,", ns[count / 2], ns[count / 10 * 9],
           ns[count / 100 * 99], ns[count / 1000 * 999], ns[count - 1]);
}

#endif
