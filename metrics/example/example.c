#include <stdio.h>

#include "metrics/metrics.h"

static const struct metrics_declaration jobs = {
    .name = "app_jobs_total", .help = "Jobs done.", .type = METRICS_COUNTER};

int main(void)
{
    struct metrics_registry *registry;
    struct metrics_series *done;
    char text[256];
    size_t size;
    if (metrics_registry_new(&jobs, 1, &registry, NULL) != METRICS_OK)
        return 1;
    if (metrics_series(registry, 0, NULL, &done) == METRICS_OK && metrics_add_u64(done, 3) == METRICS_OK &&
        metrics_render(registry, METRICS_TEXT, text, sizeof text, &size) == METRICS_OK)
        fwrite(text, 1, size, stdout);
    metrics_registry_free(registry);
}
