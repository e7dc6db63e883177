package dev.skep.apiserver;

import dev.skep.store.ResourceKind;
import java.util.List;

/**
 * A kind that is served, with what is done to its objects on the way in. One entry of this sort is
 * all that a new kind needs.
 *
 * @param categories such as {@code all}: names for several kinds at once
 */
record ServedKind(
    ResourceKind kind,
    String singular,
    List<String> shortNames,
    List<String> categories,
    Admission admission) {}
