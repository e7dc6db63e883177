package dev.skep.api;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** What a container is told of its own resources ({@code resourceFieldRef}). */
final class ResourceField {
  private static final List<String> RESOURCES =
      List.of("limits.cpu", "limits.memory", "requests.cpu", "requests.memory");

  private ResourceField() {}

  static void check(JsonNode reference, String path, FieldErrors errors) {
    String resource = reference.path("resource").asString("");
    if (!RESOURCES.contains(resource)) {
      errors.invalid(
          resource, path + ".resource", "expected one of " + String.join(", ", RESOURCES));
    }
    JsonNode divisor = reference.path("divisor");
    if (!ServiceTemplates.isAbsent(divisor)) {
      Optional<Quantity> amount = Quantity.tryParse(divisor.asString(""));
      if (amount.isEmpty() || amount.get().value().signum() < 0) {
        errors.invalid(divisor.asString(""), path + ".divisor", "expected a quantity such as 1m");
      }
    }
  }

  /**
   * A whole number of divisors, rounded up. What the container does not say is what it gets ({@link
   * ServiceTemplates#resources}).
   */
  static String value(JsonNode reference, JsonNode container) {
    String[] names = reference.path("resource").asString("").split("\\.", 2);
    JsonNode written = container.path("resources").path(names[0]).path(names[names.length - 1]);
    BigDecimal amount =
        Quantity.tryParse(written.asString(""))
            .map(Quantity::value)
            .orElseGet(() -> given(names[names.length - 1], container));
    BigDecimal divisor =
        Quantity.tryParse(reference.path("divisor").asString("1"))
            .map(Quantity::value)
            .filter(value -> value.signum() > 0)
            .orElse(BigDecimal.ONE); // kubectl writes 0 for none
    return amount.divide(divisor, 0, RoundingMode.CEILING).toPlainString();
  }

  private static BigDecimal given(String name, JsonNode container) {
    Resources resources = ServiceTemplates.resources(container.path("resources"));
    return name.equals("cpu")
        ? BigDecimal.valueOf(resources.cpus())
        : BigDecimal.valueOf(resources.memoryBytes());
  }
}
