"""Apicurio Registry as a process, by its Confluent-compatible API."""

import os
import pathlib
import subprocess
import time
import urllib.error
import urllib.request

from ports import free_port

READY_WITHIN_S = 180


class Registry:
    """`folder` is what `tools/setup/run registry` fills."""

    def __init__(self, folder, directory):
        self.folder = pathlib.Path(folder)
        self.directory = pathlib.Path(directory)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/apis/ccompat/v7"
        self.process = None

    def start(self):
        (jar,) = self.folder.glob("*-runner.jar")
        log = open(self.directory / "registry.log", "ab")
        self.process = subprocess.Popen(
            ["java", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-jar", jar],
            env={
                **os.environ,
                "QUARKUS_HTTP_HOST": "127.0.0.1",
                "QUARKUS_HTTP_PORT": str(self.port),
            },
            cwd=self.directory,
            stdout=log,
            stderr=log,
        )
        end = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < end:
            assert self.process.poll() is None, f"the registry ended; see {log.name}"
            try:
                urllib.request.urlopen(f"{self.url}/subjects", timeout=5).close()
                return
            except (urllib.error.URLError, OSError):
                time.sleep(0.5)
        raise AssertionError(f"the registry does not answer; see {log.name}")

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
