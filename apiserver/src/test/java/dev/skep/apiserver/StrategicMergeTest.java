package dev.skep.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.ApiJson;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.node.ObjectNode;

class StrategicMergeTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        // objects, as merge patch has them
        "{'a':{'b':1,'c':2}}; {'a':{'b':null,'d':3}}; {'a':{'c':2,'d':3}}",
        "{'a':{'b':1}}; {'a':{'$patch':'replace','c':2}}; {'a':{'c':2}}",
        "{'a':{'b':1}}; {'a':{'$patch':'delete'}}; {'a':{}}",
        "{'a':{'b':1,'c':2}}; {'a':{'$retainKeys':['b'],'b':3}}; {'a':{'b':3}}",
        // keyed lists
        "{'containers':[{'name':'a','image':'1'},{'name':'b'}]};"
            + " {'containers':[{'name':'a','image':'2'}]};"
            + " {'containers':[{'name':'a','image':'2'},{'name':'b'}]}",
        "{'env':[{'name':'A','value':'1'}]}; {'env':[{'name':'B','value':'2'}]};"
            + " {'env':[{'name':'A','value':'1'},{'name':'B','value':'2'}]}",
        "{'env':[{'name':'A'},{'name':'B'}]}; {'env':[{'name':'A','$patch':'delete'}]};"
            + " {'env':[{'name':'B'}]}",
        "{'env':[{'name':'A'}]}; {'env':[{'$patch':'replace'},{'name':'C'}]}; {'env':[{'name':'C'}]}",
        "{'ports':[{'containerPort':80}]}; {'ports':[{'containerPort':80,'name':'http'}]};"
            + " {'ports':[{'containerPort':80,'name':'http'}]}",
        "{'ports':[{'port':80}]}; {'ports':[{'port':81}]}; {'ports':[{'port':80},{'port':81}]}",
        "{'volumeMounts':[{'mountPath':'/a','name':'x'}]};"
            + " {'volumeMounts':[{'mountPath':'/a','name':'y'}]};"
            + " {'volumeMounts':[{'mountPath':'/a','name':'y'}]}",
        "{'env':[{'name':'A'},{'name':'B'}]};"
            + " {'$setElementOrder/env':[{'name':'C'},{'name':'B'},{'name':'A'}],'env':[{'name':'C'}]};"
            + " {'env':[{'name':'C'},{'name':'B'},{'name':'A'}]}",
        // sets and whole lists
        "{'finalizers':['a']}; {'finalizers':['a','b']}; {'finalizers':['a','b']}",
        "{'finalizers':['a','b']}; {'$deleteFromPrimitiveList/finalizers':['a']};"
            + " {'finalizers':['b']}",
        "{'args':['a','b']}; {'args':['c']}; {'args':['c']}"
      })
  void mergesByTheKeysOfLists(String target, String patch, String result) {
    ObjectNode before = object(target);
    assertThat(StrategicMerge.merge(before, object(patch))).isEqualTo(object(result));
    assertThat(before).isEqualTo(object(target));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "{'env':[{'value':'1'}]}; does not contain declared merge key: name",
        "{'env':['A']}; expected: objects",
        "{'a':{'$patch':'jump'}}; unknown directive"
      })
  void saysWhatIsNoPatch(String patch, String message) {
    assertThatThrownBy(() -> StrategicMerge.merge(object("{'env':[{'name':'A'}]}"), object(patch)))
        .hasMessageContaining(message);
  }

  private static ObjectNode object(String json) {
    return (ObjectNode) ApiJson.mapper().readTree(json.replace('\'', '"'));
  }
}
