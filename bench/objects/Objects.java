import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * Creates Services through the API while watchers look on, and says how fast and how soon.
 *
 * <p>Arguments: the kubeconfig, how many Services, how many watchers. Prints {@code KEY VALUE} lines.
 */
public final class Objects {
  private static final int AT_ONCE = 16;
  private static final Pattern NAME = Pattern.compile("\"name\":\"(idle-\\d+)\"");
  private static final Pattern READY =
      Pattern.compile("\"status\":\"True\"[^{}]*\"type\":\"Ready\"|\"type\":\"Ready\"[^{}]*\"status\":\"True\"");

  private final String services;
  private final String token;
  private final SSLContext trust;
  private final HttpClient client;
  private final int count;

  /** When the API answered each creation. */
  private final Map<String, Long> answered = new ConcurrentHashMap<>();

  private final Set<String> ready = ConcurrentHashMap.newKeySet();
  private final CountDownLatch allReady;

  private Objects(Path kubeconfig, int count) throws Exception {
    String text = Files.readString(kubeconfig);
    this.services =
        field(text, "server") + "/apis/serving.knative.dev/v1/namespaces/default/services";
    this.token = field(text, "token");
    this.trust = trusting(Base64.getDecoder().decode(field(text, "certificate-authority-data")));
    this.client = client();
    this.count = count;
    this.allReady = new CountDownLatch(count);
  }

  public static void main(String[] args) throws Exception {
    var bench = new Objects(Path.of(args[0]), Integer.parseInt(args[1]));
    bench.run(Integer.parseInt(args[2]));
    System.exit(0); // watches have no end
  }

  private void run(int watchers) throws Exception {
    var watches = new ArrayList<Watch>();
    for (int i = 0; i < watchers; i++) {
      watches.add(new Watch(i == 0));
    }
    for (Watch watch : watches) {
      Thread.ofPlatform().daemon().start(watch);
    }
    for (Watch watch : watches) {
      watch.begun.await();
    }
    create("warm-up"); // the first of a daemon waits for classes
    long began = System.nanoTime();
    createAll();
    double created = (System.nanoTime() - began) / 1e9;
    allReady.await();
    System.out.printf("created_per_s %.0f%n", count / created);
    System.out.printf("ready_per_s %.0f%n", count / ((System.nanoTime() - began) / 1e9));
    long listed = System.nanoTime();
    int bytes = send(HttpRequest.newBuilder().GET(), "").body().length();
    System.out.printf("list_ms %.0f of %d bytes%n", (System.nanoTime() - listed) / 1e6, bytes);
    for (Watch watch : watches) {
      watch.all.await();
    }
    report(watches);
  }

  private void report(List<Watch> watches) {
    long[] delays =
        watches.stream()
            .flatMap(watch -> watch.seen.entrySet().stream())
            .filter(seen -> answered.containsKey(seen.getKey()))
            .mapToLong(seen -> Math.max(0, seen.getValue() - answered.get(seen.getKey())))
            .sorted()
            .toArray();
    System.out.printf("watch_delay_p50_ms %.1f%n", delays[delays.length / 2] / 1e6);
    System.out.printf("watch_delay_p99_ms %.1f%n", delays[delays.length * 99 / 100] / 1e6);
  }

  private void createAll() throws Exception {
    var slots = new Semaphore(AT_ONCE);
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 1; i <= count; i++) {
        slots.acquire();
        String name = "idle-" + i;
        threads.submit(
            () -> {
              try {
                create(name);
                answered.put(name, System.nanoTime());
              } finally {
                slots.release();
              }
              return null;
            });
      }
    }
  }

  private void create(String name) throws Exception {
    String body =
        """
        {"apiVersion":"serving.knative.dev/v1","kind":"Service","metadata":{"name":"%s"},"spec":{"template":{
        "metadata":{"annotations":{"autoscaling.knative.dev/initial-scale":"0"}},
        "spec":{"containers":[{"image":"dev.local/idle"}]}}}}"""
            .formatted(name);
    var response =
        send(
            HttpRequest.newBuilder()
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body)),
            "");
    if (response.statusCode() != 201) {
      System.err.println(response.statusCode() + " " + response.body());
      System.exit(1);
    }
  }

  private HttpResponse<String> send(HttpRequest.Builder request, String query)
      throws IOException, InterruptedException {
    return client.send(authorized(request, query), BodyHandlers.ofString());
  }

  private HttpRequest authorized(HttpRequest.Builder request, String query) {
    return request
        .uri(URI.create(services + query))
        .header("Authorization", "Bearer " + token)
        .build();
  }

  /** One watch, on a connection of its own. */
  private final class Watch implements Runnable {
    private final boolean looksForReady;
    private final Map<String, Long> seen = new ConcurrentHashMap<>();
    private final CountDownLatch begun = new CountDownLatch(1);
    private final CountDownLatch all = new CountDownLatch(count);

    private Watch(boolean looksForReady) {
      this.looksForReady = looksForReady;
    }

    @Override
    public void run() {
      try (var own = client()) {
        HttpRequest request = authorized(HttpRequest.newBuilder(), "?watch=true");
        var lines = own.send(request, BodyHandlers.ofLines()).body();
        begun.countDown();
        lines.forEach(this::see);
      } catch (IOException | InterruptedException e) {
        System.err.println("a watch ended: " + e);
        System.exit(1);
      }
    }

    private void see(String line) {
      long now = System.nanoTime();
      Matcher name = NAME.matcher(line);
      if (!name.find()) {
        return;
      }
      if (seen.putIfAbsent(name.group(1), now) == null) {
        all.countDown();
      }
      if (looksForReady && READY.matcher(line).find() && ready.add(name.group(1))) {
        allReady.countDown();
      }
    }
  }

  private HttpClient client() {
    return HttpClient.newBuilder()
        .sslContext(trust)
        .connectTimeout(Duration.ofSeconds(10))
        .build();
  }

  private static String field(String kubeconfig, String name) {
    Matcher found = Pattern.compile(name + ": *\"?([^\"\\s]+)").matcher(kubeconfig);
    if (!found.find()) {
      throw new IllegalArgumentException("kubeconfig: no " + name);
    }
    return found.group(1);
  }

  private static SSLContext trusting(byte[] certificate) throws Exception {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    store.setCertificateEntry(
        "api",
        CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(certificate)));
    var factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, factory.getTrustManagers(), null);
    return context;
  }
}
