/* The files that users write for drills and simulations: the first line is what is read (drill or calendar)
 * and the file's name, the rest its text. */
#include <stdlib.h>
#include <string.h>

#include "command/document.h"
#include "drill/drill.h"
#include "fuzz.h"
#include "simulation/calendar.h"

static void read_drill(json_t *source)
{
    struct drill drill;
    json_t *problem = NULL;
    const char *names[3 * LIMIT_DRILL_ALERTS];
    enum err err = drill_read(source, &drill, &problem);
    if (err != ERR_OK) {
        fuzz_problem(problem);
        return;
    }
    size_t count = drill_alert_names(&drill, names);
    CHECK(count <= COUNT_OF(names) && drill_end_ns(&drill) >= 0);
    for (size_t i = 0; i < count; i++)
        CHECK(names[i][0] != '\0');
    drill_deinit(&drill);
}

static void read_calendar(json_t *source)
{
    struct calendar calendar;
    json_t *problem = NULL;
    enum err err = calendar_read(&calendar, source, "leaklab:9777", 0, &problem);
    json_decref(source);
    if (err != ERR_OK) {
        CHECK(err == ERR_SYNTAX);
        fuzz_problem(problem);
        return;
    }
    CHECK(calendar.instance_count > 0 && calendar.instance_count <= LIMIT_INSTANCES);
    CHECK(calendar.first_count <= calendar.instance_count && calendar.event_count <= LIMIT_EVENTS);
    for (uint32_t i = 0; i < calendar.instance_count; i++)
        CHECK(calendar.labels[i] != NULL);
    for (uint32_t i = 0; i < calendar.event_count; i++)
        CHECK(calendar.events[i].instance == CALENDAR_ALL ||
              calendar.events[i].instance < calendar.instance_count);
    calendar_deinit(&calendar);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct document document;
    struct fuzz_input input = {data, size};
    char *line = fuzz_line(&input), *path = strchr(line, ' ');
    json_t *problem = NULL;
    size_t bytes;
    char *text = fuzz_rest(&input, &bytes);
    if (path != NULL && bytes <= LIMIT_BODY_BYTES) {
        memcpy(document.text, text, bytes);
        document.size = bytes;
        json_t *source = document_decode(&document, path + 1, &problem);
        if (source == NULL)
            fuzz_problem(problem);
        else if (strncmp(line, "drill", 5) == 0)
            read_drill(source);
        else
            read_calendar(source);
    }
    free(text);
    free(line);
    return 0;
}
