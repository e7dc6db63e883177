package dev.skep.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.store.ResourceKind;
import dev.skep.testkit.TestCertificate;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

/** DomainMappings: where their names lead, whose they are, and what they say of themselves. */
final class DomainMappingsTest {
  private static final ResourceKind KIND = ResourceKind.DOMAIN_MAPPING;
  private static final String HOST = "shop.example.com";
  private static final String KNATIVE = "serving.knative.dev/v1";

  @TempDir Path folder;
  private World world;

  @BeforeEach
  void boot() {
    world = new World(folder);
  }

  private static ObjectNode mapping(String namespace, String version, String kind, String name) {
    ObjectNode mapping = ApiJson.object();
    mapping.put("apiVersion", KIND.apiVersion()).put("kind", KIND.kind());
    mapping.putObject("metadata").put("namespace", namespace).put("name", HOST);
    ObjectNode ref = mapping.putObject("spec").putObject("ref");
    ref.put("apiVersion", version).put("kind", kind).put("namespace", namespace).put("name", name);
    return mapping;
  }

  private void create(ResourceKind kind, ObjectNode object) {
    world.store.create(kind, new ApiObject(object));
    world.seconds(2);
  }

  private void map(String version, String kind, String name) {
    create(KIND, mapping("default", version, kind, name));
  }

  private void deploy(String name) {
    world.apply(name, World.IMAGE);
    world.seconds(2);
  }

  private String condition(String type) {
    return world.condition(KIND, HOST, type);
  }

  private String url() {
    return world.get(KIND, HOST).status().path("url").asString("");
  }

  private String condition(String namespace, String type) {
    return world
        .store
        .get(KIND, namespace, HOST)
        .orElseThrow()
        .condition(type)
        .map(found -> found.path("status").asString("") + " " + found.path("reason").asString(""))
        .orElse("missing")
        .strip();
  }

  private RouteTable.Route route() {
    return world.gateway.table.hosts().get(HOST);
  }

  @Test
  void leadsWhereItsServiceLeadsAndSaysSo() {
    deploy("hello");
    map(KNATIVE, "Service", "hello");

    assertThat(world.sendTo(HOST).revision.name()).isEqualTo("hello-00001");
    for (String type :
        new String[] {"Ready", "DomainClaimed", "ReferenceResolved", "IngressReady"}) {
      assertThat(condition(type)).isEqualTo("True");
    }
    assertThat(condition("CertificateProvisioned"))
        .isEqualTo("True TLSNotEnabled external-domain-tls is not enabled");
    assertThat(url()).isEqualTo("http://shop.example.com:8080");
    assertThat(world.get(KIND, HOST).status().at("/address/url").asString("")).isEqualTo(url());

    world.apply("hello", World.IMAGE, "min-scale", "1");
    world.seconds(5);
    assertThat(route()).isEqualTo(world.gateway.table.hosts().get("hello.default.example.test"));
    assertThat(route().targets().getFirst().revision().name()).isEqualTo("hello-00002");
  }

  @Test
  void waitsForItsServiceAndLosesIt() {
    map(KNATIVE, "Service", "hello");
    assertThat(condition("ReferenceResolved"))
        .isEqualTo(
            "False ResolveFailed failed to get object default/hello:"
                + " services.serving.knative.dev \"hello\" not found");
    assertThat(condition("Ready")).startsWith("False ResolveFailed");
    assertThat(route()).isNull();

    deploy("hello");
    assertThat(condition("Ready")).isEqualTo("True");
    assertThat(route()).isNotNull();

    world.delete("hello");
    world.seconds(2);
    assertThat(condition("Ready")).startsWith("False ResolveFailed");
    assertThat(route()).isNull();
  }

  @Test
  void mayNameARouteOrWhatARouteHasMadeButNothingElse() {
    deploy("hello");
    map(KNATIVE, "Route", "hello");
    assertThat(condition("Ready")).isEqualTo("True");

    world.delete(KIND, HOST);
    assertThat(route()).isNull();
    map("v1", "Service", "hello");
    assertThat(condition("Ready")).isEqualTo("True");
    assertThat(route()).isNotNull();

    world.delete(KIND, HOST);
    map("v1", "Pod", "hello");
    assertThat(condition("ReferenceResolved"))
        .isEqualTo(
            "False ResolveFailed Pod of v1 has no host name (expected: Service or Route of"
                + " serving.knative.dev/v1, or Service of v1)");
  }

  @Test
  void aNameBelongsToWhoAskedFirst() {
    deploy("hello");
    map(KNATIVE, "Service", "hello");
    create(KIND, mapping("another", KNATIVE, "Service", "hello"));

    assertThat(condition("another", "DomainClaimed")).isEqualTo("False DomainAlreadyClaimed");
    assertThat(condition("another", "Ready")).isEqualTo("False DomainAlreadyClaimed");
    assertThat(condition("default", "Ready")).isEqualTo("True");
    assertThat(route()).isNotNull();

    world.restartDaemon();
    world.seconds(2);
    assertThat(condition("another", "DomainClaimed")).isEqualTo("False DomainAlreadyClaimed");
    assertThat(route()).isNotNull();

    world.delete(KIND, HOST);
    world.seconds(2);
    assertThat(condition("another", "DomainClaimed")).isEqualTo("True");
    assertThat(condition("another", "ReferenceResolved")).isEqualTo("False ResolveFailed");
    assertThat(route()).isNull();
  }

  @Test
  void theHostNamesOfRoutesStayTheirs() {
    deploy("hello");
    deploy("other");
    ObjectNode mapping = mapping("default", KNATIVE, "Service", "other");
    mapping.withObject("/metadata").put("name", "hello.default.example.test");
    create(KIND, mapping);

    assertThat(world.send("hello").revision.name()).isEqualTo("hello-00001");
    assertThat(world.condition(KIND, "hello.default.example.test", "IngressReady"))
        .startsWith("False HostTaken");
  }

  private void secret(String certificate, String key) {
    ObjectNode secret = ApiJson.object();
    secret.put("apiVersion", "v1").put("kind", "Secret").put("type", "kubernetes.io/tls");
    secret.putObject("metadata").put("namespace", "default").put("name", "shop-tls");
    ObjectNode data = secret.putObject("data");
    data.put("tls.crt", base64(certificate)).put("tls.key", base64(key));
    var object = new ApiObject(secret);
    if (world.store.get(ResourceKind.SECRET, "default", "shop-tls").isPresent()) {
      world.store.replace(ResourceKind.SECRET, object);
    } else {
      world.store.create(ResourceKind.SECRET, object);
    }
    world.seconds(2);
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.US_ASCII));
  }

  @Test
  void hasTheCertificateOfItsSecretAsItIsNow() {
    deploy("hello");
    ObjectNode mapping = mapping("default", KNATIVE, "Service", "hello");
    mapping.withObject("/spec/tls").put("secretName", "shop-tls");
    mapping
        .withObject("/metadata/annotations")
        .put("networking.knative.dev/http-protocol", "Redirected");
    create(KIND, mapping);
    assertThat(condition("CertificateProvisioned"))
        .isEqualTo(
            "False CertificateProvisionFailed Secret default/shop-tls does not exist (expected: one"
                + " of kubernetes.io/tls)");
    assertThat(condition("IngressReady")).isEqualTo("True");

    assertThat(route().https()).isEmpty();

    var first = TestCertificate.of("EC", HOST);
    secret(first.certificatePem(), first.keyPem());
    assertThat(condition("CertificateProvisioned"))
        .isEqualTo("True CertificateExternallyProvided TLS certificate was provided externally");
    assertThat(condition("Ready")).isEqualTo("True");
    assertThat(url()).isEqualTo("https://shop.example.com:8443");
    assertThat(world.gateway.table.certificates().get(HOST).chain())
        .containsExactly(first.certificate());
    assertThat(route().https()).isEqualTo("https://shop.example.com:8443");

    var second = TestCertificate.of("EC", HOST);
    secret(second.certificatePem(), first.keyPem());
    assertThat(condition("Ready"))
        .isEqualTo(
            "False CertificateProvisionFailed Secret default/shop-tls: tls.key is not the key of"
                + " tls.crt (CN=shop.example.com)");
    assertThat(world.gateway.table.certificates()).isEmpty();
    assertThat(route()).isNotNull();

    secret(second.certificatePem(), second.keyPem());
    assertThat(world.gateway.table.certificates().get(HOST).chain())
        .containsExactly(second.certificate());
  }
}
