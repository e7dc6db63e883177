package dev.skep.apiserver;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.store.EventLog.About;
import dev.skep.store.ResourceKind;
import io.fabric8.knative.client.KnativeClient;
import io.fabric8.knative.serving.v1.Service;
import io.fabric8.knative.serving.v1.ServiceBuilder;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderCallbacks;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElectionConfigBuilder;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.LeaseLock;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Java's usual client of Kubernetes, unmodified and with its defaults. */
@Timeout(60)
class FabricClientTest extends ApiTest {
  private KubernetesClient client;

  @BeforeEach
  void connect() {
    client =
        new KubernetesClientBuilder()
            .withConfig(Config.fromKubeconfig(api.server.kubeconfig().toFile()))
            .build();
  }

  @AfterEach
  void disconnect() {
    client.close();
  }

  /** What a watch has told, as {@code ADDED name}. */
  private static final class Seen<T extends HasMetadata> implements Watcher<T> {
    private final LinkedBlockingQueue<String> events = new LinkedBlockingQueue<>();

    @Override
    public void eventReceived(Action action, T object) {
      if (action != Action.BOOKMARK) {
        events.add(action + " " + object.getMetadata().getName());
      }
    }

    @Override
    public void onClose(WatcherException cause) {
      events.add(String.valueOf(cause));
    }

    private String next() throws InterruptedException {
      return String.valueOf(events.poll(20, SECONDS));
    }
  }

  private static Service service(String image) {
    return new ServiceBuilder()
        .withNewMetadata()
        .withName("hello")
        .endMetadata()
        .withNewSpec()
        .withNewTemplate()
        .withNewSpec()
        .addNewContainer()
        .withImage(image)
        .endContainer()
        .endSpec()
        .endTemplate()
        .endSpec()
        .build();
  }

  @Test
  void managesKnativeServices() throws Exception {
    var services = client.adapt(KnativeClient.class).services().inNamespace("default");
    var hello = services.withName("hello");
    var seen = new Seen<Service>();
    try (var _ = services.watch(seen)) {
      Service created = services.resource(service("hello:1")).create();
      assertThat(created.getSpec().getTemplate().getSpec().getTimeoutSeconds()).isEqualTo(300);
      assertThat(seen.next()).isEqualTo("ADDED hello");
      Service edited =
          hello.edit(
              it -> new ServiceBuilder(it).editMetadata().addToLabels("a", "b").and().build());
      assertThat(edited.getMetadata().getLabels()).containsEntry("a", "b");
      hello.patch(
          PatchContext.of(PatchType.JSON_MERGE),
          "{\"metadata\": {\"annotations\": {\"note\": \"it\"}}}");
      assertThat(hello.get().getMetadata().getAnnotations()).containsEntry("note", "it");
      assertThat(services.withLabel("a", "b").list().getItems()).hasSize(1);
      services.resource(service("hello:2")).forceConflicts().serverSideApply();
      assertThat(hello.get().getMetadata().getGeneration()).isEqualTo(2);
      assertThat(services.resource(service("hello:2")).patch().getMetadata().getName())
          .isEqualTo("hello");
      hello.delete();
      assertThat(hello.get()).isNull();
      for (String next = seen.next(); !next.equals("DELETED hello"); next = seen.next()) {
        assertThat(next).isEqualTo("MODIFIED hello");
      }
    }
  }

  @Test
  void managesCoreObjects() {
    client
        .namespaces()
        .resource(new NamespaceBuilder().withNewMetadata().withName("team").endMetadata().build())
        .create();
    ConfigMap map =
        new ConfigMapBuilder()
            .withNewMetadata()
            .withName("settings")
            .endMetadata()
            .withData(Map.of("a", "1"))
            .build();
    var maps = client.configMaps().inNamespace("team");
    ConfigMap created = maps.resource(map).create();
    maps.withName("settings").edit(it -> new ConfigMapBuilder(it).addToData("b", "2").build());
    assertThat(maps.withName("settings").get().getData()).containsEntry("b", "2");
    assertThatThrownBy(() -> maps.resource(created).update())
        .isInstanceOfSatisfying(
            KubernetesClientException.class, e -> assertThat(e.getCode()).isEqualTo(409));
    var secret =
        new SecretBuilder()
            .withNewMetadata()
            .withName("key")
            .endMetadata()
            .addToStringData("k", "v")
            .build();
    assertThat(client.secrets().inNamespace("team").resource(secret).create().getData())
        .containsEntry("k", "dg==");
    assertThat(client.resource(map).inNamespace("team").delete()).isNotEmpty();
    client.namespaces().withName("team").delete();
    assertThat(client.secrets().inAnyNamespace().list().getItems()).isEmpty();
  }

  @Test
  void readsEventsPodsAndScales() throws Exception {
    api.events.normal(
        new About(ResourceKind.KNATIVE_SERVICE, "default", "hello", "uid-1"), "Created", "it");
    var core =
        client
            .v1()
            .events()
            .inNamespace("default")
            .withField("involvedObject.name", "hello")
            .list()
            .getItems();
    assertThat(core).hasSize(1);
    assertThat(core.getFirst().getMessage()).isEqualTo("it");
    assertThat(client.events().v1().events().inNamespace("default").list().getItems())
        .allMatch(event -> event.getNote().equals("it"))
        .hasSize(1);
    api.instances.add("one", "hello", "ready");
    try (var informer = client.pods().inNamespace("default").inform()) {
      assertThat(informer.getIndexer().list()).hasSize(1);
    }
    assertThat(
            client
                .genericKubernetesResources(
                    "autoscaling.internal.knative.dev/v1alpha1", "PodAutoscaler")
                .inNamespace("default")
                .list()
                .getItems())
        .isEmpty();
  }

  @Test
  void electsALeader() {
    var leading = new CompletableFuture<String>();
    var elector =
        client
            .leaderElector()
            .withConfig(
                new LeaderElectionConfigBuilder()
                    .withName("test")
                    .withLock(new LeaseLock("default", "leader", "one"))
                    .withLeaseDuration(Duration.ofSeconds(15))
                    .withRenewDeadline(Duration.ofSeconds(10))
                    .withRetryPeriod(Duration.ofMillis(200))
                    .withReleaseOnCancel(true)
                    .withLeaderCallbacks(new LeaderCallbacks(() -> {}, () -> {}, leading::complete))
                    .build())
            .build();
    var running = elector.start();
    assertThat(leading).succeedsWithin(Duration.ofSeconds(20)).isEqualTo("one");
    var lease = client.leases().inNamespace("default").withName("leader").get();
    assertThat(lease.getSpec().getHolderIdentity()).isEqualTo("one");
    running.cancel(true);
  }
}
