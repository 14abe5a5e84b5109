"""Decoys: what looks like a leak for a while and is none, in the real daemon."""

import pytest

import leaklab

DECOYS = ("burst", "cache", "plateau", "resident", "retain", "sawtooth", "wave")


def test_the_catalogue_has_them(shared):
    names = [pattern["name"] for pattern in shared.get("/patterns").json()["patterns"] if "decoy" in pattern["expect"]]
    assert names == sorted(DECOYS)


@pytest.mark.parametrize("pattern", DECOYS)
def test_one_hears_a_cancel_and_leaves_nothing(daemon, pattern):
    name = daemon.spawn(f"decoy-{pattern}", name="x", n=200)
    daemon.scenario_when(name, lambda scenario: scenario["tasks"]["live"] >= 3)
    assert daemon.scenario(name)["variant"] == "decoy"
    scrape = daemon.scrape()
    assert scrape.value("leaklab_scenario_starts_total", pattern=pattern, variant="decoy") == 1
    assert scrape.value("leaklab_tasks_expected_leaked", pattern=pattern, variant="decoy") == 0
    receipt = daemon.delete(f"/scenario/{name}").json()["receipt"]
    assert receipt["tasks_told"] == receipt["tasks_ended"] and receipt["bytes_held"] == 0
    daemon.when_state(name, "finished")


@pytest.mark.release
def test_retained_pages_stay_when_nearly_all_tasks_have_gone(daemon):
    before = daemon.scrape().value("leaklab_heap_active_bytes")
    name = daemon.spawn("decoy-retain", n=20000, peak="1s", between="1h")
    daemon.scenario_when(name, lambda scenario: scenario["tasks"]["live"] == 20002)
    full = daemon.scrape()
    daemon.scenario_when(name, lambda scenario: scenario["tasks"]["live"] < 1000)
    after = daemon.scrape()

    def share_left(metric):
        return (after.value(metric) - before) / (full.value(metric) - before)

    assert after.value("leaklab_task_heap_bytes", pattern="retain") < 1000 * 1024
    assert share_left("leaklab_heap_active_bytes") > 0.7
    assert (full.value("leaklab_heap_allocated_bytes") - after.value("leaklab_heap_allocated_bytes")
            > full.value("leaklab_heap_active_bytes") - after.value("leaklab_heap_active_bytes"))
