"""The two commands, as somebody sees them who has just cloned this."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gridmap import cluster
from tests.waiting import until

CHECKOUT = Path(__file__).resolve().parents[2]
READY_AGAIN_S = 5.0
ENDED_S = 5.0
TRIES = 3
"""Of a measurement: other tests run beside this one, so the best of a few counts."""


def crowd() -> float:
    """How many processes share a core just now, at least one: limits hold for a machine of ours."""
    return max(1.0, os.getloadavg()[0] / len(os.sched_getaffinity(0)))


class Server:
    """One run of `script/server`."""

    def __init__(self, checkout: Path, home: Path | None, *options: str) -> None:
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.log = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed in end()
        command = [str(checkout / "script" / "server"), "--port", str(self.port), *options]
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            command,
            stdout=self.log,
            stderr=subprocess.STDOUT,
            env=environment(home),
            cwd="/",  # callable from anywhere
            start_new_session=True,
        )

    def wait_until_ready(self, *, seconds: float = 60) -> float:
        """Ask /healthz until it answers; return the seconds since the start."""
        while not self.answers():
            assert self.process.poll() is None, self.output()
            assert time.monotonic() < self.began + seconds, self.output()
            time.sleep(0.05)
        return time.monotonic() - self.began

    def answers(self) -> bool:
        """Ask /healthz once."""
        try:
            with urllib.request.urlopen(f"{self.address}/healthz", timeout=5) as answer:
                return json.load(answer)["status"] == "ok"
        except OSError:
            return False

    def end(self, number: int = signal.SIGINT) -> float:
        """Press Ctrl-C: the signal goes to the whole foreground group. Return the seconds."""
        begin = time.monotonic()
        os.killpg(self.process.pid, number)
        self.process.wait(timeout=30)
        return time.monotonic() - begin

    def output(self) -> str:
        """Everything that it printed."""
        self.log.seek(0)
        return self.log.read()


def environment(home: Path | None) -> dict[str, str]:
    """The caller's environment, with or without a home of its own, with no other setting."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GRIDMAP_")}
    return kept if home is None else {**kept, "GRIDMAP_HOME": str(home)}


@contextmanager
def serving(checkout: Path, home: Path | None, *options: str) -> Iterator[Server]:
    server = Server(checkout, home, *options)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.end(signal.SIGTERM)
        server.log.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def command(home: Path | None, *words: str, checkout: Path = CHECKOUT) -> str:
    """Run `script/gridmap` and return what it prints."""
    done = subprocess.run(
        [str(checkout / "script" / "gridmap"), *words],
        capture_output=True,
        text=True,
        env=environment(home),
        cwd="/",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def listening(port: int) -> set[str]:
    """Return the local addresses, as the kernel writes them, at which a port listens."""
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            local, state = line.split()[1], line.split()[3]
            address, _, number = local.partition(":")
            if state == "0A" and int(number, 16) == port:
                found.add(address)
    return found


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user can pass; clusters below it are stopped."""
    place = Path(tempfile.mkdtemp(prefix="gridmap-test-"))
    place.chmod(0o755)
    yield place
    for lock in place.rglob("cluster.lock"):
        found = cluster.find(lock.parent)
        if found is not None:
            found.stop(force=True)
    shutil.rmtree(place)


@pytest.fixture(scope="module")
def empty_home() -> Iterator[Path]:
    """A home with a migrated, empty database, stopped."""
    place = Path(tempfile.mkdtemp(prefix="gridmap-test-"))
    place.chmod(0o755)
    command(place / "home", "database", "start")
    command(place / "home", "database", "stop")
    yield place / "home"
    found = cluster.find(place / "home")
    if found is not None:
        found.stop(force=True)
    shutil.rmtree(place)


def copy_of_this_checkout(target: Path) -> Path:
    """Copy what a clone would hold: every file that git knows or would take."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (CHECKOUT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(CHECKOUT / name, target / name)
    return target


@pytest.mark.slow
@pytest.mark.browser
def test_fresh_clone_serves_the_sample_city_with_the_right_numbers(folder):
    clone = copy_of_this_checkout(folder / "clone")
    assert not any((clone / name).exists() for name in (".venv", "node_modules", "var"))

    with serving(clone, None) as server:
        server.wait_until_ready(seconds=600)
        page = look_at(server.address, *an_account(clone / "var"))
        printed = server.output()
        window = ("--from", page["from"], "--to", page["to"])
        told = command(None, "hotspots", *window, "--json", checkout=clone)
        server.end()

    numbers = json.loads(told.splitlines()[-1])
    assert f"{numbers['linked']:,} incidents in {len(numbers['grids']):,} grids" in page["text"]
    assert f"{numbers['unlinked']:,} without a grid" in page["text"]
    assert numbers["linked"] > 1000, "the sample city has something to show"
    assert page["foreign"] == []
    assert page["failed"] == []
    assert "sample-coordinator" in printed
    assert (clone / "var" / "sample-accounts.txt").stat().st_mode & 0o077 == 0
    assert cluster.find(clone / "var").status().state == "stopped"


def an_account(home: Path) -> tuple[str, str]:
    """Return name and password of the sample's coordinator, as somebody reads them."""
    text = (home / "sample-accounts.txt").read_text(encoding="utf-8")
    found = re.search(r"^(sample-coordinator) +(\S+) ", text, re.MULTILINE)
    assert found, text
    return found[1], found[2]


def look_at(address: str, name: str, password: str) -> dict:
    """Sign in and open the first page in Chromium; return its text, its window, what failed."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        page = browser.new_page(locale="en-GB")
        asked: list[str] = []
        failed: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on(
            "response", lambda answer: failed.append(answer.url) if answer.status >= 400 else None
        )
        page.goto(address)
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in").click()
        page.locator("#map-pane").wait_for()
        page.wait_for_load_state("networkidle")
        text = page.inner_text("main")
        link = page.get_attribute("a[href*='from='][href*='to=']", "href") or ""
        browser.close()
    dates = dict(re.findall(r"(from|to)=(\d{4}-\d\d-\d\d)", link))
    foreign = [url for url in asked if not url.startswith((address, "data:", "blob:"))]
    return {"text": text, "foreign": foreign, "failed": failed, **dates}


def test_second_start_is_ready_within_five_seconds_and_listens_here_only(empty_home):
    took = []
    while len(took) < TRIES and min(took, default=READY_AGAIN_S) >= READY_AGAIN_S:
        with serving(CHECKOUT, empty_home, "--no-sample") as server:
            took.append(server.wait_until_ready())

            assert listening(server.port) == {"0100007F"}
            wait_for_line(server, f"ready: {server.address}/")

    assert min(took) < READY_AGAIN_S * crowd(), took


def wait_for_line(server: Server, words: str) -> None:
    until(lambda: words in server.output(), seconds=10, why=server.output)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_server_and_database_in_time_though_a_request_is_open(empty_home, number):
    took = []
    while len(took) < TRIES and min(took, default=ENDED_S) >= ENDED_S:
        with serving(CHECKOUT, empty_home, "--no-sample") as server:
            server.wait_until_ready()
            with half_an_upload(server):
                took.append(server.end(number))

            assert server.process.returncode == 0, server.output()
            assert "Traceback" not in server.output()
            assert cluster.find(empty_home).status().state == "stopped"

    assert min(took) < ENDED_S * crowd(), took


@contextmanager
def half_an_upload(server: Server) -> Iterator[None]:
    """Keep one request open: a form of which the rest never comes."""
    with socket.create_connection(("127.0.0.1", server.port)) as upload:
        head = f"POST /login HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
        kind = "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 60000\r\n\r\n"
        upload.sendall(f"{head}{kind}--b\r\n".encode())
        time.sleep(0.5)
        yield


def test_port_in_use_is_said_in_one_line_and_nothing_is_started(folder):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        done = subprocess.run(
            [str(CHECKOUT / "script" / "server"), "--port", str(port)],
            capture_output=True,
            text=True,
            env=environment(folder / "home"),
        )

    assert done.returncode == 2
    said = [line for line in done.stderr.splitlines() if not line.startswith(("setup:", "vendor:"))]
    assert said == [f"Port {port} is in use. Stop what runs there, or choose another: --port N"]
    assert not (folder / "home").exists()


def test_server_leaves_a_database_running_that_it_did_not_start(empty_home):
    command(empty_home, "database", "start")
    try:
        with serving(CHECKOUT, empty_home, "--no-sample") as server:
            server.wait_until_ready()
            server.end()

            assert cluster.find(empty_home).status().state == "running", server.output()
    finally:
        command(empty_home, "database", "stop")


def test_command_on_a_new_home_makes_the_database_and_leaves_it_running(folder):
    home = folder / "home"

    address = command(home, "database", "url", "--role", "analysis").splitlines()[-1]

    told = subprocess.run(
        ["psql", address, "-Atc", "SELECT current_user"], capture_output=True, text=True
    )
    assert told.stdout.strip() == "gridmap_analysis"
    assert cluster.find(home).status().state == "running"
    assert "revision: 0" in command(home, "database", "status")


def test_second_server_on_the_same_home_keeps_the_database_for_the_first(empty_home):
    with serving(CHECKOUT, empty_home, "--no-sample") as first:
        first.wait_until_ready()
        with serving(CHECKOUT, empty_home, "--no-sample") as second:
            second.wait_until_ready()
            first.end()

            assert "goes on running" in first.output()
            assert second.answers()
            second.end()

    assert cluster.find(empty_home).stop() in (True, False)
