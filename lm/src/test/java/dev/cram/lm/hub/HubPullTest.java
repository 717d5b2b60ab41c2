package dev.cram.lm.hub;

import static dev.cram.lm.hub.FakeHub.COMMIT;
import static dev.cram.lm.hub.FakeHub.REPOSITORY;
import static dev.cram.lm.hub.FakeHub.status;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cram.lm.InputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HubPullTest {
  private static final String WEIGHTS = "model.safetensors";
  private static final byte[] LARGE = bytes(200_000);
  private static final Patience PATIENCE =
      new Patience(4, Duration.ofMillis(2), Duration.ofSeconds(20), Duration.ofSeconds(2));

  /** So small that the weights come in several. */
  private static final int RANGE = 30_000;

  @TempDir private Path folder;
  private final FakeHub hub = new FakeHub();
  private final Heard heard = new Heard();
  private Path repository;
  private Path snapshot;
  private HubSettings settings;

  /** Keeps what it hears. */
  private static final class Heard implements PullListener {
    final AtomicLong planned = new AtomicLong();
    final AtomicLong present = new AtomicLong();
    final AtomicLong received = new AtomicLong();
    final List<String> waits = new CopyOnWriteArrayList<>();

    @Override
    public void planned(int files, long bytes) {
      planned.addAndGet(bytes);
    }

    @Override
    public void found(long bytes) {
      present.addAndGet(bytes);
    }

    @Override
    public void received(long bytes) {
      received.addAndGet(bytes);
    }

    @Override
    public void lost(long bytes) {
      received.addAndGet(-bytes);
    }

    @Override
    public void waiting(String reason) {
      waits.add(reason);
    }
  }

  @BeforeEach
  void fill() {
    hub.with("config.json", json("{\"model_type\": \"llama\"}"))
        .with("tokenizer.json", json("{}"))
        .with(WEIGHTS, LARGE)
        .with("pytorch_model.bin", LARGE)
        .with("onnx/model.onnx", LARGE)
        .with("README.md", json("# A model"));
    settings = settings(Optional.empty());
    repository = folder.resolve("models--someone--tiny-model");
    snapshot = repository.resolve("snapshots", COMMIT);
  }

  @AfterEach
  void stop() {
    hub.close();
  }

  @Test
  void writesTheLayoutThatPythonWrites() throws IOException {
    CachedModel pulled = pull(REPOSITORY);

    assertThat(pulled.path()).isEqualTo(snapshot);
    assertThat(repository.resolve("refs", "main")).hasContent(COMMIT);
    assertThat(snapshot.toFile().list())
        .containsExactlyInAnyOrder("config.json", "tokenizer.json", WEIGHTS);
    assertThat(Files.readSymbolicLink(snapshot.resolve(WEIGHTS)))
        .isEqualTo(Path.of("..", "..", "blobs", hub.hash(WEIGHTS)));
    assertThat(Files.readSymbolicLink(snapshot.resolve("config.json")))
        .isEqualTo(Path.of("..", "..", "blobs", hub.hash("config.json")));
    assertThat(snapshot.resolve(WEIGHTS)).hasBinaryContent(LARGE);
    assertThat(repository.resolve("blobs").toFile().list())
        .containsExactlyInAnyOrder(
            hub.hash(WEIGHTS), hub.hash("config.json"), hub.hash("tokenizer.json"));
    assertThat(folder.resolve("CACHEDIR.TAG")).exists();
    assertThat(heard.received.get()).isEqualTo(heard.planned.get());
  }

  @Test
  void downloadsNothingTwice() {
    pull(REPOSITORY);
    hub.requests.clear();

    pull(REPOSITORY);

    assertThat(hub.requests).extracting(FakeHub.Request::server).containsOnly("hub");
    assertThat(hub.gets("config.json")).isEmpty();
    assertThat(heard.present.get()).isEqualTo(heard.received.get());
  }

  @Test
  void takesABlobThatIsThereAlready() throws IOException {
    Path blob = repository.resolve("blobs", hub.hash(WEIGHTS));
    Files.createDirectories(blob.getParent());
    Files.write(blob, LARGE);

    pull(REPOSITORY);

    assertThat(hub.gets(WEIGHTS)).isEmpty();
    assertThat(snapshot.resolve(WEIGHTS)).hasBinaryContent(LARGE);
  }

  @Test
  void readsALargeFileInSeveralRanges() {
    pull(REPOSITORY);

    assertThat(hub.gets(WEIGHTS))
        .hasSize(Math.ceilDiv(LARGE.length, RANGE))
        .extracting(FakeHub.Request::range)
        .contains("bytes=0-29999", "bytes=180000-199999");
  }

  @Test
  void continuesAfterAConnectionWasCut() {
    hub.failing("config.json", hub.cutAfter("config.json", 5));
    hub.failing(WEIGHTS, hub.cutAfter(WEIGHTS, 11_111), hub.cutAfter(WEIGHTS, 0));

    pull(REPOSITORY);

    assertThat(snapshot.resolve(WEIGHTS)).hasBinaryContent(LARGE);
    assertThat(hub.gets("config.json").getLast().range()).startsWith("bytes=5-");
    assertThat(hub.gets(WEIGHTS)).hasSize(Math.ceilDiv(LARGE.length, RANGE) + 2);
    assertThat(heard.received.get()).isEqualTo(heard.planned.get());
    assertThat(heard.waits)
        .hasSize(3)
        .allSatisfy(w -> assertThat(w).contains("connection was cut"));
  }

  @Test
  void continuesWhatAnInterruptedPullLeft() throws IOException {
    leaveIncomplete(Arrays.copyOf(LARGE, 190_000));

    pull(REPOSITORY);

    assertThat(hub.gets(WEIGHTS))
        .singleElement()
        .extracting(FakeHub.Request::range)
        .isEqualTo("bytes=190000-199999");
    assertThat(snapshot.resolve(WEIGHTS)).hasBinaryContent(LARGE);
    assertThat(repository.resolve("blobs", hub.hash(WEIGHTS) + ".incomplete")).doesNotExist();
    assertThat(heard.present.get()).isEqualTo(190_000);
  }

  @Test
  void startsAnewWhereTheBeginningWasWrong() throws IOException {
    byte[] wrong = LARGE.clone();
    wrong[7]++;
    leaveIncomplete(Arrays.copyOf(wrong, 190_000));

    pull(REPOSITORY);

    assertThat(snapshot.resolve(WEIGHTS)).hasBinaryContent(LARGE);
    assertThat(heard.present.get() + heard.received.get()).isEqualTo(heard.planned.get());
  }

  @Test
  void completesAnIncompleteFileThatLacksNothing() throws IOException {
    leaveIncomplete(LARGE);

    pull(REPOSITORY);

    assertThat(hub.gets(WEIGHTS)).isEmpty();
    assertThat(snapshot.resolve(WEIGHTS)).hasBinaryContent(LARGE);
  }

  @Test
  void continuesWithAServerThatKnowsNoRanges() throws IOException {
    hub.knowsRanges = false;
    leaveIncomplete(Arrays.copyOf(LARGE, 120_000));

    pull(REPOSITORY);

    assertThat(snapshot.resolve(WEIGHTS)).hasBinaryContent(LARGE);
  }

  @Test
  void deletesWhatArrivesDamaged() {
    FakeHub.Fault[] always = new FakeHub.Fault[20];
    Arrays.fill(always, hub.damaged(WEIGHTS));
    hub.failing(WEIGHTS, always);

    assertRefused(REPOSITORY, WEIGHTS, "arrived damaged and was deleted", hub.hash(WEIGHTS));

    assertThat(repository.resolve("blobs").toFile().list())
        .containsExactlyInAnyOrder(hub.hash("config.json"), hub.hash("tokenizer.json"));
    assertThat(repository.resolve("refs")).doesNotExist();
    assertThat(snapshot.resolve(WEIGHTS)).doesNotExist();
  }

  @Test
  void endsAConnectionThatIsSilent() {
    hub.failing("config.json", hub.silentAfter("config.json", 3, 60_000));
    Patience impatient =
        new Patience(4, Duration.ofMillis(2), Duration.ofSeconds(5), Duration.ofMillis(400));

    pull(REPOSITORY, settings, impatient);

    assertThat(heard.waits).singleElement().asString().contains("nothing came");
    assertThat(snapshot.resolve("config.json")).exists();
  }

  @Test
  void waitsAsLongAsTheHubAsks() {
    hub.failing("/", status(429, "Retry-After", "1"));
    long started = System.nanoTime();

    pull(REPOSITORY);

    assertThat(Duration.ofNanos(System.nanoTime() - started)).isGreaterThan(Duration.ofSeconds(1));
    assertThat(heard.waits).singleElement().asString().contains("429", "1 s");
  }

  @Test
  void doesNotWaitForHours() {
    hub.failing("/", status(429, "Retry-After", "7200"));

    assertRefused(REPOSITORY, "429", "7200 s");
  }

  @Test
  void triesAgainWhileTheHubIsDown() {
    hub.failing("/", status(503), status(500), status(502));
    hub.failing(WEIGHTS, status(503));

    pull(REPOSITORY);

    assertThat(heard.waits).hasSize(4);
    assertThat(snapshot.resolve(WEIGHTS)).hasBinaryContent(LARGE);
  }

  @Test
  void givesUpAfterAWhile() {
    hub.failing("/", status(503), status(503), status(503), status(503), status(503));

    assertRefused(REPOSITORY, "503", "4 times in a row");
  }

  @Test
  void asksTheHubAnewWhenAnAddressHasExpired() {
    hub.failing(WEIGHTS, exchange -> false, status(403), status(403));

    pull(REPOSITORY);

    assertThat(snapshot.resolve(WEIGHTS)).hasBinaryContent(LARGE);
  }

  @Test
  void sendsTheTokenToTheHubAlone() {
    hub.token = Optional.of("hf_secret");

    pull(REPOSITORY, settings(Optional.of("hf_secret")), PATIENCE);

    assertThat(hub.requests)
        .filteredOn(r -> r.server().equals("hub"))
        .extracting(FakeHub.Request::authorization)
        .containsOnly("Bearer hf_secret");
    assertThat(hub.requests)
        .filteredOn(r -> r.server().equals("storage"))
        .isNotEmpty()
        .extracting(FakeHub.Request::authorization)
        .containsOnlyNulls();
  }

  @Test
  void saysHowToGetAccess() {
    hub.token = Optional.of("hf_secret");

    assertRefused(REPOSITORY, "accept its conditions on " + hub.endpoint(), "set HF_TOKEN");
    assertThatThrownBy(() -> pull(REPOSITORY, settings(Optional.of("hf_other")), PATIENCE))
        .hasMessageContaining("the account that your token belongs to")
        .hasMessageNotContaining("hf_other");
    hub.token = Optional.empty();
    hub.failing("/", status(403, "X-Error-Message", "no read scope"));
    assertRefused(REPOSITORY, "access is refused (no read scope)");
  }

  @Test
  void namesWhatIsNotThere() {
    assertRefused("someone/else", "someone/else: there is no such model on", "set HF_TOKEN");
    assertRefused(REPOSITORY + "@v9", "has no revision 'v9'");
    assertRefused(REPOSITORY + ":none.gguf", "holds no GGUF file");
  }

  @Test
  void refusesToDownloadOffline() {
    HubSettings offline = new HubSettings(hub.endpoint(), folder, Optional.empty(), true, true);

    assertThatThrownBy(() -> pull(REPOSITORY, offline, PATIENCE))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("HF_HUB_OFFLINE");
    assertThat(hub.requests).isEmpty();
  }

  @Test
  void saysAtOnceThatTheHubCannotBeReached() {
    hub.close();

    assertRefused(REPOSITORY, "localhost cannot be reached (no connection)", "HF_ENDPOINT");
    assertThat(heard.waits).isEmpty();
  }

  @Test
  void noticesThatAServerIsNoHub() {
    hub.failing(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          exchange.getResponseBody().write("<html>".getBytes(StandardCharsets.US_ASCII));
          return true;
        });

    assertRefused(REPOSITORY, "does not answer as the Hugging Face hub does", "HF_ENDPOINT");
  }

  @Test
  void putsTheFilesThemselvesWhereLinksAreNotPossible() throws IOException {
    HubSettings noLinks = new HubSettings(hub.endpoint(), folder, Optional.empty(), false, false);

    pull(REPOSITORY, noLinks, PATIENCE);
    hub.requests.clear();
    pull(REPOSITORY, noLinks, PATIENCE);

    assertThat(snapshot.resolve(WEIGHTS)).hasBinaryContent(LARGE);
    assertThat(snapshot.resolve(WEIGHTS)).isRegularFile();
    assertThat(Files.isSymbolicLink(snapshot.resolve(WEIGHTS))).isFalse();
    assertThat(hub.gets(WEIGHTS)).isEmpty();
  }

  @Test
  void twoPullsAtOnceShareTheWork() {
    List<CompletableFuture<CachedModel>> both =
        List.of(
            CompletableFuture.supplyAsync(() -> pull(REPOSITORY)),
            CompletableFuture.supplyAsync(() -> pull(REPOSITORY)));

    assertThat(both).allSatisfy(one -> assertThat(one.join().path()).isEqualTo(snapshot));

    assertThat(hub.gets(WEIGHTS)).hasSize(Math.ceilDiv(LARGE.length, RANGE));
    assertThat(snapshot.resolve(WEIGHTS)).hasBinaryContent(LARGE);
  }

  @Test
  void readsTheShardsThatTheIndexNames() {
    FakeHub sharded =
        new FakeHub()
            .with("config.json", json("{}"))
            .with("tokenizer.json", json("{}"))
            .with(
                "model.safetensors.index.json",
                json(
                    "{\"weight_map\": {\"a\": \"model-1.safetensors\", \"b\": \"model-2.safetensors\"}}"))
            .with("model-1.safetensors", LARGE)
            .with("model-2.safetensors", bytes(5000))
            .with("consolidated.safetensors", LARGE);
    try (sharded) {
      HubSettings here = new HubSettings(sharded.endpoint(), folder, Optional.empty(), false, true);
      pull(REPOSITORY, here, PATIENCE);
    }

    assertThat(snapshot.toFile().list())
        .containsExactlyInAnyOrder(
            "config.json",
            "tokenizer.json",
            "model.safetensors.index.json",
            "model-1.safetensors",
            "model-2.safetensors");
  }

  @Test
  void namesAnIndexOfShardsThatNamesNoFiles() {
    FakeHub sharded =
        new FakeHub()
            .with("config.json", json("{}"))
            .with("tokenizer.json", json("{}"))
            .with("model.safetensors.index.json", json("{\"weight_map\": {\"a\": null}}"));
    try (sharded) {
      HubSettings here = new HubSettings(sharded.endpoint(), folder, Optional.empty(), false, true);
      assertThatThrownBy(() -> pull(REPOSITORY, here, PATIENCE))
          .isInstanceOf(InputException.class)
          .hasMessageContaining("model.safetensors.index.json: weight_map has null");
    }
  }

  @Test
  void pullsOneGgufFile() {
    FakeHub quantised =
        new FakeHub().with("tiny-Q4_0.gguf", LARGE).with("Q8/tiny-Q8_0.gguf", bytes(5000));
    try (quantised) {
      HubSettings here =
          new HubSettings(quantised.endpoint(), folder, Optional.empty(), false, true);

      assertThatThrownBy(() -> pull(REPOSITORY, here, PATIENCE))
          .isInstanceOf(InputException.class)
          .hasMessageContaining(
              "several GGUF files, choose one as someone/tiny-model:FILE from:"
                  + " Q8/tiny-Q8_0.gguf, tiny-Q4_0.gguf");
      CachedModel pulled = pull(REPOSITORY + ":q8_0", here, PATIENCE);

      assertThat(pulled.reference()).hasToString(REPOSITORY + ":Q8/tiny-Q8_0.gguf");
      assertThat(pulled.path()).hasBinaryContent(bytes(5000));
      assertThat(snapshot.toFile().list()).containsExactly("Q8");
    }
  }

  @Test
  void recordsARevision() {
    hub.revisions.put("refs/pr/7", COMMIT);

    pull(REPOSITORY + "@refs/pr/7");
    pull(REPOSITORY + "@" + COMMIT);

    assertThat(repository.resolve("refs", "refs", "pr", "7")).hasContent(COMMIT);
    assertThat(repository.resolve("refs", "main")).doesNotExist();
    assertThat(repository.resolve("refs").toFile().list()).containsExactly("refs");
  }

  @Test
  void refusesAModelThatCannotFit() {
    try (FakeHub huge =
        new FakeHub() {
          @Override
          String announcedSize(String path) {
            return path.equals(WEIGHTS) ? Long.toString(1L << 60) : super.announcedSize(path);
          }
        }) {
      huge.with("config.json", json("{}")).with(WEIGHTS, LARGE);
      HubSettings here = new HubSettings(huge.endpoint(), folder, Optional.empty(), false, true);

      assertThatThrownBy(() -> pull(REPOSITORY, here, PATIENCE))
          .isInstanceOf(InputException.class)
          .hasMessageContaining("needs 1152921504606846976 bytes more");
      assertThat(huge.gets(WEIGHTS)).isEmpty();
    }
  }

  @Test
  void saysThatTheCacheCannotBeWritten() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));
    HubSettings here = new HubSettings(hub.endpoint(), file, Optional.empty(), false, true);

    assertThatThrownBy(() -> pull(REPOSITORY, here, PATIENCE))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("cannot be written")
        .hasMessageContaining("HF_HUB_CACHE");
  }

  private void leaveIncomplete(byte[] bytes) throws IOException {
    Path incomplete = repository.resolve("blobs", hub.hash(WEIGHTS) + ".incomplete");
    Files.createDirectories(incomplete.getParent());
    Files.write(incomplete, bytes);
  }

  private CachedModel pull(String model) {
    return pull(model, settings, PATIENCE);
  }

  private CachedModel pull(String model, HubSettings settings, Patience patience) {
    try (HubPull pull = new HubPull(ModelReference.of(model), settings, heard, patience, RANGE)) {
      return pull.run();
    }
  }

  private void assertRefused(String model, String... parts) {
    assertThatThrownBy(() -> pull(model))
        .isInstanceOf(InputException.class)
        .message()
        .contains(parts);
  }

  private HubSettings settings(Optional<String> token) {
    return new HubSettings(hub.endpoint(), folder, token, false, true);
  }

  private static byte[] json(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] bytes(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }
}
