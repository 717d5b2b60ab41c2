package dev.cram.lab.report;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The report as HTML. */
final class Page {
  private static final String HEAD =
      """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>Cram: report</title>
      <style>
        :root { color-scheme: light dark; }
        body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
        figure { margin: 2rem 0; }
        figure object { width: 100%; max-width: 48rem; aspect-ratio: 640 / 420; background: white; }
        figcaption { max-width: 48rem; }
        .scroll { overflow-x: auto; }
        table { border-collapse: collapse; font-size: 0.9rem; }
        th, td { padding: 0.25rem 0.75rem; text-align: left; border-bottom: 1px solid #8886; white-space: nowrap; }
        td.number { text-align: right; font-variant-numeric: tabular-nums; }
        .holds { color: #087a3c; } .fails { color: #b3261e; }
        @media (prefers-color-scheme: dark) { .holds { color: #6fdc9a; } .fails { color: #ff8a80; } }
        @media print { nav { display: none; } }
      </style>
      </head>
      <body>
      <h1>What input vectors hold</h1>
      """;

  private static final String SCRIPT =
      """
      <script>
        const choice = document.getElementById("model");
        const show = () => document.querySelectorAll("[data-model]").forEach(
          part => part.hidden = part.dataset.model !== choice.value);
        choice?.addEventListener("change", show);
        if (choice) show();
      </script>
      """;

  private Page() {}

  /** Where the drawing of a figure stands in the report. */
  static String drawing(Figure figure, String model) {
    return "figures/" + name(figure, model) + ".svg";
  }

  /** Where the numbers of a figure stand in the report. */
  static String data(Figure figure, String model) {
    return "data/" + name(figure, model) + ".csv";
  }

  private static String name(Figure figure, String model) {
    return figure.id() + (model.isEmpty() ? "" : "--" + model.replaceAll("[^A-Za-z0-9._-]", "_"));
  }

  /**
   * @param figures of all models (under the empty name) and of each model
   */
  static String html(
      Map<String, List<Figure>> figures, List<String> models, Table claims, Table about) {
    StringBuilder html = new StringBuilder(HEAD);
    if (figures.size() > 1) {
      html.append("<nav><label>Model <select id=\"model\"><option value=\"\">all</option>");
      for (String model : models) {
        html.append("<option>").append(Html.escape(model)).append("</option>");
      }
      html.append("</select></label></nav>\n");
    }
    figures.forEach((model, ofModel) -> {
      html.append("<div data-model=\"").append(Html.escape(model)).append("\">\n");
      ofModel.forEach(figure -> html.append(section(figure, model)));
      html.append("</div>\n");
    });
    html.append("<h2>The laws of the paper, as claims</h2>\n").append(table(claims));
    html.append("<h2>Where these numbers come from</h2>\n").append(table(about));
    return html.append(SCRIPT).append("</body>\n</html>\n").toString();
  }

  private static String section(Figure figure, String model) {
    String shown =
        figure.svg() == null
            ? table(figure.data())
            : "<object type=\"image/svg+xml\" data=\"%s\" aria-label=\"%s\"></object>"
                .formatted(drawing(figure, model), Html.escape(figure.title()));
    String links =
        figure.svg() == null
            ? ""
            : "<a href=\"%s\" download>SVG</a>, ".formatted(drawing(figure, model));
    return """
    <figure id="%s">
    <h2>%s</h2>
    %s
    <figcaption>%s (%s<a href="%s" download>data as CSV</a>)</figcaption>
    </figure>
    """
        .formatted(
            name(figure, model),
            Html.escape(figure.title()),
            shown,
            Html.escape(figure.caption()),
            links,
            data(figure, model));
  }

  private static String table(Table table) {
    String head =
        table.columns().stream()
            .map(column -> "<th scope=\"col\">" + Html.escape(column) + "</th>")
            .collect(Collectors.joining());
    String body =
        table.rows().stream()
            .map(row -> row.stream().map(Page::cell).collect(Collectors.joining()))
            .map(cells -> "<tr>" + cells + "</tr>")
            .collect(Collectors.joining("\n"));
    return "<div class=\"scroll\"><table><thead><tr>"
        + head
        + "</tr></thead>\n<tbody>"
        + body
        + "</tbody></table></div>\n";
  }

  private static String cell(Object value) {
    String shown = Table.shown(value);
    String kind =
        switch (shown) {
          case "holds", "fails" -> shown;
          default -> value instanceof Number || shown.matches("[0-9][0-9., ±%-]*") ? "number" : "";
        };
    return "<td class=\"" + kind + "\">" + Html.escape(shown) + "</td>";
  }
}
