"""The same night through Dagster itself: its loader, its web server, a run launched from there."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import OF_THE_SHELL
from tests.faults.company import Company, write_company

pytestmark = pytest.mark.slow


def environment(company: Company) -> dict[str, str]:
    home = company.project.work / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    inherited = {name: value for name, value in os.environ.items() if name not in OF_THE_SHELL}
    folder = str(Path(sys.executable).parent)
    return inherited | {
        "KPI_PROJECT_DIR": str(company.root),
        "DAGSTER_HOME": str(home),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
    }


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    return write_company(tmp_path_factory.mktemp("dagster") / "company")


def test_dagster_loads_a_fresh_copy_that_was_never_parsed(company: Company) -> None:
    assert not company.project.work.exists()
    command = [sys.executable, "-m", "dagster", "definitions", "validate"]
    done = subprocess.run(
        [*command, "-m", "dagster_project.definitions"],
        env=environment(company), cwd=company.root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "loaded" in done.stdout + done.stderr or "successful" in done.stdout + done.stderr


class Server:
    """`dagster dev` on a port of its own."""

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}"

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(
            f"{self.address}/graphql", body, {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                given: dict[str, Any] = json.load(answer)
        except urllib.error.HTTPError as refused:
            raise AssertionError(refused.read().decode()) from refused
        assert "errors" not in given, given
        data: dict[str, Any] = given["data"]
        return data

    def is_up(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/server_info", timeout=5) as answer:
                return "dagster_version" in json.load(answer)
        except OSError:
            return False


def wait_for(what: str, happened: Any, process: subprocess.Popen[bytes], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not happened():
        assert process.poll() is None, f"dagster dev ended while waiting for {what}"
        assert time.monotonic() < until, f"no {what} within {seconds:.0f} s"
        time.sleep(0.5)


@pytest.fixture(scope="module")
def served(company: Company) -> Iterator[tuple[Server, subprocess.Popen[bytes]]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "dagster", "dev", "-h", "127.0.0.1", "-p", str(port)]
    log = company.root.parent / "dagster_dev.log"
    with log.open("wb") as said:
        process = subprocess.Popen(
            [*command, "-m", "dagster_project.definitions"],
            env=environment(company), cwd=company.root, stdout=said, stderr=said, start_new_session=True,
        )  # fmt: skip
        server = Server(port)
        try:
            wait_for("answer of the server", server.is_up, process, 120)
            yield server, process
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(10)


def test_the_ui_shows_every_asset(company: Company, served: tuple[Server, subprocess.Popen[bytes]]) -> None:
    nodes = served[0].ask("{ assetNodes { assetKey { path } } }")["assetNodes"]
    names = {"/".join(node["assetKey"]["path"]) for node in nodes}
    assert {"landing/crm", "deals", "kpi_daily", "kgi_attainment", "kgi_forecast", "publication"} <= names


REPOSITORIES = "{ repositoriesOrError { ... on RepositoryConnection { nodes { name location { name } } } } }"
LAUNCH = """
mutation launch($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
    ... on RunConfigValidationInvalid { errors { message } }
  }
}
"""


def test_a_day_launched_from_the_ui_is_published(
    company: Company, served: tuple[Server, subprocess.Popen[bytes]]
) -> None:
    server, process = served
    repository = server.ask(
        "{ repositoriesOrError { ... on RepositoryConnection { nodes { name location { name } } } } }"
    )
    (found,) = repository["repositoriesOrError"]["nodes"]
    day = [{"key": "dagster/partition", "value": "2026-04-10"}]
    launched = server.ask(
        LAUNCH,
        params={
            "selector": {
                "repositoryName": found["name"],
                "repositoryLocationName": found["location"]["name"],
                "jobName": "nightly",
            },
            "mode": "default",
            "executionMetadata": {"tags": day},
            "runConfigData": {},
        },
    )["launchRun"]
    assert launched["__typename"] == "LaunchRunSuccess", launched
    run_id = launched["run"]["runId"]
    status = "query s($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"

    def ended() -> bool:
        return server.ask(status, id=run_id)["runOrError"]["status"] in ("SUCCESS", "FAILURE", "CANCELED")

    wait_for("end of the run", ended, process, 180)
    assert server.ask(status, id=run_id)["runOrError"]["status"] == "SUCCESS"
    publication = company.published("publication")
    assert publication.publication_id[0].endswith(run_id.replace("-", "")[:6])
    assert publication.as_of[0].isoformat() == "2026-04-10"
    assert sum(company.days("revenue").values()) == 300_000.0  # type: ignore[arg-type]


BACKFILL = """
mutation fill($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
  }
}
"""
RUNS = """
query r($id: String!) {
  runsOrError(filter: {tags: [{key: "dagster/backfill", value: $id}]}) {
    ... on Runs { results { status tags { key value } } }
  }
}
"""


def test_a_range_chosen_in_the_ui_is_one_run_with_one_publication(
    company: Company, served: tuple[Server, subprocess.Popen[bytes]]
) -> None:
    server, process = served
    before = {path.name for path in (company.root / "outputs" / "versions").glob("[!.]*")}
    nodes = server.ask("{ assetNodes { assetKey { path } isPartitioned } }")["assetNodes"]
    chosen = [{"path": node["assetKey"]["path"]} for node in nodes if node["isPartitioned"]]
    days = ["2026-04-07", "2026-04-08", "2026-04-09"]
    launched = server.ask(BACKFILL, params={"assetSelection": chosen, "partitionNames": days})
    answer = launched["launchPartitionBackfill"]
    assert answer["__typename"] == "LaunchBackfillSuccess", answer

    def runs() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = server.ask(RUNS, id=answer["backfillId"])["runsOrError"]["results"]
        return found

    def ended() -> bool:
        return any(run["status"] in ("SUCCESS", "FAILURE", "CANCELED") for run in runs())

    wait_for("end of the range", ended, process, 240)
    (run,) = runs()
    assert run["status"] == "SUCCESS"
    tags = {tag["key"]: tag["value"] for tag in run["tags"]}
    assert tags["dagster/asset_partition_range_start"] == days[0]
    assert tags["dagster/asset_partition_range_end"] == days[-1]
    after = {path.name for path in (company.root / "outputs" / "versions").glob("[!.]*")}
    assert len(after - before) == 1
    assert company.published("publication").as_of[0] == date(2026, 4, 9)
