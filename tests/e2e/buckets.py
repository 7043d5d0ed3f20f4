"""Buckets as processes: moto's Amazon S3, and an emulator of Google Cloud Storage. In memory, on
free loopback ports."""

import json
import subprocess
import sys
import time
import urllib.parse
import urllib.request

from ports import free_port

BUCKET = "checkpoints"


class Server:
    def __init__(self, directory, *arguments):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = open(directory / "bucket.server", "ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", *(a.replace("PORT", str(self.port)) for a in arguments)],
            stdout=self.log, stderr=self.log)
        until = time.monotonic() + 60
        while True:
            try:
                self.create()
                return
            except OSError:
                assert self.process.poll() is None and time.monotonic() < until
                time.sleep(0.1)

    def stop(self):
        self.process.kill()
        self.process.wait()


class Amazon(Server):
    scheme = "s3"

    def __init__(self, directory):
        super().__init__(directory, "moto.server", "-H", "127.0.0.1", "-p", "PORT")
        self.environment = {"AWS_ENDPOINT_URL": self.url, "AWS_REGION": "eu-west-1",
                            "AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "aws-s3cret"}

    @property
    def client(self):
        import boto3
        return boto3.client("s3", endpoint_url=self.url, region_name="eu-west-1",
                            aws_access_key_id="AKIATEST", aws_secret_access_key="aws-s3cret")

    def create(self):
        urllib.request.urlopen(self.url, timeout=5).read()
        self.client.create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})

    def names(self):
        return [each["Key"] for each in self.client.list_objects_v2(Bucket=BUCKET)["Contents"]]

    def put(self, name, text):
        self.client.put_object(Bucket=BUCKET, Key=name, Body=text)

    def delete(self, name):
        self.client.delete_object(Bucket=BUCKET, Key=name)


class Google(Server):
    scheme = "gs"

    def __init__(self, directory):
        super().__init__(directory, "gcp_storage_emulator", "start", "--host", "127.0.0.1",
                         "--port", "PORT", "--in-memory", "--default-bucket", BUCKET)
        self.environment = {"STORAGE_EMULATOR_HOST": self.url}

    def ask(self, method, path, body=None):
        request = urllib.request.Request(self.url + path, body, method=method)
        return urllib.request.urlopen(request, timeout=10).read()

    def create(self):
        self.ask("GET", f"/storage/v1/b/{BUCKET}")

    def names(self):
        found = json.loads(self.ask("GET", f"/storage/v1/b/{BUCKET}/o"))
        return sorted(each["name"] for each in found["items"])

    def put(self, name, text):
        name = urllib.parse.quote(name, safe="")
        self.ask("POST", f"/upload/storage/v1/b/{BUCKET}/o?uploadType=media&name={name}",
                 text.encode())

    def delete(self, name):
        self.ask("DELETE", f"/storage/v1/b/{BUCKET}/o/{urllib.parse.quote(name, safe='')}")
