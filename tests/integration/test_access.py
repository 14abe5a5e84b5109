"""Who may do what: the token, and where the daemon dares to listen without one."""

import signal

import pytest

import leaklab

TOKEN = "0123456789abcdef-the-right-one"
OTHER = "fedcba9876543210-another"


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture(name="token_file")
def token_file_(tmp_path):
    path = tmp_path / "token"
    path.write_text(TOKEN + "\n")
    return path


def test_a_token_guards_what_changes_something(serve, token_file):
    daemon = serve("--token-file", token_file)
    refused = daemon.form("/scenario", mode="leak-recv", n=10)
    assert refused.status == 401
    assert refused.headers["WWW-Authenticate"] == 'Bearer realm="leaklab"'
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert daemon.get("/scenario").json()["scenarios"] == []
    assert daemon.request("POST", "/scenario", '{"mode": "leak-recv"}',
                          {**bearer(TOKEN), "Content-Type": "application/json"}).status == 201
    assert daemon.delete("/scenario/leak-recv-1").status == 401
    assert daemon.request("DELETE", "/scenario/leak-recv-1", headers=bearer(OTHER)).status == 401
    assert daemon.request("DELETE", "/scenario/leak-recv-1", headers=bearer(TOKEN)).status in (200, 202)
    assert daemon.get("/", Accept="text/html").status == 200
    assert daemon.get("/metrics").status == 200
    assert TOKEN not in daemon.log.read_text()


def test_reading_needs_it_too_on_wish(serve, token_file):
    daemon = serve(LEAKLAB_TOKEN_FILE=str(token_file), LEAKLAB_TOKEN_FOR_READS="1")
    assert daemon.get("/metrics").status == 401
    assert daemon.get("/metrics", **bearer(TOKEN)).status == 200
    assert daemon.get("/scenario").status == 401
    assert daemon.get("/healthz").status == 200
    assert leaklab.run("healthcheck", "--listen", daemon.address, "--ready").returncode == 0


def test_sighup_reads_the_token_again(serve, token_file):
    daemon = serve("--token-file", token_file)

    def said(message):
        leaklab.eventually(lambda: [line for line in daemon.log_lines() if line["message"] == message], what=message)

    token_file.write_text(OTHER)
    daemon.process.send_signal(signal.SIGHUP)
    said("token read again")
    assert daemon.request("POST", "/reset", headers=bearer(TOKEN)).status == 401
    assert daemon.request("POST", "/reset", headers=bearer(OTHER)).status == 200
    token_file.write_text("short")
    daemon.process.send_signal(signal.SIGHUP)
    said("the token stays as it was")
    assert daemon.request("POST", "/reset", headers=bearer(OTHER)).status == 200
    assert OTHER not in daemon.log.read_text()


def test_without_a_token_a_hangup_ends_it(tmp_path):
    daemon = leaklab.Daemon(log=tmp_path / "log")
    assert daemon.stop(signal.SIGHUP) == -signal.SIGHUP


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0", "192.0.2.1:0", "[2001:db8::1]:0"])
def test_where_others_reach_it_it_wants_a_token(address):
    answer = leaklab.run("serve", "--listen", address)
    assert answer.returncode == 2
    assert "--listen" in answer.stderr and "--token-file" in answer.stderr and "--insecure" in answer.stderr
    answer = leaklab.run("serve", LEAKLAB_LISTEN=address)
    assert answer.returncode == 2
    assert "LEAKLAB_LISTEN" in answer.stderr


def test_where_others_reach_it_it_listens_with_a_token_or_when_told(serve, token_file):
    for arguments in (("--token-file", token_file), ("--insecure",)):
        assert serve(*arguments, listen="0.0.0.0:0").address.startswith("0.0.0.0:")


@pytest.mark.parametrize("text", ["", "short", "two tokens in one file are none", "quoted-\"0123456789abcdef\""])
def test_a_file_without_a_token_is_refused(tmp_path, text):
    (tmp_path / "token").write_text(text)
    answer = leaklab.run("serve", "--token-file", tmp_path / "token", "--listen", "127.0.0.1:0")
    assert answer.returncode == 2
    assert "openssl rand -hex 32" in answer.stderr
    assert text == "" or text not in answer.stderr


def test_a_file_that_is_not_there_is_refused(tmp_path):
    answer = leaklab.run("serve", "--listen", "127.0.0.1:0", LEAKLAB_TOKEN_FILE=str(tmp_path / "none"))
    assert answer.returncode == 2
    assert "LEAKLAB_TOKEN_FILE" in answer.stderr and "No such file" in answer.stderr


def test_a_token_for_reads_needs_a_token():
    answer = leaklab.run("serve", "--token-for-reads", "--listen", "127.0.0.1:0")
    assert answer.returncode == 2
    assert "--token-file" in answer.stderr
