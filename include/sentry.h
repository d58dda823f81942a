/**
 * @file sentry.h
 * @brief libsentry: reports events from native programs to Sentry, or to any server that speaks its protocol.
 *
 * A first program, built with `cc first.c $(pkg-config --cflags --libs sentry)`:
 *
 * @code{.c}
 * #include <sentry.h>
 *
 * int main(void)
 * {
 *     sentry_options_t *options = sentry_options_new();
 *     sentry_options_set_dsn(options, "https://key@sentry.example.com/1");
 *     sentry_options_set_release(options, "my-program@1.0");
 *     if (sentry_init(options) != 0) {
 *         return 1;
 *     }
 *     sentry_capture_message(SENTRY_LEVEL_INFO, "main", "It works", NULL);
 *     return sentry_close();
 * }
 * @endcode
 *
 * **Threads.** Every function may be called at any time: before sentry_init, after sentry_close, from several threads at
 * once, and in a forked child. None may be called from a signal handler unless its documentation says so. One thread of the
 * library sends, or with the option threadless a thread that the program lends; captures never wait for it, unless an option
 * asks for that.
 *
 * **Ownership.** A function that takes something takes it on every path, also when it fails. What is borrowed is valid until
 * what it belongs to changes or ends. Text that the library hands out for keeps is given back with sentry_free. NULL never
 * crashes: a function that needs what is missing says so or does nothing.
 *
 * **Errors.** Functions that can fail answer with a sentry_status_t, an int that is 0 on success, or a NULL pointer or the
 * nil id. sentry_status_message puts a status into words, and sentry_last_error_message says what went wrong in the last call
 * of this thread. Nothing that is lost is lost in silence: sentry_get_stats counts it with its reason.
 *
 * **Units and texts.** Texts are UTF-8 and end with a zero byte. The twin of a function whose name ends in _n takes a text
 * with its length in bytes, without a zero byte; NULL with the length 0 is an empty text. Times and sizes name their unit in
 * the name or in the documentation.
 *
 * **Small builds.** A library built without the feature compat lacks most of these functions; docs/embedded.md lists what it
 * has, and what the other features do.
 *
 * The sections below follow one another as one learns them. This file is generated: its comments stand in src/ffi, and the
 * order of its sections in build/header.rs.
 */

#ifndef SENTRY_H_INCLUDED
#define SENTRY_H_INCLUDED

#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#if defined(__USE_XOPEN2K8) || (!defined(__GLIBC__) && !defined(__STRICT_ANSI__))                  \
    || (!defined(__GLIBC__) && (defined(_POSIX_C_SOURCE) || defined(_XOPEN_SOURCE) || defined(_GNU_SOURCE)))
/** The system's siginfo_t. Strict ISO C hides that; pointers to it then lead to void. */
typedef siginfo_t sentry_siginfo_t;
/** The system's ucontext_t. Strict ISO C hides that; pointers to it then lead to void. */
typedef ucontext_t sentry_user_context_t;
#else
typedef void sentry_siginfo_t;
typedef void sentry_user_context_t;
#endif

#if defined(__ANDROID__)
/** Defined where the program is compiled for Android. */
#    define SENTRY_PLATFORM_ANDROID
#endif
#if defined(__ANDROID__) || defined(__linux__)
/** Defined where the program is compiled for Linux, Android included. */
#    define SENTRY_PLATFORM_LINUX
#endif
/** Defined where the program is compiled for a Unix. */
#define SENTRY_PLATFORM_UNIX

#ifndef SENTRY_API
/** How functions are declared; a build may define it itself. */
#    define SENTRY_API __attribute__((visibility("default")))
#endif
#ifndef SENTRY_EXPERIMENTAL_API
/** As SENTRY_API, for functions that may change. */
#    define SENTRY_EXPERIMENTAL_API SENTRY_API
#endif
#ifndef SENTRY_DEPRECATED
/** Marks a function that another one replaces. */
#    define SENTRY_DEPRECATED(msg) __attribute__((deprecated(msg)))
#endif

#ifndef SENTRY_SUPPRESS_DEPRECATED
/** From here to SENTRY_RESTORE_DEPRECATED the compiler does not warn of deprecated functions. */
#    define SENTRY_SUPPRESS_DEPRECATED                                                             \
        _Pragma("GCC diagnostic push")                                                             \
        _Pragma("GCC diagnostic ignored \"-Wdeprecated-declarations\"")
/** Ends what SENTRY_SUPPRESS_DEPRECATED began. */
#    define SENTRY_RESTORE_DEPRECATED _Pragma("GCC diagnostic pop")
#endif

#ifndef SENTRY_SDK_NAME
/** The name of this library, as sentry_options_get_sdk_name answers; a build may define it itself. */
#    define SENTRY_SDK_NAME "libsentry.native"
#endif
#ifndef SENTRY_SDK_VERSION
/** The version of this library, as sentry_sdk_version answers; a build may define it itself. */
#    define SENTRY_SDK_VERSION "0.1.0"
#endif
/** Name and version in one text. */
#define SENTRY_SDK_USER_AGENT SENTRY_SDK_NAME "/" SENTRY_SDK_VERSION

/** An older name of sentry_free. */
#define sentry_string_free sentry_free

/**
 * @name Units
 * For sentry_value_new_attribute and for metrics.
 * @{
 */
/** A unit. */
#define SENTRY_UNIT_NANOSECOND "nanosecond"
#define SENTRY_UNIT_MICROSECOND "microsecond"
#define SENTRY_UNIT_MILLISECOND "millisecond"
#define SENTRY_UNIT_SECOND "second"
#define SENTRY_UNIT_MINUTE "minute"
#define SENTRY_UNIT_HOUR "hour"
#define SENTRY_UNIT_DAY "day"
#define SENTRY_UNIT_WEEK "week"
#define SENTRY_UNIT_BIT "bit"
#define SENTRY_UNIT_BYTE "byte"
#define SENTRY_UNIT_KILOBYTE "kilobyte"
#define SENTRY_UNIT_KIBIBYTE "kibibyte"
#define SENTRY_UNIT_MEGABYTE "megabyte"
#define SENTRY_UNIT_MEBIBYTE "mebibyte"
#define SENTRY_UNIT_GIGABYTE "gigabyte"
#define SENTRY_UNIT_GIBIBYTE "gibibyte"
#define SENTRY_UNIT_TERABYTE "terabyte"
#define SENTRY_UNIT_TEBIBYTE "tebibyte"
#define SENTRY_UNIT_PETABYTE "petabyte"
#define SENTRY_UNIT_PEBIBYTE "pebibyte"
#define SENTRY_UNIT_EXABYTE "exabyte"
#define SENTRY_UNIT_EXBIBYTE "exbibyte"
#define SENTRY_UNIT_RATIO "ratio"
#define SENTRY_UNIT_PERCENT "percent"
/** @} */

/**
 * @name Types of attachments
 * For sentry_attachment_set_type.
 * @{
 */
/** A type of attachments. */
#define SENTRY_ATTACHMENT_TYPE_GENERIC "event.attachment"
#define SENTRY_ATTACHMENT_TYPE_MINIDUMP "event.minidump"
#define SENTRY_ATTACHMENT_TYPE_VIEW_HIERARCHY "event.view_hierarchy"
/** @} */

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/* =============================================================================================== */

/**
 * @defgroup life 1. Life
 *
 * From sentry_init to sentry_close. Between the two there is one client for the process; before and after, every function
 * answers that the library is disabled.
 *
 * @{
 */

/**
 * Answer of functions that can fail. Success is 0; numbers are never used again for another meaning.
 */
typedef enum sentry_status_t {
    /**
     * Accepted.
     */
    SENTRY_STATUS_OK = 0,
    /**
     * The queue has no room: the server is slow or cannot be reached. Counted as `queue_overflow`.
     */
    SENTRY_STATUS_QUEUE_FULL = 1,
    /**
     * Before `sentry_init`, after `sentry_close`, or without a usable DSN. Nothing is counted.
     */
    SENTRY_STATUS_DISABLED = 2,
    /**
     * NULL, a number out of range, or a text that cannot be what the function needs.
     */
    SENTRY_STATUS_INVALID_ARGUMENT = 3,
    /**
     * The text is no JSON, or not the JSON that was expected; the error message names the byte.
     */
    SENTRY_STATUS_INVALID_JSON = 4,
    /**
     * Over a size limit even after trimming.
     */
    SENTRY_STATUS_TOO_LARGE = 5,
    /**
     * The server asked for a pause that is not over.
     */
    SENTRY_STATUS_RATE_LIMITED = 6,
    /**
     * Left out by `sample_rate`.
     */
    SENTRY_STATUS_SAMPLED_OUT = 7,
    /**
     * A hook of the host dropped it.
     */
    SENTRY_STATUS_DROPPED_BY_HOOK = 8,
    /**
     * A pattern of `ignore_errors` matches.
     */
    SENTRY_STATUS_IGNORED = 9,
    /**
     * The user has not consented; this is never sent, even if consent is given later.
     */
    SENTRY_STATUS_NO_CONSENT = 10,
    /**
     * `sentry_close` has begun.
     */
    SENTRY_STATUS_SHUTTING_DOWN = 11,
    /**
     * No memory.
     */
    SENTRY_STATUS_OUT_OF_MEMORY = 12,
    /**
     * Called on the library's own thread, or about its own diagnostics, where it would feed back on itself.
     */
    SENTRY_STATUS_WORKER_THREAD = 13,
    /**
     * A bug in the library, contained; `debug` shows it.
     */
    SENTRY_STATUS_INTERNAL_ERROR = 14,
} sentry_status_t;

/**
 * What `sentry_options_t` names.
 */
typedef struct sentry_options_s sentry_options_s;

/**
 * The configuration of the library, to be handed to `sentry_init`.
 *
 * Made by `sentry_options_new` or `sentry_options_new_from_json`, changed by the functions `sentry_options_set_…`, read by
 * `sentry_options_get_…`, ended by `sentry_init` or `sentry_options_free`.
 * Threads: one at a time for each handle; different handles do not share anything.
 */
typedef struct sentry_options_s sentry_options_t;

/**
 * Starts the library: from here on events are taken and sent by one background thread.
 *
 * A running client is closed first, as by `sentry_close`. Without a DSN, or with one that cannot be used, the call
 * succeeds, the library stays disabled, and nothing is written. A value that servers refuse or that cannot be used now
 * is left out or replaced and does not keep the library from starting. What became of it, and what is wrong with the
 * DSN, `sentry_last_error_message` says after the call, as do the diagnostics; `options_adjusted` of `sentry_stats_t`
 * counts it.
 *
 * Ownership: takes `options`, also when it fails.
 * Null: NULL takes the defaults and the environment.
 * Threads: any, one after the other; not from an outcome callback while another thread starts or stops the library.
 * Blocks: for closing a running client, at most its `shutdown_timeout` + 100 ms. Reads CA bundle paths and the
 * environment; makes no connection.
 * Returns: 0; 1 on failure, where nothing could be sent: the thread cannot be started, or the start function of the
 * host's transport failed. Then the library is disabled, and `sentry_last_error_message` and the diagnostics say why.
 * Since: 0.1
 */
SENTRY_API
int sentry_init(sentry_options_t *options);

/**
 * Waits until everything queued so far has left the library.
 *
 * Losses that were not reported yet go to the server, too. A transport of the host then flushes in what is left of the
 * time.
 *
 * Arguments: `timeout` in milliseconds; 0 asks without waiting.
 * Threads: any, several at once. On the library's own thread it does not wait.
 * Blocks: at most `timeout` + 100 ms.
 * Returns: 0 when all has left or there is nothing to wait for, 1 at the time-out, or what the flush
 * function of the host's transport answered.
 * Since: 0.1
 */
SENTRY_API
int sentry_flush(uint64_t timeout);

/**
 * Runs the work of the library on the calling thread, in a program that set the option `threadless`.
 *
 * Sends what was captured, looks after requests under way and does what is due on disk, until nothing more is to be done
 * now or `max_ms` is over. The program calls it again when something was captured, and after the time it returns.
 * `sentry_flush` and `sentry_close` do the same by themselves; a capture never does. A forked child runs its own work.
 *
 * Arguments: `max_ms` in milliseconds; 0, or less, does what can be done without waiting.
 * Threads: any, one at a time; not from a function that the library calls. Such functions run on the calling thread
 * meanwhile and have to return, and its signals are blocked for 50 ms at a time.
 * Blocks: at most `max_ms` + 100 ms, or as long as a transport, HTTP client or callback of the host.
 * Returns: in how many milliseconds it has to be called again at the latest; -1 when there is nothing to do until the
 * next call of another function. Both are time-outs for `poll(2)`. -2 when nothing was run: the library is not
 * initialised, closed or has a thread of its own, another thread runs its work, or it was called from within;
 * `sentry_last_error_message()` says which.
 * Since: 0.1
 */
SENTRY_API
int sentry_poll(int max_ms);

/**
 * Stops the library: sends what can be sent within `shutdown_timeout`, counts the rest, ends the thread.
 *
 * An idle library, or one whose server is known to be out of reach, closes at once. Afterwards every call is a safe
 * no-op until the next `sentry_init`. A host that exits without it gets the same from an exit handler.
 *
 * Threads: any; captures of other threads are answered with `SENTRY_STATUS_SHUTTING_DOWN` meanwhile.
 * Blocks: at most `shutdown_timeout` + 100 ms.
 * Returns: the number of envelopes that were not sent; 0 when not initialised.
 * Since: 0.1
 */
SENTRY_API
int sentry_close(void);

/**
 * Same as `sentry_close`.
 *
 * Since: 0.1
 */
SENTRY_API int sentry_shutdown(void);

/**
 * Puts the handlers of crashes back, after something else has replaced them. There are none in this version, so this
 * does nothing.
 *
 * Threads: any.
 * Returns: 0, also when not initialised.
 * Since: 0.1
 */
SENTRY_API
int sentry_reinstall_backend(void);

/**
 * Tests the way to the server: name, connection, TLS, proxy, CA bundle. No event is sent.
 *
 * Arguments: `timeout_ms` in milliseconds, for all of it.
 * Ownership: the text is the caller's; free it with `sentry_free`.
 * Threads: any, but one test at a time: another is told so; not from an outcome callback. Closing ends it.
 * Blocks: at most `timeout_ms` + 100 ms; 0 counts as 1.
 * Returns: a JSON object with `ok`, and for each step what was found; `reached` is `server`, or `proxy` where an HTTP
 * proxy would be told of the server only with a request, or null. NULL when not initialised, without DSN, or
 * without memory.
 * Since: 0.1
 */
SENTRY_API
char *sentry_self_test(uint64_t timeout_ms);

/**
 * Describes a status in English.
 *
 * Arguments: `status`, any number; unknown ones get a text that says so.
 * Ownership: the text is static; do not free it.
 * Threads: any; async-signal-safe.
 * Returns: never NULL.
 * Since: 0.1
 */
SENTRY_API const char *sentry_status_message(sentry_status_t status);

/**
 * Says why the last failed call of this thread failed, and what to do about it; or what of an event, a breadcrumb or
 * feedback was left out although the rest was accepted.
 *
 * Functions that return a status, and `sentry_init` and `sentry_options_new_from_json`, set it when they fail and
 * clear it when they succeed with all they were given.
 *
 * Ownership: the library's; valid until the next call on the same thread.
 * Threads: any; each has its own text.
 * Returns: UTF-8, empty if there was no failure; never NULL.
 * Since: 0.1
 */
SENTRY_API
const char *sentry_last_error_message(void);

/**
 * Allocates memory with the system's allocator.
 *
 * Arguments: `size` in bytes.
 * Ownership: the caller's; free it with `sentry_free`.
 * Threads: any.
 * Returns: NULL when there is no memory.
 * Since: 0.1
 */
SENTRY_API void *sentry_malloc(size_t size);

/**
 * Frees what the library returned as the caller's own, or what `sentry_malloc` made.
 *
 * Null: does nothing.
 * Threads: any.
 * Since: 0.1
 */
SENTRY_API void sentry_free(void *ptr);

/**
 * Returns the version of this library, as `major.minor.patch`.
 *
 * Ownership: static; do not free it.
 * Threads: any.
 * Since: 0.1
 */
SENTRY_API const char *sentry_sdk_version(void);

/**
 * Returns the name of this library, whatever `sentry_options_set_sdk_name` was told.
 *
 * Ownership: static; do not free it.
 * Threads: any.
 * Since: 0.1
 */
SENTRY_API SENTRY_DEPRECATED("use sentry_options_get_sdk_name") const char *sentry_sdk_name(void);

/**
 * Returns name and version of this library, whatever `sentry_options_set_sdk_name` was told.
 *
 * Ownership: static; do not free it.
 * Threads: any.
 * Returns: `NAME/VERSION`.
 * Since: 0.1
 */
SENTRY_API
SENTRY_DEPRECATED("use sentry_options_get_user_agent")
const char *sentry_sdk_user_agent(void);

/** @} */

/* =============================================================================================== */

/**
 * @defgroup options 2. Options
 *
 * What sentry_init is given. A setter that answers with a status refuses what makes no sense and leaves the option as it was.
 * Times are in milliseconds and sizes in bytes where the name does not say otherwise.
 *
 * @{
 */

/**
 * What `sentry_level_t` names.
 */
typedef enum sentry_level_e {
    /**
     * Finer than debug; events show it as `debug`.
     */
    SENTRY_LEVEL_TRACE = -2,
    /**
     * For developers.
     */
    SENTRY_LEVEL_DEBUG = -1,
    /**
     * Normal operation.
     */
    SENTRY_LEVEL_INFO = 0,
    /**
     * Something unexpected that was handled.
     */
    SENTRY_LEVEL_WARNING = 1,
    /**
     * Something failed.
     */
    SENTRY_LEVEL_ERROR = 2,
    /**
     * The program cannot go on.
     */
    SENTRY_LEVEL_FATAL = 3,
} sentry_level_e;

/**
 * Which envelope goes when the queue is full.
 */
typedef enum sentry_queue_overflow_t {
    /**
     * The new envelope is refused.
     */
    SENTRY_QUEUE_OVERFLOW_DROP_NEWEST = 0,
    /**
     * The oldest envelope of the lowest priority present goes, but none that matters more than the new one.
     */
    SENTRY_QUEUE_OVERFLOW_DROP_OLDEST = 1,
    /**
     * An envelope that matters less than the new one goes; if there is none, the new one is refused.
     */
    SENTRY_QUEUE_OVERFLOW_DROP_LOWEST_PRIORITY = 2,
    /**
     * From three quarters on, the library's thread writes what matters least to the database directory, oldest first, to be
     * sent later within the caps of the cache. A capture never writes: what comes faster than the disk takes it is
     * refused. Without a usable directory as `SENTRY_QUEUE_OVERFLOW_DROP_NEWEST`.
     */
    SENTRY_QUEUE_OVERFLOW_SPILL = 3,
} sentry_queue_overflow_t;

/**
 * How request bodies are compressed.
 */
typedef enum sentry_compression_t {
    /**
     * Not at all.
     */
    SENTRY_COMPRESSION_NONE = 0,
    /**
     * gzip.
     */
    SENTRY_COMPRESSION_GZIP = 1,
} sentry_compression_t;

/**
 * What a crash is reported as.
 */
typedef enum sentry_crash_reporting_mode_t {
    /**
     * A minidump.
     */
    SENTRY_CRASH_REPORTING_MODE_MINIDUMP = 0,
    /**
     * An event with stacks.
     */
    SENTRY_CRASH_REPORTING_MODE_NATIVE = 1,
    /**
     * An event with stacks, and a minidump.
     */
    SENTRY_CRASH_REPORTING_MODE_NATIVE_WITH_MINIDUMP = 2,
} sentry_crash_reporting_mode_t;

/**
 * When a crash is uploaded.
 */
typedef enum sentry_crash_upload_mode_t {
    /**
     * Before the crashed process ends.
     */
    SENTRY_CRASH_UPLOAD_MODE_SYNC = 0,
    /**
     * After it.
     */
    SENTRY_CRASH_UPLOAD_MODE_ASYNC = 1,
} sentry_crash_upload_mode_t;

/**
 * When the signal handlers that were there before ours run.
 */
typedef enum sentry_handler_strategy_t {
    /**
     * After ours.
     */
    SENTRY_HANDLER_STRATEGY_DEFAULT = 0,
    /**
     * Before ours, for runtimes that turn signals into exceptions of their own.
     */
    SENTRY_HANDLER_STRATEGY_CHAIN_AT_START = 1,
} sentry_handler_strategy_t;

/**
 * How much memory a minidump holds.
 */
typedef enum sentry_minidump_mode_t {
    /**
     * Stacks.
     */
    SENTRY_MINIDUMP_MODE_STACK_ONLY = 0,
    /**
     * Stacks and what they point to.
     */
    SENTRY_MINIDUMP_MODE_SMART = 1,
    /**
     * All.
     */
    SENTRY_MINIDUMP_MODE_FULL = 2,
} sentry_minidump_mode_t;

/**
 * What `sentry_backend_t` names.
 */
typedef struct sentry_backend_s sentry_backend_s;

/**
 * What `sentry_transaction_context_t` names.
 */
typedef struct sentry_transaction_context_s sentry_transaction_context_s;

/**
 * What `sentry_value_t` names.
 */
typedef union sentry_value_u {
    /**
     * Opaque.
     */
    uint64_t _bits;
    /**
     * Opaque.
     */
    double _double;
} sentry_value_u;

/**
 * A dynamic value: null, boolean, number, text, list or object.
 *
 * Eight bytes that mean nothing to the caller: copy them freely, count owners with `sentry_value_incref` and
 * `sentry_value_decref`. Functions `new` give one reference; functions documented as taking ownership take it also when
 * they fail. Null, booleans and 32-bit integers need no memory and no counting.
 * Threads: counting is safe from any thread. Changing one value from two threads at once is a mistake of the caller
 * that leaves the value whole, in some order of the changes.
 */
typedef union sentry_value_u sentry_value_t;

/**
 * How much an event, a breadcrumb or a line of diagnostics matters.
 */
typedef enum sentry_level_e sentry_level_t;

/**
 * Takes one line of diagnostics.
 *
 * `message` is a `printf` format without a newline at its end, `args` are its arguments: use `vsnprintf`, once, or on a
 * `va_copy`. Both are valid during the call. The line begins with `libsentry: `; `sentry_log_message` refuses what
 * contains that, since a logger may pass lines to another thread.
 *
 * Called only with `debug`, for lines at or above `logger_level`, and only where the host holds none of its locks: on the
 * library's own thread, and on the thread that is inside of `sentry_init` or `sentry_close`; on both at once, and not
 * from within itself. Lines of other threads wait for one of these, at most 256 and 64 KiB; what does not fit is counted, and the
 * count is a line. `sentry_flush` and `sentry_close` return after the lines of before. Without a DSN, and in a forked
 * child that cannot start the library's thread, there is `sentry_close` alone.
 *
 * Captures and `sentry_log_message` are refused inside of it with `SENTRY_STATUS_WORKER_THREAD`, so that a logger whose
 * lines become events cannot go round. It may call the other functions, but during `sentry_init` and `sentry_close` it
 * must not wait for a thread that calls one of these two. It must not throw or `longjmp`, and what it waits for keeps
 * the sending waiting: a host must not hold a lock that its logger takes while it calls `sentry_init`, `sentry_flush`
 * or `sentry_close`.
 */
typedef void (*sentry_logger_function_t)(sentry_level_t level,
                                         const char *message,
                                         va_list args,
                                         void *userdata);

/**
 * What catches crashes. There is one, built in; no function makes another.
 *
 * `sentry_options_set_backend` with NULL turns it off.
 * Threads: nothing to share.
 */
typedef struct sentry_backend_s sentry_backend_t;

/**
 * What a transaction starts with: its name, its operation, and where it comes from.
 *
 * Made by `sentry_transaction_context_new`, ended by the `sentry_transaction_start` it is given to; there is no other end.
 * Threads: one at a time for each handle.
 */
typedef struct sentry_transaction_context_s sentry_transaction_context_t;

/**
 * Decides which share of transactions like this one are sent.
 *
 * Called on the thread that starts a transaction, without any lock held; it may call every function of the library, and it
 * must not throw or `longjmp`. `transaction_ctx` and `custom_sampling_ctx` are valid until it returns and stay the library's;
 * `parent_sampled` is NULL without a decision of the program that began the trace, else it points to 0 or 1.
 * It returns 0.0 to 1.0; what is beyond is cut to that. If it returns NaN, it counts as not set for this transaction.
 */
typedef double (*sentry_traces_sampler_function)(const sentry_transaction_context_t *transaction_ctx,
                                                 sentry_value_t custom_sampling_ctx,
                                                 const int *parent_sampled,
                                                 void *user_data);

/**
 * Makes options with their defaults.
 *
 * Values of the environment variables `SENTRY_DSN`, `SENTRY_RELEASE`, `SENTRY_ENVIRONMENT`, `SENTRY_DEBUG`,
 * `SENTRY_SAMPLE_RATE` and `SENTRY_TRACES_SAMPLE_RATE` are already in place; setters replace them.
 *
 * Ownership: the options are the caller's, until `sentry_init` takes them or `sentry_options_free` ends them.
 * Threads: any thread; no other thread may change the environment meanwhile.
 * Returns: the options; NULL when the library failed.
 * Since: 0.1
 */
SENTRY_API
sentry_options_t *sentry_options_new(void);

/**
 * Ends options that were not given to `sentry_init`.
 *
 * Ownership: takes `opts`.
 * Null: NULL is ignored.
 * Since: 0.1
 */
SENTRY_API void sentry_options_free(sentry_options_t *opts);

/**
 * Sets the DSN: scheme, key, host and project of the server.
 *
 * Arguments: `dsn` is `https://<key>@<host>[:<port>][/<path>]/<project>` in UTF-8, read at init; default
 * `SENTRY_DSN`. What is not UTF-8 leaves the option unset. Without a usable DSN the library is disabled.
 * Ownership: the text is copied.
 * Null: NULL unsets the option; a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_dsn(sentry_options_t *opts,
                            const char *dsn);

/**
 * Like `sentry_options_set_dsn`, with a length.
 *
 * Arguments: `dsn_len` in bytes, without terminator; with NULL it must be 0.
 * Ownership: the text is copied.
 * Null: NULL unsets the option; a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API void sentry_options_set_dsn_n(sentry_options_t *opts, const char *dsn, size_t dsn_len);

/**
 * Gets the DSN as it was set, also an unusable one.
 *
 * Ownership: the text stays with the options; it is valid until this option is changed or the options end.
 * Null: NULL for a NULL `opts`.
 * Returns: the text, NULL when unset.
 * Since: 0.1
 */
SENTRY_API
const char *sentry_options_get_dsn(const sentry_options_t *opts);

/**
 * Sets the share of events that are sent.
 *
 * Arguments: `sample_rate` 0.0 to 1.0, cut to that range; NaN is 1.0; default `SENTRY_SAMPLE_RATE`, else 1.0.
 * Null: a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_sample_rate(sentry_options_t *opts,
                                    double sample_rate);

/**
 * Gets the share of events that are sent.
 *
 * Null: 0 for a NULL `opts`.
 * Returns: 0.0 to 1.0.
 * Since: 0.1
 */
SENTRY_API double sentry_options_get_sample_rate(const sentry_options_t *opts);

/**
 * Sets the version of the program.
 *
 * Arguments: `release`, best `package@version`, at most 200 bytes, without control characters, `/` and `\`; default
 * `SENTRY_RELEASE`. At init a longer one is cut and one with other characters left out.
 * Ownership: the text is copied.
 * Null: NULL unsets the option; a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_release(sentry_options_t *opts,
                                const char *release);

/**
 * Like `sentry_options_set_release`, with a length.
 *
 * Arguments: `release_len` in bytes, without terminator; with NULL it must be 0.
 * Ownership: the text is copied.
 * Null: NULL unsets the option; a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_release_n(sentry_options_t *opts,
                                  const char *release,
                                  size_t release_len);

/**
 * Gets the version of the program.
 *
 * Ownership: the text stays with the options; it is valid until this option is changed or the options end.
 * Null: NULL for a NULL `opts`.
 * Returns: the text, NULL when unset.
 * Since: 0.1
 */
SENTRY_API
const char *sentry_options_get_release(const sentry_options_t *opts);

/**
 * Sets the name of the deployment the program runs in.
 *
 * Arguments: `environment`, at most 64 bytes, without blanks, control characters, `/` and `\`; default
 * `SENTRY_ENVIRONMENT`, else `production`. At init a longer one is cut and one with other characters left out.
 * Ownership: the text is copied.
 * Null: NULL unsets the option; a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_environment(sentry_options_t *opts,
                                    const char *environment);

/**
 * Like `sentry_options_set_environment`, with a length.
 *
 * Arguments: `environment_len` in bytes, without terminator; with NULL it must be 0.
 * Ownership: the text is copied.
 * Null: NULL unsets the option; a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_environment_n(sentry_options_t *opts,
                                      const char *environment,
                                      size_t environment_len);

/**
 * Gets the name of the deployment.
 *
 * Ownership: the text stays with the options; it is valid until this option is changed or the options end.
 * Null: NULL for a NULL `opts`.
 * Returns: the text, NULL when unset.
 * Since: 0.1
 */
SENTRY_API
const char *sentry_options_get_environment(const sentry_options_t *opts);

/**
 * Sets what tells builds of one release apart.
 *
 * Arguments: `dist`, at most 64 bytes of `A-Z a-z 0-9 _ . -`; default none. At init a longer one is cut and one with
 * other characters left out.
 * Ownership: the text is copied.
 * Null: NULL unsets the option; a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_dist(sentry_options_t *opts,
                             const char *dist);

/**
 * Like `sentry_options_set_dist`, with a length.
 *
 * Arguments: `dist_len` in bytes, without terminator; with NULL it must be 0.
 * Ownership: the text is copied.
 * Null: NULL unsets the option; a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_dist_n(sentry_options_t *opts,
                               const char *dist,
                               size_t dist_len);

/**
 * Gets what tells builds of one release apart.
 *
 * Ownership: the text stays with the options; it is valid until this option is changed or the options end.
 * Null: NULL for a NULL `opts`.
 * Returns: the text, NULL when unset.
 * Since: 0.1
 */
SENTRY_API
const char *sentry_options_get_dist(const sentry_options_t *opts);

/**
 * Sets the name of the SDK on the wire, and with it the user agent.
 *
 * Arguments: `sdk_name`, not empty and without control characters; default `libsentry.native`.
 * Ownership: the text is copied.
 * Null: NULL is refused, for both.
 * Returns: 0, or 1 when refused; the option is then unchanged and `sentry_last_error_message()` says why.
 * Since: 0.1
 */
SENTRY_API
int sentry_options_set_sdk_name(sentry_options_t *opts,
                                const char *sdk_name);

/**
 * Like `sentry_options_set_sdk_name`, with a length.
 *
 * Arguments: `sdk_name_len` in bytes, without terminator; with NULL it must be 0.
 * Ownership: the text is copied.
 * Null: NULL is refused, for both.
 * Returns: 0, or 1 when refused; the option is then unchanged and `sentry_last_error_message()` says why.
 * Since: 0.1
 */
SENTRY_API
int sentry_options_set_sdk_name_n(sentry_options_t *opts,
                                  const char *sdk_name,
                                  size_t sdk_name_len);

/**
 * Gets the name of the SDK.
 *
 * Ownership: the text stays with the options; it is valid until this option is changed or the options end.
 * Null: NULL for a NULL `opts`.
 * Returns: the text.
 * Since: 0.1
 */
SENTRY_API
const char *sentry_options_get_sdk_name(const sentry_options_t *opts);

/**
 * Gets the user agent, `<sdk_name>/<version>`.
 *
 * Ownership: the text stays with the options; it is valid until this option is changed or the options end.
 * Null: NULL for a NULL `opts`.
 * Returns: the text.
 * Since: 0.1
 */
SENTRY_API
const char *sentry_options_get_user_agent(const sentry_options_t *opts);

/**
 * Sets whether the library writes diagnostics to stderr.
 *
 * Arguments: `debug` 0 or not; default `SENTRY_DEBUG`, else 0.
 * Null: a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API void sentry_options_set_debug(sentry_options_t *opts, int debug);

/**
 * Gets whether diagnostics are written.
 *
 * Null: 0 for a NULL `opts`.
 * Returns: 1 or 0.
 * Since: 0.1
 */
SENTRY_API int sentry_options_get_debug(const sentry_options_t *opts);

/**
 * Sets the least level of diagnostics that are written.
 *
 * Arguments: `level`; unknown numbers are ignored; default `SENTRY_LEVEL_DEBUG`.
 * Null: a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API void sentry_options_set_logger_level(sentry_options_t *opts, sentry_level_t level);

/**
 * Sets how many breadcrumbs are kept, the newest.
 *
 * Arguments: `max_breadcrumbs` in breadcrumbs; 0 keeps none; default 100. Whatever the number, at most 1 MiB of text is
 * kept.
 * Null: a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_max_breadcrumbs(sentry_options_t *opts,
                                        size_t max_breadcrumbs);

/**
 * Gets how many breadcrumbs are kept.
 *
 * Null: 0 for a NULL `opts`.
 * Returns: the count.
 * Since: 0.1
 */
SENTRY_API size_t sentry_options_get_max_breadcrumbs(const sentry_options_t *opts);

/**
 * Sets the directory for what must outlive the process. Several processes may share it.
 *
 * It is made at init if it is not there, private to its owner. One that cannot be used leaves everything in memory; then
 * `sentry_init` succeeds all the same, and `sentry_stats_t` says so.
 *
 * Arguments: `path` in bytes of the file system, relative to the working directory at init; empty: everything stays in
 * memory, no file is made or read. Default: `.sentry-native` in the working directory.
 * Ownership: the text is copied.
 * Null: NULL is as empty; a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_database_path(sentry_options_t *opts,
                                      const char *path);

/**
 * Like `sentry_options_set_database_path`, with a length.
 *
 * Arguments: `path_len` in bytes, without terminator; with NULL it must be 0.
 * Ownership: the text is copied.
 * Null: NULL unsets the option; a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_database_path_n(sentry_options_t *opts,
                                        const char *path,
                                        size_t path_len);

/**
 * Attaches a file to all events, as `sentry_attach_file` does after init.
 *
 * Arguments: `path`, which need not exist yet. The same path given twice is sent once.
 * Ownership: the path is copied.
 * Null: a NULL or empty `path` and a NULL `opts` are ignored.
 * Since: 0.1
 */
SENTRY_API void sentry_options_add_attachment(sentry_options_t *opts, const char *path);

/**
 * Like `sentry_options_add_attachment`, with a length.
 *
 * Arguments: `path_len` in bytes, without terminator; with NULL it must be 0.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_add_attachment_n(sentry_options_t *opts,
                                     const char *path,
                                     size_t path_len);

/**
 * Attaches a file to all events as the layout of a user interface; see `SENTRY_ATTACHMENT_TYPE_VIEW_HIERARCHY`.
 *
 * Arguments: `path` of a JSON file, which need not exist yet.
 * Ownership: the path is copied.
 * Null: a NULL or empty `path` and a NULL `opts` are ignored.
 * Since: 0.1
 */
SENTRY_API
SENTRY_DEPRECATED("use sentry_attach_file and sentry_attachment_set_type")
void sentry_options_add_view_hierarchy(sentry_options_t *opts,
                                       const char *path);

/**
 * Like `sentry_options_add_view_hierarchy`, with a length.
 *
 * Arguments: `path_len` in bytes, without terminator; with NULL it must be 0.
 * Since: 0.1
 */
SENTRY_API
SENTRY_DEPRECATED("use sentry_attach_file and sentry_attachment_set_type")
void sentry_options_add_view_hierarchy_n(sentry_options_t *opts,
                                         const char *path,
                                         size_t path_len);

/**
 * Sets the most bytes of one attachment; larger ones are left out of the event, and counted.
 *
 * Everything that travels together must fit `queue_max_bytes` as well. Minidumps given to `sentry_capture_minidump` are
 * bound by that alone.
 *
 * Arguments: `bytes` 1 to 536,870,912; default 20,971,520.
 * Null: a NULL `opts` is refused.
 * Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
 * `sentry_last_error_message()` says what is allowed.
 * Since: 0.1
 */
SENTRY_API
enum sentry_status_t sentry_options_set_max_attachment_bytes(sentry_options_t *opts,
                                                             uint64_t bytes);

/**
 * Gets the most bytes of one attachment.
 *
 * Null: 0 for a NULL `opts`.
 * Returns: bytes.
 * Since: 0.1
 */
SENTRY_API uint64_t sentry_options_get_max_attachment_bytes(const sentry_options_t *opts);

/**
 * Sets what catches crashes. Stored; without effect in this version.
 *
 * Arguments: `backend` is NULL: crashes are not caught; default: they are.
 * Ownership: nothing changes hands; there is no backend to hand over.
 * Null: see Arguments; a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API void sentry_options_set_backend(sentry_options_t *opts, sentry_backend_t *backend);

/**
 * Sets whether diagnostics go on after a crash. Stored; without effect in this version.
 *
 * Arguments: `enabled` 0 or not; default 1.
 * Null: a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API void sentry_options_set_logger_enabled_when_crashed(sentry_options_t *opts, int enabled);

/**
 * Sets whether frames that lack them get the names of their functions in this process, as far as it exports them.
 *
 * The look-up waits for the loader while another thread loads a library.
 *
 * Arguments: `val` 0 or not; default 0.
 * Null: a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_symbolize_stacktraces(sentry_options_t *opts,
                                              int val);

/**
 * Gets whether frames get the names of their functions in this process.
 *
 * Null: 0 for a NULL `opts`.
 * Returns: 1 or 0.
 * Since: 0.1
 */
SENTRY_API int sentry_options_get_symbolize_stacktraces(const sentry_options_t *opts);

/**
 * Sets the program that reports crashes from outside. Stored; without effect in this version.
 *
 * Arguments: `path` in bytes of the file system; default none.
 * Ownership: the text is copied.
 * Null: NULL unsets the option; a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API void sentry_options_set_handler_path(sentry_options_t *opts, const char *path);

/**
 * Like `sentry_options_set_handler_path`, with a length.
 *
 * Arguments: `path_len` in bytes, without terminator; with NULL it must be 0.
 * Ownership: the text is copied.
 * Null: NULL unsets the option; a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_handler_path_n(sentry_options_t *opts,
                                       const char *path,
                                       size_t path_len);

/**
 * Sets the program that gets the report of a crash instead of the server. Stored; without effect in this version.
 *
 * Arguments: `path` in bytes of the file system; default none.
 * Ownership: the text is copied.
 * Null: NULL unsets the option; a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_external_crash_reporter_path(sentry_options_t *opts,
                                                     const char *path);

/**
 * Like `sentry_options_set_external_crash_reporter_path`, with a length.
 *
 * Arguments: `path_len` in bytes, without terminator; with NULL it must be 0.
 * Ownership: the text is copied.
 * Null: NULL unsets the option; a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_external_crash_reporter_path_n(sentry_options_t *opts,
                                                       const char *path,
                                                       size_t path_len);

/**
 * Sets how much memory a minidump holds. Stored; without effect in this version.
 *
 * Arguments: `mode` of `sentry_minidump_mode_t`, numbers beyond its range count as its nearest end; default
 * `SENTRY_MINIDUMP_MODE_SMART`.
 * Null: a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_minidump_mode(sentry_options_t *opts,
                                      sentry_minidump_mode_t mode);

/**
 * Sets what a crash is reported as. Stored; without effect in this version.
 *
 * Arguments: `mode` of `sentry_crash_reporting_mode_t`, numbers beyond its range count as its nearest end; default
 * `SENTRY_CRASH_REPORTING_MODE_NATIVE_WITH_MINIDUMP`.
 * Null: a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_crash_reporting_mode(sentry_options_t *opts,
                                             sentry_crash_reporting_mode_t mode);

/**
 * Gets what a crash is reported as.
 *
 * Null: `SENTRY_CRASH_REPORTING_MODE_NATIVE_WITH_MINIDUMP` for a NULL `opts`.
 * Returns: the mode.
 * Since: 0.1
 */
SENTRY_API
sentry_crash_reporting_mode_t sentry_options_get_crash_reporting_mode(const sentry_options_t *opts);

/**
 * Sets when a crash is uploaded. Stored; without effect in this version.
 *
 * Arguments: `mode` of `sentry_crash_upload_mode_t`, numbers beyond its range count as its nearest end; default
 * `SENTRY_CRASH_UPLOAD_MODE_SYNC`.
 * Null: a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_crash_upload_mode(sentry_options_t *opts,
                                          sentry_crash_upload_mode_t mode);

/**
 * Gets when a crash is uploaded.
 *
 * Null: `SENTRY_CRASH_UPLOAD_MODE_SYNC` for a NULL `opts`.
 * Returns: the mode.
 * Since: 0.1
 */
SENTRY_API
sentry_crash_upload_mode_t sentry_options_get_crash_upload_mode(const sentry_options_t *opts);

/**
 * Sets when the handlers that were there before ours run. Stored; without effect in this version.
 *
 * Arguments: `handler_strategy` of `sentry_handler_strategy_t`, numbers beyond its range count as its nearest end;
 * default `SENTRY_HANDLER_STRATEGY_DEFAULT`.
 * Null: a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_handler_strategy(sentry_options_t *opts,
                                         sentry_handler_strategy_t handler_strategy);

/**
 * Gets when the handlers that were there before ours run.
 *
 * Null: `SENTRY_HANDLER_STRATEGY_DEFAULT` for a NULL `opts`.
 * Returns: the mode.
 * Since: 0.1
 */
SENTRY_API
sentry_handler_strategy_t sentry_options_get_handler_strategy(const sentry_options_t *opts);

/**
 * Sets whether a thread that gives no heartbeat is reported. Stored; without effect in this version.
 *
 * Arguments: `enable` 0 or not; default 0.
 * Null: a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_enable_app_hang_tracking(sentry_options_t *opts,
                                                 int enable);

/**
 * Gets whether a thread that gives no heartbeat is reported.
 *
 * Null: 0 for a NULL `opts`.
 * Returns: 1 or 0.
 * Since: 0.1
 */
SENTRY_API int sentry_options_get_enable_app_hang_tracking(const sentry_options_t *opts);

/**
 * Sets how long a thread may give no heartbeat. Stored; without effect in this version.
 *
 * Arguments: `app_hang_timeout` in milliseconds, at least 1000, less is raised to that; default 5000.
 * Null: a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_app_hang_timeout(sentry_options_t *opts,
                                         uint64_t app_hang_timeout);

/**
 * Gets how long a thread may give no heartbeat.
 *
 * Null: 0 for a NULL `opts`.
 * Returns: milliseconds.
 * Since: 0.1
 */
SENTRY_API uint64_t sentry_options_get_app_hang_timeout(const sentry_options_t *opts);

/**
 * Sets which events are dropped.
 *
 * Arguments: `patterns`, one on each line, compared with the exception's type and module and with the logger; `*`
 * stands for any text; default none.
 * Ownership: the text is copied.
 * Null: NULL unsets the option; a NULL `opts` is refused.
 * Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
 * `sentry_last_error_message()` says what is allowed.
 * Since: 0.1
 */
SENTRY_API
enum sentry_status_t sentry_options_set_ignore_errors(sentry_options_t *opts,
                                                      const char *patterns);

/**
 * Like `sentry_options_set_ignore_errors`, with a length.
 *
 * Arguments: `patterns_len` in bytes, without terminator; with NULL it must be 0.
 * Ownership: the text is copied.
 * Null: NULL unsets the option; a NULL `opts` is refused.
 * Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
 * `sentry_last_error_message()` says what is allowed.
 * Since: 0.1
 */
SENTRY_API
enum sentry_status_t sentry_options_set_ignore_errors_n(sentry_options_t *opts,
                                                        const char *patterns,
                                                        size_t patterns_len);

/**
 * Gets the patterns of events that are dropped.
 *
 * Ownership: the text stays with the options; it is valid until this option is changed or the options end.
 * Null: NULL for a NULL `opts`.
 * Returns: the patterns, one on each line; NULL when there are none.
 * Since: 0.1
 */
SENTRY_API
const char *sentry_options_get_ignore_errors(const sentry_options_t *opts);

/**
 * Sets the least level at which `sentry_log_message` records a breadcrumb.
 *
 * Arguments: `level`; default `SENTRY_LEVEL_INFO`.
 * Null: a NULL `opts` is refused.
 * Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
 * `sentry_last_error_message()` says what is allowed.
 * Since: 0.1
 */
SENTRY_API
enum sentry_status_t sentry_options_set_breadcrumb_level(sentry_options_t *opts,
                                                         sentry_level_t level);

/**
 * Gets the least level at which `sentry_log_message` records a breadcrumb.
 *
 * Null: `SENTRY_LEVEL_INFO` for a NULL `opts`.
 * Returns: the level.
 * Since: 0.1
 */
SENTRY_API sentry_level_t sentry_options_get_breadcrumb_level(const sentry_options_t *opts);

/**
 * Sets the least level at which `sentry_log_message` reports an event.
 *
 * Arguments: `level`; default `SENTRY_LEVEL_ERROR`.
 * Null: a NULL `opts` is refused.
 * Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
 * `sentry_last_error_message()` says what is allowed.
 * Since: 0.1
 */
SENTRY_API
enum sentry_status_t sentry_options_set_event_level(sentry_options_t *opts,
                                                    sentry_level_t level);

/**
 * Gets the least level at which `sentry_log_message` reports an event.
 *
 * Null: `SENTRY_LEVEL_ERROR` for a NULL `opts`.
 * Returns: the level.
 * Since: 0.1
 */
SENTRY_API sentry_level_t sentry_options_get_event_level(const sentry_options_t *opts);

/**
 * Sets the proxy.
 *
 * Arguments: `proxy` is a URL with scheme (`http://`, `socks5://`), credentials allowed; an empty text means no
 * proxy. Default: `https_proxy`, `HTTPS_PROXY`, `http_proxy`, `all_proxy`, `ALL_PROXY` at init, less the hosts of
 * `no_proxy`, `NO_PROXY`.
 * Ownership: the text is copied.
 * Null: NULL unsets the option; a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_proxy(sentry_options_t *opts,
                              const char *proxy);

/**
 * Like `sentry_options_set_proxy`, with a length.
 *
 * Arguments: `proxy_len` in bytes, without terminator; with NULL it must be 0.
 * Ownership: the text is copied.
 * Null: NULL unsets the option; a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_proxy_n(sentry_options_t *opts,
                                const char *proxy,
                                size_t proxy_len);

/**
 * Gets the proxy.
 *
 * Ownership: the text stays with the options; it is valid until this option is changed or the options end.
 * Null: NULL for a NULL `opts`.
 * Returns: the text, NULL when unset.
 * Since: 0.1
 */
SENTRY_API
const char *sentry_options_get_proxy(const sentry_options_t *opts);

/**
 * Sets the proxy, under an older name.
 *
 * Arguments: as for `sentry_options_set_proxy`.
 * Ownership: the text is copied.
 * Null: NULL unsets the option; a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
SENTRY_DEPRECATED("use sentry_options_set_proxy")
void sentry_options_set_http_proxy(sentry_options_t *opts,
                                   const char *proxy);

/**
 * Like `sentry_options_set_http_proxy`, with a length.
 *
 * Arguments: `proxy_len` in bytes, without terminator; with NULL it must be 0.
 * Ownership: the text is copied.
 * Null: NULL unsets the option; a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
SENTRY_DEPRECATED("use sentry_options_set_proxy")
void sentry_options_set_http_proxy_n(sentry_options_t *opts,
                                     const char *proxy,
                                     size_t proxy_len);

/**
 * Gets the proxy, under an older name.
 *
 * Ownership: the text stays with the options; it is valid until this option is changed or the options end.
 * Null: NULL for a NULL `opts`.
 * Returns: the text, NULL when unset.
 * Since: 0.1
 */
SENTRY_API
const char *sentry_options_get_http_proxy(const sentry_options_t *opts);

/**
 * Sets the certificates that servers are checked against.
 *
 * Arguments: `path` of a PEM file or a directory, in bytes of the file system; while it is not there the option
 * counts as unset. Default: `CURL_CA_BUNDLE`, `NIX_SSL_CERT_FILE`, `SSL_CERT_FILE`, `SSL_CERT_DIR`, the known places of
 * the distributions, then libcurl's own.
 * Ownership: the text is copied.
 * Null: NULL unsets the option; a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_ca_certs(sentry_options_t *opts,
                                 const char *path);

/**
 * Like `sentry_options_set_ca_certs`, with a length.
 *
 * Arguments: `path_len` in bytes, without terminator; with NULL it must be 0.
 * Ownership: the text is copied.
 * Null: NULL unsets the option; a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_ca_certs_n(sentry_options_t *opts,
                                   const char *path,
                                   size_t path_len);

/**
 * Gets the path of the certificates.
 *
 * Ownership: the text stays with the options; it is valid until this option is changed or the options end.
 * Null: NULL for a NULL `opts`.
 * Returns: the text, NULL when unset.
 * Since: 0.1
 */
SENTRY_API
const char *sentry_options_get_ca_certs(const sentry_options_t *opts);

/**
 * Sets the most that `sentry_close` and `sentry_shutdown` wait.
 *
 * Arguments: `shutdown_timeout` in milliseconds; default 2000.
 * Null: a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_shutdown_timeout(sentry_options_t *opts,
                                         uint64_t shutdown_timeout);

/**
 * Gets the most that `sentry_close` waits.
 *
 * Null: 0 for a NULL `opts`.
 * Returns: milliseconds.
 * Since: 0.1
 */
SENTRY_API uint64_t sentry_options_get_shutdown_timeout(sentry_options_t *opts);

/**
 * Sets the longest a whole request may take.
 *
 * Arguments: `transfer_timeout` in milliseconds; 0 for no bound; default 30000.
 * Null: a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_transfer_timeout(sentry_options_t *opts,
                                         uint64_t transfer_timeout);

/**
 * Gets the longest a whole request may take.
 *
 * Null: 0 for a NULL `opts`.
 * Returns: milliseconds, 0 for no bound.
 * Since: 0.1
 */
SENTRY_API uint64_t sentry_options_get_transfer_timeout(sentry_options_t *opts);

/**
 * Sets whether the server is told how many items were lost and why.
 *
 * Arguments: `val` 0 or not; default 1.
 * Null: a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API void sentry_options_set_send_client_reports(sentry_options_t *opts, int val);

/**
 * Gets whether the server is told of losses.
 *
 * Null: 0 for a NULL `opts`.
 * Returns: 1 or 0.
 * Since: 0.1
 */
SENTRY_API int sentry_options_get_send_client_reports(const sentry_options_t *opts);

/**
 * Sets the name of the thread that sends.
 *
 * Arguments: `name` in UTF-8; the system shows its first 15 bytes; default `sentry-http`.
 * Ownership: the text is copied.
 * Null: NULL gives the thread the name of the program; a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API void sentry_options_set_transport_thread_name(sentry_options_t *opts, const char *name);

/**
 * Like `sentry_options_set_transport_thread_name`, with a length.
 *
 * Arguments: `name_len` in bytes, without terminator; with NULL it must be 0.
 * Ownership: the text is copied.
 * Null: NULL gives the thread the name of the program; a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_transport_thread_name_n(sentry_options_t *opts,
                                                const char *name,
                                                size_t name_len);

/**
 * Gets the name of the thread that sends.
 *
 * Ownership: the text stays with the options; it is valid until this option is changed or the options end.
 * Null: NULL for a NULL `opts`.
 * Returns: the text, NULL when unset.
 * Since: 0.1
 */
SENTRY_API
const char *sentry_options_get_transport_thread_name(const sentry_options_t *opts);

/**
 * Sets whether a session starts with `sentry_init`; it needs a release.
 *
 * Arguments: `val` 0 or not; default 1.
 * Null: a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API void sentry_options_set_auto_session_tracking(sentry_options_t *opts, int val);

/**
 * Gets whether a session starts with `sentry_init`.
 *
 * Null: 0 for a NULL `opts`.
 * Returns: 1 or 0.
 * Since: 0.1
 */
SENTRY_API int sentry_options_get_auto_session_tracking(const sentry_options_t *opts);

/**
 * Sets whether nothing is sent before the user has consented, see `sentry_user_consent_give`. Decided when something is
 * captured; the answer is final.
 *
 * Arguments: `val` 0 or not; default 0.
 * Null: a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_require_user_consent(sentry_options_t *opts,
                                             int val);

/**
 * Gets whether nothing is sent before the user has consented.
 *
 * Null: 0 for a NULL `opts`.
 * Returns: 1 or 0.
 * Since: 0.1
 */
SENTRY_API int sentry_options_get_require_user_consent(const sentry_options_t *opts);

/**
 * Sets which envelopes stay on disk as copies that are never sent: none, those that were given up, or all.
 *
 * Arguments: `mode` of `sentry_cache_keep_t`, negative numbers count as `SENTRY_CACHE_KEEP_OFFLINE`,
 * larger ones as `SENTRY_CACHE_KEEP_ALWAYS`; default `SENTRY_CACHE_KEEP_NONE`.
 * Null: a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_cache_keep(sentry_options_t *opts,
                                   int mode);

/**
 * Gets which envelopes stay on disk.
 *
 * Null: `SENTRY_CACHE_KEEP_NONE` for a NULL `opts`.
 * Returns: the mode.
 * Since: 0.1
 */
SENTRY_API int sentry_options_get_cache_keep(const sentry_options_t *opts);

/**
 * Sets how many envelopes may lie on disk, waiting or kept. The oldest go first, counted as
 * `SENTRY_DISCARD_CACHE_OVERFLOW`.
 *
 * Arguments: `items` in envelopes; 0 means no bound; default 30.
 * Null: a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API void sentry_options_set_cache_max_items(sentry_options_t *opts, size_t items);

/**
 * Sets how many bytes of envelopes may lie on disk, waiting or kept. The oldest go first, counted as
 * `SENTRY_DISCARD_CACHE_OVERFLOW`.
 *
 * Arguments: `bytes` in bytes; 0 means no bound; default 0.
 * Null: a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_cache_max_size(sentry_options_t *opts,
                                       size_t bytes);

/**
 * Sets how long envelopes may lie on disk. Older ones go, counted as `SENTRY_DISCARD_CACHE_OVERFLOW`.
 *
 * Arguments: `seconds` in seconds; 0 and less mean for ever; default 0.
 * Null: a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_cache_max_age(sentry_options_t *opts,
                                      time_t seconds);

/**
 * Sets whether envelopes that the network gave up are kept on disk and tried again, also by later runs.
 *
 * Arguments: `enabled` 0 or not; default 0.
 * Null: a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_http_retry(sentry_options_t *opts,
                                   int enabled);

/**
 * Gets whether envelopes that could not be sent are kept on disk and tried again, also by later runs.
 *
 * Null: 0 for a NULL `opts`.
 * Returns: 1 or 0.
 * Since: 0.1
 */
SENTRY_API
int sentry_options_get_http_retry(const sentry_options_t *opts);

/**
 * Sets whether attachments of more than 100 MiB are sent for themselves. Stored; without effect in this version.
 *
 * Arguments: `enable_large_attachments` 0 or not; default 0.
 * Null: a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_enable_large_attachments(sentry_options_t *opts,
                                                 int enable_large_attachments);

/**
 * Gets whether attachments of more than 100 MiB are sent for themselves.
 *
 * Null: 0 for a NULL `opts`.
 * Returns: 1 or 0.
 * Since: 0.1
 */
SENTRY_API int sentry_options_get_enable_large_attachments(const sentry_options_t *opts);

/**
 * Sets the function that decides which share of transactions are sent: before the program that began the trace and
 * `traces_sample_rate`, but not before `sentry_transaction_context_set_sampled`.
 *
 * Arguments: `callback` and the pointer it gets back; `user_data` must stay valid until `sentry_close` has returned.
 * Ownership: `user_data` stays the caller's.
 * Null: a NULL `callback` unsets it; a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_traces_sampler(sentry_options_t *opts,
                                       sentry_traces_sampler_function callback,
                                       void *user_data);

/**
 * Sets the share of transactions that are sent. All transactions of a trace are sent or none.
 *
 * Without it and without a function of `sentry_options_set_traces_sampler` tracing is off: traces go on and are passed on,
 * and leave the decision to others. 0.0 is a decision: what begins here is not sent, and others are told so.
 *
 * Arguments: `sample_rate` 0.0 to 1.0, cut to that range; NaN is 0.0; default `SENTRY_TRACES_SAMPLE_RATE`, else 0.0.
 * Null: a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_traces_sample_rate(sentry_options_t *opts,
                                           double sample_rate);

/**
 * Gets the share of transactions that are sent.
 *
 * Null: 0 for a NULL `opts`.
 * Returns: 0.0 to 1.0.
 * Since: 0.1
 */
SENTRY_API double sentry_options_get_traces_sample_rate(sentry_options_t *opts);

/**
 * Sets how many finished spans a transaction holds. Those that are finished later are counted as `buffer_overflow`.
 *
 * Arguments: `max_spans` in spans; default 1000.
 * Null: a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_max_spans(sentry_options_t *opts,
                                  size_t max_spans);

/**
 * Gets how many finished spans a transaction holds.
 *
 * Null: 0 for a NULL `opts`.
 * Returns: the count.
 * Since: 0.1
 */
SENTRY_API size_t sentry_options_get_max_spans(sentry_options_t *opts);

/**
 * Sets whether `sentry_transaction_iter_headers` and `sentry_span_iter_headers` tell the header `traceparent` as well.
 *
 * Arguments: `propagate_traceparent` 0 or not; default 0.
 * Null: a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_propagate_traceparent(sentry_options_t *opts,
                                              int propagate_traceparent);

/**
 * Gets whether outgoing requests carry the header `traceparent` as well.
 *
 * Null: 0 for a NULL `opts`.
 * Returns: 1 or 0.
 * Since: 0.1
 */
SENTRY_API int sentry_options_get_propagate_traceparent(const sentry_options_t *opts);

/**
 * Sets the organisation of the project, which the trace header of envelopes and `baggage` name.
 *
 * Arguments: `org_id`; default the one in the host of the DSN, over which it wins; empty is as none.
 * Ownership: the text is copied.
 * Null: NULL unsets the option; a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_org_id(sentry_options_t *opts,
                               const char *org_id);

/**
 * Like `sentry_options_set_org_id`, with a length.
 *
 * Arguments: `org_id_len` in bytes, without terminator; with NULL it must be 0.
 * Ownership: the text is copied.
 * Null: NULL unsets the option; a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_org_id_n(sentry_options_t *opts,
                                 const char *org_id,
                                 size_t org_id_len);

/**
 * Sets whether a trace goes on only if both sides name the same organisation. A trace of another organisation never goes on;
 * without this one does if only one side is known.
 *
 * Arguments: `strict_trace_continuation` 0 or not; default 0.
 * Null: a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_strict_trace_continuation(sentry_options_t *opts,
                                                  int strict_trace_continuation);

/**
 * Gets whether a trace goes on only if both sides name the same organisation.
 *
 * Null: 0 for a NULL `opts`.
 * Returns: 1 or 0.
 * Since: 0.1
 */
SENTRY_API int sentry_options_get_strict_trace_continuation(const sentry_options_t *opts);

/**
 * Sets whether logs are sent.
 *
 * Arguments: `enable_logs` 0 or not; default 1.
 * Null: a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
SENTRY_DEPRECATED("keep the default")
void sentry_options_set_enable_logs(sentry_options_t *opts,
                                    int enable_logs);

/**
 * Gets whether logs are sent.
 *
 * Null: 0 for a NULL `opts`.
 * Returns: 1 or 0.
 * Since: 0.1
 */
SENTRY_API
SENTRY_DEPRECATED("keep the default")
int sentry_options_get_enable_logs(const sentry_options_t *opts);

/**
 * Sets whether the first variable argument of a log call is an object of attributes, see `sentry_log_trace`.
 *
 * Arguments: `logs_with_attributes` 0 or not; default 0.
 * Null: a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_logs_with_attributes(sentry_options_t *opts,
                                             int logs_with_attributes);

/**
 * Gets whether the first variable argument of a log call is an object of attributes.
 *
 * Null: 0 for a NULL `opts`.
 * Returns: 1 or 0.
 * Since: 0.1
 */
SENTRY_API int sentry_options_get_logs_with_attributes(const sentry_options_t *opts);

/**
 * Sets whether each line of `sentry_log_message`, and so of the adapters for syslog, GLib, spdlog and Qt, is sent as a log
 * besides what `event_level` and `breadcrumb_level` make of it.
 *
 * Arguments: `send_log_messages` 0 or not; default 0.
 * Null: a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_send_log_messages(sentry_options_t *opts,
                                          int send_log_messages);

/**
 * Gets whether each line of `sentry_log_message` is sent as a log.
 *
 * Null: 0 for a NULL `opts`.
 * Returns: 1 or 0.
 * Since: 0.1
 */
SENTRY_API int sentry_options_get_send_log_messages(const sentry_options_t *opts);

/**
 * Sets whether metrics are sent.
 *
 * Arguments: `enable_metrics` 0 or not; default 1.
 * Null: a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
SENTRY_DEPRECATED("keep the default")
void sentry_options_set_enable_metrics(sentry_options_t *opts,
                                       int enable_metrics);

/**
 * Gets whether metrics are sent.
 *
 * Null: 0 for a NULL `opts`.
 * Returns: 1 or 0.
 * Since: 0.1
 */
SENTRY_API
SENTRY_DEPRECATED("keep the default")
int sentry_options_get_enable_metrics(const sentry_options_t *opts);

/**
 * Makes options from one JSON object, with the environment and the defaults for what it does not name.
 *
 * Arguments: `json` in UTF-8, at most 1 MiB; its keys are the names of the functions `sentry_options_set_…`, such as
 * `{"dsn": "https://…", "queue_max_items": 100}`. Enums and levels are written as names, such as `"drop_oldest"`,
 * `"gzip"`, `"warning"`; null unsets a text.
 * Ownership: the text is only read; the options are the caller's, as those of `sentry_options_new`.
 * Null: NULL is refused.
 * Returns: the options; NULL when refused, then `sentry_last_error_message()` names the key and what is allowed.
 * Since: 0.1
 */
SENTRY_API
sentry_options_t *sentry_options_new_from_json(const char *json);

/**
 * Like `sentry_options_new_from_json`, with a length.
 *
 * Arguments: `json_len` in bytes, without terminator.
 * Ownership: the text is only read; the options are the caller's, as those of `sentry_options_new`.
 * Null: NULL is refused.
 * Returns: the options; NULL when refused, then `sentry_last_error_message()` names the key and what is allowed.
 * Since: 0.1
 */
SENTRY_API
sentry_options_t *sentry_options_new_from_json_n(const char *json,
                                                 size_t json_len);

/**
 * Sets the most envelopes the queue holds.
 *
 * Arguments: `items` 1 to 10,000,000 envelopes, or -1 for no bound but `queue_max_bytes`; default 1000.
 * Null: a NULL `opts` is refused.
 * Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
 * `sentry_last_error_message()` says what is allowed.
 * Since: 0.1
 */
SENTRY_API
enum sentry_status_t sentry_options_set_queue_max_items(sentry_options_t *opts,
                                                        int64_t items);

/**
 * Gets the most envelopes the queue holds.
 *
 * Null: 0 for a NULL `opts`.
 * Returns: the count, -1 for no bound.
 * Since: 0.1
 */
SENTRY_API int64_t sentry_options_get_queue_max_items(const sentry_options_t *opts);

/**
 * Sets the most bytes the queue holds, counting all that its envelopes own.
 *
 * Arguments: `bytes` 65,536 to 1,099,511,627,775; default 16,777,216.
 * Null: a NULL `opts` is refused.
 * Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
 * `sentry_last_error_message()` says what is allowed.
 * Since: 0.1
 */
SENTRY_API
enum sentry_status_t sentry_options_set_queue_max_bytes(sentry_options_t *opts,
                                                        uint64_t bytes);

/**
 * Gets the most bytes the queue holds.
 *
 * Null: 0 for a NULL `opts`.
 * Returns: bytes.
 * Since: 0.1
 */
SENTRY_API uint64_t sentry_options_get_queue_max_bytes(const sentry_options_t *opts);

/**
 * Sets which envelope goes when the queue is full.
 *
 * Arguments: `overflow`; default `SENTRY_QUEUE_OVERFLOW_DROP_NEWEST`.
 * Null: a NULL `opts` is refused.
 * Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
 * `sentry_last_error_message()` says what is allowed.
 * Since: 0.1
 */
SENTRY_API
enum sentry_status_t sentry_options_set_queue_overflow(sentry_options_t *opts,
                                                       sentry_queue_overflow_t overflow);

/**
 * Gets which envelope goes when the queue is full.
 *
 * Null: `SENTRY_QUEUE_OVERFLOW_DROP_NEWEST` for a NULL `opts`.
 * Returns: the way set.
 * Since: 0.1
 */
SENTRY_API
enum sentry_queue_overflow_t sentry_options_get_queue_overflow(const sentry_options_t *opts);

/**
 * Sets the longest a capture may wait for room in the queue.
 *
 * Arguments: `timeout_ms` 0 to 60,000 milliseconds; default 0, which never waits.
 * Null: a NULL `opts` is refused.
 * Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
 * `sentry_last_error_message()` says what is allowed.
 * Since: 0.1
 */
SENTRY_API
enum sentry_status_t sentry_options_set_queue_block_timeout_ms(sentry_options_t *opts,
                                                               uint64_t timeout_ms);

/**
 * Gets the longest a capture may wait for room.
 *
 * Null: 0 for a NULL `opts`.
 * Returns: milliseconds.
 * Since: 0.1
 */
SENTRY_API uint64_t sentry_options_get_queue_block_timeout_ms(const sentry_options_t *opts);

/**
 * Sets whether accepted envelopes survive the death of the process, for instance by SIGKILL. The next start with the same
 * database directory takes them over; one that was being sent may arrive twice, with the same event id.
 *
 * Each accepted envelope is also written to a file of the run, as large as `queue_max_bytes` and 2 % more, made by
 * `sentry_init`; that costs a capture three system calls, none of which waits for the disk by itself. Without a usable database directory it has no effect, and the
 * diagnostics say so. A power failure may cost what the kernel had not written yet. Logs and metrics are not covered while
 * they wait for others to share an envelope with, at most five seconds; the next start counts them.
 *
 * Arguments: `durable` 0 or not; default 0.
 * Null: a NULL `opts` is refused.
 * Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
 * `sentry_last_error_message()` says what is allowed.
 * Since: 0.1
 */
SENTRY_API
enum sentry_status_t sentry_options_set_queue_durable(sentry_options_t *opts,
                                                      int durable);

/**
 * Gets whether accepted envelopes survive the death of the process.
 *
 * Null: 0 for a NULL `opts`.
 * Returns: 1 or 0.
 * Since: 0.1
 */
SENTRY_API int sentry_options_get_queue_durable(const sentry_options_t *opts);

/**
 * Sets whether the library does without a thread of its own. Then nothing is sent until the program calls `sentry_poll`,
 * `sentry_flush` or `sentry_close`, and it is sent by the calling thread. For event loops, servers that fork, and devices
 * without threads. libcurl may still start a thread to look a name up. Before libcurl 7.87 a lookup that hangs is waited
 * for when its request ends: then `sentry_poll`, `sentry_flush` and `sentry_close` take as long as the system's resolver.
 *
 * Arguments: `threadless` 0 or not; default 0.
 * Null: a NULL `opts` is refused.
 * Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
 * `sentry_last_error_message()` says what is allowed.
 * Since: 0.1
 */
SENTRY_API
enum sentry_status_t sentry_options_set_threadless(sentry_options_t *opts,
                                                   int threadless);

/**
 * Gets whether the library does without a thread of its own.
 *
 * Null: 0 for a NULL `opts`.
 * Returns: 1 or 0.
 * Since: 0.1
 */
SENTRY_API int sentry_options_get_threadless(const sentry_options_t *opts);

/**
 * Sets how long an accepted envelope in a durable queue may wait to be brought to the disk, where it survives a power
 * failure as well. The library's own thread does it, and only when something was accepted since.
 *
 * Arguments: `interval_ms` 0 to 3,600,000 milliseconds; default 0, which leaves it to the kernel (usually half a minute).
 * Null: a NULL `opts` is refused.
 * Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
 * `sentry_last_error_message()` says what is allowed.
 * Since: 0.1
 */
SENTRY_API
enum sentry_status_t sentry_options_set_queue_sync_ms(sentry_options_t *opts,
                                                      uint64_t interval_ms);

/**
 * Gets how long an accepted envelope in a durable queue may wait to be brought to the disk.
 *
 * Null: 0 for a NULL `opts`.
 * Returns: milliseconds; 0 leaves it to the kernel.
 * Since: 0.1
 */
SENTRY_API uint64_t sentry_options_get_queue_sync_ms(const sentry_options_t *opts);

/**
 * Sets how long repeats of an error are counted rather than sent.
 *
 * The first of equal events is sent; others within the window are refused with `SENTRY_STATUS_IGNORED` and counted as
 * `duplicate`. At the end of a window in which others came the first goes once more, under an id of its own and with the
 * context `duplicates`: how many they were, and when they were first and last seen. Equal are events of one fingerprint; without
 * one, of the same logger, types of exceptions, innermost five frames and message, by its template if it has one. The 32
 * failures that were reported last are known, each for a window.
 *
 * Arguments: `window_ms` 0 to 86,400,000 milliseconds; default 0, which sends them all.
 * Null: a NULL `opts` is refused.
 * Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
 * `sentry_last_error_message()` says what is allowed.
 * Since: 0.1
 */
SENTRY_API
enum sentry_status_t sentry_options_set_dedupe_window_ms(sentry_options_t *opts,
                                                         uint64_t window_ms);

/**
 * Gets how long repeats of an error are counted rather than sent.
 *
 * Null: 0 for a NULL `opts`.
 * Returns: milliseconds; 0 when they are all sent.
 * Since: 0.1
 */
SENTRY_API uint64_t sentry_options_get_dedupe_window_ms(const sentry_options_t *opts);

/**
 * Sets the most requests that run at a time.
 *
 * Arguments: `requests` 1 to 32; default 1.
 * Null: a NULL `opts` is refused.
 * Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
 * `sentry_last_error_message()` says what is allowed.
 * Since: 0.1
 */
SENTRY_API
enum sentry_status_t sentry_options_set_max_requests_in_flight(sentry_options_t *opts,
                                                               int32_t requests);

/**
 * Gets the most requests that run at a time.
 *
 * Null: 0 for a NULL `opts`.
 * Returns: the count.
 * Since: 0.1
 */
SENTRY_API int32_t sentry_options_get_max_requests_in_flight(const sentry_options_t *opts);

/**
 * Sets how request bodies are compressed.
 *
 * Arguments: `compression`; default `SENTRY_COMPRESSION_GZIP`. A build without gzip has and accepts
 * `SENTRY_COMPRESSION_NONE` only.
 * Null: a NULL `opts` is refused.
 * Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
 * `sentry_last_error_message()` says what is allowed.
 * Since: 0.1
 */
SENTRY_API
enum sentry_status_t sentry_options_set_compression(sentry_options_t *opts,
                                                    sentry_compression_t compression);

/**
 * Gets how request bodies are compressed.
 *
 * Null: `SENTRY_COMPRESSION_NONE` for a NULL `opts`.
 * Returns: the way set.
 * Since: 0.1
 */
SENTRY_API enum sentry_compression_t sentry_options_get_compression(const sentry_options_t *opts);

/**
 * Sets the longest that finding, reaching and greeting the server may take: DNS, TCP and TLS.
 *
 * Arguments: `timeout_ms` 1 to 600,000 milliseconds; default 15,000.
 * Null: a NULL `opts` is refused.
 * Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
 * `sentry_last_error_message()` says what is allowed.
 * Since: 0.1
 */
SENTRY_API
enum sentry_status_t sentry_options_set_connect_timeout_ms(sentry_options_t *opts,
                                                           uint64_t timeout_ms);

/**
 * Gets the longest that finding, reaching and greeting the server may take: DNS, TCP and TLS.
 *
 * Null: 0 for a NULL `opts`.
 * Returns: milliseconds.
 * Since: 0.1
 */
SENTRY_API uint64_t sentry_options_get_connect_timeout_ms(const sentry_options_t *opts);

/**
 * Sets the longest silence of the server once connected.
 *
 * Arguments: `timeout_ms` 1 to 600,000 milliseconds; default 15,000.
 * Null: a NULL `opts` is refused.
 * Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
 * `sentry_last_error_message()` says what is allowed.
 * Since: 0.1
 */
SENTRY_API
enum sentry_status_t sentry_options_set_read_timeout_ms(sentry_options_t *opts,
                                                        uint64_t timeout_ms);

/**
 * Gets the longest silence of the server once connected.
 *
 * Null: 0 for a NULL `opts`.
 * Returns: milliseconds.
 * Since: 0.1
 */
SENTRY_API uint64_t sentry_options_get_read_timeout_ms(const sentry_options_t *opts);

/**
 * Sets how often a request is tried again, all causes together.
 *
 * Arguments: `attempts` after the first, 0 to 1000; default 3. A number that was set, be it 3, holds for every envelope; the
 * default holds while the server answers others, and attempts while it answers nothing do not count.
 * Null: a NULL `opts` is refused.
 * Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
 * `sentry_last_error_message()` says what is allowed.
 * Since: 0.1
 */
SENTRY_API
enum sentry_status_t sentry_options_set_retries(sentry_options_t *opts,
                                                int32_t attempts);

/**
 * Gets how often a request is tried again.
 *
 * Null: 0 for a NULL `opts`.
 * Returns: attempts after the first.
 * Since: 0.1
 */
SENTRY_API int32_t sentry_options_get_retries(const sentry_options_t *opts);

/**
 * Sets how often a request is tried again after a failed connect.
 *
 * Arguments: `attempts` 0 to 1000, or -1 when only `retries` counts; default -1.
 * Null: a NULL `opts` is refused.
 * Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
 * `sentry_last_error_message()` says what is allowed.
 * Since: 0.1
 */
SENTRY_API
enum sentry_status_t sentry_options_set_retries_connect(sentry_options_t *opts,
                                                        int32_t attempts);

/**
 * Gets how often a request is tried again after a failed connect.
 *
 * Null: 0 for a NULL `opts`.
 * Returns: attempts, -1 when only `retries` counts.
 * Since: 0.1
 */
SENTRY_API int32_t sentry_options_get_retries_connect(const sentry_options_t *opts);

/**
 * Sets how often a request is tried again after a connection that broke or fell silent.
 *
 * Arguments: `attempts` 0 to 1000, or -1 when only `retries` counts; default -1.
 * Null: a NULL `opts` is refused.
 * Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
 * `sentry_last_error_message()` says what is allowed.
 * Since: 0.1
 */
SENTRY_API
enum sentry_status_t sentry_options_set_retries_read(sentry_options_t *opts,
                                                     int32_t attempts);

/**
 * Gets how often a request is tried again after a connection that broke or fell silent.
 *
 * Null: 0 for a NULL `opts`.
 * Returns: attempts, -1 when only `retries` counts.
 * Since: 0.1
 */
SENTRY_API int32_t sentry_options_get_retries_read(const sentry_options_t *opts);

/**
 * Sets how often a request is tried again after an HTTP status that may pass.
 *
 * Arguments: `attempts` 0 to 1000, or -1 when only `retries` counts; default 0.
 * Null: a NULL `opts` is refused.
 * Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
 * `sentry_last_error_message()` says what is allowed.
 * Since: 0.1
 */
SENTRY_API
enum sentry_status_t sentry_options_set_retries_status(sentry_options_t *opts,
                                                       int32_t attempts);

/**
 * Gets how often a request is tried again after an HTTP status that may pass.
 *
 * Null: 0 for a NULL `opts`.
 * Returns: attempts, -1 when only `retries` counts.
 * Since: 0.1
 */
SENTRY_API int32_t sentry_options_get_retries_status(const sentry_options_t *opts);

/**
 * Sets how many redirects of a request are followed.
 *
 * Arguments: `attempts` 0 to 1000 redirects, or -1 when only `retries` counts; default 0.
 * Null: a NULL `opts` is refused.
 * Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
 * `sentry_last_error_message()` says what is allowed.
 * Since: 0.1
 */
SENTRY_API
enum sentry_status_t sentry_options_set_retries_redirect(sentry_options_t *opts,
                                                         int32_t attempts);

/**
 * Gets how many redirects of a request are followed.
 *
 * Null: 0 for a NULL `opts`.
 * Returns: attempts, -1 when only `retries` counts.
 * Since: 0.1
 */
SENTRY_API int32_t sentry_options_get_retries_redirect(const sentry_options_t *opts);

/**
 * Sets the base of the delay between attempts, which grows from one to the next and is spread at random.
 *
 * Arguments: `backoff_ms` 1 to 3,600,000 milliseconds; default 1000.
 * Null: a NULL `opts` is refused.
 * Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
 * `sentry_last_error_message()` says what is allowed.
 * Since: 0.1
 */
SENTRY_API
enum sentry_status_t sentry_options_set_retry_backoff_ms(sentry_options_t *opts,
                                                         uint64_t backoff_ms);

/**
 * Gets the base of the delay between attempts.
 *
 * Null: 0 for a NULL `opts`.
 * Returns: milliseconds.
 * Since: 0.1
 */
SENTRY_API uint64_t sentry_options_get_retry_backoff_ms(const sentry_options_t *opts);

/**
 * Sets the longest delay between attempts, also when the server asks for more.
 *
 * Arguments: `backoff_ms` 1 to 86,400,000 milliseconds, at init not below `retry_backoff_ms`; default 60,000.
 * Null: a NULL `opts` is refused.
 * Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
 * `sentry_last_error_message()` says what is allowed.
 * Since: 0.1
 */
SENTRY_API
enum sentry_status_t sentry_options_set_retry_backoff_max_ms(sentry_options_t *opts,
                                                             uint64_t backoff_ms);

/**
 * Gets the longest delay between attempts.
 *
 * Null: 0 for a NULL `opts`.
 * Returns: milliseconds.
 * Since: 0.1
 */
SENTRY_API uint64_t sentry_options_get_retry_backoff_max_ms(const sentry_options_t *opts);

/**
 * Sets the function that takes diagnostics, in place of stderr.
 *
 * Arguments: `func` and the pointer it gets back; `userdata` must stay valid until `sentry_close` has returned, and if a
 * call was running then, until that call has returned. No call begins after `sentry_close`: there is nothing to say.
 * Ownership: `userdata` stays the caller's.
 * Null: a NULL `func` silences diagnostics; a NULL `opts` is ignored.
 * Threads: as all options, one at a time for each handle.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_logger(sentry_options_t *opts,
                               sentry_logger_function_t func,
                               void *userdata);

/** @} */

/* =============================================================================================== */

/**
 * @defgroup capture 3. Capture
 *
 * Events, messages and feedback on their way to the server. A capture does no network I/O: the event is queued, and a thread of
 * the library sends it. Events are JSON text or values; feedback is what a user wrote; check-ins are signs of life of
 * scheduled jobs.
 *
 * @{
 */

/**
 * How a scheduled job goes, or went.
 */
typedef enum sentry_check_in_status_t {
    /**
     * It has begun.
     */
    SENTRY_CHECK_IN_IN_PROGRESS = 0,
    /**
     * It succeeded.
     */
    SENTRY_CHECK_IN_OK = 1,
    /**
     * It failed.
     */
    SENTRY_CHECK_IN_ERROR = 2,
} sentry_check_in_status_t;

/**
 * What `sentry_hint_t` names.
 */
typedef struct sentry_hint_s sentry_hint_s;

/**
 * What `sentry_scope_t` names.
 */
typedef struct sentry_scope_s sentry_scope_s;

/**
 * Data for some events: what an event does not have comes from here, and what is missing here from the process.
 *
 * Made by `sentry_scope_new` (used as often as the host likes, ended by `sentry_scope_free`) or by
 * `sentry_local_scope_new` (ended by the capture it is given to). Filled by the functions `sentry_scope_set_…`.
 * Threads: any, several at once; the one that ends it must be the last.
 */
typedef struct sentry_scope_s sentry_scope_t;

/**
 * What `sentry_uuid_t` names.
 */
typedef struct sentry_uuid_s {
    /**
     * The bytes.
     */
    char bytes[16];
} sentry_uuid_s;

/**
 * A UUID: 16 bytes, most significant first. All zero is the nil id, which stands for "none".
 */
typedef struct sentry_uuid_s sentry_uuid_t;

/**
 * What goes along with one feedback.
 *
 * Made by `sentry_hint_new`, filled by `sentry_hint_attach_…`, ended by the capture it is given to. There is no other
 * way to end it: one that is made must be given away. `before_send_feedback` may attach to the hint it is shown, which
 * stays the library's.
 * Threads: any, several at once, until it is given away.
 */
typedef struct sentry_hint_s sentry_hint_t;

/**
 * Captures one event given as JSON text, and answers at once what became of it.
 *
 * The text is the documented event payload: one object, all members optional, `message` may be a text, an object or
 * `logentry`. What is missing is filled in (id, time, level, release, environment, contexts); tags and breadcrumbs of
 * the scope are added; what is too long is shortened. Invalid UTF-8 becomes U+FFFD. A member that cannot be what its key
 * says is left out and the rest goes: `sentry_last_error_message` names it.
 *
 * Arguments: `event_json`, terminated, at most 8 MiB.
 * Ownership: the text is copied.
 * Null: `event_json` is refused; `event_id` may be NULL.
 * Threads: any, several at once; not from a signal handler.
 * Blocks: never, unless `queue_block_timeout_ms` is set.
 * Returns: `SENTRY_STATUS_OK` when queued, and the id in `event_id`; otherwise why not, and `event_id` is not
 * written. Each refusal is counted, see `sentry_get_stats`, but those of arguments that are no text, for want of memory to
 * copy it, before init, and without DSN.
 * Since: 0.1
 */
SENTRY_API
enum sentry_status_t sentry_capture(const char *event_json,
                                    sentry_uuid_t *event_id);

/**
 * `sentry_capture` with a length.
 *
 * Arguments: `event_json_len` in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API
enum sentry_status_t sentry_capture_n(const char *event_json,
                                      size_t event_json_len,
                                      sentry_uuid_t *event_id);

/**
 * Captures a message.
 *
 * Arguments: `level`; `logger`, the name of the part that speaks; `text`, shortened to 8192 characters.
 * Ownership: both texts are copied.
 * Null: `logger` and `event_id` may be NULL; `text` is refused.
 * Threads: any, several at once; not from a signal handler.
 * Blocks: never, unless `queue_block_timeout_ms` is set.
 * Returns: as `sentry_capture`; `SENTRY_STATUS_INVALID_ARGUMENT` for an unknown level.
 * Since: 0.1
 */
SENTRY_API
enum sentry_status_t sentry_capture_message(sentry_level_t level,
                                            const char *logger,
                                            const char *text,
                                            sentry_uuid_t *event_id);

/**
 * `sentry_capture_message` with lengths.
 *
 * Arguments: lengths in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API
enum sentry_status_t sentry_capture_message_n(sentry_level_t level,
                                              const char *logger,
                                              size_t logger_len,
                                              const char *text,
                                              size_t text_len,
                                              sentry_uuid_t *event_id);

/**
 * Takes a message from the host's logger.
 *
 * It becomes an event at or above `event_level` (default error), and a breadcrumb at or above `breadcrumb_level`
 * (default info). With `send_log_messages` it is sent as a log besides. This is what logging adapters call.
 *
 * Arguments: as `sentry_capture_message`.
 * Null: `logger` may be NULL; `text` is refused.
 * Threads: any, several at once. What comes from the library's own thread, from inside the function of
 * `sentry_options_set_logger`, or contains the `libsentry: ` of its lines, is refused, so that the library cannot report
 * its own reporting.
 * Blocks: never, unless `queue_block_timeout_ms` is set.
 * Returns: `SENTRY_STATUS_OK`, also when both thresholds are above `level`; otherwise why no event was taken. The
 * breadcrumb is kept all the same, except when the arguments are refused, without a usable DSN, and what is the library's
 * own.
 * Since: 0.1
 */
SENTRY_API
enum sentry_status_t sentry_log_message(sentry_level_t level,
                                        const char *logger,
                                        const char *text);

/**
 * `sentry_log_message` with lengths.
 *
 * Arguments: lengths in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API
enum sentry_status_t sentry_log_message_n(sentry_level_t level,
                                          const char *logger,
                                          size_t logger_len,
                                          const char *text,
                                          size_t text_len);

/**
 * Captures an event.
 *
 * What is missing is filled in, tags, contexts, user and breadcrumbs of the scope are added, as by `sentry_capture`.
 *
 * Arguments: `event`, an object, see `sentry_value_new_event`.
 * Ownership: takes `event`; one whose `type` is `transaction` stays the caller's.
 * Threads: any, several at once; not from a signal handler.
 * Blocks: never, unless `queue_block_timeout_ms` is set.
 * Returns: the id of the event, also when nothing is sent for want of consent or of a usable DSN; the nil id when it was
 * not accepted for another reason, and `sentry_last_error_message` says why.
 * Since: 0.1
 */
SENTRY_API
sentry_uuid_t sentry_capture_event(sentry_value_t event);

/**
 * Captures an event with a scope: what it lacks comes from `scope`, and what is missing there from the process.
 *
 * Ownership: takes `event`, and ends a scope of `sentry_local_scope_new`, whatever the answer. An event whose `type` is
 * `transaction` stays the caller's, and so does the scope.
 * Null: a NULL `scope` is as `sentry_capture_event`.
 * Threads: any, several at once.
 * Blocks: never, unless `queue_block_timeout_ms` is set.
 * Returns: as `sentry_capture_event`.
 * Since: 0.1
 */
SENTRY_API
sentry_uuid_t sentry_scope_capture_event(sentry_scope_t *scope,
                                         sentry_value_t event);

/**
 * `sentry_scope_capture_event` with its arguments the other way round. Deprecated.
 *
 * Since: 0.1
 */
SENTRY_API
SENTRY_DEPRECATED("use sentry_scope_capture_event")
sentry_uuid_t sentry_capture_event_with_scope(sentry_value_t event,
                                              sentry_scope_t *scope);

/**
 * Gets the id of the event that was accepted last without a scope of its own; for one with, see
 * `sentry_scope_get_last_event_id`.
 *
 * Threads: any.
 * Returns: the nil id before the first event and when not initialised.
 * Since: 0.1
 */
SENTRY_API sentry_uuid_t sentry_get_last_event_id(void);

/**
 * Makes feedback.
 *
 * Arguments: `message`, which must not be empty when it is captured, at most 4096 characters (what is longer is cut
 * then); `contact_email` and `name` of the user; `associated_event_id`, the event that the user writes about.
 * Ownership: everything is copied; one reference, the caller's.
 * Null: what is NULL is left out.
 * Threads: any.
 * Since: 0.1
 */
SENTRY_API
sentry_value_t sentry_value_new_feedback(const char *message,
                                         const char *contact_email,
                                         const char *name,
                                         const sentry_uuid_t *associated_event_id);

/**
 * `sentry_value_new_feedback` with lengths.
 *
 * Arguments: lengths in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API
sentry_value_t sentry_value_new_feedback_n(const char *message,
                                           size_t message_len,
                                           const char *contact_email,
                                           size_t contact_email_len,
                                           const char *name,
                                           size_t name_len,
                                           const sentry_uuid_t *associated_event_id);

/**
 * Captures feedback: what a user wrote, with the data and attachments of the scope, and without breadcrumbs.
 *
 * `before_send_feedback` sees it; it is never sampled out.
 *
 * Arguments: `user_feedback`, see `sentry_value_new_feedback`.
 * Ownership: takes `user_feedback`.
 * Threads: any, several at once; not from a signal handler.
 * Blocks: never, unless `queue_block_timeout_ms` is set, or files are attached, which are read.
 * Since: 0.1
 */
SENTRY_API
void sentry_capture_feedback(sentry_value_t user_feedback);

/**
 * `sentry_capture_feedback` with what is attached to `hint`.
 *
 * Ownership: takes `user_feedback` and `hint`, whatever happens.
 * Null: a NULL `hint` is as an empty one.
 * Threads: any, several at once.
 * Blocks: as `sentry_capture_feedback`.
 * Since: 0.1
 */
SENTRY_API
void sentry_capture_feedback_with_hint(sentry_value_t user_feedback,
                                       sentry_hint_t *hint);

/**
 * Captures feedback with a scope and a hint: the attachments of the hint come first, then those of the scope, then
 * those of the process.
 *
 * Ownership: takes `user_feedback` and `hint`, and ends a scope of `sentry_local_scope_new`, whatever the answer.
 * Null: a NULL `scope` or `hint` is as an empty one.
 * Threads: any, several at once.
 * Blocks: as `sentry_capture_feedback`.
 * Returns: the id of the feedback, also when nothing is sent for want of consent or of a usable DSN; the nil id when it
 * was not accepted for another reason, and `sentry_last_error_message` says why.
 * Since: 0.1
 */
SENTRY_API
sentry_uuid_t sentry_scope_capture_feedback(sentry_scope_t *scope,
                                            sentry_value_t user_feedback,
                                            sentry_hint_t *hint);

/**
 * Makes a user report, the older form of feedback. Deprecated: see `sentry_value_new_feedback`.
 *
 * Arguments: `uuid` of the event that the user writes about; `name` and `email` of the user; `comments`.
 * Ownership: everything is copied; one reference, the caller's.
 * Null: without `uuid` null; what else is NULL is left out.
 * Threads: any.
 * Since: 0.1
 */
SENTRY_API
SENTRY_DEPRECATED("use sentry_value_new_feedback")
sentry_value_t sentry_value_new_user_feedback(const sentry_uuid_t *uuid,
                                              const char *name,
                                              const char *email,
                                              const char *comments);

/**
 * `sentry_value_new_user_feedback` with lengths. Deprecated.
 *
 * Arguments: lengths in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API
SENTRY_DEPRECATED("use sentry_value_new_feedback")
sentry_value_t sentry_value_new_user_feedback_n(const sentry_uuid_t *uuid,
                                                const char *name,
                                                size_t name_len,
                                                const char *email,
                                                size_t email_len,
                                                const char *comments,
                                                size_t comments_len);

/**
 * Captures a user report, the older form of feedback. Deprecated: see `sentry_capture_feedback`.
 *
 * It goes out as it is: no scope, no attachments, no hook.
 *
 * Arguments: `user_report`, see `sentry_value_new_user_feedback`; an `event_id` that is none is replaced.
 * Ownership: takes `user_report`.
 * Threads: any, several at once.
 * Blocks: never, unless `queue_block_timeout_ms` is set.
 * Since: 0.1
 */
SENTRY_API
SENTRY_DEPRECATED("use sentry_capture_feedback")
void sentry_capture_user_feedback(sentry_value_t user_report);

/**
 * Captures a check-in: tells the server that a scheduled job has begun, or how it ended.
 *
 * A job that tells both uses one id: set `check_in_id` to nil before the first call, and give it to the second as it is.
 * The server raises an issue when a job fails, takes too long, or does not come. Check-ins are not sampled and not shown to
 * a hook; release, environment and trace are added.
 *
 * Arguments: `monitor_slug`, the name of the job's monitor: 1 to 50 letters, digits, hyphens and underscores, not only
 * digits; `status`; `duration` in seconds, negative if it is not known; `monitor_config`, a JSON object with which the server
 * makes the monitor or changes it, for instance
 * `{"schedule":{"type":"crontab","value":"0 3 * * *"},"checkin_margin":5,"max_runtime":30,"timezone":"Europe/Berlin"}` or
 * `{"schedule":{"type":"interval","value":10,"unit":"minute"}}`; minutes for margin and runtime. What of it no server takes
 * is left out, and `sentry_last_error_message` says so. `check_in_id`, nil for a new one, which is written there.
 * Ownership: everything is copied.
 * Null: `monitor_slug` is refused; `monitor_config` and `check_in_id` may be NULL.
 * Threads: any, several at once; not from a signal handler.
 * Blocks: never, unless `queue_block_timeout_ms` is set.
 * Returns: as `sentry_capture`; `SENTRY_STATUS_INVALID_ARGUMENT` for a name that is none, an unknown status and a duration that
 * is not finite.
 * Since: 0.1
 */
SENTRY_API
enum sentry_status_t sentry_capture_check_in(const char *monitor_slug,
                                             sentry_check_in_status_t status,
                                             double duration,
                                             const char *monitor_config,
                                             sentry_uuid_t *check_in_id);

/**
 * Returns the nil id.
 *
 * Threads: any.
 * Since: 0.1
 */
SENTRY_API sentry_uuid_t sentry_uuid_nil(void);

/**
 * Makes a random id (version 4).
 *
 * Threads: any.
 * Since: 0.1
 */
SENTRY_API sentry_uuid_t sentry_uuid_new_v4(void);

/**
 * Reads an id from text: 32 hex digits, with or without hyphens.
 *
 * A short text fills the leading bytes; what follows the sixteenth byte is ignored.
 *
 * Null: the nil id.
 * Threads: any.
 * Returns: the nil id if another character is found.
 * Since: 0.1
 */
SENTRY_API sentry_uuid_t sentry_uuid_from_string(const char *str);

/**
 * `sentry_uuid_from_string` with a length.
 *
 * Arguments: `str_len` in bytes.
 * Null: the nil id.
 * Threads: any.
 * Since: 0.1
 */
SENTRY_API sentry_uuid_t sentry_uuid_from_string_n(const char *str, size_t str_len);

/**
 * Makes an id from its bytes.
 *
 * Arguments: `bytes`, 16 of them.
 * Null: the nil id.
 * Threads: any.
 * Since: 0.1
 */
SENTRY_API sentry_uuid_t sentry_uuid_from_bytes(const char *bytes);

/**
 * Tells if an id is the nil id.
 *
 * Null: counts as nil.
 * Threads: any.
 * Returns: 1 or 0.
 * Since: 0.1
 */
SENTRY_API int32_t sentry_uuid_is_nil(const sentry_uuid_t *uuid);

/**
 * Copies the bytes of an id.
 *
 * Arguments: `bytes`, room for 16.
 * Null: either pointer: does nothing.
 * Threads: any.
 * Since: 0.1
 */
SENTRY_API void sentry_uuid_as_bytes(const sentry_uuid_t *uuid, char *bytes);

/**
 * Writes an id as text: 36 lower-case characters with hyphens, and a terminator.
 *
 * Arguments: `str`, room for 37 bytes.
 * Null: either pointer: does nothing.
 * Threads: any.
 * Since: 0.1
 */
SENTRY_API void sentry_uuid_as_string(const sentry_uuid_t *uuid, char *str);

/** @} */

/* =============================================================================================== */

/**
 * @defgroup scope 4. Scope
 *
 * What is added to every event. There is one scope for the process; scopes of your own stand between it and single events.
 *
 * @{
 */

/**
 * Sets a tag on all later events.
 *
 * Arguments: `key`, at most 200 characters of `A-Z a-z 0-9 _ . : -` (others become `_`); `value`, at most 200
 * characters. Longer ones are cut when an event is made. The keys `release`, `dist`, `environment`, `user`, `filename`
 * and `function` belong to the server: it drops tags with these names, so choose others.
 * Ownership: both are copied.
 * Null: a NULL `key` is ignored; a NULL `value` removes the tag.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API
void sentry_set_tag(const char *key,
                    const char *value);

/**
 * `sentry_set_tag` with lengths.
 *
 * Arguments: lengths in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API
void sentry_set_tag_n(const char *key,
                      size_t key_len,
                      const char *value,
                      size_t value_len);

/**
 * Removes a tag.
 *
 * Null: ignored.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API void sentry_remove_tag(const char *key);

/**
 * `sentry_remove_tag` with a length.
 *
 * Arguments: `key_len` in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API void sentry_remove_tag_n(const char *key, size_t key_len);

/**
 * Sets the user of all later events.
 *
 * Arguments: `user`, an object, see `sentry_value_new_user`; null removes the user, anything else is ignored.
 * Ownership: takes `user`.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API
void sentry_set_user(sentry_value_t user);

/**
 * Removes the user.
 *
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API void sentry_remove_user(void);

/**
 * Sets the level of later events that have none.
 *
 * Arguments: `level`; unknown numbers are ignored. Default: error.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API void sentry_set_level(sentry_level_t level);

/**
 * Sets the name of what is going on, for later events that name none.
 *
 * Ownership: the text is copied.
 * Null: NULL removes it.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API void sentry_set_transaction(const char *transaction);

/**
 * `sentry_set_transaction` with a length.
 *
 * Arguments: `transaction_len` in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API void sentry_set_transaction_n(const char *transaction, size_t transaction_len);

/**
 * Sets the release of later events, as far as servers take it; see `sentry_options_set_release`.
 *
 * One that they refuse changes nothing; `sentry_last_error_message` then says so, and so do the diagnostics.
 *
 * Ownership: the text is copied.
 * Null: NULL removes it.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API
void sentry_set_release(const char *release);

/**
 * `sentry_set_release` with a length.
 *
 * Arguments: `release_len` in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API void sentry_set_release_n(const char *release, size_t release_len);

/**
 * Sets the environment of later events, as far as servers take it; see `sentry_options_set_environment`.
 *
 * One that they refuse changes nothing; `sentry_last_error_message` then says so, and so do the diagnostics.
 *
 * Ownership: the text is copied.
 * Null: NULL removes it.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API
void sentry_set_environment(const char *environment);

/**
 * `sentry_set_environment` with a length.
 *
 * Arguments: `environment_len` in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API void sentry_set_environment_n(const char *environment, size_t environment_len);

/**
 * Sets several tags on all later events.
 *
 * Arguments: `tags`, an object; members that are no text are ignored.
 * Ownership: takes `tags`.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API void sentry_set_tags(sentry_value_t tags);

/**
 * Sets one extra value, any data, on all later events.
 *
 * Ownership: the key is copied; takes `value`.
 * Null: a NULL key is ignored.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API void sentry_set_extra(const char *key, sentry_value_t value);

/**
 * `sentry_set_extra` with a length.
 *
 * Arguments: `key_len` in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API void sentry_set_extra_n(const char *key, size_t key_len, sentry_value_t value);

/**
 * Removes what `sentry_set_extra` set.
 *
 * Null: ignored.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API void sentry_remove_extra(const char *key);

/**
 * `sentry_remove_extra` with a length.
 *
 * Arguments: `key_len` in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API void sentry_remove_extra_n(const char *key, size_t key_len);

/**
 * Sets a context, an object that describes one thing, on all later events.
 *
 * Ownership: the key is copied; takes `value`.
 * Null: a NULL key is ignored.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API void sentry_set_context(const char *key, sentry_value_t value);

/**
 * `sentry_set_context` with a length.
 *
 * Arguments: `key_len` in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API void sentry_set_context_n(const char *key, size_t key_len, sentry_value_t value);

/**
 * Removes what `sentry_set_context` set.
 *
 * Null: ignored.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API void sentry_remove_context(const char *key);

/**
 * `sentry_remove_context` with a length.
 *
 * Arguments: `key_len` in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API void sentry_remove_context_n(const char *key, size_t key_len);

/**
 * Merges an object into a context of all later events: new keys win, objects within are merged, others stay.
 *
 * Arguments: `value`; what is no object removes the context.
 * Ownership: the key is copied; takes `value`.
 * Null: a NULL key is ignored.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API
void sentry_update_context(const char *key,
                           sentry_value_t value);

/**
 * `sentry_update_context` with a length.
 *
 * Arguments: `key_len` in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API void sentry_update_context_n(const char *key, size_t key_len, sentry_value_t value);

/**
 * Sets the fingerprint of all later events: `sentry_set_fingerprint` for languages without variadic calls.
 *
 * Arguments: `fingerprints`, a list of texts; `{{ default }}` stands for what the server would have chosen; an empty
 * one is as none; what is no list is ignored.
 * Ownership: takes `fingerprints`.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API
void sentry_set_fingerprints(sentry_value_t fingerprints);

/**
 * Removes the fingerprint of all later events.
 *
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API void sentry_remove_fingerprint(void);

/**
 * Sets the fingerprint of all later events: events with the same one are grouped.
 *
 * Arguments: texts, ended by NULL: `sentry_set_fingerprint("a", "b", NULL)`. `{{ default }}` stands for what the server
 * would have chosen. `sentry_set_fingerprints` does the same with a list, for languages that cannot call this.
 * Ownership: the texts are copied.
 * Null: a NULL first text sets an empty list, as if none was set; a forgotten one at the end is undefined behaviour.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API
void sentry_set_fingerprint(const char *fingerprint,
                            ...);

/**
 * `sentry_set_fingerprint` with lengths.
 *
 * Arguments: a text, then its length in bytes, without terminator, as `size_t`, and so on; ended by NULL in place of a
 * text: `sentry_set_fingerprint_n("a", (size_t)1, "b", (size_t)1, NULL)`.
 * Since: 0.1
 */
SENTRY_API
void sentry_set_fingerprint_n(const char *fingerprint,
                              size_t fingerprint_len,
                              ...);

/**
 * Sets the fingerprint of events captured with this scope.
 *
 * Arguments: texts, ended by NULL, as for `sentry_set_fingerprint`.
 * Ownership: the texts are copied.
 * Null: a NULL `scope` is ignored; a NULL first text sets an empty list, and so hides that of the process.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API
void sentry_scope_set_fingerprint(sentry_scope_t *scope,
                                  const char *fingerprint,
                                  ...);

/**
 * `sentry_scope_set_fingerprint` with lengths.
 *
 * Arguments: texts and lengths in turn, ended by NULL, as for `sentry_set_fingerprint_n`.
 * Since: 0.1
 */
SENTRY_API
void sentry_scope_set_fingerprint_n(sentry_scope_t *scope,
                                    const char *fingerprint,
                                    size_t fingerprint_len,
                                    ...);

/**
 * Makes a scope that can be used for any number of captures.
 *
 * Ownership: the caller's; end it with `sentry_scope_free`.
 * Threads: any.
 * Since: 0.1
 */
SENTRY_API sentry_scope_t *sentry_scope_new(void);

/**
 * Makes a scope for one capture, which ends it.
 *
 * Ownership: the caller's until it is given to a capture; one that is never used is ended by `sentry_scope_free`.
 * Threads: any.
 * Since: 0.1
 */
SENTRY_API
sentry_scope_t *sentry_local_scope_new(void);

/**
 * Ends a scope.
 *
 * Null: does nothing.
 * Threads: nobody else may use the scope.
 * Since: 0.1
 */
SENTRY_API void sentry_scope_free(sentry_scope_t *scope);

/**
 * Copies a scope: an independent one, to be used for any number of captures.
 *
 * Ownership: the caller's; end it with `sentry_scope_free`. NULL without memory.
 * Null: gives NULL.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API sentry_scope_t *sentry_scope_clone(const sentry_scope_t *scope);

/**
 * Takes back everything that was set.
 *
 * Null: does nothing.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API void sentry_scope_clear(sentry_scope_t *scope);

/**
 * Sets the user of events captured with this scope.
 *
 * Arguments: `user`, an object, see `sentry_value_new_user`; null removes it, anything else is ignored.
 * Ownership: takes `user`.
 * Null: a NULL `scope` is ignored.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API
void sentry_scope_set_user(sentry_scope_t *scope,
                           sentry_value_t user);

/**
 * Sets several tags of events captured with this scope.
 *
 * Arguments: `tags`, an object; members that are no text are ignored.
 * Ownership: takes `tags`.
 * Null: a NULL `scope` is ignored.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API void sentry_scope_set_tags(sentry_scope_t *scope, sentry_value_t tags);

/**
 * Sets the fingerprint of events captured with this scope.
 *
 * Arguments: `fingerprints`, a list of texts; an empty one hides that of the process; what is no list is ignored.
 * Ownership: takes `fingerprints`.
 * Null: a NULL `scope` is ignored.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API
void sentry_scope_set_fingerprints(sentry_scope_t *scope,
                                   sentry_value_t fingerprints);

/**
 * Removes the fingerprint.
 *
 * Null: ignored.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API void sentry_scope_remove_fingerprint(sentry_scope_t *scope);

/**
 * Sets the level of events captured with this scope that have none.
 *
 * Arguments: `level`; unknown numbers are ignored. Default: error.
 * Null: a NULL `scope` is ignored.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API void sentry_scope_set_level(sentry_scope_t *scope, sentry_level_t level);

/**
 * Sets a tag of events captured with this scope; limits as for `sentry_set_tag`.
 *
 * Ownership: both are copied.
 * Null: a NULL `scope` or `key` is ignored; a NULL `value` removes the tag.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API void sentry_scope_set_tag(sentry_scope_t *scope, const char *key, const char *value);

/**
 * `sentry_scope_set_tag` with lengths.
 *
 * Arguments: lengths in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API
void sentry_scope_set_tag_n(sentry_scope_t *scope,
                            const char *key,
                            size_t key_len,
                            const char *value,
                            size_t value_len);

/**
 * Sets one extra value, any data, of events captured with this scope.
 *
 * Ownership: the key is copied; takes `value`.
 * Null: a NULL `scope` or `key` is ignored.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API
void sentry_scope_set_extra(sentry_scope_t *scope,
                            const char *key,
                            sentry_value_t value);

/**
 * `sentry_scope_set_extra` with a length.
 *
 * Arguments: `key_len` in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API
void sentry_scope_set_extra_n(sentry_scope_t *scope,
                              const char *key,
                              size_t key_len,
                              sentry_value_t value);

/**
 * Sets a context, an object that describes one thing, of events captured with this scope.
 *
 * Ownership: the key is copied; takes `value`.
 * Null: a NULL `scope` or `key` is ignored.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API
void sentry_scope_set_context(sentry_scope_t *scope,
                              const char *key,
                              sentry_value_t value);

/**
 * `sentry_scope_set_context` with a length.
 *
 * Arguments: `key_len` in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API
void sentry_scope_set_context_n(sentry_scope_t *scope,
                                const char *key,
                                size_t key_len,
                                sentry_value_t value);

/**
 * Merges an object into a context of this scope: new keys win, objects within are merged, others stay.
 *
 * Ownership: the key is copied; takes `value`.
 * Null: a NULL `scope` or `key` is ignored.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API
void sentry_scope_update_context(sentry_scope_t *scope,
                                 const char *key,
                                 sentry_value_t value);

/**
 * `sentry_scope_update_context` with a length.
 *
 * Arguments: `key_len` in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API
void sentry_scope_update_context_n(sentry_scope_t *scope,
                                   const char *key,
                                   size_t key_len,
                                   sentry_value_t value);

/**
 * Gets the id of the event that was captured last with this scope.
 *
 * Null: gives the nil id.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API sentry_uuid_t sentry_scope_get_last_event_id(const sentry_scope_t *scope);

/** @} */

/* =============================================================================================== */

/**
 * @defgroup breadcrumbs 5. Breadcrumbs
 *
 * What happened before an event. The scope keeps the newest of them, as many as the option max_breadcrumbs says.
 *
 * @{
 */

/**
 * Adds a breadcrumb.
 *
 * Arguments: `breadcrumb`, an object, see `sentry_value_new_breadcrumb`; anything else is ignored.
 * Ownership: takes `breadcrumb`.
 * Threads: any, several at once.
 * Blocks: never.
 * Since: 0.1
 */
SENTRY_API void sentry_add_breadcrumb(sentry_value_t breadcrumb);

/**
 * Adds a breadcrumb given as JSON text: something that happened before an event.
 *
 * Arguments: `breadcrumb_json`, one object with any of `timestamp`, `type`, `category`, `message`, `data`, `level`. A
 * missing `timestamp` is filled in; the oldest of `max_breadcrumbs`, or of 1 MiB of text, makes room.
 * Ownership: the text is copied.
 * Null: refused.
 * Threads: any, several at once.
 * Blocks: never.
 * Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_JSON` with the byte in `sentry_last_error_message`;
 * `SENTRY_STATUS_DISABLED`; `SENTRY_STATUS_OUT_OF_MEMORY`.
 * Since: 0.1
 */
SENTRY_API
enum sentry_status_t sentry_add_breadcrumb_json(const char *breadcrumb_json);

/**
 * `sentry_add_breadcrumb_json` with a length.
 *
 * Arguments: `breadcrumb_json_len` in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API
enum sentry_status_t sentry_add_breadcrumb_json_n(const char *breadcrumb_json,
                                                  size_t breadcrumb_json_len);

/**
 * Adds a breadcrumb for events captured with this scope. `before_breadcrumb` does not see it.
 *
 * Ownership: takes `breadcrumb`.
 * Null: a NULL `scope` is ignored.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API void sentry_scope_add_breadcrumb(sentry_scope_t *scope, sentry_value_t breadcrumb);

/**
 * Makes a breadcrumb with the time.
 *
 * Arguments: `kind`, for instance `default`, `http`, `error`; `message`, what happened.
 * Ownership: texts are copied; one reference, the caller's.
 * Null: a NULL text leaves its key out.
 * Threads: any.
 * Since: 0.1
 */
SENTRY_API sentry_value_t sentry_value_new_breadcrumb(const char *kind, const char *message);

/**
 * `sentry_value_new_breadcrumb` with lengths.
 *
 * Arguments: lengths in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API
sentry_value_t sentry_value_new_breadcrumb_n(const char *kind,
                                             size_t kind_len,
                                             const char *message,
                                             size_t message_len);

/** @} */

/* =============================================================================================== */

/**
 * @defgroup hooks 6. Hooks
 *
 * Functions of yours that see, change or drop what is captured. They run on the thread that captures, without any lock of the
 * library, and may call it.
 *
 * @{
 */

/**
 * What `sentry_envelope_t` names.
 */
typedef struct sentry_envelope_s sentry_envelope_s;

/**
 * What `sentry_ucontext_t` names.
 */
typedef struct sentry_ucontext_s {
    /**
     * Number of the signal.
     */
    int signum;
    /**
     * What the system says about it.
     */
    sentry_siginfo_t *siginfo;
    /**
     * Registers of the thread it hit.
     */
    sentry_user_context_t *user_context;
} sentry_ucontext_s;

/**
 * What the system tells about a crash.
 */
typedef struct sentry_ucontext_s sentry_ucontext_t;

/**
 * Items under common headers, as one request carries them.
 *
 * Made by `sentry_envelope_deserialize` and `sentry_envelope_read_from_file`, read by the functions
 * `sentry_envelope_get_…`, written by `sentry_envelope_serialize` and `sentry_envelope_write_to_file`, ended by
 * `sentry_envelope_free` or `sentry_capture_envelope`.
 * Threads: any number may read one envelope at once.
 */
typedef struct sentry_envelope_s sentry_envelope_t;

/**
 * Sees feedback before it is queued.
 *
 * Called on the capturing thread, without any lock held; it may call every function of the library, within the bounds
 * of `sentry_event_function_t`. It owns `feedback`, an event with what the user wrote in `contexts.feedback`, and gives
 * back the event to be sent, this one or another; null drops it, and then the function has to `sentry_value_decref` what
 * it was given. `hint` is never NULL, belongs to the library and ends with the capture; the function may attach to it,
 * and must not give it to a capture. It must not throw or `longjmp`.
 */
typedef sentry_value_t (*sentry_before_send_feedback_function_t)(sentry_value_t feedback,
                                                                 sentry_hint_t *hint,
                                                                 void *user_data);

/**
 * Sees an event before it is sampled and queued.
 *
 * Called on the capturing thread, without any lock held; it may call every function of the library, also capture: then
 * it is called within itself, at most four levels deep, and what is captured deeper counts as dropped by it. It
 * owns `event`, complete with the data of the scope, and gives back the event to be sent, this one or another; null
 * drops it, and then the function has to `sentry_value_decref` what it was given. `hint` is always NULL. It must not
 * throw or `longjmp`.
 *
 * `message` is an object with `formatted`; `breadcrumbs` is a list, `tags` and `extra` are objects, also when they are
 * empty. All that the function changes is sent so. An id, a time, a level or a platform that is missing or cannot be used
 * afterwards is as it was before, a breadcrumb without a time gets that of the capture; nothing else is filled in again.
 */
typedef sentry_value_t (*sentry_event_function_t)(sentry_value_t event, void *hint, void *user_data);

/**
 * Sees a breadcrumb before it is kept; rules as for `sentry_event_function_t`. It has a time, and keeps it if the function
 * loses it.
 */
typedef sentry_value_t (*sentry_before_breadcrumb_function_t)(sentry_value_t breadcrumb,
                                                              void *user_data);

/**
 * Sees a transaction before it is queued; rules as for `sentry_event_function_t`.
 */
typedef sentry_value_t (*sentry_transaction_function_t)(sentry_value_t transaction, void *user_data);

/**
 * Sees a log before it is queued; rules as for `sentry_event_function_t`.
 */
typedef sentry_value_t (*sentry_before_send_log_function_t)(sentry_value_t log, void *user_data);

/**
 * Sees a metric before it is queued; rules as for `sentry_event_function_t`.
 */
typedef sentry_value_t (*sentry_before_send_metric_function_t)(sentry_value_t metric,
                                                               void *user_data);

/**
 * Sees the event of a crash.
 *
 * Called once, while the crashed thread stands still; `uctx` is valid until it returns. It owns `event` and gives back
 * the event to be kept; null drops it. It should do as little as a signal handler may.
 */
typedef sentry_value_t (*sentry_crash_function_t)(const sentry_ucontext_t *uctx,
                                                  sentry_value_t event,
                                                  void *user_data);

/**
 * Sees what an earlier run left behind when it crashed.
 *
 * Called once per crash, on the thread that calls `sentry_init`, before the envelope is queued; `envelope` is valid
 * until it returns and must not be freed. It must not need a running library.
 */
typedef void (*sentry_crashed_last_run_function_t)(const sentry_envelope_t *envelope,
                                                   void *user_data);

/**
 * Sets the function that sees each event before it is sampled and queued.
 *
 * Arguments: `func` and the pointer it gets back; `user_data` must stay valid until `sentry_close` has returned.
 * Ownership: `user_data` stays the caller's.
 * Null: a NULL `func` unsets it; a NULL `opts` is ignored.
 * Threads: as all options, one at a time for each handle.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_before_send(sentry_options_t *opts,
                                    sentry_event_function_t func,
                                    void *user_data);

/**
 * Sets the function that sees each breadcrumb before it is kept.
 *
 * Arguments: `func` and the pointer it gets back; `user_data` must stay valid until `sentry_close` has returned.
 * Ownership: `user_data` stays the caller's.
 * Null: a NULL `func` unsets it; a NULL `opts` is ignored.
 * Threads: as all options, one at a time for each handle.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_before_breadcrumb(sentry_options_t *opts,
                                          sentry_before_breadcrumb_function_t func,
                                          void *user_data);

/**
 * Sets the function that sees each transaction before it is queued. One that it drops is counted as `before_send`, and so are
 * spans that it takes out.
 *
 * Arguments: `func` and the pointer it gets back; `data` must stay valid until `sentry_close` has returned.
 * Ownership: `data` stays the caller's.
 * Null: a NULL `func` unsets it; a NULL `opts` is ignored.
 * Threads: as all options, one at a time for each handle.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_before_transaction(sentry_options_t *opts,
                                           sentry_transaction_function_t func,
                                           void *data);

/**
 * Sets the function that sees each log before it is collected. It may change it; one that it answers with null is not sent.
 * `body`, `level`, `timestamp` and `trace_id` stay as they were where it takes them out.
 *
 * Arguments: `func` and the pointer it gets back; `data` must stay valid until `sentry_close` has returned.
 * Ownership: `data` stays the caller's.
 * Null: a NULL `func` unsets it; a NULL `opts` is ignored.
 * Threads: as all options, one at a time for each handle.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_before_send_log(sentry_options_t *opts,
                                        sentry_before_send_log_function_t func,
                                        void *data);

/**
 * Sets the function that sees each metric before it is collected. It may change it; one that it answers with null is not
 * sent. `type`, `name`, `value`, `timestamp` and `trace_id` stay as they were where it takes them out.
 *
 * Arguments: `func` and the pointer it gets back; `data` must stay valid until `sentry_close` has returned.
 * Ownership: `data` stays the caller's.
 * Null: a NULL `func` unsets it; a NULL `opts` is ignored.
 * Threads: as all options, one at a time for each handle.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_before_send_metric(sentry_options_t *opts,
                                           sentry_before_send_metric_function_t func,
                                           void *data);

/**
 * Sets the function that sees the event of a crash, in place of `before_send`. Stored; without effect in this
 * version.
 *
 * Arguments: `func` and the pointer it gets back; `data` must stay valid until `sentry_close` has returned.
 * Ownership: `data` stays the caller's.
 * Null: a NULL `func` unsets it; a NULL `opts` is ignored.
 * Threads: as all options, one at a time for each handle.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_on_crash(sentry_options_t *opts,
                                 sentry_crash_function_t func,
                                 void *data);

/**
 * Sets the function that sees what an earlier run left behind when it crashed. Stored; without effect in this
 * version.
 *
 * Arguments: `func` and the pointer it gets back; `user_data` must stay valid until `sentry_close` has returned.
 * Ownership: `user_data` stays the caller's.
 * Null: a NULL `func` unsets it; a NULL `opts` is ignored.
 * Threads: as all options, one at a time for each handle.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_on_crashed_last_run(sentry_options_t *opts,
                                            sentry_crashed_last_run_function_t func,
                                            void *user_data);

/**
 * Sets the function that sees each feedback before it is queued.
 *
 * Arguments: `func` and the pointer it gets back; `user_data` must stay valid until `sentry_close` has returned.
 * Ownership: `user_data` stays the caller's.
 * Null: a NULL `func` unsets it; a NULL `opts` is ignored.
 * Threads: as all options, one at a time for each handle.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_before_send_feedback(sentry_options_t *opts,
                                             sentry_before_send_feedback_function_t func,
                                             void *user_data);

/** @} */

/* =============================================================================================== */

/**
 * @defgroup values 7. Values
 *
 * Events and their parts as data built piece by piece. A value is counted: sentry_value_decref gives a reference back, and what
 * is put into a container belongs to it. Reading a value never changes its count, except where a name ends in _owned.
 *
 * @{
 */

/**
 * What a value is.
 */
typedef enum sentry_value_type_t {
    /**
     * Nothing.
     */
    SENTRY_VALUE_TYPE_NULL = 0,
    /**
     * A boolean.
     */
    SENTRY_VALUE_TYPE_BOOL = 1,
    /**
     * A 32-bit integer.
     */
    SENTRY_VALUE_TYPE_INT32 = 2,
    /**
     * A 64-bit integer.
     */
    SENTRY_VALUE_TYPE_INT64 = 3,
    /**
     * An unsigned 64-bit integer.
     */
    SENTRY_VALUE_TYPE_UINT64 = 4,
    /**
     * A double.
     */
    SENTRY_VALUE_TYPE_DOUBLE = 5,
    /**
     * Text.
     */
    SENTRY_VALUE_TYPE_STRING = 6,
    /**
     * Values in order.
     */
    SENTRY_VALUE_TYPE_LIST = 7,
    /**
     * Values by key.
     */
    SENTRY_VALUE_TYPE_OBJECT = 8,
} sentry_value_type_t;

/**
 * Adds a reference.
 *
 * Threads: any.
 * Returns: the same value.
 * Since: 0.1
 */
SENTRY_API sentry_value_t sentry_value_incref(sentry_value_t value);

/**
 * Gives a reference back; with the last one the value is freed, and what it held loses one.
 *
 * Threads: any.
 * Returns: 1 if references remain, 0 if it was freed or needs no memory.
 * Since: 0.1
 */
SENTRY_API int sentry_value_decref(sentry_value_t value);

/**
 * Counts the references.
 *
 * Threads: any; another thread may change the number meanwhile.
 * Returns: 1 for what needs no memory.
 * Since: 0.1
 */
SENTRY_API size_t sentry_value_refcount(sentry_value_t value);

/**
 * Freezes a list or object and everything in it: it can never be changed again. Without memory for the walk, which takes
 * some words for each level, levels deeper than that stay as they were.
 *
 * Threads: any.
 * Since: 0.1
 */
SENTRY_API
void sentry_value_freeze(sentry_value_t value);

/**
 * Tells if a value can no longer be changed. Scalars and text never can.
 *
 * Threads: any.
 * Returns: 1 or 0.
 * Since: 0.1
 */
SENTRY_API int sentry_value_is_frozen(sentry_value_t value);

/**
 * Makes the null value.
 *
 * Threads: any.
 * Since: 0.1
 */
SENTRY_API sentry_value_t sentry_value_new_null(void);

/**
 * Makes a 32-bit integer.
 *
 * Threads: any.
 * Since: 0.1
 */
SENTRY_API sentry_value_t sentry_value_new_int32(int32_t value);

/**
 * Makes a 64-bit integer.
 *
 * Ownership: one reference, the caller's.
 * Threads: any.
 * Since: 0.1
 */
SENTRY_API sentry_value_t sentry_value_new_int64(int64_t value);

/**
 * Makes an unsigned 64-bit integer.
 *
 * Ownership: one reference, the caller's.
 * Threads: any.
 * Since: 0.1
 */
SENTRY_API sentry_value_t sentry_value_new_uint64(uint64_t value);

/**
 * Makes a double.
 *
 * Ownership: one reference, the caller's.
 * Threads: any.
 * Since: 0.1
 */
SENTRY_API sentry_value_t sentry_value_new_double(double value);

/**
 * Makes a boolean; any number but 0 is true.
 *
 * Threads: any.
 * Since: 0.1
 */
SENTRY_API sentry_value_t sentry_value_new_bool(int value);

/**
 * Makes text.
 *
 * Ownership: the text is copied; one reference, the caller's.
 * Null: gives the null value.
 * Threads: any.
 * Returns: the null value without memory.
 * Since: 0.1
 */
SENTRY_API sentry_value_t sentry_value_new_string(const char *value);

/**
 * Makes text of a given length.
 *
 * Arguments: `value_len` in bytes; zero bytes inside are kept.
 * Ownership: the text is copied; one reference, the caller's.
 * Null: gives the null value.
 * Threads: any.
 * Returns: the null value for a length that cannot be, and without memory.
 * Since: 0.1
 */
SENTRY_API sentry_value_t sentry_value_new_string_n(const char *value, size_t value_len);

/**
 * Makes an empty list.
 *
 * Ownership: one reference, the caller's.
 * Threads: any.
 * Since: 0.1
 */
SENTRY_API sentry_value_t sentry_value_new_list(void);

/**
 * Makes an empty object.
 *
 * Ownership: one reference, the caller's.
 * Threads: any.
 * Since: 0.1
 */
SENTRY_API sentry_value_t sentry_value_new_object(void);

/**
 * Tells what a value is. Numbers stay what they were made as.
 *
 * Threads: any.
 * Since: 0.1
 */
SENTRY_API enum sentry_value_type_t sentry_value_get_type(sentry_value_t value);

/**
 * Sets a member of an object; an existing one keeps its place.
 *
 * Ownership: takes `v`, also when it fails.
 * Null: a NULL key is refused.
 * Threads: one at a time for each value.
 * Returns: 0; 1 when `value` is no object or frozen, and without memory.
 * Since: 0.1
 */
SENTRY_API int sentry_value_set_by_key(sentry_value_t value, const char *k, sentry_value_t v);

/**
 * `sentry_value_set_by_key` with a length.
 *
 * Arguments: `k_len` in bytes.
 * Since: 0.1
 */
SENTRY_API
int sentry_value_set_by_key_n(sentry_value_t value,
                              const char *k,
                              size_t k_len,
                              sentry_value_t v);

/**
 * Removes a member of an object.
 *
 * Null: a NULL key is refused.
 * Threads: one at a time for each value.
 * Returns: 0; 1 when there is no such member, `value` is no object, or it is frozen.
 * Since: 0.1
 */
SENTRY_API int sentry_value_remove_by_key(sentry_value_t value, const char *k);

/**
 * `sentry_value_remove_by_key` with a length.
 *
 * Arguments: `k_len` in bytes.
 * Since: 0.1
 */
SENTRY_API int sentry_value_remove_by_key_n(sentry_value_t value, const char *k, size_t k_len);

/**
 * Adds an element to a list.
 *
 * Ownership: takes `v`, also when it fails.
 * Threads: one at a time for each value.
 * Returns: 0; 1 when `value` is no list or frozen, and without memory.
 * Since: 0.1
 */
SENTRY_API int sentry_value_append(sentry_value_t value, sentry_value_t v);

/**
 * Sets an element of a list; a list that is too short is filled up with null.
 *
 * Ownership: takes `v`, also when it fails.
 * Threads: one at a time for each value.
 * Returns: 0; 1 when `value` is no list, frozen, or there is no memory for so many elements.
 * Since: 0.1
 */
SENTRY_API int sentry_value_set_by_index(sentry_value_t value, size_t index, sentry_value_t v);

/**
 * Removes an element of a list; those behind it move up.
 *
 * Threads: one at a time for each value.
 * Returns: 0, also when there is no such element; 1 when `value` is no list or frozen.
 * Since: 0.1
 */
SENTRY_API int sentry_value_remove_by_index(sentry_value_t value, size_t index);

/**
 * Gets a member of an object.
 *
 * Ownership: borrowed; valid while the object holds it. Do not decref.
 * Null: a NULL key gives null.
 * Threads: any, while no thread changes the object.
 * Returns: null when there is no such member or `value` is no object.
 * Since: 0.1
 */
SENTRY_API sentry_value_t sentry_value_get_by_key(sentry_value_t value, const char *k);

/**
 * `sentry_value_get_by_key` with a length.
 *
 * Arguments: `k_len` in bytes.
 * Since: 0.1
 */
SENTRY_API
sentry_value_t sentry_value_get_by_key_n(sentry_value_t value,
                                         const char *k,
                                         size_t k_len);

/**
 * Gets a member of an object, with a reference.
 *
 * Ownership: one reference, the caller's.
 * Null: a NULL key gives null.
 * Threads: any.
 * Returns: null when there is no such member or `value` is no object.
 * Since: 0.1
 */
SENTRY_API sentry_value_t sentry_value_get_by_key_owned(sentry_value_t value, const char *k);

/**
 * `sentry_value_get_by_key_owned` with a length.
 *
 * Arguments: `k_len` in bytes.
 * Since: 0.1
 */
SENTRY_API
sentry_value_t sentry_value_get_by_key_owned_n(sentry_value_t value,
                                               const char *k,
                                               size_t k_len);

/**
 * Gets an element of a list.
 *
 * Ownership: borrowed; valid while the list holds it. Do not decref.
 * Threads: any, while no thread changes the list.
 * Returns: null when there is no such element or `value` is no list.
 * Since: 0.1
 */
SENTRY_API sentry_value_t sentry_value_get_by_index(sentry_value_t value, size_t index);

/**
 * Gets an element of a list, with a reference.
 *
 * Ownership: one reference, the caller's.
 * Threads: any.
 * Returns: null when there is no such element or `value` is no list.
 * Since: 0.1
 */
SENTRY_API sentry_value_t sentry_value_get_by_index_owned(sentry_value_t value, size_t index);

/**
 * Measures a value: bytes of text, elements of a list or object.
 *
 * Threads: any.
 * Returns: 0 for anything else.
 * Since: 0.1
 */
SENTRY_API size_t sentry_value_get_length(sentry_value_t value);

/**
 * Reads a 32-bit integer.
 *
 * Threads: any.
 * Returns: 0 for anything else.
 * Since: 0.1
 */
SENTRY_API int32_t sentry_value_as_int32(sentry_value_t value);

/**
 * Reads an integer of 64 or 32 bits.
 *
 * Threads: any.
 * Returns: 0 for anything else, also for unsigned ones.
 * Since: 0.1
 */
SENTRY_API int64_t sentry_value_as_int64(sentry_value_t value);

/**
 * Reads an unsigned 64-bit integer.
 *
 * Threads: any.
 * Returns: 0 for anything else, also for signed ones.
 * Since: 0.1
 */
SENTRY_API uint64_t sentry_value_as_uint64(sentry_value_t value);

/**
 * Reads a double, or a 32-bit integer as one.
 *
 * Threads: any.
 * Returns: NaN for anything else.
 * Since: 0.1
 */
SENTRY_API double sentry_value_as_double(sentry_value_t value);

/**
 * Reads text.
 *
 * Ownership: borrowed; terminated, valid while the value lives. `sentry_value_get_length` counts zero bytes inside.
 * Threads: any.
 * Returns: an empty text for anything else; never NULL.
 * Since: 0.1
 */
SENTRY_API
const char *sentry_value_as_string(sentry_value_t value);

/**
 * Tells what an `if` would make of a value: not null, not false, not 0, not empty; NaN is true.
 *
 * Threads: any.
 * Returns: 1 or 0.
 * Since: 0.1
 */
SENTRY_API int sentry_value_is_true(sentry_value_t value);

/**
 * Tells if a value is null.
 *
 * Threads: any.
 * Returns: 1 or 0.
 * Since: 0.1
 */
SENTRY_API int sentry_value_is_null(sentry_value_t value);

/**
 * Writes a value as JSON: compact, in order, numbers with 16 significant digits whatever the locale.
 *
 * NaN and infinities become null. Nesting is written 64 levels deep; a list or object within itself is written empty.
 *
 * Ownership: the text is the caller's; free it with `sentry_free`. Zero bytes in it are escaped.
 * Threads: any.
 * Returns: NULL when the text would be longer than 8 MiB, to which few values that are shared can add up, and when there
 * is no memory.
 * Since: 0.1
 */
SENTRY_API
char *sentry_value_to_json(sentry_value_t value);

/**
 * Writes a value as msgpack, each number in its smallest form. Nesting is written 64 levels deep; a list or object within
 * itself is written empty.
 *
 * Arguments: `size_out` gets the length in bytes.
 * Ownership: the bytes are the caller's; free them with `sentry_free`.
 * Null: a NULL `size_out` is refused: the bytes do not end with a zero.
 * Threads: any.
 * Returns: NULL when refused, when there would be more than 8 MiB, and without memory.
 * Since: 0.1
 */
SENTRY_API
char *sentry_value_to_msgpack(sentry_value_t value,
                              size_t *size_out);

/**
 * Makes an event with a fresh id and the time.
 *
 * Ownership: one reference, the caller's.
 * Threads: any.
 * Since: 0.1
 */
SENTRY_API sentry_value_t sentry_value_new_event(void);

/**
 * Makes an event with a message.
 *
 * Arguments: `level`, unknown numbers count as info; `logger`, the part that speaks; `text`, the message.
 * Ownership: texts are copied; one reference, the caller's.
 * Null: a NULL text leaves its key out.
 * Threads: any.
 * Since: 0.1
 */
SENTRY_API
sentry_value_t sentry_value_new_message_event(sentry_level_t level,
                                              const char *logger,
                                              const char *text);

/**
 * `sentry_value_new_message_event` with lengths.
 *
 * Arguments: lengths in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API
sentry_value_t sentry_value_new_message_event_n(sentry_level_t level,
                                                const char *logger,
                                                size_t logger_len,
                                                const char *text,
                                                size_t text_len);

/**
 * Makes an exception.
 *
 * Arguments: `kind`, its type; `value`, what it says.
 * Ownership: texts are copied; one reference, the caller's.
 * Null: a NULL text becomes null.
 * Threads: any.
 * Since: 0.1
 */
SENTRY_API sentry_value_t sentry_value_new_exception(const char *kind, const char *value);

/**
 * `sentry_value_new_exception` with lengths.
 *
 * Arguments: lengths in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API
sentry_value_t sentry_value_new_exception_n(const char *kind,
                                            size_t kind_len,
                                            const char *value,
                                            size_t value_len);

/**
 * Makes a thread of an event.
 *
 * Arguments: `id`, unique within the event; `name`.
 * Ownership: texts are copied; one reference, the caller's.
 * Null: a NULL name leaves its key out.
 * Threads: any.
 * Since: 0.1
 */
SENTRY_API sentry_value_t sentry_value_new_thread(uint64_t id, const char *name);

/**
 * `sentry_value_new_thread` with lengths.
 *
 * Arguments: lengths in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API sentry_value_t sentry_value_new_thread_n(uint64_t id, const char *name, size_t name_len);

/**
 * Makes a user.
 *
 * Arguments: an empty `id` counts as one; other empty texts are left out.
 * Ownership: texts are copied; one reference, the caller's.
 * Null: a NULL text leaves its key out.
 * Threads: any.
 * Returns: null when nothing was given.
 * Since: 0.1
 */
SENTRY_API
sentry_value_t sentry_value_new_user(const char *id,
                                     const char *username,
                                     const char *email,
                                     const char *ip_address);

/**
 * `sentry_value_new_user` with lengths.
 *
 * Arguments: lengths in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API
sentry_value_t sentry_value_new_user_n(const char *id,
                                       size_t id_len,
                                       const char *username,
                                       size_t username_len,
                                       const char *email,
                                       size_t email_len,
                                       const char *ip_address,
                                       size_t ip_address_len);

/**
 * Makes an attribute of a log or metric: a value with its type and unit.
 *
 * Arguments: `value`, a boolean, number, text, or a list of such; `unit`, any text, see `SENTRY_UNIT_…`.
 * Ownership: takes `value`, also when it fails; one reference, the caller's.
 * Null: a NULL `unit` leaves its key out.
 * Threads: any.
 * Returns: null for values that attributes cannot have.
 * Since: 0.1
 */
SENTRY_API
sentry_value_t sentry_value_new_attribute(sentry_value_t value,
                                          const char *unit);

/**
 * `sentry_value_new_attribute` with a length.
 *
 * Arguments: `unit_len` in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API
sentry_value_t sentry_value_new_attribute_n(sentry_value_t value,
                                            const char *unit,
                                            size_t unit_len);

/**
 * Adds an exception to an event, behind those it has.
 *
 * Ownership: takes `exception`; the event stays the caller's.
 * Null: an event that is no object, or is frozen, stays as it is.
 * Threads: one at a time for each event.
 * Since: 0.1
 */
SENTRY_API void sentry_event_add_exception(sentry_value_t event, sentry_value_t exception);

/**
 * Adds a thread to an event, behind those it has.
 *
 * Ownership: takes `thread`; the event stays the caller's.
 * Null: an event that is no object, or is frozen, stays as it is.
 * Threads: one at a time for each event.
 * Since: 0.1
 */
SENTRY_API void sentry_event_add_thread(sentry_value_t event, sentry_value_t thread);

/**
 * Makes a stack trace: an object with `frames`, the oldest call first, each with its `instruction_addr`.
 *
 * Addresses go as they are: those that unwinding gives, innermost first, where all but the innermost are return addresses.
 *
 * Arguments: `ips`, the addresses, innermost first; `len`, how many.
 * Ownership: addresses are copied; one reference, the caller's.
 * Null: a NULL `ips` takes the stack of the calling thread from the caller of this function on, at most 256 frames;
 * `len` does not matter then.
 * Threads: any; not from a signal handler.
 * Blocks: as `sentry_get_modules_list`.
 * Since: 0.1
 */
SENTRY_API
sentry_value_t sentry_value_new_stacktrace(void **ips,
                                           size_t len);

/**
 * Sets the key `stacktrace` of an exception or a thread, see `sentry_value_new_stacktrace`.
 *
 * Ownership: `value` stays the caller's.
 * Null: as `sentry_value_new_stacktrace`; a value that is no object, or is frozen, stays as it is.
 * Threads: one at a time for each value.
 * Since: 0.1
 */
SENTRY_API void sentry_value_set_stacktrace(sentry_value_t value, void **ips, size_t len);

/**
 * Adds a thread with nothing but a stack trace to an event. Deprecated: give a thread or an exception its stack with
 * `sentry_value_set_stacktrace`.
 *
 * Ownership: `event` stays the caller's.
 * Null: as `sentry_value_new_stacktrace`; an event that is no object, or is frozen, stays as it is.
 * Threads: one at a time for each event.
 * Since: 0.1
 */
SENTRY_API
SENTRY_DEPRECATED("use sentry_value_set_stacktrace")
void sentry_event_value_add_stacktrace(sentry_value_t event,
                                       void **ips,
                                       size_t len);

/** @} */

/* =============================================================================================== */

/**
 * @defgroup attachments 8. Attachments
 *
 * Files and bytes that travel with events. A file is read when an event is captured; a hint attaches to one capture only.
 *
 * @{
 */

/**
 * What `sentry_attachment_t` names.
 */
typedef struct sentry_attachment_s sentry_attachment_s;

/**
 * Something attached: a file or bytes.
 *
 * Made by the functions `sentry_…attach_file` and `sentry_…attach_bytes`, changed by `sentry_attachment_set_…`. It
 * belongs to the library and ends with what it was attached to, or by `sentry_remove_attachment` and
 * `sentry_clear_attachments`; a handle that has ended is ignored.
 * Threads: any, several at once.
 */
typedef struct sentry_attachment_s sentry_attachment_t;

/**
 * Attaches a file to all later events and feedback.
 *
 * It is read by each capture, on the capturing thread, from the current directory of that moment: what is there then
 * is sent. A file that cannot be read, is no regular file, or is larger than `max_attachment_bytes` is left out and
 * counted; the event is sent without it.
 *
 * Arguments: `path`, which need not exist yet.
 * Ownership: the path is copied; the handle is the library's.
 * Null: a NULL or empty `path` gives NULL.
 * Threads: any, several at once.
 * Returns: a handle, the one that is there already if this path with the same type is; NULL when nothing was attached,
 * also when not initialised, and `sentry_last_error_message` says why.
 * Since: 0.1
 */
SENTRY_API
sentry_attachment_t *sentry_attach_file(const char *path);

/**
 * `sentry_attach_file` with a length.
 *
 * Arguments: `path_len` in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API sentry_attachment_t *sentry_attach_file_n(const char *path, size_t path_len);

/**
 * Attaches a file to all later events and feedback captured with this scope; as `sentry_attach_file`.
 *
 * Ownership: the path is copied; the handle is the library's and ends with the scope.
 * Null: a NULL `scope` and a NULL or empty `path` give NULL.
 * Threads: any, several at once.
 * Returns: a handle; NULL when nothing was attached.
 * Since: 0.1
 */
SENTRY_API
sentry_attachment_t *sentry_scope_attach_file(sentry_scope_t *scope,
                                              const char *path);

/**
 * `sentry_scope_attach_file` with a length.
 *
 * Arguments: `path_len` in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API
sentry_attachment_t *sentry_scope_attach_file_n(sentry_scope_t *scope,
                                                const char *path,
                                                size_t path_len);

/**
 * Attaches bytes to all later events and feedback.
 *
 * Arguments: `buf_len` bytes at `buf`, at most 1 GiB; what is larger than `max_attachment_bytes` is kept, and left out
 * when something is captured. `filename`, of which what follows the last slash is sent. Equal bytes are sent as often
 * as they are attached.
 * Ownership: both are copied; the handle is the library's.
 * Null: a NULL or empty `buf` and a NULL `filename` give NULL.
 * Threads: any, several at once.
 * Returns: a handle; NULL when nothing was attached, also when not initialised, and `sentry_last_error_message` says
 * why.
 * Since: 0.1
 */
SENTRY_API
sentry_attachment_t *sentry_attach_bytes(const char *buf,
                                         size_t buf_len,
                                         const char *filename);

/**
 * `sentry_attach_bytes` with a length for the name.
 *
 * Arguments: `filename_len` in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API
sentry_attachment_t *sentry_attach_bytes_n(const char *buf,
                                           size_t buf_len,
                                           const char *filename,
                                           size_t filename_len);

/**
 * Attaches bytes to all later events and feedback captured with this scope; as `sentry_attach_bytes`.
 *
 * Ownership: both are copied; the handle is the library's and ends with the scope.
 * Null: a NULL `scope`, a NULL or empty `buf` and a NULL `filename` give NULL.
 * Threads: any, several at once.
 * Returns: a handle; NULL when nothing was attached.
 * Since: 0.1
 */
SENTRY_API
sentry_attachment_t *sentry_scope_attach_bytes(sentry_scope_t *scope,
                                               const char *buf,
                                               size_t buf_len,
                                               const char *filename);

/**
 * `sentry_scope_attach_bytes` with a length for the name.
 *
 * Arguments: `filename_len` in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API
sentry_attachment_t *sentry_scope_attach_bytes_n(sentry_scope_t *scope,
                                                 const char *buf,
                                                 size_t buf_len,
                                                 const char *filename,
                                                 size_t filename_len);

/**
 * Removes everything that was attached to all events.
 *
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API void sentry_clear_attachments(void);

/**
 * Removes one thing that was attached to all events; the handle ends.
 *
 * Null: ignored, as are handles that have ended, and those of a scope or a hint.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API void sentry_remove_attachment(sentry_attachment_t *attachment);

/**
 * Sets what an attachment is, for the server.
 *
 * Arguments: `type`, see `SENTRY_ATTACHMENT_TYPE_…`, at most 255 characters; empty: none, which is
 * `event.attachment`. `event.minidump` and `event.view_hierarchy` set the content type, too, if there is none.
 * Ownership: the text is copied.
 * Null: a NULL `attachment` is ignored, as is a handle that has ended; a NULL `type` is as an empty one.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API
void sentry_attachment_set_type(sentry_attachment_t *attachment,
                                const char *type);

/**
 * `sentry_attachment_set_type` with a length.
 *
 * Arguments: `type_len` in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API
void sentry_attachment_set_type_n(sentry_attachment_t *attachment,
                                  const char *type,
                                  size_t type_len);

/**
 * Sets the media type of an attachment.
 *
 * Arguments: `content_type`, such as `text/plain`, at most 255 characters; empty: none.
 * Ownership: the text is copied.
 * Null: a NULL `attachment` is ignored, as is a handle that has ended; a NULL `content_type` is as an empty one.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API
void sentry_attachment_set_content_type(sentry_attachment_t *attachment,
                                        const char *content_type);

/**
 * `sentry_attachment_set_content_type` with a length.
 *
 * Arguments: `content_type_len` in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API
void sentry_attachment_set_content_type_n(sentry_attachment_t *attachment,
                                          const char *content_type,
                                          size_t content_type_len);

/**
 * Sets the name an attachment is sent under.
 *
 * Arguments: `filename`, of which what follows the last slash is sent, at most 255 characters.
 * Ownership: the text is copied.
 * Null: a NULL `attachment` is ignored, as is a handle that has ended; a NULL or empty `filename` brings the first name
 * back.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API
void sentry_attachment_set_filename(sentry_attachment_t *attachment,
                                    const char *filename);

/**
 * `sentry_attachment_set_filename` with a length.
 *
 * Arguments: `filename_len` in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API
void sentry_attachment_set_filename_n(sentry_attachment_t *attachment,
                                      const char *filename,
                                      size_t filename_len);

/**
 * Makes a hint.
 *
 * Ownership: the caller's, to be given to `sentry_capture_feedback_with_hint` or `sentry_scope_capture_feedback`.
 * Threads: any.
 * Since: 0.1
 */
SENTRY_API
sentry_hint_t *sentry_hint_new(void);

/**
 * Attaches a file to the feedback that the hint will be given to; as `sentry_attach_file`.
 *
 * Ownership: the path is copied; the handle is the library's and ends with the hint.
 * Null: a NULL `hint` and a NULL or empty `path` give NULL.
 * Threads: any, several at once.
 * Returns: a handle; NULL when nothing was attached.
 * Since: 0.1
 */
SENTRY_API sentry_attachment_t *sentry_hint_attach_file(sentry_hint_t *hint, const char *path);

/**
 * `sentry_hint_attach_file` with a length.
 *
 * Arguments: `path_len` in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API
sentry_attachment_t *sentry_hint_attach_file_n(sentry_hint_t *hint,
                                               const char *path,
                                               size_t path_len);

/**
 * Attaches bytes to the feedback that the hint will be given to; as `sentry_attach_bytes`.
 *
 * Ownership: both are copied; the handle is the library's and ends with the hint.
 * Null: a NULL `hint`, a NULL or empty `buf` and a NULL `filename` give NULL.
 * Threads: any, several at once.
 * Returns: a handle; NULL when nothing was attached.
 * Since: 0.1
 */
SENTRY_API
sentry_attachment_t *sentry_hint_attach_bytes(sentry_hint_t *hint,
                                              const char *buf,
                                              size_t buf_len,
                                              const char *filename);

/**
 * `sentry_hint_attach_bytes` with a length for the name.
 *
 * Arguments: `filename_len` in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API
sentry_attachment_t *sentry_hint_attach_bytes_n(sentry_hint_t *hint,
                                                const char *buf,
                                                size_t buf_len,
                                                const char *filename,
                                                size_t filename_len);

/** @} */

/* =============================================================================================== */

/**
 * @defgroup envelopes 9. Envelopes
 *
 * What is sent, as one piece: for transports of your own, and for what another program has left.
 *
 * @{
 */

/**
 * Frees an envelope.
 *
 * Null: does nothing.
 * Threads: one; nobody else may use the envelope.
 * Since: 0.1
 */
SENTRY_API void sentry_envelope_free(sentry_envelope_t *envelope);

/**
 * Gets a header of an envelope.
 *
 * Ownership: borrowed; valid while the envelope lives.
 * Null: gives null.
 * Threads: any.
 * Returns: null when there is no such header.
 * Since: 0.1
 */
SENTRY_API
sentry_value_t sentry_envelope_get_header(const sentry_envelope_t *envelope,
                                          const char *key);

/**
 * `sentry_envelope_get_header` with a length.
 *
 * Arguments: `key_len` in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API
sentry_value_t sentry_envelope_get_header_n(const sentry_envelope_t *envelope,
                                            const char *key,
                                            size_t key_len);

/**
 * Gets the event of an envelope, as hooks see it: with `message`, a list `breadcrumbs`, objects `tags` and `extra`. In an
 * envelope that was not read from bytes feedback counts as an event.
 *
 * Ownership: borrowed; valid while the envelope lives. Changing it does not change the envelope.
 * Null: gives null.
 * Threads: any.
 * Returns: null when there is none.
 * Since: 0.1
 */
SENTRY_API
sentry_value_t sentry_envelope_get_event(const sentry_envelope_t *envelope);

/**
 * Gets the transaction of an envelope, an event whose `type` is `transaction`.
 *
 * Ownership: borrowed; valid while the envelope lives. Changing it does not change the envelope.
 * Null: gives null.
 * Threads: any.
 * Returns: null when there is none.
 * Since: 0.1
 */
SENTRY_API sentry_value_t sentry_envelope_get_transaction(const sentry_envelope_t *envelope);

/**
 * Writes an envelope as bytes.
 *
 * Arguments: `size_out` gets the length in bytes.
 * Ownership: the bytes are the caller's; free them with `sentry_free`. A zero follows them.
 * Null: a NULL `envelope` gives NULL; `size_out` may be NULL.
 * Threads: any.
 * Returns: NULL when there is no memory.
 * Since: 0.1
 */
SENTRY_API char *sentry_envelope_serialize(const sentry_envelope_t *envelope, size_t *size_out);

/**
 * Writes an envelope into a file, which is made or replaced.
 *
 * The envelope is written beside it first and then renamed, so nobody ever sees half of it. Links are followed, the
 * permissions of a file that is replaced stay; a new one has 0664, less the umask. What is no regular file, such as a
 * device or a pipe, is refused.
 *
 * Arguments: `path`, any bytes the file system takes.
 * Null: refused.
 * Threads: any.
 * Blocks: for the file system.
 * Returns: 0; 1 when the file cannot be written, and then what was there before stays as it was.
 * Since: 0.1
 */
SENTRY_API
int sentry_envelope_write_to_file(const sentry_envelope_t *envelope,
                                  const char *path);

/**
 * `sentry_envelope_write_to_file` with a length.
 *
 * Arguments: `path_len` in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API
int sentry_envelope_write_to_file_n(const sentry_envelope_t *envelope,
                                    const char *path,
                                    size_t path_len);

/**
 * Reads an envelope from bytes. All headers are kept as they are, known or not, of the envelope and of its items, and the
 * items in their order: written again only a `length` is added where there was none. When it is sent with
 * `sentry_capture_envelope`, `dsn` and `sent_at` are those of the sending.
 *
 * Arguments: `buf_len` in bytes.
 * Ownership: the bytes are copied; the envelope is the caller's.
 * Null: gives NULL.
 * Threads: any.
 * Returns: NULL when the bytes are no envelope.
 * Since: 0.1
 */
SENTRY_API
sentry_envelope_t *sentry_envelope_deserialize(const char *buf,
                                               size_t buf_len);

/**
 * Reads an envelope from a file of at most 512 MiB.
 *
 * Arguments: `path`, any bytes the file system takes.
 * Ownership: the envelope is the caller's.
 * Null: gives NULL.
 * Threads: any.
 * Blocks: for the file system.
 * Returns: NULL when there is no such file, it is too large, or holds no envelope.
 * Since: 0.1
 */
SENTRY_API sentry_envelope_t *sentry_envelope_read_from_file(const char *path);

/**
 * `sentry_envelope_read_from_file` with a length.
 *
 * Arguments: `path_len` in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API sentry_envelope_t *sentry_envelope_read_from_file_n(const char *path, size_t path_len);

/**
 * Sends an envelope as it is: no hook, no sampling, no scope. The queue and its bounds hold, and the user's consent is
 * needed where it is required. Of the headers only `dsn` and `sent_at` are replaced.
 *
 * Ownership: takes `envelope`.
 * Null: does nothing.
 * Threads: any, several at once.
 * Blocks: never, unless `queue_block_timeout_ms` is set. Whether it was accepted says `sentry_last_error_message`.
 * Since: 0.1
 */
SENTRY_API
void sentry_capture_envelope(sentry_envelope_t *envelope);

/** @} */

/* =============================================================================================== */

/**
 * @defgroup transports 10. Transports
 *
 * How envelopes leave the process, where the built-in way over libcurl will not do: a function that takes each envelope, or an
 * HTTP client that makes the requests while the library keeps queue, retries and rate limits.
 *
 * @{
 */

/**
 * What `sentry_http_request_t` names.
 */
typedef struct sentry_http_request_s sentry_http_request_s;

/**
 * What `sentry_http_response_t` names.
 */
typedef struct sentry_http_response_s sentry_http_response_s;

/**
 * What `sentry_transport_t` names.
 */
typedef struct sentry_transport_s sentry_transport_s;

/**
 * A transport of the host: takes envelopes in place of the built-in one, behind the queue and its bounds.
 *
 * Made by `sentry_transport_new`, `sentry_new_function_transport` or `sentry_http_transport_new`, set up by
 * `sentry_transport_set_…`, given away by `sentry_options_set_transport`, or ended by `sentry_transport_free`.
 * Threads: one at a time, and set up before `sentry_init`. The functions of the host never run side by side, with two
 * exceptions: flush, which runs on the thread that calls `sentry_flush`, and shutdown when a send has not returned.
 */
typedef struct sentry_transport_s sentry_transport_t;

/**
 * An HTTP client of the host; only the host knows what is behind the pointer.
 */
typedef void sentry_http_client_t;

/**
 * Makes an HTTP client of the host; `sentry_http_transport_new` calls it once, on its thread.
 */
typedef sentry_http_client_t *(*sentry_http_client_factory_func_t)(void *factory_data);

/**
 * A request that the host's HTTP client is to make.
 *
 * Given to a `sentry_http_client_send_func_t`, read by the functions `sentry_http_request_get_…`. It and everything that
 * they answer is valid during that call.
 */
typedef struct sentry_http_request_s sentry_http_request_t;

/**
 * What the host's HTTP client reports of an answer, by the functions `sentry_http_response_set_…`.
 *
 * Given to a `sentry_http_client_send_func_t`, and valid during that call.
 */
typedef struct sentry_http_response_s sentry_http_response_t;

/**
 * Makes a request and waits for the answer.
 *
 * Called on the library's thread, one call at a time. Answers 1 when there was an answer, which it describes in `resp`; a
 * status that it does not set counts as 200. Answers 0 when there was none: then the library retries as for a connection
 * that failed. Captures within it are refused. It must not throw or `longjmp`.
 */
typedef int (*sentry_http_client_send_func_t)(sentry_http_client_t *client,
                                              sentry_http_request_t *req,
                                              sentry_http_response_t *resp);

/**
 * Makes a transport that hands each envelope to a function of the host.
 *
 * `send_func` is called on the library's thread, one call at a time, not on the thread that captured: a program that
 * must wait for it calls `sentry_flush`. Until it has returned, the envelope counts as waiting, then as delivered.
 * Losses that were not told yet ride along as an item of type `client_report`. Captures within it are refused. It must
 * not throw or `longjmp`. No DSN is needed; without one the envelopes do not name any.
 *
 * Arguments: `send_func` gets the envelope and the state of `sentry_transport_set_state`.
 * Ownership: the transport is the caller's, until `sentry_options_set_transport` takes it or `sentry_transport_free`
 * ends it. Each envelope is the host's, to be ended with `sentry_envelope_free`, on any thread.
 * Null: NULL gives NULL.
 * Threads: any.
 * Returns: the transport; NULL when the library failed.
 * Since: 0.1
 */
SENTRY_API
sentry_transport_t *sentry_transport_new(void (*send_func)(sentry_envelope_t *envelope, void *state));

/**
 * Makes a transport that shows each envelope to a function of the host. Deprecated: use `sentry_transport_new`.
 *
 * Arguments: `func` gets the envelope and `data`; called as the function of `sentry_transport_new`.
 * Ownership: as `sentry_transport_new`, but the envelopes stay the library's and are valid during the call. `data` stays
 * the caller's.
 * Null: a NULL `func` gives NULL.
 * Threads: any.
 * Returns: the transport; NULL when the library failed.
 * Since: 0.1
 */
SENTRY_API
SENTRY_DEPRECATED("use sentry_transport_new")
sentry_transport_t *sentry_new_function_transport(void (*func)(const sentry_envelope_t *envelope,
                                                               void *data),
                                                  void *data);

/**
 * Sets the pointer that the functions of a transport get.
 *
 * Ownership: `state` stays the caller's, or is ended by the function of `sentry_transport_set_free_func`.
 * Null: a NULL `transport` is ignored, and so is one of `sentry_http_transport_new`.
 * Since: 0.1
 */
SENTRY_API
void sentry_transport_set_state(sentry_transport_t *transport,
                                void *state);

/**
 * Sets the function that ends the state of a transport.
 *
 * It is called exactly once, when the transport ends: by `sentry_transport_free`, by `sentry_options_free`, by
 * `sentry_init` when it fails, at the end of `sentry_close`, and never while another function of the transport runs. If
 * a send has not returned when `sentry_close` does, it is called after it, on the library's thread. In a forked child it
 * is not called for a transport of the parent.
 *
 * Null: a NULL `free_func` unsets it; a NULL `transport` is ignored, and so is one of `sentry_http_transport_new`.
 * Since: 0.1
 */
SENTRY_API
void sentry_transport_set_free_func(sentry_transport_t *transport,
                                    void (*free_func)(void *state));

/**
 * Sets the function that starts a transport.
 *
 * `sentry_init` calls it on its thread, before the library's own thread starts. Other than 0 makes `sentry_init` fail. The
 * options may be read during the call only. A forked child does not call it again.
 *
 * Null: a NULL `startup_func` unsets it; a NULL `transport` is ignored, and so is one of `sentry_http_transport_new`.
 * Since: 0.1
 */
SENTRY_API
void sentry_transport_set_startup_func(sentry_transport_t *transport,
                                       int (*startup_func)(const sentry_options_t *options,
                                                           void *state));

/**
 * Sets the function that sends what a transport holds itself.
 *
 * `sentry_flush` calls it on its thread when the queue is empty, with what is left of the time in milliseconds. What it
 * answers is the answer of `sentry_flush`; 0 means that all was sent.
 *
 * Null: a NULL `flush_func` unsets it; a NULL `transport` is ignored, and so is one of `sentry_http_transport_new`.
 * Since: 0.1
 */
SENTRY_API
void sentry_transport_set_flush_func(sentry_transport_t *transport,
                                     int (*flush_func)(uint64_t timeout, void *state));

/**
 * Sets the function that shuts a transport down.
 *
 * `sentry_close` calls it once, on its thread when the queue is empty or the time is over, with what is left of the time
 * in milliseconds. At the end of the time a send may still be running beside it. Other than 0 is only logged.
 *
 * Null: a NULL `shutdown_func` unsets it; a NULL `transport` is ignored, and so is one of `sentry_http_transport_new`.
 * Since: 0.1
 */
SENTRY_API
void sentry_transport_set_shutdown_func(sentry_transport_t *transport,
                                        int (*shutdown_func)(uint64_t timeout, void *state));

/**
 * Sends what waits on disk now rather than when it is due; for instance when the host learns that there is a network
 * again.
 *
 * Null: NULL is ignored, and so is all but a transport of `sentry_http_transport_new`. Without `http_retry` it does
 * nothing.
 * Threads: any.
 * Blocks: never; the library's own thread sends.
 * Since: 0.1
 */
SENTRY_API
void sentry_transport_retry(sentry_transport_t *transport);

/**
 * Ends a transport that was not given to `sentry_options_set_transport`.
 *
 * Ownership: takes `transport`; its state is ended by the function of `sentry_transport_set_free_func`.
 * Null: NULL is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_transport_free(sentry_transport_t *transport);

/**
 * Sets the transport.
 *
 * Arguments: `transport`; NULL discards everything, counted as `ignored`: captures are accepted, and nothing leaves.
 * Ownership: takes `transport`, which can still be used for `sentry_transport_retry` until the library is closed; a
 * transport that was set before is ended.
 * Null: with NULL `opts` the transport is ended at once.
 * Threads: as all options, one at a time for each handle.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_transport(sentry_options_t *opts,
                                  sentry_transport_t *transport);

/**
 * Makes a transport that sends through an HTTP client of the host.
 *
 * Queue, compression, retries, redirects, rate limits and client reports are as with the built-in client; the time-outs,
 * the proxy and the certificates are the client's own affair.
 *
 * Arguments: `factory` makes the client, at once and on this thread; `send_func` makes a request; `client_free_func`
 * ends the client, once, when the transport ends, which is on the library's thread if a request has not returned when
 * `sentry_close` does.
 * Ownership: as `sentry_transport_new`. `factory_data` stays the caller's.
 * Null: a NULL `factory` or `send_func` gives NULL; `client_free_func` may be NULL.
 * Threads: any.
 * Returns: the transport; NULL also when the factory gives NULL.
 * Since: 0.1
 */
SENTRY_API
sentry_transport_t *sentry_http_transport_new(sentry_http_client_factory_func_t factory,
                                              void *factory_data,
                                              sentry_http_client_send_func_t send_func,
                                              void (*client_free_func)(sentry_http_client_t *client));

/**
 * Sets the function that starts the HTTP client of a transport.
 *
 * `sentry_init` calls it on its thread, before the library's own thread starts. Other than 0 makes `sentry_init` fail. The
 * options may be read during the call only.
 *
 * Null: a NULL `start_func` unsets it; a NULL `transport` is ignored, and so is one that has no HTTP client.
 * Since: 0.1
 */
SENTRY_API
void sentry_http_transport_set_client_start_func(sentry_transport_t *transport,
                                                 int (*start_func)(sentry_http_client_t *client,
                                                                   const sentry_options_t *options));

/**
 * Sets the function that makes the HTTP client of a transport end its request.
 *
 * `sentry_close` calls it on its thread, at most once, when its time is over and a request has not returned: beside the
 * send function. That has about 40 ms to return, then `sentry_close` does.
 *
 * Null: a NULL `shutdown_func` unsets it; a NULL `transport` is ignored, and so is one that has no HTTP client.
 * Since: 0.1
 */
SENTRY_API
void sentry_http_transport_set_client_shutdown_func(sentry_transport_t *transport,
                                                    void (*shutdown_func)(sentry_http_client_t *client));

/**
 * Gets the method of a request.
 *
 * Ownership: borrowed, during the call of the send function.
 * Null: gives NULL.
 * Returns: `POST`.
 * Since: 0.1
 */
SENTRY_API const char *sentry_http_request_get_method(const sentry_http_request_t *req);

/**
 * Gets the URL of a request, with its port in any case.
 *
 * Ownership: borrowed, during the call of the send function.
 * Null: gives NULL.
 * Returns: the text.
 * Since: 0.1
 */
SENTRY_API const char *sentry_http_request_get_url(const sentry_http_request_t *req);

/**
 * Counts the headers of a request.
 *
 * Null: gives 0.
 * Returns: how many there are.
 * Since: 0.1
 */
SENTRY_API size_t sentry_http_request_get_header_count(const sentry_http_request_t *req);

/**
 * Gets a header of a request: `x-sentry-auth`, `content-type`, `content-encoding` when compressed, `content-length`.
 *
 * Arguments: `index` from 0 in the order in which they are to be sent; `key_out` and `value_out` get the texts.
 * Ownership: borrowed, during the call of the send function.
 * Null: a NULL `req` gives 0; `key_out` and `value_out` may be NULL.
 * Returns: 1; 0 when there is no such header, and then nothing is written.
 * Since: 0.1
 */
SENTRY_API
int sentry_http_request_get_header(const sentry_http_request_t *req,
                                   size_t index,
                                   const char **key_out,
                                   const char **value_out);

/**
 * Gets the body of a request.
 *
 * Arguments: `len_out` gets its length in bytes; there is no terminator.
 * Ownership: borrowed, during the call of the send function.
 * Null: a NULL `req` gives NULL and 0; `len_out` may be NULL.
 * Returns: the bytes; NULL when there are none.
 * Since: 0.1
 */
SENTRY_API
const char *sentry_http_request_get_body(const sentry_http_request_t *req,
                                         size_t *len_out);

/**
 * Gets the path of the file that holds the body of a request. No request has one: bodies are in memory.
 *
 * Arguments: `len_out` gets 0.
 * Null: gives NULL; `len_out` may be NULL.
 * Returns: NULL.
 * Since: 0.1
 */
SENTRY_API
const char *sentry_http_request_get_body_file_path(const sentry_http_request_t *_req,
                                                   size_t *len_out);

/**
 * Sets the HTTP status of an answer.
 *
 * Arguments: `status_code`, 100 to 999; 0 counts as 200, and any other number as no answer.
 * Null: NULL is ignored.
 * Since: 0.1
 */
SENTRY_API void sentry_http_response_set_status_code(sentry_http_response_t *resp, int status_code);

/**
 * Sets a header of an answer. Only `Retry-After`, `Date`, `X-Sentry-Rate-Limits` and `Location` matter, others
 * are ignored.
 *
 * Arguments: `key` in any case; a later `value` replaces an earlier one.
 * Ownership: the texts are copied.
 * Null: a NULL `resp` or `key` is ignored; a NULL `value` removes the header.
 * Since: 0.1
 */
SENTRY_API
void sentry_http_response_set_header(sentry_http_response_t *resp,
                                     const char *key,
                                     const char *value);

/** @} */

/* =============================================================================================== */

/**
 * @defgroup sessions 11. Sessions
 *
 * Release health: how many runs of a program ended well.
 *
 * @{
 */

/**
 * How a session ended.
 */
typedef enum sentry_session_status_t {
    /**
     * It goes on as far as anybody knows; the server waits for more.
     */
    SENTRY_SESSION_STATUS_OK = 0,
    /**
     * The program crashed.
     */
    SENTRY_SESSION_STATUS_CRASHED = 1,
    /**
     * The program was ended from outside.
     */
    SENTRY_SESSION_STATUS_ABNORMAL = 2,
    /**
     * The program ended.
     */
    SENTRY_SESSION_STATUS_EXITED = 3,
} sentry_session_status_t;

/**
 * Starts a session: one use of the program, which the server counts as healthy, errored or crashed.
 *
 * One that is running ends first, as by `sentry_end_session`. Without a release, from `sentry_options_set_release` or
 * `sentry_set_release`, nothing starts. Release and environment stay those of this moment, the user until the server has
 * heard of the session. Unless `auto_session_tracking` is off, `sentry_init` starts one.
 *
 * Threads: any, several at once; on the library's own thread nothing happens.
 * Blocks: never, unless a session ends and `queue_block_timeout_ms` is set; the file that outlives the process is written by the library's own thread.
 * Since: 0.1
 */
SENTRY_API
void sentry_start_session(void);

/**
 * Ends the running session as `SENTRY_SESSION_STATUS_EXITED`, and sends it. `sentry_close` does so, too.
 *
 * Threads: any, several at once; on the library's own thread nothing happens.
 * Blocks: never, unless `queue_block_timeout_ms` is set.
 * Since: 0.1
 */
SENTRY_API
void sentry_end_session(void);

/**
 * Ends the running session with a status, and sends it.
 *
 * Arguments: `status`; an unknown number is ignored, and the session goes on.
 * Threads: any, several at once; on the library's own thread nothing happens.
 * Blocks: never, unless `queue_block_timeout_ms` is set.
 * Since: 0.1
 */
SENTRY_API void sentry_end_session_with_status(sentry_session_status_t status);

/** @} */

/* =============================================================================================== */

/**
 * @defgroup consent 12. Consent
 *
 * What the user allows. With the option require_user_consent nothing is sent before sentry_user_consent_give.
 *
 * @{
 */

/**
 * What the user decided about sending.
 */
typedef enum sentry_user_consent_t {
    /**
     * Nothing yet.
     */
    SENTRY_USER_CONSENT_UNKNOWN = -1,
    /**
     * Yes.
     */
    SENTRY_USER_CONSENT_GIVEN = 1,
    /**
     * No.
     */
    SENTRY_USER_CONSENT_REVOKED = 0,
} sentry_user_consent_t;

/**
 * Takes note that the user allows sending.
 *
 * The decision is kept in the database directory for later runs, also where `require_user_consent` is off. With the
 * option on, what is captured from now on is sent. What was captured before and answered `SENTRY_STATUS_NO_CONSENT` never
 * is; what was accepted because it could wait on disk (`http_retry`) is sent now.
 *
 * Threads: any, several at once.
 * Blocks: never; the file is written by the library's own thread.
 * Since: 0.1
 */
SENTRY_API
void sentry_user_consent_give(void);

/**
 * Takes note that the user forbids sending.
 *
 * With `require_user_consent`, nothing more is sent. What was accepted before and has not left is taken back, also if
 * consent is given again at once: it is counted as `SENTRY_DISCARD_NO_CONSENT`, or waits on disk for consent with
 * `http_retry`. A request under way goes on. Without the option the decision is only kept.
 *
 * Threads: any, several at once.
 * Blocks: never; the file is written by the library's own thread.
 * Since: 0.1
 */
SENTRY_API
void sentry_user_consent_revoke(void);

/**
 * Forgets what the user decided: it is unknown again, which does not allow sending. After consent that takes back what
 * has not left, as `sentry_user_consent_revoke` does.
 *
 * Threads: any, several at once.
 * Blocks: never; the file is removed by the library's own thread.
 * Since: 0.1
 */
SENTRY_API
void sentry_user_consent_reset(void);

/**
 * Tells what the user decided, in this run or an earlier one.
 *
 * Threads: any, several at once.
 * Blocks: never.
 * Returns: `SENTRY_USER_CONSENT_UNKNOWN` also when not initialised.
 * Since: 0.1
 */
SENTRY_API enum sentry_user_consent_t sentry_user_consent_get(void);

/**
 * Tells whether nothing is sent without consent: the option `require_user_consent`.
 *
 * Threads: any, several at once.
 * Blocks: never.
 * Returns: 1 or 0; 0 when not initialised.
 * Since: 0.1
 */
SENTRY_API int sentry_user_consent_is_required(void);

/** @} */

/* =============================================================================================== */

/**
 * @defgroup tracing 13. Tracing
 *
 * The trace that ties events of several programs together, and the transactions and spans in it: what took how long. Nothing is
 * sent without the option traces_sample_rate or a function of sentry_options_set_traces_sampler.
 *
 * @{
 */

/**
 * How a piece of work ended.
 */
typedef enum sentry_span_status_t {
    /**
     * It succeeded.
     */
    SENTRY_SPAN_STATUS_OK = 0,
    /**
     * It was cancelled, mostly by the caller.
     */
    SENTRY_SPAN_STATUS_CANCELLED = 1,
    /**
     * It is not known how.
     */
    SENTRY_SPAN_STATUS_UNKNOWN = 2,
    /**
     * The caller passed something that makes no sense.
     */
    SENTRY_SPAN_STATUS_INVALID_ARGUMENT = 3,
    /**
     * It took too long.
     */
    SENTRY_SPAN_STATUS_DEADLINE_EXCEEDED = 4,
    /**
     * What was asked for is not there.
     */
    SENTRY_SPAN_STATUS_NOT_FOUND = 5,
    /**
     * What was to be made is there already.
     */
    SENTRY_SPAN_STATUS_ALREADY_EXISTS = 6,
    /**
     * The caller may not do that.
     */
    SENTRY_SPAN_STATUS_PERMISSION_DENIED = 7,
    /**
     * Something is used up.
     */
    SENTRY_SPAN_STATUS_RESOURCE_EXHAUSTED = 8,
    /**
     * The system is not in the state that it needs.
     */
    SENTRY_SPAN_STATUS_FAILED_PRECONDITION = 9,
    /**
     * It was aborted, mostly by a conflict.
     */
    SENTRY_SPAN_STATUS_ABORTED = 10,
    /**
     * It went past the valid range.
     */
    SENTRY_SPAN_STATUS_OUT_OF_RANGE = 11,
    /**
     * Nobody has built that.
     */
    SENTRY_SPAN_STATUS_UNIMPLEMENTED = 12,
    /**
     * A bug, or a broken invariant.
     */
    SENTRY_SPAN_STATUS_INTERNAL_ERROR = 13,
    /**
     * The service is not there for the moment.
     */
    SENTRY_SPAN_STATUS_UNAVAILABLE = 14,
    /**
     * Data is lost or broken for good.
     */
    SENTRY_SPAN_STATUS_DATA_LOSS = 15,
    /**
     * The caller did not say who they are.
     */
    SENTRY_SPAN_STATUS_UNAUTHENTICATED = 16,
} sentry_span_status_t;

/**
 * What `sentry_span_t` names: an [`Arc`] of a `Span` as a pointer.
 */
typedef struct sentry_span_s sentry_span_s;

/**
 * What `sentry_transaction_t` names: an [`Arc`] of a `Transaction` as a pointer.
 */
typedef struct sentry_transaction_s sentry_transaction_s;

/**
 * Takes a header for a request to another program, or a variable for its environment.
 *
 * Called on the thread that asked, without any lock held, once for each; `key` and `value` are terminated and
 * valid during the call. It may call every function of the library; it must not throw or `longjmp`.
 */
typedef void (*sentry_iter_headers_function_t)(const char *key, const char *value, void *userdata);

/**
 * A part of a transaction.
 *
 * Made by `sentry_transaction_start_child` or `sentry_span_start_child`, ended by `sentry_span_finish` or
 * `sentry_span_discard`; it may outlive what it is a part of. What one thread does with a span no other thread waits for.
 * Threads: any, several at once; the one that ends it must be the last.
 */
typedef struct sentry_span_s sentry_span_t;

/**
 * A piece of work from its beginning to its end, the root of spans.
 *
 * Made by `sentry_transaction_start`, ended by `sentry_transaction_finish` or `sentry_transaction_discard`. It belongs to the
 * process that started it: in a forked child it is only a place in the trace, and is never sent.
 * Threads: any, several at once; the one that ends it must be the last.
 */
typedef struct sentry_transaction_s sentry_transaction_t;

/**
 * Goes on with a trace that another program began: later events and transactions belong to it.
 *
 * The trace gets a new number to sample its transactions by. What else the other program said, its decision and its
 * `baggage`, is known only to transactions that get its headers, see `sentry_transaction_context_update_from_header`.
 *
 * Arguments: `trace_id`, 32 hex digits, not all zero; `parent_span_id`, 16 hex digits. With another trace id nothing
 * changes, with another span id there is no parent.
 * Ownership: the texts are copied.
 * Null: a NULL `trace_id` is ignored; `parent_span_id` may be NULL.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API
void sentry_set_trace(const char *trace_id,
                      const char *parent_span_id);

/**
 * `sentry_set_trace` with lengths.
 *
 * Arguments: lengths in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API
void sentry_set_trace_n(const char *trace_id,
                        size_t trace_id_len,
                        const char *parent_span_id,
                        size_t parent_span_id_len);

/**
 * Begins a new trace: later events and transactions no longer belong to that of the earlier ones.
 *
 * All transactions of a trace are sent or none is: a program that works for many requests calls this at the start of each,
 * unless it goes on with the trace of the request.
 *
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API
void sentry_regenerate_trace(void);

/**
 * Calls a function with each header that tells another program of what this one is doing.
 *
 * That is the span or the transaction that is bound with `sentry_set_span` or `sentry_set_transaction_object`, else the trace
 * of the process. The headers are those of `sentry_transaction_iter_headers`; without a decision whether the trace is sent
 * `sentry-trace` leaves it to the receiver.
 *
 * Arguments: `callback` and the pointer it gets back.
 * Null: ignored.
 * Threads: any, several at once.
 * Blocks: never.
 * Since: 0.1
 */
SENTRY_API
void sentry_trace_iter_headers(sentry_iter_headers_function_t callback,
                               void *userdata);

/**
 * Calls a function with each variable of the environment that lets a child process go on with the trace.
 *
 * These are `SENTRY_TRACE` and `SENTRY_BAGGAGE`, with what `sentry_trace_iter_headers` tells in `sentry-trace` and `baggage`.
 * A program that uses this library, or another SDK that knows these variables, reads them when it starts. The library never
 * changes an environment: add them to the list that is given to `execve` or `posix_spawn`.
 *
 * Arguments: `callback` and the pointer it gets back.
 * Null: ignored.
 * Threads: any, several at once.
 * Blocks: never.
 * Since: 0.1
 */
SENTRY_API
void sentry_trace_iter_environment(sentry_iter_headers_function_t callback,
                                   void *userdata);

/**
 * Makes what a transaction starts with. It gets a trace of its own, or that of the process if `sentry_set_trace`,
 * `sentry_regenerate_trace` or the variable `SENTRY_TRACE` chose one.
 *
 * Arguments: `name`, what it is, cut to 200 characters; `operation`, which kind of work, for instance `http.server`.
 * Ownership: the texts are copied; the handle is the caller's until it is given to `sentry_transaction_start`.
 * Null: NULL texts are empty.
 * Threads: any.
 * Since: 0.1
 */
SENTRY_API
sentry_transaction_context_t *sentry_transaction_context_new(const char *name,
                                                             const char *operation);

/**
 * `sentry_transaction_context_new` with lengths.
 *
 * Arguments: lengths in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API
sentry_transaction_context_t *sentry_transaction_context_new_n(const char *name,
                                                               size_t name_len,
                                                               const char *operation,
                                                               size_t operation_len);

/**
 * Sets the name.
 *
 * Ownership: the text is copied; what `sentry_transaction_context_get_name` gave is no longer valid.
 * Null: a NULL handle is ignored; a NULL text is empty.
 * Threads: one at a time for each handle.
 * Since: 0.1
 */
SENTRY_API
void sentry_transaction_context_set_name(sentry_transaction_context_t *tx_ctx,
                                         const char *name);

/**
 * `sentry_transaction_context_set_name` with a length.
 *
 * Arguments: `name_len` in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API
void sentry_transaction_context_set_name_n(sentry_transaction_context_t *tx_ctx,
                                           const char *name,
                                           size_t name_len);

/**
 * Gets the name.
 *
 * Ownership: the text is the handle's; valid until the name is set again or the handle is given away.
 * Null: an empty text for a NULL handle.
 * Threads: one at a time for each handle.
 * Returns: the text, never NULL.
 * Since: 0.1
 */
SENTRY_API
const char *sentry_transaction_context_get_name(const sentry_transaction_context_t *tx_ctx);

/**
 * Sets the operation.
 *
 * Ownership: the text is copied; what `sentry_transaction_context_get_operation` gave is no longer valid.
 * Null: a NULL handle is ignored; a NULL text is empty.
 * Threads: one at a time for each handle.
 * Since: 0.1
 */
SENTRY_API
void sentry_transaction_context_set_operation(sentry_transaction_context_t *tx_ctx,
                                              const char *operation);

/**
 * `sentry_transaction_context_set_operation` with a length.
 *
 * Arguments: `operation_len` in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API
void sentry_transaction_context_set_operation_n(sentry_transaction_context_t *tx_ctx,
                                                const char *operation,
                                                size_t operation_len);

/**
 * Gets the operation.
 *
 * Ownership: the text is the handle's; valid until the operation is set again or the handle is given away.
 * Null: an empty text for a NULL handle.
 * Threads: one at a time for each handle.
 * Returns: the text, never NULL.
 * Since: 0.1
 */
SENTRY_API
const char *sentry_transaction_context_get_operation(const sentry_transaction_context_t *tx_ctx);

/**
 * Decides whether the transaction is sent: before the sampler, the program that began the trace, and `traces_sample_rate`.
 *
 * Arguments: `sampled` 0 or not.
 * Null: ignored.
 * Threads: one at a time for each handle.
 * Since: 0.1
 */
SENTRY_API
void sentry_transaction_context_set_sampled(sentry_transaction_context_t *tx_ctx,
                                            int sampled);

/**
 * Takes back the decision of `sentry_transaction_context_set_sampled`.
 *
 * Null: ignored.
 * Threads: one at a time for each handle.
 * Since: 0.1
 */
SENTRY_API void sentry_transaction_context_remove_sampled(sentry_transaction_context_t *tx_ctx);

/**
 * Goes on with the trace of a request from another program. Call it with each of its headers.
 *
 * Of `sentry-trace` come trace, parent and decision; one that cannot be read is ignored. Of `baggage` come the members that
 * begin with `sentry-`, which are passed on as they are. The trace does not go on in another organisation, see
 * `sentry_options_set_strict_trace_continuation`: then the transaction begins a new one.
 *
 * Arguments: `key` and `value` of a header; only `sentry-trace` and `baggage` are read, in any case. A `sentry-trace` of more
 * than 128 bytes and a `baggage` of more than 8192 are ignored.
 * Ownership: nothing is kept.
 * Null: ignored.
 * Threads: one at a time for each handle.
 * Since: 0.1
 */
SENTRY_API
void sentry_transaction_context_update_from_header(sentry_transaction_context_t *tx_ctx,
                                                   const char *key,
                                                   const char *value);

/**
 * `sentry_transaction_context_update_from_header` with lengths.
 *
 * Arguments: lengths in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API
void sentry_transaction_context_update_from_header_n(sentry_transaction_context_t *tx_ctx,
                                                     const char *key,
                                                     size_t key_len,
                                                     const char *value,
                                                     size_t value_len);

/**
 * Starts a transaction.
 *
 * Whether it is sent is decided now, for it and all its spans: by `sentry_transaction_context_set_sampled`; else by the
 * function of `sentry_options_set_traces_sampler`; else as the program decided that began the trace; else by
 * `traces_sample_rate`. The rate decides the same for all transactions of a trace. With neither a rate nor a function nothing is sent,
 * and the decision of the other program is passed on. One that is not sent can be used all the same; it is counted as
 * `sample_rate` when it ends, if a rate or a function was set.
 *
 * Ownership: takes `tx_ctx` and `custom_sampling_ctx`, which the function of `sentry_options_set_traces_sampler` is shown;
 * the transaction is the caller's, end it with `sentry_transaction_finish` or `sentry_transaction_discard`.
 * Null: NULL for a NULL `tx_ctx`; `custom_sampling_ctx` is taken all the same.
 * Threads: any, several at once.
 * Blocks: never.
 * Since: 0.1
 */
SENTRY_API
sentry_transaction_t *sentry_transaction_start(sentry_transaction_context_t *tx_ctx,
                                               sentry_value_t custom_sampling_ctx);

/**
 * `sentry_transaction_start` of one that began at a given time.
 *
 * Arguments: `timestamp` in microseconds since 1970.
 * Since: 0.1
 */
SENTRY_API
sentry_transaction_t *sentry_transaction_start_ts(sentry_transaction_context_t *tx_ctx,
                                                  sentry_value_t custom_sampling_ctx,
                                                  uint64_t timestamp);

/**
 * Ends a transaction, and sends it if that was decided at its start.
 *
 * It is sent with the data of the scope of the process, but its attachments, and with the spans that were finished before it,
 * at most `max_spans`, and of more than 1 MiB the newest; spans that are missing are counted. The function of
 * `sentry_options_set_before_transaction` sees it before; `before_send` and `sample_rate` do not concern it. It is unbound
 * from the process. Later events of the process belong to its trace, unless `sentry_set_trace`, `sentry_regenerate_trace` or
 * the environment chose another one.
 *
 * Ownership: takes `tx`.
 * Null: ignored.
 * Threads: nobody else may use the handle.
 * Blocks: never, unless `queue_block_timeout_ms` is set.
 * Returns: the id that it is sent under; the nil id if it is not sent.
 * Since: 0.1
 */
SENTRY_API
sentry_uuid_t sentry_transaction_finish(sentry_transaction_t *tx);

/**
 * `sentry_transaction_finish` of one that ended at a given time.
 *
 * Arguments: `timestamp` in microseconds since 1970; one before the start stands for the start.
 * Since: 0.1
 */
SENTRY_API sentry_uuid_t sentry_transaction_finish_ts(sentry_transaction_t *tx, uint64_t timestamp);

/**
 * Ends a transaction that is not to be sent. It is unbound from the process, and not counted.
 *
 * Ownership: takes `tx`.
 * Null: ignored.
 * Threads: nobody else may use the handle.
 * Since: 0.1
 */
SENTRY_API void sentry_transaction_discard(sentry_transaction_t *tx);

/**
 * Calls a function with each header that tells another program of this transaction.
 *
 * These are `sentry-trace`; `baggage`, if the library runs with a DSN and unless the trace came without one; and `traceparent`
 * with the option `propagate_traceparent`. What `baggage` says no longer changes afterwards. A request that has a `baggage`
 * already keeps it: put a comma and this value behind it. Without a decision whether the trace is sent `sentry-trace` leaves
 * that to the receiver.
 *
 * Arguments: `callback` and the pointer it gets back.
 * Null: ignored.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API
void sentry_transaction_iter_headers(sentry_transaction_t *tx,
                                     sentry_iter_headers_function_t callback,
                                     void *userdata);

/**
 * Sets how this transaction ended; without it, `ok`. A number that is no status unsets it.
 *
 * Null: ignored.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API
void sentry_transaction_set_status(sentry_transaction_t *tx,
                                   sentry_span_status_t status);

/**
 * Binds a transaction to the process: later events belong to it, until it ends or something else is bound.
 *
 * Ownership: `tx` stays the caller's; the process keeps a reference of its own.
 * Null: unbinds what is bound, also a span.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API
void sentry_set_transaction_object(sentry_transaction_t *tx);

/**
 * Binds a transaction to a scope: events captured with it belong to the transaction, also after its end, until something
 * else is bound.
 *
 * Ownership: `tx` stays the caller's; the scope keeps a reference of its own.
 * Null: a NULL `tx` unbinds what is bound, also a span; a NULL `scope` is ignored.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API
void sentry_scope_set_transaction_object(sentry_scope_t *scope,
                                         sentry_transaction_t *tx);

/**
 * Starts a span within this transaction.
 *
 * Arguments: `operation`, which kind of work, cut to 512 bytes; `description`, what it is, cut to 8 KiB.
 * Ownership: the span is the caller's; end it with `sentry_span_finish` or `sentry_span_discard`.
 * Null: NULL for a NULL `parent`; the texts may be NULL.
 * Threads: any, several at once.
 * Blocks: never.
 * Returns: the span; NULL if the transaction has ended, or holds `max_spans` finished spans already, which is counted.
 * Since: 0.1
 */
SENTRY_API
sentry_span_t *sentry_transaction_start_child(sentry_transaction_t *parent,
                                              const char *operation,
                                              const char *description);

/**
 * `sentry_transaction_start_child` with lengths.
 *
 * Arguments: lengths in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API
sentry_span_t *sentry_transaction_start_child_n(sentry_transaction_t *parent,
                                                const char *operation,
                                                size_t operation_len,
                                                const char *description,
                                                size_t description_len);

/**
 * `sentry_transaction_start_child` that began at a given time.
 *
 * Arguments: `timestamp` in microseconds since 1970.
 * Since: 0.1
 */
SENTRY_API
sentry_span_t *sentry_transaction_start_child_ts(sentry_transaction_t *parent,
                                                 const char *operation,
                                                 const char *description,
                                                 uint64_t timestamp);

/**
 * `sentry_transaction_start_child` with lengths that began at a given time.
 *
 * Arguments: lengths in bytes, without terminator; `timestamp` in microseconds since 1970.
 * Since: 0.1
 */
SENTRY_API
sentry_span_t *sentry_transaction_start_child_ts_n(sentry_transaction_t *parent,
                                                   const char *operation,
                                                   size_t operation_len,
                                                   const char *description,
                                                   size_t description_len,
                                                   uint64_t timestamp);

/**
 * Sets a tag of this transaction.
 *
 * Arguments: `tag`; `value`, cut to 200 bytes at the end of a character. All tags have 64 KiB, and what is beyond is left out.
 * Ownership: the texts are copied.
 * Null: a NULL handle or `tag` is ignored; a NULL `value` removes the tag.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API
void sentry_transaction_set_tag(sentry_transaction_t *transaction,
                                const char *tag,
                                const char *value);

/**
 * `sentry_transaction_set_tag` with a length for each text.
 *
 * Arguments: lengths in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API
void sentry_transaction_set_tag_n(sentry_transaction_t *transaction,
                                  const char *tag,
                                  size_t tag_len,
                                  const char *value,
                                  size_t value_len);

/**
 * Removes a tag of this transaction.
 *
 * Null: ignored.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API void sentry_transaction_remove_tag(sentry_transaction_t *transaction, const char *tag);

/**
 * `sentry_transaction_remove_tag` with a length.
 *
 * Arguments: `tag_len` in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API
void sentry_transaction_remove_tag_n(sentry_transaction_t *transaction,
                                     const char *tag,
                                     size_t tag_len);

/**
 * Sets data of this transaction, which stands in its context `trace`.
 *
 * Arguments: `value`, as it is now, within the limits of one value of extra data of events. All data have 64 KiB, and what is
 * beyond is left out. The context as a whole has 8 KiB.
 * Ownership: the key is copied; takes `value`.
 * Null: ignored; `value` is taken all the same.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API
void sentry_transaction_set_data(sentry_transaction_t *transaction,
                                 const char *key,
                                 sentry_value_t value);

/**
 * `sentry_transaction_set_data` with a length.
 *
 * Arguments: `key_len` in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API
void sentry_transaction_set_data_n(sentry_transaction_t *transaction,
                                   const char *key,
                                   size_t key_len,
                                   sentry_value_t value);

/**
 * Removes data of this transaction.
 *
 * Null: ignored.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API void sentry_transaction_remove_data(sentry_transaction_t *transaction, const char *key);

/**
 * `sentry_transaction_remove_data` with a length.
 *
 * Arguments: `key_len` in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API
void sentry_transaction_remove_data_n(sentry_transaction_t *transaction,
                                      const char *key,
                                      size_t key_len);

/**
 * Sets the name of this transaction. What `sentry_transaction_iter_headers` has told already keeps the old one.
 *
 * Arguments: `name`, cut to 200 characters when it is sent; empty, it is sent as `<unlabeled transaction>`.
 * Ownership: the text is copied.
 * Null: a NULL handle is ignored; a NULL text is empty.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API
void sentry_transaction_set_name(sentry_transaction_t *transaction,
                                 const char *name);

/**
 * `sentry_transaction_set_name` with a length.
 *
 * Arguments: `name_len` in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API
void sentry_transaction_set_name_n(sentry_transaction_t *transaction,
                                   const char *name,
                                   size_t name_len);

/**
 * Starts a span within this span.
 *
 * Arguments: `operation`, which kind of work, cut to 512 bytes; `description`, what it is, cut to 8 KiB.
 * Ownership: the span is the caller's; end it with `sentry_span_finish` or `sentry_span_discard`.
 * Null: NULL for a NULL `parent`; the texts may be NULL.
 * Threads: any, several at once.
 * Blocks: never.
 * Returns: the span, also when the transaction holds `max_spans` finished spans and no longer takes it; NULL without memory.
 * Since: 0.1
 */
SENTRY_API
sentry_span_t *sentry_span_start_child(sentry_span_t *parent,
                                       const char *operation,
                                       const char *description);

/**
 * `sentry_span_start_child` with lengths.
 *
 * Arguments: lengths in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API
sentry_span_t *sentry_span_start_child_n(sentry_span_t *parent,
                                         const char *operation,
                                         size_t operation_len,
                                         const char *description,
                                         size_t description_len);

/**
 * `sentry_span_start_child` that began at a given time.
 *
 * Arguments: `timestamp` in microseconds since 1970.
 * Since: 0.1
 */
SENTRY_API
sentry_span_t *sentry_span_start_child_ts(sentry_span_t *parent,
                                          const char *operation,
                                          const char *description,
                                          uint64_t timestamp);

/**
 * `sentry_span_start_child` with lengths that began at a given time.
 *
 * Arguments: lengths in bytes, without terminator; `timestamp` in microseconds since 1970.
 * Since: 0.1
 */
SENTRY_API
sentry_span_t *sentry_span_start_child_ts_n(sentry_span_t *parent,
                                            const char *operation,
                                            size_t operation_len,
                                            const char *description,
                                            size_t description_len,
                                            uint64_t timestamp);

/**
 * Ends a span: it is sent with its transaction, if that is sent and has not ended yet. It is unbound from the process.
 *
 * A transaction takes the first `max_spans` spans that finish, and of more than 1 MiB the newest; spans that are missing are
 * counted.
 *
 * Ownership: takes `span`.
 * Null: ignored.
 * Threads: nobody else may use the handle.
 * Blocks: never.
 * Since: 0.1
 */
SENTRY_API
void sentry_span_finish(sentry_span_t *span);

/**
 * `sentry_span_finish` of one that ended at a given time.
 *
 * Arguments: `timestamp` in microseconds since 1970; one before the start stands for the start.
 * Since: 0.1
 */
SENTRY_API void sentry_span_finish_ts(sentry_span_t *span, uint64_t timestamp);

/**
 * Ends a span that is not to be sent. It is unbound from the process, and not counted.
 *
 * Ownership: takes `span`.
 * Null: ignored.
 * Threads: nobody else may use the handle.
 * Since: 0.1
 */
SENTRY_API void sentry_span_discard(sentry_span_t *span);

/**
 * Calls a function with each header that tells another program of this span, as `sentry_transaction_iter_headers`.
 *
 * Arguments: `callback` and the pointer it gets back.
 * Null: ignored.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API
void sentry_span_iter_headers(sentry_span_t *span,
                              sentry_iter_headers_function_t callback,
                              void *userdata);

/**
 * Sets how this span ended; without it, `ok`. A number that is no status unsets it.
 *
 * Null: ignored.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API void sentry_span_set_status(sentry_span_t *span, sentry_span_status_t status);

/**
 * Binds a span to the process: later events belong to it, until it ends or something else is bound.
 *
 * Ownership: `span` stays the caller's; the process keeps a reference of its own.
 * Null: unbinds what is bound, also a transaction.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API void sentry_set_span(sentry_span_t *span);

/**
 * Binds a span to a scope: events captured with it belong to the span, also after its end, until something else is bound.
 *
 * Ownership: `span` stays the caller's; the scope keeps a reference of its own.
 * Null: a NULL `span` unbinds what is bound, also a transaction; a NULL `scope` is ignored.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API
void sentry_scope_set_span(sentry_scope_t *scope,
                           sentry_span_t *span);

/**
 * Sets a tag of this span.
 *
 * Arguments: `tag`; `value`, cut to 200 bytes at the end of a character. All tags have 64 KiB, and what is beyond is left out.
 * Ownership: the texts are copied.
 * Null: a NULL handle or `tag` is ignored; a NULL `value` removes the tag.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API
void sentry_span_set_tag(sentry_span_t *span,
                         const char *tag,
                         const char *value);

/**
 * `sentry_span_set_tag` with a length for each text.
 *
 * Arguments: lengths in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API
void sentry_span_set_tag_n(sentry_span_t *span,
                           const char *tag,
                           size_t tag_len,
                           const char *value,
                           size_t value_len);

/**
 * Removes a tag of this span.
 *
 * Null: ignored.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API void sentry_span_remove_tag(sentry_span_t *span, const char *tag);

/**
 * `sentry_span_remove_tag` with a length.
 *
 * Arguments: `tag_len` in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API void sentry_span_remove_tag_n(sentry_span_t *span, const char *tag, size_t tag_len);

/**
 * Sets data of this span, which stands in its `data`.
 *
 * Arguments: `value`, as it is now, within the limits of one value of extra data of events. All data have 64 KiB, and what is
 * beyond is left out.
 * Ownership: the key is copied; takes `value`.
 * Null: ignored; `value` is taken all the same.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API
void sentry_span_set_data(sentry_span_t *span,
                          const char *key,
                          sentry_value_t value);

/**
 * `sentry_span_set_data` with a length.
 *
 * Arguments: `key_len` in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API
void sentry_span_set_data_n(sentry_span_t *span,
                            const char *key,
                            size_t key_len,
                            sentry_value_t value);

/**
 * Removes data of this span.
 *
 * Null: ignored.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API void sentry_span_remove_data(sentry_span_t *span, const char *key);

/**
 * `sentry_span_remove_data` with a length.
 *
 * Arguments: `key_len` in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API void sentry_span_remove_data_n(sentry_span_t *span, const char *key, size_t key_len);

/** @} */

/* =============================================================================================== */

/**
 * @defgroup logs 14. Logs
 *
 * Structured logs, and attributes for logs and metrics. This version does not send logs; each call says so.
 *
 * @{
 */

/**
 * What became of a log line.
 */
typedef enum log_return_value_t {
    /**
     * Collected; it is sent with others.
     */
    SENTRY_LOG_RETURN_SUCCESS = 0,
    /**
     * The hook dropped it.
     */
    SENTRY_LOG_RETURN_DISCARD = 1,
    /**
     * It was not taken: no room, no consent, a pause that the server asked for, or an argument that makes no sense;
     * `sentry_last_error_message` says which.
     */
    SENTRY_LOG_RETURN_FAILED = 2,
    /**
     * Logs are off, there is no usable DSN, or the library is not initialised.
     */
    SENTRY_LOG_RETURN_DISABLED = 3,
} log_return_value_t;

/**
 * Logs a line with attributes.
 *
 * Lines are collected and sent when there are 100 of them or 1 MiB, or after five seconds. `sentry_flush` and `sentry_close`
 * send what is there. Lines of one thread keep their order.
 *
 * Arguments: `level`, any other number is info; `body`, the line as it is; `attributes`, an object, or null. Each member is
 * one attribute: text, a boolean, a finite number, a list of these of one type, or what `sentry_value_new_attribute` made.
 * What is nothing of that is left out.
 * Ownership: takes `attributes`, whatever the answer; an object that the host still holds is not changed.
 * Null: a NULL `body` is refused.
 * Threads: any, several at once; not from a signal handler.
 * Blocks: never.
 * Returns: what became of it.
 * Since: 0.1
 */
SENTRY_API
enum log_return_value_t sentry_log(sentry_level_t level,
                                   const char *body,
                                   sentry_value_t attributes);

/**
 * Logs a line with attributes and those of a scope.
 *
 * Arguments: as `sentry_log`. Attributes of the call win over those of `scope`, and these over those of the process.
 * Ownership: takes `attributes`, and ends a scope of `sentry_local_scope_new`, whatever the answer.
 * Null: a NULL `scope` is as `sentry_log`.
 * Threads: any, several at once.
 * Blocks: never.
 * Returns: as `sentry_log`.
 * Since: 0.1
 */
SENTRY_API
enum log_return_value_t sentry_scope_capture_log(sentry_scope_t *scope,
                                                 sentry_level_t level,
                                                 const char *body,
                                                 sentry_value_t attributes);

/**
 * Sets an attribute of all later logs and metrics. Events do not carry attributes.
 *
 * Arguments: `attribute`, see `sentry_value_new_attribute`: an object whose `value` and `type` are not null; anything
 * else is ignored.
 * Ownership: the key is copied; takes `attribute`.
 * Null: a NULL key is ignored.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API
void sentry_set_attribute(const char *key,
                          sentry_value_t attribute);

/**
 * `sentry_set_attribute` with a length.
 *
 * Arguments: `key_len` in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API void sentry_set_attribute_n(const char *key, size_t key_len, sentry_value_t attribute);

/**
 * Removes what `sentry_set_attribute` set.
 *
 * Null: ignored.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API void sentry_remove_attribute(const char *key);

/**
 * `sentry_remove_attribute` with a length.
 *
 * Arguments: `key_len` in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API void sentry_remove_attribute_n(const char *key, size_t key_len);

/**
 * Sets an attribute of logs and metrics captured with this scope; see `sentry_set_attribute`.
 *
 * Ownership: the key is copied; takes `attribute`.
 * Null: a NULL `scope` or `key` is ignored.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API
void sentry_scope_set_attribute(sentry_scope_t *scope,
                                const char *key,
                                sentry_value_t attribute);

/**
 * `sentry_scope_set_attribute` with a length.
 *
 * Arguments: `key_len` in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API
void sentry_scope_set_attribute_n(sentry_scope_t *scope,
                                  const char *key,
                                  size_t key_len,
                                  sentry_value_t attribute);

/**
 * Removes what `sentry_scope_set_attribute` set.
 *
 * Null: a NULL `scope` or `key` is ignored.
 * Threads: any, several at once.
 * Since: 0.1
 */
SENTRY_API void sentry_scope_remove_attribute(sentry_scope_t *scope, const char *key);

/**
 * `sentry_scope_remove_attribute` with a length.
 *
 * Arguments: `key_len` in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API
void sentry_scope_remove_attribute_n(sentry_scope_t *scope,
                                     const char *key,
                                     size_t key_len);

/**
 * Logs a line at level trace, with attributes for the arguments of its format; see `sentry_log`.
 *
 * The line is what `printf` makes of it. If it has arguments, the format is the attribute `sentry.message.template`, and the
 * arguments are `sentry.message.parameter.0` and so on: `d i` an integer; `u x X o` text as printed, without flags; `f e g a` a
 * number; `c s p` text. Positional arguments (`%1$s`) are printed and become no attributes, and so do those behind a
 * conversion that ISO C does not know, and behind the 32nd. A format with `%n` is sent unprinted: it would write. A line
 * of more than 1 MiB is cut.
 *
 * Arguments: `message`, a `printf` format, and its arguments. With the option `logs_with_attributes` the first of them is a
 * `sentry_value_t` with attributes, or null; it must be there then, and `sentry_init` must have been called.
 * Ownership: takes the attributes.
 * Null: a NULL `message` is refused; NULL for `%s` is `(null)`.
 * Threads: any, several at once; not from a signal handler.
 * Blocks: never.
 * Returns: what became of it.
 * Since: 0.1
 */
SENTRY_API
enum log_return_value_t sentry_log_trace(const char *message,
                                         ...);

/**
 * `sentry_log_trace` at level debug.
 *
 * Since: 0.1
 */
SENTRY_API enum log_return_value_t sentry_log_debug(const char *message, ...);

/**
 * `sentry_log_trace` at level info.
 *
 * Since: 0.1
 */
SENTRY_API enum log_return_value_t sentry_log_info(const char *message, ...);

/**
 * `sentry_log_trace` at level warning.
 *
 * Since: 0.1
 */
SENTRY_API enum log_return_value_t sentry_log_warn(const char *message, ...);

/**
 * `sentry_log_trace` at level error.
 *
 * Since: 0.1
 */
SENTRY_API enum log_return_value_t sentry_log_error(const char *message, ...);

/**
 * `sentry_log_trace` at level fatal.
 *
 * Since: 0.1
 */
SENTRY_API enum log_return_value_t sentry_log_fatal(const char *message, ...);

/** @} */

/* =============================================================================================== */

/**
 * @defgroup metrics 15. Metrics
 *
 * Counters, gauges and distributions. This version does not send metrics; each call says so.
 *
 * @{
 */

/**
 * What became of a metric.
 */
typedef enum sentry_metrics_result_t {
    /**
     * Collected; it is sent with others.
     */
    SENTRY_METRICS_RESULT_SUCCESS = 0,
    /**
     * The hook dropped it.
     */
    SENTRY_METRICS_RESULT_DISCARD = 1,
    /**
     * It was not taken: no room, no consent, a pause that the server asked for, or an argument that makes no sense;
     * `sentry_last_error_message` says which.
     */
    SENTRY_METRICS_RESULT_FAILED = 2,
    /**
     * Metrics are off, there is no usable DSN, or the library is not initialised.
     */
    SENTRY_METRICS_RESULT_DISABLED = 3,
} sentry_metrics_result_t;

/**
 * What a metric measures.
 */
typedef enum sentry_metric_type_t {
    /**
     * How often something happened.
     */
    SENTRY_METRIC_COUNT = 0,
    /**
     * A figure that goes up and down.
     */
    SENTRY_METRIC_GAUGE = 1,
    /**
     * A figure whose distribution matters.
     */
    SENTRY_METRIC_DISTRIBUTION = 2,
} sentry_metric_type_t;

/**
 * Counts something.
 *
 * Metrics are collected and sent when there are 100 of them, or after five seconds; each call is one entry.
 *
 * Arguments: `name`; `value`, how many, also negative; `attributes` as for `sentry_log`. A metric may have 2048 bytes of JSON
 * with its attributes; a larger one is refused.
 * Ownership: takes `attributes`, whatever the answer; an object that the host still holds is not changed.
 * Null: a NULL or empty `name` is refused.
 * Threads: any, several at once; not from a signal handler.
 * Blocks: never.
 * Returns: what became of it.
 * Since: 0.1
 */
SENTRY_API
enum sentry_metrics_result_t sentry_metrics_count(const char *name,
                                                  int64_t value,
                                                  sentry_value_t attributes);

/**
 * Notes a figure that goes up and down.
 *
 * Arguments: `name`; `value`, finite; `unit`, one of the `SENTRY_UNIT_…` texts or any other; `attributes` as for
 * `sentry_metrics_count`.
 * Ownership: takes `attributes`, whatever the answer.
 * Null: a NULL or empty `name` is refused; `unit` may be NULL.
 * Threads: any, several at once.
 * Blocks: never.
 * Returns: what became of it.
 * Since: 0.1
 */
SENTRY_API
enum sentry_metrics_result_t sentry_metrics_gauge(const char *name,
                                                  double value,
                                                  const char *unit,
                                                  sentry_value_t attributes);

/**
 * Notes a figure whose distribution matters.
 *
 * Arguments: as for `sentry_metrics_gauge`.
 * Ownership: takes `attributes`, whatever the answer.
 * Null: a NULL or empty `name` is refused; `unit` may be NULL.
 * Threads: any, several at once.
 * Blocks: never.
 * Returns: what became of it.
 * Since: 0.1
 */
SENTRY_API
enum sentry_metrics_result_t sentry_metrics_distribution(const char *name,
                                                         double value,
                                                         const char *unit,
                                                         sentry_value_t attributes);

/**
 * Captures a metric of any kind with a scope.
 *
 * Arguments: `type`, an unknown one is refused; `value`, a finite number; the others as for `sentry_metrics_gauge`.
 * Ownership: takes `value` and `attributes`, and ends a scope of `sentry_local_scope_new`, whatever the answer.
 * Null: a NULL `scope` is none; a NULL or empty `name` is refused; `unit` may be NULL.
 * Threads: any, several at once.
 * Blocks: never.
 * Returns: what became of it.
 * Since: 0.1
 */
SENTRY_API
enum sentry_metrics_result_t sentry_scope_capture_metric(sentry_scope_t *scope,
                                                         sentry_metric_type_t type,
                                                         const char *name,
                                                         sentry_value_t value,
                                                         const char *unit,
                                                         sentry_value_t attributes);

/** @} */

/* =============================================================================================== */

/**
 * @defgroup crashes 16. Crashes
 *
 * Crashes that the program caught itself, minidumps of other programs, and what stacks and modules look like. This version does
 * not catch crashes.
 *
 * @{
 */

/**
 * Tells whether an earlier run crashed, as it was at the last `sentry_init`.
 *
 * Threads: any, several at once.
 * Blocks: never.
 * Returns: 1 or 0, also after `sentry_close` and after `sentry_clear_crashed_last_run`; -1 before the first `sentry_init`
 * of the process.
 * Since: 0.1
 */
SENTRY_API
int sentry_get_crashed_last_run(void);

/**
 * Forgets that an earlier run crashed, for the next `sentry_init`.
 *
 * Threads: any, several at once.
 * Blocks: for the removal of one file.
 * Returns: 0, also when there is nothing to forget; 1 when not initialised or when the file cannot be removed.
 * Since: 0.1
 */
SENTRY_API
int sentry_clear_crashed_last_run(void);

/**
 * Reports a crash that a signal handler of the host caught, as a fatal event with the stack and registers of the thread
 * it hit, and returns.
 *
 * This version installs no signal handlers of its own; the event takes the way of any other, `before_send` included, and
 * is sent by the worker: call `sentry_flush` before the process ends.
 *
 * Arguments: `uctx` as the handler was called; a `user_context` that is NULL leaves the stack out.
 * Ownership: nothing changes hands; read during the call only.
 * Null: does nothing, and so does a call before `sentry_init`.
 * Threads: any. Needs memory and locks that are not safe in a signal handler: a signal that came inside of `malloc` may
 * wait for ever.
 * Blocks: as `sentry_get_modules_list`.
 * Since: 0.1
 */
SENTRY_API
void sentry_handle_exception(const sentry_ucontext_t *uctx);

/**
 * Captures a minidump: a fatal event with the scope of the process and the file attached.
 *
 * `before_send` sees the event; it is never sampled out. The file is read now, whatever it holds, and stays. It is not
 * bound by `max_attachment_bytes`, but must fit the queue with the event: see `queue_max_bytes`.
 *
 * Arguments: `path` of a regular file.
 * Ownership: the path is copied.
 * Null: a NULL or empty `path` gives the nil id.
 * Threads: any, several at once; not from a signal handler.
 * Blocks: while the file is read.
 * Returns: the id of the event, also when nothing is sent for want of consent; the nil id when it was not accepted, also when the file cannot be read, and
 * `sentry_last_error_message` says why.
 * Since: 0.1
 */
SENTRY_API
sentry_uuid_t sentry_capture_minidump(const char *path);

/**
 * `sentry_capture_minidump` with a length.
 *
 * Arguments: `path_len` in bytes, without terminator.
 * Since: 0.1
 */
SENTRY_API sentry_uuid_t sentry_capture_minidump_n(const char *path, size_t path_len);

/**
 * Gets the modules of this process: a frozen list of objects with `type` (`elf`), `code_file`, `image_addr`, `image_size`,
 * `code_id` (the build-id; left out if there is none) and `debug_id`.
 *
 * The list is kept, and read anew when a library was loaded or unloaded since. A forked child reads it once, from what the
 * kernel has mapped, and does not notice later changes by itself: see `sentry_clear_modulecache`. The kernel's own module is called
 * `linux-gate.so`. Events with native frames carry the list.
 *
 * Ownership: one reference, the caller's; it stays valid when the list is read anew.
 * Threads: any; also before `sentry_init`. Not from a signal handler.
 * Blocks: while the list is read: memory, `/proc/self/maps`, and the files of modules without a build-id.
 * Returns: an empty list if the library was built without the feature `crash`.
 * Since: 0.1
 */
SENTRY_API
sentry_value_t sentry_get_modules_list(void);

/**
 * Has the module list read anew when it is needed next. References to the list of before stay valid.
 *
 * Threads: any.
 * Since: 0.1
 */
SENTRY_API
void sentry_clear_modulecache(void);

/**
 * Unwinds the stack of the calling thread, with or without frame pointers.
 *
 * The first address is in the function that calls this one, the last in the function the thread began with. All are
 * return addresses: they point behind the call.
 *
 * Arguments: `addr` must be NULL; `stacktrace_out`, room for `max_len` addresses, of which at most 1024 are used.
 * Null: a NULL `stacktrace_out` gives 0.
 * Threads: any; also before `sentry_init`. Not from a signal handler, see `sentry_unwind_stack_from_ucontext`.
 * Returns: how many addresses were written, innermost first; 0 for an `addr`, or if the library was built without the
 * feature `crash`.
 * Since: 0.1
 */
SENTRY_API
size_t sentry_unwind_stack(void *addr,
                           void **stacktrace_out,
                           size_t max_len);

/**
 * Unwinds the stack of a thread that a signal interrupted.
 *
 * The first address is the interrupted instruction, the others are return addresses. After a call through a pointer that
 * leads nowhere the second one is in the caller. Memory is read through the kernel: a broken stack ends the list.
 *
 * Arguments: `uctx` with a `user_context`; `stacktrace_out`, room for `max_len` addresses, of which at most 1024 are used.
 * Null: a NULL `uctx`, `user_context` or `stacktrace_out` gives 0.
 * Threads: any. Works in a signal handler once the module list was read (by `sentry_init` or `sentry_get_modules_list`):
 * it takes no lock then, but the first use in a thread needs memory, which a signal inside of `malloc` may not have.
 * Returns: how many addresses were written, innermost first; 1 if stack and frame pointer lead nowhere; 0 on processors
 * other than x86-64 and AArch64, or if the library was built without the feature `crash`.
 * Since: 0.1
 */
SENTRY_API
size_t sentry_unwind_stack_from_ucontext(const sentry_ucontext_t *uctx,
                                         void **stacktrace_out,
                                         size_t max_len);

/** @} */

/* =============================================================================================== */

/**
 * @defgroup statistics 17. Statistics
 *
 * What waits, what was delivered, and what was lost for which reason. At any instant, for each category, what was captured is
 * what was delivered, discarded, spooled or is pending.
 *
 * @{
 */

/**
 * Room for categories in `sentry_stats_t`; more than there are. Fixed: later versions only use more of it. Rows without a
 * category are 0.
 */
#define SENTRY_STATS_CATEGORIES 32

/**
 * Room for discard reasons in `sentry_category_stats_t`; more than there are. Fixed: later versions only use more of it.
 * Numbers without a reason are 0.
 */
#define SENTRY_STATS_REASONS 48

/**
 * Room for the text of the last error in `sentry_stats_t`, in bytes.
 */
#define SENTRY_STATS_ERROR_LEN 256

/**
 * What became of an envelope.
 */
typedef enum sentry_outcome_t {
    /**
     * The server took it.
     */
    SENTRY_OUTCOME_DELIVERED = 0,
    /**
     * Lost; `reason` says why.
     */
    SENTRY_OUTCOME_DISCARDED = 1,
    /**
     * Written to disk. A later outcome follows in this or a later run, when it is sent; what a cap removes from the disk,
     * or somebody else, is only counted.
     */
    SENTRY_OUTCOME_SPOOLED = 2,
} sentry_outcome_t;

/**
 * Why an item was lost. Each lost item has exactly one reason.
 */
typedef enum sentry_discard_reason_t {
    /**
     * The queue was full.
     */
    SENTRY_DISCARD_QUEUE_OVERFLOW = 0,
    /**
     * A buffer of logs, metrics or spans was full.
     */
    SENTRY_DISCARD_BUFFER_OVERFLOW = 1,
    /**
     * A cap of the spool removed it.
     */
    SENTRY_DISCARD_CACHE_OVERFLOW = 2,
    /**
     * The server had asked for a pause.
     */
    SENTRY_DISCARD_RATELIMIT_BACKOFF = 3,
    /**
     * Given up without an answer from the server.
     */
    SENTRY_DISCARD_NETWORK_ERROR = 4,
    /**
     * The server refused it (HTTP 3xx, 4xx, 5xx, except 429).
     */
    SENTRY_DISCARD_SEND_ERROR = 5,
    /**
     * Left out by `sample_rate`.
     */
    SENTRY_DISCARD_SAMPLE_RATE = 6,
    /**
     * A hook dropped it.
     */
    SENTRY_DISCARD_BEFORE_SEND = 7,
    /**
     * `ignore_errors` or an event processor dropped it.
     */
    SENTRY_DISCARD_EVENT_PROCESSOR = 8,
    /**
     * The library failed.
     */
    SENTRY_DISCARD_INTERNAL_SDK_ERROR = 9,
    /**
     * Down-sampled under load.
     */
    SENTRY_DISCARD_BACKPRESSURE = 10,
    /**
     * On a deny list.
     */
    SENTRY_DISCARD_IGNORED = 11,
    /**
     * Too little data to be useful.
     */
    SENTRY_DISCARD_INSUFFICIENT_DATA = 12,
    /**
     * Malformed.
     */
    SENTRY_DISCARD_INVALID = 13,
    /**
     * Over a size limit.
     */
    SENTRY_DISCARD_TOO_LARGE = 14,
    /**
     * The server answered 429.
     */
    SENTRY_DISCARD_SERVER_RATE_LIMIT = 15,
    /**
     * Unsent at the deadline of the shutdown.
     */
    SENTRY_DISCARD_SHUTDOWN = 16,
    /**
     * Captured on the library's own thread.
     */
    SENTRY_DISCARD_WORKER_THREAD = 17,
    /**
     * The user had not consented or took consent back, and it may not wait on disk. The server is never told.
     */
    SENTRY_DISCARD_NO_CONSENT = 18,
    /**
     * In memory when an earlier process of the host was killed or crashed; counted by the start that follows.
     */
    SENTRY_DISCARD_HOST_DIED = 19,
    /**
     * An equal error was sent a moment ago, and this one is counted into it; see `dedupe_window_ms`.
     */
    SENTRY_DISCARD_DUPLICATE = 20,
} sentry_discard_reason_t;

/**
 * What kind of data an item is.
 */
typedef enum sentry_category_t {
    /**
     * Error and message events.
     */
    SENTRY_CATEGORY_ERROR = 0,
    /**
     * Transactions.
     */
    SENTRY_CATEGORY_TRANSACTION = 1,
    /**
     * Spans.
     */
    SENTRY_CATEGORY_SPAN = 2,
    /**
     * Release-health sessions.
     */
    SENTRY_CATEGORY_SESSION = 3,
    /**
     * Attachments, in bytes.
     */
    SENTRY_CATEGORY_ATTACHMENT = 4,
    /**
     * Log entries.
     */
    SENTRY_CATEGORY_LOG_ITEM = 5,
    /**
     * Log entries, in bytes.
     */
    SENTRY_CATEGORY_LOG_BYTE = 6,
    /**
     * Metrics.
     */
    SENTRY_CATEGORY_TRACE_METRIC = 7,
    /**
     * Metrics, in bytes.
     */
    SENTRY_CATEGORY_TRACE_METRIC_BYTE = 8,
    /**
     * User feedback.
     */
    SENTRY_CATEGORY_FEEDBACK = 9,
    /**
     * Cron check-ins.
     */
    SENTRY_CATEGORY_MONITOR = 10,
    /**
     * Profiles.
     */
    SENTRY_CATEGORY_PROFILE = 11,
    /**
     * Session replays.
     */
    SENTRY_CATEGORY_REPLAY = 12,
    /**
     * Anything without a category of its own.
     */
    SENTRY_CATEGORY_DEFAULT = 13,
    /**
     * The library's own items.
     */
    SENTRY_CATEGORY_INTERNAL = 14,
} sentry_category_t;

/**
 * One envelope and what became of it.
 */
typedef struct sentry_outcome_info_t {
    /**
     * `sizeof(sentry_outcome_info_t)` of the library; later versions append members.
     */
    size_t size;
    /**
     * The event id; nil if the envelope has none, or the event could not be read.
     */
    sentry_uuid_t event_id;
    /**
     * What became of it.
     */
    enum sentry_outcome_t outcome;
    /**
     * Why it was lost; only with `SENTRY_OUTCOME_DISCARDED`.
     */
    enum sentry_discard_reason_t reason;
    /**
     * Category of its first item.
     */
    enum sentry_category_t category;
    /**
     * Last HTTP status; 0 without an answer.
     */
    int32_t http_status;
    /**
     * Requests made for it.
     */
    uint32_t attempts;
} sentry_outcome_info_t;

/**
 * Hears what became of an envelope.
 *
 * Called once for each envelope, and for each item that never became one, without any lock held: on the library's thread for what was sent or given up, on
 * the capturing thread for what was refused at once, on the closing thread for what was unsent at the deadline. `info`
 * is valid during the call. Captures from the library's thread are refused. The callback must not throw or `longjmp`,
 * and while it runs nothing is sent.
 */
typedef void (*sentry_outcome_function_t)(const struct sentry_outcome_info_t *info, void *user_data);

/**
 * What became of the items of one category. At any instant
 * `captured == delivered + discarded + spooled + pending`.
 */
typedef struct sentry_category_stats_t {
    /**
     * Everything handed in.
     */
    uint64_t captured;
    /**
     * Accepted by the server.
     */
    uint64_t delivered;
    /**
     * Lost, for any reason.
     */
    uint64_t discarded;
    /**
     * Waiting on disk.
     */
    uint64_t spooled;
    /**
     * Waiting in memory or on its way.
     */
    uint64_t pending;
    /**
     * Lost, by `sentry_discard_reason_t`.
     */
    uint64_t discarded_by_reason[SENTRY_STATS_REASONS];
} sentry_category_stats_t;

/**
 * All figures at one instant, since `sentry_init` (in a forked child: since its first call).
 */
typedef struct sentry_stats_t {
    /**
     * Set to `sizeof(sentry_stats_t)` before the call; later versions append members.
     */
    size_t size;
    /**
     * Envelopes accepted and not yet settled.
     */
    uint64_t queue_items;
    /**
     * Their bytes, everything they own counted.
     */
    uint64_t queue_bytes;
    /**
     * The most envelopes there ever were.
     */
    uint64_t queue_items_peak;
    /**
     * The most bytes there ever were.
     */
    uint64_t queue_bytes_peak;
    /**
     * Requests made.
     */
    uint64_t requests;
    /**
     * Requests without an answer.
     */
    uint64_t requests_failed;
    /**
     * Requests that repeated an earlier attempt.
     */
    uint64_t retries;
    /**
     * Bytes of request bodies, as compressed.
     */
    uint64_t bytes_sent;
    /**
     * Client reports the server has taken.
     */
    uint64_t client_reports_sent;
    /**
     * Requests under way.
     */
    uint32_t requests_in_flight;
    /**
     * 1 while the last attempt got no answer.
     */
    uint32_t server_unreachable;
    /**
     * HTTP status of the last answer; 0 before the first.
     */
    int32_t last_http_status;
    /**
     * 1 if the database directory cannot be used: the library runs from memory. Also 1 once a file of the library could not
     * be written or removed there.
     */
    uint32_t database_unusable;
    /**
     * By `sentry_category_t`.
     */
    struct sentry_category_stats_t categories[SENTRY_STATS_CATEGORIES];
    /**
     * Why the last request without an answer failed; empty if none did.
     */
    char last_error[SENTRY_STATS_ERROR_LEN];
    /**
     * Envelopes written to the database directory.
     */
    uint64_t files_written;
    /**
     * Their bytes.
     */
    uint64_t file_bytes_written;
    /**
     * 1 if `queue_durable` is set and what is accepted would not outlive the process: there is no DSN or no usable database
     * directory, or its log could not be made there, or failed later.
     */
    uint32_t queue_not_durable;
    /**
     * 0.
     */
    uint32_t reserved;
    /**
     * Options and variables of the environment that `sentry_init` could not take as they were; it said which.
     */
    uint64_t options_adjusted;
} sentry_stats_t;

/**
 * Copies all figures at one instant.
 *
 * Arguments: `stats`, whose `size` says how much of it the caller knows; no more is written. It may be at most 65536.
 * Members that a caller of a later version knows and this library does not are set to 0; `size` stays.
 * Null: refused.
 * Threads: any, several at once; captures wait for a few microseconds.
 * Blocks: never for I/O.
 * Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` for NULL or a `size` that nobody can have set on purpose;
 * `SENTRY_STATUS_DISABLED` when not initialised or without DSN, then all figures but `queue_not_durable` and
 * `options_adjusted` are 0.
 * Since: 0.1
 */
SENTRY_API
enum sentry_status_t sentry_get_stats(struct sentry_stats_t *stats);

/**
 * Names a category, as client reports do.
 *
 * Ownership: static; do not free it.
 * Threads: any.
 * Returns: never NULL; `unknown` for other numbers.
 * Since: 0.1
 */
SENTRY_API const char *sentry_category_name(sentry_category_t category);

/**
 * Names a discard reason, as client reports do.
 *
 * Ownership: static; do not free it.
 * Threads: any.
 * Returns: never NULL; `unknown` for other numbers.
 * Since: 0.1
 */
SENTRY_API const char *sentry_discard_reason_name(sentry_discard_reason_t reason);

/**
 * Sets the function that hears what became of each envelope.
 *
 * Arguments: `func` and the pointer it gets back; `user_data` must stay valid until `sentry_close` has returned, and if
 * a call was running then, until that call has returned. No call begins after `sentry_close`.
 * Ownership: `user_data` stays the caller's.
 * Null: a NULL `func` unsets it; a NULL `opts` is ignored.
 * Threads: as all options, one at a time for each handle.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_on_outcome(sentry_options_t *opts,
                                   sentry_outcome_function_t func,
                                   void *user_data);

/** @} */

/* =============================================================================================== */

/**
 * @defgroup platform_names 18. Platform names
 *
 * Names that mean something on other platforms only. They are accepted, so that one source compiles everywhere.
 *
 * @{
 */

/**
 * Which envelopes stay on disk.
 */
typedef enum sentry_cache_keep_t {
    /**
     * None.
     */
    SENTRY_CACHE_KEEP_NONE = 0,
    /**
     * Those that could not be sent.
     */
    SENTRY_CACHE_KEEP_OFFLINE = 1,
    /**
     * Those, and a copy of those that were sent.
     */
    SENTRY_CACHE_KEEP_ALWAYS = 2,
} sentry_cache_keep_t;

/**
 * Decides whether a screenshot is attached to an event. Never called on Linux.
 */
typedef int (*sentry_before_screenshot_function_t)(sentry_value_t event, void *user_data);

/**
 * Flags of minidumps on another platform; nothing here takes them.
 */
typedef uint32_t sentry_minidump_flags_t;

/**
 * Sets whether a screenshot is attached to crashes. Accepted; without effect on Linux.
 *
 * Arguments: `val` 0 or not; default 0.
 * Null: a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API void sentry_options_set_attach_screenshot(sentry_options_t *opts, int val);

/**
 * Sets the function that decides whether a screenshot is attached. Accepted; without effect on Linux.
 *
 * Arguments: `func` and the pointer it would get back.
 * Ownership: `user_data` stays the caller's.
 * Null: NULL is allowed everywhere.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_before_screenshot(sentry_options_t *opts,
                                          sentry_before_screenshot_function_t func,
                                          void *user_data);

/**
 * Sets whether a recording of the screen is attached to crashes. Accepted; without effect on Linux.
 *
 * Arguments: `val` 0 or not; default 0.
 * Null: a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API void sentry_options_set_attach_session_replay(sentry_options_t *opts, int val);

/**
 * Sets how long a recording of the screen is. Accepted; without effect on Linux.
 *
 * Arguments: `duration_ms` in milliseconds; default 5000.
 * Null: a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_session_replay_duration(sentry_options_t *opts,
                                                uint32_t duration_ms);

/**
 * Sets whether the system's own crash reporter runs as well. Accepted; without effect on Linux.
 *
 * Arguments: `enabled` 0 or not; default 0.
 * Null: a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_system_crash_reporter_enabled(sentry_options_t *opts,
                                                      int enabled);

/**
 * Sets whether a crashed process waits for its upload. Accepted; without effect on Linux.
 *
 * Arguments: `wait_for_upload` 0 or not; default 0.
 * Null: a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_crashpad_wait_for_upload(sentry_options_t *opts,
                                                 int wait_for_upload);

/**
 * Sets whether stacks are captured from the stack pointer only. Accepted; without effect on Linux.
 *
 * Arguments: `enabled` 0 or not; default 0.
 * Null: a NULL `opts` is ignored.
 * Since: 0.1
 */
SENTRY_API
void sentry_options_set_crashpad_limit_stack_capture_to_sp(sentry_options_t *opts,
                                                           int enabled);

/**
 * Says that the calling thread is alive. App hangs are not watched for in this version: this does nothing.
 *
 * Threads: any; the first one that calls is the one to be watched.
 * Blocks: never.
 * Since: 0.1
 */
SENTRY_API
void sentry_app_hang_heartbeat(void);

/**
 * Pauses the watch until the next heartbeat. App hangs are not watched for in this version: this does nothing.
 *
 * Threads: any.
 * Blocks: never.
 * Since: 0.1
 */
SENTRY_API
void sentry_app_hang_pause(void);

/** @} */

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* SENTRY_H_INCLUDED */
