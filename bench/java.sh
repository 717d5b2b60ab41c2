# Sourced by the scripts of this folder, after `root` and `bench` are set: builds the benchmarks; `java` then runs a class
# of theirs.

. "$root/.mvn/find-jdk.sh"
find_jdk
"$root/mvnw" -q -B -f "$root/pom.xml" -pl bench -am -Dmaven.test.skip=true package dependency:build-classpath \
  -Dmdep.outputFile=target/classpath -Dmdep.includeScope=runtime
# Jars, since an archive of classes cannot be made of folders.
classpath=$(echo "$bench"/target/cram-bench-*.jar):$(<"$bench/target/classpath")
read -ra jvm_flags < <(sed -n 's:.*<cram\.jvm\.flags>\(.*\)</cram\.jvm\.flags>.*:\1:p' "$root/pom.xml")
# As the launcher starts Java.
launcher_flags=(-XX:+UseSerialGC -XX:+AutoCreateSharedArchive "-XX:SharedArchiveFile=$bench/target/bench.jsa" -Xlog:disable)

java() {
  (cd "$root" && exec "$java_home/bin/java" "${jvm_flags[@]}" -cp "$classpath" "$@") 2> >(grep -v "Using incubator modules" >&2)
}
