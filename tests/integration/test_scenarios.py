"""Scenarios from their start to their end, and what the receipts and the metrics say about them."""

import pytest

KIB = 1024


def test_a_start_answers_with_the_scenario_and_where_it_is(daemon):
    answer = daemon.post("/scenario", {"mode": "leak-recv", "n": 200, "seed": 1234})
    assert answer.status == 201
    assert answer.headers["Location"] == "/scenario/leak-recv-1"
    scenario = answer.json()
    assert scenario["name"] == "leak-recv-1"
    assert (scenario["mode"], scenario["pattern"], scenario["variant"]) == ("leak-recv", "recv", "leak")
    assert scenario["state"] in ("starting", "running") and scenario["cause"] is None
    scenario = daemon.when_live("leak-recv-1", 201)
    assert scenario["state"] == "running"
    assert scenario["tasks"]["states"] == {"recv": 200, "linger": 1}
    assert scenario["tasks"]["ended"] == dict.fromkeys(("returned", "cancelled", "timed_out", "panicked", "reclaimed"), 0)
    scenario = daemon.scenario_when("leak-recv-1", lambda scenario: scenario["heap_bytes"] == 200 * KIB)
    assert scenario["channels"] == 1 and scenario["starts"] == 1
    assert daemon.get(answer.headers["Location"]).json()["name"] == "leak-recv-1"


def test_plain_curl_d_starts_the_same_as_json(daemon):
    by_form = daemon.form("/scenario", mode="leak-recv", n=20, holds="2KiB", linger="1h", rate="0", seed="7").json()
    by_json = daemon.post("/scenario", {"mode": "leak-recv", "n": 20, "holds": 2048, "linger": 3600, "rate": 0, "seed": 7}).json()
    del by_form["spec"]["name"], by_json["spec"]["name"]
    assert by_form["spec"] == by_json["spec"]
    assert by_form["spec"]["holds"] == "2KiB" and by_form["spec"]["linger"] == "1h"


def test_the_effective_spec_can_be_posted_back(daemon):
    spec = daemon.post("/scenario", {"mode": "fix-send", "n": 5, "linger": "1.5s", "duration": 3600}).json()["spec"]
    again = {key: value for key, value in spec.items() if value is not None and key != "name"}
    answer = daemon.post("/scenario", {**again, "name": "again"})
    assert answer.status == 201, answer
    assert {**answer.json()["spec"], "name": spec["name"]} == spec


def test_a_leak_that_is_cancelled_stays_on_the_graph_until_it_is_reclaimed(daemon):
    daemon.spawn("leak-recv", name="drill", n=300)
    daemon.scenario_when("drill", lambda scenario: scenario["heap_bytes"] == 300 * KIB)
    answer = daemon.delete("/scenario/drill")
    assert answer.status == 202
    receipt = answer.json()
    assert receipt["name"] == "drill" and receipt["state"] in ("draining", "leaked")
    counts = receipt["receipt"]
    assert counts["tasks_told"] == 301 and counts["tasks_left"] == 300 and counts["tasks_ended"] == 1
    assert counts["bytes_held"] == 300 * KIB and counts["bytes_freed"] == 0, "the owner, which has left, held nothing"

    scenario = daemon.when_state("drill", "leaked")
    assert scenario["cause"] == "cancelled" and scenario["tasks"]["live"] == 300 == scenario["expected_leaked"]
    scrape = daemon.scrape()
    assert scrape.value("leaklab_tasks", pattern="recv", variant="leak", state="recv") == 300
    assert scrape.value("leaklab_scenarios", pattern="recv", variant="leak", state="leaked") == 1
    assert scrape.value("leaklab_tasks_expected_leaked", pattern="recv", variant="leak") == 300

    answer = daemon.delete("/scenario/drill?reclaim=true")
    assert answer.status == 200
    assert answer.json()["receipt"]["tasks_reclaimed"] == 300 and answer.json()["receipt"]["tasks_left"] == 0
    scenario = daemon.when_state("drill", "finished")
    assert scenario["cause"] == "reclaimed" and scenario["tasks"]["live"] == 0 and scenario["heap_bytes"] == 0
    scrape = daemon.scrape()
    assert scrape.value("leaklab_tasks_ended_total", pattern="recv", variant="leak", how="reclaimed") == 300
    assert scrape.sum("leaklab_tasks") == 0 and scrape.sum("leaklab_task_heap_bytes") == 0


@pytest.mark.parametrize("mode, n", [("fix-recv", 300), ("fix-send", 300), ("fix-ticker", 20)])
def test_a_fix_that_is_cancelled_leaves_nothing(daemon, mode, n):
    name = daemon.spawn(mode, n=n)
    daemon.when_live(name, n + 1)
    assert daemon.delete(f"/scenario/{name}").status in (200, 202)
    scenario = daemon.when_state(name, "finished")
    assert scenario["cause"] == "cancelled" and scenario["tasks"]["live"] == 0
    assert scenario["channels"] == scenario["tickers"] == scenario["heap_bytes"] == scenario["expected_leaked"] == 0
    scrape = daemon.scrape()
    assert scrape.sum("leaklab_tasks") == scrape.sum("leaklab_channels") == scrape.sum("leaklab_tickers") == 0
    assert scrape.sum("leaklab_tasks_ended_total", how="cancelled", variant="fix") > 0


@pytest.mark.parametrize("mode, n, state", [("leak-recv", 40, "recv"), ("leak-send", 40, "send"), ("leak-ticker", 4, "tick")])
def test_every_leak_leaks_as_many_as_it_says(daemon, mode, n, state):
    forecast = daemon.post("/scenario", {"mode": mode, "n": n, "dry_run": True}).json()["forecast"]
    name = daemon.spawn(mode, n=n)
    daemon.when_live(name, n + 1)
    daemon.delete(f"/scenario/{name}")
    scenario = daemon.when_state(name, "leaked")
    assert scenario["tasks"]["live"] == n == scenario["expected_leaked"] == forecast["leaked_per_start"]
    assert set(scenario["tasks"]["states"]) <= {state, "ready"}


@pytest.mark.parametrize("remedy", ["buffer", "cancel"])
def test_each_remedy_of_send_ends_with_none(daemon, remedy):
    name = daemon.spawn("fix-send", n=50, remedy=remedy)
    daemon.scenario_when(name, lambda scenario: scenario["tasks"]["spawned"] == 51)
    daemon.delete(f"/scenario/{name}")
    assert daemon.when_state(name, "finished")["tasks"]["live"] == 0


def test_the_same_three_things_by_action(daemon):
    assert daemon.form("/scenario", action="spawn", mode="leak-recv", name="a", n=10).status == 201
    daemon.when_live("a", 11)
    answer = daemon.form("/scenario", action="cancel", name="a")
    assert answer.status == 202 and answer.json()["receipt"]["tasks_told"] == 11
    daemon.when_state("a", "leaked")
    answer = daemon.form("/scenario", action="reclaim", name="a")
    assert answer.status == 200 and answer.json()["receipt"]["tasks_reclaimed"] == 10
    assert daemon.scenario("a")["state"] == "finished"


def test_cancelling_twice_tells_nobody_twice(daemon):
    daemon.spawn("fix-recv", name="a", n=10)
    daemon.when_live("a", 11)
    daemon.delete("/scenario/a")
    daemon.when_state("a", "finished")
    answer = daemon.delete("/scenario/a")
    assert answer.status == 200 and answer.json()["receipt"]["tasks_told"] == 0
    assert daemon.scenario("a")["cause"] == "cancelled"


def test_an_owner_that_leaves_by_itself_completes_a_fix_and_leaks_a_leak(daemon):
    fix = daemon.spawn("fix-recv", n=10, linger="20ms")
    leak = daemon.spawn("leak-recv", n=10, linger="20ms")
    scenario = daemon.when_state(fix, "finished")
    assert scenario["cause"] == "completed" and scenario["tasks"]["live"] == 0
    scenario = daemon.when_state(leak, "leaked")
    assert scenario["cause"] == "completed" and scenario["tasks"]["live"] == 10


def test_a_deadline_ends_blocked_senders_as_timed_out(daemon):
    name = daemon.spawn("fix-send", n=10, linger="40ms")
    scenario = daemon.when_state(name, "finished")
    assert scenario["tasks"]["ended"]["timed_out"] == 10
    assert daemon.scrape().value("leaklab_tasks_ended_total", pattern="send", variant="fix", how="timed_out") == 10


def test_a_duration_ends_a_scenario_by_itself(daemon):
    fix = daemon.spawn("fix-recv", n=10, duration="50ms")
    leak = daemon.spawn("leak-recv", n=10, duration=0.05)
    assert daemon.when_state(fix, "finished")["cause"] == "expired"
    scenario = daemon.when_state(leak, "leaked")
    assert scenario["cause"] == "expired" and scenario["tasks"]["live"] == 10


@pytest.mark.parametrize("rate", ["50/s", 50])
def test_a_rate_starts_again_and_again(daemon, rate):
    fix = daemon.spawn("fix-recv", n=2, rate=rate, linger="20ms")
    leak = daemon.spawn("leak-recv", n=2, rate=rate, linger="20ms")
    scenario = daemon.scenario_when(leak, lambda scenario: scenario["expected_leaked"] >= 10)
    assert scenario["state"] == "running" and scenario["starts"] >= 5 and scenario["spec"]["rate"] == 50
    daemon.delete(f"/scenario/{leak}")
    daemon.delete(f"/scenario/{fix}")
    scenario = daemon.when_state(leak, "leaked")
    assert scenario["tasks"]["live"] == 2 * scenario["starts"] == scenario["expected_leaked"]
    assert daemon.when_state(fix, "finished")["tasks"]["live"] == 0
    assert daemon.scrape().value("leaklab_scenario_starts_total", pattern="recv", variant="leak") == scenario["starts"]


def test_starts_linger_a_second_when_there_is_a_rate_and_for_ever_when_there_is_none(daemon):
    with_rate = daemon.post("/scenario", {"mode": "fix-recv", "n": 1, "rate": "1/s"}).json()["spec"]
    without = daemon.post("/scenario", {"mode": "fix-recv", "n": 1}).json()["spec"]
    assert with_rate["linger"] == "1s" and without["linger"] is None


@pytest.mark.parametrize("holds, each", [("64KiB", 65536), (0, 0), ("3kB", 3000), (100, 100)])
def test_all_tasks_but_the_owner_hold_as_much_heap_as_asked(daemon, holds, each):
    name = daemon.spawn("leak-recv", n=100, holds=holds)
    daemon.when_live(name, 101)
    daemon.scenario_when(name, lambda scenario: scenario["heap_bytes"] == 100 * each)
    assert daemon.scrape().value("leaklab_task_heap_bytes", pattern="recv", variant="leak") == 100 * each


def test_the_seed_is_kept_or_told(daemon):
    assert daemon.post("/scenario", {"mode": "leak-recv", "n": 1, "seed": 2 ** 53 - 1}).json()["spec"]["seed"] == 2 ** 53 - 1
    seeds = [daemon.post("/scenario", {"mode": "leak-recv", "n": 1}).json()["spec"]["seed"] for _ in range(3)]
    assert len(set(seeds)) == 3 and all(0 <= seed < 2 ** 53 for seed in seeds)


def test_names_are_taken_once(daemon):
    daemon.spawn("fix-recv", name="a.b_c-1", n=1)
    answer = daemon.post("/scenario", {"mode": "leak-send", "name": "a.b_c-1"})
    assert answer.status == 409
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/name"]
    assert [scenario["name"] for scenario in daemon.get("/scenario").json()["scenarios"]] == ["a.b_c-1"]


def test_names_are_numbered_around_those_taken(daemon):
    daemon.spawn("leak-recv", name="leak-recv-2", n=1)
    names = [daemon.spawn("leak-recv", n=1) for _ in range(3)]
    assert len({*names, "leak-recv-2"}) == 4 and all(name.startswith("leak-recv-") for name in names)


def test_the_list_has_the_newest_first(daemon):
    names = [daemon.spawn(mode, n=1) for mode in ("leak-recv", "fix-send", "leak-ticker")]
    listed = daemon.get("/scenario").json()["scenarios"]
    assert [scenario["name"] for scenario in listed] == names[::-1]
    assert set(listed[0]) == set(daemon.scenario(names[-1]))


def test_a_dry_run_foretells_and_starts_nothing(daemon):
    answer = daemon.post("/scenario", {"mode": "leak-recv", "n": 2000, "rate": "10/s", "holds": "4KiB", "dry_run": True})
    assert answer.status == 200
    document = answer.json()
    assert document["dry_run"] is True and document["spec"]["n"] == 2000 and document["spec"]["holds"] == "4KiB"
    forecast = document["forecast"]
    assert forecast["tasks_per_start"] == 2001 and forecast["leaked_per_start"] == 2000
    assert forecast["tasks_per_second"] == 20010 and forecast["heap_bytes_per_start"] >= 2001 * 4096
    assert daemon.get("/scenario").json()["scenarios"] == []
    assert daemon.scrape().sum("leaklab_tasks_spawned_total") == 0


def test_a_dry_run_foretells_the_limit_that_will_end_it(daemon):
    def forecast(**fields):
        return daemon.form("/scenario", dry_run="true", **fields).json()["forecast"]

    endless = forecast(mode="leak-recv", n=10, rate="10/s", max_tasks=1001, linger="1s")
    assert endless["limit"] == "tasks" and 5 < endless["limit_after_seconds"] < 15
    heavy = forecast(mode="leak-recv", n=10, rate="10/s", holds="1MiB", max_heap="100MiB")
    assert heavy["limit"] == "heap" and heavy["limit_after_seconds"] < 10
    at_once = forecast(mode="leak-recv", n=1000, max_tasks=10)
    assert at_once["limit"] == "tasks" and at_once["limit_after_seconds"] == 0
    fixed = forecast(mode="fix-recv", n=10, rate="10/s", linger="1s")
    assert fixed["limit"] is None and fixed["limit_after_seconds"] is None and fixed["leaked_per_start"] == 0


def test_a_dry_run_is_as_strict_as_a_start(daemon):
    assert daemon.form("/scenario", mode="leak-recv", n="many", dry_run="true").status == 422
    daemon.spawn("leak-recv", name="a", n=1)
    assert daemon.form("/scenario", mode="leak-recv", name="a", dry_run="true").status == 409


def test_reset_is_the_restart_that_hides_the_leak(daemon):
    for mode in ("leak-recv", "leak-send", "fix-recv"):
        daemon.when_live(daemon.spawn(mode, n=30), 31)
    answer = daemon.post("/reset")
    assert answer.status == 200, answer
    document = answer.json()
    assert document["scenarios"] == 3 and document["receipt"]["tasks_left"] == 0
    assert document["receipt"]["tasks_ended"] + document["receipt"]["tasks_reclaimed"] == 93
    scenarios = daemon.get("/scenario").json()["scenarios"]
    assert all(scenario["state"] == "finished" and scenario["tasks"]["live"] == 0 for scenario in scenarios)
    assert daemon.scrape().sum("leaklab_tasks") == 0
    assert daemon.post("/reset").json()["scenarios"] == 0


def test_reclaiming_a_running_scenario_ends_it(daemon):
    daemon.spawn("leak-recv", name="a", n=10, rate="20/s")
    daemon.scenario_when("a", lambda scenario: scenario["tasks"]["live"] > 30)
    answer = daemon.delete("/scenario/a?reclaim=true")
    assert answer.status == 200 and answer.json()["receipt"]["tasks_left"] == 0
    scenario = daemon.when_state("a", "finished")
    tasks = scenario["tasks"]
    assert tasks["live"] == 0 and tasks["spawned"] == sum(tasks["ended"].values())


def test_tickers_tick_and_late_ticks_are_counted_apart(daemon):
    name = daemon.spawn("leak-ticker", n=5, tick="1ms")
    assert daemon.scenario_when(name, lambda scenario: scenario["tickers"] == 5)
    before = daemon.scrape().value("leaklab_ticks_total")
    daemon.scenario_when(name, lambda _: daemon.scrape().value("leaklab_ticks_total") > before + 20)
    assert daemon.scrape().value("leaklab_ticks_dropped_total") >= 0


def test_old_ended_scenarios_make_room(daemon):
    for _ in range(1005):
        daemon.spawn("fix-recv", n=1, linger="1ms")
    assert len(daemon.get("/scenario").json()["scenarios"]) <= 1000
    assert daemon.get("/scenario/fix-recv-1").status == 404
    assert daemon.get("/scenario/fix-recv-1005").status == 200


def test_a_list_starts_wholly_or_not_at_all(daemon):
    bodies = [{"mode": "leak-recv", "n": 7, "name": "list-a"}, {"mode": "fix-recv", "n": 3, "name": "list-b"}]
    answer = daemon.post("/scenario", bodies + [{"mode": "leek-recv"}])
    assert answer.status == 422
    assert answer.json()["errors"][0]["pointer"] == "/2/mode"
    assert daemon.get("/scenario/list-a").status == 404
    answer = daemon.post("/scenario", bodies)
    assert answer.status == 201
    assert [scenario["name"] for scenario in answer.json()["scenarios"]] == ["list-a", "list-b"]
    daemon.when_live("list-a", 8)
    daemon.when_live("list-b", 4)
