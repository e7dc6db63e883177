package dev.skep.cli;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.name;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The shape of the house: who may know whom, and what stays in one place. */
class ModuleOrderTest {
  /** Each may depend on those before it only. */
  private static final List<String> ORDER =
      List.of(
          "api",
          "policy",
          "linux",
          "sandbox",
          "image",
          "guest",
          "snapshot",
          "remote",
          "host",
          "oci",
          "microvm",
          "gvisor",
          "containerd",
          "store",
          "telemetry",
          "control",
          "workload",
          "eventing",
          "gateway",
          "dns",
          "apiserver",
          "daemon",
          "cli");

  private static final JavaClasses HOUSE =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("dev.skep");

  static List<String> modules() {
    return ORDER;
  }

  @ParameterizedTest
  @MethodSource("modules")
  void dependsOnModulesAboveItOnly(String module) {
    String[] below =
        ORDER.subList(ORDER.indexOf(module) + 1, ORDER.size()).stream()
            .map(ModuleOrderTest::packageOf)
            .toArray(String[]::new);
    noClasses()
        .that()
        .resideInAPackage(packageOf(module))
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(below)
        .allowEmptyShould(true)
        .check(HOUSE);
  }

  @Test
  void knowsEveryModule() {
    Set<String> found =
        HOUSE.stream()
            .map(JavaClass::getPackageName)
            .map(name -> name.split("\\.", 4)[2])
            .filter(name -> !name.equals("testkit"))
            .collect(Collectors.toSet());
    assertThat(ORDER).containsAll(found);
  }

  @Test
  void hasNoCycles() {
    slices().matching("dev.skep.(*)..").should().beFreeOfCycles().check(HOUSE);
  }

  @Test
  void shipsNoTestCode() {
    noClasses()
        .that()
        .resideOutsideOfPackage(packageOf("testkit"))
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(packageOf("testkit"), "org.junit..", "org.assertj..")
        .check(HOUSE);
  }

  /**
   * Memory outside the heap is anyone's; calls into native code, and addresses from it, are not.
   */
  @Test
  void reachesNativeCodeFromLinuxOnly() {
    noClasses()
        .that()
        .resideOutsideOfPackage(packageOf("linux"))
        .should()
        .dependOnClassesThat()
        .belongToAnyOf(Linker.class, SymbolLookup.class, FunctionDescriptor.class)
        .orShould()
        .callMethodWhere(
            target(owner(assignableTo(MemorySegment.class))).and(target(name("reinterpret"))))
        .check(HOUSE);
  }

  @Test
  void keepsApiAndPolicyFreeOfInputAndOutput() {
    noClasses()
        .that()
        .resideInAnyPackage(packageOf("api"), packageOf("policy"))
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "java.nio.file..", "java.nio.channels..", "java.net.http..", "java.sql..")
        .orShould()
        .dependOnClassesThat()
        .belongToAnyOf(
            java.io.File.class,
            java.io.InputStream.class,
            java.io.OutputStream.class,
            java.net.Socket.class,
            ProcessBuilder.class,
            Thread.class)
        .check(HOUSE);
  }

  @Test
  void givesPolicyItsTimeAndRandomness() {
    noClasses()
        .that()
        .resideInAPackage(packageOf("policy"))
        .should()
        .callMethod(System.class, "nanoTime")
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .callMethod(Instant.class, "now")
        .orShould()
        .callMethod(Clock.class, "systemUTC")
        .orShould()
        .callMethod(Math.class, "random")
        .allowEmptyShould(true)
        .check(HOUSE);
  }

  @Test
  void marksEveryPackageAgainstNull() {
    classes()
        .that()
        .haveSimpleName("package-info")
        .should()
        .beAnnotatedWith(NullMarked.class)
        .check(HOUSE);
  }

  @Test
  void callsNothingUtilOrHelperOrManager() {
    noClasses().should().haveNameMatching(".*(Util|Utils|Helper|Manager)").check(HOUSE);
  }

  private static String packageOf(String module) {
    return "dev.skep." + module + "..";
  }
}
