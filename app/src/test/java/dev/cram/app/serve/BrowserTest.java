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
import dev.cram.Cram;
import dev.cram.CramListener;
import dev.cram.container.CramFile;
import dev.cram.tensor.Precision;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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
    Page opened = browser.newContext().newPage();
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
    page.setInputFiles("#cram-file", file);
    assertThat(page.locator("#uncram-state")).containsText("byte for byte: 20 tokens", PATIENTLY);
    assertThat(page.locator("#uncram-text").innerText()).isEqualTo(PARAGRAPH);
    page.click("#token-2");
    assertThat(page.locator("#token")).containsText("Token 3 of 20");
    assertThat(page.locator("#token .word")).hasText("␣gate");
    assertThat(page.locator("#token")).containsText("runner-up");
    page.locator("#uncram-text").press("ArrowRight");
    assertThat(page.locator("#token .word")).hasText("␣stood");
  }

  /** By the library, as cram decompress does. */
  private static byte[] decompressed(Path file) {
    try (Cram cram = Cram.open("cram-tiny", Precision.F32, 1)) {
      return cram.decompress(file.toString(), CramFile.read(file), CramListener.SILENT);
    }
  }
}
