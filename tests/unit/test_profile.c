/* Profiles: tasks counted up by place, and what pprof is given of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include "fault.h"
#include "judge/pprof.h"
#include "language/pattern.h"
#include "pprof.pb-c.h"

static const char source[] = "pattern: recv\ntitle: t\nstory: s\nremedy: r\n"
                             "share: {jobs: channel}\n"
                             "leak:\n"
                             "  main:\n"
                             "    - spawn consumer * 2\n"
                             "  consumer:\n"
                             "    - recv jobs\n"
                             "expect: {leak: 2}\n";

static struct pattern *recv_pattern(void)
{
    struct messages messages;
    struct pattern *pattern = NULL;
    messages_init(&messages);
    assert_int_equal(pattern_compile("recv.yaml", source, sizeof source - 1, &messages, &pattern), ERR_OK);
    messages_deinit(&messages);
    return pattern;
}

static uint16_t step_called(const struct program *program, const char *text)
{
    uint16_t step = 0;
    while (strcmp(program->steps[step].text, text) != 0)
        step++;
    return step;
}

/* Two places, two scenarios, an origin. ERR_MEMORY: what was made so far is to be freed all the same. */
static enum err set_up(struct profile *profile, const struct program *program)
{
    uint32_t spawn, recv, origin, scenario;
    if (profile_add_place(profile, program, step_called(program, "spawn consumer * 2"), &spawn) != ERR_OK ||
        profile_add_place(profile, program, step_called(program, "recv jobs"), &recv) != ERR_OK ||
        profile_add_origin(profile, spawn, PROFILE_MAIN, &origin) != ERR_OK ||
        profile_add_scenario(profile, "first", &scenario) != ERR_OK ||
        profile_add_scenario(profile, "second", &scenario) != ERR_OK)
        return ERR_MEMORY;
    assert_int_equal(spawn, 0);
    assert_int_equal(recv, 1);
    assert_int_equal(origin, 1);
    return ERR_OK;
}

static struct profile *given_profile(void)
{
    struct pattern *pattern = recv_pattern();
    struct profile *profile = profile_new();
    assert_non_null(profile);
    assert_int_equal(set_up(profile, pattern->variants[VARIANT_LEAK].program), ERR_OK);
    /* The profile's texts are its own. */
    pattern_free(pattern);
    return profile;
}

#define STUCK_AT_RECV(in)                                                                                    \
    ((struct profile_key){                                                                                   \
        .place = 1, .origin = 1, .scenario = (in), .state = TASK_RECV, .verdict = VERDICT_STUCK})
#define READY_AT_SPAWN(in)                                                                                   \
    ((struct profile_key){.place = 0, .scenario = (in), .state = TASK_READY, .verdict = VERDICT_LIVE})

static void count(struct profile *profile, struct profile_key key, uint64_t times, uint64_t age_ms,
                  uint64_t held_bytes)
{
    struct profile_task task = {.age_ms = age_ms, .held_bytes = held_bytes};
    for (uint64_t i = 0; i < times; i++)
        assert_int_equal(profile_count(profile, key, &task), ERR_OK);
}

static struct profile *counted_profile(void)
{
    struct profile *profile = given_profile();
    count(profile, READY_AT_SPAWN(0), 9, 1, 10);
    count(profile, STUCK_AT_RECV(1), 4, 5000, 1024);
    count(profile, STUCK_AT_RECV(0), 1, 80, 1000);
    profile_finish(profile);
    return profile;
}

static void tasks_at_one_place_with_one_verdict_are_one_group_leaked_ones_first(void **state)
{
    (void)state;
    struct profile *profile = counted_profile();
    assert_int_equal(profile->tasks, 14);
    assert_int_equal(profile->group_count, 2);
    assert_string_equal(profile->places[profile->groups[0].place].frame, "consumer recv jobs");
    assert_int_equal(profile->groups[0].tasks, 5);
    assert_int_equal(profile->groups[0].held_bytes, 5096);
    assert_int_equal(profile->groups[0].oldest_ms, 5000);
    assert_int_equal(profile->groups[1].tasks, 9);
    profile_free(profile);
}

static void samples_tell_scenarios_apart(void **state)
{
    (void)state;
    struct profile *profile = counted_profile();
    assert_int_equal(profile->sample_count, 3);
    assert_int_equal(profile->samples[0].tasks, 4);
    assert_string_equal(profile->scenarios[profile->samples[0].key.scenario], "second");
    assert_int_equal(profile->samples[1].tasks, 1);
    profile_free(profile);
}

static void a_median_is_right_to_within_an_eighth(void **state)
{
    (void)state;
    static const uint64_t ages[] = {0, 1, 7, 8, 9, 100, 1000, 86400000, 1ull << 33};
    for (size_t i = 0; i < sizeof ages / sizeof ages[0]; i++) {
        struct profile *profile = given_profile();
        count(profile, STUCK_AT_RECV(0), 3, ages[i], 0);
        count(profile, STUCK_AT_RECV(0), 1, 0, 0);
        count(profile, STUCK_AT_RECV(0), 1, 1ull << 40, 0);
        uint64_t median = profile_median_ms(&profile->groups[0]);
        assert_true(median <= ages[i]);
        assert_true(median >= ages[i] - ages[i] / 8);
        profile_free(profile);
    }
}

static void what_does_not_fit_is_still_counted(void **state)
{
    (void)state;
    struct profile *profile = given_profile();
    for (uint32_t i = 0; i < LIMIT_PROFILE_SAMPLES; i++) {
        uint32_t scenario;
        assert_int_equal(profile_add_scenario(profile, "more", &scenario), ERR_OK);
        count(profile, STUCK_AT_RECV(scenario), 1, 0, 2);
    }
    count(profile, STUCK_AT_RECV(0), 3, 0, 2);
    profile_finish(profile);
    assert_int_equal(profile->tasks, LIMIT_PROFILE_SAMPLES + 3);
    assert_int_equal(profile->sample_count, LIMIT_PROFILE_SAMPLES);
    assert_int_equal(profile->unlisted_tasks[VERDICT_STUCK], 3);
    assert_int_equal(profile->unlisted_held_bytes, 6);
    profile_free(profile);
}

/* The caller calls pprof__profile__free_unpacked. */
static Pprof__Profile *written(const struct profile *profile, enum pprof_kind kind)
{
    static uint8_t plain[64 * 1024];
    struct buf out;
    buf_init(&out, LIMIT_PROFILE_BYTES);
    assert_int_equal(pprof_write(profile, kind, 42, &out), ERR_OK);
    z_stream stream = {.next_in = (Bytef *)out.data,
                       .avail_in = (uInt)out.size,
                       .next_out = plain,
                       .avail_out = sizeof plain};
    assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    inflateEnd(&stream);
    buf_deinit(&out);
    Pprof__Profile *profile_read = pprof__profile__unpack(NULL, stream.total_out, plain);
    assert_non_null(profile_read);
    return profile_read;
}

static const char *text_at(const Pprof__Profile *profile, int64_t index)
{
    assert_true(index >= 0 && (size_t)index < profile->n_texts);
    return profile->texts[index];
}

static const char *frame_at(const Pprof__Profile *profile, const Pprof__Sample *sample, size_t depth)
{
    const Pprof__Location *location = profile->locations[sample->locations[depth] - 1];
    assert_int_equal(location->id, sample->locations[depth]);
    return text_at(profile, profile->functions[location->lines[0]->function - 1]->name);
}

static void pprof_is_given_stacks_from_the_step_to_main_with_labels(void **state)
{
    (void)state;
    struct profile *profile = counted_profile();
    Pprof__Profile *read = written(profile, PPROF_TASKS);
    assert_string_equal(text_at(read, 0), "");
    assert_string_equal(text_at(read, read->sample_types[0]->type), "tasks");
    assert_int_equal(read->time_ns, 42);
    assert_int_equal(read->n_samples, 3);
    const Pprof__Sample *first = read->samples[0];
    assert_int_equal(first->n_values, 1);
    assert_int_equal(first->values[0], 4);
    assert_int_equal(first->n_locations, 2);
    assert_string_equal(frame_at(read, first, 0), "consumer recv jobs");
    assert_string_equal(frame_at(read, first, 1), "main spawn consumer * 2");
    assert_int_equal(read->locations[first->locations[0] - 1]->lines[0]->line, 10);
    static const char *const labels[][2] = {
        {"pattern", "recv"}, {"variant", "leak"},    {"verdict", "stuck"},
        {"state", "recv"},   {"scenario", "second"},
    };
    assert_int_equal(first->n_labels, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_string_equal(text_at(read, first->labels[i]->key), labels[i][0]);
        assert_string_equal(text_at(read, first->labels[i]->text), labels[i][1]);
    }
    pprof__profile__free_unpacked(read, NULL);
    profile_free(profile);
}

static void the_leaked_profile_leaves_out_who_is_live_and_the_heap_profile_counts_bytes(void **state)
{
    (void)state;
    struct profile *profile = counted_profile();
    Pprof__Profile *leaked = written(profile, PPROF_LEAKED);
    assert_int_equal(leaked->n_samples, 2);
    pprof__profile__free_unpacked(leaked, NULL);
    Pprof__Profile *heap = written(profile, PPROF_HEAP);
    assert_int_equal(heap->n_sample_types, 2);
    assert_string_equal(text_at(heap, heap->sample_types[1]->unit), "bytes");
    assert_string_equal(text_at(heap, heap->default_sample_type), "held");
    assert_int_equal(heap->samples[0]->values[1], 4096);
    pprof__profile__free_unpacked(heap, NULL);
    profile_free(profile);
}

static void the_text_form_is_go_s(void **state)
{
    (void)state;
    struct profile *profile = counted_profile();
    struct buf out;
    buf_init(&out, LIMIT_PROFILE_BYTES);
    assert_int_equal(pprof_write_text(profile, PPROF_LEAKED, &out), ERR_OK);
    assert_string_equal(buf_text(&out),
                        "leaked profile: total 5\n"
                        "4 @ 0x2 0x1\n"
                        "# labels: {\"pattern\":\"recv\", \"scenario\":\"second\", \"state\":\"recv\", "
                        "\"variant\":\"leak\", \"verdict\":\"stuck\"}\n"
                        "#\t0x2\tconsumer recv jobs+0x0\trecv.yaml:10\n"
                        "#\t0x1\tmain spawn consumer * 2+0x0\trecv.yaml:8\n"
                        "\n"
                        "1 @ 0x2 0x1\n"
                        "# labels: {\"pattern\":\"recv\", \"scenario\":\"first\", \"state\":\"recv\", "
                        "\"variant\":\"leak\", \"verdict\":\"stuck\"}\n"
                        "#\t0x2\tconsumer recv jobs+0x0\trecv.yaml:10\n"
                        "#\t0x1\tmain spawn consumer * 2+0x0\trecv.yaml:8\n"
                        "\n");
    buf_deinit(&out);
    profile_free(profile);
}

static bool make_and_write(void *argument)
{
    struct profile *profile = profile_new();
    struct profile_task task = {.age_ms = 1, .held_bytes = 1};
    struct buf out;
    buf_init(&out, LIMIT_PROFILE_BYTES);
    bool made = profile != NULL && set_up(profile, argument) == ERR_OK &&
                profile_count(profile, STUCK_AT_RECV(0), &task) == ERR_OK &&
                pprof_write(profile, PPROF_TASKS, 0, &out) == ERR_OK;
    buf_deinit(&out);
    profile_free(profile);
    return made;
}

static void without_memory_there_is_no_profile_and_nothing_is_left_behind(void **state)
{
    (void)state;
    struct pattern *pattern = recv_pattern();
    fault_sweep(make_and_write, pattern->variants[VARIANT_LEAK].program);
    pattern_free(pattern);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tasks_at_one_place_with_one_verdict_are_one_group_leaked_ones_first),
        cmocka_unit_test(samples_tell_scenarios_apart),
        cmocka_unit_test(a_median_is_right_to_within_an_eighth),
        cmocka_unit_test(what_does_not_fit_is_still_counted),
        cmocka_unit_test(pprof_is_given_stacks_from_the_step_to_main_with_labels),
        cmocka_unit_test(the_leaked_profile_leaves_out_who_is_live_and_the_heap_profile_counts_bytes),
        cmocka_unit_test(the_text_form_is_go_s),
        cmocka_unit_test(without_memory_there_is_no_profile_and_nothing_is_left_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
