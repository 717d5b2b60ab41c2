package dev.cram.app;

/** The {@code cram} command. */
public final class Main {
  private Main() {}

  /** Runs the command that the arguments name and exits with its status. */
  public static void main(String[] args) {
    System.exit(CramCommand.run(args));
  }
}
