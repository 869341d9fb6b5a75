"""The engine's many small systems are solved in one thread, from the first import of the package on."""

from __future__ import annotations

import os
import subprocess
import sys

ASK = """
import os, sys, dagster_project.cli.main
print('numpy' in sys.modules, os.environ['OPENBLAS_NUM_THREADS'])
"""


def asked(**environment: str) -> str:
    inherited = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    done = subprocess.run(
        [sys.executable, "-c", ASK], capture_output=True, text=True, check=True, env=inherited | environment
    )
    return done.stdout.strip()


def test_one_thread_is_asked_for_before_numpy_is_there_unless_the_environment_says_otherwise() -> None:
    assert asked() == "False 1"
    assert asked(OPENBLAS_NUM_THREADS="2") == "False 2"
