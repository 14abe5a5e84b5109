"""GET /patterns/{name}/steps: where a pattern's tasks stand now, from counters."""

from leaklab import eventually


def steps(daemon, pattern, variant):
    answer = daemon.get(f"/patterns/{pattern}/steps")
    assert answer.status == 200, answer
    return {step["line"]: step for step in answer.json()["variants"][variant]["steps"]}


def test_leaked_tasks_stand_on_the_line_of_the_listing(serve):
    daemon = serve("--judge-interval", "100ms")
    source = daemon.get("/patterns/recv").json()["source"].splitlines()
    line = next(number for number, text in enumerate(source, 1) if text.strip() == "- recv jobs")
    name = daemon.spawn("leak-recv", n=2000, linger="80ms")
    step = eventually(lambda: steps(daemon, "recv", "leak")[line], lambda told: told["stuck"] == 2000)
    assert step["tasks"] == 2000
    assert step["statement"] == "recv jobs"
    assert "jobs" in step["why_stuck"]
    daemon.delete(f"/scenario/{name}?reclaim=true")
    assert steps(daemon, "recv", "leak")[line]["tasks"] == 0


def test_an_unknown_pattern_is_not_there(daemon):
    answer = daemon.get("/patterns/recvv/steps")
    assert answer.status == 404
    assert "recv" in answer.text
