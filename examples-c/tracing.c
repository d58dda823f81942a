/* How long the steps of a piece of work took, in the trace of the request that asked for it.
 *
 *   cc -o tracing tracing.c $(pkg-config --cflags --libs sentry)
 *   ./tracing https://key@sentry.example.com/1
 */
#include <sentry.h>

#include <stdio.h>
#include <stdlib.h>

/* A request to another program carries these headers, so that its part of the work joins the trace. */
static void add_header(const char *key, const char *value, void *request)
{
    fprintf((FILE *)request, "%s: %s\n", key, value);
}

static void look_up(sentry_transaction_t *order)
{
    sentry_span_t *query = sentry_transaction_start_child(order, "db.query", "SELECT price FROM bread");
    sentry_span_set_tag(query, "cache", "miss");
    sentry_span_set_data(query, "rows", sentry_value_new_int32(1));
    sentry_span_finish(query);
}

static void ship(sentry_transaction_t *order)
{
    sentry_span_t *request = sentry_transaction_start_child(order, "http.client", "POST /ship");
    sentry_span_iter_headers(request, add_header, stdout);
    sentry_span_set_status(request, SENTRY_SPAN_STATUS_UNAVAILABLE);
    sentry_span_finish(request);
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
    sentry_options_set_traces_sample_rate(options, 0.2); /* of the traces that begin here */
    if (sentry_init(options) != 0) {
        fprintf(stderr, "sentry_init: %s\n", sentry_last_error_message());
        return 1;
    }

    /* All headers of the request that arrived; without them, sentry_regenerate_trace() would begin a trace. */
    sentry_transaction_context_t *context = sentry_transaction_context_new("POST /order", "http.server");
    sentry_transaction_context_update_from_header(
        context, "sentry-trace", "0ae7be1efe7a4d04f423378007b8f6ae-fdf21cb107484a2d-1");
    sentry_transaction_context_update_from_header(context, "baggage", "sentry-sample_rate=1,sentry-sampled=true");

    sentry_transaction_t *order = sentry_transaction_start(context, sentry_value_new_null());
    if (order == NULL) {
        fprintf(stderr, "the transaction could not be started\n");
        return 1;
    }
    sentry_set_transaction_object(order); /* events of the process belong to it from now on */
    look_up(order);
    ship(order);
    if (sentry_capture_message(SENTRY_LEVEL_WARNING, "order", "not shipped", NULL) != SENTRY_STATUS_OK)
        fprintf(stderr, "sentry_capture_message: %s\n", sentry_last_error_message());

    sentry_uuid_t id = sentry_transaction_finish(order);
    if (!sentry_uuid_is_nil(&id)) {
        char text[37];
        sentry_uuid_as_string(&id, text);
        printf("accepted %s\n", text);
    }
    return sentry_close() == 0 ? 0 : 1;
}
