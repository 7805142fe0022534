"""Draws docs/page.webp: the page of `faceparse serve` with a made face, in headless Chromium.

    python examples/page_picture.py docs/page.webp [--width 1280 --height 800 --dark]

Needs the extras `web` and `dev`, and Chromium. With a phone's width (390 × 844) or --dark it shows those.
"""

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from faceparse import images


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("out", type=Path)
    arguments.add_argument("--width", type=int, default=1280)
    arguments.add_argument("--height", type=int, default=800)
    arguments.add_argument("--dark", action="store_true")
    options = arguments.parse_args()

    chromium = shutil.which("chromium") or arguments.error("no Chromium; install it with: apt-get install chromium")
    command = [sys.executable, "-m", "faceparse", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server, sync_playwright() as driver:
        try:
            assert server.stdout is not None
            address = re.findall(r"http://\S+", server.stdout.readline())[0]
            browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = browser.new_page(
                viewport={"width": options.width, "height": options.height},
                color_scheme="dark" if options.dark else "light",
            )
            page.goto(address)
            page.get_by_role("button", name="Try a made face").click()
            page.get_by_role("checkbox", name="hair").wait_for(timeout=120_000)
            page.get_by_label("Compare").fill("35")
            hair = page.locator("#photo").bounding_box()
            assert hair is not None
            page.mouse.move(hair["x"] + 0.6 * hair["width"], hair["y"] + 0.2 * hair["height"])
            picture = images.read_image(page.screenshot())
        finally:
            server.terminate()
    images.write_image(options.out, picture, quality=88)


if __name__ == "__main__":
    main()
