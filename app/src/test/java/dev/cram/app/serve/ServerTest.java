package dev.cram.app.serve;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.cram.container.CramFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What the page asks the server for, asked without a page. */
class ServerTest {
  private static final String SENTENCE = "The garden gate stood open when she came home.";

  private static WebServer server;
  private static Visitor visitor;

  @BeforeAll
  static void start() {
    server = Visitor.serve(ServerOptions.Limits.DEFAULT);
    visitor = new Visitor(server);
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void aFinishedJobSaysWhatCameOfIt() {
    int job = visitor.cram(SENTENCE, "name=gate.txt&vectors=1");
    JsonObject outcome = visitor.await(job, "done").getAsJsonObject("outcome");

    assertThat(outcome.get("exact").getAsBoolean()).isTrue();
    assertThat(outcome.get("characters").getAsInt()).isEqualTo(SENTENCE.length());
    double tokens = outcome.get("tokens").getAsDouble();
    double vectors = outcome.get("vectors").getAsDouble();
    assertThat(outcome.get("tokensPerVector").getAsDouble()).isEqualTo(tokens / vectors);
    assertThat(outcome.get("informationGain").getAsDouble()).isBetween(10.0, 500.0);
    assertThat(outcome.get("tokenGain").getAsDouble()).isBetween(1.0, tokens);
    JsonArray sizes = outcome.getAsJsonArray("sizes");
    assertThat(sizes).hasSize(5);
    assertThat(sizes.get(0).getAsJsonObject().get("bitsPerCharacter").getAsDouble()).isEqualTo(8);

    byte[] bytes = visitor.bytes("/api/jobs/" + job + "/file.cram");
    CramFile file = CramFile.read("gate.cram", bytes);
    assertThat(sizes.get(4).getAsJsonObject().get("bytes").getAsInt()).isEqualTo(bytes.length);
    assertThat(sizes.get(3).getAsJsonObject().get("bytes").getAsInt())
        .isEqualTo((int) (vectors * 300 * Float.BYTES));

    ByteBuffer npy =
        ByteBuffer.wrap(visitor.bytes("/api/jobs/" + job + "/vectors.npy"))
            .order(ByteOrder.LITTLE_ENDIAN);
    int header = 10 + npy.getShort(8);
    assertThat(header % 64).isZero();
    assertThat(new String(npy.array(), 10, header - 10, UTF_8))
        .startsWith(
            "{'descr': '<f4', 'fortran_order': False, 'shape': (" + (int) vectors + ", 300)")
        .endsWith("\n");
    assertThat(npy.capacity() - header).isEqualTo((int) (vectors * 300 * Float.BYTES));
    assertThat(npy.getFloat(header)).isEqualTo(file.segments().getFirst().vectors().values()[0]);
  }

  @Test
  void viewersAreToldEverythingFromWhereverTheyCome() throws Exception {
    int job = visitor.cram(SENTENCE, "seed=2");
    List<JsonObject> events = new ArrayList<>();
    // The stream ends when the job has.
    visitor
        .get("/api/jobs/" + job + "/events")
        .body()
        .lines()
        .filter(line -> line.startsWith("data: "))
        .forEach(line -> events.add(JsonParser.parseString(line.substring(6)).getAsJsonObject()));

    assertThat(events.getFirst().has("texts")).isTrue();
    JsonObject last = events.getLast();
    assertThat(last.getAsJsonObject("job").get("status").getAsString()).isEqualTo("done");
    StringBuilder text = new StringBuilder();
    last.getAsJsonArray("texts").forEach(part -> text.append(part.getAsString()));
    assertThat(text).hasToString(SENTENCE);
    JsonObject view = last.getAsJsonObject("view");
    assertThat(view.get("firstWrong").getAsInt()).isEqualTo(view.get("total").getAsInt());
    assertThat(view.getAsJsonArray("levels").get(0).getAsJsonObject().get("levels").getAsString())
        .matches("[A-HP]+");
    assertThat(view.getAsJsonObject("path").getAsJsonArray("x").size()).isGreaterThan(2);
    double share = 0;
    for (var one : view.getAsJsonObject("path").getAsJsonArray("shares")) {
      share += one.getAsDouble();
    }
    assertThat(share).isBetween(0.3, 1.001);
    assertThat(view.getAsJsonObject("curve").getAsJsonArray("loss").size()).isGreaterThan(1);

    String late = visitor.get("/api/jobs/" + job + "/events").body();
    assertThat(late).startsWith("event: snapshot\n").contains("\"status\":\"done\"");
  }

  @Test
  void aJobStopsGoesOnAndIsDoneAgainWithAnotherSeed() {
    String text = (SENTENCE + " ").repeat(400);
    int job = visitor.cram(text, "seed=3");
    int next = visitor.cram(SENTENCE, "seed=4");
    visitor.await(job, "running");
    assertThat(visitor.status(next)).isEqualTo("queued");

    visitor.post("/api/jobs/" + job + "/stop", "");
    visitor.await(job, "stopped");
    // While one rests, the next has its turn.
    visitor.await(next, "done");
    assertThat(visitor.status(job)).isEqualTo("stopped");

    visitor.post("/api/jobs/" + job + "/go-on", "");
    visitor.await(job, "running");
    int again =
        JsonParser.parseString(visitor.post("/api/jobs/" + job + "/again?seed=9", "").body())
            .getAsJsonObject()
            .get("id")
            .getAsInt();
    visitor.await(job, "given_up");
    JsonObject second = visitor.await(again, "running");
    assertThat(second.get("seed").getAsInt()).isEqualTo(9);
    assertThat(second.get("bytes").getAsInt()).isEqualTo(text.length());
    visitor.post("/api/jobs/" + again + "/give-up", "");
    visitor.await(again, "given_up");
    // What was given up leaves its turn to others.
    visitor.await(visitor.cram("The gate.", "seed=5"), "done");
  }

  @Test
  void aJobThatIsGivenUpWhileItWaitsNeverRuns() {
    int first = visitor.cram((SENTENCE + " ").repeat(400), "seed=6");
    visitor.await(first, "running");
    int second = visitor.cram(SENTENCE, "seed=6");
    visitor.post("/api/jobs/" + second + "/give-up", "");
    JsonObject neverRan = visitor.await(second, "given_up");
    assertThat(neverRan.get("steps").getAsInt()).isZero();
    visitor.post("/api/jobs/" + first + "/give-up", "");
    visitor.await(first, "given_up");
  }

  @Test
  void aFileIsDecodedTokenByTokenAndItsVectorsAreMoved() {
    int job = visitor.cram(SENTENCE, "seed=7");
    String made = visitor.await(job, "done").get("specimen").getAsString();
    byte[] bytes = visitor.bytes("/api/jobs/" + job + "/file.cram");
    String dropped =
        JsonParser.parseString(visitor.post("/api/files?name=gate.cram", bytes).body())
            .getAsJsonObject()
            .get("id")
            .getAsString();

    JsonArray decoded = visitor.lines("/api/files/" + dropped + "/decode");
    JsonObject end = decoded.remove(decoded.size() - 1).getAsJsonObject();
    assertThat(end.get("exact").getAsBoolean()).isTrue();
    StringBuilder text = new StringBuilder();
    decoded.forEach(token -> text.append(token.getAsJsonObject().get("t").getAsString()));
    assertThat(text).hasToString(SENTENCE);
    assertThat(decoded)
        .allSatisfy(token -> {
          double p = token.getAsJsonObject().get("p").getAsDouble();
          double q = token.getAsJsonObject().get("q").getAsDouble();
          double margin = token.getAsJsonObject().get("m").getAsDouble();
          assertThat(p).isBetween(q, 1.0);
          assertThat(Math.log(p / q)).isCloseTo(margin, org.assertj.core.data.Offset.offset(0.01));
        });

    assertThat(played("a=" + dropped).get("firstBreak").getAsInt()).isEqualTo(-1);
    assertThat(played("a=" + dropped + "&bits=16").get("right").getAsInt())
        .isEqualTo(decoded.size());
    JsonObject noisy = played("a=" + dropped + "&noise=2.5");
    assertThat(noisy.get("firstBreak").getAsInt()).isNotNegative();
    assertThat(noisy.get("right").getAsInt()).isLessThan(decoded.size());
    // The same file is on both sides: nothing changes, however it is mixed or swapped.
    String both = "a=" + dropped + "&b=" + made;
    assertThat(played(both + "&mix=0.5").get("firstBreak").getAsInt()).isEqualTo(-1);
    assertThat(played(both + "&swap=1&segment=0&vector=0&fromSegment=0&fromVector=0"))
        .satisfies(result -> assertThat(result.get("firstBreak").getAsInt()).isEqualTo(-1));
  }

  @Test
  void mixingLeadsFromOneTextToAnother() {
    String a =
        visitor.await(visitor.cram("The gate was open.", ""), "done").get("specimen").getAsString();
    String b =
        visitor.await(visitor.cram("A cup of cold tea.", ""), "done").get("specimen").getAsString();

    JsonArray lines = visitor.lines("/api/play?a=" + a + "&b=" + b + "&mix=1");

    int asB = 0;
    for (var line : lines) {
      JsonObject token = line.getAsJsonObject();
      asB += token.has("b") && token.get("b").getAsBoolean() ? 1 : 0;
    }
    assertThat(asB).isGreaterThanOrEqualTo(4);
    assertThat(lines.get(lines.size() - 1).getAsJsonObject().get("firstBreak").getAsInt()).isZero();
  }

  private static JsonObject played(String parameters) {
    JsonArray lines = visitor.lines("/api/play?" + parameters);
    return lines.get(lines.size() - 1).getAsJsonObject();
  }

  @Test
  void whatIsNotThereIsSaidInOneLine() {
    assertThat(visitor.get("/api/jobs/9999").statusCode()).isEqualTo(404);
    assertThat(visitor.get("/nothing").statusCode()).isEqualTo(404);
    assertThat(visitor.get("/nothing").body().lines()).hasSize(1);
    assertThat(visitor.get("/api/files/77777/decode").statusCode()).isEqualTo(404);
    assertThat(visitor.get("/api/results/0").statusCode()).isEqualTo(404);
    assertThat(visitor.post("/api/jobs", "").body()).isEqualTo("the text is empty\n");
    assertThat(visitor.post("/api/jobs?vectors=0", "x").body()).contains("from 1 to 256");
    assertThat(visitor.post("/api/jobs?recipe=magic", "x").body()).contains("progressive");
    assertThat(visitor.post("/api/jobs?precision=f8", "x").body()).contains("f32 or bf16");
    assertThat(visitor.post("/api/jobs?bits=5", "x").body()).contains("3, 4, 6, 8, 16 or 32");
  }
}
