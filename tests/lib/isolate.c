#include "isolate.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macros.h"

static void be_quiet(void)
{
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    CHECK(nowhere >= 0);
    CHECK(dup2(nowhere, STDOUT_FILENO) >= 0 && dup2(nowhere, STDERR_FILENO) >= 0);
}

/* exit() and not _exit(): the leak sanitizer looks at the child then. */
static void run_child(void (*fn)(void *argument), void *argument, unsigned cpu_seconds, bool show)
{
    struct rlimit cpu = {cpu_seconds, cpu_seconds}, core = {0, 0};
    setrlimit(RLIMIT_CPU, &cpu);
    setrlimit(RLIMIT_CORE, &core);
    /* Or a failed assertion would jump back into the parent's test. */
    setenv("CMOCKA_TEST_ABORT", "1", 1);
    if (!show)
        be_quiet();
    fn(argument);
    exit(0);
}

bool isolate(void (*fn)(void *argument), void *argument, unsigned cpu_seconds, bool show)
{
    int status = 0;
    fflush(NULL);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0)
        run_child(fn, argument, cpu_seconds, show);
    CHECK(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void *isolate_shared(size_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED);
    return memory;
}
