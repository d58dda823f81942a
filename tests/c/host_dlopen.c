/* Loads and unloads the library again and again. Started by tests/host_process.rs as `host_dlopen LIBRARY DSN`; not
 * linked with the library. */
#include <sentry.h>

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROUNDS 100

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "round %d, line %d: %s is not so\n", round, __LINE__, #condition);                         \
            _exit(99);                                                                                                 \
        }                                                                                                              \
    } while (0)

/* A pointer to a function out of one to data, which ISO C does not convert. */
#define LOOK_UP(name, function)                                                                                        \
    do {                                                                                                               \
        void *found_ = dlsym(library, name);                                                                           \
        CHECK(found_ != NULL);                                                                                         \
        memcpy(&(function), &found_, sizeof(function));                                                                \
    } while (0)

int main(int argc, char **argv)
{
    int round = 0;
    CHECK(argc == 3);
    alarm(60);
    for (round = 0; round < ROUNDS; round++) {
        sentry_options_t *(*options_new)(void);
        void (*set_dsn)(sentry_options_t *, const char *);
        int (*init)(sentry_options_t *);
        sentry_status_t (*capture)(const char *, sentry_uuid_t *);
        int (*close_library)(void);
        sentry_options_t *options;
        void *library = dlopen(argv[1], round % 2 == 0 ? RTLD_NOW : RTLD_LAZY | RTLD_GLOBAL);
        if (library == NULL)
            fprintf(stderr, "%s\n", dlerror());
        CHECK(library != NULL);
        LOOK_UP("sentry_options_new", options_new);
        LOOK_UP("sentry_options_set_dsn", set_dsn);
        LOOK_UP("sentry_init", init);
        LOOK_UP("sentry_capture", capture);
        LOOK_UP("sentry_close", close_library);
        if (round % 10 != 9) {
            options = options_new();
            CHECK(options != NULL);
            set_dsn(options, argv[2]);
            CHECK(init(options) == 0);
        }
        CHECK(capture("{\"message\":\"loaded\"}", NULL)
              == (round % 10 != 9 ? SENTRY_STATUS_OK : SENTRY_STATUS_DISABLED));
        /* The last life is ended by the exit handler, with nobody holding the library. */
        if (round != ROUNDS - 2)
            CHECK(close_library() == 0);
        CHECK(dlclose(library) == 0);
        if (round == ROUNDS - 2)
            break;
    }
    return 0;
}
