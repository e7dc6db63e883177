package dev.skep.snapshot.pager;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.nio.file.Path;

/** What can be asked of a pager: one JSON object per line, answered by one line. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "operation")
@JsonSubTypes({
  @JsonSubTypes.Type(value = PagerRequest.Serve.class, name = "serve"),
  @JsonSubTypes.Type(value = PagerRequest.Status.class, name = "status"),
  @JsonSubTypes.Type(value = PagerRequest.WriteDown.class, name = "record"),
  @JsonSubTypes.Type(value = PagerRequest.Forget.class, name = "forget"),
  @JsonSubTypes.Type(value = PagerRequest.ListAll.class, name = "list")
})
sealed interface PagerRequest {
  /** Listen for the guest's VMM; answered once it may connect. */
  record Serve(PagedGuest guest) implements PagerRequest {}

  /** Answered by a {@link PagedStatus}. */
  record Status(String vm) implements PagerRequest {}

  /** Write down which pages were touched, and stop noting them; answered by their number. */
  record WriteDown(String vm, Path folder) implements PagerRequest {}

  /** End it, with its VMM if that still runs; answered when all is freed. */
  record Forget(String vm) implements PagerRequest {}

  /** Answered by the {@link PagedStatus} of all. */
  record ListAll() implements PagerRequest {}
}
