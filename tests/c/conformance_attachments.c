/* Attachments: what is read and when, what is left out and counted, handles that live and handles that do not.
 * Usage: program DSN. C99 and C++17. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* Deprecated functions still work. */
SENTRY_SUPPRESS_DEPRECATED

#define LIMIT 50000
#define THREADS 8
#define ROUNDS 60

static char folder[] = "/tmp/libsentry-attachments-XXXXXX";

static void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    CHECK(file != NULL);
    CHECK_EQ(fwrite(text, 1, strlen(text), file), strlen(text));
    CHECK_EQ(fclose(file), 0);
}

static void put_zeros(const char *path, long size)
{
    put(path, "");
    CHECK_EQ(truncate(path, size), 0);
}

static sentry_value_t message(const char *text)
{
    return sentry_value_new_message_event(SENTRY_LEVEL_ERROR, NULL, text);
}

static int captured(const char *text)
{
    sentry_uuid_t id = sentry_capture_event(message(text));
    return !sentry_uuid_is_nil(&id);
}

static int captured_with(sentry_scope_t *scope, const char *text)
{
    sentry_uuid_t id = sentry_scope_capture_event(scope, message(text));
    return !sentry_uuid_is_nil(&id);
}

/* How much was left out for this reason; the books must be right at any time. */
static uint64_t left_out(sentry_discard_reason_t reason)
{
    host_check_account();
    return host_stats().categories[SENTRY_CATEGORY_ATTACHMENT].discarded_by_reason[reason];
}

static sentry_value_t before_send(sentry_value_t event, void *hint, void *data)
{
    sentry_value_t text = sentry_value_get_by_key(sentry_value_get_by_key(event, "message"), "formatted");
    (void)hint;
    (void)data;
    if (strcmp(sentry_value_as_string(text), "drop me") != 0)
        return event;
    sentry_value_decref(event);
    return sentry_value_new_null();
}

static void without_a_client(void)
{
    sentry_attachment_t *none[3];
    size_t at;
    none[0] = NULL;
    none[1] = (sentry_attachment_t *)(uintptr_t)0x1230;
    none[2] = (sentry_attachment_t *)UINTPTR_MAX;
    CHECK(sentry_attach_file("a") == NULL);
    CHECK(strstr(sentry_last_error_message(), "not initialised") != NULL);
    CHECK(sentry_attach_bytes("x", 1, "x") == NULL);
    for (at = 0; at < 3; at++) {
        sentry_attachment_set_type(none[at], "x");
        sentry_attachment_set_content_type(none[at], "x");
        sentry_attachment_set_filename(none[at], "x");
        sentry_remove_attachment(none[at]);
    }
    sentry_clear_attachments();
    sentry_options_add_attachment(NULL, "a");
    sentry_options_add_view_hierarchy(NULL, "a");
}

static void start(const char *dsn, uint64_t queue_bytes, uint64_t shutdown_ms)
{
    sentry_options_t *options;
    host_dsn = dsn;
    options = host_options();
    CHECK_EQ(sentry_options_get_max_attachment_bytes(options), 20971520);
    CHECK_EQ(sentry_options_set_max_attachment_bytes(options, 0), SENTRY_STATUS_INVALID_ARGUMENT);
    CHECK_EQ(sentry_options_set_max_attachment_bytes(options, LIMIT), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_options_set_queue_max_bytes(options, queue_bytes), SENTRY_STATUS_OK);
    sentry_options_set_shutdown_timeout(options, shutdown_ms);
    CHECK_EQ(sentry_options_set_retries(options, 1000), SENTRY_STATUS_OK);
    sentry_options_set_before_send(options, before_send, NULL);
    sentry_options_add_attachment(options, "first");
    sentry_options_add_attachment(options, "first");
    sentry_options_add_attachment(options, NULL);
    sentry_options_add_attachment(options, "");
    sentry_options_add_view_hierarchy_n(options, "layout.json?", 11);
    CHECK_EQ(sentry_init(options), 0);
}

/* A file is read when something is captured. */
static void files(void)
{
    sentry_attachment_t *first, *again;
    put("first", "one");
    put("layout.json", "{}");
    start(host_dsn, 16u << 20, 60000);
    first = sentry_attach_file("first");
    CHECK(first != NULL);
    CHECK(sentry_attach_file_n("first...", 5) == first);
    CHECK(sentry_attach_file(NULL) == NULL);
    CHECK_TEXT(sentry_last_error_message(), "path is NULL or empty");
    CHECK(sentry_attach_file("") == NULL);
    CHECK(captured("at first"));
    put("first", "changed");
    sentry_attachment_set_type(first, "custom.type");
    sentry_attachment_set_content_type(first, "text/plain");
    sentry_attachment_set_filename(first, "some/where/renamed.txt");
    CHECK(captured("changed"));
    /* With another type it is another attachment. */
    again = sentry_attach_file("first");
    CHECK(again != NULL && again != first);
    sentry_attachment_set_type(first, NULL);
    sentry_attachment_set_content_type(first, "");
    sentry_attachment_set_filename(first, NULL);
    CHECK(captured("once more"));
    CHECK_EQ(unlink("first"), 0);
    CHECK_EQ(left_out(SENTRY_DISCARD_INTERNAL_SDK_ERROR), 0);
    CHECK(captured("removed"));
    CHECK_EQ(left_out(SENTRY_DISCARD_INTERNAL_SDK_ERROR), 1);
    /* What is not sent reads nothing, and so misses nothing. */
    CHECK(!captured("drop me"));
    CHECK_EQ(left_out(SENTRY_DISCARD_INTERNAL_SDK_ERROR), 1);
    sentry_clear_attachments();
    sentry_attachment_set_type(again, "late");
    CHECK(captured("cleared"));
    CHECK_EQ(left_out(SENTRY_DISCARD_INTERNAL_SDK_ERROR), 1);
}

/* What is no file, or too much of one, costs itself only. */
static void odd_files(void)
{
    sentry_attachment_t *handle;
    CHECK_EQ(mkfifo("pipe", 0600), 0);
    CHECK_EQ(mkdir("directory", 0700), 0);
    CHECK_EQ(symlink("/dev/zero", "endless"), 0);
    put("empty", "");
    put_zeros("fits", LIMIT);
    put_zeros("large", LIMIT + 1);
    CHECK(sentry_attach_file("pipe") != NULL);
    CHECK(sentry_attach_file("directory") != NULL);
    CHECK(sentry_attach_file("endless") != NULL);
    CHECK(sentry_attach_file("absent") != NULL);
    CHECK(captured("nothing to read"));
    CHECK_EQ(left_out(SENTRY_DISCARD_INTERNAL_SDK_ERROR), 5);
    sentry_clear_attachments();
    CHECK(sentry_attach_file("large") != NULL);
    CHECK(sentry_attach_file("empty") != NULL);
    CHECK(sentry_attach_file("fits") != NULL);
    CHECK(captured("at the limit"));
    CHECK_EQ(left_out(SENTRY_DISCARD_TOO_LARGE), LIMIT + 1);
    sentry_clear_attachments();
    /* From the directory of the moment. */
    put("directory/.here", "inside");
    CHECK(sentry_attach_file(".here") != NULL);
    CHECK_EQ(chdir("directory"), 0);
    CHECK(captured("elsewhere"));
    CHECK_EQ(chdir(".."), 0);
    sentry_clear_attachments();
    handle = sentry_attach_file("/proc/self/maps");
    CHECK(captured("untold"));
    sentry_remove_attachment(handle);
    sentry_remove_attachment(handle);
}

static void bytes(void)
{
    char buffer[4];
    sentry_attachment_t *one, *two;
    memcpy(buffer, "a\0b", 4);
    CHECK(sentry_attach_bytes(NULL, 0, "x") == NULL);
    CHECK(sentry_attach_bytes(NULL, 3, "x") == NULL);
    CHECK(sentry_attach_bytes(buffer, 0, "x") == NULL);
    CHECK(sentry_attach_bytes(buffer, SIZE_MAX, "x") == NULL);
    CHECK(sentry_attach_bytes(buffer, 3, NULL) == NULL);
    CHECK_TEXT(sentry_last_error_message(), "filename is NULL");
    one = sentry_attach_bytes(buffer, 3, "dir/one.bin");
    two = sentry_attach_bytes_n(buffer, 3, "two.bin...", 7);
    CHECK(one != NULL && two != NULL && one != two);
    memcpy(buffer, "xyz", 4);
    sentry_attachment_set_type_n(two, "event.minidump...", 14);
    sentry_attachment_set_filename_n(one, "two.bin...", 7);
    CHECK(captured("bytes"));
    sentry_attachment_set_filename(one, NULL);
    sentry_remove_attachment(two);
    CHECK(captured("one left"));
    sentry_clear_attachments();
}

static void scopes(void)
{
    sentry_scope_t *scope = sentry_scope_new();
    sentry_scope_t *once = sentry_local_scope_new();
    sentry_scope_t *copy;
    sentry_attachment_t *local, *process;
    CHECK(sentry_scope_attach_file(NULL, "x") == NULL);
    CHECK_TEXT(sentry_last_error_message(), "the scope is NULL");
    CHECK(sentry_scope_attach_bytes(NULL, "x", 1, "x") == NULL);
    CHECK(sentry_scope_attach_file(scope, NULL) == NULL);
    CHECK(sentry_scope_attach_bytes(scope, "x", 1, NULL) == NULL);
    put("shared", "shared");
    process = sentry_attach_bytes("process", 7, "process");
    CHECK(sentry_attach_file("shared") != NULL);
    local = sentry_scope_attach_bytes(scope, "local", 5, "local");
    CHECK(local != NULL);
    CHECK(sentry_scope_attach_file_n(scope, "shared...", 6) != NULL);
    CHECK(captured_with(scope, "both"));
    copy = sentry_scope_clone(scope);
    /* Of a scope: not removed by the function for the process, and not what the copy has. */
    sentry_remove_attachment(local);
    sentry_attachment_set_filename(local, "renamed");
    CHECK(captured_with(scope, "renamed"));
    sentry_scope_clear(scope);
    CHECK(captured_with(scope, "scope cleared"));
    sentry_scope_free(scope);
    sentry_attachment_set_filename(local, "stale");
    CHECK(captured_with(copy, "copy"));
    sentry_scope_free(copy);
    sentry_remove_attachment(process);
    CHECK(sentry_scope_attach_bytes_n(once, "once", 4, "once...", 4) != NULL);
    CHECK(captured_with(once, "once"));
    sentry_clear_attachments();
}

static void *attach_and_remove(void *argument)
{
    int round;
    for (round = 0; round < ROUNDS; round++) {
        sentry_attachment_t *handle = sentry_attach_bytes("x", 1, "thread");
        sentry_attachment_t *file = sentry_attach_file(round % 2 != 0 ? "shared" : "empty");
        sentry_attachment_set_type(handle, "a");
        sentry_attachment_set_filename(file, "b");
        if (round % 10 == 0)
            CHECK(captured("threads"));
        if (round % 16 == 0)
            sentry_clear_attachments();
        sentry_remove_attachment(handle);
        sentry_remove_attachment(file);
        sentry_attachment_set_content_type(handle, "c");
    }
    return argument;
}

static void threads(void)
{
    pthread_t all[THREADS];
    int at;
    for (at = 0; at < THREADS; at++)
        CHECK_EQ(pthread_create(&all[at], NULL, attach_and_remove, NULL), 0);
    for (at = 0; at < THREADS; at++)
        CHECK_EQ(pthread_join(all[at], NULL), 0);
    sentry_clear_attachments();
    CHECK(captured("last"));
}

static void minidumps(void)
{
    sentry_uuid_t id;
    put("crash.dmp", "MDMP");
    CHECK(sentry_attach_bytes("log", 3, "log") != NULL);
    id = sentry_capture_minidump("crash.dmp");
    CHECK(!sentry_uuid_is_nil(&id));
    id = sentry_capture_minidump_n("crash.dmp...", 9);
    CHECK(!sentry_uuid_is_nil(&id));
    id = sentry_capture_minidump("large");
    CHECK(!sentry_uuid_is_nil(&id));
    id = sentry_capture_minidump(NULL);
    CHECK(sentry_uuid_is_nil(&id));
    CHECK_TEXT(sentry_last_error_message(), "path is NULL or empty");
    id = sentry_capture_minidump("absent.dmp");
    CHECK(sentry_uuid_is_nil(&id));
    CHECK(strstr(sentry_last_error_message(), "cannot be read") != NULL);
    id = sentry_capture_minidump("pipe");
    CHECK(sentry_uuid_is_nil(&id));
    host_check_account();
    sentry_clear_attachments();
}

/* Nobody takes anything from this queue: what does not fit costs attachments, not events. */
static void a_small_queue(void)
{
    static char block[40000];
    char unreachable[64];
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    uint64_t full;
    sentry_uuid_t id;
    int closed = socket(AF_INET, SOCK_STREAM, 0); /* bound, and nobody listens */
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK_EQ(bind(closed, (struct sockaddr *)&address, size), 0);
    CHECK_EQ(getsockname(closed, (struct sockaddr *)&address, &size), 0);
    snprintf(unreachable, sizeof unreachable, "http://key@127.0.0.1:%d/1", ntohs(address.sin_port));
    put("first", "one");
    put_zeros("dump", 100000);
    start(unreachable, 65536, 0);
    CHECK(sentry_attach_bytes(block, sizeof block, "block") != NULL);
    CHECK(captured("with it"));
    CHECK_EQ(left_out(SENTRY_DISCARD_QUEUE_OVERFLOW), 0);
    CHECK(captured("without it"));
    full = left_out(SENTRY_DISCARD_QUEUE_OVERFLOW);
    CHECK(full >= sizeof block);
    CHECK_EQ(left_out(SENTRY_DISCARD_TOO_LARGE), 0);
    /* Never, even if the queue were empty. */
    CHECK(sentry_attach_bytes(block, sizeof block, "more") != NULL);
    CHECK(captured("too much"));
    id = sentry_capture_minidump("dump");
    CHECK(sentry_uuid_is_nil(&id));
    CHECK_EQ(left_out(SENTRY_DISCARD_TOO_LARGE), 100000);
    CHECK(left_out(SENTRY_DISCARD_QUEUE_OVERFLOW) > full);
    CHECK_EQ(host_stats().categories[SENTRY_CATEGORY_ERROR].discarded, 1);
    CHECK_EQ(sentry_close(), 3);
    CHECK_EQ(close(closed), 0);
}

int main(int argc, char **argv)
{
    sentry_attachment_t *last;
    CHECK(argc == 2);
    CHECK(mkdtemp(folder) != NULL);
    CHECK_EQ(chdir(folder), 0);
    host_dsn = argv[1];
    without_a_client();
    files();
    odd_files();
    bytes();
    scopes();
    threads();
    minidumps();
    last = sentry_attach_bytes("last", 4, "last");
    CHECK_EQ(sentry_close(), 0);
    sentry_attachment_set_filename(last, "closed");
    sentry_remove_attachment(last);
    without_a_client();
    a_small_queue();
    {
        static const char *const files[] = {"first", "layout.json", "pipe", "endless", "empty", "fits", "large",
                                            "directory/.here", "shared", "crash.dmp", "dump"};
        size_t at;
        for (at = 0; at < sizeof files / sizeof *files; at++)
            CHECK_EQ(unlink(files[at]), 0);
        CHECK_EQ(rmdir("directory"), 0);
        CHECK_EQ(rmdir(folder), 0);
    }
    return 0;
}
