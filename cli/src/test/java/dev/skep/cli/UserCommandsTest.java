package dev.skep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;

class UserCommandsTest extends CommandTest {
  private static final String USERS = "/apis/skep.dev/v1/users";

  private int user(String... args) {
    return skepGroup("user", args);
  }

  @Test
  void givesANewUserAKubeconfig() throws IOException {
    Files.writeString(
        state.resolve("kubeconfig"),
        """
        contexts:
        - name: skep
          context:
            cluster: skep
            user: skep
            namespace: default
        users:
        - name: skep
          user:
            token: secret
        """);
    api.answer("POST " + USERS, 201, "{\"name\":\"eve\",\"token\":\"t0k3n\"}");
    assertThat(user("add", "eve", "--role", "viewer", "-n", "team")).isZero();
    assertThat(out())
        .isEqualTo(
            """
            contexts:
            - name: skep
              context:
                cluster: skep
                user: eve
                namespace: team
            users:
            - name: eve
              user:
                token: t0k3n
            """);
  }

  @Test
  void listsAndRemovesUsers() {
    api.answer(
        "GET " + USERS,
        200,
        "{\"items\":[{\"name\":\"eve\",\"role\":\"viewer\",\"namespaces\":[\"a\",\"b\"]},{\"name\":\"ops\",\"role\":\"admin\",\"namespaces\":[]}]}");
    assertThat(user("ls")).isZero();
    assertThat(out()).containsPattern("eve +viewer +a, b").containsPattern("ops +admin +all");
    api.answer("DELETE " + USERS + "/eve", 200, "{}");
    assertThat(user("rm", "eve")).isZero();
    assertThat(err.toString(StandardCharsets.UTF_8)).contains("removed eve");
  }

  @Test
  void wantsARole() {
    assertThat(user("add", "eve")).isNotZero();
    assertThat(err.toString(StandardCharsets.UTF_8)).contains("--role");
  }
}
