package dev.skep.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.SkepException;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class GrpcMethodTest {
  private static GrpcMethod find(String method) {
    return GrpcSchemas.find(method, List.of(GrpcSchemas.GREETER));
  }

  @Test
  void turnsJsonIntoTheMessageAndBack() {
    GrpcMethod hello = find("helloworld.Greeter/SayHello");
    byte[] request = hello.request("{\"name\":\"Ann\"}");
    assertThat(HexFormat.of().formatHex(request)).isEqualTo("0a03416e6e");
    assertThat(JsonText.read(hello.response(request)).at("message").text()).isEqualTo("Ann");
    assertThat(hello.request("")).isEmpty();
  }

  @Test
  void namesTheFieldsThatThereAre() {
    assertThatThrownBy(() -> find("helloworld.Greeter/SayHello").request("{\"nam\":1}"))
        .isInstanceOf(SkepException.class)
        .hasMessageContaining("helloworld.HelloRequest with name");
  }

  @Test
  void suggestsTheMethodThatWasMeant() {
    assertThatThrownBy(() -> find("helloworld.Greeter/SayHell"))
        .hasMessageContaining("did you mean SayHello?");
    assertThatThrownBy(() -> find("helloworld.Greet/SayHello"))
        .hasMessageContaining("no service helloworld.Greet");
  }

  @Test
  void splitsABodyIntoItsMessages() {
    byte[] body = HexFormat.of().parseHex("000000000101" + "0000000000" + "00000000020203");
    assertThat(GrpcMethod.messages(body))
        .containsExactly(new byte[] {1}, new byte[0], new byte[] {2, 3});
  }

  @Test
  void refusesABodyThatIsCutOff() {
    byte[] body = HexFormat.of().parseHex("00000000ff01");
    assertThatThrownBy(() -> GrpcMethod.messages(body))
        .isInstanceOf(SkepException.class)
        .hasMessageContaining("cut off");
  }
}
