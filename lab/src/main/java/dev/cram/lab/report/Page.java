package dev.cram.lab.report;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The report as HTML. */
final class Page {
  private static final int MOST_ROWS = 500;

  /** By which a page of ours is known. */
  static final String TITLE = "<title>Cram: report</title>";

  private static final String HEAD =
      """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>Cram: report</title>
      <style>
      %s</style>
      </head>
      <body>
      <h1>What input vectors hold</h1>
      <p>%s</p>
      """;

  private static final String TAIL =
      """
      <script>
      %s</script>
      </body>
      </html>
      """;

  private Page() {}

  /** Where the drawing of a figure stands in the report. */
  static String drawing(Figure figure, Selection selection) {
    return "figures/" + figure.id() + selection.fileName() + ".svg";
  }

  /** Where the numbers of a figure stand in the report. */
  static String data(Figure figure, Selection selection) {
    return "data/" + figure.id() + selection.fileName() + ".csv";
  }

  /**
   * @param summary what was measured, a sentence
   * @param figures of each selection, that of all runs first
   */
  static String html(
      String summary, Map<Selection, List<Figure>> figures, Table claims, Table about) {
    StringBuilder html =
        new StringBuilder(HEAD.formatted(Resources.text("page.css"), Html.escape(summary)));
    if (figures.size() > 1) {
      html.append(choice(figures));
    }
    html.append("<h2>The laws of the paper, as claims</h2>\n").append(table(claims));
    html.append(
        """
        <p>Means ± standard deviations. "About the same", "constant" and "linearly" allow a difference of a third
        of the larger value; a claim is undecided where twice the standard error of the difference leaves both open.</p>
        """);
    figures.forEach((selection, ofSelection) -> {
      html.append("<div data-selection=\"").append(Html.escape(selection.id())).append("\"");
      html.append(selection.equals(Selection.ALL) ? ">\n" : " hidden>\n");
      ofSelection.forEach(figure -> html.append(section(figure, selection)));
      html.append("</div>\n");
    });
    html.append("<h2>Where these numbers come from</h2>\n").append(table(about));
    return html.append(TAIL.formatted(Resources.text("page.js"))).toString();
  }

  private static String choice(Map<Selection, List<Figure>> figures) {
    StringBuilder html =
        new StringBuilder("<nav><label>Draw figures from <select id=\"selection\">");
    html.append("<option value=\"\">all runs</option>");
    for (String column : List.of("model", "source")) {
      html.append("<optgroup label=\"one ").append(column).append("\">");
      for (Selection selection : figures.keySet()) {
        if (selection.column().equals(column)) {
          html.append(
              "<option value=\"%s\">%s</option>"
                  .formatted(Html.escape(selection.id()), Html.escape(selection.value())));
        }
      }
      html.append("</optgroup>");
    }
    return html.append("</select></label></nav>\n").toString();
  }

  private static String section(Figure figure, Selection selection) {
    boolean drawn = figure.svg() != null;
    String shown =
        drawn
            ? "<object type=\"image/svg+xml\" data=\"%s\" aria-label=\"%s\"></object>"
                .formatted(drawing(figure, selection), Html.escape(figure.title()))
            : table(figure.data());
    String links =
        drawn ? "<a href=\"%s\" download>SVG</a>, ".formatted(drawing(figure, selection)) : "";
    return """
    <figure id="%s">
    <h2>%s</h2>
    %s
    <figcaption>%s (%s<a href="%s" download>data as CSV</a>)</figcaption>
    %s</figure>
    """
        .formatted(
            Html.escape(figure.id() + selection.fileName()),
            Html.escape(figure.title()),
            shown,
            Html.escape(figure.caption()),
            links,
            data(figure, selection),
            drawn && selection.equals(Selection.ALL) ? numbers(figure.data()) : "");
  }

  /** The data behind a figure, to look through. */
  private static String numbers(Table data) {
    int rows = data.rows().size();
    Table shown = new Table(data.columns(), data.rows().subList(0, Math.min(rows, MOST_ROWS)));
    String note =
        rows > MOST_ROWS ? "the first %d of %d; all are in the CSV".formatted(MOST_ROWS, rows) : "";
    return """
    <details><summary>Numbers</summary>
    <p><input type="search" data-filter placeholder="filter rows" aria-label="filter rows"> <output></output> %s</p>
    %s</details>
    """
        .formatted(note, table(shown));
  }

  private static String table(Table table) {
    String head =
        table.columns().stream()
            .map(column -> "<th scope=\"col\">" + Html.escape(column.replace('_', ' ')) + "</th>")
            .collect(Collectors.joining());
    String body = table.rows().stream().map(Page::row).collect(Collectors.joining("\n"));
    return "<div class=\"scroll\"><table><thead><tr>"
        + head
        + "</tr></thead>\n<tbody>"
        + body
        + "</tbody></table></div>\n";
  }

  private static String row(List<Object> values) {
    String cells = values.stream().map(Page::cell).collect(Collectors.joining());
    return (values.contains(PaperValues.RECIPE) ? "<tr class=\"paper\">" : "<tr>")
        + cells
        + "</tr>";
  }

  private static String cell(Object value) {
    String shown = Table.shown(value);
    String kind =
        switch (shown) {
          case "holds", "fails", "undecided" -> shown;
          default -> value instanceof Number || shown.matches("[0-9][0-9., ±%-]*") ? "number" : "";
        };
    return "<td class=\"" + kind + "\">" + Html.escape(shown) + "</td>";
  }
}
