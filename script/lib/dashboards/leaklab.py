"""The dashboard of leaklab itself: is there a leak, which one, where does it stand, what does it cost, who noticed?"""

from grafana import (BAD, GOOD, WARNING, annotation, ask_variable, bars, by_variant, choice_variable, column, dashboard, graph,
                     now, paint, query, section, source_variable, stat, steps, table, timeline)

# Whose series: of these daemons; and of these daemons and patterns.
DAEMON = 'job=~"$job",instance=~"$instance"'
WORK = f'{DAEMON},pattern=~"$pattern"'
PROGRAM = "job, instance, pattern, variant"
YEAR_SECONDS = 365 * 24 * 3600

# Alerts that are about no single instance have no such label; an empty one matches those too.
ALERTS = 'job=~"$job",instance=~"$instance|"'


def limit(of, series, label):
    """How much of a limit is used by the daemon that is nearest to it. Who has none of the series uses none of it."""
    all_of_it = f"sum by (job, instance) ({of}{{{DAEMON}}})"
    return now(f"max((sum by (job, instance) ({series}) or 0 * {all_of_it}) / {all_of_it})", label)


def until(of, series):
    """Seconds until this reaches its limit, of each daemon where it grows."""
    grows = f"sum by (job, instance) (deriv({series}[$window]))"
    return (f'label_replace((sum by (job, instance) ({of}{{{DAEMON}}}) - sum by (job, instance) ({series})) / ({grows} > 0), '
            f'"limit", "{of}", "", "")')


def verdict():
    leaked = f"leaklab_tasks_leaked{{{WORK}}}"
    # Nobody has been found leaked yet: then the series is not there, but the daemon is.
    none = f"0 * max(leaklab_limit_tasks{{{DAEMON}}})"
    soonest = f"""min({until("leaklab_limit_tasks", f"leaklab_tasks{{{DAEMON}}}")}
                  or {until("leaklab_limit_heap_bytes", f"leaklab_task_heap_bytes{{{DAEMON}}}")}) < {YEAR_SECONDS}"""
    no_daemon = "no daemon is scraped"
    return section(
        "Does anything leak?",
        """A **leaked task** waits for something that will never come: it keeps its memory, the CPU stays low, and only a
        restart hides it. Read from top to bottom: is there a leak, which one, where does it stand, what does it cost, and
        would anyone have noticed? Of every task ask: ***how does it exit?*** The marks in the graphs are scenarios that
        begin, alerts that fire, and restarts.""",
        (4,
         (4, stat("Leaked tasks", """Live tasks that the judge found leaked. Stuck: nothing that may still happen can wake
                  it. Endless: its owner has gone and it has no way out. Neither is a guess, and neither is ever taken
                  back. 0 is the only good number.""",
                  "short", query(f"sum({leaked}) or {none}"), no_daemon, thresholds=steps(GOOD, (1, BAD)),
                  mappings=[{"type": "value", "options": {"0": {"text": "none", "color": GOOD, "index": 0}}}])),
         (4, stat("Growth an hour", """By how many the leaked tasks grow in an hour, as the trend over the window chosen above
                  says. A leak that has stopped growing is 0 here, and still there.""",
                  "short", query(f"sum(deriv({leaked}[$window])) * 3600 or {none}"), no_daemon,
                  thresholds=steps(GOOD, (1, WARNING), (3600, BAD)), decimals=0)),
         (4, stat("Time to the limit", """When the first daemon comes to its limit of tasks or heap, if all goes on as it did over the
                  window. There leaklab ends the scenario; a service of yours would be killed, and that is the restart
                  that hides the leak.""",
                  "s", query(soonest), "not in sight", thresholds=steps(BAD, (3600, WARNING), (86400, GOOD)), decimals=0)),
         (4, stat("Oldest blocked", """For how long the task that has been blocked longest has been so. Old alone does not mean leaked:
                  some tasks are meant to live for ever (the decoy `resident`). Sleeping is not blocked.""",
                  "s", query(f"max(leaklab_tasks_blocked_oldest_seconds{{{WORK}}}) or {none}"), no_daemon,
                  thresholds=steps("text"), background=False, decimals=0)),
         (4, stat("Alerts that fire", """Alerts of these daemons that fire now. 0 beside leaked tasks means that nobody would
                  have been told.""",
                  "none", query(f'count(ALERTS{{{ALERTS},alertstate="firing"}}) or {none}'), no_daemon,
                  thresholds=steps("text", (1, BAD)), background=False)),
         (4, stat("Daemons up", """Daemons whose last scrape came back.""",
                  "none", query(f"sum(up{{{DAEMON}}})"), no_daemon, thresholds=steps(BAD, (1, GOOD)), background=False))))


def twins():
    return section(
        "Leak against fix",
        """The same work twice, once with the bug and once without. While work is done both rise. Then the owner leaves: the fixed
        tasks hear `done` and end, the others stay. One line of the program is the whole difference. A decoy only looks like
        a leak.""",
        (9,
         (14, graph("Live tasks", """Tasks that live, of the leaking and of the fixed variant and of decoys. Look at the floor: it
                    comes back to where it was for a fix, and rises for a leak.""",
                    "short", [query(f"sum by (variant) (leaklab_tasks{{{WORK}}})", "{{variant}}")],
                    "no task yet: start a scenario", overrides=by_variant())),
         (10, graph("What the judge finds, and the truth", """Leaked tasks by verdict, stacked, and the number that the patterns themselves say
                    must be leaked once the owner has left (dashed). The judge may be earlier, for a task can be stuck
                    before its owner leaves; it is never wrong.""",
                    "short",
                    [query(f"sum by (verdict) (leaklab_tasks_leaked{{{WORK}}})", "{{verdict}}"),
                     query(f"sum(leaklab_tasks_expected_leaked{{{WORK}}})", "truth")],
                    "nobody has been found leaked", stack=True,
                    overrides=[paint("stuck", "red"), paint("endless", "yellow"),
                               paint("truth", "text", custom__lineStyle={"fill": "dash", "dash": [8, 6]},
                                     custom__fillOpacity=0, custom__stacking={"mode": "none", "group": "A"})]))),
        (8,
         (8, graph("Born and ended", """Tasks that begin and tasks that end, each second. As long as the two lines lie on each other nothing
                   leaks; the area between them is the leak.""",
                   "cps",
                   [query(f"sum(rate(leaklab_tasks_spawned_total{{{WORK}}}[$__rate_interval]))", "born"),
                    query(f"sum(rate(leaklab_tasks_ended_total{{{WORK}}}[$__rate_interval]))", "ended")],
                   "no daemon is scraped", fill=0, overrides=[paint("born", "orange"), paint("ended", "blue")])),
         (8, graph("How tasks end", """Returned by itself, told to by a cancel, timed out, panicked, or reclaimed from outside, which is what a
                   restart does.""",
                   "cps", [query(f"sum by (how) (rate(leaklab_tasks_ended_total{{{WORK}}}[$__rate_interval]))", "{{how}}")],
                   "no daemon is scraped", stack=True,
                   overrides=[paint("returned", "blue"), paint("cancelled", "green"), paint("timed_out", "yellow"),
                              paint("panicked", "red"), paint("reclaimed", "purple")])),
         (8, graph("Leaked tasks by instance", """Which daemon leaks. One of several that leaks alone has met something that the others have not.""",
                   "short", [query(f"sum by (instance) (leaklab_tasks_leaked{{{WORK}}})", "{{instance}}")],
                   "nobody has been found leaked"))))


def where():
    def by_program(expression):
        return now(f"sum by (instance, pattern, variant) ({expression})")
    bar = {"custom__cellOptions": {"type": "gauge", "mode": "basic", "valueDisplayMode": "text"}, "min": 0}
    return section(
        "Where do they stand?",
        """A blocked task always stands on one step of its program, and that step is the bug. Prometheus knows the state;
        `curl http://127.0.0.1:9777/debug/tasks?leaked=true` names the line, who spawned the tasks, and why nobody will ever
        wake them.""",
        (9,
         (12, graph("Tasks by state", """What live tasks wait for: a receive, a send, a select, a tick, a lock. A state that only grows names the
                    kind of bug.""",
                    "short", [query(f"sum by (state) (leaklab_tasks{{{WORK}}}) > 0", "{{state}}")],
                    "no task yet: start a scenario", stack=True)),
         (12, graph("Leaked tasks by pattern", """The ten patterns with most leaked tasks.""",
                    "short", [query(f"topk(10, sum by (pattern) (leaklab_tasks_leaked{{{WORK}}}) > 0)", "{{pattern}}")],
                    "nobody has been found leaked", stack=True))),
        (9,
         (24, table("Pattern by pattern", """Everything about each pattern at the end of the time shown, worst first. A click on a pattern shows it
                    alone.""",
                    {"instance": "Instance", "pattern": "Pattern", "variant": "Variant"},
                    [column(by_program(f"leaklab_tasks_leaked{{{WORK}}}"), "Leaked", **bar,
                            color={"mode": "thresholds"}, thresholds=steps(GOOD, (1, BAD))),
                     column(by_program(f"leaklab_tasks_expected_leaked{{{WORK}}}"), "Truth"),
                     column(by_program(f"deriv(leaklab_tasks_leaked{{{WORK}}}[$window]) * 3600"), "Growth an hour", decimals=0),
                     column(by_program(f"leaklab_tasks{{{WORK}}}"), "Live"),
                     column(now(f"max by (instance, pattern, variant) (leaklab_tasks_blocked_oldest_seconds{{{WORK}}})"),
                            "Oldest blocked", "s", decimals=0),
                     column(by_program(f"leaklab_task_heap_bytes{{{WORK}}}"), "Heap held", "bytes"),
                     column(by_program(f"leaklab_resources{{{WORK}}}"), "Resources open")],
                    "no task yet: start a scenario", sort_by="Leaked",
                    links={"Pattern": {"title": "Only ${__value.text}", "targetBlank": False,
                                       "url": "/d/leaklab?var-pattern=${__value.text:percentencode}&${__url_time_range}"}}))))


def cost():
    return section(
        "What does it cost?",
        """A leak costs memory long before it costs anything else. But **a leak is not "memory did not come down"**: when tasks
        end, *held* and *allocated* fall at once, *resident* follows when the allocator gives pages back, or stays (the decoy
        `retain`). If *held* never falls, look for tasks; if only *resident* stays, look at the allocator.""",
        (9,
         (12, graph("Heap: held, allocated, resident", """Held: what live tasks keep. Allocated: what the process has asked for and not freed. Resident: the
                    allocator's pages with memory behind them. Process: all of the process's memory, as the system counts
                    it and `top` shows it. Only the first one says whose it is.""",
                    "bytes",
                    [query(f"sum(leaklab_task_heap_bytes{{{WORK}}})", "held by tasks"),
                     query(f"sum(leaklab_heap_allocated_bytes{{{DAEMON}}})", "allocated"),
                     query(f"sum(leaklab_heap_active_bytes{{{DAEMON}}})", "active pages"),
                     query(f"sum(leaklab_heap_resident_bytes{{{DAEMON}}})", "resident"),
                     query(f"sum(process_resident_memory_bytes{{{DAEMON}}})", "process")],
                    "no daemon is scraped", fill=0,
                    overrides=[paint("held by tasks", "orange", custom__fillOpacity=25, custom__lineWidth=3),
                               paint("allocated", "blue"), paint("active pages", "light-blue"),
                               paint("resident", "purple"), paint("process", "text")])),
         (6, graph("Memory that nobody points to", """Heap whose pointer is lost: no task holds it and no cancel brings it back. This is what a leak was before
                   there were tasks, and what Valgrind looks for.""",
                   "bytes", [query(f"sum by (pattern, variant) (leaklab_task_lost_heap_bytes{{{WORK}}}) > 0",
                                   "{{variant}}-{{pattern}}")],
                   "nothing is lost: try leak-heap", overrides=by_variant())),
         (6, graph("Queues", """Heap of messages that stand in queues. A queue that its consumer cannot keep up with is no leaked task, and
                   ends the process all the same.""",
                   "bytes", [query(f"sum by (pattern, variant) (leaklab_queue_heap_bytes{{{WORK}}}) > 0",
                                   "{{variant}}-{{pattern}}"),
                             query(f"sum by (pattern, variant) (leaklab_queue_messages{{{WORK}}}) > 0",
                                   "{{variant}}-{{pattern}}, messages")],
                   "no queue: try leak-queue",
                   overrides=[*by_variant(), {"matcher": {"id": "byRegexp", "options": "/, messages$/"},
                                              "properties": [{"id": "unit", "value": "short"},
                                                             {"id": "custom.axisPlacement", "value": "right"},
                                                             {"id": "custom.fillOpacity", "value": 0},
                                                             {"id": "custom.lineStyle",
                                                              "value": {"fill": "dash", "dash": [4, 4]}}]}]))),
        (8,
         (12, bars("How near each limit is", """Share of each limit that the daemon nearest to it uses. At 100% leaklab ends the scenario that asked
                   for more, never the process.""",
                   "percentunit",
                   [limit("leaklab_limit_tasks", f"leaklab_tasks{{{DAEMON}}}", "tasks"),
                    limit("leaklab_limit_heap_bytes", f"leaklab_task_heap_bytes{{{DAEMON}}}", "heap"),
                    limit("leaklab_limit_descriptors", f'leaklab_resources{{{DAEMON},kind=~"file|socket"}}', "descriptors"),
                    limit("leaklab_limit_handles", f'leaklab_resources{{{DAEMON},kind="handle"}}', "handles"),
                    limit("leaklab_limit_threads", f'leaklab_resources{{{DAEMON},kind="thread"}}', "threads"),
                    limit("leaklab_limit_jobs", f'leaklab_resources{{{DAEMON},kind="job"}}', "pool jobs")],
                   "no daemon is scraped", thresholds=steps(GOOD, (0.7, WARNING), (0.9, BAD)), max=1)),
         (12, graph("Limits that were reached", """Scenarios that were ended because they came to a limit, within the window.""",
                    "short", [query(f"sum by (pattern, variant, limit) (increase(leaklab_limit_hits_total{{{WORK}}}[$window])) > 0",
                                    "{{variant}}-{{pattern}}: {{limit}}")],
                    "no limit was reached", decimals=0))))


def more():
    return section(
        "Not only tasks leak",
        """Behind a task that never ends stand tickers, handles, descriptors and threads; some of them leak without any task.
        Each has a graph in which it shows, and most monitoring has none of these graphs.""",
        (8,
         (6, graph("Channels and tickers", """Tickers made and not stopped, and channels that exist. A ticker that nobody stops goes on for ever, and its
                   task with it.""",
                   "short", [query(f"sum(leaklab_tickers{{{DAEMON}}})", "tickers"),
                             query(f"sum(leaklab_channels{{{DAEMON}}})", "channels")],
                   "no daemon is scraped", overrides=[paint("tickers", "orange"), paint("channels", "blue")])),
         (6, graph("Ticks", """Ticks delivered and dropped, each second: what tickers cost although nobody wants them any more. Dropped: one was
                   pending already, so its task is slow or blocked.""",
                   "cps", [query(f"sum(rate(leaklab_ticks_total{{{DAEMON}}}[$__rate_interval]))", "delivered"),
                           query(f"sum(rate(leaklab_ticks_dropped_total{{{DAEMON}}}[$__rate_interval]))", "dropped")],
                   "no daemon is scraped", overrides=[paint("delivered", "blue"), paint("dropped", "red")])),
         (6, graph("What patterns have open", """Files, sockets, libuv handles, threads and pool jobs that patterns have opened and not shut.""",
                   "short", [query(f"sum by (kind) (leaklab_resources{{{WORK}}})", "{{kind}}")],
                   "nothing has been opened: try leak-file", stack=True)),
         (6, graph("libuv handles", """Handles on the loop, by libuv's name of their kind. A few timers, asyncs and a signal are the daemon's own;
                   what grows is a `uv_close` that is missing.""",
                   "short", [query(f"sum by (handle) (leaklab_uv_handles{{{DAEMON}}}) > 0", "{{handle}}")],
                   "no daemon is scraped", stack=True))),
        (8,
         (6, graph("Descriptors", """Open file descriptors of the process: what patterns opened, and what connections and the loop need. At the
                   process's limit nothing can be opened or accepted any more.""",
                   "short", [query(f"sum by (instance) (process_open_fds{{{DAEMON}}})", "{{instance}}"),
                             query(f'sum by (instance) (leaklab_resources{{{WORK},kind=~"file|socket"}})',
                                   "{{instance}}, of patterns")],
                   "no daemon is scraped",
                   overrides=[{"matcher": {"id": "byRegexp", "options": "/, of patterns$/"},
                               "properties": [{"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [6, 4]}}]}])),
         (6, graph("Threads", """Threads of the process. A thread that nobody tells to end keeps its stack, and the process cannot leave.""",
                   "short", [query(f"sum by (instance) (process_threads{{{DAEMON}}})", "{{instance}}"),
                             query(f'sum by (instance) (leaklab_resources{{{WORK},kind="thread"}})',
                                   "{{instance}}, of patterns")],
                   "no daemon is scraped",
                   overrides=[{"matcher": {"id": "byRegexp", "options": "/, of patterns$/"},
                               "properties": [{"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [6, 4]}}]}])),
         (6, graph("Thread pool", """How long a job waits for a thread of libuv's pool, as a bystander sees it. Four blocked jobs are enough: file
                   access and name look-ups of the whole process then wait for ever, and no task counter moves.""",
                   "s", [query(f"max by (instance) (leaklab_threadpool_delay_seconds{{{DAEMON}}})", "{{instance}}")],
                   "no daemon is scraped")),
         (6, graph("CPU", """Cores used. It stays low while a leak grows: who watches CPU only sees nothing.""",
                   "short", [query(f"sum by (instance) (rate(process_cpu_seconds_total{{{DAEMON}}}[$__rate_interval]))",
                                   "{{instance}}")],
                   "no daemon is scraped"))))


def loop():
    lag = f"sum by (le) (rate(leaklab_loop_lag_seconds_bucket{{{DAEMON}}}[$__rate_interval]))"
    slices = f"sum by (le) (rate(leaklab_judge_slice_seconds_bucket{{{DAEMON}}}[$__rate_interval]))"
    return section(
        "Is the loop well?",
        """Everything runs on one loop. If it stalls, tasks wait that are not leaked at all; so look here before you blame a
        leak. The numbers come from another thread: the monitor outlives the patient.""",
        (7,
         (6, graph("Loop lag", """How late the loop comes to a timer that only measures this: median, 99th percentile, and the worst of a
                   thousand; and for how long the judge keeps it at a time.""",
                   "s", [query(f"histogram_quantile(0.5, {lag})", "median"), query(f"histogram_quantile(0.99, {lag})", "99%"),
                         query(f"histogram_quantile(0.999, {lag})", "99.9%"),
                         query(f"histogram_quantile(0.99, {slices})", "judge, 99%")],
                   "no daemon is scraped", fill=0,
                   overrides=[paint("median", "green"), paint("99%", "orange"), paint("99.9%", "red"),
                              paint("judge, 99%", "purple")])),
         (6, graph("Loop busy", """Share of time in which the loop works. At 100% it cannot keep up any more.""",
                   "percentunit", [query(f"""clamp_min(1 - sum by (instance)
                                          (rate(leaklab_loop_idle_seconds_total{{{DAEMON}}}[$__rate_interval])), 0)""",
                                         "{{instance}}")],
                   "no daemon is scraped", max=1)),
         (6, graph("Turns", """Turns of the loop each second. None at all: it is stalled.""",
                   "cps", [query(f"sum by (instance) (rate(leaklab_loop_turns_total{{{DAEMON}}}[$__rate_interval]))", "{{instance}}")],
                   "no daemon is scraped")),
         (6, graph("What the judge takes", """Share of the loop's time that looking for leaked tasks takes, and looks each second. The judge rests for at least
                   twenty times as long as it took.""",
                   "percentunit",
                   [query(f"sum by (instance) (rate(leaklab_judge_seconds_sum{{{DAEMON}}}[$__rate_interval]))", "{{instance}}"),
                    query(f"sum by (instance) (rate(leaklab_judge_runs_total{{{DAEMON}}}[$__rate_interval]))", "{{instance}}, looks")],
                   "no daemon is scraped",
                   overrides=[{"matcher": {"id": "byRegexp", "options": "/, looks$/"},
                               "properties": [{"id": "unit", "value": "cps"},
                                              {"id": "custom.axisPlacement", "value": "right"},
                                              {"id": "custom.fillOpacity", "value": 0},
                                              {"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [4, 4]}}]}]))))


def noticed():
    return section(
        "Would anyone have noticed?",
        """Here the leak meets your monitoring: what was running above, what fired below. A leak without an alert was missed, an
        alert on a fix or a decoy is a false alarm, and false alarms get rules switched off.""",
        (8,
         (12, timeline("Scenarios", """What runs in each pattern and variant: running, on its way out (draining), or ended with tasks left over
                       (leaked).""",
                       [query(f"""max by (pattern, variant) (
                              3 * (leaklab_scenarios{{{WORK},state="leaked"}} > bool 0)
                              or 2 * (leaklab_scenarios{{{WORK},state="draining"}} > bool 0)
                              or (leaklab_scenarios{{{WORK},state=~"starting|running"}} > bool 0)) > 0""",
                              "{{variant}}-{{pattern}}")],
                       "no scenario runs",
                       {1: ("runs", "blue"), 2: ("drains", "yellow"), 3: ("leaked", "orange")})),
         (12, timeline("Alerts", """Alerts of these daemons: pending while a rule waits to be sure, firing afterwards. The distance between the
                       begin of a leak and this red is how late you would have been.""",
                       [query(f"""max by (alertname, instance) (2 * ALERTS{{{ALERTS},alertstate="firing"}}
                              or ALERTS{{{ALERTS},alertstate="pending"}})""", "{{alertname}} {{instance}}")],
                       "no alert was pending or firing",
                       {1: ("pending", "yellow"), 2: ("firing", "red")}))),
        (7,
         (12, graph("Starts", """Runs of a pattern's main, each second: the load. A leak follows it; a load that has gone while tasks stay is
                    the proof.""",
                    "cps", [query(f"sum by (pattern, variant) (rate(leaklab_scenario_starts_total{{{WORK}}}[$__rate_interval])) > 0",
                                  "{{variant}}-{{pattern}}")],
                    "no scenario starts anything now")),
         (12, graph("Scenarios by state", """How many scenarios are in which state. Leaked: its grace is over and tasks are still there.""",
                    "short", [query(f"sum by (state) (leaklab_scenarios{{{WORK}}})", "{{state}}")],
                    "no scenario yet", stack=True, decimals=0,
                    overrides=[paint("running", "blue"), paint("leaked", "orange"), paint("draining", "yellow"),
                               paint("finished", "green")]))))


def trust():
    return section(
        "Can these numbers be trusted?",
        """A graph is as good as its scrapes. A gap here is a gap in everything above, and a restart in between makes trends
        lie.""",
        (7,
         (6, timeline("Scrapes", """Whether Prometheus reached each daemon.""", [query(f"up{{{DAEMON}}}", "{{instance}}")],
                      "no daemon is scraped", {0: ("down", "red"), 1: ("up", "green")})),
         (6, graph("Scrape time and age of the counts", """How long a scrape takes, and how old the counts in it are: the age grows while the loop is stalled.""",
                   "s", [query(f"max by (instance) (scrape_duration_seconds{{{DAEMON}}})", "{{instance}}"),
                         query(f"max by (instance) (leaklab_snapshot_age_seconds{{{DAEMON}}})", "{{instance}}, age")],
                   "no daemon is scraped", fill=0)),
         (6, graph("Samples in a scrape", """How many series each daemon shows. It does not grow with tasks or scenarios, for neither is a label.""",
                   "short", [query(f"max by (instance) (scrape_samples_scraped{{{DAEMON}}})", "{{instance}}")],
                   "no daemon is scraped")),
         (6, graph("Requests", """HTTP requests each second by their status, and the slowest hundredth.""",
                   "reqps", [query(f"sum by (code) (rate(leaklab_http_requests_total{{{DAEMON}}}[$__rate_interval])) > 0", "{{code}}"),
                             query(f"""histogram_quantile(0.99, sum by (le)
                                    (rate(leaklab_http_request_duration_seconds_bucket{{{DAEMON}}}[$__rate_interval])))""", "99% within")],
                   "no daemon is scraped",
                   overrides=[{"matcher": {"id": "byRegexp", "options": "/^99% within$/"},
                               "properties": [{"id": "unit", "value": "s"}, {"id": "custom.axisPlacement", "value": "right"},
                                              {"id": "custom.fillOpacity", "value": 0},
                                              {"id": "color", "value": {"mode": "fixed", "fixedColor": "text"}}]}]))),
        (5,
         (24, table("Versions", """Which version of leaklab and of its libraries runs where, and since when.""",
                    {"instance": "Instance", "version": "Version", "revision": "Revision", "libuv": "libuv",
                     "libmicrohttpd": "libmicrohttpd", "jansson": "jansson", "jemalloc": "jemalloc"},
                    [column(now(f"""max by (instance, version, revision, libuv, libmicrohttpd, jansson, jemalloc)
                                  (leaklab_build_info{{{DAEMON}}} * on (job, instance) group_left ()
                                  (time() - process_start_time_seconds{{{DAEMON}}}))"""), "Up for", "s", decimals=0)],
                    "no daemon is scraped", sort_by="Instance"))))


def build():
    running = f'leaklab_scenarios{{{WORK},state="running"}}'
    return dashboard(
        "leaklab", "leaklab: leaks with known truth",
        "Tasks that leak on purpose beside the same work with the bug fixed: what it looks like, what it costs, and who noticed.",
        tags=["leaklab", "task-leaks"], since="now-30m", refresh="5s",
        variables=[
            source_variable(),
            ask_variable("job", "Job", "Jobs of Prometheus that scrape leaklab.", "label_values(leaklab_limit_tasks, job)"),
            ask_variable("instance", "Instance", "Daemons of these jobs.",
                         'label_values(leaklab_limit_tasks{job=~"$job"}, instance)'),
            ask_variable("pattern", "Pattern", "Patterns that have run; what is not about one pattern shows whole daemons.",
                         f"label_values(leaklab_tasks{{{DAEMON}}}, pattern)", everything=".+"),
            choice_variable("window", "Trend over", "How far growth and the time to the limit look back: short for a drill, long for "
                            "a real service.", ["2m", "5m", "15m", "1h", "6h", "1d"], "5m")],
        annotations=[
            annotation("Scenario begins", "blue",
                       f"sum by ({PROGRAM}) ({running}) > (sum by ({PROGRAM}) ({running} offset $__interval) or "
                       f"0 * sum by ({PROGRAM}) ({running}))",
                       "{{variant}}-{{pattern}} begins", "on {{instance}}"),
            annotation("Alert fires", "red", f'ALERTS{{{ALERTS},alertstate="firing"}}', "{{alertname}} fires",
                       "{{instance}} {{severity}}"),
            annotation("Restart", "purple",
                       f"changes(process_start_time_seconds{{{DAEMON}}}[$__rate_interval]) > 0",
                       "{{instance}} restarted", "A restart hides a leak: it begins anew from here.")],
        sections=[verdict(), twins(), where(), cost(), more(), loop(), noticed(), trust()])
