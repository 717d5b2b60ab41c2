# Sourced by mvnw and cram. Sets java_home to a JDK of version 25 or later, or fails with one line on standard error.

# The feature version in a JDK's own `release` file, read without starting a process: JAVA_VERSION="25.0.1" is 25.
jdk_feature_version() {
  [ -r "$1/release" ] && [ -x "$1/bin/javac" ] || return 1
  while IFS= read -r line; do
    case $line in
      JAVA_VERSION=*)
        line=${line#*\"}
        line=${line%\"*}
        line=${line%%[!0-9]*}
        jdk_version=$line
        return 0
        ;;
    esac
  done < "$1/release"
  return 1
}

is_recent_jdk() {
  jdk_feature_version "$1" && [ "${jdk_version:-0}" -ge 25 ] 2> /dev/null
}

find_jdk() {
  if [ -n "${CRAM_JAVA_HOME:-}" ]; then
    if is_recent_jdk "$CRAM_JAVA_HOME"; then
      java_home=$CRAM_JAVA_HOME
      return 0
    fi
    echo "cram: CRAM_JAVA_HOME is $CRAM_JAVA_HOME, which is not a JDK 25 or later; correct it or unset it" >&2
    return 1
  fi
  if [ -n "${JAVA_HOME:-}" ] && is_recent_jdk "$JAVA_HOME"; then
    java_home=$JAVA_HOME
    return 0
  fi
  java_on_path=$(command -v java) && java_on_path=$(readlink -f "$java_on_path" 2> /dev/null) || java_on_path=
  for java_home in "${java_on_path%/bin/java}" \
    /usr/lib/jvm/* /usr/java/* /opt/* /opt/*/* \
    "$HOME"/.sdkman/candidates/java/* "$HOME"/.jdks/* "$HOME"/.jdks/*/Contents/Home \
    /Library/Java/JavaVirtualMachines/*/Contents/Home /opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home; do
    is_recent_jdk "$java_home" && return 0
  done
  if [ -x /usr/libexec/java_home ] && java_home=$(/usr/libexec/java_home -F -v 25+ 2> /dev/null); then
    return 0
  fi
  echo "cram: no JDK 25 or later found; install one (for example https://adoptium.net, apt-get install openjdk-25-jdk-headless," \
    "brew install openjdk) or set CRAM_JAVA_HOME to it" >&2
  return 1
}
