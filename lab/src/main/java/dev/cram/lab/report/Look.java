package dev.cram.lab.report;

import de.erichseifert.vectorgraphics2d.Processors;
import de.erichseifert.vectorgraphics2d.VectorGraphics2D;
import de.erichseifert.vectorgraphics2d.util.PageSize;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.regex.Pattern;
import org.knowm.xchart.internal.chartpart.AxesChart;
import org.knowm.xchart.internal.series.Series;
import org.knowm.xchart.style.AxesChartStyler;
import org.knowm.xchart.style.Styler.LegendLayout;
import org.knowm.xchart.style.Styler.LegendPosition;

/** What all figures have in common. */
final class Look {
  static final int WIDTH = 640;
  static final int HEIGHT = 420;

  /** Of the legend's font, on average, in pixels. */
  private static final double LETTER_WIDTH = 7;

  /** What a legend's mark and margins take, in letters. */
  private static final int LEGEND_MARK = 9;

  static final String NUMBERS = "#,###.###";

  /** Okabe and Ito's palette: told apart by colour-blind readers, and by their grey in print. */
  static final Color[] COLOURS = {
    new Color(0x0072B2),
    new Color(0xD55E00),
    new Color(0x009E73),
    new Color(0xCC79A7),
    new Color(0xE69F00),
    new Color(0x56B4E9),
    new Color(0x000000),
  };

  /** A tenth of a pixel is enough, and the rest is half of the file. */
  private static final Pattern DECIMALS = Pattern.compile("([0-9]\\.[0-9])[0-9]+(?:E-[0-9]+)?");

  private Look() {}

  static void applyTo(AxesChartStyler styler) {
    Font font = new Font(Font.SANS_SERIF, Font.PLAIN, 13);
    styler
        .setPlotGridLinesColor(new Color(0xE4E4E4))
        .setPlotGridLinesStroke(new BasicStroke(1f))
        .setAxisTickLabelsFont(font)
        .setAxisTitleFont(font)
        .setYAxisDecimalPattern(NUMBERS)
        .setChartBackgroundColor(Color.WHITE)
        .setPlotBackgroundColor(Color.WHITE)
        .setPlotBorderColor(new Color(0x808080))
        .setChartTitleVisible(false)
        .setLegendFont(font)
        .setLegendBorderColor(Color.WHITE)
        .setLocale(Locale.ROOT);
  }

  /**
   * The drawing of a chart, its legend below if that fits into one line, else beside, in a drawing
   * that is wider by as much as the legend takes.
   */
  static String svg(AxesChart<?, ?> chart) {
    int[] letters =
        chart.getSeriesCollection().stream()
            .filter(Series::isShowInLegend)
            .mapToInt(series -> series.getName().length() + LEGEND_MARK)
            .toArray();
    boolean fits = Arrays.stream(letters).sum() * LETTER_WIDTH < WIDTH;
    int beside = fits ? 0 : (int) (Arrays.stream(letters).max().orElse(0) * LETTER_WIDTH);
    chart
        .getStyler()
        .setLegendPosition(fits ? LegendPosition.OutsideS : LegendPosition.OutsideE)
        .setLegendLayout(fits ? LegendLayout.Horizontal : LegendLayout.Vertical);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    int width = WIDTH + beside;
    VectorGraphics2D graphics = new VectorGraphics2D();
    chart.paint(graphics, width, HEIGHT);
    try {
      Processors.get("svg")
          .getDocument(graphics.getCommands(), new PageSize(width, HEIGHT))
          .writeTo(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return DECIMALS.matcher(bytes.toString(StandardCharsets.UTF_8)).replaceAll("$1");
  }
}
