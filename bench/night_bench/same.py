"""That two companies published the same; exit 1 with the difference.

python -m night_bench.same FOLDER FOLDER
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.faults.company import assert_same, tables


def main(ours: Path, theirs: Path) -> int:
    one, other = (tables((root / "outputs" / "current").resolve()) for root in (ours, theirs))
    try:
        assert_same(one, other)
    except AssertionError as error:
        print(f"the late night and a full rebuild differ: {error}", file=sys.stderr)
        return 1
    print(json.dumps({name: len(rows) for name, rows in one.items()}))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
