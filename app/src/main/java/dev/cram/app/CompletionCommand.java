package dev.cram.app;

import picocli.AutoComplete;
import picocli.CommandLine.Command;

@Command(
    name = "completion",
    description = "Prints a script that makes the Tab key complete commands and options.",
    footerHeading =
        "%nTo use it, in bash (or zsh after: autoload -U bashcompinit; bashcompinit):%n",
    footer = {"  source <(cram completion)"})
final class CompletionCommand implements Runnable {
  @Override
  public void run() {
    System.out.print(AutoComplete.bash("cram", CramCommand.commandLine()));
    System.out.flush();
  }
}
