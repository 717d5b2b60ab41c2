package dev.cram.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cram.app.CramProcess.Outcome;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code cram serve} as a process of its own. */
class EndToEndServeTest {
  @TempDir private Path streams;

  @Test
  void itPrintsItsAddressAndServesThere() throws Exception {
    Process process = new CramProcess(streams).startPiped("serve", "--port", "0");
    try (BufferedReader out =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      String line = out.readLine();
      assertThat(line).matches("open http://localhost:[0-9]+/ .*");
      URI page = URI.create(line.split(" ")[1]);
      String html =
          HttpClient.newHttpClient()
              .send(HttpRequest.newBuilder(page).build(), BodyHandlers.ofString())
              .body();
      assertThat(html).contains("<title>Cram");

      Outcome second =
          new CramProcess(streams).run("serve", "--port", Integer.toString(page.getPort()));
      assertThat(second.status()).isEqualTo(1);
      assertThat(second.err().lines()).hasSize(1).first().asString().contains("is in use");
    } finally {
      process.destroy();
      process.waitFor();
    }
  }

  @Test
  void whatIsNotThereIsSaidInOneLine() {
    for (String[] arguments :
        new String[][] {
          {"serve", "--database", "none.db"},
          {"serve", "--model", "none"},
          {"serve", "--port", "99999"},
          {"serve", "--host", "0.0.0.0", "--token", ""},
        }) {
      Outcome outcome = new CramProcess(streams).run(arguments);
      assertThat(outcome.status()).isEqualTo(1);
      assertThat(outcome.err().lines()).hasSize(1).first().asString().startsWith("cram: ");
    }
  }
}
