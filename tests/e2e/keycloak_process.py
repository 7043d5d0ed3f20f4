"""Keycloak as a process: in memory, on a free loopback port, changed through its Admin API as an
administrator changes it."""

import json
import os
import pathlib
import signal
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

from ports import free_port

ADMINISTRATOR = "adm1n-s3cret"


class KeycloakProcess:
    """`home` is the folder that `tools/setup/run keycloak` fills."""

    def __init__(self, home, directory):
        self.home, self.directory = home, pathlib.Path(directory)
        self.url = f"http://127.0.0.1:{free_port()}"
        self.process = None

    def start(self):
        log = open(self.directory / "keycloak.log", "ab")
        self.process = subprocess.Popen(
            ["bash", f"{self.home}/bin/kc.sh", "start", "--optimized", "--http-enabled=true",
             "--hostname-strict=false", "--http-host=127.0.0.1",
             "--http-port=" + self.url.rsplit(":", 1)[1]],
            env={**os.environ, "JAVA_OPTS_APPEND": "-XX:TieredStopAtLevel=1",
                 "KC_BOOTSTRAP_ADMIN_USERNAME": "admin",
                 "KC_BOOTSTRAP_ADMIN_PASSWORD": ADMINISTRATOR},
            stdout=log, stderr=log, start_new_session=True)
        give_up = time.monotonic() + 180
        while True:
            try:
                urllib.request.urlopen(self.url + "/realms/master", timeout=10).read()
                break
            except OSError:
                assert self.process.poll() is None, f"Keycloak ended; see {log.name}"
                assert time.monotonic() < give_up, f"Keycloak is not ready; see {log.name}"
                time.sleep(0.2)

    def stop(self):
        """The shell that starts it, and Java."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    @staticmethod
    def post_form(url, fields):
        return json.loads(urllib.request.urlopen(
            url, urllib.parse.urlencode(fields).encode(), timeout=30).read())

    def administer(self, method, path, body=None):
        """The answer of its Admin API."""
        token = self.post_form(self.url + "/realms/master/protocol/openid-connect/token", {
            "grant_type": "password", "client_id": "admin-cli", "username": "admin",
            "password": ADMINISTRATOR})["access_token"]
        request = urllib.request.Request(
            f"{self.url}/admin/realms{path}", None if body is None else json.dumps(body).encode(),
            {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            method=method)
        try:
            text = urllib.request.urlopen(request, timeout=30).read()
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.read().decode()}") from error
        return json.loads(text) if text else None
