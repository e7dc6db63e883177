package dev.skep.api;

/** Where environment variables of a function come from. */
public sealed interface EnvSource {
  /** Whose data it is. */
  enum Kind {
    CONFIG_MAP("ConfigMap"),
    SECRET("Secret");

    private final String text;

    Kind(String text) {
      this.text = text;
    }

    @Override
    public String toString() {
      return text;
    }
  }

  /**
   * An object of the function's namespace.
   *
   * @param optional whether a function starts without it
   */
  record Reference(Kind kind, String name, boolean optional) {}

  /** One variable, written down. */
  record Literal(String name, String value) implements EnvSource {}

  /** One variable, with the value of a key. */
  record OneKey(String name, Reference from, String key) implements EnvSource {}

  /** One variable, with what the instance knows of itself. */
  record Field(String name, InstanceField field) implements EnvSource {}

  /** A variable for each key, {@code prefix} before its name. */
  record AllKeys(String prefix, Reference from) implements EnvSource {}
}
