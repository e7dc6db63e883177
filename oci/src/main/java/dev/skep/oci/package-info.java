/** What runtimes of OCI containers share: their configuration, probes and output. */
@NullMarked
package dev.skep.oci;

import org.jspecify.annotations.NullMarked;
