package dev.skep.sandbox;

import java.util.List;

/**
 * What a runtime can do on this host, found by trying and not by the presence of files.
 *
 * @param available whether it can start sandboxes at all
 * @param detail one line: the accelerator, the VMM's version, or what is missing and what to do
 */
public record Capabilities(boolean available, String detail, List<String> features) {
  public Capabilities {
    features = List.copyOf(features);
  }
}
