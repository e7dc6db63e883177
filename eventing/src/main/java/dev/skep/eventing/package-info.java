/** Events: taken over HTTP, kept on the disk, delivered by HTTP. */
@NullMarked
package dev.skep.eventing;

import org.jspecify.annotations.NullMarked;
