/** Reconcilers and the instance manager: from Service objects to running instances. */
@NullMarked
package dev.skep.control;

import org.jspecify.annotations.NullMarked;
