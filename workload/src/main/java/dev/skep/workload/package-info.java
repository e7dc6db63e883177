/** Always-on services: Deployments and their pods, Services and their addresses, claims. */
@NullMarked
package dev.skep.workload;

import org.jspecify.annotations.NullMarked;
