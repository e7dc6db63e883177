package dev.skep.testkit.firecracker;

import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * What the API answers, byte for byte: no reason phrase, no length where there is no body.
 *
 * @param last whether the process ends once this is sent
 */
record Reply(int status, Optional<String> body, boolean last) {
  private static final String HEAD = "Server: Firecracker API\r\nConnection: keep-alive\r\n";

  static Reply ok(String json) {
    return new Reply(200, Optional.of(json), false);
  }

  static Reply done() {
    return new Reply(204, Optional.empty(), false);
  }

  /** To go on with a body that is announced. */
  static Reply goOn() {
    return new Reply(100, Optional.empty(), false);
  }

  static Reply fault(Fault fault) {
    String message = Json.text(fault.getMessage());
    return new Reply(400, Optional.of("{\"fault_message\":" + message + "}"), fault.fatal());
  }

  /** For what is no request; its line break is not escaped. */
  static Reply badHttp(String error) {
    String text = error + "\nAll previous unanswered requests will be dropped.";
    return new Reply(400, Optional.of("{ \"error\": \"" + text + "\" }"), false);
  }

  byte[] bytes() {
    String type =
        body.map(
                text ->
                    "Content-Type: application/json\r\nContent-Length: "
                        + text.getBytes(StandardCharsets.UTF_8).length
                        + "\r\n")
            .orElse("");
    String all = "HTTP/1.1 " + status + " \r\n" + HEAD + type + "\r\n" + body.orElse("");
    return all.getBytes(StandardCharsets.UTF_8);
  }

  /** To an eleventh connection, which is closed after it. */
  static byte[] tooMany() {
    String body = "{ \"error\": \"Too many open connections\" }";
    String head = "HTTP/1.1 503\r\nServer: Firecracker API\r\nConnection: close\r\n";
    String all = head + "Content-Length: " + body.length() + "\r\n\r\n" + body;
    return all.getBytes(StandardCharsets.US_ASCII);
  }
}
