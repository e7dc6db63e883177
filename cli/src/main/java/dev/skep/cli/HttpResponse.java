package dev.skep.cli;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The answer to one request. Read {@code body} to its end before the connection is used again.
 *
 * @param headers names in lower case, in the order in which they came
 */
record HttpResponse(
    int status, String reason, List<Map.Entry<String, String>> headers, InputStream body) {
  Optional<String> header(String name) {
    String wanted = name.toLowerCase(Locale.ROOT);
    return headers.stream()
        .filter(header -> header.getKey().equals(wanted))
        .map(Map.Entry::getValue)
        .findFirst();
  }

  boolean ok() {
    return status >= 200 && status < 300;
  }

  byte[] bytes() throws IOException {
    return body.readAllBytes();
  }
}
