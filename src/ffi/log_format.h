/* What the C half and the Rust half of the printf-like log functions tell each other. No part of the public interface. */
#ifndef LIBSENTRY_LOG_FORMAT_H
#define LIBSENTRY_LOG_FORMAT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <sentry.h>

enum { LIBSENTRY_INTEGER = 0, LIBSENTRY_DOUBLE = 1, LIBSENTRY_TEXT = 2 };

/* Why the arguments of a format were not all read. */
enum {
    LIBSENTRY_NONE = 0,
    LIBSENTRY_POSITIONAL = 1,
    LIBSENTRY_WRITES = 2,
    LIBSENTRY_UNKNOWN = 3,
    LIBSENTRY_TOO_MANY = 4
};

/* An argument of a format. As `Parameter` in log_format.rs. */
typedef struct {
    int kind;
    int64_t integer;
    double number;
    const char *text;
    size_t length;
} libsentry_parameter_t;

/* A printed text and what it was made of. As `Formatted` in log_format.rs. */
typedef struct {
    const char *text;
    size_t length;
    const char *format;
    const libsentry_parameter_t *parameters;
    size_t count;
    int trouble;
} libsentry_log_t;

/* In log_format.rs: 1 if logs are sent, and 2 more if the first argument of a format are attributes. */
extern int libsentry_log_mode(void);
/* In log_format.rs: takes a log, and its attributes, which are given away. */
extern log_return_value_t libsentry_take_log(sentry_level_t level, const libsentry_log_t *log, sentry_value_t attributes);

/* In log_format.c: prints and takes a log. */
log_return_value_t libsentry_log_formatted(
    sentry_level_t level, const char *format, va_list rest, sentry_value_t attributes);

#endif
