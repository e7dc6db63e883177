package dev.skep.linux;

/** The answer to a read; one of these is called, once. */
public interface FuseReply {
  /** Answers with a part of a file, which is all there; a failure to read it is one of the read. */
  void data(ReadOnlyFile file, long offset, int bytes);

  /** Answers with bytes. */
  void data(byte[] content, int from, int bytes);

  /** Says that it cannot be read: an input/output error to who reads. */
  void failed();
}
