/* What the driver does about sessions, users, consent and forks. */
#ifndef DRIVER_HEALTH_H
#define DRIVER_HEALTH_H

#include "driver_text.h"

#include <sentry.h>

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* `start`, `end`, or the number of a status to end with. */
static void health_session(const char *what) {
    if (strcmp(what, "start") == 0) {
        sentry_start_session();
    } else if (strcmp(what, "end") == 0) {
        sentry_end_session();
    } else {
        sentry_end_session_with_status((sentry_session_status_t)atoi(what));
    }
}

/* An id; `-` for nobody, `?` for somebody without an id. */
static void health_user(const char *id) {
    if (strcmp(id, "-") == 0) {
        sentry_remove_user();
    } else if (strcmp(id, "?") == 0) {
        sentry_set_user(sentry_value_new_user(NULL, "somebody", NULL, NULL));
    } else {
        sentry_set_user(sentry_value_new_user(id, NULL, NULL, NULL));
    }
}

/* `give`, `revoke`, `reset`, or nothing to ask. */
static void health_consent(const char *what, text_t *answer) {
    if (strcmp(what, "give") == 0) {
        sentry_user_consent_give();
    } else if (strcmp(what, "revoke") == 0) {
        sentry_user_consent_revoke();
    } else if (strcmp(what, "reset") == 0) {
        sentry_user_consent_reset();
    }
    text_format(answer, ",\"consent\":%d,\"is_required\":%d", (int)sentry_user_consent_get(),
                sentry_user_consent_is_required());
}

/* Whether an earlier run crashed; `clear` forgets it. */
static void health_crashed(const char *what, text_t *answer) {
    int result = strcmp(what, "clear") == 0 ? sentry_clear_crashed_last_run() : 0;
    text_format(answer, ",\"result\":%d,\"crashed\":%d", result, sentry_get_crashed_last_run());
}

/* A child captures an event, starts a session if `what` says so, and closes. */
static void health_fork(const char *what, text_t *answer) {
    int ended = -1;
    pid_t child = fork();
    if (child == 0) {
        sentry_status_t status = sentry_capture("{\"message\":\"from the child\"}", NULL);
        if (strcmp(what, "session") == 0) {
            sentry_start_session();
        }
        _exit(status == SENTRY_STATUS_OK && sentry_close() == 0 ? 0 : 1);
    }
    if (child > 0) {
        (void)waitpid(child, &ended, 0);
    }
    text_format(answer, ",\"result\":%d", ended);
}

/* A child that stays: it has sent an event of its own, and does nothing more until it is killed. */
static void health_fork_stay(text_t *answer) {
    int ends[2];
    char told = 1;
    pid_t child = -1;
    if (pipe(ends) == 0) {
        child = fork();
        if (child == 0) {
            sentry_status_t status = sentry_capture("{\"message\":\"from the child\"}", NULL);
            told = status == SENTRY_STATUS_OK && sentry_flush(60000) == 0 ? 0 : 1;
            if (write(ends[1], &told, 1) == 1) {
                for (;;) {
                    pause();
                }
            }
            _exit(1);
        }
        close(ends[1]);
        if (child < 0 || read(ends[0], &told, 1) != 1) {
            told = 1;
        }
        close(ends[0]);
    }
    text_format(answer, ",\"result\":%d,\"child\":%d", (int)told, (int)child);
}

#endif
