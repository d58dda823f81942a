/* The printf-like log functions: their text, and the arguments of the format one by one.
 *
 * `printf` has no way to say what it printed, so the format is walked here with a copy of the arguments. What the walk does
 * not understand ends the reading of arguments: where the next one lies is not known then. The text is made by the C
 * library. A format with `%n` would write through one of its arguments and is never printed.
 */

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <sentry.h>

#include "log_format.h"

#pragma GCC diagnostic ignored "-Wformat-nonliteral"

enum {
    MOST_PARAMETERS = 32,
    SHORT_TEXT = 1024,
    /* Longer texts are cut. */
    LONGEST_TEXT = 1 << 20,
    /* An octal number of 64 bits. */
    DIGITS = 24,
    /* For arguments that are wide text, all together. */
    WIDE = 256
};

typedef struct {
    va_list rest;
} arguments_t;

typedef struct {
    libsentry_parameter_t parameters[MOST_PARAMETERS];
    char numbers[MOST_PARAMETERS][DIGITS];
    size_t count;
    char wide[WIDE];
    size_t wide_used;
    /* Arguments are read no more. */
    int is_over;
    int writes;
    int trouble;
} walk_t;

typedef enum { INT, CHAR, SHORT, LONG, LONG_LONG, LARGEST, SIZE, DIFFERENCE } width_t;

static long long read_signed(arguments_t *from, width_t width)
{
    switch (width) {
    case CHAR: return (signed char)va_arg(from->rest, int);
    case SHORT: return (short)va_arg(from->rest, int);
    case LONG: return va_arg(from->rest, long);
    case LONG_LONG: return va_arg(from->rest, long long);
    case LARGEST: return (long long)va_arg(from->rest, intmax_t);
    case SIZE:
    case DIFFERENCE: return va_arg(from->rest, ptrdiff_t);
    case INT: break;
    }
    return va_arg(from->rest, int);
}

static unsigned long long read_unsigned(arguments_t *from, width_t width)
{
    switch (width) {
    case CHAR: return (unsigned char)va_arg(from->rest, int);
    case SHORT: return (unsigned short)va_arg(from->rest, int);
    case LONG: return va_arg(from->rest, unsigned long);
    case LONG_LONG: return va_arg(from->rest, unsigned long long);
    case LARGEST: return (unsigned long long)va_arg(from->rest, uintmax_t);
    case SIZE:
    case DIFFERENCE: return va_arg(from->rest, size_t);
    case INT: break;
    }
    return va_arg(from->rest, unsigned int);
}

/* A place for one more; the last one is written over when there is none. */
static libsentry_parameter_t *next(walk_t *walk, int kind)
{
    libsentry_parameter_t *parameter = &walk->parameters[walk->count++];
    parameter->kind = kind;
    parameter->text = "";
    parameter->length = 0;
    return parameter;
}

static void add_text(walk_t *walk, const char *text, size_t length)
{
    libsentry_parameter_t *parameter = next(walk, LIBSENTRY_TEXT);
    parameter->text = text;
    parameter->length = length;
}

static void add_unsigned(walk_t *walk, unsigned long long number, unsigned base, int is_upper)
{
    const char *digits = is_upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char *buffer = walk->numbers[walk->count];
    size_t at = DIGITS;
    do {
        buffer[--at] = digits[number % base];
        number /= base;
    } while (number != 0);
    add_text(walk, buffer + at, DIGITS - at);
}

static void add_pointer(walk_t *walk, const void *pointer)
{
    char *buffer = walk->numbers[walk->count];
    int length = snprintf(buffer, DIGITS, "%p", pointer);
    add_text(walk, buffer, length > 0 ? (size_t)length : 0);
}

/* One character as UTF-8, if it fits. */
static void add_wide(walk_t *walk, unsigned long character)
{
    char *to = walk->wide + walk->wide_used;
    size_t left = WIDE - walk->wide_used;
    if (character > 0x10ffff || (character >= 0xd800 && character < 0xe000))
        character = 0xfffd;
    if (character < 0x80 && left >= 1) {
        to[0] = (char)character;
        walk->wide_used += 1;
    } else if (character >= 0x80 && character < 0x800 && left >= 2) {
        to[0] = (char)(0xc0 | (character >> 6));
        to[1] = (char)(0x80 | (character & 0x3f));
        walk->wide_used += 2;
    } else if (character >= 0x800 && character < 0x10000 && left >= 3) {
        to[0] = (char)(0xe0 | (character >> 12));
        to[1] = (char)(0x80 | ((character >> 6) & 0x3f));
        to[2] = (char)(0x80 | (character & 0x3f));
        walk->wide_used += 3;
    } else if (character >= 0x10000 && left >= 4) {
        to[0] = (char)(0xf0 | (character >> 18));
        to[1] = (char)(0x80 | ((character >> 12) & 0x3f));
        to[2] = (char)(0x80 | ((character >> 6) & 0x3f));
        to[3] = (char)(0x80 | (character & 0x3f));
        walk->wide_used += 4;
    }
}

/* `most` counts bytes, and behind those the text need not end. */
static void add_wide_text(walk_t *walk, const wchar_t *text, size_t most)
{
    size_t from = walk->wide_used;
    for (; walk->wide_used - from < most && walk->wide_used < WIDE - 4 && *text != L'\0'; text++)
        add_wide(walk, (unsigned long)*text);
    add_text(walk, walk->wide + from, walk->wide_used - from);
}

static const char *skip_digits(const char *at)
{
    return at + strspn(at, "0123456789");
}

/* Reads one argument of a conversion. `most` is its precision. */
static void convert(walk_t *walk, arguments_t *from, char conversion, width_t width, int is_long_double, size_t most)
{
    switch (conversion) {
    case 'd':
    case 'i': {
        long long number = read_signed(from, width);
        next(walk, LIBSENTRY_INTEGER)->integer = number;
        break;
    }
    case 'u': add_unsigned(walk, read_unsigned(from, width), 10, 0); break;
    case 'o': add_unsigned(walk, read_unsigned(from, width), 8, 0); break;
    case 'x': add_unsigned(walk, read_unsigned(from, width), 16, 0); break;
    case 'X': add_unsigned(walk, read_unsigned(from, width), 16, 1); break;
    case 'f':
    case 'F':
    case 'e':
    case 'E':
    case 'g':
    case 'G':
    case 'a':
    case 'A': {
        double number = is_long_double ? (double)va_arg(from->rest, long double) : va_arg(from->rest, double);
        next(walk, LIBSENTRY_DOUBLE)->number = number;
        break;
    }
    case 'c':
        if (width == LONG) {
            size_t start = walk->wide_used;
            add_wide(walk, (unsigned long)va_arg(from->rest, wint_t));
            add_text(walk, walk->wide + start, walk->wide_used - start);
        } else {
            char *buffer = walk->numbers[walk->count];
            buffer[0] = (char)va_arg(from->rest, int);
            add_text(walk, buffer, 1);
        }
        break;
    case 's': {
        const void *text = va_arg(from->rest, const void *);
        if (text == NULL)
            add_text(walk, "(null)", 6);
        else if (width == LONG)
            add_wide_text(walk, (const wchar_t *)text, most);
        else
            add_text(walk, (const char *)text, strnlen((const char *)text, most));
        break;
    }
    case 'p': add_pointer(walk, va_arg(from->rest, const void *)); break;
    default:
        walk->is_over = 1;
        walk->trouble = LIBSENTRY_UNKNOWN;
        break;
    }
}

/* Reads what stands between `%` and the end of a conversion; where to go on. */
static const char *step(walk_t *walk, arguments_t *from, const char *at)
{
    width_t width = INT;
    int is_long_double = 0;
    size_t most = LONGEST_TEXT;
    const char *digits = skip_digits(at);
    if (digits > at && *digits == '$') {
        walk->is_over = 1;
        walk->trouble = LIBSENTRY_POSITIONAL;
        walk->count = 0;
        at = digits + 1;
    }
    at += strspn(at, "-+ #0'I");
    if (*at == '*') {
        at++;
        if (!walk->is_over)
            (void)va_arg(from->rest, int);
    }
    at = skip_digits(at);
    if (*at == '.') {
        at++;
        if (*at == '*') {
            at++;
            if (!walk->is_over) {
                int precision = va_arg(from->rest, int);
                if (precision >= 0)
                    most = (size_t)precision;
            }
        } else {
            most = strtoul(at, NULL, 10);
            at = skip_digits(at);
        }
    }
    for (;; at++) {
        if (*at == 'h')
            width = width == SHORT ? CHAR : SHORT;
        else if (*at == 'l')
            width = width == LONG ? LONG_LONG : LONG;
        else if (*at == 'q')
            width = LONG_LONG;
        else if (*at == 'L') {
            width = LONG_LONG;
            is_long_double = 1;
        } else if (*at == 'j')
            width = LARGEST;
        else if (*at == 'z' || *at == 'Z')
            width = SIZE;
        else if (*at == 't')
            width = DIFFERENCE;
        else
            break;
    }
    char conversion = *at;
    if (conversion == '\0')
        return at;
    at++;
    if (conversion == 'C' || conversion == 'S') {
        conversion = conversion == 'C' ? 'c' : 's';
        width = LONG;
    }
    if (conversion == 'n')
        walk->writes = 1;
    /* `%m` is the text of errno, and takes no argument. */
    if (walk->is_over || conversion == '%' || conversion == 'm')
        return at;
    if (conversion == 'n') {
        (void)va_arg(from->rest, void *);
    } else if (walk->count == MOST_PARAMETERS) {
        walk->is_over = 1;
        walk->trouble = LIBSENTRY_TOO_MANY;
    } else {
        convert(walk, from, conversion, width, is_long_double, most);
    }
    return at;
}

static void walk_format(walk_t *walk, const char *format, arguments_t *from)
{
    walk->count = 0;
    walk->wide_used = 0;
    walk->is_over = 0;
    walk->writes = 0;
    walk->trouble = LIBSENTRY_NONE;
    for (const char *at = strchr(format, '%'); at != NULL; at = strchr(at, '%'))
        at = step(walk, from, at + 1);
    if (walk->writes)
        walk->trouble = LIBSENTRY_WRITES;
}

log_return_value_t libsentry_log_formatted(
    sentry_level_t level, const char *format, va_list rest, sentry_value_t attributes)
{
    int error = errno;
    walk_t walk;
    arguments_t copy;
    char shorter[SHORT_TEXT];
    char *longer = NULL;
    const char *text = shorter;
    size_t length;

    va_copy(copy.rest, rest);
    walk_format(&walk, format, &copy);
    va_end(copy.rest);

    int printed = -1;
    if (!walk.writes) {
        va_copy(copy.rest, rest);
        errno = error;
        printed = vsnprintf(shorter, sizeof shorter, format, copy.rest);
        va_end(copy.rest);
    }
    if (printed < 0) {
        /* Not printed, or wide text that this locale has no bytes for. */
        text = format;
        length = strlen(format);
    } else if ((size_t)printed < sizeof shorter) {
        length = (size_t)printed;
    } else {
        size_t size = printed < LONGEST_TEXT ? (size_t)printed + 1 : LONGEST_TEXT;
        length = sizeof shorter - 1;
        longer = malloc(size);
        if (longer != NULL) {
            errno = error;
            if (vsnprintf(longer, size, format, rest) >= 0) {
                text = longer;
                length = size - 1;
            }
        }
    }
    libsentry_log_t log = {text, length, format, walk.parameters, walk.count, walk.trouble};
    log_return_value_t answer = libsentry_take_log(level, &log, attributes);
    free(longer);
    errno = error;
    return answer;
}
