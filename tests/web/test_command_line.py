"""Commands that are told to end in the middle."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


def test_a_terminated_import_leaves_no_temporary_files(fresh_database, tmp_path):
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    file = tmp_path / "grids.geojson"
    squares = [
        {"type": "Feature", "properties": {"code": f"{i:06d}"},
         "geometry": {"type": "Polygon",
                      "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]}}
        for i in range(60_000)
    ]  # fmt: skip
    file.write_text(json.dumps({"type": "FeatureCollection", "features": squares}))
    urls = {
        "GRIDMAP_DATABASE_URL": fresh_database["app"],
        "GRIDMAP_OWNER_URL": fresh_database["owner"],
    }
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "gridmap.web.command_line", "import", "grids", file],
        env={**os.environ, **urls, "PYTHONPATH": str(CHECKOUT), "TMPDIR": str(temporary)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 30
    while not list(temporary.glob("gridmap-read-*")) and time.monotonic() < deadline:
        assert process.poll() is None
        time.sleep(0.005)
    time.sleep(0.1)
    process.send_signal(signal.SIGTERM)

    assert process.wait(20) == 128 + signal.SIGTERM
    assert list(temporary.iterdir()) == []
