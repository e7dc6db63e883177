/** Kubernetes-style REST API over the store. */
@NullMarked
package dev.skep.apiserver;

import org.jspecify.annotations.NullMarked;
