/* Text that grows, and JSON written into it: how the driver answers.
 *
 * Part of driver.c, which includes it once. */
#ifndef DRIVER_TEXT_H
#define DRIVER_TEXT_H

#include <sentry.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct text_t {
    char *bytes;
    size_t length;
    size_t capacity;
} text_t;

/* Ends the program: a driver without memory has nothing to say. */
static void *must(void *memory) {
    if (memory == NULL) {
        fputs("driver: out of memory\n", stderr);
        exit(70);
    }
    return memory;
}

static void text_append(text_t *text, const char *bytes, size_t length) {
    if (text->capacity - text->length <= length) {
        text->capacity = 2 * (text->length + length) + 256;
        text->bytes = (char *)must(realloc(text->bytes, text->capacity));
    }
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = '\0';
}

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static void text_format(text_t *text, const char *format, ...) {
    char piece[512];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(piece, sizeof piece, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof piece) {
        fputs("driver: a piece of an answer is too long\n", stderr);
        exit(70);
    }
    text_append(text, piece, (size_t)length);
}

/* A JSON string; bytes above ASCII pass as they are. */
static void text_string(text_t *text, const char *string) {
    text_append(text, "\"", 1);
    for (; *string != '\0'; string++) {
        unsigned char byte = (unsigned char)*string;
        if (byte == '"' || byte == '\\') {
            text_format(text, "\\%c", byte);
        } else if (byte < 0x20) {
            text_format(text, "\\u%04x", byte);
        } else {
            text_append(text, string, 1);
        }
    }
    text_append(text, "\"", 1);
}

/* An id as 32 hex digits in quotes, as events carry it. */
static void text_id(text_t *text, const sentry_uuid_t *id) {
    char hyphenated[37];
    sentry_uuid_as_string(id, hyphenated);
    text_append(text, "\"", 1);
    for (const char *at = hyphenated; *at != '\0'; at++) {
        if (*at != '-') {
            text_append(text, at, 1);
        }
    }
    text_append(text, "\"", 1);
}

#endif
