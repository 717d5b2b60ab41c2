package dev.cram.app.serve;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.TypeAdapter;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;

/** What the page is told: records as JSON, with as many digits as a person reads. */
final class Json {
  private static final MathContext DIGITS = new MathContext(5);

  private static final Gson GSON =
      new GsonBuilder()
          .disableHtmlEscaping()
          .registerTypeAdapter(double.class, new Rounded<Double>())
          .registerTypeAdapter(Double.class, new Rounded<Double>())
          .registerTypeAdapter(float.class, new Rounded<Float>())
          .registerTypeAdapter(Float.class, new Rounded<Float>())
          .create();

  private Json() {}

  static String of(Object value) {
    return GSON.toJson(value);
  }

  /** Writes only; what is not a number in JSON becomes null. */
  private static final class Rounded<N extends Number> extends TypeAdapter<N> {
    @Override
    public void write(JsonWriter out, N value) throws IOException {
      double number = value == null ? Double.NaN : value.doubleValue();
      if (!Double.isFinite(number)) {
        out.nullValue();
      } else if (number == Math.rint(number) && Math.abs(number) < 1e9) {
        out.value((long) number);
      } else {
        out.value(new BigDecimal(number).round(DIGITS));
      }
    }

    @Override
    public N read(JsonReader in) {
      throw new UnsupportedOperationException("numbers are only written");
    }
  }
}
