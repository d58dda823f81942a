/* Consent, the mark of a crash and the id of the installation, as the database directory keeps them. Asserts all of it
 * itself. Usage: program DSN DIRECTORY. C99 and C++17. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

static const char *directory;

static const char *path_of(const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

/* The content of a file of the database; empty if there is none. */
static const char *content_of(const char *name)
{
    static char content[512];
    FILE *file = fopen(path_of(name), "r");
    size_t length = 0;
    if (file != NULL) {
        length = fread(content, 1, sizeof content - 1, file);
        fclose(file);
    }
    content[length] = '\0';
    return content;
}

static void start(const char *dsn, const char *path, int is_required)
{
    sentry_options_t *options = sentry_options_new();
    sentry_options_set_dsn(options, dsn);
    sentry_options_set_database_path(options, path);
    sentry_options_set_require_user_consent(options, is_required);
    sentry_options_set_shutdown_timeout(options, 60000); /* under valgrind, on a busy machine */
    CHECK_EQ(sentry_init(options), 0);
}

static void uninitialised(void)
{
    sentry_user_consent_give();
    sentry_user_consent_revoke();
    sentry_user_consent_reset();
    CHECK_EQ(sentry_user_consent_get(), SENTRY_USER_CONSENT_UNKNOWN);
    CHECK_EQ(sentry_user_consent_is_required(), 0);
    CHECK_EQ(sentry_clear_crashed_last_run(), 1);
}

static void missing_consent(const char *dsn)
{
    sentry_uuid_t id, last;
    start(dsn, directory, 1);
    CHECK_EQ(sentry_user_consent_is_required(), 1);
    CHECK_EQ(sentry_user_consent_get(), SENTRY_USER_CONSENT_UNKNOWN);
    /* The compatible functions answer the id all the same; ours says what becomes of it and leaves the id alone. */
    id = sentry_capture_event(sentry_value_new_message_event(SENTRY_LEVEL_INFO, NULL, "unheard"));
    CHECK(!sentry_uuid_is_nil(&id));
    last = sentry_get_last_event_id();
    CHECK_EQ(memcmp(&id, &last, sizeof id), 0);
    CHECK_EQ(sentry_capture("{\"message\":\"unheard\"}", &id), SENTRY_STATUS_NO_CONSENT);
    CHECK_EQ(memcmp(&id, &last, sizeof id), 0);
    CHECK_EQ(sentry_flush(60000), 0);
    CHECK_EQ(host_stats().requests, 0);
    CHECK_EQ(host_stats().categories[SENTRY_CATEGORY_ERROR].discarded_by_reason[SENTRY_DISCARD_NO_CONSENT], 2);
    sentry_user_consent_give();
    sentry_user_consent_give();
    CHECK_EQ(sentry_user_consent_get(), SENTRY_USER_CONSENT_GIVEN);
    CHECK_EQ(sentry_capture("{\"message\":\"heard\"}", NULL), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_close(), 0);
    CHECK_EQ(sentry_user_consent_get(), SENTRY_USER_CONSENT_UNKNOWN);
    CHECK_TEXT(content_of("user-consent"), "1\n");
}

static void later_runs(const char *dsn)
{
    start(dsn, directory, 1);
    CHECK_EQ(sentry_user_consent_get(), SENTRY_USER_CONSENT_GIVEN);
    sentry_user_consent_revoke();
    CHECK_EQ(sentry_user_consent_get(), SENTRY_USER_CONSENT_REVOKED);
    CHECK_EQ(sentry_close(), 0);
    CHECK_TEXT(content_of("user-consent"), "0\n");
    /* Kept where it is not required, too. */
    start(dsn, directory, 0);
    CHECK_EQ(sentry_user_consent_is_required(), 0);
    CHECK_EQ(sentry_user_consent_get(), SENTRY_USER_CONSENT_REVOKED);
    CHECK_EQ(sentry_capture("{\"message\":\"heard\"}", NULL), SENTRY_STATUS_OK);
    sentry_user_consent_reset();
    CHECK_EQ(sentry_user_consent_get(), SENTRY_USER_CONSENT_UNKNOWN);
    CHECK_EQ(sentry_close(), 0);
    CHECK(access(path_of("user-consent"), F_OK) != 0);
}

static void crash_mark(const char *dsn)
{
    FILE *mark;
    CHECK_EQ(sentry_get_crashed_last_run(), 0);
    start(dsn, directory, 0);
    CHECK_EQ(sentry_get_crashed_last_run(), 0);
    mark = fopen(path_of("last_crash"), "w");
    CHECK(mark != NULL);
    fputs("2026-01-01T00:00:00.000000Z", mark);
    fclose(mark);
    /* As it was at init. */
    CHECK_EQ(sentry_get_crashed_last_run(), 0);
    CHECK_EQ(sentry_close(), 0);
    start(dsn, directory, 0);
    CHECK_EQ(sentry_get_crashed_last_run(), 1);
    CHECK_EQ(sentry_clear_crashed_last_run(), 0);
    CHECK(access(path_of("last_crash"), F_OK) != 0);
    CHECK_EQ(sentry_clear_crashed_last_run(), 0);
    CHECK_EQ(sentry_get_crashed_last_run(), 1);
    CHECK_EQ(sentry_close(), 0);
    CHECK_EQ(sentry_get_crashed_last_run(), 1);
    CHECK_EQ(sentry_clear_crashed_last_run(), 1);
    start(dsn, directory, 0);
    CHECK_EQ(sentry_get_crashed_last_run(), 0);
    CHECK_EQ(sentry_close(), 0);
}

static void installation_id(const char *dsn)
{
    char first[64], line[64];
    start(dsn, directory, 0);
    CHECK_EQ(sentry_close(), 0);
    CHECK_EQ(sscanf(content_of("installation_id"), "%63s %63s", first, line), 2);
    CHECK_EQ(strlen(first), 36);
    CHECK(strstr(dsn, line) != NULL);
    /* The same key: the same id. */
    start(dsn, directory, 0);
    CHECK_EQ(sentry_close(), 0);
    CHECK_EQ(sscanf(content_of("installation_id"), "%63s %*s", line), 1);
    CHECK_TEXT(line, first);
    /* Another key, and back: each time another id. */
    start("http://otherkey@127.0.0.1:1/1", directory, 0);
    CHECK_EQ(sentry_close(), 0);
    CHECK_EQ(sscanf(content_of("installation_id"), "%63s %*s", line), 1);
    CHECK(strcmp(first, line) != 0);
    CHECK(strstr(content_of("installation_id"), "\notherkey\n") != NULL);
    /* Without a DSN nothing is written. */
    start("", directory, 0);
    CHECK_EQ(sentry_close(), 0);
    CHECK(strstr(content_of("installation_id"), "\notherkey\n") != NULL);
    CHECK(remove(path_of("installation_id")) == 0);
}

/* Without a DSN nothing is written by itself; what the user decides is kept, and a crash is known. */
static void no_dsn(void)
{
    FILE *mark;
    start("", path_of("new"), 1);
    CHECK_EQ(sentry_user_consent_get(), SENTRY_USER_CONSENT_UNKNOWN);
    CHECK_EQ(sentry_clear_crashed_last_run(), 0);
    sentry_user_consent_reset();
    CHECK_EQ(sentry_close(), 0);
    CHECK(access(path_of("new"), F_OK) != 0);
    start("", path_of("new"), 1);
    sentry_user_consent_revoke();
    CHECK_EQ(sentry_close(), 0);
    CHECK_TEXT(content_of("new/user-consent"), "0\n");
    mark = fopen(path_of("new/last_crash"), "w");
    CHECK(mark != NULL);
    fclose(mark);
    start("", path_of("new"), 1);
    CHECK_EQ(sentry_user_consent_get(), SENTRY_USER_CONSENT_REVOKED);
    CHECK_EQ(sentry_get_crashed_last_run(), 1);
    CHECK_EQ(sentry_clear_crashed_last_run(), 0);
    sentry_user_consent_reset();
    CHECK_EQ(sentry_close(), 0);
    /* Both files are gone, and there was never another. */
    CHECK(rmdir(path_of("new")) == 0);
}

/* Neither is a failure, and only the second is worth telling. */
static void no_directory(const char *dsn)
{
    start(dsn, "", 0);
    CHECK_EQ(host_stats().database_unusable, 0);
    CHECK_EQ(sentry_close(), 0);
    start(dsn, "/dev/null/below", 0);
    CHECK_EQ(host_stats().database_unusable, 1);
    CHECK_EQ(sentry_get_crashed_last_run(), 0);
    CHECK_EQ(sentry_clear_crashed_last_run(), 0);
    CHECK_EQ(sentry_capture("{\"message\":\"heard\"}", NULL), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_close(), 0);
}

int main(int argc, char **argv)
{
    CHECK(argc == 3);
    directory = argv[2];
    CHECK_EQ(sentry_get_crashed_last_run(), -1);
    uninitialised();
    missing_consent(argv[1]);
    uninitialised();
    later_runs(argv[1]);
    crash_mark(argv[1]);
    installation_id(argv[1]);
    no_dsn();
    no_directory(argv[1]);
    return 0;
}
