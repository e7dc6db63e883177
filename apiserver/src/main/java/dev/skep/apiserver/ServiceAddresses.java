package dev.skep.apiserver;

import dev.skep.api.AddressRange;
import dev.skep.api.ApiObject;
import dev.skep.api.ClusterService;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;

/**
 * Gives virtual addresses to Services. Which are taken, the stored Services say; it begins anywhere
 * in the range and goes round, so that an address rests before it is used again.
 */
final class ServiceAddresses {
  private final ResourceStore store;
  private final AddressRange range;

  /** Guarded by this. */
  private long next;

  ServiceAddresses(ResourceStore store, AddressRange range) {
    this.store = store;
    this.range = range;
    this.next = ThreadLocalRandom.current().nextLong(range.size());
  }

  /**
   * One that no Service has.
   *
   * @throws SkepException EXHAUSTED where there is none
   */
  synchronized String free() {
    Set<String> taken = taken("", "");
    for (long i = 0; i < range.size(); i++) {
      String address = range.at(next);
      next = (next + 1) % range.size();
      if (!taken.contains(address)) {
        return address;
      }
    }
    throw new SkepException(
        Code.EXHAUSTED,
        "failed to allocate a serviceIP: range is full (%s: %d addresses, all in use; a wider one is set by services.range)"
            .formatted(range, range.size()));
  }

  /** What is wrong with an address that a client has chosen for this Service. */
  Optional<String> problem(ApiObject service, String address) {
    if (address.isEmpty() || address.equals(ClusterService.HEADLESS)) {
      return Optional.empty();
    }
    String path = "spec.clusterIPs: Invalid value: [\"%s\"]: ".formatted(address);
    if (!range.contains(address)) {
      return Optional.of(
          path
              + "failed to allocate IP %s: the provided IP is not in the valid range. The range of valid IPs is %s"
                  .formatted(address, range));
    }
    return taken(service.namespace(), service.name()).contains(address)
        ? Optional.of(
            path + "failed to allocate IP %s: provided IP is already allocated".formatted(address))
        : Optional.empty();
  }

  /** By all but one Service. */
  private Set<String> taken(String namespace, String name) {
    return store.list(ResourceKind.SERVICE, Optional.empty()).items().stream()
        .filter(other -> !(other.namespace().equals(namespace) && other.name().equals(name)))
        .map(other -> other.spec().path("clusterIP").asString(""))
        .collect(Collectors.toSet());
  }
}
