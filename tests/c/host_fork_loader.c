/* A fork while another thread holds the loader's list: in the child that thread is gone and the list is held for ever.
 * Started by tests/host_fork.rs. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

#include <link.h>
#include <pthread.h>
#include <semaphore.h>

static sem_t holds, leave;

static int hold(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)info;
    (void)size;
    (void)data;
    CHECK_EQ(sem_post(&holds), 0);
    while (sem_wait(&leave) != 0)
        CHECK_EQ(errno, EINTR);
    return 1;
}

static void *hold_the_list(void *unused)
{
    dl_iterate_phdr(hold, NULL);
    return unused;
}

static sentry_value_t event_with_stack(const char *text)
{
    sentry_value_t event = sentry_value_new_message_event(SENTRY_LEVEL_ERROR, "host", text);
    sentry_value_t thread = sentry_value_new_thread(1, "main");
    sentry_value_set_stacktrace(thread, NULL, 0);
    sentry_event_add_thread(event, thread);
    return event;
}

/* Every module that the parent knew, by its place and its debug id. The kernel names files by where links lead. */
static void check_modules(sentry_value_t known)
{
    sentry_value_t list = sentry_get_modules_list();
    char *json = sentry_value_to_json(list);
    size_t count = sentry_value_get_length(known);
    CHECK(json != NULL);
    CHECK(count >= 4);
    CHECK_EQ(sentry_value_get_length(list), count);
    for (size_t i = 0; i < count; i++) {
        static const char *const names[] = {"image_addr", "debug_id"};
        for (size_t j = 0; j < 2; j++) {
            const char *text = sentry_value_as_string(
                sentry_value_get_by_key(sentry_value_get_by_index(known, i), names[j]));
            if (strstr(json, text) == NULL)
                host_fail(text, __FILE__, __LINE__);
        }
    }
    sentry_free(json);
    sentry_value_decref(list);
}

/* The list that was read before the fork is not needed: the child may be the first that looks. */
static void run(int has_read_before)
{
    sentry_value_t known;
    void *frames[64];
    size_t depth;
    pthread_t thread;
    pid_t child;
    CHECK_EQ(sem_init(&holds, 0, 0), 0);
    CHECK_EQ(sem_init(&leave, 0, 0), 0);
    if (has_read_before)
        host_start();
    known = sentry_get_modules_list();
    depth = sentry_unwind_stack(NULL, frames, 64);
    CHECK(depth > 1);
    CHECK_EQ(pthread_create(&thread, NULL, hold_the_list, NULL), 0);
    while (sem_wait(&holds) != 0)
        CHECK_EQ(errno, EINTR);
    child = host_fork();
    if (child == 0) {
        sentry_uuid_t id;
        if (!has_read_before)
            host_start();
        check_modules(known);
        sentry_clear_modulecache();
        check_modules(known);
        CHECK_EQ(sentry_unwind_stack(NULL, frames, 64), depth);
        id = sentry_capture_event(event_with_stack("child"));
        CHECK(!sentry_uuid_is_nil(&id));
        CHECK_EQ(sentry_flush(20000), 0);
        CHECK_EQ(sentry_close(), 0);
        _exit(0);
    }
    host_await_child(child);
    CHECK_EQ(sem_post(&leave), 0);
    CHECK_EQ(pthread_join(thread, NULL), 0);
    sentry_value_decref(known);
    CHECK_EQ(sentry_close(), 0);
}

static void started_before(void)
{
    run(1);
}

static void started_in_the_child(void)
{
    run(0);
}

static int is_over;

static void *look_at_modules(void *unused)
{
    while (!__atomic_load_n(&is_over, __ATOMIC_ACQUIRE)) {
        sentry_clear_modulecache();
        sentry_value_decref(sentry_get_modules_list());
    }
    return unused;
}

static int note(struct dl_phdr_info *info, size_t size, void *count)
{
    (void)info;
    (void)size;
    ++*(int *)count;
    return 0;
}

/* The host's own code in a child may use the loader, however busy the library was with it at the fork. */
static void children_use_the_loader(void)
{
    pthread_t threads[2];
    host_start();
    for (int i = 0; i < 2; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, look_at_modules, NULL), 0);
    for (int i = 0; i < 500; i++) {
        pid_t child = host_fork();
        if (child == 0) {
            int count = 0;
            alarm(20);
            dl_iterate_phdr(note, &count);
            _exit(count > 3 ? 0 : 1);
        }
        host_await_child(child);
    }
    __atomic_store_n(&is_over, 1, __ATOMIC_RELEASE);
    for (int i = 0; i < 2; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
    CHECK_EQ(sentry_close(), 0);
}

int main(int argc, char **argv)
{
    static const host_scenario_t scenarios[] = {
        {"started_before", started_before},
        {"started_in_the_child", started_in_the_child},
        {"children_use_the_loader", children_use_the_loader},
    };
    return host_main(argc, argv, scenarios, sizeof scenarios / sizeof scenarios[0]);
}
