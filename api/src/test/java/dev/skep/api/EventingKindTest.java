package dev.skep.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.node.ObjectNode;

class EventingKindTest {
  private static final String REF =
      "{'ref':{'apiVersion':'serving.knative.dev/v1','kind':'Service','name':'f'}}";

  private static ApiObject admitted(EventingKind kind, String spec) {
    ObjectNode object =
        ApiJson.parse(
            "{'metadata':{'name':'x','namespace':'default','creationTimestamp':null},'spec':%s}"
                .formatted(spec)
                .replace('\'', '"')
                .getBytes(StandardCharsets.UTF_8));
    assertThat(kind.prune(object).unknown()).isEmpty();
    kind.applyDefaults(object, Optional.empty());
    var admitted = new ApiObject(object);
    kind.validate(admitted, Optional.empty());
    return admitted;
  }

  private static void refused(EventingKind kind, String spec, String... messages) {
    assertThatThrownBy(() -> admitted(kind, spec))
        .isInstanceOf(SkepException.class)
        .hasMessageContainingAll(messages);
  }

  @Test
  void brokersGetTheirClassAndKnativesRetries() {
    ApiObject broker = admitted(EventingKind.BROKER, "{}");
    assertThat(broker.annotations())
        .containsEntry("eventing.knative.dev/broker.class", "MTChannelBasedBroker");
    assertThat(broker.spec().path("delivery").toString())
        .isEqualTo("{\"retry\":10,\"backoffPolicy\":\"exponential\",\"backoffDelay\":\"PT0.2S\"}");
  }

  @Test
  void triggersGetABrokerALabelAndTheNamespaceOfTheirSubscriber() {
    ApiObject trigger = admitted(EventingKind.TRIGGER, "{'subscriber':" + REF + "}");
    assertThat(trigger.spec().path("broker").asString()).isEqualTo("default");
    assertThat(trigger.labels()).containsEntry("eventing.knative.dev/broker", "default");
    assertThat(trigger.spec().at("/subscriber/ref/namespace").asString()).isEqualTo("default");
  }

  @Test
  void namesEveryWrongField() {
    refused(
        EventingKind.TRIGGER,
        "{'delivery':{'retry':-1,'backoffPolicy':'steep','backoffDelay':'2s','timeout':'-PT1S'}}",
        "validation failed: ",
        "invalid value: -1: spec.delivery.retry",
        "invalid value: steep: spec.delivery.backoffPolicy",
        "invalid value: 2s: spec.delivery.backoffDelay",
        "expected an ISO 8601 duration such as PT0.2S or PT1M",
        "invalid value: -PT1S: spec.delivery.timeout",
        "expected at least one, got none: spec.subscriber.ref, spec.subscriber.uri");
    refused(
        EventingKind.TRIGGER,
        "{'subscriber':{'uri':'/relative'}}",
        "Relative URI is not allowed when Ref is absent");
    refused(
        EventingKind.SUBSCRIPTION,
        "{}",
        "missing field(s): spec.channel, spec.reply, spec.subscriber");
    refused(
        EventingKind.PING_SOURCE,
        "{'schedule':'* * *','timezone':'Mars/Olympus','data':'{','contentType':'application/json','dataBase64':'!','sink':{},'ceOverrides':{'extensions':{'Team':'a'}}}",
        "invalid key name \"Team\": spec.ceOverrides.extensions",
        "invalid value: * * *: spec.schedule\nexpected 5 to 6 fields, found 3",
        "invalid value: Mars/Olympus: spec.timezone",
        "expected exactly one, got both: spec.data, spec.dataBase64",
        "invalid value: !: spec.dataBase64",
        "expected at least one, got none: spec.sink.ref, spec.sink.uri");
  }

  @Test
  void aTriggerKeepsItsBroker() {
    ApiObject before = admitted(EventingKind.TRIGGER, "{'broker':'a','subscriber':" + REF + "}");
    ApiObject after = admitted(EventingKind.TRIGGER, "{'broker':'b','subscriber':" + REF + "}");
    assertThatThrownBy(() -> EventingKind.TRIGGER.validate(after, Optional.of(before)))
        .hasMessageContaining("Immutable fields changed (-old +new): broker, spec");
  }

  @Test
  void waitsGrowAsThePolicySays() {
    DeliverySpec exponential = DeliverySpec.DEFAULT;
    assertThat(waits(exponential, 4)).containsExactly(400L, 800L, 1600L, 3200L);
    assertThat(exponential.wait(60)).isEqualTo(Duration.ofHours(1));
    var linear =
        new DeliverySpec(3, DeliverySpec.Backoff.LINEAR, Duration.ofMillis(200), Optional.empty());
    assertThat(waits(linear, 4)).containsExactly(200L, 400L, 600L, 800L);
  }

  private static List<Long> waits(DeliverySpec spec, int retries) {
    return IntStream.rangeClosed(1, retries).mapToObj(n -> spec.wait(n).toMillis()).toList();
  }
}
