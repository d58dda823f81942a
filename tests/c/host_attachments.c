/* Attachments in hosts that fork, that the server holds back, and that capture large files in many threads at once.
 * Run in a directory of its own. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

#include <pthread.h>
#include <sys/resource.h>

#define THREADS 8
#define CAPTURES 25
#define FILE_BYTES 1900000
#define QUEUE_BYTES (5 << 20)
/* The library may hold the queue and 4 MiB; the rest is for the stacks of the threads and what the allocator keeps. */
#define MOST_KILOBYTES (10 << 10)

static void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    CHECK(file != NULL);
    CHECK_EQ(fwrite(text, 1, strlen(text), file), strlen(text));
    CHECK_EQ(fclose(file), 0);
}

/* More than any attachment may have; takes no room on the disk. */
#define HUGE_BYTES 2000000000

/* The server's first answer forbids attachments: those that follow are not even read, and their events go alone. */
static void limited(void)
{
    uint64_t left_out;
    sentry_uuid_t feedback;
    put("five", "12345");
    put("huge", "");
    CHECK_EQ(truncate("huge", HUGE_BYTES), 0);
    host_start();
    CHECK_EQ(host_capture("first"), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_flush(20000), 0);
    CHECK(sentry_attach_file("five") != NULL);
    CHECK(sentry_attach_bytes("1234567", 7, "seven") != NULL);
    /* Looked at, it would be too large. */
    CHECK(sentry_attach_file("huge") != NULL);
    CHECK_EQ(host_capture("second"), SENTRY_STATUS_OK);
    left_out = host_stats().categories[SENTRY_CATEGORY_ATTACHMENT].discarded_by_reason[SENTRY_DISCARD_RATELIMIT_BACKOFF];
    CHECK_EQ(left_out, 12 + HUGE_BYTES);
    /* Nor does it want feedback. */
    feedback = sentry_scope_capture_feedback(NULL, sentry_value_new_feedback("m", NULL, NULL, NULL), NULL);
    CHECK(sentry_uuid_is_nil(&feedback));
    CHECK_TEXT(sentry_last_error_message(), "the server asked for a pause");
    CHECK_EQ(host_stats().categories[SENTRY_CATEGORY_FEEDBACK].discarded_by_reason[SENTRY_DISCARD_RATELIMIT_BACKOFF], 1);
    host_check_account();
    CHECK_EQ(sentry_close(), 0);
}

/* A child has the attachments of its parent, under the same handles, and each changes its own. */
static void forked(void)
{
    sentry_attachment_t *kept, *removed;
    pid_t child;
    put("file", "file");
    host_start();
    kept = sentry_attach_bytes("bytes", 5, "bytes");
    removed = sentry_attach_file("file");
    CHECK(kept != NULL && removed != NULL);
    child = host_fork();
    if (child == 0) {
        sentry_attachment_set_filename(kept, "of-child");
        sentry_remove_attachment(removed);
        CHECK_EQ(host_capture("child"), SENTRY_STATUS_OK);
        CHECK_EQ(sentry_close(), 0);
        _exit(0);
    }
    host_await_child(child);
    CHECK_EQ(host_capture("parent"), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_close(), 0);
}

static void *capture_many(void *argument)
{
    int at;
    for (at = 0; at < CAPTURES; at++)
        CHECK_EQ(host_capture("large"), SENTRY_STATUS_OK);
    return argument;
}

static long peak_kilobytes(void)
{
    struct rusage usage;
    CHECK_EQ(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_maxrss;
}

/* No server: files that many threads read at once stay within the bound of the queue, and no event is lost for them. */
static void memory_under(sentry_queue_overflow_t overflow)
{
    pthread_t threads[THREADS];
    sentry_options_t *options = host_options();
    sentry_category_stats_t events;
    long before;
    int at;
    put("large", "");
    CHECK_EQ(truncate("large", FILE_BYTES), 0);
    CHECK_EQ(sentry_options_set_queue_max_bytes(options, QUEUE_BYTES), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_options_set_queue_overflow(options, overflow), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_options_set_retries(options, 1000), SENTRY_STATUS_OK);
    sentry_options_set_shutdown_timeout(options, 0);
    sentry_options_add_attachment(options, "large");
    CHECK_EQ(sentry_init(options), 0);
    before = peak_kilobytes();
    for (at = 0; at < THREADS; at++)
        CHECK_EQ(pthread_create(&threads[at], NULL, capture_many, NULL), 0);
    for (at = 0; at < THREADS; at++)
        CHECK_EQ(pthread_join(threads[at], NULL), 0);
    if (peak_kilobytes() - before > MOST_KILOBYTES)
        host_fail_number("growth in KiB", peak_kilobytes() - before, MOST_KILOBYTES, __FILE__, __LINE__);
    events = host_check_account();
    CHECK_EQ(events.captured, THREADS * CAPTURES);
    CHECK(overflow == SENTRY_QUEUE_OVERFLOW_DROP_OLDEST || events.discarded == 0);
    CHECK_EQ(host_stats().categories[SENTRY_CATEGORY_ATTACHMENT].captured, (long long)THREADS * CAPTURES * FILE_BYTES);
    CHECK(host_stats().categories[SENTRY_CATEGORY_ATTACHMENT].pending >= FILE_BYTES);
    sentry_close();
}

static void memory(void)
{
    memory_under(SENTRY_QUEUE_OVERFLOW_DROP_NEWEST);
}

/* The oldest would go for what is being read; still that is not read before there is room. */
static void memory_oldest(void)
{
    memory_under(SENTRY_QUEUE_OVERFLOW_DROP_OLDEST);
}

/* A policy that could make room finds nothing to remove: the event goes into the queue without its attachment. */
static void no_room(void)
{
    static char block[40000];
    sentry_options_t *options = host_options();
    sentry_category_stats_t attachments;
    CHECK_EQ(sentry_options_set_queue_max_bytes(options, 65536), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_options_set_queue_overflow(options, SENTRY_QUEUE_OVERFLOW_DROP_LOWEST_PRIORITY), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_options_set_retries(options, 1000), SENTRY_STATUS_OK);
    sentry_options_set_shutdown_timeout(options, 0);
    CHECK_EQ(sentry_init(options), 0);
    CHECK(sentry_attach_bytes(block, sizeof block, "block") != NULL);
    CHECK_EQ(host_capture("with it"), SENTRY_STATUS_OK);
    CHECK_EQ(host_capture("without it"), SENTRY_STATUS_OK);
    CHECK_EQ(host_check_account().pending, 2);
    attachments = host_stats().categories[SENTRY_CATEGORY_ATTACHMENT];
    CHECK_EQ(attachments.pending, sizeof block);
    CHECK_EQ(attachments.discarded_by_reason[SENTRY_DISCARD_QUEUE_OVERFLOW], sizeof block);
    sentry_close();
}

int main(int argc, char **argv)
{
    static const host_scenario_t scenarios[] = {{"limited", limited}, {"forked", forked}, {"memory", memory},
                                                {"memory_oldest", memory_oldest},
                                                {"no_room", no_room}};
    return host_main(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}
