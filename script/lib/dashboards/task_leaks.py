"""The dashboard for services that are not leaklab: the same questions, asked of what common client libraries show."""

from grafana import (BAD, GOOD, WARNING, annotation, ask_variable, choice_variable, column, dashboard, graph, now, query, section,
                     source_variable, stat, steps, table, timeline)

SERVICE = 'job=~"$job",instance=~"$instance"'

# What stands for tasks, by the names that client libraries give it: Go, Node.js, JVM (two libraries), .NET, leaklab.
TASKS = ("go_goroutines", "nodejs_active_handles", "jvm_threads_current", "jvm_threads_live_threads",
         "dotnet_threadpool_num_threads", "leaklab_tasks")
HEAP = ("go_memstats_heap_inuse_bytes", "nodejs_heap_size_used_bytes", "jvm_memory_bytes_used", "jvm_memory_used_bytes",
        "leaklab_heap_allocated_bytes")


def each(function, names):
    """The sum of a function of each of these series, for each instance; of who has several the first counts."""
    return " or ".join(f"sum by (job, instance) ({function.format(f'{name}{{{SERVICE}}}')})" for name in names)


def per_hour(series):
    return f"3600 * sum by (job, instance) (deriv({series}{{{SERVICE}}}[$window]))"


TASKS_NOW = each("{}", TASKS)
TASKS_PER_HOUR = f"3600 * ({each('deriv({}[$window])', TASKS)})"
FLOOR = each("min_over_time({}[$window])", TASKS)
NO_TASKS = "none of the job's series counts tasks"


def verdict():
    descriptors = f"sum by (job, instance) (deriv(process_open_fds{{{SERVICE}}}[$window]))"
    return section(
        "Does anything leak?",
        """A **task leak** is a goroutine, handle or thread that waits for something that will never come. Nothing fails: the CPU
        stays low, memory creeps up for days, a restart hides it, and it comes back. These numbers are trends over the window
        chosen above, so they are hints, not verdicts: choose a window that is longer than one wave of your load, at best a
        day. To see what each shape looks like, grow one with leaklab and look here.""",
        (4,
         (4, stat("Tasks now", "Goroutines, handles or threads of all chosen instances together.", "short",
                  query(f"sum({TASKS_NOW})"), NO_TASKS, thresholds=steps("text"), background=False)),
         (4, stat("Growth an hour, worst", """By how many tasks the instance that grows fastest grows in an hour. A load that rises grows too; a leak goes
                  on when the load falls.""",
                  "short", query(f"max({TASKS_PER_HOUR})"), NO_TASKS,
                  thresholds=steps(GOOD, (60, WARNING), (3600, BAD)), decimals=0)),
         (4, stat("Memory growth an hour, worst", "By how much the resident memory of the instance that grows fastest grows in an hour.",
                  "bytes", query(f"max({per_hour('process_resident_memory_bytes')})"), "no process_resident_memory_bytes",
                  thresholds=steps(GOOD, (16 << 20, WARNING), (256 << 20, BAD)), decimals=1)),
         (4, stat("Descriptors run out in", """When the first instance has no descriptor left, if all goes on as it did over the window.""",
                  "s", query(f"""min((sum by (job, instance) (process_max_fds{{{SERVICE}}})
                             - sum by (job, instance) (process_open_fds{{{SERVICE}}})) / ({descriptors} > 0)) < 31536000"""),
                  "not in sight", thresholds=steps(BAD, (3600, WARNING), (86400, GOOD)), decimals=0)),
         (4, stat("Longest without a restart", """How long the oldest instance has lived. A leak needs time to show; a restart a day ago may have hidden it.""",
                  "s", query(f"max(time() - process_start_time_seconds{{{SERVICE}}})"), "no process_start_time_seconds",
                  thresholds=steps("text"), background=False, decimals=0)),
         (4, stat("Alerts that fire", "Alerts of these instances that fire now.", "none",
                  query(f'count(ALERTS{{job=~"$job",instance=~"$instance|",alertstate="firing"}}) or 0 * max(up{{{SERVICE}}})'),
                  "nothing is scraped", thresholds=steps("text", (1, BAD)), background=False))),
        story_height=3)


def tasks():
    return section(
        "Do tasks come back?",
        """Load makes tasks come and go; a leak raises the floor. Look at the lowest point between two waves: if each is higher
        than the one before, somebody stays.""",
        (9,
         (12, graph("Tasks", "Goroutines (Go), active handles (Node.js), threads (JVM, .NET) or tasks (leaklab) of each instance.",
                    "short", [query(TASKS_NOW, "{{job}} {{instance}}")], NO_TASKS, fill=6)),
         (12, graph("The floor", """The lowest number of tasks within the window. A wave has a floor that stays where it is, a leak one that rises,
                    a warm-up one that rises once.""",
                    "short", [query(FLOOR, "{{job}} {{instance}}")], NO_TASKS, fill=6))),
        (8,
         (8, graph("Growth an hour", """The trend of tasks over the window. Above zero for longer than one wave of load: ask who does not end.""",
                   "short", [query(TASKS_PER_HOUR, "{{job}} {{instance}}")], NO_TASKS, low=None, fill=0)),
         (8, graph("CPU", """Cores used. Tasks that rise with the CPU are load. Tasks that rise without it are waiting.""",
                   "short", [query(f"sum by (job, instance) (rate(process_cpu_seconds_total{{{SERVICE}}}[$__rate_interval]))",
                                   "{{job}} {{instance}}")],
                   "no process_cpu_seconds_total", fill=6)),
         (8, graph("Handles of Node.js by kind", """What active handles are: sockets, timers, child processes. The kind that grows is what nobody closes.""",
                   "short", [query(f"sum by (type) (nodejs_active_handles{{{SERVICE}}})", "{{type}}")],
                   "no nodejs_active_handles", stack=True))))


def instances():
    return section(
        "Which instance?",
        """One instance of several that leaks alone has met something that the others have not: a client that hangs, a partition,
        a flag. All of them together: it is in the code that all of them run.""",
        (9,
         (24, table("Instance by instance", "All of it at the end of the time shown, the fastest growing first.",
                    {"job": "Job", "instance": "Instance"},
                    [column(now(TASKS_NOW), "Tasks", "short"),
                     column(now(TASKS_PER_HOUR), "Tasks an hour", "short", decimals=0, custom__cellOptions={"type": "color-text"},
                            color={"mode": "thresholds"}, thresholds=steps(GOOD, (60, WARNING), (3600, BAD))),
                     column(now(f"sum by (job, instance) (process_resident_memory_bytes{{{SERVICE}}})"), "Resident", "bytes"),
                     column(now(per_hour("process_resident_memory_bytes")), "Resident an hour", "bytes", decimals=1),
                     column(now(f"sum by (job, instance) (process_open_fds{{{SERVICE}}})"), "Descriptors"),
                     column(now(per_hour("process_open_fds")), "Descriptors an hour", decimals=0),
                     column(now(f"max by (job, instance) (time() - process_start_time_seconds{{{SERVICE}}})"), "Up for", "s",
                            decimals=0)],
                    "nothing is scraped", sort_by="Tasks an hour"))))


def cost():
    lines = "{{job}} {{instance}}"
    return section(
        "What does it cost?",
        """A task keeps its stack and whatever it can reach. Heap that rises together with tasks belongs to them: end the tasks. Heap
        that rises alone is a cache, a queue or a lost pointer. Resident memory that stays after heap and tasks came down is the
        allocator, and no leak.""",
        (8,
         (6, graph("Resident memory", "Memory of the process as the system counts it, which is what an OOM killer looks at.",
                   "bytes", [query(f"sum by (job, instance) (process_resident_memory_bytes{{{SERVICE}}})", lines)],
                   "no process_resident_memory_bytes", fill=6)),
         (6, graph("Heap in use", "Heap as the runtime counts it (Go, Node.js, JVM, leaklab).", "bytes",
                   [query(each("{}", HEAP), lines)], "none of the job's series counts heap", fill=6)),
         (6, graph("Descriptors", """Open file descriptors. Each leaked connection has one, and at the limit nothing can be opened or accepted any
                   more.""",
                   "short", [query(f"sum by (job, instance) (process_open_fds{{{SERVICE}}})", lines)],
                   "no process_open_fds", fill=6)),
         (6, graph("Descriptors used", "Share of the process's limit of descriptors that is in use.", "percentunit",
                   [query(f"""sum by (job, instance) (process_open_fds{{{SERVICE}}})
                          / sum by (job, instance) (process_max_fds{{{SERVICE}}})""", lines)],
                   "no process_max_fds", fill=6))),
        (8,
         (8, graph("Threads", "Threads of the operating system (Go's, or the process's). They follow tasks that block in system calls.",
                   "short", [query(each("{}", ("go_threads", "process_threads")), lines)],
                   "neither go_threads nor process_threads", fill=6)),
         (8, graph("Heap for each task", """Heap in use divided by tasks. It stays level when leaked tasks are what the heap is spent on; it rises when
                   the heap leaks by itself.""",
                   "bytes", [query(f"({each('{}', HEAP)}) / ({TASKS_NOW})", lines)],
                   "no series of both heap and tasks", fill=0)),
         (8, graph("Lag of the event loop", """How late the loop comes to its timers: the 99th percentile of Node.js, and of leaklab. High lag makes tasks
                   wait that do not leak.""",
                   "s", [query(f"""sum by (job, instance) (nodejs_eventloop_lag_p99_seconds{{{SERVICE}}}) or histogram_quantile(0.99,
                               sum by (job, instance, le) (rate(leaklab_loop_lag_seconds_bucket{{{SERVICE}}}[$__rate_interval])))""",
                               lines)],
                   "no loop that shows its lag", fill=0))))


def trust():
    return section(
        "Who noticed, and can these numbers be trusted?",
        """A leak without an alert was missed. A gap in the scrapes is a gap above, and a restart in between makes trends lie.""",
        (8,
         (12, timeline("Alerts", "Alerts of these instances: pending while a rule waits to be sure, firing afterwards.",
                       [query("""max by (alertname, job, instance) (
                              2 * ALERTS{job=~"$job",instance=~"$instance|",alertstate="firing"}
                              or ALERTS{job=~"$job",instance=~"$instance|",alertstate="pending"})""",
                              "{{alertname}} {{job}} {{instance}}")],
                       "no alert was pending or firing", {1: ("pending", "yellow"), 2: ("firing", "red")})),
         (12, timeline("Scrapes", "Whether Prometheus reached each instance.",
                       [query(f"up{{{SERVICE}}}", "{{job}} {{instance}}")], "nothing is scraped",
                       {0: ("down", "red"), 1: ("up", "green")}))),
        (7,
         (12, graph("Scrape time", "How long a scrape takes. Who slows down here is ill, whatever else it says.", "s",
                    [query(f"max by (job, instance) (scrape_duration_seconds{{{SERVICE}}})", "{{job}} {{instance}}")],
                    "nothing is scraped", fill=0)),
         (12, graph("Samples in a scrape", """How many series each instance shows. Growth here is a leak of its own: labels without a bound.""",
                    "short", [query(f"max by (job, instance) (scrape_samples_scraped{{{SERVICE}}})", "{{job}} {{instance}}")],
                    "nothing is scraped", fill=0))))


def build():
    return dashboard(
        "task-leaks", "Task leaks: any service",
        "Whether tasks, memory, descriptors or threads of a service leak, from what common client libraries show.",
        tags=["task-leaks"], since="now-6h", refresh="30s",
        variables=[
            source_variable(),
            ask_variable("job", "Job", "Jobs of Prometheus.", "label_values(up, job)", everything=".+"),
            ask_variable("instance", "Instance", "Instances of these jobs.", 'label_values(up{job=~"$job"}, instance)',
                         everything=".+"),
            choice_variable("window", "Trend over", "How far trends and the floor look back: longer than one wave of your load.",
                            ["5m", "30m", "1h", "6h", "1d", "7d"], "1h")],
        annotations=[
            annotation("Alert fires", "red", 'ALERTS{job=~"$job",instance=~"$instance|",alertstate="firing"}',
                       "{{alertname}} fires", "{{job}} {{instance}} {{severity}}"),
            annotation("Restart", "purple", f"changes(process_start_time_seconds{{{SERVICE}}}[$__rate_interval]) > 0",
                       "{{instance}} restarted", "A restart hides a leak: it begins anew from here.")],
        sections=[verdict(), tasks(), instances(), cost(), trust()])
