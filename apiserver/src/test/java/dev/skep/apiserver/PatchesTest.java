package dev.skep.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.ApiJson;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.node.ObjectNode;

class PatchesTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        // the examples of RFC 7386
        "{\"a\":\"b\"}; {\"a\":\"c\"}; {\"a\":\"c\"}",
        "{\"a\":\"b\"}; {\"b\":\"c\"}; {\"a\":\"b\",\"b\":\"c\"}",
        "{\"a\":\"b\"}; {\"a\":null}; {}",
        "{\"a\":[\"b\"]}; {\"a\":\"c\"}; {\"a\":\"c\"}",
        "{\"a\":\"c\"}; {\"a\":[\"b\"]}; {\"a\":[\"b\"]}",
        "{\"a\":{\"b\":\"c\"}}; {\"a\":{\"b\":\"d\",\"c\":null}}; {\"a\":{\"b\":\"d\"}}",
        "{}; {\"a\":{\"bb\":{\"ccc\":null}}}; {\"a\":{\"bb\":{}}}",
        "{\"e\":null}; {\"a\":1}; {\"e\":null,\"a\":1}"
      })
  void mergesLikeTheStandard(String target, String patch, String result) {
    assertThat(Patches.merge(object(target), object(patch))).isEqualTo(object(result));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "{\"a\":1}; [{\"op\":\"add\",\"path\":\"/b\",\"value\":2}]; {\"a\":1,\"b\":2}",
        "{\"a\":[1,3]}; [{\"op\":\"add\",\"path\":\"/a/1\",\"value\":2}]; {\"a\":[1,2,3]}",
        "{\"a\":[1]}; [{\"op\":\"add\",\"path\":\"/a/-\",\"value\":2}]; {\"a\":[1,2]}",
        "{\"a\":[1,2]}; [{\"op\":\"remove\",\"path\":\"/a/0\"}]; {\"a\":[2]}",
        "{\"a\":[1,2]}; [{\"op\":\"replace\",\"path\":\"/a/1\",\"value\":5}]; {\"a\":[1,5]}",
        "{\"a\":{\"b\":1}}; [{\"op\":\"move\",\"from\":\"/a/b\",\"path\":\"/c\"}]; {\"a\":{},\"c\":1}",
        "{\"a\":{\"b\":1}}; [{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/c\"}]; {\"a\":{\"b\":1},\"c\":{\"b\":1}}",
        "{\"a\":1}; [{\"op\":\"test\",\"path\":\"/a\",\"value\":1}]; {\"a\":1}",
        "{\"a/b\":1}; [{\"op\":\"remove\",\"path\":\"/a~1b\"}]; {}",
        "{\"a\":1}; [{\"op\":\"replace\",\"path\":\"\",\"value\":{\"b\":2}}]; {\"b\":2}"
      })
  void appliesOperationsLikeTheStandard(String target, String patch, String result) {
    ObjectNode before = object(target);
    assertThat(Patches.apply(before, ApiJson.mapper().readTree(patch))).isEqualTo(object(result));
    assertThat(before).isEqualTo(object(target));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "{\"op\":\"remove\",\"path\":\"/x\"}; nothing is at /x",
        "{\"op\":\"replace\",\"path\":\"/x\",\"value\":1}; nothing is at /x",
        "{\"op\":\"add\",\"path\":\"/x/y\",\"value\":1}; nothing is at /x",
        "{\"op\":\"add\",\"path\":\"/a/5\",\"value\":1}; expected: 0 to 1",
        "{\"op\":\"add\",\"path\":\"/a/x\",\"value\":1}; index x",
        "{\"op\":\"remove\",\"path\":\"\"}; nothing is at",
        "{\"op\":\"test\",\"path\":\"/a/0\",\"value\":2}; test failed: found 1",
        "{\"op\":\"add\",\"path\":\"/b\"}; nothing to put there",
        "{\"op\":\"jump\",\"path\":\"/b\"}; operation \"jump\"",
        "{\"op\":\"add\",\"path\":\"b\",\"value\":1}; is no JSON pointer",
        "5; operation \"\""
      })
  void saysWhichOperationCannotBeDone(String operation, String message) {
    assertThatThrownBy(
            () ->
                Patches.apply(
                    object("{\"a\":[1]}"), ApiJson.mapper().readTree("[" + operation + "]")))
        .hasMessageContaining(message);
  }

  @Test
  void wantsAnArray() {
    assertThatThrownBy(() -> Patches.apply(object("{}"), object("{}")))
        .hasMessageContaining("expected: an array");
  }

  private static ObjectNode object(String json) {
    return (ObjectNode) ApiJson.mapper().readTree(json);
  }
}
