/* Where it happened: an exception with the stack of the calling thread, and the modules of this process.
 *
 *   cc -g -rdynamic -o stacktrace stacktrace.c $(pkg-config --cflags --libs sentry)
 *   ./stacktrace https://key@sentry.example.com/1
 */
#include <sentry.h>

#include <stdio.h>
#include <stdlib.h>

/* Says what this process is made of: the server needs these files, with their symbols. */
static void print_modules(void)
{
    sentry_value_t modules = sentry_get_modules_list();
    for (size_t i = 0; i < sentry_value_get_length(modules); i++) {
        sentry_value_t module = sentry_value_get_by_index(modules, i);
        printf("%s %s\n", sentry_value_as_string(sentry_value_get_by_key(module, "debug_id")),
               sentry_value_as_string(sentry_value_get_by_key(module, "code_file")));
    }
    sentry_value_decref(modules);
}

static sentry_uuid_t report(const char *detail)
{
    sentry_value_t event = sentry_value_new_event();
    sentry_value_t exception = sentry_value_new_exception("TrayError", detail);
    sentry_value_set_stacktrace(exception, NULL, 0);
    sentry_event_add_exception(event, exception);
    return sentry_capture_event(event);
}

int load_paper(int tray)
{
    sentry_uuid_t id = report("the tray is empty");
    if (sentry_uuid_is_nil(&id)) {
        fprintf(stderr, "tray %d is empty, and nobody hears: %s\n", tray, sentry_last_error_message());
        return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    const char *dsn = argc > 1 ? argv[1] : getenv("SENTRY_DSN");
    if (dsn == NULL) {
        fprintf(stderr, "usage: %s DSN\n", argv[0]);
        return 2;
    }
    sentry_options_t *options = sentry_options_new();
    if (options == NULL) {
        fprintf(stderr, "out of memory\n");
        return 1;
    }
    sentry_options_set_dsn(options, dsn);
    /* Names of functions without uploaded symbols, as far as the program exports them. */
    sentry_options_set_symbolize_stacktraces(options, 1);
    if (sentry_init(options) != 0) {
        fprintf(stderr, "%s\n", sentry_last_error_message());
        return 1;
    }
    print_modules();
    int result = load_paper(2);
    return sentry_close() == 0 ? result : 1;
}
