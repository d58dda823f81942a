/* What lies in a database directory: runs, whether they live, and envelopes with sizes, ages, ids. It only reads.
 *
 *   cc -o inspect inspect.c $(pkg-config --cflags --libs sentry)
 *   ./inspect .sentry-native
 */
#define _DEFAULT_SOURCE 1
#include <sentry.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int ends_with(const char *name, const char *end)
{
    size_t length = strlen(name), most = strlen(end);
    return length >= most && strcmp(name + length - most, end) == 0;
}

/* A run lives while its process holds the lock. */
static int is_locked(const char *run)
{
    char path[4104];
    int file, is_free;
    snprintf(path, sizeof path, "%s.lock", run);
    file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return 0;
    is_free = flock(file, LOCK_SH | LOCK_NB) == 0;
    close(file);
    return !is_free;
}

/* "<ms>-<attempts>-<id>.envelope" waits for the server, "<id>.envelope" does not. */
static void print_envelope(const char *name, const struct stat *about)
{
    unsigned long long written_ms;
    unsigned attempts;
    char id[37];
    printf("  envelope %9lld bytes %9.0f s old  ", (long long)about->st_size, difftime(time(NULL), about->st_mtime));
    if (sscanf(name, "%llu-%2u-%36[0-9a-f-].envelope", &written_ms, &attempts, id) == 3 && strlen(id) == 36)
        printf("%s  %u attempts\n", id, attempts);
    else
        printf("%.36s  kept\n", name);
}

/* Lists a directory and those of ours in it; how many envelopes there are, or -1. */
static int list(const char *path, int depth)
{
    int envelopes = 0;
    struct dirent *entry;
    DIR *directory = opendir(path);
    if (directory == NULL)
        return -1;
    while ((entry = readdir(directory)) != NULL) {
        char below[4096];
        struct stat about;
        snprintf(below, sizeof below, "%s/%s", path, entry->d_name);
        /* Files come and go while we look. */
        if (lstat(below, &about) != 0)
            continue;
        if (S_ISREG(about.st_mode) && ends_with(entry->d_name, ".envelope")) {
            print_envelope(entry->d_name, &about);
            envelopes++;
        } else if (S_ISREG(about.st_mode) && !ends_with(entry->d_name, ".lock")) {
            printf("  file     %9lld bytes  %s\n", (long long)about.st_size, entry->d_name);
        } else if (depth == 0 && S_ISDIR(about.st_mode)) {
            int found, is_run = ends_with(entry->d_name, ".run");
            if (!is_run && strcmp(entry->d_name, "cache") != 0)
                continue;
            printf("%s %.36s  %s\n", is_run ? "run" : "dir", entry->d_name,
                !is_run ? "" : is_locked(below) ? "alive" : "ended");
            found = list(below, 1);
            envelopes += found > 0 ? found : 0;
        }
    }
    closedir(directory);
    return envelopes;
}

int main(int argc, char **argv)
{
    int envelopes;
    if (argc < 2) {
        fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
        return 2;
    }
    envelopes = list(argv[1], 0);
    if (envelopes < 0) {
        fprintf(stderr, "%s cannot be read\n", argv[1]);
        return 1;
    }
    printf("%d envelopes, as libsentry %s names them\n", envelopes, sentry_sdk_version());
    return 0;
}
