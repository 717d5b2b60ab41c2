package dev.cram.lm.hub;

import dev.cram.lm.InputException;
import java.net.http.HttpHeaders;

/** What an answer that is no success means for the user. */
final class Refusal {
  private Refusal() {}

  /**
   * The error for a status of 400 or more.
   *
   * @param what the reference or the file that was asked for
   */
  static InputException of(
      int status,
      HttpHeaders headers,
      HubSettings settings,
      ModelReference reference,
      String what) {
    String code = headers.firstValue("X-Error-Code").orElse("");
    String message = headers.firstValue("X-Error-Message").orElse("");
    String page = settings.endpoint() + "/" + reference.repository();
    String tokens = settings.endpoint() + "/settings/tokens";
    boolean hasToken = settings.token().isPresent();
    if (code.equals("GatedRepo")) {
      return new InputException(
          reference
              + ": is open only to those who accept its conditions on "
              + page
              + (hasToken
                  ? "; do so with the account that your token belongs to"
                  : "; then set HF_TOKEN to a token from " + tokens));
    }
    if (code.equals("RevisionNotFound")) {
      return new InputException(
          reference + ": has no revision '" + reference.revision() + "'; see " + page);
    }
    if (code.equals("EntryNotFound")) {
      return new InputException(reference + ": has no file " + what);
    }
    if (status == 401 && hasToken && !code.equals("RepoNotFound")) {
      return new InputException(
          "the hub does not accept your access token; set HF_TOKEN to one from " + tokens);
    }
    if (status == 401 || status == 404) {
      return new InputException(
          reference
              + ": there is no such model on "
              + settings.endpoint()
              + (hasToken
                  ? ", or your token may not see it"
                  : "; if it is private, set HF_TOKEN to a token from " + tokens));
    }
    if (status == 403) {
      return new InputException(
          reference
              + ": access is refused"
              + (message.isEmpty() ? "" : " (" + message + ")")
              + "; your token needs the right to read this repository, see "
              + tokens);
    }
    return new InputException(
        what
            + ": the hub answers "
            + status
            + (message.isEmpty() ? "" : " (" + message + ")")
            + "; try again later");
  }
}
