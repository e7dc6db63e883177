package dev.skep.eventing;

/**
 * One event that somebody has still to get.
 *
 * @param id of this delivery
 * @param event id of the event, which several deliveries may share
 * @param feed uid of the {@link Feed}
 */
record Delivery(long id, long event, String feed, Leg leg) {
  /** Which of a feed's places it goes to. */
  enum Leg {
    SUBSCRIBER,
    REPLY,
    DEAD_LETTER
  }
}
