"""No request, however formed, ends the process or stops it from answering the next one."""

import random

import pytest

import leaklab

JSON = "Content-Type: application/json\r\n"
FORM = "Content-Type: application/x-www-form-urlencoded\r\n"


def bytes_of(request, daemon):
    if isinstance(request, str):
        request = request.replace("{address}", daemon.address).encode("latin-1")
    return request


def post(body, headers=JSON, length=None, path="/scenario"):
    body = body if isinstance(body, bytes) else body.encode()
    length = len(body) if length is None else length
    return f"POST {path} HTTP/1.1\r\nHost: {{address}}\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n" \
        + body.decode("latin-1")


REQUESTS = {
    "nothing": "",
    "zero bytes": "\0" * 4096,
    "line ends only": "\r\n" * 5000,
    "not HTTP": "EHLO there\r\n\r\n",
    "TLS hello": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + "\xaa" * 500,
    "HTTP 0.9": "GET /metrics\r\n\r\n",
    "HTTP 9.9": "GET /metrics HTTP/9.9\r\nHost: {address}\r\n\r\n",
    "HTTP 1.1 without host": "GET /metrics HTTP/1.1\r\n\r\n",
    "two hosts": "GET /metrics HTTP/1.1\r\nHost: {address}\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
    "long path": "GET /" + "a" * 100000 + " HTTP/1.1\r\nHost: {address}\r\n\r\n",
    "long query": "GET /metrics?" + "a=b&" * 20000 + " HTTP/1.1\r\nHost: {address}\r\n\r\n",
    "many queries": "DELETE /scenario/x?" + "reclaim=true&" * 500 + " HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n",
    "long header": "GET /metrics HTTP/1.1\r\nHost: {address}\r\nX: " + "a" * 200000 + "\r\n\r\n",
    "many headers": "GET /metrics HTTP/1.1\r\nHost: {address}\r\n" + "X: y\r\n" * 20000 + "\r\n",
    "header without colon": "GET /metrics HTTP/1.1\r\nHost: {address}\r\nnonsense\r\nConnection: close\r\n\r\n",
    "folded header": "GET /metrics HTTP/1.1\r\nHost: {address}\r\nX: a\r\n b\r\nConnection: close\r\n\r\n",
    "odd accept": "GET /metrics HTTP/1.1\r\nHost: {address}\r\nAccept: " + ",;q=" * 2000 + "\r\nConnection: close\r\n\r\n",
    "odd encoding": "GET /metrics HTTP/1.1\r\nHost: {address}\r\nAccept-Encoding: gzip;q=1e999, \xff\r\nConnection: close\r\n\r\n",
    "path not UTF-8": "GET /scenario/\xff\xfe HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n",
    "path with zero": "GET /scenario/%00 HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n",
    "path with bad escape": "GET /scenario/%zz% HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n",
    "path climbing": "GET /../../etc/passwd HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n",
    "absolute path": "GET http://evil.example/metrics HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n",
    "star": "OPTIONS * HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n",
    "connect": "CONNECT evil.example:443 HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n",
    "long name": "DELETE /scenario/" + "x" * 4000 + " HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n",
    "get with a body": "GET /metrics HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello",
    "body cut short": post('{"mode":"leak-recv"', length=5000),
    "negative length": post("{}", length=-1),
    "length not a number": post("{}", length="x"),
    "length beyond 64 bits": post("{}", length="99999999999999999999999"),
    "two lengths": post("{}", headers=JSON + "Content-Length: 1\r\n"),
    "length and chunks": post("0\r\n\r\n", headers=JSON + "Transfer-Encoding: chunked\r\n"),
    "chunks that never end": "POST /scenario HTTP/1.1\r\nHost: {address}\r\n" + JSON
                             + "Transfer-Encoding: chunked\r\n\r\n" + ("1000\r\n" + "x" * 4096 + "\r\n") * 40,
    "chunk of odd size": "POST /scenario HTTP/1.1\r\nHost: {address}\r\n" + JSON
                         + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nx",
    "body announced but huge": post("x", length=10 ** 12),
    "expect": post('{"mode":"nothing"}', headers=JSON + "Expect: 100-continue\r\n"),
    "expect nonsense": post('{"mode":"nothing"}', headers=JSON + "Expect: the-unexpected\r\n"),
    "no type": post('{"mode":"leak-recv"}', headers=""),
    "odd type": post('{"mode":"leak-recv"}', headers="Content-Type: ;;;=\r\n"),
    "unclosed strings": post('{"' * 20000),
    "deep arrays": post("[" * 60000),
    "deep objects": post('{"n":' * 12000),
    "huge number": post('{"mode":"leak-recv","n":' + "9" * 60000 + "}"),
    "tiny number": post('{"mode":"leak-recv","rate":1e-99999,"dry_run":true}'),
    "NaN": post('{"mode":"leak-recv","rate":NaN}'),
    "infinite": post('{"mode":"leak-recv","rate":1e999}'),
    "huge key": post('{"' + "k" * 60000 + '":1}'),
    "huge mode": post('{"mode":"' + "k" * 60000 + '"}'),
    "many keys": post("{" + ",".join(f'"k{k}":{k}' for k in range(4000)) + "}"),
    "form of ampersands": post("&" * 60000, headers=FORM),
    "form of equals": post("=" * 60000, headers=FORM),
    "form of escapes": post("%" * 60000, headers=FORM),
    "form of many fields": post("&".join(f"k{k}=" for k in range(6000)), headers=FORM),
    "form with an odd name": post("mode=leak-recv&name=%22%0d%0aX:%20y", headers=FORM),
    "reset with a body": post("x" * 3000, path="/reset"),
    "pipelined": "GET /healthz HTTP/1.1\r\nHost: {address}\r\n\r\n" * 50,
    "smuggled": post("GET /reset HTTP/1.1\r\n\r\n", headers=JSON),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_survives(shared, name):
    shared.raw(bytes_of(REQUESTS[name], shared))
    healthy(shared)
    assert shared.get("/scenario").json()["scenarios"] == []


@pytest.mark.parametrize("twice", ["Host: evil.example", "Origin: http://{address}\r\nOrigin: http://evil.example"])
@pytest.mark.parametrize("last", [False, True])
def test_headers_that_come_twice_get_nobody_in(shared, twice, last):
    first, second = ("", twice + "\r\n") if last else (twice + "\r\n", "")
    request = f"POST /scenario HTTP/1.1\r\n{first}Host: {{address}}\r\n{second}Connection: close\r\n{FORM}Content-Length: 14\r\n\r\nmode=leak-recv"
    answer = shared.raw(bytes_of(request, shared))
    assert answer.split()[1] in (b"400", b"403"), answer
    assert shared.get("/scenario").json()["scenarios"] == []


def test_survives_a_client_that_leaves_before_the_answer(shared):
    for request in (post('{"mode":"fix-recv","n":1,"dry_run":true}'), "GET /metrics HTTP/1.1\r\nHost: {address}\r\n\r\n",
                    "GET /scenario HTTP/1.1\r\nHost: {address}\r\n\r\n"):
        for _ in range(50):
            connection = leaklab.socket.create_connection((shared.host, shared.port))
            connection.sendall(bytes_of(request, shared))
            connection.close()
    healthy(shared)


def test_survives_noise(shared):
    """Valid requests with a few bytes changed; the seed is fixed."""
    noise = random.Random(20260101)
    requests = [bytes_of(request, shared) for request in
                (post('{"mode":"fix-recv","n":3,"rate":"5/s","linger":"80ms","dry_run":true,"holds":"4KiB"}'),
                 post("mode=fix-recv&n=3&rate=5/s&dry_run=true&seed=9", headers=FORM),
                 "GET /metrics?x=y HTTP/1.1\r\nHost: {address}\r\nAccept: text/plain;q=0.5\r\nConnection: close\r\n\r\n",
                 "DELETE /scenario/abc?reclaim=true HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")]
    for _ in range(300):
        request = bytearray(noise.choice(requests))
        for _ in range(noise.randint(1, 8)):
            place = noise.randrange(len(request))
            request[place:place + noise.randint(0, 3)] = noise.randbytes(noise.randint(0, 3))
        shared.raw(bytes(request), patience=0.05)
    shared.post("/reset")
    healthy(shared)


def test_leaks_no_descriptors(shared):
    before = shared.open_descriptors()
    for request in list(REQUESTS.values())[:20]:
        shared.raw(bytes_of(request, shared))
    leaklab.eventually(lambda: shared.open_descriptors() <= before + 1, what="closed connections")


def healthy(daemon):
    assert daemon.process.poll() is None, daemon.log.read_text()
    assert daemon.get("/healthz").status == 200
    assert daemon.get("/readyz").status == 200
