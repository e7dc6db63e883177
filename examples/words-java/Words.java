import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Executors;

/** Counts the words of a text of ?size= words that it writes itself: the function words-node, on a JVM. */
public final class Words {
  private static final int MOST = 1_000_000;

  private Words() {}

  /** Serves on PORT. */
  public static void main(String[] args) throws IOException {
    int port = Integer.parseInt(System.getenv().getOrDefault("PORT", "8080"));
    HttpServer server = HttpServer.create(new InetSocketAddress(port), 128);
    server.createContext("/", Words::answer);
    server.setExecutor(Executors.newFixedThreadPool(10));
    server.start();
    System.out.println("words-java: listening on port " + port);
  }

  private static void answer(HttpExchange exchange) throws IOException {
    Map<String, Integer> counts = count(size(exchange.getRequestURI().getQuery()));
    byte[] body = (counts + "\n").getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(200, body.length);
    try (var out = exchange.getResponseBody()) {
      out.write(body);
    }
  }

  private static int size(String query) {
    return query != null && query.matches("size=\\d{1,7}") ? Math.min(MOST, Integer.parseInt(query.substring(5))) : 1000;
  }

  private static Map<String, Integer> count(int size) {
    var text = new StringBuilder();
    for (long i = 0; i < size; i++) {
      text.append("word").append(i * i % 97 % 23).append(' ');
    }
    var counts = new TreeMap<String, Integer>();
    for (String word : text.toString().split(" ")) {
      counts.merge(word, 1, Integer::sum);
    }
    return counts;
  }
}
