package dev.skep.testkit.firecracker;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What a fake Firecracker is and does beyond what it is asked for.
 *
 * @param version that it says it has
 * @param regions of a guest's memory; Firecracker itself makes a second one beyond 3 GiB
 * @param touchedByLoad pages that it touches before it answers a load, in this order
 * @param touchedByResume pages that the guest touches once it runs again, in this order
 */
public record Settings(
    String version, int regions, List<Integer> touchedByLoad, List<Integer> touchedByResume) {
  private static final String PREFIX = "-Dfake.";

  public Settings {
    touchedByLoad = List.copyOf(touchedByLoad);
    touchedByResume = List.copyOf(touchedByResume);
  }

  /** As observed of a real one: the rings of its devices and the page of its generation id. */
  public static Settings observed() {
    return new Settings("1.17.0-dev", 1, List.of(266, 223, 222, 374, 306, 375), List.of());
  }

  public Settings withVersion(String other) {
    return new Settings(other, regions, touchedByLoad, touchedByResume);
  }

  public Settings withRegions(int count) {
    return new Settings(version, count, touchedByLoad, touchedByResume);
  }

  public Settings withTouchedByResume(List<Integer> pages) {
    return new Settings(version, regions, touchedByLoad, pages);
  }

  private boolean isAtLeast(int minor) {
    String[] parts = version.split("\\.", -1);
    return !parts[0].equals("1") || Integer.parseInt(parts[1]) >= minor;
  }

  /** Whether a load can name other taps. */
  boolean overridesNetworks() {
    return isAtLeast(12);
  }

  /** Whether a Diff needs no log of the guest's writes. */
  boolean savesResidentPages() {
    return isAtLeast(13);
  }

  List<String> arguments() {
    return List.of(
        PREFIX + "version=" + version,
        PREFIX + "regions=" + regions,
        PREFIX + "touchedByLoad=" + text(touchedByLoad),
        PREFIX + "touchedByResume=" + text(touchedByResume));
  }

  static Settings ofThisProcess() {
    return new Settings(
        System.getProperty("fake.version", "1.17.0-dev"),
        Integer.getInteger("fake.regions", 1),
        pages("fake.touchedByLoad"),
        pages("fake.touchedByResume"));
  }

  private static String text(List<Integer> pages) {
    return pages.stream().map(String::valueOf).collect(Collectors.joining(","));
  }

  private static List<Integer> pages(String property) {
    String text = System.getProperty(property, "");
    return text.isEmpty()
        ? new ArrayList<>()
        : Arrays.stream(text.split(",", -1)).map(Integer::valueOf).toList();
  }
}
