/* The text form of a profile, as Go's runtime/pprof writes it with debug=1. */
#include <inttypes.h>

#include "judge/pprof.h"

static bool wanted(enum pprof_kind kind, const struct profile_sample *sample)
{
    return kind != PPROF_LEAKED || sample->key.verdict != VERDICT_LIVE;
}

static uint64_t value(enum pprof_kind kind, const struct profile_sample *sample)
{
    return kind == PPROF_HEAP ? sample->held_bytes : sample->tasks;
}

static uint64_t total(const struct profile *profile, enum pprof_kind kind)
{
    uint64_t sum = kind == PPROF_HEAP ? profile->unlisted_held_bytes : 0;
    for (uint32_t i = 0; i < profile->sample_count; i++)
        if (wanted(kind, &profile->samples[i]))
            sum += value(kind, &profile->samples[i]);
    for (int verdict = 0; kind != PPROF_HEAP && verdict < VERDICTS; verdict++)
        if (kind != PPROF_LEAKED || verdict != VERDICT_LIVE)
            sum += profile->unlisted_tasks[verdict];
    return sum;
}

/* A frame's made-up address: its place, from 1. */
static void write_address(struct buf *out, uint32_t place)
{
    buf_printf(out, "0x%" PRIx32, place + 1);
}

static void write_frame(const struct profile *profile, uint32_t place, struct buf *out)
{
    const struct profile_place *at = &profile->places[place];
    buf_puts(out, "#\t");
    write_address(out, place);
    buf_printf(out, "\t%s+0x0\t%s:%" PRIu32 "\n", at->frame, at->file, at->line);
}

static void write_sample(const struct profile *profile, enum pprof_kind kind,
                         const struct profile_sample *sample, struct buf *out)
{
    const struct profile_key *key = &sample->key;
    const struct profile_place *place = &profile->places[key->place];
    buf_printf(out, "%" PRIu64 " @ ", value(kind, sample));
    write_address(out, key->place);
    for (uint32_t at = key->origin; at != PROFILE_MAIN; at = profile->origins[at].parent) {
        buf_putc(out, ' ');
        write_address(out, profile->origins[at].place);
    }
    buf_printf(out,
               "\n# labels: {\"pattern\":\"%s\", \"scenario\":\"%s\", \"state\":\"%s\", \"variant\":\"%s\", "
               "\"verdict\":\"%s\"}\n",
               place->pattern, profile->scenarios[key->scenario],
               task_state_word((enum task_state)key->state), place->variant,
               verdict_word((enum verdict)key->verdict));
    write_frame(profile, key->place, out);
    for (uint32_t at = key->origin; at != PROFILE_MAIN; at = profile->origins[at].parent)
        write_frame(profile, profile->origins[at].place, out);
    buf_putc(out, '\n');
}

enum err pprof_write_text(const struct profile *profile, enum pprof_kind kind, struct buf *out)
{
    buf_printf(out, "%s profile: total %" PRIu64 "\n", pprof_kind_word(kind), total(profile, kind));
    for (uint32_t i = 0; i < profile->sample_count; i++)
        if (wanted(kind, &profile->samples[i]))
            write_sample(profile, kind, &profile->samples[i], out);
    return out->err;
}
