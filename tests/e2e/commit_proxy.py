"""A gRPC proxy that mistreats Commit: `commit_proxy.py HOST:PORT SEED`.

Prints its address, and at SIGTERM as JSON how often it did what. Everything is passed on as bytes;
a share of the calls of Commit, chosen by the seed, is

- lost: applied, and answered UNAVAILABLE or DEADLINE_EXCEEDED;
- doubled: sent twice; the second answer is given;
- late: answered UNAVAILABLE at once, and sent up to two seconds after;
- slow: answered up to half a second late.
"""

import asyncio
import collections
import json
import random
import signal
import sys

import grpc

SHARES = {"lost": 0.15, "doubled": 0.05, "late": 0.05, "slow": 0.10}
OPTIONS = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
COMMIT = "/google.spanner.v1.Spanner/Commit"
# What gRPC makes itself.
OWN_METADATA = ("user-agent", "grpc-", "te", "content-type")


def to_pass_on(metadata):
    return [(k, v) for k, v in metadata or () if not k.startswith(OWN_METADATA)]


class Proxy(grpc.GenericRpcHandler):
    def __init__(self, channel, seed):
        self.channel = channel
        self.random = random.Random(seed)
        self.counts = collections.Counter()
        self.late = set()  # tasks; kept from the garbage collector

    def service(self, details):
        method = details.method

        async def serve(request, context):
            if method == COMMIT:
                yield await self.commit(request, context)
                return
            try:
                async for answer in self.call(method, request, context):
                    yield answer
            except grpc.aio.AioRpcError as error:
                await self.fail(context, error)

        return grpc.unary_stream_rpc_method_handler(serve)

    def call(self, method, request, context):
        """A unary answer is a stream of one message."""
        return self.channel.unary_stream(method)(
            request,
            metadata=to_pass_on(context.invocation_metadata()),
            timeout=context.time_remaining(),
        )

    async def fail(self, context, error):
        trailing = to_pass_on(error.trailing_metadata())
        trailing += [
            (k, v) for k, v in error.trailing_metadata() or () if k == "grpc-status-details-bin"
        ]
        await context.abort(error.code(), error.details(), tuple(trailing))

    async def send(self, request, metadata):
        """The answer to a Commit, or its error."""
        try:
            call = self.channel.unary_unary(COMMIT)
            return await call(request, metadata=metadata, timeout=30), None
        except grpc.aio.AioRpcError as error:
            return None, error

    def fate(self):
        self.counts["commits"] += 1
        dice = self.random.random()
        for fate, share in SHARES.items():
            if dice < share:
                self.counts[fate] += 1
                return fate
            dice -= share
        return "passed"

    async def send_late(self, request, metadata):
        await asyncio.sleep(2 * self.random.random() ** 4)  # often before the client sends it again
        answer, _ = await self.send(request, metadata)
        self.counts["late_applied"] += answer is not None

    async def commit(self, request, context):
        metadata = to_pass_on(context.invocation_metadata())
        fate = self.fate()
        if fate == "late":
            task = asyncio.create_task(self.send_late(request, metadata))
            self.late.add(task)
            task.add_done_callback(self.late.discard)
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the proxy kept the request")
        answer, error = await self.send(request, metadata)
        if fate == "doubled":
            answer, error = await self.send(request, metadata)
        if fate == "slow":
            await asyncio.sleep(self.random.random() / 2)
        if fate == "lost" and error is None:
            self.counts["lost_applied"] += 1
            codes = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
            await context.abort(self.random.choice(codes), "the proxy lost the answer")
        if error is not None:
            await self.fail(context, error)
        return answer


async def main(target, seed):
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    channel = grpc.aio.insecure_channel(target, options=OPTIONS)
    proxy = Proxy(channel, seed)
    server = grpc.aio.server(options=OPTIONS)
    server.add_generic_rpc_handlers((proxy,))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(f"127.0.0.1:{port}", flush=True)
    await stop.wait()
    await server.stop(1)
    print(json.dumps(proxy.counts), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
