"""What the README says about one's own patterns: its file, its commands and what they print."""

import os
import re
import subprocess

from leaklab import BINARY, ROOT, environment


def section(title):
    text = (ROOT / "README.md").read_text()
    return re.search(rf"^## {re.escape(title)}\n(.*?)^## ", text, re.M | re.S).group(1)


def blocks(text, kind):
    return re.findall(rf"^```{kind}\n(.*?)^```", text, re.M | re.S)


def shell(command, folder):
    path = f"{BINARY.parent}:{os.environ['PATH']}"
    return subprocess.run(["bash", "-c", command], cwd=folder, env=environment(PATH=path), text=True,
                          capture_output=True, timeout=60, check=False)


def write_example(folder):
    (folder / "mine").mkdir()
    (example,) = blocks(section("Your own patterns"), "yaml")
    (folder / "mine" / "cart.yaml").write_text(example)


def test_the_commands_print_what_it_says(tmp_path):
    write_example(tmp_path)
    ran = 0
    for block in blocks(section("Your own patterns"), "console"):
        for command in re.split(r"^\$ ", block, flags=re.M)[1:]:
            line, _, printed = command.partition("\n")
            told = shell(line, tmp_path)
            assert (told.returncode, told.stderr) == (0, ""), line
            assert told.stdout == printed, line
            ran += 1
    assert ran == 3


def test_the_requests_do_what_it_says(daemon, tmp_path):
    write_example(tmp_path)
    (block,) = blocks(section("Your own patterns"), "sh")
    statuses = []
    for line in block.splitlines():
        command = line.replace("localhost:9777", daemon.address).replace("curl ", "curl -sS -o answer -w '%{http_code}' ", 1)
        told = shell(command, tmp_path)
        assert (told.returncode, told.stderr) == (0, ""), line
        statuses.append(int(told.stdout))
        said = re.search(r"# (\d+),", line)
        assert said is None or statuses[-1] == int(said.group(1)), line
    assert statuses == [201, 201, 200, 200, 200]
    assert daemon.get("/patterns/cart").status == 404


def test_the_folder_serves(serve, tmp_path):
    write_example(tmp_path)
    daemon = serve("--patterns", tmp_path / "mine")
    assert daemon.get("/patterns/cart").json()["own"] is True
