/* Stack traces, the module list and unwinding: what they say about known functions of this program, which is built
 * without frame pointers. What arrives is asserted by the test that runs this. Usage: program DSN. C99 and C++17. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

#include <setjmp.h>
#include <signal.h>
#include <ucontext.h>

/* Deprecated functions still work. */
SENTRY_SUPPRESS_DEPRECATED

#define NOT_INLINED __attribute__((noinline, noclone))
/* Faults on purpose, which a sanitizer would report instead. */
#define FAULTY NOT_INLINED __attribute__((no_sanitize("undefined")))
#define ROOM 512

typedef size_t (*walk_t)(void);

static void *frames[ROOM];
static volatile int sink;

static int is_under_valgrind(void)
{
    const char *preloaded = getenv("LD_PRELOAD");
    return preloaded != NULL && strstr(preloaded, "vgpreload") != NULL;
}

/* Each keeps something to do behind the call, so that none becomes a jump. */
static NOT_INLINED size_t innermost(walk_t walk)
{
    size_t count = walk();
    sink++;
    return count;
}

static NOT_INLINED size_t middle(walk_t walk)
{
    size_t count = innermost(walk);
    sink++;
    return count;
}

static NOT_INLINED size_t outermost(walk_t walk)
{
    size_t count = middle(walk);
    sink++;
    return count;
}

static NOT_INLINED size_t recurse(int depth, walk_t walk)
{
    size_t count = depth == 0 ? walk() : recurse(depth - 1, walk);
    sink++;
    return count;
}

static NOT_INLINED size_t walk_up(void)
{
    size_t count = sentry_unwind_stack(NULL, frames, ROOM);
    sink++;
    return count;
}

/* The known function that an address lies in: that which begins closest before it. */
static const char *owner(const void *address)
{
    const struct {
        const char *name;
        uintptr_t start;
    } known[] = {{"innermost", (uintptr_t)innermost}, {"middle", (uintptr_t)middle}, {"outermost", (uintptr_t)outermost},
                 {"recurse", (uintptr_t)recurse},     {"walk_up", (uintptr_t)walk_up}};
    uintptr_t at = (uintptr_t)address, distance = 2048;
    const char *name = "";
    size_t number;
    for (number = 0; number < sizeof known / sizeof known[0]; number++)
        if (at >= known[number].start && at - known[number].start < distance) {
            distance = at - known[number].start;
            name = known[number].name;
        }
    return name;
}

/* Where the frame of a function is, from a place on. */
static size_t place_of(const char *name, size_t from, size_t count)
{
    while (from < count && strcmp(owner(frames[from]), name) != 0)
        from++;
    CHECK(from < count);
    return from;
}

static void check_chain(size_t count)
{
    size_t first = place_of("innermost", 0, count);
    CHECK_TEXT(owner(frames[first + 1]), "middle");
    CHECK_TEXT(owner(frames[first + 2]), "outermost");
    CHECK(count > first + 3);
}

static void own_stack(void)
{
    void *two[2] = {NULL, NULL};
    int here;
    size_t count = outermost(walk_up);
    CHECK_TEXT(owner(frames[0]), "walk_up");
    check_chain(count);
    CHECK_EQ(sentry_unwind_stack(NULL, two, 2), 2);
    CHECK(two[1] != NULL);
    CHECK_EQ(sentry_unwind_stack(NULL, NULL, 10), 0);
    CHECK_EQ(sentry_unwind_stack(NULL, two, 0), 0);
    CHECK_EQ(sentry_unwind_stack(&here, two, 2), 0);
    CHECK_EQ(recurse(ROOM + 100, walk_up), ROOM);
}

static size_t found_by_handler;
static sigjmp_buf after_fault;

static void on_signal(int number, siginfo_t *info, void *context)
{
    sentry_ucontext_t uctx;
    uctx.signum = number;
    uctx.siginfo = info;
    uctx.user_context = (ucontext_t *)context;
    found_by_handler = sentry_unwind_stack_from_ucontext(&uctx, frames, ROOM);
    if (number == SIGSEGV)
        siglongjmp(after_fault, 1);
}

static NOT_INLINED size_t raise_signal(void)
{
    raise(SIGUSR2);
    sink++;
    return found_by_handler;
}

static FAULTY size_t read_null(void)
{
    volatile int *volatile nothing = NULL;
    sink = *nothing;
    return 0;
}

static FAULTY size_t call_null(void)
{
    walk_t volatile nothing = NULL;
    size_t count = nothing();
    sink++;
    return count;
}

static void install(int number)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    CHECK_EQ(sigaction(number, &action, NULL), 0);
}

static void stacks_of_signals(void)
{
    ucontext_t context;
    sentry_ucontext_t uctx;
    install(SIGUSR2);
    check_chain(outermost(raise_signal));
    CHECK_EQ(sentry_unwind_stack_from_ucontext(NULL, frames, ROOM), 0);

    memset(&context, 0, sizeof context); /* it does not fill in every register */
    CHECK_EQ(getcontext(&context), 0);
    memset(&uctx, 0, sizeof uctx);
    CHECK_EQ(sentry_unwind_stack_from_ucontext(&uctx, frames, ROOM), 0);
    uctx.user_context = &context;
    CHECK_EQ(sentry_unwind_stack_from_ucontext(&uctx, NULL, ROOM), 0);
#if defined(__x86_64__)
    CHECK(sentry_unwind_stack_from_ucontext(&uctx, frames, ROOM) > 1);
    context.uc_mcontext.gregs[REG_RSP] = 64;
    context.uc_mcontext.gregs[REG_RBP] = 64; /* which leads to the stack as well, if the compiler keeps it */
    CHECK_EQ(sentry_unwind_stack_from_ucontext(&uctx, frames, ROOM), 1);
    CHECK((uintptr_t)frames[0] == (uintptr_t)context.uc_mcontext.gregs[REG_RIP]);
#endif
    /* valgrind takes a fault for an error of the program, as it should. */
    if (is_under_valgrind())
        return;
    install(SIGSEGV);
    if (sigsetjmp(after_fault, 1) == 0)
        outermost(read_null);
    CHECK(frames[0] != NULL);
    check_chain(found_by_handler);
    if (sigsetjmp(after_fault, 1) == 0)
        outermost(call_null);
    CHECK(frames[0] == NULL);
    check_chain(found_by_handler);
    signal(SIGSEGV, SIG_DFL);
}

static uintptr_t address_in(sentry_value_t object, const char *key)
{
    const char *text = sentry_value_as_string(sentry_value_get_by_key(object, key));
    CHECK(strncmp(text, "0x", 2) == 0);
    return (uintptr_t)strtoull(text, NULL, 16);
}

static void module_list(void)
{
    sentry_value_t modules = sentry_get_modules_list(), again;
    size_t number, count = sentry_value_get_length(modules);
    int is_here = 0, has_gate = 0;
    CHECK_EQ(sentry_value_get_type(modules), SENTRY_VALUE_TYPE_LIST);
    CHECK(sentry_value_is_frozen(modules));
    CHECK(count >= 3);
    for (number = 0; number < count; number++) {
        sentry_value_t module = sentry_value_get_by_index(modules, number);
        const char *file = sentry_value_as_string(sentry_value_get_by_key(module, "code_file"));
        uintptr_t start = address_in(module, "image_addr");
        uintptr_t size = (uintptr_t)sentry_value_as_int64(sentry_value_get_by_key(module, "image_size"));
        CHECK_TEXT(sentry_value_as_string(sentry_value_get_by_key(module, "type")), "elf");
        CHECK_EQ(strlen(sentry_value_as_string(sentry_value_get_by_key(module, "debug_id"))), 36);
        CHECK(size > 0);
        has_gate |= strcmp(file, "linux-gate.so") == 0;
        if ((uintptr_t)middle >= start && (uintptr_t)middle - start < size) {
            CHECK(file[0] == '/');
            is_here = 1;
        }
    }
    CHECK(is_here);
    /* valgrind takes the kernel's own library away. */
    CHECK(has_gate || is_under_valgrind());
    sentry_clear_modulecache();
    again = sentry_get_modules_list();
    CHECK_EQ(sentry_value_get_length(again), count);
    CHECK_EQ(sentry_value_get_length(modules), count);
    sentry_value_decref(again);
    sentry_value_decref(modules);
}

static sentry_value_t own_trace;

static NOT_INLINED size_t take_own_trace(void)
{
    own_trace = sentry_value_new_stacktrace(NULL, 0);
    sink++;
    return sentry_value_get_length(sentry_value_get_by_key(own_trace, "frames"));
}

static void traces_as_values(void)
{
    void *addresses[2];
    size_t count, number;
    char *json;
    sentry_value_t made, list, frozen;
    addresses[0] = (void *)(uintptr_t)0x10;
    addresses[1] = (void *)(uintptr_t)0xfff0;
    made = sentry_value_new_stacktrace(addresses, 2);
    json = sentry_value_to_json(made);
    CHECK_TEXT(json, "{\"frames\":[{\"instruction_addr\":\"0xfff0\"},{\"instruction_addr\":\"0x10\"}]}");
    sentry_free(json);
    sentry_value_decref(made);

    count = outermost(take_own_trace);
    list = sentry_value_get_by_key(own_trace, "frames");
    for (number = 0; number < count; number++)
        frames[number] =
            (void *)address_in(sentry_value_get_by_index(list, count - 1 - number), "instruction_addr");
    check_chain(count);
    sentry_value_decref(own_trace);
    CHECK_EQ(recurse(400, take_own_trace), 256);
    sentry_value_decref(own_trace);

    made = sentry_value_new_object();
    sentry_value_set_stacktrace(made, addresses, 1);
    json = sentry_value_to_json(made);
    CHECK_TEXT(json, "{\"stacktrace\":{\"frames\":[{\"instruction_addr\":\"0x10\"}]}}");
    sentry_free(json);
    sentry_value_decref(made);
    made = sentry_value_new_object();
    sentry_event_value_add_stacktrace(made, addresses, 1);
    json = sentry_value_to_json(made);
    CHECK_TEXT(json, "{\"threads\":{\"values\":[{\"stacktrace\":{\"frames\":[{\"instruction_addr\":\"0x10\"}]}}]}}");
    sentry_free(json);
    sentry_value_decref(made);

    /* Nowhere to put it. */
    frozen = sentry_value_new_object();
    sentry_value_freeze(frozen);
    sentry_value_set_stacktrace(frozen, addresses, 1);
    sentry_value_set_stacktrace(sentry_value_new_null(), addresses, 1);
    CHECK_EQ(sentry_value_get_length(frozen), 0);
    sentry_value_decref(frozen);
}

static NOT_INLINED size_t capture_here(void)
{
    sentry_value_t event = sentry_value_new_event();
    sentry_value_t exception = sentry_value_new_exception("Known", "place");
    sentry_value_set_stacktrace(exception, NULL, 0);
    sentry_event_add_exception(event, exception);
    sentry_capture_event(event);
    sink++;
    return 0;
}

static int capture_once(const void *left, const void *right)
{
    static int was_called;
    if (!was_called++)
        capture_here();
    return *(const int *)left - *(const int *)right;
}

static void start(const char *dsn, int symbolize)
{
    sentry_options_t *options = sentry_options_new();
    sentry_options_set_dsn(options, dsn);
    sentry_options_set_database_path(options, "");
    sentry_options_set_auto_session_tracking(options, 0);
    sentry_options_set_shutdown_timeout(options, 60000); /* under valgrind, on a busy machine */
    sentry_options_set_symbolize_stacktraces(options, symbolize);
    CHECK_EQ(sentry_init(options), 0);
}

static void captures(const char *dsn)
{
    ucontext_t context;
    sentry_ucontext_t uctx;
    int numbers[3] = {3, 1, 2};
    memset(&uctx, 0, sizeof uctx);
    sentry_handle_exception(NULL);
    sentry_handle_exception(&uctx);
    start(dsn, 0);
    outermost(capture_here);
    sentry_capture_event(sentry_value_new_message_event(SENTRY_LEVEL_INFO, NULL, "no frames"));
    sentry_handle_exception(NULL);
    memset(&context, 0, sizeof context); /* it does not fill in every register */
    CHECK_EQ(getcontext(&context), 0);
    uctx.signum = SIGFPE;
    uctx.user_context = &context;
    sentry_handle_exception(&uctx);
    CHECK_EQ(sentry_close(), 0);
    start(dsn, 1);
    qsort(numbers, 3, sizeof numbers[0], capture_once);
    CHECK_EQ(sentry_close(), 0);
    printf("%p %p %p\n", (void *)(uintptr_t)innermost, (void *)(uintptr_t)middle, (void *)(uintptr_t)outermost);
}

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    module_list();
    own_stack();
    stacks_of_signals();
    traces_as_values();
    captures(argv[1]);
    return 0;
}
