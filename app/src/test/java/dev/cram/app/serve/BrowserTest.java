package dev.cram.app.serve;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Download;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.assertions.LocatorAssertions.ContainsTextOptions;
import com.microsoft.playwright.assertions.LocatorAssertions.HasCountOptions;
import com.microsoft.playwright.assertions.LocatorAssertions.HasTextOptions;
import com.microsoft.playwright.options.ColorScheme;
import dev.cram.app.CramProcess;
import dev.cram.lab.ExperimentFile;
import dev.cram.lab.LabListener;
import dev.cram.lab.Laboratory;
import dev.cram.lab.database.LabDatabase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page in a real Chromium; skipped where there is none. */
class BrowserTest {
  private static final String PARAGRAPH =
      "The garden gate stood open when she came home, and nobody could tell her who had been there.";
  private static final ContainsTextOptions PATIENTLY = new ContainsTextOptions().setTimeout(90_000);

  private static WebServer server;
  private static Visitor visitor;
  private static Playwright playwright;
  private static Browser browser;

  @TempDir private Path folder;
  private final List<String> complaints = new ArrayList<>();
  private Page page;

  @BeforeAll
  static void open() {
    Path chromium =
        Stream.of(
                System.getenv().getOrDefault("CHROMIUM", ""),
                "/usr/bin/chromium",
                "/usr/bin/chromium-browser",
                "/usr/bin/google-chrome")
            .filter(path -> !path.isEmpty())
            .map(Path::of)
            .filter(Files::isExecutable)
            .findFirst()
            .orElse(null);
    Assumptions.assumeTrue(chromium != null, "no Chromium here; CHROMIUM may name one");
    server = Visitor.serve(ServerOptions.Limits.DEFAULT);
    visitor = new Visitor(server);
    playwright =
        Playwright.create(
            new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
    browser =
        playwright
            .chromium()
            .launch(
                new BrowserType.LaunchOptions()
                    .setExecutablePath(chromium)
                    .setHeadless(true)
                    .setArgs(
                        List.of(
                            "--no-sandbox",
                            "--disable-gpu",
                            "--disable-quic",
                            "--no-first-run",
                            "--disable-background-networking",
                            "--disable-component-update",
                            "--disable-sync")));
  }

  @AfterAll
  static void close() {
    if (playwright != null) {
      playwright.close();
    }
    if (server != null) {
      server.close();
    }
  }

  @BeforeEach
  void openPage() {
    page = newPage();
  }

  private Page newPage() {
    return listened(browser.newContext().newPage());
  }

  private Page listened(Page opened) {
    opened.onConsoleMessage(message -> {
      // A refused content policy, a missing module and an exception all end up here.
      if (message.type().equals("error")) {
        complaints.add(message.text());
      }
    });
    opened.onPageError(complaints::add);
    return opened;
  }

  private static void visit(Page page, String path) {
    page.navigate(visitor.address(path));
    page.waitForSelector("main:not([inert])");
  }

  @AfterEach
  void nothingWentWrong() {
    if (page == null) {
      return;
    }
    visitor
        .json("/api/jobs")
        .getAsJsonArray()
        .forEach(job ->
            visitor.post(
                "/api/jobs/" + job.getAsJsonObject().get("id").getAsInt() + "/give-up", ""));
    if (page.isVisible("#problem")) {
      complaints.add(page.innerText("#problem"));
    }
    page.context().close();
    assertThat(complaints).isEmpty();
  }

  @Test
  void aParagraphIsCrammedDownloadedDecompressedAndDroppedAgain() throws Exception {
    visit(page, "/");
    page.fill("#text", PARAGRAPH);
    page.click("#go");
    assertThat(page.locator("#outcome")).containsText("Exact: 20 tokens", PATIENTLY);
    assertThat(page.locator("#job-text .t").count()).isEqualTo(20);
    assertThat(page.locator("#job-text .t[class*=' s']").count()).isEqualTo(20);
    assertThat(page.locator("#outcome")).containsText("bits a character");

    Download download = page.waitForDownload(() -> page.click("#download-cram"));
    assertThat(download.suggestedFilename()).matches("The-garden-gate[A-Za-z-]*[.]cram");
    Path file = folder.resolve("page.cram");
    download.saveAs(file);
    assertThat(decompressed(file)).isEqualTo(PARAGRAPH.getBytes(UTF_8));
    assertThat(page.waitForDownload(() -> page.click("#download-npy")).suggestedFilename())
        .endsWith(".npy");

    page.click("nav [data-view=uncram]");
    page.waitForSelector("#uncram:not([aria-busy])");
    drop(file);
    assertThat(page.locator("#uncram-state")).containsText("byte for byte: 20 tokens", PATIENTLY);
    assertThat(page.locator("#uncram-text").innerText()).isEqualTo(PARAGRAPH);
    page.click("#token-2");
    assertThat(page.locator("#token")).containsText("Token 3 of 20");
    assertThat(page.locator("#token .word")).hasText("␣gate");
    assertThat(page.locator("#token")).containsText("runner-up");
    page.locator("#uncram-text").press("ArrowRight");
    assertThat(page.locator("#token .word")).hasText("␣stood");
  }

  /** Drops a file onto the page, as a hand with a mouse does. */
  private void drop(Path file) throws Exception {
    page.evaluate(
        """
        base64 => {
          const data = new DataTransfer();
          data.items.add(new File([Uint8Array.from(atob(base64), c => c.charCodeAt(0))], "page.cram"));
          document.getElementById("drop-cram").dispatchEvent(
            new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}));
        }
        """,
        Base64.getEncoder().encodeToString(Files.readAllBytes(file)));
  }

  /** By the command line, in a process of its own. */
  private byte[] decompressed(Path file) throws Exception {
    Path restored = folder.resolve("restored");
    CramProcess.Outcome outcome =
        new CramProcess(folder).run("decompress", file.toString(), "-o", restored.toString());
    assertThat(outcome.status()).as(outcome.err()).isZero();
    return Files.readAllBytes(restored);
  }

  @Test
  void slidersBreakATextAndPuttingThemBackMendsIt() {
    visitor.await(
        visitor.cram("The gate was open, and nobody had seen who opened it.", ""), "done");
    visitor.await(visitor.cram("A cup of cold tea stood on the table by the window.", ""), "done");
    visit(page, "/#/play");
    assertThat(page.locator("#play-state")).containsText("It holds", PATIENTLY);
    assertThat(page.locator("#play-text").innerText())
        .isEqualTo("A cup of cold tea stood on the table by the window.");

    page.fill("#noise", "95");
    assertThat(page.locator("#play-state")).containsText("It breaks at token", PATIENTLY);
    assertThat(page.locator("#play-text .first").count()).isEqualTo(1);
    page.fill("#noise", "0");
    assertThat(page.locator("#play-state")).containsText("It holds", PATIENTLY);
    page.check("#bits input[value='2']", new Page.CheckOptions().setForce(true));
    assertThat(page.locator("#play-state")).containsText("It breaks at token", PATIENTLY);
    page.click("#play-reset");
    assertThat(page.locator("#play-state")).containsText("It holds", PATIENTLY);
    page.fill("#mix", "100");
    assertThat(page.locator("#play-state")).containsText("as in B", PATIENTLY);
    page.click("#play-reset");
    page.selectOption("#swap-to", "0.0");
    assertThat(page.locator("#play-state")).containsText("It breaks at token 1,", PATIENTLY);
  }

  @Test
  void aReloadedPageFindsItsJobAndASecondTabSeesTheSame() {
    visit(page, "/");
    page.fill("#text", (PARAGRAPH + " ").repeat(400).strip());
    page.click("#go");
    assertThat(page.locator("#job-state")).containsText("Cramming", PATIENTLY);
    page.reload();
    assertThat(page.locator("#job-state")).containsText("Cramming", PATIENTLY);
    assertThat(page.locator("#job-text .t"))
        .hasCount(8_000, new HasCountOptions().setTimeout(90_000));

    Page tab = page.context().newPage();
    // A tab that knows of no job finds the one that runs.
    visit(tab, "/");
    assertThat(tab.locator("#job-state")).containsText("Cramming", PATIENTLY);
    tab.click("#stop");
    assertThat(page.locator("#job-state")).containsText("Stopped", PATIENTLY);
    page.click("#go-on");
    assertThat(tab.locator("#job-state")).containsText("Cramming", PATIENTLY);
    String running = page.url();
    // Closing a tab stops nothing; the button does.
    page.navigate("about:blank");
    Visitor.sleep(300);
    int job = Integer.parseInt(running.substring(running.lastIndexOf('/') + 1));
    assertThat(visitor.status(job)).isEqualTo("running");
    tab.click("#stop");
    assertThat(tab.locator("#job-state")).containsText("Stopped", PATIENTLY);
    tab.fill("#again-seed", "11");
    tab.click("#again");
    assertThat(tab.locator("#job-about")).containsText("seed 11", PATIENTLY);
    visitor.await(job, "given_up");
    tab.click("#give-up");
    assertThat(tab.locator("#job-state")).containsText("Given up", PATIENTLY);
  }

  @Test
  void everythingIsReachedByKeyboardAndFitsAPhoneInTheDark() {
    page.context().close();
    page =
        listened(
            browser
                .newContext(
                    new Browser.NewContextOptions()
                        .setViewportSize(390, 844)
                        .setColorScheme(ColorScheme.DARK))
                .newPage());
    visit(page, "/");
    page.locator("#text").focus();
    page.keyboard().type("The gate stood open.");
    page.keyboard().press("Control+Enter");
    assertThat(page.locator("#outcome")).containsText("Exact", PATIENTLY);
    for (String view : List.of("cram", "uncram", "play", "results")) {
      page.locator("nav [data-view=" + view + "]").focus();
      page.keyboard().press("Enter");
      page.waitForSelector("#" + view + ":not([hidden])");
      assertThat(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))
          .as(view)
          .isEqualTo(true);
      // What can be used has a name.
      assertThat(page.evaluate(UNNAMED)).as(view).isEqualTo(List.of());
    }
    assertThat(page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))
        .isEqualTo("rgb(16, 19, 21)");
  }

  private static final String UNNAMED =
      """
      [...document.querySelectorAll("button, input, select, textarea, a, [role=img], [role=meter]")]
        .filter(e => e.checkVisibility())
        .filter(e => !(e.textContent.trim() || e.labels?.length || e.getAttribute("aria-label")
          || e.getAttribute("aria-labelledby") || e.alt))
        .map(e => e.outerHTML)
      """;

  @Test
  void resultsOfADatabaseAreShownAndFiltered() throws Exception {
    Path database = folder.resolve("lab.db");
    Path experiment = folder.resolve("small.yaml");
    Files.writeString(
        experiment,
        """
        models: [cram-tiny]
        sources: [random]
        lengths: [4, 8]
        vectors: [1, 2]
        samples: 1
        recipe: cram
        max-steps: 10
        """);
    try (LabDatabase lab = LabDatabase.open(database)) {
      new Laboratory(lab, 2).run(ExperimentFile.read(experiment), LabListener.SILENT);
    }
    try (WebServer withResults = Visitor.serve(ServerOptions.Limits.DEFAULT, database)) {
      page.navigate(new Visitor(withResults).address("/#/results"));
      assertThat(page.locator("#results-state"))
          .hasText("4 runs", new HasTextOptions().setTimeout(90_000));
      assertThat(page.locator("#figure-runs tbody tr").count()).isEqualTo(4);
      assertThat(page.locator("#gallery img").count()).isGreaterThan(0);
      page.selectOption("#filters [name=vectors]", "2");
      assertThat(page.locator("#results-state")).hasText("2 runs");
      page.selectOption("#filters [name=length]", "8");
      assertThat(page.locator("#results-state")).hasText("1 run");
      page.close();
    }
    page = newPage();
  }

  @Test
  void tenThousandTokensAreShownWhileTheyAreCrammed() {
    visit(page, "/");
    page.fill("#text", (PARAGRAPH + " ").repeat(500).strip());
    page.click("#go");
    assertThat(page.locator("#job-state")).containsText("Cramming", PATIENTLY);
    assertThat(page.locator("#job-text .t"))
        .hasCount(10_000, new HasCountOptions().setTimeout(90_000));
    page.waitForTimeout(1000);
    assertThat(
            page.locator("#job-text .q, #job-text [class*=' w'], #job-text [class*=' r']").count())
        .isGreaterThan(5);
    page.click("#give-up");
    assertThat(page.locator("#job-state")).containsText("Given up", PATIENTLY);
  }
}
