/* What a drill makes of Prometheus' answers: the first line says which question was asked (targets, rules or
 * alerts), every further line is an answer. Alerts are scored as they come, 15 s apart, and reported. */
#include <stdlib.h>
#include <string.h>

#include "drill/prometheus.h"
#include "drill/report.h"
#include "drill/score.h"
#include "fuzz.h"

#define TEXT_MOST (8 << 20)
#define STEP_NS   (15 * 1000000000ll)
#define SETTLED   2 /* answers of before the drill */
#define RELEASED  8 /* after which all is reclaimed */
#define DRILL                                                                                                \
    "{\"drill\": \"d\", \"scenarios\": [{}], \"allow\": [\"Allowed\"], \"silent\": [\"Silent\"],"            \
    " \"expect\": [{\"alert\": \"TasksStuck\", \"within\": \"1m\", \"labels\": {\"pattern\": \"recv\"}},"    \
    " {\"alert\": \"TasksStuck\", \"after\": \"30s\", \"within\": \"1m\"}]}"

struct play {
    struct drill drill;
    struct score *score;
    struct buf why;
    unsigned answers;
    bool blocked;
};

static void open_play(struct play *play)
{
    json_t *problem = NULL;
    *play = (struct play){0};
    CHECK(drill_read(json_loads(DRILL, 0, NULL), &play->drill, &problem) == ERR_OK);
    CHECK(score_new(&play->drill, NULL, &play->score) == ERR_OK);
    buf_init(&play->why, TEXT_MOST);
}

static void ask_target(struct play *play, const json_t *data)
{
    const struct target_wish wishes[] = {{"", "", {"10.0.0.5:9777", "cart:9777", ""}},
                                         {"cart-1", "leaklab", {"", "", ""}}};
    struct target target;
    for (size_t i = 0; i < COUNT_OF(wishes); i++)
        if (target_find(data, &wishes[i], &target, &play->why) == ERR_OK)
            CHECK(target.instance != NULL);
}

static void look(struct play *play, const json_t *data)
{
    const struct label labels[] = {{"instance", "10.0.0.5:9777"}, {"job", "leaklab"}};
    struct alert_list list;
    int64_t now_ns = play->answers * STEP_NS;
    if (alerts_read(data, labels, COUNT_OF(labels), &list, &play->why) != ERR_OK)
        return;
    if (play->answers < SETTLED) {
        (void)score_is_quiet(play->score, list.alerts, list.count);
    } else if (play->answers == SETTLED) {
        CHECK(score_exclude(play->score, list.alerts, list.count, &play->why) != ERR_MEMORY);
        score_begin(play->score, now_ns);
    } else {
        if (play->answers == RELEASED)
            score_release(play->score, now_ns);
        CHECK(score_see(play->score, now_ns, list.alerts, list.count) == ERR_OK);
    }
    alert_list_deinit(&list);
    play->answers++;
}

static void hear(struct play *play, const char *which, const char *line)
{
    json_t *answer = json_loads(line, 0, NULL);
    if (answer == NULL)
        return;
    const json_t *data = prometheus_data(answer, &play->why);
    if (data != NULL && strcmp(which, "targets") == 0)
        ask_target(play, data);
    else if (data != NULL && strcmp(which, "rules") == 0)
        (void)rules_check(data, &play->drill, &play->why);
    else if (data != NULL)
        look(play, data);
    json_decref(answer);
}

/* What has begun comes to an end and can be told in every form. */
static void report(struct play *play)
{
    struct report_drill told = {.file = "d.yaml", .drill = &play->drill, .score = play->score};
    struct buf text;
    if (play->answers > SETTLED) {
        if (play->answers <= RELEASED)
            score_release(play->score, play->answers * STEP_NS);
        score_finish(play->score, play->answers * STEP_NS);
        told.finished = true;
    } else
        told.error = buf_text(&play->why);
    buf_init(&text, TEXT_MOST);
    if (told.finished)
        report_table(&text, &told);
    report_summary(&text, &told, 1);
    report_junit(&text, &told, 1);
    CHECK(report_json(&text, &told, 1) == ERR_OK);
    CHECK(text.err == ERR_OK);
    buf_deinit(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    struct play play;
    char *which = fuzz_line(&input);
    open_play(&play);
    while (input.size > 0) {
        char *line = fuzz_line(&input);
        hear(&play, which, line);
        free(line);
    }
    report(&play);
    score_free(play.score);
    drill_deinit(&play.drill);
    buf_deinit(&play.why);
    free(which);
    return 0;
}
