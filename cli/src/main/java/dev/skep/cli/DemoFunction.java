package dev.skep.cli;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One of the functions that the demo shows.
 *
 * @param calls how it is called
 */
record DemoFunction(Example example, Calls calls) {
  /** A busy call is answered after this time; it stands for work that waits for something. */
  static final int BUSY_MILLIS = 100;

  private static final Duration TIMEOUT = Duration.ofMinutes(2);

  /** Makes callers for the function behind that gateway and name. */
  interface Calls {
    Caller.Factory through(InetSocketAddress gateway, String authority, boolean busy);
  }

  static List<DemoFunction> all() {
    return List.of(
        new DemoFunction(
            new Example("hello", "a static C program, HTTP", List.of("/hello")), http()),
        new DemoFunction(Example.python("hello-python", "a Python function, HTTP"), http()),
        new DemoFunction(
            new Example(
                "greeter-python",
                "a Python function, gRPC",
                List.of("/usr/bin/python3", "-S", "/app/greeter.pyc")),
            grpc()));
  }

  String name() {
    return example.name();
  }

  private static Calls http() {
    return (gateway, authority, busy) -> {
      String target = busy ? "/?wait=" + BUSY_MILLIS : "/";
      var request = new HttpRequest("GET", authority, target, Map.of(), new byte[0]);
      return () -> new HttpCaller(gateway, request, TIMEOUT);
    };
  }

  private static Calls grpc() {
    return (gateway, authority, busy) -> {
      Map<String, String> metadata =
          busy ? Map.of("wait", Integer.toString(BUSY_MILLIS)) : Map.of();
      var target =
          new GrpcCaller.Target(
              gateway,
              authority,
              "helloworld.Greeter/SayHello",
              metadata,
              "{\"name\": \"World\"}",
              null,
              Optional.empty(),
              TIMEOUT);
      return () -> GrpcCaller.open(target);
    };
  }
}
