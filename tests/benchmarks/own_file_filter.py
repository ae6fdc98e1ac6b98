"""Measure the real app with a reader's own files of ten thousand facilities and twenty thousand streams.

Uploads the files on Data, opens Oversikt, and changes a filter time and again: from the click to the map with
the new facilities drawn, the processor time that the server took for it, and the rest of the page. Every
other change comes while the one before is still being computed. Run
``python -m tests.benchmarks.own_file_filter [changes] [facilities]``; needs Chromium, prints the times. Look
at the load of the machine beside them.
"""

from __future__ import annotations

import math
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from playwright.sync_api import Page, sync_playwright

from loaders.embedded import read_places
from loaders.region import read_region
from tests.e2e.conftest import FLAGS, ROOT, find_chromium, serve

FRAME = 'iframe[src*="streamlit_folium"]'
ACTORS = ("producer", "treatment", "collector", "service")

# Timed by the browser's own clock: from the click on an option to the frame after the layers are drawn.
CLICK_AND_WAIT = """
option => new Promise((resolve, reject) => {
  const frame = document.querySelector('iframe[src*="streamlit_folium"]');
  const box = frame.contentDocument.querySelector('[data-drawn]');
  const started = performance.now();
  const watch = new MutationObserver(() => {
    watch.disconnect();
    requestAnimationFrame(() => resolve([performance.now() - started, Number(box.dataset.features)]));
  });
  watch.observe(box, { attributes: true, attributeFilter: ['data-drawn'] });
  setTimeout(() => reject(new Error('nothing drawn')), 30000);
  option.click();
})
"""


def write_files(folder: Path, *, facilities: int) -> list[Path]:
    """Write two lists of fictional firms near real places, with streams like those of the practice data."""
    chance = np.random.default_rng(1)
    places = read_places()
    near = places.iloc[chance.integers(0, len(places), facilities)].reset_index(drop=True)
    ids = [f"f{k}" for k in range(facilities)]
    firms = pd.DataFrame(
        {
            "facility_id": ids,
            "name": [f"Firma {k}" for k in range(facilities)],
            "actor_type": chance.choice(ACTORS, facilities),
            "lat": near["lat"].astype(float).round(4) + chance.normal(0, 0.01, facilities).round(4),
            "lon": near["lon"].astype(float).round(4) + chance.normal(0, 0.02, facilities).round(4),
        }
    )
    kinds = read_region("practice").streams
    kinds = kinds.iloc[chance.integers(0, len(kinds), 2 * facilities)].reset_index(drop=True)
    names = ["direction", "eal_code", "material", "amount_min", "amount_best", "amount_max", "unit", "basis"]
    streams = kinds[names].assign(facility_id=chance.choice(ids, 2 * facilities))
    paths = [folder / "facilities.csv", folder / "streams.csv"]
    for path, frame in zip(paths, (firms, streams), strict=True):
        frame.to_csv(path, index=False)
    return paths


def wait_until_computed(page: Page) -> float:
    """Wait until nothing is being computed any more and the map stays as it is; return the seconds."""
    started = time.perf_counter()
    page.wait_for_timeout(800)
    page.wait_for_function(
        "() => !document.querySelector('[data-testid=stStatusWidget]')"
        " && ![...document.querySelectorAll('[data-testid=stMetric]')].some(m => m.innerText.includes('…'))",
        timeout=600_000,
        polling=200,
    )
    seconds = time.perf_counter() - started
    drawn, before = page.frame_locator(FRAME).locator("[data-drawn]"), None
    while (now := drawn.get_attribute("data-drawn", timeout=60_000)) != before:
        before = now
        page.wait_for_timeout(1000)
    return seconds


def read_processor_seconds(pid: int) -> float:
    """Return the processor time that a process has used, its children left out; NaN where nobody tells."""
    path = Path(f"/proc/{pid}/stat")
    if not path.exists():
        return math.nan
    fields = path.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main(changes: int = 6, facilities: int = 10_000) -> None:
    """Print the time of each step and change, then the median and the worst."""
    executable = find_chromium()
    if executable is None:
        raise SystemExit("no Chromium found: install one or set CHROMIUM to its path")
    times, used = [], []
    with (
        tempfile.TemporaryDirectory() as folder,
        serve(ROOT / "dashboard" / "app.py", Path(folder)) as server,
        sync_playwright() as driver,
    ):
        paths = write_files(Path(folder), facilities=facilities)
        browser = driver.chromium.launch(executable_path=executable, args=list(FLAGS))
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        page.goto(f"{server.url}/data?lang=en")
        page.get_by_role("tab", name="Own files").click()
        started = time.perf_counter()
        page.locator("input[type=file]").first.set_input_files([str(path) for path in paths])
        page.get_by_text("Your own files are included").wait_for(timeout=300_000)
        print(f"files read after {time.perf_counter() - started:.1f} s", flush=True)
        page.get_by_role("link", name="Overview").first.click()
        page.frame_locator(FRAME).locator("[data-drawn]").wait_for(timeout=60_000)
        print(f"first analysis: {wait_until_computed(page):.1f} s", flush=True)
        for turn in range(changes):
            box = page.get_by_label("Kind of actor")
            box.focus()
            box.press("ArrowDown")  # opens the list
            option = page.get_by_role("option").filter(has_not_text="Select all").first
            option.wait_for()
            page.wait_for_timeout(300)
            name = option.inner_text()
            processor = read_processor_seconds(server.pid)
            milliseconds, shown = option.evaluate(CLICK_AND_WAIT)
            times.append(milliseconds)
            used.append(1000 * (read_processor_seconds(server.pid) - processor))
            page.keyboard.press("Escape")
            rest = wait_until_computed(page) if turn % 2 else 0.0  # every other click comes while it computes
            print(
                f"{name:28} {shown:6} features {milliseconds:7.0f} ms, server {used[-1]:5.0f} ms of processor"
                f"   rest {rest:.1f} s",
                flush=True,
            )
        browser.close()
    print(f"median {statistics.median(times):.0f} ms, worst {max(times):.0f} ms over {len(times)} changes")
    print(f"server: median {statistics.median(used):.0f} ms, worst {max(used):.0f} ms of processor a change")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
