"""A gRPC proxy before a Spanner that keeps the answer to one Commit until it is told to go on:
whoever sent it has done one step and not begun the next."""

import threading
from concurrent import futures

import grpc

from commit_proxy import COMMIT, OPTIONS, to_pass_on


class HoldingProxy(grpc.GenericRpcHandler):
    def __init__(self, target):
        self.channel = grpc.insecure_channel(target, options=OPTIONS)
        self.server = grpc.server(futures.ThreadPoolExecutor(32), options=OPTIONS)
        self.server.add_generic_rpc_handlers((self,))
        self.address = f"127.0.0.1:{self.server.add_insecure_port('127.0.0.1:0')}"
        self.server.start()
        self.armed, self.held, self.released = (threading.Event() for _ in range(3))
        self.wanted = b""  # what is in the Commit that is meant

    def service(self, details):
        def serve(request, context):
            try:
                for answer in self.channel.unary_stream(details.method)(
                    request,
                    metadata=to_pass_on(context.invocation_metadata()),
                    timeout=context.time_remaining(),
                ):
                    meant = details.method == COMMIT and self.wanted in request
                    if meant and self.armed.is_set():
                        self.armed.clear()
                        self.held.set()
                        self.released.wait(60)
                    yield answer
            except grpc.RpcError as error:
                context.set_trailing_metadata(tuple(error.trailing_metadata() or ()))
                context.abort(error.code(), error.details())

        return grpc.unary_stream_rpc_method_handler(serve)

    def while_held(self, call, meanwhile):
        """The answer to `call`, between whose first Commit and next step `meanwhile` is done."""
        answers = []
        thread = threading.Thread(target=lambda: answers.append(call()))
        self.armed.set()
        thread.start()
        assert self.held.wait(60)
        try:
            meanwhile()
        finally:
            self.released.set()
            thread.join()
        return answers[0]

    def stop(self):
        self.server.stop(None)
        self.channel.close()
