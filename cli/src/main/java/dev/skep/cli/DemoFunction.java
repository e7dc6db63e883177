package dev.skep.cli;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One of the functions that the demo shows.
 *
 * @param name of its folder under examples/, of its image and of its Service
 * @param title what it is, for people
 * @param command of its image
 * @param calls how it is called
 */
record DemoFunction(String name, String title, List<String> command, Calls calls) {
  /** A busy call is answered after this time; it stands for work that waits for something. */
  static final int BUSY_MILLIS = 100;

  private static final Duration TIMEOUT = Duration.ofMinutes(2);
  private static final String PYTHON = "/usr/bin/python3";

  /** Makes callers for the function behind that gateway and name. */
  interface Calls {
    Caller.Factory through(InetSocketAddress gateway, String authority, boolean busy);
  }

  static List<DemoFunction> all() {
    return List.of(
        new DemoFunction("hello", "a static C program, HTTP", List.of("/hello"), http()),
        new DemoFunction(
            "hello-python",
            "a Python function, HTTP",
            List.of(PYTHON, "-S", "/app/server.pyc"),
            http()),
        new DemoFunction(
            "greeter-python",
            "a Python function, gRPC",
            List.of(PYTHON, "-S", "/app/greeter.pyc"),
            grpc()));
  }

  /** The image's name; it changes with the content, so that an old one is never taken for it. */
  String image(String version) {
    return "dev.local/" + name + ":" + version;
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
