package dev.skep.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The examples of the CloudEvents subscriptions specification (3.2.4.1), and their edges. */
class EventFilterTest {
  private static final Map<String, String> EVENT =
      Map.of(
          "specversion", "1.0",
          "id", "1",
          "type", "com.github.push",
          "source", "https://github.com/cloudevents",
          "subject", "test/abc",
          "priority", "7");

  private static boolean passes(String spec) {
    return EventFilter.of(tree(spec)).matches(EVENT);
  }

  private static tools.jackson.databind.node.ObjectNode tree(String spec) {
    return ApiJson.parse(spec.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'exact':{'type':'com.github.push'}} | true",
        "{'exact':{'type':'com.github.Push'}} | false",
        "{'exact':{'type':'com.github.push','subject':'test/abc'}} | true",
        "{'exact':{'type':'com.github.push','subject':'other'}} | false",
        "{'exact':{'missing':''}} | false",
        "{'exact':{'priority':'7'}} | true",
        "{'prefix':{'type':'com.github.','subject':'test'}} | true",
        "{'prefix':{'type':'github'}} | false",
        "{'prefix':{'missing':''}} | false",
        "{'suffix':{'type':'.push','subject':'abc'}} | true",
        "{'suffix':{'type':'.pull'}} | false",
        "{'all':[{'prefix':{'type':'com.'}},{'suffix':{'subject':'abc'}}]} | true",
        "{'all':[{'prefix':{'type':'com.'}},{'suffix':{'subject':'xyz'}}]} | false",
        "{'any':[{'exact':{'type':'no'}},{'suffix':{'subject':'abc'}}]} | true",
        "{'any':[{'exact':{'type':'no'}},{'suffix':{'subject':'xyz'}}]} | false",
        "{'not':{'exact':{'type':'no'}}} | true",
        "{'not':{'exact':{'type':'com.github.push'}}} | false",
        "{'not':{'exact':{'missing':'x'}}} | true",
        "{'not':{'any':[{'exact':{'type':'no'}},{'prefix':{'id':'1'}}]}} | false",
      })
  void decidesAsTheSpecificationSays(String filter, boolean expected) {
    assertThat(passes("{'filters':[" + filter + "]}")).isEqualTo(expected);
  }

  @Test
  void everyFilterOfTheListMustPass() {
    assertThat(passes("{'filters':[{'prefix':{'type':'com'}},{'suffix':{'type':'push'}}]}"))
        .isTrue();
    assertThat(passes("{'filters':[{'prefix':{'type':'com'}},{'suffix':{'type':'pull'}}]}"))
        .isFalse();
  }

  @Test
  void filtersOverrideAttributesAndAnEmptyAttributeMeansAny() {
    assertThat(passes("{}")).isTrue();
    assertThat(passes("{'filter':{'attributes':{'type':'com.github.push','subject':''}}}"))
        .isTrue();
    assertThat(passes("{'filter':{'attributes':{'missing':''}}}")).isFalse();
    assertThat(passes("{'filter':{'attributes':{'type':'no'}}}")).isFalse();
    assertThat(passes("{'filter':{'attributes':{'type':'no'}},'filters':[{'exact':{'id':'1'}}]}"))
        .isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'exact':{'type':'a'},'prefix':{'type':'a'}} | multiple dialects found, filters can have only one dialect set: spec.filters[0]",
        "{'cesql':'type = 1'} | must not set the field(s): spec.filters[0].cesql",
        "{'exacct':{'type':'a'}} | unknown dialect \"exacct\": spec.filters[0].exacct",
        "{} | no dialect found: spec.filters[0]",
        "{'exact':{}} | missing field(s): spec.filters[0].exact.<attribute>",
        "{'all':[]} | missing field(s): spec.filters[0].all[0]",
        "{'not':{'all':[{'exact':{'Type':'a'}}]}} | Invalid attribute name: \"Type\": spec.filters[0].not.all[0].exact",
        "{'prefix':{'type':1}} | expected a string",
      })
  void namesWhatIsWrong(String filter, String message) {
    var errors = new FieldErrors();
    EventFilterValidation.check(tree("{'filters':[" + filter + "]}"), errors);
    assertThat(errors.toString()).contains(message);
  }
}
