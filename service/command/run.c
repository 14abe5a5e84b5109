/* leaklab run: the article's own command. One start of one mode, here and now, and a line at each stage:
 * before, blocked, after cancel and wait, at the end. The owner counts as a task, as main does in Go, and
 * stays to the end to print. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <uv.h>

#include "base/heap.h"
#include "base/macros.h"
#include "command/command.h"
#include "command/options.h"
#include "command/source.h"
#include "lab/machine.h"
#include "lab/problem.h"
#include "lab/spec.h"
#include "runtime/real.h"

#define WAIT_NS  10000000000ull /* for tasks that heard a cancel to end: longer is a leak */
#define SLICE_NS 10000000u

enum run_option { MODE, LINGER, HOLDS, SEED, JSON, FOLDER, RUN_OPTIONS };

static const struct option_spec fixed_specs[RUN_OPTIONS] = {
    [MODE] = {"mode", "MODE", "fix-recv", "which pattern, leaking or fixed"},
    [LINGER] = {"linger", "DURATION", "120ms", "how long the owner stays before it cancels"},
    [HOLDS] = {"holds", "SIZE", "1KiB", "heap that every task but the owner keeps"},
    [SEED] = {"seed", "N", NULL, "the same seed gives the same run (default: random)"},
    [JSON] = {"json", NULL, NULL, "print JSON lines"},
    [FOLDER] = SOURCE_PATTERNS_FLAG,
};

/* The flags: the fixed ones, then every parameter of every pattern, each name once. */
struct flags {
    struct option_spec specs[OPTIONS_MAX];
    char help[OPTIONS_MAX][256];
    size_t count;
};

/* Where the flag of that name is, or will be. */
static size_t find_flag(const struct flags *flags, const char *name)
{
    size_t i = 0;
    while (i < flags->count && strcmp(flags->specs[i].name, name) != 0)
        i++;
    return i;
}

/* A parameter that several patterns have means something else in each. */
static void describe(struct flags *flags, size_t index, const struct pattern *pattern,
                     const struct param *param)
{
    struct option_spec *spec = &flags->specs[index];
    const char *type = param_type_word(param->type);
    char *help = flags->help[index];
    if (index == flags->count) {
        snprintf(help, sizeof flags->help[0], "%s (of %s; default %s)", param->about, pattern->name,
                 param->default_text);
        *spec = (struct option_spec){param->name, type, NULL, help};
        flags->count++;
    } else {
        snprintf(help, sizeof flags->help[0], "of several patterns: see 'leaklab patterns NAME'");
        spec->argument = strcmp(spec->argument, type) == 0 ? type : "value";
    }
}

/* False when there are too many of them, which only a folder of one's own patterns can bring about. */
static bool flags_init(struct flags *flags, const struct catalogue *catalogue)
{
    memcpy(flags->specs, fixed_specs, sizeof fixed_specs);
    flags->count = RUN_OPTIONS;
    for (size_t p = 0; p < catalogue->count; p++) {
        const struct pattern *pattern = catalogue->patterns[p];
        for (uint16_t i = 0; i < pattern->param_count; i++) {
            const struct param *param = &pattern->params[i];
            size_t index = find_flag(flags, param->name);
            if (index == OPTIONS_MAX)
                return false;
            describe(flags, index, pattern, param);
        }
    }
    return true;
}

/* The body of the POST /scenario that would ask for the same, so that flags and API are checked by the same
 * code. A parameter that the mode's pattern does not have is left out: the article gives -tick to every mode.
 */
static json_t *spec_body(const struct flags *flags, const char **values, const struct pattern *pattern)
{
    json_t *body = json_object();
    int failed = body == NULL;
    for (size_t i = 0; i < flags->count; i++) {
        const char *name = flags->specs[i].name;
        bool ours =
            i < JSON || (i >= RUN_OPTIONS && (pattern == NULL || pattern_param(pattern, name, NULL) != NULL));
        if (ours && values[i] != NULL)
            failed |= json_object_set_new(body, name, json_string(values[i]));
    }
    if (!failed)
        return body;
    json_decref(body);
    return NULL;
}

/* One line an error: "leaklab run: -n: must be ...". */
static void print_problem(const json_t *problem)
{
    size_t i;
    json_t *error;
    json_array_foreach(json_object_get(problem, "errors"), i, error)
    {
        const char *pointer = json_string_value(json_object_get(error, "pointer"));
        const char *detail = json_string_value(json_object_get(error, "detail"));
        fprintf(stderr, "leaklab run: %s%s: %s\n", pointer[0] == '/' ? "-" : "",
                pointer[0] == '/' ? pointer + 1 : pointer, detail);
    }
    if (i == 0)
        fprintf(stderr, "leaklab run: %s\n",
                problem == NULL ? "out of memory" : json_string_value(json_object_get(problem, "detail")));
}

static void print_modes(const struct catalogue *catalogue, FILE *stream)
{
    struct buf modes;
    buf_init(&modes, LIMIT_PATTERN_BYTES);
    catalogue_modes(catalogue, &modes);
    fprintf(stream, "modes: %s\n", buf_text(&modes));
    buf_deinit(&modes);
}

/* Whether any pattern would take this value of its parameter; otherwise `why` is what the first one says. */
static bool anybody_takes(const struct catalogue *catalogue, const char *name, const char *text,
                          struct buf *why)
{
    for (size_t p = 0; p < catalogue->count; p++) {
        const struct param *param = pattern_param(catalogue->patterns[p], name, NULL);
        struct buf own;
        int64_t value;
        if (param == NULL)
            continue;
        buf_init(&own, PROBLEM_TEXT);
        enum err err = param_parse(param, text, &value, why->size == 0 ? why : &own);
        buf_deinit(&own);
        if (err == ERR_OK)
            return true;
    }
    return false;
}

/* Parameters of other patterns have no effect, but nonsense in them is still nonsense. Those of the pattern
 * itself have been read: others may have one of the same name that takes something else. */
static bool unused_sound(const struct flags *flags, const char **values, const struct catalogue *catalogue,
                         const struct pattern *pattern)
{
    for (size_t i = RUN_OPTIONS; i < flags->count; i++) {
        const char *name = flags->specs[i].name;
        struct buf why;
        if (values[i] == NULL || pattern_param(pattern, name, NULL) != NULL)
            continue;
        buf_init(&why, PROBLEM_TEXT);
        bool sound = anybody_takes(catalogue, name, values[i], &why);
        if (!sound)
            fprintf(stderr, "leaklab run: -%s: %s\n", name, buf_text(&why));
        buf_deinit(&why);
        if (!sound)
            return false;
    }
    return true;
}

static bool read_spec(const struct flags *flags, const char **values, const struct catalogue *catalogue,
                      struct spec *spec)
{
    struct machine machine;
    struct mode mode = {0};
    struct buf why;
    uint64_t seed = 0;
    json_t *problem = NULL;
    machine_read(&machine);
    struct machine_limits limits = machine_defaults(&machine);
    uv_random(NULL, NULL, &seed, sizeof seed, 0, NULL);
    buf_init(&why, PROBLEM_TEXT);
    bool known = catalogue_find_mode(catalogue, values[MODE], &mode, &why) == ERR_OK;
    buf_deinit(&why);
    json_t *body = spec_body(flags, values, mode.pattern);
    struct spec_context context = {catalogue, limits.max_tasks, limits.max_heap_bytes, seed & SPEC_SEED_MAX};
    bool sound = body != NULL && spec_parse(&context, body, spec, &problem) == ERR_OK;
    if (!sound)
        print_problem(problem);
    if (!known)
        print_modes(catalogue, stderr);
    json_decref(problem);
    json_decref(body);
    return sound && unused_sound(flags, values, catalogue, mode.pattern);
}

/* A stage of the run: how many tasks there are, and the heap where the allocator can tell. */
static void print_stage(const char *stage, const char *key, const struct runtime *runtime, bool json)
{
    struct heap_stats heap;
    uint64_t objects;
    heap_flush();
    bool known = heap_stats_read(&heap) && heap_objects_read(&objects);
    if (json) {
        printf("{\"stage\":\"%s\",\"tasks\":%" PRIu64, key, runtime->live);
        if (known)
            printf(",\"heap_alloc_bytes\":%" PRIu64 ",\"heap_objects\":%" PRIu64, heap.allocated_bytes,
                   objects);
        puts("}");
    } else {
        printf("[%s] tasks=%" PRIu64, stage, runtime->live);
        if (known)
            printf(" heap_alloc=%.2fMB heap_objects=%" PRIu64, (double)heap.allocated_bytes / 1e6, objects);
        putchar('\n');
    }
    fflush(stdout);
}

static void sleep_ns(uint64_t ns)
{
    struct timespec time = {.tv_sec = (time_t)(ns / 1000000000u), .tv_nsec = (long)(ns % 1000000000u)};
    nanosleep(&time, NULL);
}

/* Where a run's resources live. */
struct house {
    uv_loop_t loop;
    struct real real;
};

static bool house_open(struct house *house)
{
    if (uv_loop_init(&house->loop) != 0)
        return false;
    if (real_init(&house->real, &house->loop, NULL, NULL) == ERR_OK)
        return true;
    CHECK(uv_loop_close(&house->loop) == 0);
    return false;
}

static void house_close(struct house *house)
{
    real_close(&house->real);
    uv_run(&house->loop, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&house->loop) == 0);
}

/* Runs the runtime until `until_ns` of its clock, or until `reached` says so. */
static void run_until(struct runtime *runtime, uint64_t until_ns, bool (*reached)(const struct workload *),
                      const struct workload *workload)
{
    struct real *real = container_of(runtime->source, struct real, source);
    for (;;) {
        bool more = runtime_turn(runtime, (struct budget){.ns = SLICE_NS});
        /* What was shut is gone soon, and by nothing that could come about while this thread sleeps. */
        if (real->leaving > 0)
            uv_run(real->loop, UV_RUN_ONCE);
        uint64_t now_ns = runtime->clock->now_ns(runtime->clock);
        if (now_ns >= until_ns || (reached != NULL && reached(workload)))
            return;
        uint64_t due_ns = runtime_due_ns(runtime);
        uint64_t next_ns = due_ns < until_ns ? due_ns : until_ns;
        if (!more && real->leaving == 0 && next_ns > now_ns)
            sleep_ns(next_ns - now_ns);
    }
}

/* Nobody is ready: whoever was spawned has run to the step on which it blocks. */
static bool blocked(const struct workload *workload)
{
    return workload->census.states[TASK_READY] == 0;
}

/* Only the owner is left, and the heap of the others is free. */
static bool alone(const struct workload *workload)
{
    return workload_live(workload) <= 1 && workload_freed(workload);
}

static void run_stages(struct runtime *runtime, struct workload *workload, const struct spec *spec, bool json)
{
    uint64_t began_ns = runtime->clock->now_ns(runtime->clock);
    uint64_t leave_ns = began_ns + (uint64_t)spec->linger_ns;
    print_stage("start", "start", runtime, json);
    run_until(runtime, began_ns + WAIT_NS, blocked, workload);
    print_stage("after spawn (still blocked)", "after_spawn", runtime, json);
    run_until(runtime, leave_ns, NULL, workload);
    workload_cancel(workload);
    bool leaves = spec->mode.variant != VARIANT_LEAK;
    run_until(runtime, runtime->clock->now_ns(runtime->clock) + WAIT_NS, leaves ? alone : workload_told,
              workload);
    if (leaves)
        print_stage("after cancel + wait", "after_cancel_wait", runtime, json);
    print_stage("end", "end", runtime, json);
}

/* One start of the spec on a runtime that has everything. */
static enum err run_on(struct runtime *runtime, const struct spec *spec, bool json)
{
    struct workload workload;
    struct tally *tally = runtime_tally(runtime, spec->mode.pattern->variants[spec->mode.variant].program);
    if (tally == NULL)
        return ERR_MEMORY;
    struct workload_spec settings = spec_workload(spec, tally);
    settings.owner_stays = true;
    enum err err = workload_init(&workload, runtime, &settings);
    if (err != ERR_OK)
        return err;
    err = workload_start(&workload);
    if (err == ERR_OK)
        run_stages(runtime, &workload, spec, json);
    if (workload.capped_by != LIMIT_KINDS)
        fprintf(stderr, "leaklab run: stopped spawning: the limit on %s is reached\n",
                limit_kind_word(workload.capped_by));
    workload_reclaim(&workload);
    run_until(runtime, UINT64_MAX, workload_idle, &workload);
    workload_deinit(&workload);
    return err;
}

static int run_spec(const struct spec *spec, bool json)
{
    struct clock clock = clock_monotonic();
    struct runtime runtime;
    struct house house;
    struct machine machine;
    machine_read(&machine);
    struct machine_limits limits = machine_defaults(&machine);
    enum err err = house_open(&house) ? ERR_OK : ERR_SYSTEM;
    if (err == ERR_OK) {
        err = runtime_init(&runtime, &clock, spec->max_tasks, spec->max_heap_bytes);
        if (err == ERR_OK) {
            runtime_set_source(&runtime, &house.real.source, limits.supplies);
            err = run_on(&runtime, spec, json);
            runtime_deinit(&runtime);
        }
        house_close(&house);
    }
    if (err == ERR_OK)
        return EXIT_OK;
    fprintf(stderr, "leaklab run: %s\n", err_text(err));
    return EXIT_FAILED;
}

static int print_help(const struct options *options, const struct catalogue *catalogue)
{
    puts("usage: leaklab run [flags]\n\n"
         "Starts one pattern, lets its owner stay for a while, cancels, and prints how many tasks there are "
         "at each\n"
         "stage. A fixed mode and a decoy come back to 1, the owner; a leaking mode does not. A mix is for "
         "leaklab serve:\n"
         "this makes a single start. Flags may be written as in Go, -n=2000, or as GNU does, --n 2000.\n");
    options_print_help(options);
    putchar('\n');
    print_modes(catalogue, stdout);
    return EXIT_OK;
}

static int run_with(int argc, char **argv, const char *folder, const struct catalogue *catalogue)
{
    struct flags flags;
    const char *values[OPTIONS_MAX];
    enum option_source sources[OPTIONS_MAX];
    struct spec spec;
    bool help;
    if (!flags_init(&flags, catalogue)) {
        fprintf(stderr, "leaklab run: --patterns: more than %d parameters of different names\n",
                OPTIONS_MAX - RUN_OPTIONS);
        return EXIT_FAILED;
    }
    struct options options = {"leaklab run", flags.specs, flags.count, NULL};
    if (!options_parse(&options, argc, argv, values, sources, &help)) {
        print_modes(catalogue, stderr);
        return EXIT_USAGE;
    }
    if (help)
        return print_help(&options, catalogue);
    if (values[FOLDER] != folder) {
        fputs("leaklab run: write --patterns in full: it is read before all other flags\n", stderr);
        return EXIT_USAGE;
    }
    if (!read_spec(&flags, values, catalogue, &spec))
        return EXIT_USAGE;
    if (spec.mode.variant == VARIANT_MIX) {
        fprintf(stderr,
                "leaklab run: -mode: a mix takes many starts, and this makes one: run leak-%s or fix-%s, or "
                "post mode=mix-%s with a rate to leaklab serve\n",
                spec.mode.pattern->name, spec.mode.pattern->name, spec.mode.pattern->name);
        return EXIT_USAGE;
    }
    return run_spec(&spec, values[JSON] != NULL);
}

/* The patterns' parameters are flags themselves, so that the folder must be known before flags are read. */
static const char *find_folder(int argc, char **argv)
{
    static const char flag[] = "-patterns";
    const char *folder = NULL;
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        const char *text = argv[i] + (strncmp(argv[i], "--", 2) == 0);
        if (strncmp(text, flag, sizeof flag - 1) != 0)
            continue;
        text += sizeof flag - 1;
        if (*text == '=')
            folder = text + 1;
        else if (*text == '\0')
            folder = argv[i + 1]; /* NULL at the end: reported with the other flags */
    }
    return folder;
}

int command_run(int argc, char **argv)
{
    struct catalogue catalogue;
    catalogue_init(&catalogue);
    const char *folder = find_folder(argc, argv);
    int code = source_catalogue("leaklab run", folder, &catalogue);
    if (code == EXIT_OK)
        code = run_with(argc, argv, folder, &catalogue);
    catalogue_deinit(&catalogue);
    return code;
}
