package dev.skep.workload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.api.SkepException.Code;
import dev.skep.host.ServiceTable;
import dev.skep.sandbox.Sandbox;
import dev.skep.store.ResourceKind;
import dev.skep.testkit.FakeSandbox;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

final class WorkloadsTest {
  private static final String READINESS =
      ", \"readinessProbe\": {\"tcpSocket\": {\"port\": 6379}, \"periodSeconds\": 1}";
  private static final String LIVENESS =
      ", \"livenessProbe\": {\"tcpSocket\": {\"port\": 6379}, \"periodSeconds\": 10}";

  @TempDir Path folder;
  private Plant plant;

  @BeforeEach
  void open() {
    plant = new Plant(folder);
  }

  @AfterEach
  void close() {
    plant.close();
  }

  private FakeSandbox only() {
    assertThat(plant.sandboxes()).hasSize(1);
    return plant.sandboxes().getFirst();
  }

  private List<ServiceTable.Route> routes() {
    return plant.published.getLast().routes();
  }

  @Test
  void keepsAsManyPodsAsAreAskedFor() {
    plant.deploy("redis", 3);
    plant.seconds(1);
    assertThat(plant.sandboxes()).hasSize(3);
    assertThat(plant.condition("redis", "Available"))
        .isEqualTo("True MinimumReplicasAvailable Deployment has minimum availability.");
    assertThat(plant.condition("redis", "Progressing")).startsWith("True NewReplicaSetAvailable");
    assertThat(plant.deployment("redis").status().path("readyReplicas").asInt()).isEqualTo(3);

    plant.deploy("redis", 1);
    plant.seconds(1);
    assertThat(plant.sandboxes()).hasSize(1);
    plant.deploy("redis", 0);
    plant.seconds(1);
    assertThat(plant.sandboxes()).isEmpty();
    assertThat(plant.pods()).isEmpty();
    assertThat(plant.condition("redis", "Available")).startsWith("True");
  }

  @Test
  void crashesAreBackedOffFromAsInKubernetes() {
    plant.deploy("redis", 1);
    plant.seconds(1);
    for (double delay : new double[] {0, 10, 20, 40}) {
      only().exit(3);
      plant.seconds(0.05);
      assertThat(plant.sandboxes()).isEmpty();
      plant.seconds(Math.max(0, delay - 1));
      assertThat(plant.sandboxes()).hasSize(delay == 0 ? 0 : 0);
      plant.seconds(1.5);
      assertThat(plant.sandboxes()).as("after %s s", delay).hasSize(1);
    }
    assertThat(plant.container().path("restartCount").asInt()).isEqualTo(4);
    assertThat(plant.container().path("lastState").path("terminated").path("exitCode").asInt())
        .isEqualTo(3);

    plant.seconds(601);
    only().exit(0);
    plant.seconds(0.5);
    assertThat(plant.sandboxes()).as("it ran for ten minutes").hasSize(1);
  }

  @Test
  void othersFindASandboxWhileItsPodRuns() {
    plant.deploy("redis", 1);
    plant.seconds(1);
    String pod = plant.pods().getFirst().name();
    FakeSandbox first = only();
    assertThat(plant.loop.running("default", pod)).contains(first);
    first.exit(3);
    plant.seconds(0.01);
    plant.seconds(1);
    assertThat(plant.loop.running("default", pod))
        .contains(only())
        .isNotEqualTo(Optional.of(first));
    only().exit(3);
    plant.seconds(0.05);
    assertThat(plant.loop.running("default", pod)).as("waits").isEmpty();
    plant.deploy("redis", 0);
    plant.seconds(1);
    assertThat(plant.loop.running("default", pod)).isEmpty();
  }

  @Test
  void crashLoopIsToldWithExitCode() {
    plant.deploy("redis", 1);
    plant.seconds(1);
    only().exit(3);
    plant.seconds(1);
    only().exit(3);
    plant.seconds(1);
    assertThat(plant.condition("redis", "Available"))
        .startsWith("False MinimumReplicasUnavailable")
        .contains("CrashLoopBackOff", "exit code 3");
    assertThat(plant.container().path("state").path("waiting").path("reason").asString())
        .isEqualTo("CrashLoopBackOff");
  }

  @Test
  void rollingUpdateNeverLeavesAServiceWithoutPods() {
    plant.deploy("redis", 2);
    plant.serve("redis", "10.200.0.1", "");
    plant.seconds(1);
    var fewest = new AtomicInteger(2);
    plant.afterEachEvent.add(
        () ->
            fewest.accumulateAndGet(
                routes().stream().mapToInt(route -> route.targets().size()).sum(), Math::min));
    plant.deploy("redis", 2, "", ", \"args\": [\"other\"]");
    plant.seconds(5);
    assertThat(fewest).hasValue(2);
    assertThat(plant.sandboxes()).hasSize(2);
    assertThat(plant.sandboxes())
        .allMatch(sandbox -> sandbox.spec().process().argv().contains("other"));
    assertThat(plant.condition("redis", "Progressing")).startsWith("True NewReplicaSetAvailable");
  }

  @Test
  void recreateNeverRunsTwoTemplates() {
    plant.deploy("redis", 2, "\"strategy\": {\"type\": \"Recreate\"},", "");
    plant.seconds(1);
    plant.afterEachEvent.add(
        () ->
            assertThat(
                    plant.sandboxes().stream()
                        .map(sandbox -> sandbox.spec().process().argv())
                        .distinct())
                .hasSizeLessThan(2));
    plant.deploy("redis", 2, "\"strategy\": {\"type\": \"Recreate\"},", ", \"args\": [\"other\"]");
    plant.seconds(5);
    assertThat(plant.sandboxes()).hasSize(2);
  }

  @Test
  void servicesLeadToReadyPodsAlone() {
    plant.probes = (_, _) -> false;
    plant.deploy("redis", 1, "", READINESS);
    plant.serve("redis", "10.200.0.1", "");
    plant.seconds(5);
    assertThat(plant.sandboxes()).hasSize(1);
    assertThat(routes()).isEmpty();
    assertThat(plant.published.getLast().addresses()).containsExactly("10.200.0.1");

    plant.probes = (_, _) -> true;
    plant.seconds(2);
    assertThat(routes()).hasSize(1);
    assertThat(routes().getFirst().targets().getFirst().port()).isEqualTo(6379);
    assertThat(plant.loop.names()).containsKey("redis.default.svc.cluster.local").hasSize(1);

    plant.probes = (_, _) -> false;
    plant.seconds(4);
    assertThat(routes()).isEmpty();
    plant.serve("redis", "10.200.0.1", "\"publishNotReadyAddresses\": true,");
    assertThat(routes()).hasSize(1);
  }

  @Test
  void headlessServicesAreThePodsThemselves() {
    plant.deploy("redis", 2);
    plant.serve("redis", "None", "");
    plant.seconds(1);
    assertThat(plant.loop.names().get("redis.default.svc.cluster.local")).hasSize(2);
    assertThat(plant.published.getLast().pods()).isNotEmpty();
    assertThat(routes()).isEmpty();
  }

  @Test
  void namedPortsAndPodsOfHeadlessServicesHaveNames() {
    plant.deploy("redis", 2);
    plant.serve("redis", "None", "");
    ObjectNode named = object(ResourceKind.SERVICE, "redis").copy();
    ((ObjectNode) named.path("spec").path("ports").path(0)).put("name", "data");
    plant.put(ResourceKind.SERVICE, new ApiObject(named));
    plant.seconds(1);
    List<InetSocketAddress> targets =
        plant.loop.ports().get("_data._tcp.redis.default.svc.cluster.local");
    assertThat(targets).hasSize(2).extracting(InetSocketAddress::getPort).containsOnly(6379);
    for (InetSocketAddress target : targets) {
      String name = target.getAddress().getHostAddress().replace('.', '-');
      assertThat(plant.loop.names().get(name + ".redis.default.svc.cluster.local"))
          .containsExactly((Inet4Address) target.getAddress());
    }

    plant.serve("front", "10.200.0.1", "");
    assertThat(plant.loop.ports()).as("a port without a name has no record").hasSize(1);
  }

  @Test
  void failingLivenessRestarts() {
    plant.deploy("redis", 1, "", LIVENESS);
    plant.seconds(1);
    String first = only().id();
    plant.probes = (_, _) -> false;
    plant.seconds(31);
    plant.probes = (_, _) -> true;
    plant.seconds(5);
    assertThat(only().id()).isNotEqualTo(first);
    assertThat(plant.container().path("lastState").path("terminated").path("message").asString())
        .startsWith("Liveness probe failed: refused");
  }

  @Test
  void restartedDaemonAdoptsPodsAndTheirReadiness() {
    plant.deploy("redis", 2, "", READINESS);
    plant.serve("redis", "10.200.0.1", "");
    plant.seconds(3);
    List<String> before = plant.sandboxes().stream().map(FakeSandbox::id).sorted().toList();
    plant.restartDaemon();
    assertThat(routes().getFirst().targets()).hasSize(2);
    plant.seconds(5);
    assertThat(plant.sandboxes()).extracting(FakeSandbox::id).hasSameElementsAs(before);
    assertThat(plant.container().path("restartCount").asInt()).isZero();
  }

  @Test
  void restartedDaemonStartsWhatHasEndedMeanwhileAndEndsWhatNobodyWants() {
    plant.deploy("redis", 2);
    plant.seconds(1);
    FakeSandbox lost = plant.sandboxes().getFirst();
    plant.restartDaemonAfter(() -> lost.die("killed"));
    plant.seconds(1);
    assertThat(plant.sandboxes()).hasSize(2).noneMatch(sandbox -> sandbox.id().equals(lost.id()));

    plant.restartDaemonAfter(() -> plant.store.delete(ResourceKind.DEPLOYMENT, "default", "redis"));
    plant.seconds(1);
    assertThat(plant.sandboxes()).isEmpty();
    assertThat(plant.pods()).isEmpty();
  }

  @Test
  void deletionEndsPodsEvenWhileTheyStart() {
    plant.deploy("redis", 2);
    plant.delete(ResourceKind.DEPLOYMENT, "redis");
    plant.seconds(1);
    assertThat(plant.sandboxes()).isEmpty();
    assertThat(plant.pods()).isEmpty();
  }

  @Test
  void deletedPodIsReplaced() {
    plant.deploy("redis", 1);
    plant.seconds(1);
    String before = plant.pods().getFirst().name();
    plant.delete(ResourceKind.POD, before);
    plant.seconds(1);
    assertThat(plant.pods()).hasSize(1);
    assertThat(plant.pods().getFirst().name()).isNotEqualTo(before);
    assertThat(only().state()).isEqualTo(Sandbox.State.READY);
  }

  @Test
  void missingSecretIsWaitedFor() {
    plant.deploy("redis", 1, "", ", \"envFrom\": [{\"secretRef\": {\"name\": \"keys\"}}]");
    plant.seconds(1);
    assertThat(plant.condition("redis", "Available"))
        .contains("CreateContainerConfigError", "Secret default/keys does not exist");
    plant.put(ResourceKind.SECRET, object("Secret", "keys", "\"data\": {\"A\": \"eA==\"}"));
    plant.seconds(12);
    assertThat(only().spec().process().env()).containsEntry("A", "x");
  }

  private static ApiObject object(String kind, String name, String fields) {
    return new ApiObject(
        (ObjectNode)
            ApiJson.parse(
                """
                {"apiVersion": "v1", "kind": "%s",
                 "metadata": {"namespace": "default", "name": "%s"}, %s}
                """
                    .formatted(kind, name, fields)
                    .getBytes(StandardCharsets.UTF_8)));
  }

  private ApiObject object(ResourceKind kind, String name) {
    return plant.store.get(kind, "default", name).orElseThrow();
  }

  private List<Path> volumes() throws Exception {
    try (Stream<Path> found = Files.list(folder.resolve("volumes/default"))) {
      return found.filter(Files::isDirectory).toList();
    }
  }

  private static ApiObject claim(String storage) {
    return object(
        "PersistentVolumeClaim",
        "data",
        "\"spec\": {\"accessModes\": [\"ReadWriteOnce\"], \"resources\": {\"requests\": {\"storage\": \"%s\"}}}"
            .formatted(storage));
  }

  private void ask(String storage) {
    ObjectNode json = object(ResourceKind.CLAIM, "data").copy();
    ((ObjectNode) json.path("spec").path("resources").path("requests")).put("storage", storage);
    plant.put(ResourceKind.CLAIM, new ApiObject(json));
  }

  private JsonNode status() {
    return object(ResourceKind.CLAIM, "data").status();
  }

  /** One Redis with the claim. */
  private void deployWithClaim(int replicas) {
    plant.deploy(
        "redis", replicas, "", ", \"volumeMounts\": [{\"name\": \"d\", \"mountPath\": \"/data\"}]");
    ObjectNode json = plant.deployment("redis").copy();
    ((ObjectNode) json.path("spec").path("template").path("spec"))
        .putArray("volumes")
        .addObject()
        .put("name", "d")
        .putObject("persistentVolumeClaim")
        .put("claimName", "data");
    plant.put(ResourceKind.DEPLOYMENT, new ApiObject(json));
    plant.seconds(2);
  }

  @Test
  void claimKeepsItsFolderUntilNoPodUsesIt() throws Exception {
    plant.put(ResourceKind.CLAIM, claim("1Gi"));
    deployWithClaim(1);
    assertThat(only().spec().mounts()).hasSize(1);
    assertThat(status())
        .hasToString(
            "{\"phase\":\"Bound\",\"accessModes\":[\"ReadWriteOnce\"],\"capacity\":{\"storage\":\"1Gi\"}}");
    assertThat(plant.disks.open).containsExactlyElementsOf(volumes());
    Files.writeString(volumes().getFirst().resolve("dump.rdb"), "x");

    plant.delete(ResourceKind.CLAIM, "data");
    plant.seconds(1);
    assertThat(volumes()).hasSize(1);
    plant.restartDaemon();
    plant.seconds(1);
    assertThat(volumes()).as("known to the next daemon").hasSize(1);
    plant.delete(ResourceKind.DEPLOYMENT, "redis");
    plant.seconds(1);
    assertThat(folder.resolve("volumes/default")).isEmptyDirectory();
    assertThat(plant.disks.open).isEmpty();
  }

  @Test
  void claimGrowsOnceNobodyUsesIt() {
    plant.put(ResourceKind.CLAIM, claim("1Gi"));
    deployWithClaim(1);
    ask("2Gi");
    assertThat(status().path("capacity").path("storage").asString()).isEqualTo("1Gi");
    assertThat(status().path("conditions").path(0).path("type").asString())
        .isEqualTo("FileSystemResizePending");

    plant.disks.problem = Optional.of(Code.EXHAUSTED);
    deployWithClaim(0);
    assertThat(status().path("conditions").path(0).path("message").asString())
        .isEqualTo("no such disk");
    plant.disks.problem = Optional.empty();
    plant.seconds(10);
    assertThat(status().path("capacity").path("storage").asString()).isEqualTo("2Gi");
    assertThat(status().path("conditions").isEmpty()).isTrue();
    assertThat(plant.disks.open).hasSize(1);
  }

  @Test
  void claimsAreMadeAndGrownOffTheLoop() {
    plant.put(ResourceKind.CLAIM, claim("1Gi"));
    assertThat(status()).hasToString("{\"phase\":\"Pending\"}");
    plant.seconds(0.2);
    assertThat(status().path("phase").asString()).isEqualTo("Bound");

    ask("2Gi");
    assertThat(status().path("phase").asString()).isEqualTo("Bound");
    assertThat(status().path("capacity").path("storage").asString()).isEqualTo("1Gi");
    assertThat(status().path("conditions").path(0).path("type").asString()).isEqualTo("Resizing");
    plant.seconds(0.2);
    assertThat(status().path("capacity").path("storage").asString()).isEqualTo("2Gi");
    assertThat(status().path("conditions").isEmpty()).isTrue();
  }

  @Test
  void growthThatAPodHasForestalledWaits() {
    plant.put(ResourceKind.CLAIM, claim("1Gi"));
    plant.seconds(1);
    ask("2Gi");
    assertThat(status().path("conditions").path(0).path("type").asString()).isEqualTo("Resizing");
    deployWithClaim(1);
    assertThat(status().path("capacity").path("storage").asString()).isEqualTo("1Gi");
    assertThat(status().path("conditions").path(0).path("type").asString())
        .isEqualTo("FileSystemResizePending");
  }

  @Test
  void claimThatIsDeletedWhileItIsMadeLeavesNothing() {
    plant.put(ResourceKind.CLAIM, claim("1Gi"));
    plant.delete(ResourceKind.CLAIM, "data");
    plant.seconds(1);
    assertThat(folder.resolve("volumes/default")).isEmptyDirectory();
    assertThat(plant.disks.open).isEmpty();
  }

  @Test
  void damagedClaimSaysSoAndStopsNothingElse() {
    plant.put(ResourceKind.CLAIM, claim("1Gi"));
    plant.seconds(1);
    plant.disks.open.clear(); // the host was started anew
    plant.disks.damage = Optional.of("volume data.img is damaged");
    plant.restartDaemon();
    deployWithClaim(1);
    plant.deploy("other", 1);
    plant.seconds(2);
    assertThat(status().path("phase").asString()).isEqualTo("Pending");
    assertThat(status().path("conditions").path(0).path("message").asString())
        .isEqualTo("volume data.img is damaged");
    assertThat(plant.condition("redis", "Available"))
        .contains("PersistentVolumeClaim default/data: volume data.img is damaged");
    assertThat(plant.condition("other", "Available")).startsWith("True");

    plant.disks.damage = Optional.empty();
    plant.seconds(20);
    assertThat(status().path("phase").asString()).isEqualTo("Bound");
    assertThat(plant.condition("redis", "Available")).startsWith("True");
  }

  @Test
  void claimThatDoesNotFitIsNotBoundAndItsPodsSayWhy() {
    plant.disks.problem = Optional.of(Code.EXHAUSTED);
    plant.put(ResourceKind.CLAIM, claim("1Gi"));
    deployWithClaim(1);
    assertThat(status().path("phase").asString()).isEqualTo("Pending");
    assertThat(plant.condition("redis", "Available"))
        .contains("PersistentVolumeClaim default/data: no such disk");

    plant.disks.problem = Optional.empty();
    plant.seconds(41);
    assertThat(status().path("phase").asString()).isEqualTo("Bound");
    assertThat(only().spec().mounts()).hasSize(1);
  }

  @Test
  void foldersWithoutALimitSaySo() throws Exception {
    plant.disks.problem = Optional.of(Code.UNSUPPORTED);
    plant.put(ResourceKind.CLAIM, claim("1Gi"));
    deployWithClaim(1);
    assertThat(only().spec().mounts()).hasSize(1);
    Files.writeString(volumes().getFirst().resolve("dump.rdb"), "x");

    plant.disks.problem = Optional.empty();
    plant.restartDaemon();
    plant.seconds(1);
    assertThat(status().path("conditions").path(0).path("message").asString())
        .startsWith("capacity not enforced");
    assertThat(plant.disks.open).isEmpty();
    assertThat(volumes().getFirst().resolve("dump.rdb")).exists();
  }
}
