/* What a host and its surroundings do to the database directory while the library runs. Started by tests/host_database.rs, in a
 * directory of the test's own, with a server that refuses connections. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

#include <fcntl.h>
#include <sys/stat.h>

/* Events are given up at once and kept in `database`. */
static sentry_options_t *kept(void)
{
    sentry_options_t *options = host_options();
    sentry_options_set_database_path(options, "database");
    sentry_options_set_http_retry(options, 1);
    CHECK_EQ(sentry_options_set_retries(options, 0), SENTRY_STATUS_OK);
    return options;
}

static void await_spooled(uint64_t count)
{
    while (host_stats().categories[SENTRY_CATEGORY_ERROR].spooled < count)
        host_breathe();
}

/* Says something about which the worker has to decide, and waits until it has. */
static void lose(uint64_t captured)
{
    CHECK_EQ(host_capture("lost"), SENTRY_STATUS_OK);
    while (host_check_account().captured - host_check_account().pending < captured)
        host_breathe();
}

static void capture_and_keep(uint64_t count)
{
    CHECK_EQ(host_capture("kept"), SENTRY_STATUS_OK);
    await_spooled(count);
}

static void end(void)
{
    CHECK_EQ(host_stats().database_unusable, 0);
    host_check_account();
    CHECK_EQ(sentry_close(), 0);
}

static void moved(void)
{
    CHECK_EQ(sentry_init(kept()), 0);
    capture_and_keep(1);
    CHECK_EQ(rename("database", "elsewhere"), 0);
    CHECK_EQ(symlink("outside", "database"), 0);
    capture_and_keep(2);
    end();
}

static void synced(void)
{
    CHECK_EQ(sentry_init(kept()), 0);
    capture_and_keep(1);
    sentry_user_consent_give();
    end();
}

static void other_root(void)
{
    CHECK_EQ(sentry_init(kept()), 0);
    capture_and_keep(1);
    CHECK_EQ(chroot("outside"), 0);
    CHECK_EQ(chdir("/"), 0);
    capture_and_keep(2);
    end();
}

static void cache_is_a_link(void)
{
    CHECK_EQ(sentry_init(kept()), 0);
    capture_and_keep(1);
    CHECK_EQ(rename("database/cache", "elsewhere"), 0);
    CHECK_EQ(symlink("../outside", "database/cache"), 0);
    lose(2);
    CHECK_EQ(host_stats().database_unusable, 1);
    host_check_account();
    sentry_close();
}

static void other_user(void)
{
    CHECK_EQ(sentry_init(kept()), 0);
    CHECK_EQ(setgid(12345), 0);
    CHECK_EQ(setuid(12345), 0);
    lose(1);
    CHECK_EQ(host_stats().database_unusable, 1);
    host_check_account();
    host_close_within(20000);
}

/* The test gave the directory to another user, with that user's consent in it. */
static void of_another_user(void)
{
    sentry_options_t *options = kept();
    sentry_options_set_require_user_consent(options, 1);
    CHECK_EQ(sentry_init(options), 0);
    CHECK_EQ(host_stats().database_unusable, 1);
    CHECK_EQ(sentry_user_consent_get(), SENTRY_USER_CONSENT_UNKNOWN);
    CHECK_EQ(sentry_close(), 0);
}

static void harm(void (*each)(const char *path))
{
    static const char *const files[] = {"counters", "queue.log", "session.json"};
    char run[256] = "", path[512];
    FILE *found = popen("ls -d database/*.run", "r");
    CHECK(found != NULL);
    CHECK_EQ(fscanf(found, "%255s", run), 1);
    pclose(found);
    for (size_t at = 0; at < sizeof files / sizeof files[0]; at++) {
        snprintf(path, sizeof path, "%s/%s", run, files[at]);
        each(path);
    }
}

static void shorten(const char *path)
{
    if (access(path, F_OK) == 0)
        CHECK_EQ(truncate(path, 0), 0);
}

static void take_away(const char *path)
{
    unlink(path);
}

static void harmed(int is_durable, void (*each)(const char *path))
{
    sentry_options_t *options = host_options();
    sentry_options_set_database_path(options, "database");
    CHECK_EQ(sentry_options_set_queue_durable(options, is_durable), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_init(options), 0);
    CHECK_EQ(host_stats().queue_not_durable, 0);
    CHECK_EQ(host_capture("before"), SENTRY_STATUS_OK);
    harm(each);
    for (int at = 0; at < 5; at++)
        CHECK_EQ(host_capture("after"), SENTRY_STATUS_OK);
    CHECK_EQ(host_stats().queue_not_durable, is_durable);
    CHECK_EQ(host_check_account().captured, 6);
    sentry_close();
}

static void shortened(void)
{
    harmed(0, shorten);
}

static void shortened_durable(void)
{
    harmed(1, shorten);
}

static void removed(void)
{
    harmed(0, take_away);
}

static void removed_durable(void)
{
    harmed(1, take_away);
}

static const host_scenario_t scenarios[] = {
    {"moved", moved},
    {"synced", synced},
    {"other_root", other_root},
    {"cache_is_a_link", cache_is_a_link},
    {"other_user", other_user},
    {"of_another_user", of_another_user},
    {"shortened", shortened},
    {"shortened_durable", shortened_durable},
    {"removed", removed},
    {"removed_durable", removed_durable},
};

int main(int argc, char **argv)
{
    return host_main(argc, argv, scenarios, sizeof scenarios / sizeof scenarios[0]);
}
