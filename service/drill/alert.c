#include "drill/alert.h"

#include <string.h>

#include "base/macros.h"

const char *label_value(const struct label *labels, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(labels[i].name, name) == 0)
            return labels[i].value;
    return NULL;
}

bool alert_has(const struct alert *alert, const struct label *labels, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *value = label_value(alert->labels, alert->label_count, labels[i].name);
        if (value == NULL || strcmp(value, labels[i].value) != 0)
            return false;
    }
    return true;
}

bool alert_may_concern(const struct alert *alert, const struct label *labels, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *value = label_value(alert->labels, alert->label_count, labels[i].name);
        if (value != NULL && strcmp(value, labels[i].value) != 0)
            return false;
    }
    return true;
}

/* What is the same for every alert of a drill tells them apart no further. */
static bool is_common(const char *name)
{
    static const char *const common[] = {"instance", "job", "severity"};
    for (size_t i = 0; i < COUNT_OF(common); i++)
        if (strcmp(name, common[i]) == 0)
            return true;
    return false;
}

enum err labels_append(struct buf *buf, const struct label *labels, size_t count)
{
    const char *before = "{";
    for (size_t i = 0; i < count; i++) {
        if (is_common(labels[i].name))
            continue;
        buf_printf(buf, "%s%s=\"%s\"", before, labels[i].name, labels[i].value);
        before = ", ";
    }
    if (before[0] == ',')
        buf_putc(buf, '}');
    return buf->err;
}
