package dev.skep.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.policy.AutoscalerConfig;
import dev.skep.policy.Observation;
import dev.skep.policy.RevisionScaler;
import dev.skep.policy.ScalingPolicies;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;

/** What docs/policies.md shows compiles, passes the kit, compares, and loads from a jar. */
final class PolicyGuideTest {
  private static final Pattern CODE = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);
  private static final Pattern CLASS = Pattern.compile("public final class (\\w+)");

  @TempDir Path folder;
  private Path classes;

  @BeforeEach
  void compile() throws IOException {
    classes = Files.createDirectories(folder.resolve("classes"));
    var sources = new ArrayList<String>(List.of("-d", classes.toString()));
    Matcher code = CODE.matcher(Files.readString(Path.of("../docs/policies.md")));
    while (code.find()) {
      Matcher name = CLASS.matcher(code.group(1));
      assertThat(name.find()).isTrue();
      Path source = folder.resolve(name.group(1) + ".java");
      sources.add(Files.writeString(source, code.group(1)).toString());
    }
    var messages = new ByteArrayOutputStream();
    int status =
        ToolProvider.getSystemJavaCompiler()
            .run(null, null, messages, sources.toArray(String[]::new));
    assertThat(status).as(messages.toString(StandardCharsets.UTF_8)).isZero();
  }

  private Class<?> load(String name) throws IOException, ClassNotFoundException {
    var loader = new URLClassLoader(new URL[] {classes.toUri().toURL()});
    return loader.loadClass("example." + name);
  }

  @Test
  void examplePassesTheKit() throws Exception {
    Class<?> type = load("BusiestSecondTest");
    Object test = type.getConstructor().newInstance();
    int ran = 0;
    for (Method method : type.getSuperclass().getDeclaredMethods()) {
      method.setAccessible(true);
      if (method.isAnnotationPresent(Test.class)) {
        method.invoke(test);
        ran++;
      } else if (method.isAnnotationPresent(ParameterizedTest.class)) {
        method.invoke(test, 1L);
        ran++;
      }
    }
    assertThat(ran).isEqualTo(6);
  }

  @Test
  void comparisonPrintsALineForEachPolicy() throws Exception {
    PrintStream before = System.out;
    var printed = new ByteArrayOutputStream();
    System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
    try {
      load("Compare").getMethod("main", String[].class).invoke(null, (Object) new String[0]);
    } finally {
      System.setOut(before);
    }
    assertThat(printed.toString(StandardCharsets.UTF_8).lines())
        .hasSize(6)
        .anyMatch(
            line ->
                line.matches("busiest-second.example +\\d+ cold of 300, +\\d+ instance seconds"));
  }

  @Test
  void policyOfAJarDecides() throws IOException {
    Path jar = jar("example.BusiestSecond");
    ScalingPolicies policies = PolicyJars.withThoseOf(List.of(jar.toString()));

    RevisionScaler scaler =
        policies.scaler(
            Map.of(ScalingPolicies.CLASS, "busiest-second.example"), 1, AutoscalerConfig.DEFAULTS);
    assertThat(scaler.problem()).isEmpty();
    var seen = new Observation(Instant.EPOCH, 0, 0, 0, 3, List.of(), Instant.EPOCH, true, true);
    assertThat(scaler.decide(seen).instances()).isEqualTo(3);
    assertThat(scaler.policy()).isEqualTo("busiest-second.example");
  }

  @Test
  void jarsThatCannotBeUsedLeaveTheOthers() throws IOException {
    Path broken = jar("example.Nothing");
    Path text = Files.writeString(folder.resolve("text.jar"), "no jar");
    Path good = jar("example.BusiestSecond");

    ScalingPolicies policies =
        PolicyJars.withThoseOf(
            List.of("/nowhere.jar", broken.toString(), text.toString(), good.toString()));
    assertThat(policies.names())
        .hasSize(ScalingPolicies.BUILT_IN.names().size() + 1)
        .contains("busiest-second.example");
  }

  private Path jar(String provider) throws IOException {
    Path jar = folder.resolve(provider + ".jar");
    try (var out = new JarOutputStream(Files.newOutputStream(jar));
        Stream<Path> files = Files.walk(classes)) {
      out.putNextEntry(new JarEntry("META-INF/services/dev.skep.policy.ScalingPolicy"));
      out.write(provider.getBytes(StandardCharsets.UTF_8));
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        out.putNextEntry(new JarEntry(classes.relativize(file).toString()));
        out.write(Files.readAllBytes(file));
      }
    }
    return jar;
  }
}
