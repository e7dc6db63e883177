package dev.skep.containerd;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import io.grpc.Status;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ContainerdErrorsTest {
  private static final Path SOCKET = Path.of("containerd.sock");

  @Test
  void connectionThatClosesWhileARequestIsWrittenIsOneThatDoesNotAnswer() {
    Status broken =
        Status.UNKNOWN.withDescription("channel closed").withCause(new ClosedChannelException());

    SkepException error = ContainerdErrors.of("exec", SOCKET, broken.asRuntimeException());

    assertThat(error.code()).isEqualTo(Code.UNAVAILABLE);
    assertThat(error)
        .hasMessageStartingWith(
            "exec: containerd at containerd.sock does not answer: channel closed");
  }

  @Test
  void whatContainerdCannotSayByACodeIsItsFailure() {
    Status said = Status.UNKNOWN.withDescription("shim is in a bad state: unknown");

    SkepException error = ContainerdErrors.of("exec", SOCKET, said.asRuntimeException());

    assertThat(error.code()).isEqualTo(Code.INTERNAL);
    assertThat(error).hasMessage("exec: shim is in a bad state");
  }
}
