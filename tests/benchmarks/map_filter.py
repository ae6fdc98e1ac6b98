"""Measure the time from the click on a filter to the map with the new layer drawn, ten thousand facilities.

Run ``python -m tests.benchmarks.map_filter [changes] [facilities]``; needs Chromium, prints the times.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.e2e.conftest import FLAGS, find_chromium, serve

KINDS = ("producer", "treatment", "municipal_waste_company", "collector", "industrial_park", "alle")
FRAME = 'iframe[src*="streamlit_folium"]'

# The click and the drawing are timed by the browser's own clock, in the page that holds the frame.
CLICK_AND_WAIT = """
kind => new Promise((resolve, reject) => {
  const frame = document.querySelector('iframe[src*="streamlit_folium"]');
  const box = frame.contentDocument.querySelector('[data-drawn]');
  const button = [...document.querySelectorAll('[role=radio]')].find((b) => b.textContent.trim() === kind);
  const started = performance.now();
  const watch = new MutationObserver(() => {
    watch.disconnect();
    requestAnimationFrame(() => resolve([performance.now() - started, Number(box.dataset.features)]));
  });
  watch.observe(box, { attributes: true, attributeFilter: ['data-drawn'] });
  setTimeout(() => reject(new Error('nothing drawn')), 20000);
  button.click();
})
"""


def main(changes: int = 18, facilities: int = 10_000) -> None:
    """Print the time of every change, and the median, 90th percentile and worst."""
    executable = find_chromium()
    if executable is None:
        raise SystemExit("no Chromium found: install one or set CHROMIUM to its path")
    script = Path(__file__).parents[1] / "e2e" / "map_app.py"
    times = []
    with (
        tempfile.TemporaryDirectory() as folder,
        serve(script, Path(folder)) as server,
        sync_playwright() as driver,
    ):
        browser = driver.chromium.launch(executable_path=executable, args=list(FLAGS))
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        page.goto(f"{server.url}/?count={facilities}")
        page.frame_locator(FRAME).locator("[data-drawn]").wait_for(timeout=60_000)
        page.wait_for_timeout(1500)
        for turn in range(changes):
            kind = KINDS[turn % len(KINDS)]
            milliseconds, shown = page.evaluate(CLICK_AND_WAIT, kind)
            server_side = page.get_by_text("seconds=").inner_text()
            times.append(milliseconds)
            print(f"{kind:26} {shown:6} features {milliseconds:7.0f} ms   server {server_side}")
            page.wait_for_timeout(700)
        browser.close()
    ordered = sorted(times)
    tenth = ordered[int(0.9 * (len(ordered) - 1))]
    print(
        f"median {statistics.median(times):.0f} ms, 90th percentile {tenth:.0f} ms, "
        f"worst {max(times):.0f} ms over {len(times)} changes"
    )


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
