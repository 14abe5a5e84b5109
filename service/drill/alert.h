/* An alert as Prometheus tells of it: a name, labels, and whether it fires or is only pending. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct label {
    const char *name;
    const char *value;
};

struct alert {
    const char *name;
    const struct label *labels; /* without the name, in a fixed order */
    size_t label_count;
    bool firing; /* false: pending */
};

/* The value of a label, or NULL. */
const char *label_value(const struct label *labels, size_t count, const char *name);

/* True when the alert has each of these labels with this value. */
bool alert_has(const struct alert *alert, const struct label *labels, size_t count);

/* True when no label of the alert contradicts these: one that it lacks says nothing of whom it is about. */
bool alert_may_concern(const struct alert *alert, const struct label *labels, size_t count);

/* Appends `{pattern="recv", variant="leak"}`, without the labels that `instance`, `job` and `severity` are;
 * nothing when there are no others. */
enum err labels_append(struct buf *buf, const struct label *labels, size_t count);
