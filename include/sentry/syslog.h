/* sentry_syslog: syslog that also tells Sentry.
 *
 * Header-only; part of libsentry. Does what syslog does, with the same arguments, and hands the line to
 * sentry_log_message with the logger "syslog": an event or a breadcrumb, as the options event_level and
 * breadcrumb_level say. setlogmask holds for both. Keeps errno, and %m works.
 */

#ifndef SENTRY_SYSLOG_H_INCLUDED
#define SENTRY_SYSLOG_H_INCLUDED

#include <sentry.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>

#ifdef __GNUC__
#    define SENTRY_SYSLOG_FORMAT(place, first) __attribute__((format(printf, place, first)))
#else
#    define SENTRY_SYSLOG_FORMAT(place, first)
#endif

/* The level of a priority, with or without a facility. */
static inline sentry_level_t sentry_syslog_level(int priority)
{
    switch (LOG_PRI(priority)) {
    case LOG_DEBUG:
        return SENTRY_LEVEL_DEBUG;
    case LOG_INFO:
    case LOG_NOTICE:
        return SENTRY_LEVEL_INFO;
    case LOG_WARNING:
        return SENTRY_LEVEL_WARNING;
    case LOG_ERR:
        return SENTRY_LEVEL_ERROR;
    default:
        return SENTRY_LEVEL_FATAL;
    }
}

/* sentry_syslog with a va_list. A line that needs more memory than there is loses its end. */
SENTRY_SYSLOG_FORMAT(2, 0)
static inline void sentry_vsyslog(int priority, const char *format, va_list arguments)
{
    const int error = errno;
    char place[1024];
    char *text = place;
    va_list again;
    int length;

    if ((setlogmask(0) & LOG_MASK(LOG_PRI(priority))) == 0) {
        return;
    }
    va_copy(again, arguments);
    length = vsnprintf(place, sizeof(place), format, arguments);
    if (length >= (int)sizeof(place)) {
        char *more = (char *)malloc((size_t)length + 1);
        if (more != NULL) {
            errno = error;
            vsnprintf(more, (size_t)length + 1, format, again);
            text = more;
        }
    }
    va_end(again);
    if (length >= 0) {
        syslog(priority, "%s", text);
        sentry_log_message(sentry_syslog_level(priority), "syslog", text);
    }
    if (text != place) {
        free(text);
    }
    errno = error;
}

/* Logs a line to the system log and to Sentry. */
SENTRY_SYSLOG_FORMAT(2, 3)
static inline void sentry_syslog(int priority, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    sentry_vsyslog(priority, format, arguments);
    va_end(arguments);
}

#endif
