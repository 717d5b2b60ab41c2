package dev.cram.app.serve;

import io.javalin.http.Context;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.zip.CRC32C;
import java.util.zip.GZIPOutputStream;

/** The files of the page, by the paths that the browser asks for; nothing else is ever read. */
final class Assets {
  private static final String UPLOT = "/META-INF/resources/webjars/uplot/1.6.30/dist/";

  private record Asset(String type, byte[] bytes, byte[] zipped, String tag) {}

  private final Map<String, Asset> assets = new HashMap<>();

  Assets() {
    add("/", "page/index.html");
    add("/login", "page/login.html");
    for (String name :
        new String[] {
          "style.css",
          "main.js",
          "cram.js",
          "uncram.js",
          "play.js",
          "results.js",
          "chips.js",
          "charts.js",
          "server.js",
          "icon.svg"
        }) {
      add("/" + name, "page/" + name);
    }
    add("/uPlot.js", UPLOT + "uPlot.esm.js");
    add("/uPlot.css", UPLOT + "uPlot.min.css");
  }

  private void add(String path, String resource) {
    try (InputStream in = Assets.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException("the resource " + resource + " belongs to the program");
      }
      byte[] bytes = in.readAllBytes();
      var zipped = new ByteArrayOutputStream();
      try (var gzip = new GZIPOutputStream(zipped)) {
        gzip.write(bytes);
      }
      var checksum = new CRC32C();
      checksum.update(bytes);
      String tag = '"' + HexFormat.of().toHexDigits(checksum.getValue(), 8) + '"';
      assets.put(path, new Asset(type(resource), bytes, zipped.toByteArray(), tag));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String type(String resource) {
    return switch (resource.substring(resource.lastIndexOf('.') + 1)) {
      case "html" -> "text/html; charset=utf-8";
      case "css" -> "text/css; charset=utf-8";
      case "svg" -> "image/svg+xml";
      default -> "text/javascript; charset=utf-8";
    };
  }

  Iterable<String> paths() {
    return assets.keySet();
  }

  /** Answers with the file of a path that is there. */
  void answer(Context request, String path) {
    Asset asset = assets.get(path);
    request.header("Cache-Control", "no-cache").header("ETag", asset.tag());
    if (asset.tag().equals(request.header("If-None-Match"))) {
      request.status(304);
      return;
    }
    String accepted = request.header("Accept-Encoding");
    boolean zip = accepted != null && accepted.contains("gzip");
    if (zip) {
      request.header("Content-Encoding", "gzip");
    }
    request
        .header("Vary", "Accept-Encoding")
        .contentType(asset.type())
        .result(zip ? asset.zipped() : asset.bytes());
  }
}
