package dev.skep.cli;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "deploy",
    description = "Deploy an image, or the services of a manifest, and wait until they are ready.")
final class Deploy extends SkepCommand {
  @Parameters(index = "0", arity = "0..1", paramLabel = "IMAGE", description = "Image to run.")
  @Nullable String image;

  @Parameters(
      index = "1..*",
      paramLabel = "ARG",
      description = "After --: replace the image's arguments.")
  List<String> args = List.of();

  @Option(
      names = {"-f", "--file"},
      paramLabel = "FILE",
      description =
          "A manifest of Knative Services and what belongs to them, YAML or JSON; - is standard input.")
  @Nullable Path file;

  @Mixin final ServiceOptions options = new ServiceOptions();

  @Option(
      names = {"-n", "--namespace"},
      description = "Its namespace (default: the manifest's, or default).")
  @Nullable String namespace;

  @Option(names = "--no-wait", description = "Do not wait until it is ready.")
  boolean noWait;

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      description = "How long to wait (default: ${DEFAULT-VALUE}).")
  String timeout = "300s";

  @Spec @Nullable CommandSpec spec;

  Deploy(Globals globals) {
    super(globals);
  }

  @Override
  int run() throws Exception {
    Duration patience = Times.parse(timeout);
    List<Json> wanted = manifests();
    try (ApiClient api = api()) {
      if (wanted.size() > 1) {
        Manifests.check(api, wanted);
      }
      var applied = new ArrayList<Json>();
      for (Json manifest : wanted) {
        Manifests.Applied one = Manifests.apply(api, manifest);
        if (one.kind() == ObjectKind.FUNCTION) {
          applied.add(one.object());
        } else {
          terminal().note("applied " + manifest.at("kind").text() + " " + Services.name(manifest));
        }
      }
      int code = ExitCodes.OK;
      for (Json service : applied) {
        code = Math.max(code, noWait ? announce(service) : await(api, service, patience));
      }
      return code;
    }
  }

  private List<Json> manifests() throws IOException {
    if ((image == null) == (file == null)) {
      throw new SkepException(Code.INVALID, "deploy: give either an IMAGE or -f FILE");
    }
    if (file != null) {
      refuseServiceOptions();
    }
    if (image != null) {
      return List.of(options.service(image, args, namespace == null ? "default" : namespace));
    }
    return Manifests.read(file, namespace);
  }

  /** A manifest says all of this itself. */
  private void refuseServiceOptions() {
    CommandSpec own = CommandSpec.forAnnotatedObject(new ServiceOptions());
    Objects.requireNonNull(spec).commandLine().getParseResult().matchedOptions().stream()
        .map(option -> option.longestName())
        .filter(option -> own.findOption(option) != null)
        .findFirst()
        .ifPresent(
            option -> {
              throw new SkepException(
                  Code.INVALID,
                  "deploy: "
                      + option
                      + " goes with an IMAGE (expected: write it into "
                      + file
                      + ")");
            });
  }

  private int announce(Json service) {
    if (wantsTable()) {
      terminal().note("accepted " + Services.namespace(service) + "/" + Services.name(service));
    } else {
      printTree(service);
    }
    return ExitCodes.OK;
  }

  private int await(ApiClient api, Json applied, Duration patience) throws InterruptedException {
    String target = ApiClient.service(Services.namespace(applied), Services.name(applied));
    long deadline = System.nanoTime() + patience.toNanos();
    Json service = applied;
    while (!decided(service)) {
      if (System.nanoTime() > deadline) {
        throw new SkepException(
            Code.TIMEOUT,
            Services.name(service)
                + " is not ready after "
                + timeout
                + ": "
                + state(service)
                + " (it goes on; see 'skep describe "
                + Services.name(service)
                + "')");
      }
      terminal().progress(Services.name(service) + ": " + state(service));
      Thread.sleep(50);
      service = api.get(target);
    }
    return conclude(api, service);
  }

  private static boolean decided(Json service) {
    String status = Services.ready(service).at("status").text();
    return Services.isObserved(service) && (status.equals("True") || status.equals("False"));
  }

  private static String state(Json service) {
    Json ready = Services.ready(service);
    return ready
        .at("message")
        .optional()
        .or(() -> ready.at("reason").optional())
        .orElse("deploying");
  }

  private int conclude(ApiClient api, Json service) {
    terminal().clearProgress();
    Json ready = Services.ready(service);
    boolean works = ready.at("status").isTrue();
    if (!wantsTable()) {
      printTree(service);
    } else if (works) {
      terminal().println(service.at("status", "url").text());
    }
    if (!works) {
      report(api, service, ready);
    }
    return works ? ExitCodes.OK : ExitCodes.FAILED;
  }

  /** The condition's message is for machines: where the start itself is known, it says more. */
  private void report(ApiClient api, Json service, Json ready) {
    Optional<Json> failure =
        Services.lastStart(
                api,
                "namespace="
                    + ApiClient.encode(Services.namespace(service))
                    + "&service="
                    + ApiClient.encode(Services.name(service)))
            .map(start -> start.at("failure"))
            .filter(failed -> !failed.isMissing());
    String name = Services.namespace(service) + "/" + Services.name(service);
    String message =
        failure.map(failed -> failed.at("message").text()).orElse(ready.at("message").text());
    terminal()
        .note("skep: " + name + " is not ready: " + ready.at("reason").text() + ": " + message);
    failure.ifPresent(failed -> Why.details(failed).forEach(terminal()::note));
  }
}
