package dev.skep.api;

import java.util.Optional;

/**
 * A volume where a container is to find it.
 *
 * @param path absolute and canonical
 * @param subPath the one file, or folder, of the volume that is mounted in place of all
 */
public record VolumeMount(String path, Optional<String> subPath, boolean readOnly, Volume volume) {}
