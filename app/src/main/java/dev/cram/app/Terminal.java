package dev.cram.app;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * What one of the standard streams is connected to, and what may be drawn there.
 *
 * <p>{@link System#console} knows only of standard input and output taken together, so the C
 * library is asked about each stream.
 */
final class Terminal {
  /** Columns and rows, in characters. */
  record Size(int columns, int rows) {}

  static final int STANDARD_OUTPUT = 1;
  static final int STANDARD_ERROR = 2;

  private static final Size USUAL = new Size(80, 24);

  private final boolean present;
  private final Map<String, String> environment;
  private final Supplier<Optional<Size>> size;

  /**
   * @param present whether there is a terminal at all, rather than a file or a pipe
   * @param environment the variables TERM, NO_COLOR, COLUMNS and LINES count
   * @param size asks the terminal anew at each call
   */
  Terminal(boolean present, Map<String, String> environment, Supplier<Optional<Size>> size) {
    this.present = present;
    this.environment = environment;
    this.size = size;
  }

  /** What a file descriptor of this process is connected to. */
  static Terminal of(int descriptor) {
    return new Terminal(
        CLibrary.isTerminal(descriptor), System.getenv(), () -> CLibrary.size(descriptor));
  }

  /** Whether a person is on the other side, rather than a file or a pipe. */
  boolean isPresent() {
    return present;
  }

  /** Whether the cursor can be moved to draw in place. */
  boolean movesCursor() {
    String term = environment.getOrDefault("TERM", "dumb");
    return present && !term.isEmpty() && !term.equals("dumb");
  }

  /** Whether colours are welcome: see https://no-color.org. */
  boolean hasColour() {
    return movesCursor() && environment.getOrDefault("NO_COLOR", "").isEmpty();
  }

  /** The size as it is now; it changes when a window does. */
  Size size() {
    return size.get()
        .filter(s -> s.columns() > 0 && s.rows() > 0)
        .orElseGet(() ->
            new Size(
                number("COLUMNS").orElse(USUAL.columns()), number("LINES").orElse(USUAL.rows())));
  }

  private Optional<Integer> number(String variable) {
    String value = environment.getOrDefault(variable, "");
    return value.matches("[1-9][0-9]{0,3}")
        ? Optional.of(Integer.valueOf(value))
        : Optional.empty();
  }

  /** isatty(3) and the TIOCGWINSZ request of ioctl(2), on systems that have them. */
  private static final class CLibrary {
    private static final long GET_WINDOW_SIZE =
        System.getProperty("os.name").startsWith("Mac") ? 0x40087468L : 0x5413L;
    private static final MethodHandle ISATTY =
        function("isatty", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    private static final MethodHandle IOCTL =
        function(
            "ioctl",
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_LONG,
                ValueLayout.ADDRESS),
            Linker.Option.firstVariadicArg(2));

    private static MethodHandle function(
        String name, FunctionDescriptor descriptor, Linker.Option... options) {
      Linker linker = Linker.nativeLinker();
      SymbolLookup library = linker.defaultLookup();
      return library
          .find(name)
          .map(address -> linker.downcallHandle(address, descriptor, options))
          .orElse(null);
    }

    static boolean isTerminal(int descriptor) {
      if (ISATTY == null) {
        return false;
      }
      try {
        return (int) ISATTY.invokeExact(descriptor) == 1;
      } catch (Throwable e) {
        throw new AssertionError("isatty takes an int and returns one", e);
      }
    }

    static Optional<Size> size(int descriptor) {
      if (IOCTL == null) {
        return Optional.empty();
      }
      try (Arena arena = Arena.ofConfined()) {
        // struct winsize { unsigned short ws_row, ws_col, ws_xpixel, ws_ypixel; }
        MemorySegment winsize = arena.allocate(ValueLayout.JAVA_SHORT, 4);
        if ((int) IOCTL.invokeExact(descriptor, GET_WINDOW_SIZE, winsize) != 0) {
          return Optional.empty();
        }
        return Optional.of(
            new Size(
                Short.toUnsignedInt(winsize.getAtIndex(ValueLayout.JAVA_SHORT, 1)),
                Short.toUnsignedInt(winsize.getAtIndex(ValueLayout.JAVA_SHORT, 0))));
      } catch (Throwable e) {
        throw new AssertionError("ioctl takes an int, a long and an address", e);
      }
    }
  }
}
