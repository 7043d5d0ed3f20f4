"""The generated client, bare: one call, no retries, errors as (code, text)."""

import grpc
from google.api_core.exceptions import GoogleAPICallError
from google.cloud.spanner_v1.services.spanner import SpannerClient
from google.cloud.spanner_v1.services.spanner.transports import SpannerGrpcTransport
from google.cloud.spanner_v1.types import KeySet, Mutation, TransactionOptions
from google.cloud.spanner_v1.types import TransactionSelector as Selector
from google.cloud.spanner_v1.types import spanner as messages
from google.protobuf.struct_pb2 import ListValue

READ_WRITE = TransactionOptions(read_write=TransactionOptions.ReadWrite())
STRONG = TransactionOptions(read_only=TransactionOptions.ReadOnly(strong=True))
PARTITIONED = TransactionOptions(partitioned_dml=TransactionOptions.PartitionedDml())


def values(*row):
    out = ListValue()
    for item in row:
        value = out.values.add()
        if item is None:
            value.null_value = 0
        elif isinstance(item, bool):
            value.bool_value = item
        elif isinstance(item, float):
            value.number_value = item
        elif isinstance(item, (list, tuple)):
            value.list_value.CopyFrom(values(*item))
        else:
            value.string_value = str(item)
    return out


def write(kind, table, columns, *rows):
    body = Mutation.Write(table=table, columns=columns, values=[values(*r) for r in rows])
    return Mutation(**{kind: body})


def delete(table, **key_set):
    return Mutation(delete=Mutation.Delete(table=table, key_set=KeySet(**key_set)))


class Raw:
    def __init__(self, address, database):
        channel = grpc.insecure_channel(address)
        self.client = SpannerClient(transport=SpannerGrpcTransport(channel=channel))
        self.database = database
        self.session = self.client.create_session(database=database).name

    def call(self, method, request):
        return getattr(self.client, method)(request=request, retry=None, timeout=15)

    def multiplexed(self):
        request = {"database": self.database, "session": {"multiplexed": True}}
        return self.client.create_session(request=request).name

    def commit(self, *mutations, **fields):
        fields.setdefault("session", self.session)
        if "transaction_id" not in fields:
            fields.setdefault("single_use_transaction", READ_WRITE)
        return self.call("commit", messages.CommitRequest(mutations=list(mutations), **fields))

    def begin(self, options=READ_WRITE, **fields):
        fields.setdefault("session", self.session)
        request = messages.BeginTransactionRequest(options=options, **fields)
        return self.call("begin_transaction", request)

    def rollback(self, transaction_id, session=None):
        request = messages.RollbackRequest(
            session=session or self.session, transaction_id=transaction_id
        )
        return self.call("rollback", request)

    def read(self, table="Singers", columns=("SingerId",), **fields):
        fields.setdefault("session", self.session)
        fields.setdefault("key_set", KeySet(all_=True))
        request = messages.ReadRequest(table=table, columns=list(columns), **fields)
        return self.call("read", request)

    def sql(self, text, **fields):
        fields.setdefault("session", self.session)
        return self.call("execute_sql", messages.ExecuteSqlRequest(sql=text, **fields))

    def stream(self, text, **fields):
        fields.setdefault("session", self.session)
        request = messages.ExecuteSqlRequest(sql=text, **fields)
        return list(self.call("execute_streaming_sql", request))

    def stream_read(self, table="Singers", columns=("SingerId",), **fields):
        fields.setdefault("session", self.session)
        fields.setdefault("key_set", KeySet(all_=True))
        request = messages.ReadRequest(table=table, columns=list(columns), **fields)
        return list(self.call("streaming_read", request))


def error_of(function, *arguments, **fields):
    """(code name, text, details) of a call that must fail."""
    try:
        answer = function(*arguments, **fields)
    except GoogleAPICallError as error:
        return error.grpc_status_code.name, error.message, list(error.details)
    raise AssertionError(f"it did not fail, it answered {answer}")


def rows_of(result):
    return [[cell for cell in row] for row in result.rows]
