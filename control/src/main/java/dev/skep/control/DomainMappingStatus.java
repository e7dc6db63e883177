package dev.skep.control;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a DomainMapping's status says, after Knative's {@code domainmapping_lifecycle.go}; pure.
 *
 * @param url where people reach it
 */
record DomainMappingStatus(
    ApiObject mapping,
    String url,
    Condition claimed,
    Condition resolved,
    Condition ingress,
    Condition certificate) {
  static final Condition NOT_CLAIMED =
      Condition.no(
          "DomainAlreadyClaimed", "The domain name is already in use by another DomainMapping");
  static final Condition NO_TLS =
      new Condition("True", "TLSNotEnabled", "external-domain-tls is not enabled");
  static final Condition OWN_CERTIFICATE =
      new Condition(
          "True", "CertificateExternallyProvided", "TLS certificate was provided externally");
  static final Condition NO_INGRESS =
      Condition.unknown("IngressNotConfigured", "Ingress has not yet been reconciled.");

  /** Of one whose name another one has. */
  static DomainMappingStatus unclaimed(ApiObject mapping, String url) {
    return new DomainMappingStatus(
        mapping, url, NOT_CLAIMED, Condition.UNKNOWN, NO_INGRESS, Condition.UNKNOWN);
  }

  /** Without the times of its conditions. */
  ObjectNode json() {
    ObjectNode status = ApiJson.object();
    status.put("observedGeneration", mapping.generation()).put("url", url);
    status.putObject("address").put("url", url);
    new ConditionSet()
        .with("DomainClaimed", claimed)
        .with("ReferenceResolved", resolved)
        .with("IngressReady", ingress)
        .with("CertificateProvisioned", certificate)
        .writeTo(status);
    return status;
  }
}
