/* Which files and directories the library writes through to the device. Started by tests/host_process.rs.
 *
 * The program stands between the library and the C library: it hears of each call, and says what was open there. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

#include <sys/stat.h>
#include <sys/syscall.h>

/* What was written through: names of files, without those of directories around them, one line each. */
static char synced[16384];
static size_t synced_length;
static int lock_of_synced;

static void note(int descriptor)
{
    char link[64], path[4096];
    ssize_t length;
    const char *name;
    struct stat found;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    length = readlink(link, path, sizeof path - 1);
    if (length < 0 || fstat(descriptor, &found) != 0)
        return;
    path[length] = '\0';
    name = strrchr(path, '/');
    while (__sync_lock_test_and_set(&lock_of_synced, 1) != 0)
        host_breathe();
    synced_length += (size_t)snprintf(synced + synced_length, sizeof synced - synced_length, "%s %s\n",
                                      S_ISDIR(found.st_mode) ? "directory" : "file", name == NULL ? path : name + 1);
    __sync_lock_release(&lock_of_synced);
}

#ifdef __cplusplus
extern "C" {
#endif

int fsync(int descriptor)
{
    note(descriptor);
    return (int)syscall(SYS_fsync, descriptor);
}

int fdatasync(int descriptor)
{
    note(descriptor);
    return (int)syscall(SYS_fdatasync, descriptor);
}

#ifdef __cplusplus
}
#endif

/* True if a file was written through under a passing name and then this directory, which holds its new name. */
static int was_put_into(const char *directory)
{
    char line[256];
    const char *file = strstr(synced, "file .sentry-");
    snprintf(line, sizeof line, "directory %s\n", directory);
    return file != NULL && strstr(file, line) != NULL;
}

static void forget(void)
{
    synced_length = 0;
    synced[0] = '\0';
}

/* A file that the host named. */
static void envelope(void)
{
    static const char bytes[] = "{}\n{\"type\":\"attachment\",\"length\":1}\nx\n";
    sentry_envelope_t *read = sentry_envelope_deserialize(bytes, sizeof bytes - 1);
    CHECK(read != NULL);
    CHECK_EQ(mkdir("named", 0700), 0);
    CHECK_EQ(sentry_envelope_write_to_file(read, "named/envelope"), 0);
    CHECK(was_put_into("named"));
    sentry_envelope_free(read);
}

/* What the user decided. */
static void consent(void)
{
    sentry_options_t *options = host_options();
    sentry_options_set_database_path(options, "consent");
    sentry_options_set_require_user_consent(options, 1);
    CHECK_EQ(sentry_init(options), 0);
    forget();
    sentry_user_consent_give();
    /* The call or the worker writes it, before the end in any case. */
    CHECK_EQ(sentry_close(), 0);
    CHECK(was_put_into("consent"));
}

/* An envelope that the network gave up. */
static void spooled(void)
{
    sentry_options_t *options = host_options();
    sentry_options_set_database_path(options, "spooled");
    sentry_options_set_http_retry(options, 1);
    CHECK_EQ(sentry_options_set_retries(options, 0), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_init(options), 0);
    forget();
    CHECK_EQ(host_capture("spooled"), SENTRY_STATUS_OK);
    while (host_check_account().spooled == 0)
        host_breathe();
    CHECK(was_put_into("cache"));
    (void)sentry_close();
}

int main(int argc, char **argv)
{
    static const host_scenario_t scenarios[] = {{"envelope", envelope}, {"consent", consent}, {"spooled", spooled}};
    return host_main(argc, argv, scenarios, sizeof scenarios / sizeof scenarios[0]);
}
