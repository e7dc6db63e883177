package dev.skep.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.apiserver.RunningApi.Answer;
import org.junit.jupiter.api.Test;

/** Eventing's kinds over the API, sent as kn sends them. */
class EventingApiTest extends ApiTest {
  private static final String BROKERS = "/apis/eventing.knative.dev/v1/namespaces/default/brokers";
  private static final String TRIGGERS =
      "/apis/eventing.knative.dev/v1/namespaces/default/triggers";
  private static final String PINGS = "/apis/sources.knative.dev/v1/namespaces/default/pingsources";

  private Answer post(String path, String json) throws Exception {
    return api.with("POST", path, "application/json", json.replace('\'', '"'));
  }

  @Test
  void brokersAndTriggersAreTakenAsKnSendsThem() throws Exception {
    Answer broker =
        post(
            BROKERS,
            "{'kind':'Broker','apiVersion':'eventing.knative.dev/v1','metadata':{'name':'b','namespace':'default','creationTimestamp':null},'spec':{'delivery':{'retry':3}},'status':{'address':{}}}");
    assertThat(broker.status()).as(broker.message()).isEqualTo(201);
    assertThat(broker.at("/metadata/annotations/eventing.knative.dev~1broker.class"))
        .isEqualTo("MTChannelBasedBroker");
    Answer trigger =
        post(
            TRIGGERS,
            "{'metadata':{'name':'t','namespace':'default','creationTimestamp':null},'spec':{'broker':'b','filter':{'attributes':{'type':'x'}},'subscriber':{'ref':{'kind':'Service','namespace':'default','name':'f','apiVersion':'serving.knative.dev/v1'}}},'status':{}}");
    assertThat(trigger.status()).as(trigger.message()).isEqualTo(201);
    assertThat(trigger.at("/metadata/labels/eventing.knative.dev~1broker")).isEqualTo("b");
  }

  @Test
  void whatIsWrongIsToldAsKnativesWebhookTellsIt() throws Exception {
    Answer refused =
        post(
            TRIGGERS,
            "{'metadata':{'name':'t'},'spec':{'filters':[{'cesql':'x'}],'subscriber':{'uri':'http://a'}}}");
    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.message())
        .startsWith(
            "admission webhook \"validation.webhook.eventing.knative.dev\" denied the request: validation failed: must not set the field(s): spec.filters[0].cesql");
    Answer unknown =
        post(
            PINGS + "?fieldValidation=Strict",
            "{'metadata':{'name':'p'},'spec':{'scheduel':'* * * * *','sink':{'uri':'http://a'}}}");
    assertThat(unknown.message())
        .contains("unknown field \"spec.scheduel\" (did you mean \"spec.schedule\"?)");
  }
}
