package dev.skep.containerd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import containerd.services.tasks.v1.TasksOuterClass.WaitResponse;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ContainerdTest {
  @TempDir Path folder;
  private FakeContainerd fake;
  private Containerd containerd;

  @BeforeEach
  void connect() throws Exception {
    fake = new FakeContainerd(socket());
    containerd = Containerd.connect(socket(), Duration.ofSeconds(10));
  }

  @AfterEach
  void close() throws Exception {
    containerd.close();
    fake.close();
  }

  private Path socket() {
    return folder.resolve("c.sock");
  }

  @Test
  void saysWhoseEachRequestIs() {
    assertThat(containerd.version()).isEqualTo("9.9");
    assertThat(fake.namespaces).isNotEmpty().allMatch("skep"::equals);
  }

  @Test
  void tellsTheCodeWithWhichAProcessEnded() throws Exception {
    CompletableFuture<TaskExit> exit = new ContainerTask(containerd, "c1").onExit();
    answer(nextWait(), 143);

    TaskExit ended = exit.get(10, TimeUnit.SECONDS);
    assertThat(ended.code()).hasValue(143);
    assertThat(ended.message()).isEqualTo("killed by signal 15");
  }

  @Test
  void waitsOnWhenContainerdIsStartedAgain() throws Exception {
    CompletableFuture<TaskExit> exit = new ContainerTask(containerd, "c1").onExit();
    var _ = nextWait();
    fake.close();
    fake = new FakeContainerd(socket());

    answer(nextWait(), 3);

    assertThat(exit.get(10, TimeUnit.SECONDS).code()).hasValue(3);
  }

  @Test
  void looksAgainWhenAShimDoesNotAnswerAndTheTaskLives() throws Exception {
    CompletableFuture<TaskExit> exit = new ContainerTask(containerd, "lives").onExit();
    nextWait().onError(Status.UNKNOWN.withDescription("ttrpc: closed").asRuntimeException());

    answer(nextWait(), 0);

    assertThat(exit.get(10, TimeUnit.SECONDS).message()).isEqualTo("exit code 0");
  }

  @Test
  void knowsNoCodeOfATaskWhoseShimHasDied() throws Exception {
    CompletableFuture<TaskExit> exit = new ContainerTask(containerd, "dead").onExit();
    nextWait().onError(Status.UNKNOWN.withDescription("ttrpc: closed").asRuntimeException());

    assertThat(exit.get(10, TimeUnit.SECONDS).code()).isEmpty();
  }

  @Test
  void removalOfWhatIsGoneIsNoError() {
    new ContainerTask(containerd, "absent").remove();
    new ContainerTask(containerd, "dead").remove();
  }

  @Test
  void refusalIsToldWithWhatWasAsked() {
    assertThatThrownBy(() -> new ContainerTask(containerd, "c1").pause())
        .isInstanceOfSatisfying(
            SkepException.class, e -> assertThat(e.code()).isEqualTo(Code.UNSUPPORTED))
        .hasMessageContaining("container c1: pause");
  }

  @Test
  void absenceIsToldWithWhatToInstall() {
    assertThatThrownBy(() -> Containerd.connect(folder.resolve("none"), Duration.ofMillis(300)))
        .isInstanceOfSatisfying(
            SkepException.class, e -> assertThat(e.code()).isEqualTo(Code.UNAVAILABLE))
        .hasMessageContaining(folder.resolve("none") + " does not answer")
        .hasMessageContaining("apt-get install containerd");
  }

  private StreamObserver<WaitResponse> nextWait() throws InterruptedException {
    return Objects.requireNonNull(fake.waits.poll(10, TimeUnit.SECONDS), "nobody waits");
  }

  private static void answer(StreamObserver<WaitResponse> wait, int code) {
    wait.onNext(WaitResponse.newBuilder().setExitStatus(code).build());
    wait.onCompleted();
  }
}
