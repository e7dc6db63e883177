package dev.skep.eventing;

import static dev.skep.eventing.World.ref;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.api.EventingKind;
import dev.skep.eventing.World.Answer;
import dev.skep.store.ResourceKind;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EventingTest {
  private static final String BROKERS = "broker-ingress.knative-eventing.svc.cluster.local";

  @TempDir Path folder;
  private World world;

  @BeforeEach
  void begin() throws IOException {
    world = new World(folder, new EventQueue.Budget(20, 1 << 20));
  }

  @AfterEach
  void end() {
    world.close();
  }

  private void broker(String spec) {
    world.apply(EventingKind.BROKER, "default", spec);
  }

  private void trigger(String name, String more) {
    world.apply(EventingKind.TRIGGER, name, "{'subscriber':%s%s}".formatted(ref(name), more));
  }

  private void take(String type) {
    assertThat(world.post(type).status()).isEqualTo(202);
    world.settle();
  }

  // ---------------------------------------------------------------- taking events

  @Test
  void eventsOfBothModesReachTheTriggersWhoseFiltersTheyPass() {
    broker("{}");
    world.function("all", _ -> Answer.OK);
    world.function("orders", _ -> Answer.OK);
    trigger("all", "");
    trigger("orders", ",'filters':[{'prefix':{'type':'order.'}}]");
    take("order.made");
    assertThat(
            world
                .send(
                    "POST",
                    BROKERS,
                    "/default/default",
                    Map.of("Content-Type", "application/cloudevents+json"),
                    "{\"specversion\":\"1.0\",\"id\":\"2\",\"source\":\"/s\",\"type\":\"other\",\"data\":{\"a\":1}}")
                .status())
        .isEqualTo(202);
    world.settle();
    assertThat(world.types("all")).containsExactly("order.made", "other");
    assertThat(world.types("orders")).containsExactly("order.made");
    assertThat(world.seen("all").getLast().body()).isEqualTo("{\"a\":1}");
    assertThat(world.seen("all").getFirst().headers())
        .containsEntry("ce-id", "1")
        .containsEntry("prefer", "reply")
        .doesNotContainKey("ce-knativebrokerttl");
    assertThat(world.waiting()).isZero();
  }

  @Test
  void answersSayWhatIsWrong() {
    broker("{}");
    assertThat(world.post(BROKERS, "/default/none", "t"))
        .satisfies(
            answer -> {
              assertThat(answer.status()).isEqualTo(404);
              assertThat(answer.text()).contains("no broker or channel at " + BROKERS);
            });
    assertThat(world.post("other.default", "/default/default", "t").status()).isEqualTo(404);
    assertThat(world.send("POST", BROKERS, "/default/default", Map.of(), "{}"))
        .satisfies(
            answer -> {
              assertThat(answer.status()).isEqualTo(400);
              assertThat(answer.text()).contains("no CloudEvent: ");
            });
    assertThat(world.send("GET", BROKERS, "/default/default", Map.of(), "").status())
        .isEqualTo(405);
    assertThat(world.send("OPTIONS", BROKERS, "/default/default", Map.of(), "").status())
        .isEqualTo(200);
    assertThat(
            world
                .send("POST", BROKERS, "/default/default", Map.of(), "x".repeat((256 << 10) + 1))
                .status())
        .isEqualTo(413);
    assertThat(world.post("t").status()).as("nobody gets it").isEqualTo(202);
    assertThat(world.post("broker-ingress.knative-eventing:8080", "/default/default", "t").status())
        .as("a short name, with a port")
        .isEqualTo(202);
  }

  @Test
  void aFullQueueIsNotAcknowledged() {
    broker("{'delivery':{'retry':9,'backoffDelay':'PT1H'}}");
    world.function("f", _ -> Answer.status(503));
    trigger("f", "");
    for (int i = 0; i < 20; i++) {
      take("t");
    }
    Wire full = world.post("t");
    assertThat(full.status()).isEqualTo(507);
    assertThat(full.text()).contains("the queue is full: 20 deliveries");
  }

  // ---------------------------------------------------------------- delivering them

  @Test
  void retriesWithBackoffThenSendsToTheDeadLetterSink() {
    world.function("dead", _ -> Answer.OK);
    broker(
        "{'delivery':{'retry':2,'backoffPolicy':'exponential','backoffDelay':'PT1S','deadLetterSink':%s}}"
            .formatted(ref("dead")));
    world.function("f", _ -> new Answer(503, Map.of(), "not today"));
    trigger("f", "");
    take("t");
    assertThat(world.seen("f")).hasSize(1);
    world.advance(Duration.ofMillis(1_999));
    assertThat(world.seen("f")).hasSize(1);
    world.advance(Duration.ofMillis(1));
    assertThat(world.seen("f")).hasSize(2);
    world.advance(Duration.ofSeconds(3));
    assertThat(world.seen("f")).hasSize(2);
    world.advance(Duration.ofSeconds(1));
    assertThat(world.seen("f")).hasSize(3);
    assertThat(world.seen("dead")).hasSize(1);
    assertThat(world.seen("dead").getFirst().headers())
        .containsEntry("ce-type", "t")
        .containsEntry("ce-knativeerrordest", "http://f.default.svc.cluster.local")
        .containsEntry("ce-knativeerrorcode", "503")
        .containsEntry("ce-knativeerrordata", "not%20today");
    assertThat(world.waiting()).isZero();
  }

  @Test
  void whatNoRetryHelpsGoesToTheTriggersOwnSinkAtOnce() {
    world.function("dead", _ -> Answer.OK);
    broker("{}");
    world.function("f", _ -> Answer.status(400));
    trigger("f", ",'delivery':{'retry':5,'deadLetterSink':" + ref("dead") + "}");
    take("t");
    assertThat(world.seen("f")).hasSize(1);
    assertThat(world.seen("dead")).hasSize(1);
  }

  @Test
  void aDeadLetterSinkThatFailsIsTriedAgainAndThenTheEventIsDropped() {
    world.function("dead", _ -> Answer.status(500));
    broker("{}");
    world.function("f", _ -> Answer.status(400));
    trigger(
        "f", ",'delivery':{'retry':1,'backoffDelay':'PT1S','deadLetterSink':" + ref("dead") + "}");
    take("t");
    world.advance(Duration.ofSeconds(2));
    assertThat(world.seen("dead")).hasSize(2);
    assertThat(world.waiting()).isZero();
  }

  @Test
  void aBodyThatIsNoEventIsAFailureOfATriggersSubscriber() {
    world.function("dead", _ -> Answer.OK);
    broker("{}");
    world.function("f", _ -> new Answer(200, Map.of(), "hello"));
    trigger("f", ",'delivery':{'deadLetterSink':" + ref("dead") + "}");
    take("t");
    assertThat(world.seen("dead").getFirst().headers()).containsEntry("ce-knativeerrorcode", "502");
  }

  @Test
  void theHostItselfIsNoDestination() {
    world.function("dead", _ -> Answer.OK);
    broker("{}");
    world.apply(
        EventingKind.TRIGGER,
        "host",
        "{'subscriber':{'uri':'http://127.0.0.1:1/'},'delivery':{'deadLetterSink':%s}}"
            .formatted(ref("dead")));
    take("t");
    assertThat(world.seen("dead").getFirst().headers()).containsEntry("ce-knativeerrorcode", "-1");
  }

  // ---------------------------------------------------------------- replies

  @Test
  void repliesAreEventsOfTheBroker() {
    broker("{}");
    world.function("first", _ -> Answer.event("made"));
    world.function("second", _ -> Answer.OK);
    trigger("first", ",'filter':{'attributes':{'type':'asked'}}");
    trigger("second", ",'filter':{'attributes':{'type':'made'}}");
    take("asked");
    assertThat(world.types("second")).containsExactly("made");
    assertThat(world.seen("second").getFirst().body()).isEqualTo("a reply");
  }

  @Test
  void repliesThatGoRoundEndAfterTwoHundredFiftyFiveTurns() {
    broker("{}");
    world.function("f", _ -> Answer.event("again"));
    trigger("f", "");
    take("again");
    assertThat(world.seen("f")).hasSize(255);
    assertThat(world.waiting()).isZero();
  }

  // ---------------------------------------------------------------- what survives what

  @Test
  void whatWasAcknowledgedIsDeliveredByTheNextDaemon() {
    broker("{'delivery':{'retry':9,'backoffDelay':'PT1H'}}");
    world.function("f", _ -> Answer.OK);
    world.function("late", seen -> world.seen("late").size() == 1 ? Answer.status(503) : Answer.OK);
    trigger("f", "");
    trigger("late", "");
    assertThat(world.post("t").status()).isEqualTo(202);
    assertThat(world.seen("f")).isEmpty();
    world.restart();
    world.settle();
    assertThat(world.seen("f")).hasSize(1);
    assertThat(world.seen("late")).as("waits for its retry").hasSize(1);
    world.restart();
    world.settle();
    assertThat(world.seen("f")).as("it had it").hasSize(1);
    assertThat(world.seen("late")).hasSize(2);
    assertThat(world.waiting()).isZero();
  }

  @Test
  void whatWaitsForATriggerGoesWithIt() {
    broker("{}");
    world.function("f", _ -> Answer.OK);
    trigger("f", "");
    assertThat(world.post("t").status()).isEqualTo(202);
    world.store.delete(ResourceKind.TRIGGER, "default", "f");
    world.restart();
    world.settle();
    assertThat(world.seen("f")).isEmpty();
    assertThat(world.waiting()).isZero();
  }

  @Test
  void aBrokerThatIsDeletedTakesNoEventsAndDropsThoseThatWait() {
    broker("{'delivery':{'retry':3,'backoffDelay':'PT1S'}}");
    world.function("f", _ -> Answer.status(503));
    trigger("f", "");
    take("t");
    world.delete(ResourceKind.BROKER, "default");
    assertThat(world.post("t").status()).isEqualTo(404);
    assertThat(world.hosts()).isEmpty();
    assertThat(world.condition(ResourceKind.TRIGGER, "f", "Ready"))
        .isEqualTo("False: BrokerDoesNotExist");
    world.advance(Duration.ofSeconds(2));
    assertThat(world.seen("f")).hasSize(1);
    assertThat(world.waiting()).isZero();
  }

  // ---------------------------------------------------------------- statuses

  @Test
  void statusesSayWhatIsMissingAndWhereThingsAre() {
    trigger("f", "");
    assertThat(world.condition(ResourceKind.TRIGGER, "f", "BrokerReady"))
        .isEqualTo("False: BrokerDoesNotExist");
    assertThat(world.condition(ResourceKind.TRIGGER, "f", "SubscriberResolved"))
        .isEqualTo("False: NotFound");
    broker("{}");
    world.function("f", _ -> Answer.OK);
    assertThat(world.condition(ResourceKind.TRIGGER, "f", "Ready")).isEqualTo("True");
    assertThat(world.get(ResourceKind.TRIGGER, "f").status().path("subscriberUri").asString())
        .isEqualTo("http://f.default.svc.cluster.local");
    assertThat(world.condition(ResourceKind.BROKER, "default", "Ready")).isEqualTo("True");
    assertThat(world.get(ResourceKind.BROKER, "default").status().at("/address/url").asString())
        .isEqualTo("http://" + BROKERS + "/default/default");
    assertThat(world.hosts())
        .contains(
            BROKERS, "broker-ingress.knative-eventing", "broker-ingress.knative-eventing.svc");
    long version = world.get(ResourceKind.TRIGGER, "f").resourceVersion();
    world.changed();
    assertThat(world.get(ResourceKind.TRIGGER, "f").resourceVersion()).isEqualTo(version);
  }

  // ---------------------------------------------------------------- channels

  @Test
  void channelsGiveEachSubscriptionEveryEventAndRepliesGoOn() {
    world.apply(EventingKind.CHANNEL, "pipe", "{}");
    world.function("a", _ -> Answer.event("made"));
    world.function("b", _ -> new Answer(200, Map.of(), "not an event"));
    world.function("next", _ -> Answer.OK);
    String channel =
        "'channel':{'apiVersion':'messaging.knative.dev/v1','kind':'Channel','name':'pipe'}";
    world.apply(
        EventingKind.SUBSCRIPTION,
        "a",
        "{%s,'subscriber':%s,'reply':%s}".formatted(channel, ref("a"), ref("next")));
    world.apply(
        EventingKind.SUBSCRIPTION, "b", "{%s,'subscriber':%s}".formatted(channel, ref("b")));
    world.apply(EventingKind.SUBSCRIPTION, "on", "{%s,'reply':%s}".formatted(channel, ref("next")));
    Wire taken = world.post("pipe-kn-channel.default.svc.cluster.local", "/", "t");
    assertThat(taken.status()).as(taken.text()).isEqualTo(202);
    world.settle();
    assertThat(world.types("a")).containsExactly("t");
    assertThat(world.types("b")).containsExactly("t");
    assertThat(world.types("next")).containsExactlyInAnyOrder("t", "made");
    assertThat(world.waiting()).isZero();
    assertThat(world.condition(ResourceKind.SUBSCRIPTION, "a", "Ready")).isEqualTo("True");
    assertThat(
            world
                .get(ResourceKind.SUBSCRIPTION, "a")
                .status()
                .at("/physicalSubscription/replyUri")
                .asString())
        .isEqualTo("http://next.default.svc.cluster.local");
    assertThat(world.get(ResourceKind.CHANNEL, "pipe").status().at("/address/url").asString())
        .isEqualTo("http://pipe-kn-channel.default.svc.cluster.local");
  }

  // ---------------------------------------------------------------- sources

  @Test
  void pingSourcesSendWhenTheirScheduleSaysSo() {
    world.function("f", _ -> Answer.OK);
    world.apply(
        EventingKind.PING_SOURCE,
        "tick",
        "{'schedule':'*/2 * * * *','contentType':'application/json','data':'{}','sink':%s,'ceOverrides':{'extensions':{'team':'a'}}}"
            .formatted(ref("f")));
    world.advance(Duration.ofSeconds(119));
    assertThat(world.seen("f")).isEmpty();
    for (int i = 0; i < 8; i++) {
      world.advance(Duration.ofSeconds(31)); // nobody sleeps longer than 30 s
    }
    assertThat(world.seen("f")).hasSize(3);
    assertThat(world.seen("f").getFirst().headers())
        .containsEntry("ce-type", "dev.knative.sources.ping")
        .containsEntry("ce-source", "/apis/v1/namespaces/default/pingsources/tick")
        .containsEntry("ce-time", "2026-01-01T00:02:00Z")
        .containsEntry("ce-team", "a")
        .containsEntry("content-type", "application/json");
    world.delete(ResourceKind.PING_SOURCE, "tick");
    world.advance(Duration.ofMinutes(10));
    assertThat(world.seen("f")).hasSize(3);
  }
}
