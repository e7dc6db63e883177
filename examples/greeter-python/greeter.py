"""helloworld.Greeter over gRPC, with server reflection, so that clients need no .proto file.

A call with the metadata "wait: MS" is answered after MS milliseconds. With NEXT, the name of another greeter, that one
is asked too, in the trace of the call (W3C Trace Context), and the answer tells what both have said.
"""

import os
import signal
import time
from concurrent import futures

import grpc
import helloworld_pb2


NEXT = os.environ.get("NEXT", "")
PATIENCE_SECONDS = 60


def say_hello(request, context):
    metadata = dict(context.invocation_metadata())
    wait, parent = metadata.get("wait", ""), metadata.get("traceparent", "")
    if wait.isdigit():
        time.sleep(int(wait) / 1000)
    message = f"Hello {request.name or 'World'}, from Python over gRPC!"
    return helloworld_pb2.HelloReply(message=message + (f" [{parent}]" if parent else "") + (ask_next(request, parent) if NEXT else ""))


def ask_next(request, parent):
    version, trace, _, flags = parent.split("-") if parent else ("00", os.urandom(16).hex(), "", "01")
    with grpc.insecure_channel(f"{NEXT}:80") as channel:
        call = channel.unary_unary(
            "/helloworld.Greeter/SayHello",
            request_serializer=helloworld_pb2.HelloRequest.SerializeToString,
            response_deserializer=helloworld_pb2.HelloReply.FromString,
        )
        child = ("traceparent", f"{version}-{trace}-{os.urandom(8).hex()}-{flags}")
        return "\n" + call(request, metadata=[child], timeout=PATIENCE_SECONDS).message


def reflect(requests, context):
    import reflection_pb2 as reflection  # rarely called: not on the path of a cold start

    for request in requests:
        response = reflection.ServerReflectionResponse(valid_host=request.host, original_request=request)
        if request.WhichOneof("message_request") == "list_services":
            response.list_services_response.service.add(name="helloworld.Greeter")
        elif request.file_containing_symbol.startswith("helloworld.") or request.file_by_filename == "helloworld.proto":
            response.file_descriptor_response.file_descriptor_proto.append(helloworld_pb2.DESCRIPTOR.serialized_pb)
        else:
            response.error_response.error_code = grpc.StatusCode.NOT_FOUND.value[0]
            response.error_response.error_message = "known: helloworld.Greeter"
        yield response


def parse_reflection(data):
    import reflection_pb2

    return reflection_pb2.ServerReflectionRequest.FromString(data)


def handlers():
    greeter = grpc.unary_unary_rpc_method_handler(
        say_hello,
        request_deserializer=helloworld_pb2.HelloRequest.FromString,
        response_serializer=helloworld_pb2.HelloReply.SerializeToString,
    )
    reflection = grpc.stream_stream_rpc_method_handler(
        reflect,
        request_deserializer=parse_reflection,
        response_serializer=lambda response: response.SerializeToString(),
    )
    yield grpc.method_handlers_generic_handler("helloworld.Greeter", {"SayHello": greeter})
    yield grpc.method_handlers_generic_handler(
        "grpc.reflection.v1alpha.ServerReflection", {"ServerReflectionInfo": reflection}
    )


def main():
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    port = int(os.environ.get("PORT", "8080"))
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=16))
    server.add_generic_rpc_handlers(tuple(handlers()))
    server.add_insecure_port(f"0.0.0.0:{port}")
    server.start()
    print(f"greeter-python: listening on port {port}", flush=True)
    server.wait_for_termination()


main()
