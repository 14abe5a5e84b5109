"""TLS: what the daemon shows, what it refuses, and a certificate that is exchanged while connections stay."""

import signal
import socket
import ssl
import subprocess
import warnings

import pytest

import leaklab


def make(folder, name, *more):
    """NAME.pem and NAME.key, of a certificate for this machine that vouches for itself."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem", "-subj", f"/CN={name}",
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", *more], check=True, capture_output=True, timeout=60)


@pytest.fixture(name="shop", scope="module")
def shop_(tmp_path_factory):
    """A folder with two certificates and their keys: first and second."""
    folder = tmp_path_factory.mktemp("certificates")
    for name in ("first", "second"):
        make(folder, name)
    return folder


@pytest.fixture(name="own")
def own_(shop, tmp_path):
    """The files of a daemon, which may be exchanged."""
    put(shop, "first", tmp_path)
    return tmp_path


def put(shop, name, folder):
    for kind in ("pem", "key"):
        (folder / f"own.{kind}").write_bytes((shop / f"{name}.{kind}").read_bytes())


def trusting(path):
    return ssl.create_default_context(cafile=path)


def flags(folder):
    return "--tls-cert", folder / "own.pem", "--tls-key", folder / "own.key"


def test_everything_is_asked_over_tls(serve, shop, own):
    daemon = serve(*flags(own), trust=trusting(shop / "first.pem"))
    name = daemon.spawn("leak-recv", n=10)
    daemon.when_live(name, 11)
    assert daemon.scrape().sum("leaklab_tasks") == 11
    assert f"https://{daemon.address}/scenario" in daemon.get("/").text


def test_its_own_page_comes_from_https(serve, shop, own):
    daemon = serve(*flags(own), trust=trusting(shop / "first.pem"))

    def reset(origin):
        return daemon.request("POST", "/reset", headers={"Origin": f"{origin}{daemon.address}"}).status

    assert reset("https://") == 200
    assert reset("http://") == 403


def test_who_is_not_vouched_for_is_not_believed(serve, shop, own):
    daemon = serve(*flags(own), trust=trusting(shop / "second.pem"))
    with pytest.raises(ssl.SSLCertVerificationError):
        daemon.get("/healthz")


def test_plain_http_gets_nothing_and_harms_nobody(serve, shop, own):
    daemon = serve(*flags(own), trust=trusting(shop / "first.pem"))
    assert b"200" not in daemon.raw(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"200" not in daemon.raw(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\xaa" * 600)
    assert daemon.get("/healthz").status == 200


@pytest.mark.parametrize("version, spoken", [(ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True),
                                             (ssl.TLSVersion.TLSv1_3, True)])
def test_speaks_the_versions_that_are_sound(serve, shop, own, version, spoken):
    daemon = serve(*flags(own), trust=trusting(shop / "first.pem"))
    context = trusting(shop / "first.pem")
    context.set_ciphers("DEFAULT:@SECLEVEL=0")  # or this side would refuse TLS 1.1 by itself
    with warnings.catch_warnings():  # about TLS 1.1, which is the point
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    with socket.create_connection((daemon.host, daemon.port), timeout=30) as connection:
        if spoken:
            with context.wrap_socket(connection, server_hostname="localhost") as session:
                assert session.version() == version.name.replace("_", ".")
        else:
            with pytest.raises(ssl.SSLError, match="alert|EOF"):
                context.wrap_socket(connection, server_hostname="localhost")


def test_a_certificate_is_exchanged_while_connections_stay(serve, shop, own):
    daemon = serve(*flags(own), trust=trusting(shop / "first.pem"))
    standing = daemon.connection()

    def standing_says():
        standing.request("GET", "/healthz")
        return standing.getresponse().read()

    def hang_up(message):
        daemon.process.send_signal(signal.SIGHUP)
        line, = leaklab.eventually(lambda: [line for line in daemon.log_lines() if line["message"] == message], what=message)
        return line["file"]

    assert b"ok" in standing_says()
    put(shop, "second", own)
    assert hang_up("certificate read again") == str(own / "own.pem")
    assert b"ok" in standing_says()
    with pytest.raises(ssl.SSLCertVerificationError):
        daemon.get("/healthz")
    daemon.trust = trusting(shop / "second.pem")
    assert daemon.get("/healthz").status == 200
    (own / "own.key").write_bytes((shop / "first.key").read_bytes())
    assert hang_up("the certificate stays as it was") == str(own / "own.key")
    assert daemon.get("/healthz").status == 200
    assert b"ok" in standing_says()
    standing.close()


@pytest.mark.parametrize("cert, key, blamed, why", [
    ("first.pem", "second.key", "--tls-key", "do not match"),
    ("first.pem", "none.key", "--tls-key", "No such file"),
    ("none.pem", "first.key", "--tls-cert", "No such file"),
    ("first.key", "first.key", "--tls-cert", "No certificate"),
    ("first.pem", "first.pem", "--tls-key", ""),
    ("long.pem", "first.key", "--tls-cert", "longer than"),
])
def test_what_cannot_be_shown_is_refused_at_the_start(shop, cert, key, blamed, why):
    (shop / "long.pem").write_bytes(b"-" * 70000)
    answer = leaklab.run("serve", "--listen", "127.0.0.1:0", "--tls-cert", shop / cert, "--tls-key", shop / key)
    assert answer.returncode == 2, answer
    assert blamed in answer.stderr and why in answer.stderr


def test_a_key_with_a_password_is_refused(shop, tmp_path):
    subprocess.run(["openssl", "ec", "-aes128", "-passout", "pass:secret", "-in", shop / "first.key", "-out",
                    tmp_path / "locked.key"], check=True, capture_output=True, timeout=60)
    answer = leaklab.run("serve", "--listen", "127.0.0.1:0", "--tls-cert", shop / "first.pem", "--tls-key",
                         tmp_path / "locked.key")
    assert answer.returncode == 2 and "--tls-key" in answer.stderr


def test_a_faulty_file_of_scenarios_is_all_that_is_said(shop, own, tmp_path):
    """Not of the certificate either, by a sanitizer that looks for leaks."""
    file = tmp_path / "scenarios.yaml"
    file.write_text("{")
    answer = leaklab.run("serve", "--listen", "127.0.0.1:0", *flags(own), "--scenario", file)
    assert answer.returncode == 2 and "sanitizer" not in answer.stderr.lower(), answer.stderr
    assert all(line.startswith(("leaklab serve: --scenario ", str(file))) for line in answer.stderr.splitlines()), answer.stderr


@pytest.mark.parametrize("flag", ["--tls-cert", "--tls-key"])
def test_one_without_the_other_is_refused(shop, flag):
    answer = leaklab.run("serve", flag, shop / "first.pem")
    assert answer.returncode == 2 and "go together" in answer.stderr


def test_a_health_check_knows_the_certificate(serve, shop, own):
    daemon = serve(*flags(own), trust=trusting(shop / "first.pem"))

    def check(*arguments):
        return leaklab.run("healthcheck", *arguments).returncode

    assert check("--listen", daemon.address, "--tls-cert", own / "own.pem") == 0
    assert check("--listen", daemon.address, "--tls-cert", shop / "second.pem") == 1
    assert check("--listen", daemon.address) == 1
    assert check("--target", f"https://localhost:{daemon.port}", "--ca-file", shop / "first.pem") == 0
    assert check("--target", f"https://localhost:{daemon.port}") == 1
