package dev.skep.linux;

import org.jspecify.annotations.Nullable;

/** The files of a {@link FuseMount}: one folder, whose names are looked up but not listed. */
public interface FuseFiles {
  /** The file of that name, the same one for as long as it is not forgotten; null if none is. */
  @Nullable FuseNode find(String name);
}
