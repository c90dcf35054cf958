"""The first page of a large city: what it costs a browser, against folium.Choropleth.

usage: script/bench page [--grids 10000] [--repeats 3]
Both pages come from the same server, our assets from our own origin; the Choropleth page is sent
as Folium writes it (not compressed) and once more compressed, for the same bytes' sake.
"""

import argparse
import gzip
import json
import os
import statistics
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench.table import BenchRow, print_table

CHROMIUM = os.environ.get("GRIDMAP_CHROMIUM", "/usr/bin/chromium")
PAINTED_OURS = "#map-pane[data-ready=true]"
PAINTED_FOLIUM = "path.leaflet-interactive"


def main() -> None:
    """Make a city, serve it both ways, look at both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--grids", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=3)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gridmap-bench-") as folder:
        Path(folder).chmod(0o755)
        os.environ["GRIDMAP_HOME"] = folder
        with served(wanted.grids) as base:
            rows = measure(base, wanted.repeats)
    print_table(f"page: the first view of {wanted.grids:,} grids at 1440 x 900", rows)


@contextmanager
def served(grids: int) -> Iterator[str]:
    """A server of a sample city, with two pages more that hold a folium.Choropleth."""
    from gridmap import cluster
    from gridmap.core.settings import settings

    try:
        yield from serve(sample_city(grids))
    finally:
        found = cluster.find(settings().home)
        if found is not None:
            found.stop()


def sample_city(grids: int) -> Any:
    """Make the application and its city."""
    from gridmap.web import create_app

    app = create_app()
    wanted = ["sample", "--grids", str(grids), "--incidents", str(grids * 10)]
    made = app.test_cli_runner().invoke(args=wanted)
    if made.exit_code:
        raise SystemExit(f"{made.output}\n{made.exception!r}")
    return app


def serve(app: Any) -> Iterator[str]:
    """Serve the application and the pages to compare with; yields the address."""
    from werkzeug.serving import make_server

    page = choropleth_page().encode()
    packed = gzip.compress(page, 5)
    app.add_url_rule("/choropleth", "plain", lambda: (page, {"Content-Type": "text/html"}))
    headers = {"Content-Type": "text/html", "Content-Encoding": "gzip"}
    app.add_url_rule("/choropleth-packed", "packed", lambda: (packed, headers))
    hooks = app.after_request_funcs[None]
    app.after_request_funcs[None] = [leave_folium_alone(hook) for hook in hooks]
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


def leave_folium_alone(hook: Any) -> Any:
    """Neither policy nor compression for the page that we compare with."""

    def apart(response: Any) -> Any:
        from flask import request

        return response if request.path.startswith("/choropleth") else hook(response)

    return apart


def choropleth_page() -> str:
    """The same grids and counts as a folium.Choropleth, its assets from our own origin."""
    import folium
    import pandas as pd
    import shapely

    from gridmap.core.actor import SYSTEM
    from gridmap.core.database import transaction
    from gridmap.grids.locator import current_grids

    with transaction(SYSTEM) as session:
        found = current_grids(session)
    table = found.table
    shapes = shapely.to_geojson(table.geometries)
    features = [
        {
            "type": "Feature",
            "id": code,
            "properties": {"code": code, "name": name},
            "geometry": json.loads(shape),
        }
        for code, name, shape in zip(table.codes, table.names, shapes, strict=True)
    ]
    west, south, east, north = found.bounds
    made = folium.Map([(south + north) / 2, (west + east) / 2], zoom_start=12, tiles=None)
    made.default_js = [("leaflet", "/static/vendor/leaflet.js")]
    made.default_css = [("leaflet_css", "/static/vendor/leaflet.css")]
    layer = folium.Choropleth(
        {"type": "FeatureCollection", "features": features},
        data=pd.DataFrame({"code": table.codes, "n": range(len(table.codes))}),
        columns=["code", "n"],
        key_on="feature.id",
    )
    for child in list(layer._children):
        if "color_map" in child:
            del layer._children[child]  # its legend wants d3 from another host
    layer.add_to(made)
    return str(made.get_root().render())


def measure(base: str, repeats: int) -> list[BenchRow]:
    """Open each page a few times in a browser of its own."""
    from playwright.sync_api import sync_playwright

    pages = {
        "gridmap": ("/", PAINTED_OURS),
        "folium.Choropleth": ("/choropleth", PAINTED_FOLIUM),
        "folium.Choropleth, compressed": ("/choropleth-packed", PAINTED_FOLIUM),
    }
    found: dict[str, list[dict[str, float]]] = {name: [] for name in pages}
    with sync_playwright() as player:
        for turn in range(repeats + 1):
            for name, (address, painted) in pages.items():
                seen = look(player, base + address, painted)
                if turn:
                    found[name].append(seen)
    cases = {"bytes": "B", "first paint": "s", "grids on the map": "s", "heap": "B"}
    return [
        BenchRow(case, name, statistics.median(run[case] for run in runs), unit)
        for case, unit in cases.items()
        for name, runs in found.items()
    ]


def look(player: Any, url: str, painted: str) -> dict[str, float]:
    """Open a page with an empty cache; returns bytes, first paint, time to grids, heap."""
    browser = player.chromium.launch(
        executable_path=CHROMIUM,
        args=["--no-sandbox", "--disable-gpu", "--enable-precise-memory-info"],
    )
    try:
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        page = context.new_page()
        tools = context.new_cdp_session(page)
        tools.send("Network.enable")
        received = [0.0]

        def count(event: dict[str, Any]) -> None:
            received[0] += event["encodedDataLength"]

        tools.on("Network.loadingFinished", count)
        page.goto(url)
        page.locator(painted).first.wait_for(timeout=120_000)
        ready = page.evaluate("() => performance.now()")
        first = page.evaluate("() => performance.getEntriesByName('first-paint')[0]?.startTime")
        page.wait_for_timeout(1000)
        tools.send("HeapProfiler.enable")
        tools.send("HeapProfiler.collectGarbage")
        heap = page.evaluate("() => performance.memory.usedJSHeapSize")
        return {
            "bytes": received[0],
            "first paint": (first or ready) / 1000,
            "grids on the map": ready / 1000,
            "heap": heap,
        }
    finally:
        browser.close()


if __name__ == "__main__":
    main()
