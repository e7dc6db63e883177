package dev.skep.control;

import dev.skep.api.Probe;
import dev.skep.oci.ProbeQuestion;
import dev.skep.sandbox.Sandbox;
import java.util.Optional;

/** Asks a probe of a running sandbox once; blocks for at most about its timeout. */
public interface Prober {
  /** Empty where the answer is yes, else what was found. */
  Optional<String> ask(Sandbox sandbox, Probe probe);

  /** From the host, over the sandbox's link. */
  Prober HOST =
      (sandbox, probe) ->
          new ProbeQuestion(
                  probe.check(),
                  sandbox.endpoint(),
                  (argv, timeout) -> sandbox.exec(argv, new byte[0], timeout))
              .ask(probe.timeout());
}
