/** The only native access: namespaces, mounts, cgroups, file descriptors. */
@NullMarked
package dev.skep.linux;

import org.jspecify.annotations.NullMarked;
