/* sentry_syslog against the real syslog. */

#include <sentry/syslog.h>

static void write_line(sentry_level_t level, const char *text)
{
    const int priorities[] = { LOG_DEBUG, LOG_DEBUG, LOG_NOTICE, LOG_WARNING, LOG_ERR, LOG_CRIT };
    sentry_syslog(priorities[level - SENTRY_LEVEL_TRACE] | LOG_USER, "%s", text);
}

#include "adapter.h"

static void edges(const char *dsn)
{
    char large[3000];
    char with_reason[] = "%s: %m"; /* no literal: the standards of the test do not know %m */
    CHECK(sentry_init(adapter_options(dsn)) == 0);
    setlogmask(LOG_UPTO(LOG_ERR));
    sentry_syslog(LOG_WARNING, "masked out");
    errno = ENOENT;
    sentry_syslog(LOG_ALERT, with_reason, "open");
    CHECK(errno == ENOENT);
    memset(large, 'x', sizeof(large) - 1);
    large[sizeof(large) - 1] = 0;
    sentry_syslog(LOG_ERR, "%s", large);
    setlogmask(LOG_UPTO(LOG_DEBUG));
    CHECK(sentry_close() == 0);
}

int main(int argc, char **argv)
{
    int result = adapter_main(argc, argv);
    edges(argv[1]);
    return result;
}
