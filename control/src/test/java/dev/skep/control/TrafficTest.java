package dev.skep.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.control.Traffic.Share;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What becomes of the targets of a route. */
final class TrafficTest {
  private static final Traffic.Found FOUND =
      new Found(
          Map.of(
              "sound", view("sound", "sound-00002", "sound-00001", Condition.UNKNOWN),
              "new", view("new", "new-00001", "", Condition.UNKNOWN),
              "bad", view("bad", "bad-00001", "", Condition.no("RevisionFailed", "no"))),
          Map.of(
              "sound-00001", Condition.TRUE,
              "sound-00002", Condition.UNKNOWN,
              "new-00001", Condition.UNKNOWN,
              "bad-00001", Condition.no("ExitCode1", "no")));

  private record Found(
      Map<String, ConfigurationView> configurations, Map<String, Condition> revisions)
      implements Traffic.Found {
    @Override
    public Optional<ConfigurationView> configuration(String name) {
      return Optional.ofNullable(configurations.get(name));
    }

    @Override
    public Optional<Condition> revision(String name) {
      return Optional.ofNullable(revisions.get(name));
    }
  }

  private static ConfigurationView view(String name, String created, String ready, Condition is) {
    return new ConfigurationView(name, created, ready, is, "");
  }

  private static TrafficTarget follow(String tag, String configuration, int percent) {
    return new TrafficTarget(tag, "", configuration, true, percent);
  }

  private static TrafficTarget pin(String tag, String revision, int percent) {
    return new TrafficTarget(tag, revision, "", false, percent);
  }

  @Test
  void eachTargetLeadsToARevisionAndEqualOnesAreOne() {
    Traffic traffic =
        Traffic.resolve(
            List.of(
                pin("current", "sound-00001", 50),
                follow("latest", "sound", 0),
                follow("", "sound", 20),
                follow("", "sound", 30)),
            FOUND);

    assertThat(traffic)
        .isEqualTo(
            new Traffic.Assigned(
                List.of(
                    new Share("current", "sound-00001", false, 50),
                    new Share("latest", "sound-00001", true, 0),
                    new Share("", "sound-00001", true, 50))));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          none | '' | False | ConfigurationMissing | Configuration "none" referenced in traffic not found.
          new  | '' | Unknown | RevisionMissing | Configuration "new" is waiting for a Revision to become ready.
          bad  | '' | False | RevisionMissing | Configuration "bad" does not have any ready Revision.
          ''   | none-00001 | False | RevisionMissing | Revision "none-00001" referenced in traffic not found.
          ''   | new-00001 | Unknown | RevisionMissing | Revision "new-00001" is not yet ready.
          ''   | bad-00001 | False | RevisionMissing | Revision "bad-00001" failed to become ready.
          """)
  void targetThatLeadsNowhereIsNamed(
      String configuration, String revision, String status, String reason, String message) {
    var target = new TrafficTarget("", revision, configuration, revision.isEmpty(), 50);

    assertThat(Traffic.resolve(List.of(pin("", "sound-00001", 50), target), FOUND))
        .isEqualTo(new Traffic.Unassigned(new Condition(status, reason, message)));
  }

  @Test
  void aFailureSaysMoreThanWhatIsNotYetReady() {
    Traffic traffic =
        Traffic.resolve(List.of(follow("", "new", 50), pin("", "bad-00001", 50)), FOUND);

    assertThat(traffic).isInstanceOf(Traffic.Unassigned.class);
    assertThat(((Traffic.Unassigned) traffic).why().isFalse()).isTrue();
  }

  @Test
  void requestsWaitAtTheNewestRevisionThatIsNotReadyYet() {
    assertThat(Traffic.waiting(List.of(follow("", "new", 100)), FOUND))
        .containsExactly(new Share("", "new-00001", true, 100));
    assertThat(Traffic.waiting(List.of(follow("", "none", 100)), FOUND)).isEmpty();
    assertThat(Traffic.waiting(List.of(pin("", "none-00001", 100)), FOUND)).isEmpty();
  }

  @Test
  void splitSumsUpByRevisionAndLeavesOutThoseWithoutAShare() {
    assertThat(
            Traffic.split(
                "default",
                List.of(
                    new Share("a", "one", false, 30),
                    new Share("", "two", true, 50),
                    new Share("b", "one", true, 20),
                    new Share("c", "three", false, 0))))
        .containsExactly(
            new RouteTable.Target(World.revision("one"), 50),
            new RouteTable.Target(World.revision("two"), 50));
  }

  @Test
  void aRevisionAloneGetsAllWhateverItsPercent() {
    assertThat(Traffic.split("default", List.of(new Share("tag", "one", false, 0))))
        .containsExactly(new RouteTable.Target(World.revision("one"), 100));
  }
}
