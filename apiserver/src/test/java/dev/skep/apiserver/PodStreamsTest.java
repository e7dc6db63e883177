package dev.skep.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.apiserver.RunningApi.Answer;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PodStreamsTest extends ApiTest {
  private static final String POD = "/api/v1/namespaces/default/pods/pod-one";
  private static final String ECHO = POD + "/exec?command=echo&command=a%20b&stdout=true";

  @BeforeEach
  void aPodRuns() {
    api.instances.add("one", "hello", "ready");
  }

  /** Collects what each channel got until the server closes. */
  private static final class Channels implements WebSocket.Listener {
    private final Map<Integer, ByteArrayOutputStream> got = new TreeMap<>();
    private final CompletableFuture<Map<Integer, String>> all = new CompletableFuture<>();

    @Override
    public CompletionStage<?> onBinary(WebSocket socket, ByteBuffer data, boolean last) {
      add(data);
      socket.request(1);
      return null;
    }

    private synchronized void add(ByteBuffer data) {
      byte[] bytes = new byte[data.remaining() - 1];
      var channel = got.computeIfAbsent((int) data.get(), _ -> new ByteArrayOutputStream());
      data.get(bytes);
      channel.writeBytes(bytes);
      notifyAll();
    }

    @Override
    public CompletionStage<?> onClose(WebSocket socket, int status, String reason) {
      var texts = new TreeMap<Integer, String>();
      got.forEach((channel, bytes) -> texts.put(channel, bytes.toString(StandardCharsets.UTF_8)));
      all.complete(texts);
      return null;
    }

    @Override
    public void onError(WebSocket socket, Throwable error) {
      all.completeExceptionally(error);
    }

    synchronized void awaitEnd(int channel, String text) throws InterruptedException {
      while (!String.valueOf(got.get(channel)).endsWith(text)) {
        wait(20_000);
      }
    }

    Map<Integer, String> all() throws Exception {
      return all.get(20, TimeUnit.SECONDS);
    }
  }

  private WebSocket connect(String path, String protocol, String token, Channels channels) {
    return api.client
        .newWebSocketBuilder()
        .header("Authorization", "Bearer " + token)
        .subprotocols(protocol)
        .buildAsync(URI.create("wss://127.0.0.1:" + api.server.port() + path), channels)
        .join();
  }

  @Test
  void aCommandsOutputAndExitCodeCome() throws Exception {
    var channels = new Channels();
    WebSocket socket = connect(ECHO, "v4.channel.k8s.io", api.token, channels);
    assertThat(socket.getSubprotocol()).isEqualTo("v4.channel.k8s.io");
    Map<Integer, String> all = channels.all();
    assertThat(all.get(1)).isEqualTo("echo a b");
    assertThat(all.get(3))
        .contains("\"reason\":\"NonZeroExitCode\"", "\"reason\":\"ExitCode\",\"message\":\"3\"");
    assertThat(all).containsOnlyKeys(1, 3);
  }

  @Test
  void stdinIsTakenUntilItsChannelEnds() throws Exception {
    var channels = new Channels();
    String path = POD + "/exec?command=cat&stdin=true&stdout=true&stderr=true";
    WebSocket socket = connect(path, "v5.channel.k8s.io", api.token, channels);
    socket.sendBinary(bytes(0, "some"), false).join(); // one message in two frames
    socket.sendBinary(ByteBuffer.wrap(" in".getBytes(StandardCharsets.UTF_8)), true).join();
    socket.sendPing(ByteBuffer.allocate(0)).join();
    socket.sendBinary(bytes(0, "put"), true).join();
    socket.sendBinary(ByteBuffer.wrap(new byte[] {(byte) 255, 0}), true).join();
    assertThat(channels.all()).containsEntry(2, "some input"); // the fake's echo
  }

  private static ByteBuffer bytes(int channel, String text) {
    return ByteBuffer.wrap(((char) channel + text).getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void inputIsAnsweredBeforeItEnds() throws Exception {
    var channels = new Channels();
    String path = POD + "/exec?command=cat&stdin=true&stdout=true&stderr=true";
    WebSocket socket = connect(path, "v5.channel.k8s.io", api.token, channels);
    for (String word : List.of("one", "two")) {
      socket.sendBinary(bytes(0, word), true).join();
      channels.awaitEnd(2, word);
    }
    socket.abort(); // without a word
    FakeCommand command = api.instances.commands.getFirst();
    assertThat(command.onExit().get(20, TimeUnit.SECONDS)).as("killed").isEqualTo(137);
  }

  @Test
  void terminalsAreResizedAndHaveOneOutput() throws Exception {
    var channels = new Channels();
    String path = POD + "/exec?command=sh&stdin=true&stdout=true&stderr=true&tty=true";
    WebSocket socket = connect(path, "v5.channel.k8s.io", api.token, channels);
    socket.sendBinary(bytes(4, "{\"Width\":80,\"Height\":24}"), true).join();
    socket.sendBinary(ByteBuffer.wrap(new byte[] {(byte) 255, 0}), true).join();
    assertThat(channels.all()).containsEntry(1, "sh 80x24").containsOnlyKeys(1, 3);
  }

  @Test
  void whoMayNotIsRefused() throws Exception {
    String viewer =
        api.post(RunningApi.SKEP + "/users", "{\"name\":\"eve\",\"role\":\"viewer\"}").at("/token");
    Assertions.assertThatThrownBy(() -> connect(ECHO, "v5.channel.k8s.io", viewer, new Channels()))
        .isInstanceOf(CompletionException.class);
    Answer refused =
        api.send(api.request(ECHO).setHeader("Authorization", "Bearer " + viewer).GET());
    assertThat(refused.status()).isEqualTo(403);
    assertThat(refused.message())
        .contains("User \"eve\" cannot create resource \"pods/exec\" in API group \"\"");
    assertThat(
            api.send(api.request(POD + "/portforward").setHeader("Authorization", "Bearer no"))
                .status())
        .isEqualTo(401);
  }

  @Test
  void whatIsNotServedIsSaidPlainly() throws Exception {
    assertThat(api.get(POD + "/attach?stdout=true").status()).isEqualTo(501);
    assertThat(api.get(ECHO).message()).contains("X-Stream-Protocol-Version: []");
    assertThat(api.get("/api/v1/namespaces/default/pods/none/exec?command=a").status())
        .isEqualTo(404);
    Answer plain =
        api.send(api.request(ECHO).header("X-Stream-Protocol-Version", "v4.channel.k8s.io"));
    assertThat(plain.message()).isEqualTo("Upgrade request required");
  }
}
