/** What a sandbox has on the host, whatever its kind: folder, network, cgroup, log, process. */
@NullMarked
package dev.skep.host;

import org.jspecify.annotations.NullMarked;
