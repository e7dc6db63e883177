package dev.skep.cli;

import java.nio.file.Path;

/** What to try on a daemon that the demo left up. */
final class DemoHints {
  private DemoHints() {}

  static void print(Terminal terminal, Path state) {
    terminal.print(
        """

        The daemon is still up, in %1$s. Try:
          export SKEP_HOME=%1$s
          ./skep ls                    what is deployed, and how many instances it has
          ./skep invoke hello          cold again after 8 idle seconds: see the phases
          ./skep why hello             where the time of its last cold start went
          ./skep invoke greeter-python --grpc helloworld.Greeter/SayHello --data '{"name": "you"}'
          ./skep logs hello-python -f  what the function prints
          kubectl --kubeconfig %1$s/kubeconfig get ksvc
          ./skep down                  stops it; nothing but the folder stays
        """
            .formatted(state));
  }
}
