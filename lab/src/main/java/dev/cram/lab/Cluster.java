package dev.cram.lab;

import dev.cram.lm.InputException;
import java.util.Map;
import java.util.ServiceLoader;

/**
 * A kind of cluster that runs can be done on. The module {@code cram-cluster} provides Apache
 * Spark; it is not among the jars of a plain {@code cram}, which starts faster without.
 */
public interface Cluster {
  /**
   * Connects to a cluster.
   *
   * @param master its address, such as {@code spark://host:7077} or {@code local[*]}
   * @param settings of the cluster software, by its own names
   * @throws InputException if it cannot be reached or does not take the work
   */
  Runner connect(String master, Map<String, String> settings);

  /**
   * The cluster software that is on the class path.
   *
   * @throws InputException if there is none
   */
  static Cluster find() {
    return ServiceLoader.load(Cluster.class)
        .findFirst()
        .orElseThrow(() ->
            new InputException(
                "--master: cram-cluster and Spark are not on the class path; start Cram by the"
                    + " script ./cram, which adds them (docs/cluster.md)"));
  }
}
