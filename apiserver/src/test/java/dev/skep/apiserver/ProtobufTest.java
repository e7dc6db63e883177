package dev.skep.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.ApiJson;
import dev.skep.apiserver.RunningApi.Answer;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Bytes that Go's serializer has made (k8s.io/apimachinery 0.37), and the JSON of the same objects.
 */
class ProtobufTest extends ApiTest {
  private static final String TYPE = "application/vnd.kubernetes.protobuf";
  private static final String CONFIG_MAP =
      "azhzAAoPCgJ2MRIJQ29uZmlnTWFwEkwKNgoIc2V0dGluZ3MSABoAIgAqADIAOABCAFoGCgFhEgFiahQKBlNl"
          + "Y3JldBoBeCIBdSoCdjEwABIGCgFrEgF2GggKAWISAwAB/yAAGgAiAA==";
  private static final String DELETE_OPTIONS =
      "azhzAAoTCgJ2MRINRGVsZXRlT3B0aW9ucxISEgQKAnUxIgpGb3JlZ3JvdW5kGgAiAA==";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "azhzAAoPCgJ2MRIJQ29uZmlnTWFwEkwKNgoIc2V0dGluZ3MSABoAIgAqADIAOABCAFoGCgFhEgFiahQK"
            + "BlNlY3JldBoBeCIBdSoCdjEwABIGCgFrEgF2GggKAWISAwAB/yAAGgAiAA=="
            + " "
            + "{'kind':'ConfigMap','apiVersion':'v1','metadata':{'name':'settings','labels':{'a"
            + "':'b'},'ownerReferences':[{'apiVersion':'v1','kind':'Secret','name':'x','uid':'u"
            + "','controller':false}]},'immutable':false,'data':{'k':'v'},'binaryData':{'b':'AA"
            + "H/'}}",
        "azhzAAoMCgJ2MRIGU2VjcmV0EjIKFQoAEgVrZXlzLRoAIgAqADIAOABCABIGCgFiEgF4GgZPcGFxdWUi"
            + "CQoBYRIEaHVzaBoAIgA="
            + " "
            + "{'kind':'Secret','apiVersion':'v1','metadata':{'generateName':'keys-'},'data':{'"
            + "b':'eA=='},'stringData':{'a':'hush'},'type':'Opaque'}",
        "azhzAAoPCgJ2MRIJTmFtZXNwYWNlEigKFAoEdGVhbRIAGgAiACoAMgA4AEIAEgwKCmt1YmVybmV0ZXMa"
            + "AgoAGgAiAA=="
            + " "
            + "{'kind':'Namespace','apiVersion':'v1','metadata':{'name':'team'},'spec':{'finali"
            + "zers':['kubernetes']}}",
        "azhzAAoVCgdhcHBzL3YxEgpEZXBsb3ltZW50Et4BChEKAWQSABoAIgAqADIAOABCABK6AQgAEggKBgoB"
            + "YRIBYhqjAQoQCgASABoAIgAqADIAOABCABKOAQoJCgF2EgQSAgoAEmEKAWMSAWkqADoTCgFFEgAaDCIK"
            + "CgMKAXMSAWsYAEIPCg0KA2NwdRIGCgQ1MDBtWiEKFRITCgEvEgoIARAAGgRodHRwGgAiABAAGAAgAygA"
            + "MABqAHIAgAEAiAEAkAEAogEAGgAyAEIASgBSAFgAYABoAHICEACCAQCKAQCaAQDCAQAiAgoAKAA4ABoM"
            + "CAAQABgAIAAoADgAGgAiAA=="
            + " "
            + "{'kind':'Deployment','apiVersion':'apps/v1','metadata':{'name':'d'},'spec':{'rep"
            + "licas':0,'selector':{'matchLabels':{'a':'b'}},'template':{'spec':{'volumes':[{'n"
            + "ame':'v','emptyDir':{}}],'containers':[{'name':'c','image':'i','env':[{'name':'E"
            + "','valueFrom':{'secretKeyRef':{'name':'s','key':'k','optional':false}}}],'resour"
            + "ces':{'limits':{'cpu':'500m'}},'readinessProbe':{'httpGet':{'path':'/','port':'h"
            + "ttp'},'periodSeconds':3}}],'securityContext':{'runAsUser':0}}}}}",
        "azhzAAoNCgJ2MRIHU2VydmljZRJEChkKAXMSABoAIgAqADIAOABCCAiA4s+qBhAAEiMKEQoAEgAYUCIH"
            + "CAAQkD8aACgAGgAiADoAQgBSAFoAYABoABoCCgAaACIA"
            + " "
            + "{'kind':'Service','apiVersion':'v1','metadata':{'name':'s','creationTimestamp':'"
            + "2023-11-14T22:13:20Z'},'spec':{'ports':[{'port':80,'targetPort':8080}]}}",
        "azhzAAoTCgJ2MRINRGVsZXRlT3B0aW9ucxISEgQKAnUxIgpGb3JlZ3JvdW5kGgAiAA=="
            + " "
            + "{'kind':'DeleteOptions','apiVersion':'v1','preconditions':{'uid':'u1'},'propagat"
            + "ionPolicy':'Foreground'}",
        "azhzAAoyChdhdXRob3JpemF0aW9uLms4cy5pby92MRIXU2VsZlN1YmplY3RBY2Nlc3NSZXZpZXcSPwoQ"
            + "CgASABoAIgAqADIAOABCABIhCh8KB2RlZmF1bHQSA2dldBoAIgAqB3NlY3JldHMyADoAGggIABIAGgAg"
            + "ABoAIgA="
            + " "
            + "{'kind':'SelfSubjectAccessReview','apiVersion':'authorization.k8s.io/v1','spec':"
            + "{'resourceAttributes':{'namespace':'default','verb':'get','resource':'secrets'}}"
            + "}"
      })
  void meansTheSameAsJson(String bytesAndJson) {
    String[] parts = bytesAndJson.split(" ", 2);
    byte[] json = parts[1].replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    assertThat(Protobuf.parse(Base64.getDecoder().decode(parts[0]))).isEqualTo(ApiJson.parse(json));
  }

  private Answer send(String method, String path, String body) throws Exception {
    return api.send(
        api.request(path)
            .header("Content-Type", TYPE)
            .header("Accept", TYPE + ",application/json")
            .method(method, BodyPublishers.ofByteArray(Base64.getDecoder().decode(body))));
  }

  @Test
  void isReadWhereJsonIs() throws Exception {
    String maps = "/api/v1/namespaces/default/configmaps";
    Answer created = send("POST", maps, CONFIG_MAP);
    assertThat(created.status()).as(created.message()).isEqualTo(201);
    assertThat(created.at("/binaryData/b")).isEqualTo("AAH/");
    Answer refused = send("DELETE", maps + "/settings", DELETE_OPTIONS);
    assertThat(refused.message()).contains("UID in precondition: u1");
    assertThat(send("POST", maps, DELETE_OPTIONS).status()).isEqualTo(400);
  }

  @Test
  void saysWhatIsMalformed() {
    byte[] whole = Base64.getDecoder().decode(CONFIG_MAP);
    assertThatThrownBy(() -> Protobuf.parse(Arrays.copyOf(whole, whole.length - 1)))
        .hasMessageContaining("with");
    assertThatThrownBy(() -> Protobuf.parse(new byte[] {1, 2}))
        .hasMessageContaining("does not appear to be a protobuf message");
    assertThatThrownBy(() -> Protobuf.parse(new byte[] {'k', '8', 's', 0, 10, 4, 18, 2, 'X', 'y'}))
        .hasMessageContaining("kind \"Xy\" is not known");
  }
}
