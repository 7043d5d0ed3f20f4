"""Checkpoints of the record in a bucket of Amazon's or Google's: what the owner of the database
took away is found by them."""

import json

import pytest

from broker import running
from buckets import BUCKET, Amazon, Google
from test_audit import Site


@pytest.fixture(params=[Amazon, Google], ids=lambda kind: kind.scheme)
def bucket(request, tmp_path):
    yield from running(request.param(tmp_path))


class BucketSite(Site):
    def __init__(self, kafka, spanner, program, name, bucket):
        program.environment |= bucket.environment
        self.place = f"{bucket.scheme}://{BUCKET}/logs/one"
        super().__init__(kafka, spanner, program, name)

    def write(self, limit=100, name="pipeline.yaml", checkpoints=None):
        return super().write(limit, name, checkpoints or self.place)

    def act(self):
        return self.program("offsets", "skip", self.file, "--partition", "0", "--apply")

    def verified(self, log):
        return self.program("audit", "verify", log, "--key", self.program.directory / "audit.pub",
                            "--checkpoints", self.place)


@pytest.fixture
def site(kafka, local_spanner, program, request, bucket):
    name = f"bucket_{bucket.scheme}_{request.node.originalname[-12:]}"
    site = BucketSite(kafka, local_spanner, program, name, bucket)
    site.send(1, 2, 3)
    site.run()
    return site


def test_what_was_cut_off_is_found(site, bucket):
    assert site.act().returncode == 0 and site.act().returncode == 0
    names = bucket.names()
    sizes = [int(name.split("-")[-1].removesuffix(".json")) for name in names]
    assert len(names) >= 4 and sizes == sorted(sizes, reverse=True)  # the newest is listed first
    assert all(name.startswith("logs/one/") for name in names)
    log = site.program.directory / "log.jsonl"
    log.write_text(site.program.ok("audit", "export", site.file))
    assert "verified" in site.verified(log).stdout
    entries = len(site.entries())
    # As if the last action had never been; the export carries no checkpoint that says otherwise.
    lines = log.read_text().splitlines()
    log.write_text("\n".join(lines[: entries - 3]) + "\n")
    cut = site.verified(log)
    assert cut.returncode == 5 and str(entries) in cut.stderr, cut.stderr
    site.database.run_in_transaction(lambda transaction: transaction.execute_update(
        f"DELETE FROM kafka_spanner.AuditLog WHERE Seq >= {entries - 3}"))
    refused = site.act()
    assert refused.returncode != 0 and f"was signed for {entries}" in refused.stderr, refused.stderr


def test_what_lies_there_is_never_written_over(site, bucket):
    """Somebody put an object where the next checkpoint goes. An emulator of Google's overwrites
    whatever is asked of it: there, object_store_test.cc tells what is asked."""
    newest = bucket.names()[0]
    size = int(newest.split("-")[-1].removesuffix(".json")) + 1
    at = f"logs/one/{2**63 - 1 - size:019}-{size}.json"
    bucket.put(at, json.dumps({"what": "ours"}))
    refused = site.act()
    assert refused.returncode != 0, refused.stdout
    assert "no line of an audit export" in refused.stderr, refused.stderr
    bucket.delete(at)
    assert site.act().returncode == 0


def test_nothing_is_done_without_the_bucket(site, bucket):
    nowhere = site.write(name="nowhere.yaml", checkpoints=f"{bucket.scheme}://nowhere/logs")
    before = len(site.entries())
    refused = site.program("offsets", "skip", nowhere, "--partition", "0", "--apply")
    assert refused.returncode != 0 and "no such bucket" in refused.stderr, refused.stderr
    assert not any(e["phase"] == "change" for e in site.entries()[before:])
    wrong = site.write(name="wrong.yaml", checkpoints=f"'{bucket.scheme}://a b'")
    said = site.program("plan", wrong, "--offline")
    assert said.returncode == 2 and "names no place in a bucket" in said.stderr
