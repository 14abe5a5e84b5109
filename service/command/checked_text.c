#include "command/checked.h"
#include "command/source.h"

static void put_exit(const struct checked *checked, const struct preview *preview, uint16_t kind,
                     struct buf *buf)
{
    const struct program *program = preview->program;
    const struct exit *exit = &preview->exits[kind];
    const struct finding *keeps = preview_keeps(preview, kind);
    buf_printf(buf, "%s: %s %s: ", checked->file, variant_word(preview->variant), program->kinds[kind].name);
    if (!exit->started)
        buf_puts(buf, "never starts");
    else if (exit->ends)
        buf_printf(buf, "exits: %s", exit->text);
    else
        buf_puts(buf, "never exits");
    if (keeps != NULL)
        buf_printf(buf, "%s: %s (line %u)", exit->ends ? "; but it may stay" : "",
                   program->steps[keeps->step].text, program->steps[keeps->step].line);
    buf_putc(buf, '\n');
}

static void put_finding(const struct checked *checked, const struct preview *preview,
                        const struct finding *finding, struct buf *buf)
{
    const struct step *step = &preview->program->steps[finding->step];
    bool set = finding->setting[0] != '\0';
    buf_printf(buf, "%s:%u:%u: %s %s: %s%s%s%s; %s%s\n", checked->file, finding->line, finding->column,
               variant_word(preview->variant), preview->program->kinds[step->kind].name, finding->text,
               set ? " (with " : "", finding->setting, set ? ")" : "", finding_remedy(finding->kind),
               preview_declared(preview, finding) ? " [expected]" : "");
}

static void put_notes(const struct checked *checked, const struct preview *preview, struct buf *buf)
{
    const char *word = variant_word(preview->variant);
    if (preview_expects(preview) && preview->findings.count == 0)
        buf_printf(buf, "%s: %s: note: it expects a leak, and nothing was found that would be one\n",
                   checked->file, word);
    if (preview->trial.cut)
        buf_printf(buf, "%s: %s: note: a trial run was cut short by a limit, and says nothing\n",
                   checked->file, word);
    if (preview->findings.dropped > 0)
        buf_printf(buf, "%s: %s: note: %u more findings\n", checked->file, word, preview->findings.dropped);
}

static void put_head(const struct checked *checked, struct buf *buf)
{
    uint32_t undeclared = 0;
    for (enum variant which = 0; which < VARIANTS; which++)
        undeclared += checked->previews[which] == NULL ? 0 : preview_undeclared(checked->previews[which]);
    if (undeclared == 0)
        buf_printf(buf, "%s: ok: ", checked->file);
    else
        buf_printf(buf, "%s: %u finding%s that expect does not declare: ", checked->file, undeclared,
                   undeclared == 1 ? "" : "s");
    source_modes(buf, checked->pattern);
    buf_putc(buf, '\n');
}

void checked_text(const struct checked *checked, struct buf *buf)
{
    put_head(checked, buf);
    for (enum variant which = 0; which < VARIANTS; which++) {
        const struct preview *preview = checked->previews[which];
        if (preview == NULL)
            continue;
        for (uint16_t kind = 0; kind < preview->program->kind_count; kind++)
            put_exit(checked, preview, kind, buf);
        for (uint32_t i = 0; i < preview->findings.count; i++)
            put_finding(checked, preview, &preview->findings.items[i], buf);
        put_notes(checked, preview, buf);
    }
}
