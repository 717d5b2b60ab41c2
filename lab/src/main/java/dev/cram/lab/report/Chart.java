package dev.cram.lab.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.XYSeries.XYSeriesRenderStyle;
import org.knowm.xchart.style.lines.SeriesLines;
import org.knowm.xchart.style.markers.Marker;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * A plot of points and lines that can be printed in a paper, and in which each point says its
 * numbers when it is pointed at.
 */
final class Chart {
  private static final double HOT_SPOT_RADIUS = 6;
  private static final DecimalFormatSymbols SYMBOLS = DecimalFormatSymbols.getInstance(Locale.ROOT);

  /** From this ratio of largest to smallest value on, the ticks of a logarithmic axis are dense. */
  private static final double DENSE = 8;

  private static final Marker[] MARKERS = {
    SeriesMarkers.CIRCLE,
    SeriesMarkers.SQUARE,
    SeriesMarkers.TRIANGLE_UP,
    SeriesMarkers.DIAMOND,
    SeriesMarkers.TRIANGLE_DOWN,
    SeriesMarkers.CROSS,
    SeriesMarkers.PLUS,
  };

  private static final BasicStroke[] LINES = {
    SeriesLines.SOLID, SeriesLines.DASH_DASH, SeriesLines.DASH_DOT, SeriesLines.DOT_DOT
  };

  private record HotSpot(double x, double y, String says) {}

  private final XYChart chart;
  private final List<HotSpot> hotSpots = new ArrayList<>();
  private final Set<String> names = new HashSet<>();
  private final Span xSpan = new Span();
  private final Span ySpan = new Span();
  private int styles;

  /** The range of what is drawn along an axis. */
  private static final class Span {
    private double least = Double.POSITIVE_INFINITY;
    private double most;

    void add(double[] values) {
      for (double value : values) {
        least = Math.min(least, value);
        most = Math.max(most, value);
      }
    }

    /**
     * The label of a tick of a logarithmic axis; where ticks are dense, only 1, 2 and 5 have one.
     */
    String logarithmicLabel(double value) {
      double digit = value / Math.pow(10, Math.floor(Math.log10(value) + 1e-9));
      long first = Math.round(digit);
      boolean labelled = most / least < DENSE || first == 1 || first == 2 || first == 5;
      return labelled ? new DecimalFormat(Look.NUMBERS, SYMBOLS).format(value) : "";
    }
  }

  /**
   * @param xAxis title with its unit
   * @param yAxis title with its unit
   */
  Chart(String xAxis, String yAxis) {
    chart =
        new XYChartBuilder()
            .width(Look.WIDTH)
            .height(Look.HEIGHT)
            .xAxisTitle(xAxis)
            .yAxisTitle(yAxis)
            .build();
    Look.applyTo(chart.getStyler());
    chart.getStyler().setXAxisDecimalPattern(Look.NUMBERS).setMarkerSize(7);
  }

  Chart logarithmicX() {
    chart.getStyler().setXAxisLogarithmic(true).setXAxisLogarithmicDecadeOnly(false);
    chart.setCustomXAxisTickLabelsFormatter(xSpan::logarithmicLabel);
    return this;
  }

  Chart logarithmicY() {
    chart.getStyler().setYAxisLogarithmic(true).setYAxisLogarithmicDecadeOnly(false);
    chart.setCustomYAxisTickLabelsFormatter(ySpan::logarithmicLabel);
    return this;
  }

  /** The range of the vertical axis. */
  Chart from(double least, double most) {
    chart.getStyler().setYAxisMin(least).setYAxisMax(most);
    return this;
  }

  /** Points by themselves. Points with a NaN are left out. */
  Chart points(String name, double[] x, double[] y) {
    XYSeries series = add(name, x, y, true);
    if (series != null) {
      series.setXYSeriesRenderStyle(XYSeriesRenderStyle.Scatter);
    }
    return this;
  }

  /** Points joined by a line, with a marker at each. Points with a NaN are left out. */
  Chart line(String name, double[] x, double[] y) {
    XYSeries series = add(name, x, y, true);
    if (series != null) {
      series.setXYSeriesRenderStyle(XYSeriesRenderStyle.Line);
      series
          .setLineStyle(LINES[(styles - 1) / Look.COLOURS.length % LINES.length])
          .setLineWidth(1.8f);
    }
    return this;
  }

  /** A curve without markers. */
  Chart curve(String name, double[] x, double[] y) {
    XYSeries series = add(name, x, y, false);
    if (series != null) {
      series.setXYSeriesRenderStyle(XYSeriesRenderStyle.Line);
      series
          .setMarker(SeriesMarkers.NONE)
          .setLineStyle(LINES[(styles - 1) % LINES.length])
          .setLineWidth(2f);
    }
    return this;
  }

  /** A thin grey dashed line to compare with. */
  Chart reference(String name, double[] x, double[] y) {
    xSpan.add(x);
    ySpan.add(y);
    XYSeries series = chart.addSeries(unused(name), x, y);
    series
        .setXYSeriesRenderStyle(XYSeriesRenderStyle.Line)
        .setMarker(SeriesMarkers.NONE)
        .setLineColor(new Color(0x707070))
        .setLineStyle(SeriesLines.DASH_DASH)
        .setLineWidth(1.2f);
    return this;
  }

  /** One of many lines that stand behind the others, without a place in the legend. */
  Chart faint(String name, double[] x, double[] y) {
    XYSeries series = chart.addSeries(unused(name), x, y);
    series
        .setXYSeriesRenderStyle(XYSeriesRenderStyle.Line)
        .setMarker(SeriesMarkers.NONE)
        .setLineColor(new Color(0xD0D0D0))
        .setLineStyle(SeriesLines.SOLID)
        .setLineWidth(0.7f)
        .setShowInLegend(false);
    return this;
  }

  /** A source may be called like a line that is drawn for reference. */
  private String unused(String name) {
    return names.add(name) ? name : unused(name + " ");
  }

  private XYSeries add(String name, double[] x, double[] y, boolean hot) {
    int kept = 0;
    double[] keptX = new double[x.length];
    double[] keptY = new double[y.length];
    for (int i = 0; i < x.length; i++) {
      if (Double.isFinite(x[i]) && Double.isFinite(y[i])) {
        keptX[kept] = x[i];
        keptY[kept++] = y[i];
        if (hot) {
          hotSpots.add(
              new HotSpot(x[i], y[i], name + ": " + Table.shown(x[i]) + ", " + Table.shown(y[i])));
        }
      }
    }
    if (kept == 0) {
      return null;
    }
    keptX = Arrays.copyOf(keptX, kept);
    keptY = Arrays.copyOf(keptY, kept);
    xSpan.add(keptX);
    ySpan.add(keptY);
    XYSeries series = chart.addSeries(unused(name), keptX, keptY);
    Color colour = Look.COLOURS[styles % Look.COLOURS.length];
    series.setLineColor(colour);
    series.setMarkerColor(colour);
    series.setMarker(MARKERS[styles % MARKERS.length]);
    styles++;
    return series;
  }

  /** The drawing as SVG. */
  String svg() {
    String svg = Look.svg(chart);
    StringBuilder spots = new StringBuilder();
    for (HotSpot spot : hotSpots) {
      spots.append(
          String.format(
              Locale.ROOT,
              "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.0f\" fill=\"transparent\"><title>%s</title>"
                  + "</circle>%n",
              chart.getScreenXFromChart(spot.x()),
              chart.getScreenYFromChart(spot.y()),
              HOT_SPOT_RADIUS,
              Html.escape(spot.says())));
    }
    return svg.replace("</svg>", spots + "</svg>");
  }
}
