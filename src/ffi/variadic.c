/* The half of the variadic functions that Rust cannot write: reading `...`, and making a `va_list`.
 *
 * Everything here is hidden. `variadic.rs` exports each function under its public name by a jump, and calls the last
 * one. What the arguments mean is decided behind the public interface, which is all that this file uses but for the
 * declarations of log_format.h and the one below.
 */

#include <sentry.h>

#include "log_format.h"

/* The header and this file agree, or the build stops. */
#define IMPLEMENTS(name)                                                                           \
    _Static_assert(                                                                                \
        __builtin_types_compatible_p(__typeof__(name), __typeof__(lib##name)),                     \
        #name " is declared in another way than it is defined")

static sentry_value_t collect(const char *text, va_list rest)
{
    sentry_value_t list = sentry_value_new_list();
    for (; text != NULL; text = va_arg(rest, const char *)) {
        sentry_value_append(list, sentry_value_new_string(text));
    }
    return list;
}

static sentry_value_t collect_n(const char *text, size_t length, va_list rest)
{
    sentry_value_t list = sentry_value_new_list();
    while (text != NULL) {
        sentry_value_append(list, sentry_value_new_string_n(text, length));
        text = va_arg(rest, const char *);
        if (text != NULL) {
            length = va_arg(rest, size_t);
        }
    }
    return list;
}

/* Two copies of a parameter list that `va_list` cannot cross. */
#define COLLECT(list, collected, last)                                                             \
    va_list rest;                                                                                  \
    va_start(rest, last);                                                                          \
    sentry_value_t list = collected;                                                               \
    va_end(rest)

void libsentry_set_fingerprint(const char *fingerprint, ...)
{
    COLLECT(list, collect(fingerprint, rest), fingerprint);
    sentry_set_fingerprints(list);
}
IMPLEMENTS(sentry_set_fingerprint);

void libsentry_set_fingerprint_n(const char *fingerprint, size_t fingerprint_len, ...)
{
    COLLECT(list, collect_n(fingerprint, fingerprint_len, rest), fingerprint_len);
    sentry_set_fingerprints(list);
}
IMPLEMENTS(sentry_set_fingerprint_n);

void libsentry_scope_set_fingerprint(sentry_scope_t *scope, const char *fingerprint, ...)
{
    COLLECT(list, collect(fingerprint, rest), fingerprint);
    sentry_scope_set_fingerprints(scope, list);
}
IMPLEMENTS(sentry_scope_set_fingerprint);

void libsentry_scope_set_fingerprint_n(
    sentry_scope_t *scope, const char *fingerprint, size_t fingerprint_len, ...)
{
    COLLECT(list, collect_n(fingerprint, fingerprint_len, rest), fingerprint_len);
    sentry_scope_set_fingerprints(scope, list);
}
IMPLEMENTS(sentry_scope_set_fingerprint_n);

/* What is not sent is not printed either; only the attributes are taken, which the caller gives away. */
#define LOG(name, level)                                                                           \
    log_return_value_t libsentry_log_##name(const char *message, ...)                              \
    {                                                                                              \
        int mode = libsentry_log_mode();                                                           \
        sentry_value_t attributes = sentry_value_new_null();                                       \
        log_return_value_t answer;                                                                 \
        va_list rest;                                                                              \
        va_start(rest, message);                                                                   \
        if (mode & 2) {                                                                            \
            attributes = va_arg(rest, sentry_value_t);                                             \
        }                                                                                          \
        if ((mode & 1) && message != NULL) {                                                       \
            answer = libsentry_log_formatted(level, message, rest, attributes);                    \
        } else {                                                                                   \
            answer = sentry_log(level, message, attributes);                                       \
        }                                                                                          \
        va_end(rest);                                                                              \
        return answer;                                                                             \
    }                                                                                              \
    IMPLEMENTS(sentry_log_##name)

LOG(trace, SENTRY_LEVEL_TRACE);
LOG(debug, SENTRY_LEVEL_DEBUG);
LOG(info, SENTRY_LEVEL_INFO);
LOG(warn, SENTRY_LEVEL_WARNING);
LOG(error, SENTRY_LEVEL_ERROR);
LOG(fatal, SENTRY_LEVEL_FATAL);

/* Hands one line to the logger of the host, which expects a format and a `va_list`. */
void libsentry_call_logger(sentry_logger_function_t func, void *userdata, sentry_level_t level,
    const char *message, ...)
{
    va_list arguments;
    va_start(arguments, message);
    func(level, message, arguments, userdata);
    va_end(arguments);
}
