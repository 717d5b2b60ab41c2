package dev.cram.app;

import java.lang.reflect.InvocationTargetException;

/**
 * Makes the Vector API usable.
 *
 * <p>The documented way is the option {@code --add-modules jdk.incubator.vector}, and each start
 * with it prints a warning on standard error that nothing turns off. The JDK also has a way to add
 * one of its own modules to a running program, which it uses for its management agent and which
 * warns of nothing; the virtual machine treats the module the same in both cases. The manifest of
 * the program's jar exports the package that this needs.
 */
final class VectorModule {
  private static final String NAME = "jdk.incubator.vector";

  private VectorModule() {}

  /** Loads the module where it is missing; must run before the first class that uses it. */
  static void load() {
    if (ModuleLayer.boot().findModule(NAME).isPresent()) {
      return;
    }
    try {
      Class.forName("jdk.internal.module.Modules")
          .getMethod("loadModule", String.class)
          .invoke(null, NAME);
    } catch (ReflectiveOperationException e) {
      Throwable cause = e instanceof InvocationTargetException ? e.getCause() : e;
      throw new IllegalStateException(
          "this Java does not load " + NAME + "; start it with --add-modules " + NAME, cause);
    }
  }
}
