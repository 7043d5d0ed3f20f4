"""Buckets as processes: moto's Amazon S3, and an emulator of Google Cloud Storage. In memory, on
free loopback ports."""

import json
import subprocess
import sys
import urllib.parse
import urllib.request

from moto_server import Aws, wait_until_there
from ports import free_port

BUCKET = "checkpoints"


class Amazon(Aws):
    scheme = "s3"

    def start(self):
        super().start()
        self.s3 = self.client("s3")
        self.s3.create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})

    def names(self):
        return [each["Key"] for each in self.s3.list_objects_v2(Bucket=BUCKET)["Contents"]]

    def put(self, name, text):
        self.s3.put_object(Bucket=BUCKET, Key=name, Body=text)

    def delete(self, name):
        self.s3.delete_object(Bucket=BUCKET, Key=name)


class Google:
    scheme = "gs"

    def __init__(self, directory):
        self.log = directory / "bucket.server"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {"STORAGE_EMULATOR_HOST": self.url}

    def start(self):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gcp_storage_emulator", "start", "--host", "127.0.0.1",
             "--port", str(self.port), "--in-memory", "--default-bucket", BUCKET],
            stdout=open(self.log, "ab"), stderr=subprocess.STDOUT)
        wait_until_there(f"{self.url}/storage/v1/b/{BUCKET}", self.process, self.log)

    def stop(self):
        self.process.kill()
        self.process.wait()

    def ask(self, method, path, body=None):
        request = urllib.request.Request(self.url + path, body, method=method)
        return urllib.request.urlopen(request, timeout=10).read()

    def names(self):
        found = json.loads(self.ask("GET", f"/storage/v1/b/{BUCKET}/o"))
        return sorted(each["name"] for each in found["items"])

    def put(self, name, text):
        name = urllib.parse.quote(name, safe="")
        self.ask("POST", f"/upload/storage/v1/b/{BUCKET}/o?uploadType=media&name={name}",
                 text.encode())

    def delete(self, name):
        self.ask("DELETE", f"/storage/v1/b/{BUCKET}/o/{urllib.parse.quote(name, safe='')}")
