package dev.skep.eventing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.SkepException;
import io.cloudevents.CloudEvent;
import io.cloudevents.core.builder.CloudEventBuilder;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HttpEventsTest {
  private static final Map<String, String> STRUCTURED =
      Map.of("content-type", "application/cloudevents+json; charset=utf-8");

  private static CloudEvent structured(String json) {
    return HttpEvents.read(STRUCTURED, json.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }

  private static String data(CloudEvent event) {
    return new String(Objects.requireNonNull(event.getData()).toBytes(), StandardCharsets.UTF_8);
  }

  @Test
  void readsBinaryMode() {
    CloudEvent event =
        HttpEvents.read(
            Map.of(
                "ce-specversion", "1.0",
                "ce-id", "a%20b%C3%A9",
                "ce-source", "/s",
                "ce-type", "t",
                "ce-time", "2026-01-01T00:00:00Z",
                "ce-myext", "7",
                "content-type", "text/plain"),
            "hello".getBytes(StandardCharsets.UTF_8));
    assertThat(Events.attributes(event))
        .isEqualTo(
            Map.of(
                "specversion", "1.0",
                "id", "a bé",
                "source", "/s",
                "type", "t",
                "time", "2026-01-01T00:00:00Z",
                "myext", "7",
                "datacontenttype", "text/plain"));
    assertThat(data(event)).isEqualTo("hello");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'data':{'a':1} | {\"a\":1}",
        "'data':'text' | \"text\"",
        "'datacontenttype':'text/plain','data':'text' | text",
        "'datacontenttype':'application/vnd.x+json; a=b','data':[1] | [1]",
        "'data_base64':'aGVsbG8=' | hello",
      })
  void readsStructuredMode(String members, String data) {
    CloudEvent event =
        structured("{'specversion':'1.0','id':'1','source':'/s','type':'t'," + members + "}");
    assertThat(data(event)).isEqualTo(data);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'specversion':'1.0','source':'/s','type':'t'} | id",
        "{'specversion':'0.3','id':'1','source':'/s','type':'t'} | specversion: \"0.3\" (expected: 1.0)",
        "{'specversion':'1.0','id':'1','source':'/s','type':'t','Bad':'x'} | Bad",
        "{'specversion':'1.0','id':'1','source':'/s','type':'t','x':{}} | x: OBJECT (expected: a string",
        "{'specversion':'1.0','id':'1','source':'/s','type':'t','time':'noon'} | noon",
        "not json | no JSON object",
        "[] | expected: a JSON object",
      })
  void saysWhyAMessageIsNoEvent(String json, String message) {
    assertThatThrownBy(() -> structured(json))
        .isInstanceOf(SkepException.class)
        .hasMessageContaining("no CloudEvent: ")
        .hasMessageContaining(message);
  }

  @Test
  void refusesWhatHasNoMode() {
    assertThatThrownBy(() -> HttpEvents.read(Map.of("content-type", "text/plain"), new byte[1]))
        .hasMessageContaining("content type \"text/plain\", no ce-specversion");
    assertThatThrownBy(
            () ->
                HttpEvents.read(
                    Map.of("content-type", "application/cloudevents-batch+json"), new byte[1]))
        .hasMessageContaining("application/cloudevents-batch+json");
  }

  @Test
  void whatIsWrittenIsReadAgainByteForByte() {
    CloudEvent event =
        CloudEventBuilder.v1()
            .withId("100% \"sure\" €\n")
            .withSource(URI.create("urn:x:y"))
            .withType("t")
            .withExtension("number", 7)
            .withExtension("flag", true)
            .withData("application/json", "{ \"a\":1.50 }".getBytes(StandardCharsets.UTF_8))
            .build();
    var headers = new TreeMap<String, String>();
    byte[][] body = new byte[1][];
    HttpEvents.write(
        event, (name, value) -> headers.put(name.toLowerCase(), value), b -> body[0] = b);
    assertThat(headers).containsEntry("ce-id", "100%25%20%22sure%22%20%E2%82%AC%0A");
    CloudEvent read = HttpEvents.read(headers, body[0]);
    assertThat(Events.attributes(read)).isEqualTo(Events.attributes(event));
    assertThat(data(read)).isEqualTo("{ \"a\":1.50 }");

    var json = new JsonEvents();
    CloudEvent kept = json.deserialize(json.serialize(event));
    assertThat(kept).isEqualTo(event);
  }
}
