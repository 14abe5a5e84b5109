"""compose.yaml with docker/drill.env: Prometheus has the windows of minutes, and a drill against the daemon beside it passes."""

import engine


def test_a_drill_is_scored(composed):
    with composed("--env-file", str(engine.ROOT / "docker/drill.env")) as stack:
        stack.up()
        stack.shows('up{job="leaklab"} == 1', lambda values: len(values) == 1)
        assert stack.query("sum(leaklab_tasks)") in ({}, {None: 0.0})
        told = stack.compose("run", "--rm", "--no-deps", "-T", "drill", "limit.yaml", check=False)
        assert told.returncode == 0, told.stdout + told.stderr
        assert "1 of 1 drill passed" in told.stdout
