package dev.cram.lab.cluster;

import dev.cram.lab.LabListener;
import dev.cram.lab.Runner;
import dev.cram.lab.run.Run;
import dev.cram.lab.run.RunRequest;
import dev.cram.lm.CausalLm;
import dev.cram.lm.InputException;
import java.io.Serializable;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.apache.spark.SimpleFutureAction;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import scala.Function1;
import scala.Function2;
import scala.collection.Iterator;
import scala.jdk.javaapi.CollectionConverters;
import scala.runtime.BoxedUnit;

/**
 * Does runs on Spark, one task each. Spark does the tasks of a lost executor again and hands over
 * each task's result once; they are recorded here, on the driver, as they arrive.
 */
final class SparkRunner implements Runner {
  private final JavaSparkContext spark;

  SparkRunner(JavaSparkContext spark) {
    this.spark = spark;
  }

  @Override
  public int parallelRuns() {
    return Math.max(1, spark.defaultParallelism());
  }

  @Override
  public void run(
      CausalLm lm, List<RunRequest> requests, LabListener listener, Consumer<Run> record) {
    if (requests.isEmpty()) {
      return;
    }
    BlockingQueue<TaskResult> results = new LinkedBlockingQueue<>();
    SimpleFutureAction<BoxedUnit> job = submit(requests, results);
    try {
      for (int left = requests.size(); left > 0; ) {
        TaskResult result = results.poll(1, TimeUnit.SECONDS);
        if (result != null) {
          left--;
          if (result.run() != null) {
            record.accept(result.run());
          } else {
            listener.failed(result.request().key(), new InputException(result.failure()));
          }
        } else if (job.isCompleted() && results.isEmpty()) {
          throw new InputException("Spark gave up: " + reason(job));
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InputException("interrupted; the finished runs are recorded", e);
    } finally {
      job.cancel();
    }
  }

  private SimpleFutureAction<BoxedUnit> submit(
      List<RunRequest> requests, BlockingQueue<TaskResult> results) {
    JavaRDD<RunRequest> tasks = spark.parallelize(requests, requests.size());
    List<Object> all =
        IntStream.range(0, requests.size()).<Object>mapToObj(Integer::valueOf).toList();
    return spark
        .sc()
        .submitJob(
            tasks.rdd(),
            (Function1<Iterator<RunRequest>, TaskResult> & Serializable)
                task -> ExecutorModels.run(task.next()),
            CollectionConverters.asScala(all).toSeq(),
            (Function2<Object, TaskResult, BoxedUnit>)
                (task, result) -> {
                  results.add(result);
                  return BoxedUnit.UNIT;
                },
            () -> BoxedUnit.UNIT);
  }

  private static String reason(SimpleFutureAction<BoxedUnit> job) {
    var end = job.value().get();
    return end.isFailure()
        ? String.valueOf(end.failed().get().getMessage()).lines().findFirst().orElse("")
        : "results are missing";
  }

  @Override
  public void close() {
    spark.close();
  }
}
