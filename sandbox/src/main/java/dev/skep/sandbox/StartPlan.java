package dev.skep.sandbox;

/** How a sandbox is to be started. */
public sealed interface StartPlan {
  /** From nothing: kernel, agent, process. */
  record Boot() implements StartPlan {}
}
