package dev.cram.lab.report;

import java.awt.Color;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;

/** Bars beside each other, a group for each category. */
final class Bars {
  private final CategoryChart chart;
  private final List<String> categories;
  private final StringBuilder[] says;
  private int styles;

  /**
   * @param categories names of the groups
   * @param yAxis title with its unit
   */
  Bars(List<String> categories, String yAxis) {
    this.categories = categories;
    chart =
        new CategoryChartBuilder()
            .width(Look.WIDTH)
            .height(Look.HEIGHT)
            .xAxisTitle("")
            .yAxisTitle(yAxis)
            .build();
    Look.applyTo(chart.getStyler());
    chart
        .getStyler()
        .setAvailableSpaceFill(0.8)
        .setLabelsVisible(false)
        .setXAxisTitleVisible(false)
        .setXAxisLabelRotation(categories.size() > 4 ? 45 : 0)
        .setYAxisMin(0.0);
    says = new StringBuilder[categories.size()];
  }

  /**
   * A bar in each group.
   *
   * @param values one a category; NaN for no bar
   * @param deviations of the values, as error bars; NaN for none, null for none at all
   */
  Bars bars(String name, double[] values, double[] deviations) {
    var series =
        deviations == null
            ? chart.addSeries(name, categories, numbers(values))
            : chart.addSeries(name, categories, numbers(values), numbers(deviations));
    Color colour = Look.COLOURS[styles++ % Look.COLOURS.length];
    series.setFillColor(colour);
    for (int i = 0; i < values.length; i++) {
      if (Double.isNaN(values[i])) {
        continue;
      }
      says[i] = says[i] == null ? new StringBuilder(categories.get(i)) : says[i];
      says[i].append("\n").append(name).append(": ").append(Table.shown(values[i]));
      if (deviations != null && !Double.isNaN(deviations[i])) {
        says[i].append(" ± ").append(Table.shown(deviations[i]));
      }
    }
    return this;
  }

  /** As the plotting library wants them: null where there is none. */
  private static List<Double> numbers(double[] values) {
    return Arrays.stream(values).mapToObj(x -> Double.isNaN(x) ? null : x).toList();
  }

  /** The drawing as SVG, in which each group says its numbers. */
  String svg() {
    String svg = Look.svg(chart);
    StringBuilder spots = new StringBuilder();
    double bottom = chart.getScreenYFromChart(0);
    // Groups share the axis evenly, and stand at 0, 1, 2 ... on it.
    double left = chart.getScreenXFromChart(0);
    double step = categories.size() > 1 ? chart.getScreenXFromChart(1) - left : Look.WIDTH / 4.0;
    for (int i = 0; i < categories.size(); i++) {
      spots.append(
          String.format(
              Locale.ROOT,
              "<rect x=\"%.1f\" y=\"10\" width=\"%.1f\" height=\"%.1f\" fill=\"transparent\"><title>%s"
                  + "</title></rect>%n",
              left + (i - 0.4) * step,
              0.8 * step,
              bottom - 10,
              Html.escape(says[i] == null ? categories.get(i) : says[i].toString())));
    }
    return svg.replace("</svg>", spots + "</svg>");
  }
}
