/* Runs a command for cron and tells the server when it began, how long it took and how it ended.
 *
 *   cc -o sentry_cron sentry_cron.c $(pkg-config --cflags --libs sentry)
 *   SENTRY_DSN=https://key@sentry.example.com/1 ./sentry_cron --slug backup --crontab "0 3 * * *" -- tar -cf /b.tar /home
 *
 * The command runs whatever the server does: nothing waits for the network before it, and three seconds at most after it.
 * Signals sent to this program go on to the command. The exit status is that of the command, or 128 and the number of the
 * signal that ended it; 127 if it cannot be found, 126 if it cannot be run, 124 if it was ended for --timeout.
 */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include <sentry.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { OUT_OF_TIME = 124, CANNOT_RUN = 126, NOT_FOUND = 127, LAST_WORDS_S = 10 };

typedef struct {
    const char *slug, *dsn, *environment, *crontab, *interval, *timezone;
    long margin, max_runtime, timeout;
    char **command;
} arguments_t;

static void usage(FILE *to)
{
    fprintf(to, "usage: sentry_cron --slug NAME [OPTION VALUE]... -- COMMAND [ARGUMENT]...\n"
                "  --slug NAME          the monitor: letters, digits, hyphens and underscores\n"
                "  --crontab FIELDS     when the command runs, as in a crontab: \"0 3 * * *\"\n"
                "  --interval N         or how often, with a unit: 10m, 2h, 1d, 1w\n"
                "  --margin MINUTES     how late it may be\n"
                "  --max-runtime MIN    how long it may take before the server calls it failed\n"
                "  --timezone NAME      of the crontab, for instance Europe/Berlin\n"
                "  --timeout SECONDS    end it after that: SIGTERM, and ten seconds later SIGKILL\n"
                "  --environment NAME   as SENTRY_ENVIRONMENT\n"
                "  --dsn DSN            as SENTRY_DSN\n");
}

static long whole_number(const char *name, const char *text)
{
    char *end;
    errno = 0;
    long number = strtol(text, &end, 10);
    if (errno != 0 || *end != '\0' || number <= 0 || number > 10000000) {
        fprintf(stderr, "sentry_cron: %s must be a whole number above 0, not %s\n", name, text);
        exit(2);
    }
    return number;
}

/* What goes into JSON as it is. */
static const char *plain(const char *name, const char *text)
{
    if (strpbrk(text, "\"\\") != NULL || strlen(text) > 100) {
        fprintf(stderr, "sentry_cron: %s is too long or has a quote or a backslash\n", name);
        exit(2);
    }
    return text;
}

static arguments_t read_arguments(int argc, char **argv)
{
    arguments_t read = {0};
    int at = 1;
    for (; at < argc && strcmp(argv[at], "--") != 0; at += 2) {
        const char *name = argv[at], *value = argv[at + 1];
        if (strcmp(name, "--help") == 0) {
            usage(stdout);
            exit(0);
        }
        if (value == NULL) {
            fprintf(stderr, "sentry_cron: %s needs a value\n", name);
            exit(2);
        }
        if (strcmp(name, "--slug") == 0)
            read.slug = value;
        else if (strcmp(name, "--dsn") == 0)
            read.dsn = value;
        else if (strcmp(name, "--environment") == 0)
            read.environment = value;
        else if (strcmp(name, "--crontab") == 0)
            read.crontab = plain(name, value);
        else if (strcmp(name, "--interval") == 0)
            read.interval = value;
        else if (strcmp(name, "--timezone") == 0)
            read.timezone = plain(name, value);
        else if (strcmp(name, "--margin") == 0)
            read.margin = whole_number(name, value);
        else if (strcmp(name, "--max-runtime") == 0)
            read.max_runtime = whole_number(name, value);
        else if (strcmp(name, "--timeout") == 0)
            read.timeout = whole_number(name, value);
        else {
            fprintf(stderr, "sentry_cron: %s is not known\n", name);
            usage(stderr);
            exit(2);
        }
    }
    if (read.slug == NULL || at + 1 >= argc) {
        usage(stderr);
        exit(2);
    }
    read.command = argv + at + 1;
    return read;
}

/* The monitor as JSON; empty without a schedule, then it must be there already. */
static void write_monitor(const arguments_t *from, char *to, size_t size)
{
    size_t used = 0;
    to[0] = '\0';
    if (from->crontab != NULL) {
        used = (size_t)snprintf(to, size, "{\"schedule\":{\"type\":\"crontab\",\"value\":\"%s\"}", from->crontab);
    } else if (from->interval != NULL) {
        char number[16] = "";
        size_t digits = strspn(from->interval, "0123456789");
        const char *unit = from->interval + digits;
        const char *name = strcmp(unit, "m") == 0 ? "minute"
            : strcmp(unit, "h") == 0              ? "hour"
            : strcmp(unit, "d") == 0              ? "day"
            : strcmp(unit, "w") == 0              ? "week"
                                                  : NULL;
        if (name == NULL || digits == 0 || digits >= sizeof number) {
            fprintf(stderr, "sentry_cron: --interval must be a number and m, h, d or w\n");
            exit(2);
        }
        memcpy(number, from->interval, digits);
        long value = whole_number("--interval", number);
        used = (size_t)snprintf(
            to, size, "{\"schedule\":{\"type\":\"interval\",\"value\":%ld,\"unit\":\"%s\"}", value, name);
    } else {
        return;
    }
    if (from->margin > 0)
        used += (size_t)snprintf(to + used, size - used, ",\"checkin_margin\":%ld", from->margin);
    if (from->max_runtime > 0)
        used += (size_t)snprintf(to + used, size - used, ",\"max_runtime\":%ld", from->max_runtime);
    if (from->timezone != NULL)
        used += (size_t)snprintf(to + used, size - used, ",\"timezone\":\"%s\"", from->timezone);
    snprintf(to + used, size - used, "}");
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void start_reporting(const arguments_t *from)
{
    sentry_options_t *options = sentry_options_new();
    if (options == NULL)
        return;
    if (from->dsn != NULL)
        sentry_options_set_dsn(options, from->dsn);
    if (from->environment != NULL)
        sentry_options_set_environment(options, from->environment);
    sentry_options_set_auto_session_tracking(options, 0);
    sentry_options_set_database_path(options, "");
    sentry_options_set_shutdown_timeout(options, 3000);
    if (sentry_init(options) != 0)
        fprintf(stderr, "sentry_cron: %s\n", sentry_last_error_message());
}

/* What goes wrong here is said and changes nothing. */
static void check_in(const arguments_t *from, sentry_check_in_status_t status, double duration, const char *monitor,
    sentry_uuid_t *id)
{
    sentry_status_t told = sentry_capture_check_in(from->slug, status, duration, monitor, id);
    if (told != SENTRY_STATUS_OK)
        fprintf(stderr, "sentry_cron: nothing is reported: %s\n", sentry_last_error_message());
}

/* Waits for the command; signals that others send go on to it. */
static int wait_for(pid_t command, const sigset_t *signals, long timeout)
{
    double deadline = seconds_now() + (double)timeout;
    int is_late = 0, status;
    for (;;) {
        pid_t ended = waitpid(command, &status, WNOHANG);
        if (ended == command)
            break;
        double left = timeout > 0 ? deadline - seconds_now() : 60;
        if (left <= 0) {
            kill(command, is_late ? SIGKILL : SIGTERM);
            is_late = 1;
            deadline = seconds_now() + LAST_WORDS_S;
            continue;
        }
        struct timespec pause = {(time_t)left, (long)((left - (double)(time_t)left) * 1e9)};
        siginfo_t info;
        int signal_number = sigtimedwait(signals, &info, &pause);
        /* What the terminal sends goes to the whole group, and so to the command as well. */
        if (signal_number > 0 && signal_number != SIGCHLD && info.si_code <= 0)
            kill(command, signal_number);
    }
    if (is_late)
        return OUT_OF_TIME;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
    static const int passed_on[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};
    arguments_t from = read_arguments(argc, argv);
    char monitor[512];
    sigset_t signals, before;
    write_monitor(&from, monitor, sizeof monitor);
    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    for (size_t i = 0; i < sizeof passed_on / sizeof passed_on[0]; i++)
        sigaddset(&signals, passed_on[i]);
    /* An ignored one would never be waited for. */
    signal(SIGCHLD, SIG_DFL);
    sigprocmask(SIG_BLOCK, &signals, &before);

    start_reporting(&from);
    sentry_uuid_t id = sentry_uuid_nil();
    double start = seconds_now();
    check_in(&from, SENTRY_CHECK_IN_IN_PROGRESS, -1, monitor[0] != '\0' ? monitor : NULL, &id);

    int status;
    pid_t command = fork();
    if (command == 0) {
        sigprocmask(SIG_SETMASK, &before, NULL);
        execvp(from.command[0], from.command);
        int error = errno;
        fprintf(stderr, "sentry_cron: %s: %s\n", from.command[0], strerror(error));
        _exit(error == ENOENT ? NOT_FOUND : CANNOT_RUN);
    }
    if (command < 0) {
        fprintf(stderr, "sentry_cron: fork: %s\n", strerror(errno));
        status = CANNOT_RUN;
    } else {
        status = wait_for(command, &signals, from.timeout);
    }
    check_in(&from, status == 0 ? SENTRY_CHECK_IN_OK : SENTRY_CHECK_IN_ERROR, seconds_now() - start, NULL, &id);
    (void)sentry_close();
    return status;
}
