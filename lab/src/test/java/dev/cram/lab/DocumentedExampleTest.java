package dev.cram.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringWriter;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program in docs/lab.md compiles and does what it says. */
class DocumentedExampleTest {
  private static final Path ROOT = Path.of(System.getProperty("cram.root", ".."));

  @TempDir Path folder;

  @Test
  void theProgramInTheDocumentsRuns() throws Exception {
    Matcher block =
        Pattern.compile("```java\n(.*?)```", Pattern.DOTALL)
            .matcher(Files.readString(ROOT.resolve("docs/lab.md")));
    assertThat(block.find()).isTrue();
    compile(block.group(1));
    Files.writeString(
        folder.resolve("experiment.yaml"),
        """
        models: ['%s']
        sources: [random]
        lengths: [4, 6]
        samples: 2
        max-steps: 5
        """
            .formatted(ROOT.resolve("lm/src/test/resources/fixtures/llama").toAbsolutePath()));
    try (var loader = new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
      loader
          .loadClass("Example")
          .getMethod("main", String[].class)
          .invoke(null, (Object) new String[] {folder.toString()});
    }
    assertThat(folder.resolve("report/index.html")).isNotEmptyFile();
  }

  private void compile(String program) throws Exception {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    var source =
        new SimpleJavaFileObject(URI.create("string:///Example.java"), JavaFileObject.Kind.SOURCE) {
          @Override
          public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return program;
          }
        };
    StringWriter errors = new StringWriter();
    boolean compiled =
        compiler
            .getTask(
                errors,
                null,
                null,
                List.of("-cp", System.getProperty("java.class.path"), "-d", folder.toString()),
                null,
                List.of(source))
            .call();
    assertThat(compiled).as(errors.toString()).isTrue();
  }
}
