"""A Docker engine of the tests' own, and stand-ins for the images that compose.yaml names.

The engine keeps all that is its own below one folder, and changes neither the firewall nor the bridges of the machine. No
registry is asked: the base image is bootstrapped from Debian's packages, and so are Prometheus and Alertmanager, under the names
and with the layout (program, user, volume, wget) of the images that they stand for.
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = ROOT / "build/docker"
BASE = "debian:bookworm-slim"
COMPOSE_FILE = ROOT / "docker/compose.yaml"
COMPOSE = yaml.safe_load(COMPOSE_FILE.read_text())
SERVICES = COMPOSE["services"]
TOKEN = (ROOT / "docker/token").read_text().strip()

STAND_IN = """\
FROM {base}
COPY {program} /bin/{name}
COPY busybox /bin/wget
COPY share /usr/share/prometheus
RUN mkdir /{name} && chown 65534:65534 /{name}
USER 65534:65534
VOLUME /{name}
WORKDIR /{name}
ENTRYPOINT ["/bin/{name}"]
"""


# There is no Grafana among Debian's packages: this one only says that it is well, so that it can be waited for.
GRAFANA_STAND_IN = f"""\
FROM {BASE}
COPY busybox /bin/busybox
COPY busybox /bin/wget
RUN mkdir -p /www/api /var/lib/grafana && echo well >/www/api/health && chown 472:0 /var/lib/grafana
USER 472
STOPSIGNAL SIGKILL
ENTRYPOINT ["/bin/busybox", "httpd", "-f", "-p", "3000", "-h", "/www"]
"""


def revision():
    told = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short=12", "HEAD"], text=True, capture_output=True, check=False)
    return told.stdout.strip() or "none"


class NoEngine(Exception):
    """Why there is none; a test that needs one is skipped."""


def program(name):
    path = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    if path is None:
        raise NoEngine(f"{name} is not installed")
    return path


def mirror():
    """Where this machine gets Debian's packages from."""
    told = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI)", "Identifier: Packages"], text=True,
                          capture_output=True, check=False)
    uris = [line for line in told.stdout.split() if line.rstrip("/").endswith("/debian")]
    if not uris:
        raise NoEngine("apt knows no mirror of Debian to bootstrap the base image from")
    return uris[0]


def client():
    """Debian's client before one from elsewhere, which may insist on a builder that is not there."""
    return shutil.which("docker", path=f"/usr/bin:{os.environ['PATH']}") or program("docker")


def root_is_mounted():
    """Not so in a chroot on a plain folder: Docker unpacks images below a root that it makes out of a mount point, and
    `docker exec` enters the root of a mount namespace, which would be the one outside the chroot."""
    return any(line.split()[4] == "/" for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines())


class Engine:
    def __init__(self, folder):
        if os.getuid() != 0:
            raise NoEngine("only root can start an engine")
        if not root_is_mounted():
            raise NoEngine("this is a chroot on a plain folder, and containers do not stay inside one")
        self.folder = pathlib.Path(folder)
        self.environment = {**os.environ, "DOCKER_HOST": f"unix://{self.folder}/socket", "DOCKER_BUILDKIT": "0",
                            "DOCKER_CONFIG": str(self.folder / "config"), "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin",
                            "COMPOSE_PROJECT_NAME": f"leaklab{os.getpid()}", "COMPOSE_INTERACTIVE_NO_CLI": "1",
                            "REVISION": revision()}
        self.client = client()
        self.composer = program("docker-compose")
        for needed in ("dockerd", "containerd", "runc", "debootstrap"):
            program(needed)
        self.log = self.folder / "dockerd.log"
        reasons = []
        for driver in ("overlay2", "vfs"):
            self.process = self._launch(driver)
            if self._comes_up():
                return
            reasons.append(f"{driver}: {self._complaint()}")
            self.stop()
        raise NoEngine("dockerd does not start: " + "; ".join(reasons))

    def _launch(self, driver):
        # In a mount namespace of its own, so that none of its mounts outlives it.
        command = ["unshare", "--mount", program("dockerd"), "--iptables=false", "--ip6tables=false", "--bridge=none",
                   "--ip-forward=false", f"--storage-driver={driver}", f"--data-root={self.folder}/data", f"--exec-root={self.folder}/exec",
                   f"--pidfile={self.folder}/pid", f"--host=unix://{self.folder}/socket"]
        with open(self.log, "wb") as log:
            return subprocess.Popen(command, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                    start_new_session=True)

    def _comes_up(self):
        end = time.monotonic() + 60
        while time.monotonic() < end and self.process.poll() is None:
            if self.run("info", check=False).returncode == 0:
                return True
            time.sleep(0.1)
        return False

    def _complaint(self):
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "without a word"

    def stop(self):
        """Ends the engine, and with it whatever still runs in it."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()

    def run(self, *arguments, check=True, timeout=600, **options):
        """docker ARGUMENTS, to its end."""
        done = subprocess.run([self.client, *arguments], env=self.environment, stdin=subprocess.DEVNULL, text=True,
                              capture_output=True, timeout=timeout, check=False, **options)
        assert not check or done.returncode == 0, f"docker {arguments}: {done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        return done

    def compose(self, *arguments, files=(COMPOSE_FILE,), check=True, timeout=600):
        command = [self.composer]
        for file in files:
            command += ["--file", str(file)]
        done = subprocess.run([*command, *arguments], env=self.environment, stdin=subprocess.DEVNULL, text=True,
                              capture_output=True, timeout=timeout, check=False)
        assert not check or done.returncode == 0, f"compose {arguments}: {done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        return done

    def inspect(self, name):
        return json.loads(self.run("inspect", name).stdout)[0]

    def import_base(self):
        """The base image, bootstrapped once and kept below build/: Debian's own image has no documentation either."""
        archive = CACHE / "base.tar"
        if not archive.exists():
            root = CACHE / "base"
            shutil.rmtree(root, ignore_errors=True)
            CACHE.mkdir(parents=True, exist_ok=True)
            done = subprocess.run([program("debootstrap"), "--variant=minbase", "bookworm", root, mirror()], text=True,
                                  env=self.environment, capture_output=True, timeout=600, check=False)
            if done.returncode != 0:
                raise NoEngine(f"debootstrap: {done.stdout.strip().splitlines()[-1:]}")
            for spare in ("var/lib/apt/lists", "var/cache/apt", "var/log", "usr/share/doc", "usr/share/man",
                          "usr/share/info", "usr/share/locale"):
                shutil.rmtree(root / spare)
                (root / spare).mkdir()
            subprocess.run(["tar", "-C", root, "-cf", archive.with_suffix(".part"), "."], check=True, timeout=300)
            archive.with_suffix(".part").rename(archive)
            shutil.rmtree(root)
        self.run("import", str(archive), BASE)

    def try_it(self):
        """An engine may start where the machine then lets no container run, in a chroot for instance."""
        tried = self.run("run", "--rm", "--network", "none", BASE, "true", check=False)
        if tried.returncode != 0:
            raise NoEngine(f"no container can run: {tried.stderr.strip().splitlines()[-1:]}")

    def build_leaklab(self):
        """With the arguments of compose.yaml: what it builds later has been built then."""
        self.run("build", "--network", "host", "--build-arg", "REVISION", "--tag", "leaklab",
                 "--file", str(ROOT / "docker/Dockerfile"), str(ROOT))

    def build_stand_in(self, name, path):
        """The image that compose.yaml names for this service, with Debian's program in it."""
        found = pathlib.Path(program(path))
        context = self.folder / f"stand-in-{name}"
        (context / "share").mkdir(parents=True)
        shutil.copy(found, context / path)
        shutil.copy(program("busybox"), context / "busybox")
        if (found.parents[1] / "share/prometheus").exists():
            shutil.copytree(found.parents[1] / "share/prometheus", context / "share", symlinks=True, dirs_exist_ok=True)
        (context / "Dockerfile").write_text(STAND_IN.format(base=BASE, program=path, name=name))
        self.run("build", "--tag", SERVICES[name]["image"], str(context))

    def build_grafana_stand_in(self):
        context = self.folder / "stand-in-grafana"
        context.mkdir()
        shutil.copy(program("busybox"), context / "busybox")
        (context / "Dockerfile").write_text(GRAFANA_STAND_IN)
        self.run("build", "--tag", SERVICES["grafana"]["image"], str(context))
