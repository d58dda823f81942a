/* Floods the library while the server is silent, and shows what that costs the program.
 *
 *   flood DSN COUNT
 *
 * Part of `make demo`, which plays the server's side. Prints a table, then the line "silent phase over" and waits for
 * a line on stdin; the server is expected to answer from then on. Then it waits for the backlog to be delivered and
 * prints the account. Exits 1 when a bound or the account does not hold.
 */
#define _POSIX_C_SOURCE 200809L
#include <sentry.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What the library may hold beyond the bytes of the queue. */
#define ALLOWANCE_BYTES (4u << 20)
#define BREADCRUMBS 20
#define MESSAGE_BYTES 1024

static int failures;

static void check(int holds, const char *what)
{
    if (!holds) {
        printf("  NOT SO: %s\n", what);
        failures++;
    }
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* A line of /proc/self/status in bytes: VmRSS is the resident memory now, VmHWM the most it ever was. */
static uint64_t memory(const char *name)
{
    char line[256];
    uint64_t kib = 0;
    FILE *status = fopen("/proc/self/status", "r");
    if (status == NULL) {
        return 0;
    }
    while (fgets(line, sizeof(line), status) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0) {
            kib = strtoull(line + strlen(name) + 1, NULL, 10);
        }
    }
    fclose(status);
    return kib * 1024;
}

static int ascending(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return a < b ? -1 : a > b;
}

static sentry_stats_t stats(void)
{
    sentry_stats_t stats;
    memset(&stats, 0, sizeof(stats));
    stats.size = sizeof(stats);
    check(sentry_get_stats(&stats) == SENTRY_STATUS_OK, "the counts can be read");
    return stats;
}

static double mib(uint64_t bytes) { return (double)bytes / (1024 * 1024); }

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s DSN COUNT\n", argv[0]);
        return 2;
    }
    size_t count = (size_t)strtoull(argv[2], NULL, 10);
    uint32_t *took_ns = malloc(count * sizeof(*took_ns));
    sentry_options_t *options = sentry_options_new();
    if (count == 0 || took_ns == NULL || options == NULL) {
        fprintf(stderr, "no count or out of memory\n");
        return 2;
    }
    memset(took_ns, 1, count * sizeof(*took_ns)); /* resident before the first measurement */

    sentry_options_set_dsn(options, argv[1]);
    uint64_t queue_max_bytes = sentry_options_get_queue_max_bytes(options);
    int64_t queue_max_items = sentry_options_get_queue_max_items(options);
    if (sentry_init(options) != 0) {
        fprintf(stderr, "sentry_init: %s\n", sentry_last_error_message());
        return 1;
    }
    for (int i = 0; i < BREADCRUMBS; i++) {
        sentry_add_breadcrumb_json("{\"category\": \"flood\", \"message\": \"What the program did before\"}");
    }
    char text[MESSAGE_BYTES + 1];
    memset(text, 'x', MESSAGE_BYTES);
    text[MESSAGE_BYTES] = '\0';

    uint64_t before = memory("VmRSS:");
    uint64_t accepted = 0, refused = 0, other = 0;
    uint64_t start = now_ns(), last = start;
    for (size_t i = 0; i < count; i++) {
        sentry_status_t status = sentry_capture_message(SENTRY_LEVEL_ERROR, "flood", text, NULL);
        uint64_t now = now_ns();
        took_ns[i] = now - last > UINT32_MAX ? UINT32_MAX : (uint32_t)(now - last);
        last = now;
        accepted += status == SENTRY_STATUS_OK;
        refused += status == SENTRY_STATUS_QUEUE_FULL;
        other += status != SENTRY_STATUS_OK && status != SENTRY_STATUS_QUEUE_FULL;
    }
    uint64_t peak = memory("VmHWM:");
    sentry_stats_t silent = stats();
    const sentry_category_stats_t *errors = &silent.categories[SENTRY_CATEGORY_ERROR];

    qsort(took_ns, count, sizeof(*took_ns), ascending);
    double total_s = (double)(last - start) / 1e9;
    printf("  captures   %zu in %.2f s; p50 %.1f us, p99 %.1f us, slowest %.2f ms\n", count, total_s,
        took_ns[count / 2] / 1e3, took_ns[count * 99 / 100] / 1e3, took_ns[count - 1] / 1e6);
    printf("  answers    %" PRIu64 " accepted, %" PRIu64 " refused because the queue is full, %" PRIu64 " other\n",
        accepted, refused, other);
    printf("  queue      %" PRIu64 " items at most (bound %" PRId64 "), %.2f MiB at most (bound %.0f MiB)\n",
        silent.queue_items_peak, queue_max_items, mib(silent.queue_bytes_peak), mib(queue_max_bytes));
    printf("  memory     %.1f MiB before, %.1f MiB at most: the flood added %.1f MiB\n", mib(before), mib(peak),
        mib(peak - before));
    check(other == 0, "every capture is accepted or refused because of the full queue");
    check(refused > 0, "the flood fills the queue");
    check((int64_t)silent.queue_items_peak <= queue_max_items, "the queue keeps its bound of items");
    check(silent.queue_bytes_peak <= queue_max_bytes, "the queue keeps its bound of bytes");
    check(peak - before <= queue_max_bytes + ALLOWANCE_BYTES, "memory stays below the queue's bytes + 4 MiB");
    check(took_ns[count * 99 / 100] < 10000000, "99 of 100 captures return within 10 ms");
    check(errors->captured == count && errors->discarded == refused && errors->delivered == 0
            && errors->captured == errors->delivered + errors->discarded + errors->spooled + errors->pending,
        "captured = delivered + discarded + spooled + pending while the server is silent");

    puts("silent phase over");
    fflush(stdout);
    if (fgets(text, sizeof(text), stdin) == NULL) {
        fprintf(stderr, "nobody says that the server answers again\n");
        return 1;
    }

    start = now_ns();
    check(sentry_flush(30000) == 0, "the backlog is delivered within 30 s");
    sentry_stats_t after = stats();
    errors = &after.categories[SENTRY_CATEGORY_ERROR];
    printf("  backlog    %" PRIu64 " delivered in %.2f s, %" PRIu64 " requests, %.2f MiB sent\n", errors->delivered,
        (double)(now_ns() - start) / 1e9, after.requests, mib(after.bytes_sent));
    printf("  account    captured %" PRIu64 " = delivered %" PRIu64 " + discarded %" PRIu64 " + spooled %" PRIu64
           " + pending %" PRIu64 "\n",
        errors->captured, errors->delivered, errors->discarded, errors->spooled, errors->pending);
    check(errors->delivered == accepted && errors->discarded == refused && errors->pending == 0,
        "what was accepted is delivered, what was refused is counted");
    start = now_ns();
    check(sentry_shutdown() == 0, "nothing is left at shutdown");
    printf("  shutdown   %.1f ms\n", (double)(now_ns() - start) / 1e6);
    free(took_ns);
    return failures == 0 ? 0 : 1;
}
