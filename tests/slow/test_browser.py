"""A browser shows what the data say, and does nothing that they say."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from dagster_project.report.html import render
from tests.report.conftest import write
from tests.report.frames import tables

pytestmark = pytest.mark.slow

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
ADDRESS = "http://127.0.0.1:{port}/payload"
PAYLOADS = [
    "<script>document.title='PWNED'</script>",
    "</script><script>document.title='PWNED'</script>",
    '"><img src=x onerror="document.title=\'PWNED\'">',
    "'><img src=x onerror='document.title=`PWNED`'>",
    "<img src='ADDRESS' onload=document.title='PWNED'>",
    "<svg onload=document.title='PWNED'>",
    "</title><script>document.title='PWNED'</script>",
    "</style><script>document.title='PWNED'</script>",
    "</svg></text><script>alert(1);document.title='PWNED'</script>",
    "<iframe src='ADDRESS'></iframe>",
    "<iframe srcdoc=\"<script>parent.document.title='PWNED'</script>\"></iframe>",
    "<link rel=stylesheet href='ADDRESS'>",
    "<style>@import url('ADDRESS');*{background:url('ADDRESS')}</style>",
    "<meta http-equiv=refresh content='0;url=ADDRESS'>",
    "<base href='ADDRESS'>",
    "<object data='ADDRESS'></object><embed src='ADDRESS'>",
    "<details open ontoggle=document.title='PWNED'>",
    "<input autofocus onfocus=document.title='PWNED'>",
    "javascript:document.title='PWNED'",
    "&lt;script&gt;&#60;script>document.title='PWNED'&#60;/script>]]><!--",
]


@pytest.fixture(scope="module")
def browser() -> str:
    found = os.environ.get("KPI_BROWSER") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(f"SKIPPED: none of {', '.join(BROWSERS)} is installed; name one with KPI_BROWSER")
    return found


class Listener:
    """A machine of the network, which writes down who asks for what."""

    def __init__(self) -> None:
        asked: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *arguments: object) -> None:
                return

        self.asked = asked
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = ADDRESS.format(port=self.server.server_port)


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    found = Listener()
    thread = threading.Thread(target=found.server.serve_forever, daemon=True)
    thread.start()
    yield found
    found.server.shutdown()
    thread.join()
    found.server.server_close()


def title_after_loading(browser: str, page: Path, profile: Path) -> str:
    """The title of the page once it has had five seconds of its own time."""
    options = [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
        f"--user-data-dir={profile}", "--virtual-time-budget=5000", "--dump-dom",
    ]  # fmt: skip
    done = subprocess.run(
        [browser, *options, page.as_uri()], capture_output=True, text=True, timeout=60, check=False
    )
    assert "<title>" in done.stdout, done.stderr[-2000:]
    return done.stdout.partition("<title>")[2].partition("</title>")[0]


def test_a_page_that_does_not_escape_is_taken_over(browser: str, listener: Listener, tmp_path: Path) -> None:
    """Else the tests below would prove nothing."""
    page = tmp_path / "open.html"
    page.write_text(f"<title>ours</title><p>{PAYLOADS[0]}<img src='{listener.address}?open'>", "utf-8")
    assert title_after_loading(browser, page, tmp_path / "profile") == "PWNED"
    assert any(path.endswith("open") for path in listener.asked)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_text_of_the_data_acts_in_the_report(
    browser: str, listener: Listener, tmp_path: Path, payload: str
) -> None:
    given = payload.replace("ADDRESS", listener.address)
    plain = render(write(tmp_path / "plain", tables()))
    title = plain.partition("<title>")[2].partition("</title>")[0]
    attacked = render(write(tmp_path / "attacked", tables(lambda text: text + given)))
    # that policy would stop what gets through; escaping must do without it
    assert attacked.count("Content-Security-Policy") == 1
    unguarded = attacked.replace("Content-Security-Policy", "X-No-Policy")
    before = len(listener.asked)
    for name, html in (("guarded", attacked), ("unguarded", unguarded)):
        page = tmp_path / f"{name}.html"
        page.write_text(html, encoding="utf-8")
        shown = title_after_loading(browser, page, tmp_path / "profile")
        assert shown.startswith(title[:4])
        assert shown != "PWNED"
    assert listener.asked[before:] == []
