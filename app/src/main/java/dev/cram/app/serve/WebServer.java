package dev.cram.app.serve;

import dev.cram.CompressOptions;
import dev.cram.Cram;
import dev.cram.app.serve.Specimens.Specimen;
import dev.cram.container.CramFile;
import dev.cram.container.Grid;
import dev.cram.container.Segment;
import dev.cram.lm.InputException;
import dev.cram.recipe.Recipe;
import dev.cram.tensor.Precision;
import io.javalin.Javalin;
import io.javalin.compression.CompressionStrategy;
import io.javalin.config.JavalinConfig;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.util.JavalinBindException;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.component.LifeCycle;

/** The web page and what it asks for. */
public final class WebServer implements AutoCloseable {
  private static final String NAME = "a .cram file";
  private static final int MOST_VECTORS = 256;
  private static final int MOST_STEPS = 100_000;
  private static final int MOST_SEGMENT_TOKENS = 1 << 14;
  private static final int MOST_NAME = 80;

  /** How many times the longest text a dropped file may hold. */
  private static final int LONGER = 16;

  /** What may be on its way to a visitor who does not read, before his thread waits. */
  private static final int SEND_BUFFER_BYTES = 1 << 16;

  private final ServerOptions options;
  private final Guard guard;
  private final ModelMenu menu;
  private final OpenModels models;
  private final Specimens specimens = new Specimens();
  private final Jobs jobs;
  private final Decoding decoding;
  private final Results results;
  private final EventStream events;
  private final LineStream lines = new LineStream();
  private final Assets assets = new Assets();
  private final Upload upload;
  private final Javalin javalin;

  private WebServer(ServerOptions options) {
    this.options = options;
    guard = new Guard(options.host(), options.token());
    menu = new ModelMenu(options.models());
    models = new OpenModels(menu, options.threads());
    jobs = new Jobs(models, specimens, options.threads(), options.limits().jobs());
    decoding = new Decoding(models, specimens);
    upload = new Upload(options.limits().uploadSeconds());
    results = new Results(options.databases());
    events = new EventStream(options.limits().viewers(), options.limits().idleSeconds());
    javalin = Javalin.create(this::configure);
  }

  /**
   * Starts a server.
   *
   * @throws InputException if the address cannot be used, or a model is not there
   */
  public static WebServer start(ServerOptions options) {
    WebServer server = new WebServer(options);
    try {
      server.javalin.start(options.host(), options.port());
      Thread.ofPlatform().daemon().name("cram-open").start(server::openFirstModel);
      return server;
    } catch (JavalinBindException e) {
      throw new InputException(
          options.host()
              + ":"
              + options.port()
              + " cannot be listened on: it is in use, or not allowed; give another --port",
          e);
    }
  }

  /** So that the first visitor does not wait for it. */
  private void openFirstModel() {
    try {
      models.use(menu.entries().getFirst().name(), Precision.F32).close();
    } catch (RuntimeException | LinkageError | OutOfMemoryError e) {
      // Whoever wants it will be told.
    }
  }

  /** A token that nobody guesses, where other machines can reach an address. */
  public static Optional<String> tokenFor(String host) {
    return Guard.isLoopback(host) ? Optional.empty() : Optional.of(Guard.newToken());
  }

  /** The address of the page, with the token in it if there is one. */
  public String address() {
    return "http://%s:%d/".formatted(Guard.inAddress(reachable(options.host())), javalin.port())
        + options.token().map(token -> "login?token=" + encoded(token)).orElse("");
  }

  /** The host, or where it stands for all addresses of this machine, one that others can open. */
  private static String reachable(String host) {
    try {
      if (!InetAddress.getByName(host).isAnyLocalAddress()) {
        return host;
      }
      return NetworkInterface.networkInterfaces()
          .flatMap(NetworkInterface::inetAddresses)
          .filter(address -> address instanceof Inet4Address && !address.isLoopbackAddress())
          .map(InetAddress::getHostAddress)
          .findFirst()
          .orElse(host);
    } catch (IOException e) {
      return host;
    }
  }

  public int port() {
    return javalin.port();
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private void configure(JavalinConfig config) {
    config.concurrency.useVirtualThreads = true;
    config.startup.showJavalinBanner = false;
    config.startup.showOldJavalinVersionWarning = false;
    config.startup.startupWatcherEnabled = false;
    config.http.compressionStrategy = CompressionStrategy.NONE;
    config.http.maxRequestSize = options.limits().fileBytes();
    config.jetty.modifyHttpConfiguration(http -> {
      http.setSendServerVersion(false);
      http.setIdleTimeout(1000L * options.limits().idleSeconds());
    });
    config.jetty.modifyServer(server -> {
      server.setErrorHandler(new OneLineErrors());
      server.addEventListener(new Connections(options.limits().idleSeconds()));
    });
    routes(config.routes);
  }

  private void routes(RoutesConfig routes) {
    routes.before(guard::check);
    for (String path : assets.paths()) {
      if (!path.equals(Guard.LOGIN)) {
        routes.get(path, request -> assets.answer(request, path));
      }
    }
    routes.get(Guard.LOGIN, this::login);
    routes.get("/api/info", request -> json(request, info()));

    routes.get("/api/jobs", request -> json(request, jobs.summaries()));
    routes.post("/api/jobs", request -> json(request, jobs.submit(order(request)).summary()));
    routes.get("/api/jobs/{id}", request -> json(request, job(request).summary()));
    routes.get("/api/jobs/{id}/events", request -> events.follow(request, job(request)));
    routes.get(
        "/api/jobs/{id}/text",
        request -> download(request, job(request).order().original(), "text/plain", ".txt"));
    routes.get(
        "/api/jobs/{id}/file.cram",
        request ->
            download(request, job(request).fileBytes(), "application/octet-stream", ".cram"));
    routes.get(
        "/api/jobs/{id}/vectors.npy",
        request ->
            download(
                request, Npy.vectors(job(request).file()), "application/octet-stream", ".npy"));
    routes.post("/api/jobs/{id}/stop", request -> job(request).stop());
    routes.post("/api/jobs/{id}/go-on", request -> job(request).goOn());
    routes.post("/api/jobs/{id}/give-up", request -> job(request).giveUp());
    routes.post("/api/jobs/{id}/again", this::again);

    routes.get("/api/files", request -> json(request, specimens.summaries()));
    routes.post("/api/files", this::takeFile);
    routes.get(
        "/api/files/{id}/decode",
        request -> {
          Specimen specimen = specimens.get(request.pathParam("id"));
          lines.answer(request, told -> decoding.uncram(specimen, told));
        });
    routes.get(
        "/api/play",
        request -> {
          Move move = move(request);
          lines.answer(request, told -> decoding.play(move, told));
        });
    routes.get("/api/results/{database}", request -> json(request, gallery(request)));

    routes.exception(Exception.class, (e, request) -> fail(request, e));
    routes.error(
        404,
        request -> {
          if (request.result() == null || request.result().startsWith("Endpoint")) {
            text(request, 404, "there is nothing at this address");
          }
        });
  }

  private static void json(Context request, Object value) {
    request.contentType("application/json; charset=utf-8").result(Json.of(value));
  }

  private static void text(Context request, int status, String line) {
    request.status(status).contentType("text/plain; charset=utf-8").result(line + "\n");
  }

  private void fail(Context request, Throwable e) {
    if (request.res().isCommitted()) {
      return;
    }
    int status =
        switch (e) {
          case Refusal refusal -> refusal.status();
          case InputException input -> Refusal.BAD_REQUEST;
          case IllegalArgumentException argument -> Refusal.BAD_REQUEST;
          default -> 500;
        };
    if (status == Refusal.UNAUTHORIZED && "/".equals(request.path())) {
      request.status(status);
      assets.answer(request, Guard.LOGIN);
      return;
    }
    // What is still on its way of a refused upload is not read.
    request.header("Connection", "close");
    text(request, status, message(e));
  }

  /** A failure in one line. */
  static String message(Throwable e) {
    return switch (e) {
      case Refusal refusal -> refusal.getMessage();
      case InputException input -> input.getMessage();
      case CancellationException cancelled -> "given up";
      case OutOfMemoryError memory -> "not enough memory";
      default -> "failed unexpectedly: " + String.valueOf(e).lines().findFirst().orElse("");
    };
  }

  private void login(Context request) {
    String token = request.queryParam("token");
    if (token == null) {
      assets.answer(request, Guard.LOGIN);
    } else if (guard.admit(request, token)) {
      request.redirect("/");
    } else {
      throw new Refusal(Refusal.UNAUTHORIZED, "this is not the token that cram serve printed");
    }
  }

  /** What the page knows from the start. */
  private record Info(
      List<ModelMenu.Entry> models,
      List<String> recipes,
      List<Integer> recipeSteps,
      List<String> databases,
      ServerOptions.Limits limits,
      int mostVectors) {}

  private Info info() {
    return new Info(
        menu.entries(),
        Recipe.namesForFiles(),
        Recipe.namesForFiles().stream().map(name -> Recipe.named(name).maxSteps()).toList(),
        results.names(),
        options.limits(),
        MOST_VECTORS);
  }

  private Job job(Context request) {
    return jobs.get(request.pathParam("id"));
  }

  private Job.Order order(Context request) throws IOException, InterruptedException {
    String model = parameter(request, "model", "cram-tiny");
    menu.opens(model);
    Recipe recipe = Recipe.named(parameter(request, "recipe", Recipe.namesForFiles().getFirst()));
    int steps = number(request, "steps", recipe.maxSteps(), 1, MOST_STEPS);
    int bits = number(request, "bits", Grid.FLOAT_BITS, 2, Grid.FLOAT_BITS);
    if (!Grid.supports(bits)) {
      throw new Refusal(Refusal.BAD_REQUEST, "vectors can have 3, 4, 6, 8, 16 or 32 bits a number");
    }
    CompressOptions how =
        new CompressOptions(
                number(request, "vectors", 1, 1, MOST_VECTORS),
                steps == recipe.maxSteps() ? recipe : recipe.withMaxSteps(steps),
                number(request, "seed", 1, 0, Integer.MAX_VALUE),
                CompressOptions.DEFAULT.marginGoal())
            .withVectorBits(bits);
    Precision precision = precision(parameter(request, "precision", "f32"));
    byte[] original = upload.read(request, "a text", options.limits().textBytes());
    if (original.length == 0) {
      throw new Refusal(Refusal.BAD_REQUEST, "the text is empty");
    }
    return new Job.Order(name(request, original), original, model, precision, how);
  }

  private static String name(Context request, byte[] original) {
    String name = parameter(request, "name", "");
    if (name.isBlank()) {
      name =
          new String(original, 0, Math.min(original.length, 4 * MOST_NAME), StandardCharsets.UTF_8);
    }
    String clean = name.replaceAll("[\\p{Cntrl}\uFFFD]+", " ").strip();
    if (clean.length() <= MOST_NAME) {
      return clean;
    }
    int blank = clean.lastIndexOf(' ', MOST_NAME);
    return clean.substring(0, blank > MOST_NAME / 2 ? blank : MOST_NAME) + "…";
  }

  private static Precision precision(String name) {
    for (Precision precision : Precision.values()) {
      if (precision.name().toLowerCase(Locale.ROOT).equals(name)) {
        return precision;
      }
    }
    throw new Refusal(Refusal.BAD_REQUEST, "the precision must be f32 or bf16");
  }

  private static String parameter(Context request, String name, String otherwise) {
    String value = request.queryParam(name);
    return value == null || value.isEmpty() ? otherwise : value;
  }

  private static int number(Context request, String name, int otherwise, int least, int most) {
    String value = parameter(request, name, Integer.toString(otherwise));
    if (value.matches("[0-9]{1,10}")) {
      long number = Long.parseLong(value);
      if (number >= least && number <= most) {
        return (int) number;
      }
    }
    throw new Refusal(
        Refusal.BAD_REQUEST, name + " must be a whole number from " + least + " to " + most);
  }

  private static double fraction(Context request, String name) {
    String value = parameter(request, name, "0");
    if (!value.matches("[0-9]{1,3}([.][0-9]{1,9})?")) {
      throw new Refusal(Refusal.BAD_REQUEST, name + " must be a number");
    }
    return Double.parseDouble(value);
  }

  private void again(Context request) {
    Job before = job(request);
    long seed = number(request, "seed", 1, 0, Integer.MAX_VALUE);
    json(request, jobs.replace(before, before.order().withSeed(seed)).summary());
  }

  private void takeFile(Context request) throws IOException, InterruptedException {
    byte[] bytes = upload.read(request, NAME, options.limits().fileBytes());
    CramFile file = CramFile.read(NAME, bytes, (long) LONGER * options.limits().textBytes());
    long tokens = file.segments().stream().mapToLong(Segment::tokenCount).sum();
    int longest = file.segments().stream().mapToInt(Segment::tokenCount).max().orElse(0);
    if (tokens > options.limits().textBytes() || longest > MOST_SEGMENT_TOKENS) {
      throw new Refusal(
          Refusal.BAD_REQUEST,
          NAME + " of " + tokens + " tokens is more than is decoded here; use cram decompress");
    }
    String model = parameter(request, "model", file.model().modelId());
    String opens =
        menu.entries().stream().map(ModelMenu.Entry::name).anyMatch(model::equals) ? model : null;
    if (opens == null) {
      throw new Refusal(
          Refusal.BAD_REQUEST,
          "the file was made with the model "
              + name(file.model().modelId())
              + ", which is not here; get it with cram pull, or start cram serve --model PATH");
    }
    try (OpenModels.Lease lease = models.use(model, file.precision())) {
      try (Cram cram = Cram.on(lease.lm(), 1)) {
        file.check(NAME, cram.identity());
      }
    }
    String id =
        specimens.add(name(request, NAME.getBytes(StandardCharsets.UTF_8)), model, file, null);
    json(request, Specimens.summary(specimens.get(id)));
  }

  private static String name(String modelId) {
    return modelId.replaceAll("\\p{Cntrl}", " ");
  }

  private static Move move(Context request) {
    String b = parameter(request, "b", null);
    int swapped = number(request, "swap", 0, 0, 1);
    return new Move(
        parameter(request, "a", null),
        b,
        fraction(request, "noise"),
        number(request, "seed", 1, 0, Integer.MAX_VALUE),
        number(request, "bits", 32, 2, 32),
        fraction(request, "mix"),
        swapped == 0
            ? Optional.empty()
            : Optional.of(
                new Move.Swap(
                    number(request, "segment", 0, 0, Integer.MAX_VALUE),
                    number(request, "vector", 0, 0, Integer.MAX_VALUE),
                    number(request, "fromSegment", 0, 0, Integer.MAX_VALUE),
                    number(request, "fromVector", 0, 0, Integer.MAX_VALUE))));
  }

  private Object gallery(Context request) {
    Map<String, String> chosen = new HashMap<>();
    request
        .queryParamMap()
        .forEach((column, values) -> {
          if (!values.getFirst().isEmpty()) {
            chosen.put(column, values.getFirst());
          }
        });
    return results.of(request.pathParam("database"), chosen);
  }

  /** A file whose name the visitor knows, but for what no file system takes. */
  private void download(Context request, byte[] bytes, String type, String ending) {
    String name =
        job(request)
            .order()
            .name()
            .replaceAll("[.](txt|md|cram)$", "")
            .replaceAll("[^A-Za-z0-9_-]+", "-")
            .replaceAll("^-+|-+$", "");
    String shorter = name.length() > 40 ? name.substring(0, 40) : name;
    request
        .contentType(type)
        .header(
            "Content-Disposition",
            "attachment; filename=\"" + (shorter.isEmpty() ? "text" : shorter) + ending + '"')
        .result(bytes);
  }

  /** Stops listening, and gives up what is under way. */
  @Override
  public void close() {
    jobs.close();
    javalin.stop();
    models.close();
  }

  /** Lets go of connections on which nothing moves, and keeps little for those who do not read. */
  private record Connections(int idleSeconds) implements LifeCycle.Listener {
    @Override
    public void lifeCycleStarting(LifeCycle starting) {
      if (starting instanceof Server server) {
        for (Connector connector : server.getConnectors()) {
          if (connector instanceof ServerConnector tcp) {
            tcp.setIdleTimeout(1000L * idleSeconds);
            tcp.setAcceptedSendBufferSize(SEND_BUFFER_BYTES);
          }
        }
      }
    }
  }

  /** What Jetty itself finds wrong with a request, in one line. */
  private static final class OneLineErrors implements Request.Handler {
    @Override
    public boolean handle(Request request, Response response, Callback callback) {
      response.getHeaders().put(HttpHeader.CONTENT_TYPE, "text/plain; charset=utf-8");
      response.getHeaders().put("X-Content-Type-Options", "nosniff");
      Content.Sink.write(
          response, true, "the request is malformed (" + response.getStatus() + ")\n", callback);
      return true;
    }
  }
}
