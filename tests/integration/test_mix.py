"""Mixes in the real daemon: some starts leak, the others do not, and each counts as what it is."""

import pytest

import leaklab


def test_leaks_and_fixes_count_under_their_own_variant(daemon):
    name = daemon.spawn("mix-recv", n=2, rate="500/s", leak_share="20%", linger="10ms", duration="1s", seed=7)
    view = daemon.when_state(name, "leaked")
    assert (view["variant"], view["spec"]["leak_share"], view["starts"]) == ("mix", "20%", 500)
    assert view["tasks"]["live"] == view["expected_leaked"] > 0

    scrape = daemon.scrape()
    leaks = scrape.value("leaklab_scenario_starts_total", pattern="recv", variant="leak")
    assert 60 <= leaks <= 140 and 2 * leaks == view["expected_leaked"]
    assert scrape.value("leaklab_scenario_starts_total", pattern="recv", variant="fix") == 500 - leaks
    assert scrape.sum("leaklab_tasks", pattern="recv", variant="leak") == 2 * leaks
    assert scrape.sum("leaklab_tasks", pattern="recv", variant="fix") == 0
    assert scrape.value("leaklab_tasks_expected_leaked", pattern="recv", variant="leak") == 2 * leaks
    assert scrape.value("leaklab_scenarios", pattern="recv", variant="mix", state="leaked") == 1
    assert {labels["variant"] for labels in scrape.label_sets("leaklab_scenarios")} == {"mix"}

    receipt = daemon.delete(f"/scenario/{name}?reclaim=true").json()["receipt"]
    assert receipt["tasks_reclaimed"] == 2 * leaks and receipt["bytes_held"] == 0
    daemon.when_state(name, "finished")


def test_the_same_seed_leaks_as_often(daemon):
    def leaked(name):
        daemon.spawn("mix-recv", name=name, n=1, rate="500/s", leak_share=0.5, linger="10ms", duration="200ms", seed=11)
        return daemon.when_state(name, "leaked")["expected_leaked"]

    assert leaked("one") == leaked("same") > 0


def test_a_forecast_knows_the_share(daemon):
    answer = daemon.form("/scenario", mode="mix-recv", n=1, rate=100, leak_share="2%", dry_run="true").json()
    assert answer["spec"]["leak_share"] == "2%"
    assert answer["forecast"]["leaked_per_second"] == 2 and answer["forecast"]["leaked_per_start"] == 0.02


@pytest.mark.parametrize("body, pointer", [
    ({"mode": "mix-recv", "leak_share": "200%"}, "/leak_share"),
    ({"mode": "leak-recv", "leak_share": "2%"}, "/leak_share"),
    ({"mode": "mix-wave"}, "/mode"),
])
def test_refuses_what_is_no_mix(daemon, body, pointer):
    answer = daemon.post("/scenario", body)
    assert answer.status == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


def test_a_run_on_the_command_line_is_no_mix():
    done = leaklab.run("run", "-mode=mix-recv")
    assert done.returncode == 2 and "run leak-recv or fix-recv" in done.stderr
