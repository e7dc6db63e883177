/** Snapshots in object storage. */
@NullMarked
package dev.skep.remote;

import org.jspecify.annotations.NullMarked;
