#include "lab/refuse.h"

#include "base/unit.h"
#include "lab/problem.h"

static void refuse_limit(struct core *core, struct lab_request *request, enum limit_kind kind)
{
    char text[UNIT_TEXT];
    if (kind == LIMIT_KIND_TASKS)
        core_refuse(core, request,
                    problem_new(429,
                                "all %llu tasks that the daemon may have are alive: cancel or reclaim a "
                                "scenario, or POST /reset",
                                (unsigned long long)core->config.max_tasks));
    else if (kind == LIMIT_KIND_HEAP)
        core_refuse(core, request,
                    problem_new(429,
                                "all %s that the daemon may use are in use: cancel or reclaim a scenario, "
                                "or POST /reset",
                                unit_format_size((int64_t)core->runtime.max_heap_bytes, text)));
    else
        core_refuse(
            core, request,
            problem_new(429,
                        "%d scenarios are there and none of them has finished: reclaim one, or POST /reset",
                        LIMIT_SCENARIOS));
}

void refuse_spawn(struct core *core, struct lab_request *request, const char *name, enum err err,
                  enum limit_kind refused_by)
{
    json_t *problem = NULL;
    if (err == ERR_LIMIT) {
        refuse_limit(core, request, refused_by);
        return;
    }
    if (err == ERR_TAKEN) {
        problem = problem_new(409, "the name \"%s\" is taken by a scenario that has not finished", name);
        problem_add(problem, "/name", "is taken: choose another, or leave it out");
    } else if (err == ERR_RANGE) {
        problem = problem_new(422, "the parameters together make a number that is out of range");
    } else {
        problem = problem_new(500, "out of memory");
    }
    core_refuse(core, request, problem);
}
