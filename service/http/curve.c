#include "http/curve.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/macros.h"
#include "http/answer.h"
#include "http/header.h"
#include "http/parts.h"
#include "http/query.h"
#include "metrics/negotiate.h"

#define COMPRESS_BYTES 1024 /* below this gzip's head and tail eat what compression saves */
#define NUMBER_TEXT    24

/* Of the rows of one answer: at most as many programs as one row can name, the newest rows' first. */
#define PROGRAMS_MOST LIMIT_TIMELINE_PROGRAMS

/* ---- tokens ---- */

static void token_format(struct curve_token token, char text[static CURVE_TOKEN_TEXT])
{
    snprintf(text, CURVE_TOKEN_TEXT, "%08" PRIx32 "-%08" PRIx32 "-%08" PRIx32, token.boot, token.row,
             token.mark);
}

bool curve_token_parse(const char *text, struct curve_token *token)
{
    char again[CURVE_TOKEN_TEXT];
    if (strlen(text) != CURVE_TOKEN_TEXT - 1 || text[8] != '-' || text[17] != '-')
        return false;
    struct curve_token read = {.boot = (uint32_t)strtoul(text, NULL, 16),
                               .row = (uint32_t)strtoul(text + 9, NULL, 16),
                               .mark = (uint32_t)strtoul(text + 18, NULL, 16)};
    token_format(read, again);
    if (strcmp(again, text) != 0)
        return false;
    *token = read;
    return true;
}

/* ---- what is to be told ---- */

struct curve {
    const struct curve_input *input;
    bool whole; /* nothing of an earlier answer goes on here */
    struct timeline_row *rows;
    size_t row_count;
    uint64_t row_end;
    struct timeline_span marks;
    uint32_t programs[PROGRAMS_MOST]; /* places in the snapshot */
    size_t program_count;
};

static bool goes_on(const struct timeline_span *span, uint32_t from)
{
    return from >= span->first && from <= span->end;
}

/* Copies the rows; those that go meanwhile were the oldest. */
static enum err read_rows(struct curve *curve, struct timeline_span span)
{
    curve->row_end = span.end;
    if (span.first == span.end)
        return ERR_OK;
    curve->rows = malloc((size_t)(span.end - span.first) * sizeof curve->rows[0]);
    if (curve->rows == NULL)
        return ERR_MEMORY;
    for (uint64_t number = span.first; number < span.end; number++)
        curve->row_count += timeline_row(curve->input->timeline, number, &curve->rows[curve->row_count]);
    return ERR_OK;
}

static void add_program(struct curve *curve, uint32_t program)
{
    for (size_t i = 0; i < curve->program_count; i++)
        if (curve->programs[i] == program)
            return;
    if (program < curve->input->snapshot->program_count && curve->program_count < PROGRAMS_MOST)
        curve->programs[curve->program_count++] = program;
}

static void find_programs(struct curve *curve)
{
    for (size_t i = curve->row_count; i > 0; i--)
        for (uint32_t k = 0; k < curve->rows[i - 1].program_count; k++)
            add_program(curve, curve->rows[i - 1].programs[k].program);
}

static enum err curve_read(struct curve *curve)
{
    const struct timeline *timeline = curve->input->timeline;
    const struct curve_token *since = curve->input->since;
    struct timeline_span rows = curve->input->rows;
    curve->marks = timeline_marks(timeline);
    curve->whole = since == NULL || since->boot != timeline_boot(timeline) || !goes_on(&rows, since->row) ||
                   !goes_on(&curve->marks, since->mark);
    if (!curve->whole) {
        rows.first = since->row;
        curve->marks.first = since->mark;
    }
    enum err err = read_rows(curve, rows);
    if (err == ERR_OK)
        find_programs(curve);
    return err;
}

/* ---- writing ---- */

/* printf would take longer than all the rest. */
static void put_number(struct buf *out, uint64_t number)
{
    char text[NUMBER_TEXT];
    size_t at = sizeof text;
    do
        text[--at] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    buf_append(out, text + at, sizeof text - at);
}

static void put_value(struct buf *out, uint64_t value)
{
    if (value == TIMELINE_UNKNOWN)
        buf_puts(out, "null");
    else
        put_number(out, value);
}

static void begin_column(struct buf *out, const char *name)
{
    buf_printf(out, "\"%s\":[", name);
}

static void put_times(const struct curve *curve, struct buf *out)
{
    begin_column(out, "at_ms");
    for (size_t i = 0; i < curve->row_count; i++) {
        buf_puts(out, i == 0 ? "" : ",");
        put_number(out, curve->rows[i].at_ms);
    }
    buf_puts(out, "]");
}

static void put_column(const struct curve *curve, enum timeline_column column, struct buf *out)
{
    buf_puts(out, ",");
    begin_column(out, timeline_column_word(column));
    for (size_t i = 0; i < curve->row_count; i++) {
        buf_puts(out, i == 0 ? "" : ",");
        put_value(out, curve->rows[i].values[column]);
    }
    buf_puts(out, "]");
}

/* The three counts of something in each row; `find` gives NULL where there is nothing to count. */
typedef const struct timeline_counts *find_fn(const struct timeline_row *row, uint32_t which);

static void put_counts(const struct curve *curve, find_fn *find, uint32_t which, struct buf *out)
{
    static const struct {
        const char *name;
        size_t offset;
    } members[] = {{"tasks", offsetof(struct timeline_counts, tasks)},
                   {"leaked", offsetof(struct timeline_counts, leaked)},
                   {"expected_leaked", offsetof(struct timeline_counts, expected_leaked)}};
    for (size_t m = 0; m < COUNT_OF(members); m++) {
        buf_puts(out, m == 0 ? "" : ",");
        begin_column(out, members[m].name);
        for (size_t i = 0; i < curve->row_count; i++) {
            const struct timeline_counts *counts = find(&curve->rows[i], which);
            uint32_t count = 0;
            if (counts != NULL)
                memcpy(&count, (const char *)counts + members[m].offset, sizeof count);
            buf_puts(out, i == 0 ? "" : ",");
            put_number(out, count);
        }
        buf_puts(out, "]");
    }
}

static const struct timeline_counts *find_variant(const struct timeline_row *row, uint32_t variant)
{
    return &row->variants[variant];
}

static const struct timeline_counts *find_program(const struct timeline_row *row, uint32_t program)
{
    for (uint32_t k = 0; k < row->program_count; k++)
        if (row->programs[k].program == program)
            return &row->programs[k].counts;
    return NULL;
}

/* Names of patterns, variants, modes and scenarios are letters, digits, '.', '_' and '-': nothing in them
 * needs an escape. */
static void put_programs(const struct curve *curve, struct buf *out)
{
    buf_puts(out, "\"programs\":[");
    for (size_t i = 0; i < curve->program_count; i++) {
        const struct snapshot_program *program = &curve->input->snapshot->programs[curve->programs[i]];
        buf_printf(out, "%s\n{\"pattern\":\"%s\",\"variant\":\"%s\",", i == 0 ? "" : ",", program->pattern,
                   program->variant);
        put_counts(curve, find_program, curve->programs[i], out);
        buf_puts(out, "}");
    }
    buf_puts(out, "]");
}

static void put_marks(const struct curve *curve, struct buf *out)
{
    const char *comma = "";
    buf_puts(out, "\"marks\":[");
    for (uint64_t number = curve->marks.first; number < curve->marks.end; number++) {
        struct timeline_mark mark;
        if (!timeline_mark(curve->input->timeline, number, &mark))
            continue;
        buf_printf(out, "%s\n{\"at_ms\":%" PRIu64 ",\"what\":\"%s\",\"name\":\"%s\",\"mode\":\"%s\"}", comma,
                   mark.at_ms, timeline_what_word((enum timeline_what)mark.what), mark.name, mark.mode);
        comma = ",";
    }
    buf_puts(out, "]");
}

static void put_head(const struct curve *curve, struct buf *out)
{
    const struct curve_input *input = curve->input;
    uint64_t began_ns = timeline_began_ns(input->timeline);
    uint64_t age_ms = input->now_ns > began_ns ? (input->now_ns - began_ns) / 1000000 : 0;
    char next[CURVE_TOKEN_TEXT];
    token_format((struct curve_token){timeline_boot(input->timeline), (uint32_t)curve->row_end,
                                      (uint32_t)curve->marks.end},
                 next);
    buf_printf(out,
               "{\"boot\":\"%08" PRIx32
               "\",\"next\":\"%s\",\"whole\":%s,\"keeps_seconds\":%d,\"now_ms\":%" PRIu64
               ",\"began_unix_ms\":%" PRIu64 ",\n",
               timeline_boot(input->timeline), next, curve->whole ? "true" : "false", LIMIT_TIMELINE_SECONDS,
               age_ms, input->wall_ms > age_ms ? input->wall_ms - age_ms : 0);
}

enum err curve_write(const struct curve_input *input, struct buf *out)
{
    struct curve curve = {.input = input};
    enum err err = curve_read(&curve);
    if (err == ERR_OK) {
        put_head(&curve, out);
        put_times(&curve, out);
        for (enum timeline_column column = 0; column < TIMELINE_COLUMNS; column++)
            put_column(&curve, column, out);
        for (enum variant variant = 0; variant < VARIANTS; variant++) {
            buf_printf(out, ",\n\"%s\":{", variant_word(variant));
            put_counts(&curve, find_variant, variant, out);
            buf_puts(out, "}");
        }
        buf_puts(out, ",\n");
        put_programs(&curve, out);
        buf_puts(out, ",\n");
        put_marks(&curve, out);
        err = buf_puts(out, "}\n");
    }
    free(curve.rows);
    return err;
}

/* ---- serving ---- */

static uint64_t wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static enum err render(struct exchange *exchange, struct buf *text)
{
    struct server *server = exchange->server;
    const struct query *query = &exchange->query;
    struct curve_input input = {.timeline = server->backend.timeline,
                                .rows = timeline_rows(server->backend.timeline),
                                .since = query->has_from ? &query->from : NULL,
                                .now_ns = server_now_ns(),
                                .wall_ms = wall_ms()};
    input.snapshot = server_snapshot(server);
    return curve_write(&input, text);
}

static bool wants_gzip(const struct exchange *exchange)
{
    char several[HEADER_LIST_BYTES];
    return metrics_negotiate_gzip(header_list(exchange, MHD_HTTP_HEADER_ACCEPT_ENCODING, several));
}

static struct MHD_Response *respond(struct exchange *exchange, struct buf *text)
{
    struct buf smaller;
    buf_init(&smaller, LIMIT_RESPONSE_BYTES);
    bool compressed = text->size > COMPRESS_BYTES && wants_gzip(exchange) &&
                      scrape_compress(&exchange->server->scrape, text, &smaller) == ERR_OK;
    struct MHD_Response *response = answer_buffer(exchange, "application/json", compressed ? &smaller : text);
    buf_deinit(&smaller);
    if (response == NULL)
        return NULL;
    if (MHD_add_response_header(response, MHD_HTTP_HEADER_VARY, "Accept-Encoding") == MHD_YES &&
        (!compressed ||
         MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip") == MHD_YES))
        return response;
    MHD_destroy_response(response);
    return NULL;
}

enum MHD_Result curve_serve(struct exchange *exchange)
{
    json_t *problem;
    if (!query_read(exchange->match.route->keys, exchange->match.query, &exchange->query, &problem))
        return answer_problem(exchange, problem);
    struct buf text;
    buf_init(&text, LIMIT_RESPONSE_BYTES);
    struct MHD_Response *response = render(exchange, &text) == ERR_OK ? respond(exchange, &text) : NULL;
    buf_deinit(&text);
    return answer_queue(exchange, MHD_HTTP_OK, response);
}
