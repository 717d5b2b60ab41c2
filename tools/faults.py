#!/usr/bin/env python3
"""Faults: kills cram at random moments, fills the disk, takes permissions away, cuts the network, and checks what is left each time.

usage: faults.py [--kills N] [--seed S] [--only kill-compress,kill-measure,kill-pull,disk,permissions,network]

Needs a built program (./cram --version builds it) and nothing else but Python. After every fault: no file that has the name of a
result is wrong, and the next run finishes the work with the same result as one that was never disturbed. Filling a disk mounts a
small tmpfs, for which one must be root; permissions mean nothing to root, so those trials run as nobody. Exits with 1 at the first
thing that is wrong.
"""
import argparse, hashlib, http.server, json, os, random, re, shutil, signal, subprocess, sys, tempfile, threading, time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FIXTURE = os.path.join(ROOT, "lm/src/test/resources/fixtures/llama")
COMMIT = "fedcba9876543210fedcba9876543210fedcba98"
TEXT = "It was late, and the lamp on the table had burned low before anybody came. "


def java():
    found = subprocess.run(["sh", "-c", '. .mvn/find-jdk.sh; find_jdk && echo "$java_home"'], cwd=ROOT, capture_output=True, text=True)
    if found.returncode != 0:
        sys.exit(found.stderr.strip())
    return found.stdout.strip() + "/bin/java"


def command(*args):
    jar = os.environ.get("CRAM_JAR", os.path.join(ROOT, "app/target/cram.jar"))
    return [JAVA, "-Xmx1g", "-XX:+UseSerialGC", "-Xlog:disable", "--sun-misc-unsafe-memory-access=allow", "-jar", jar, *args]


def run(*args, cwd, env=None, **more):
    return subprocess.run(command(*args), cwd=cwd, env={**os.environ, **(env or {})}, capture_output=True, text=True, timeout=1500, **more)


def fail(what):
    sys.exit(f"WRONG: {what}")


def one_line(outcome, where):
    """What cram says of a fault is for people."""
    lines = [line for line in outcome.stderr.splitlines() if line and not re.match(r"cram: [\d,]+ of ", line)]
    if outcome.returncode != 1 or len(lines) != 1 or not lines[0].startswith("cram: ") or "unexpectedly" in lines[0]:
        fail(f"{where}: status {outcome.returncode}, {outcome.stderr!r}")
    return lines[0]


def killed(args, cwd, seconds, env=None):
    """Starts, and kills after so long; whether it came to its end before that."""
    process = subprocess.Popen(command(*args), cwd=cwd, env={**os.environ, **(env or {})}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        _, err = process.communicate(timeout=seconds)
        if process.returncode != 0:
            fail(f"{args}: status {process.returncode}, {err!r}")
        return False
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.communicate()
        return True


COMPRESS = ["compress", "text", "-o", "text.cram", "--model", FIXTURE, "--max-steps", "10", "-q"]


def kill_compress(kills, rng, folder):
    with open(os.path.join(folder, "text"), "w") as file:
        file.write(TEXT)
    started = time.time()
    assert run(*COMPRESS, cwd=folder).returncode == 0
    full = time.time() - started
    result, journal = os.path.join(folder, "text.cram"), os.path.join(folder, "text.cram.journal")
    expected = open(result, "rb").read()
    os.remove(result)
    done = runs = resumed = 0
    while done < kills:
        had = os.path.exists(journal) and os.path.getsize(journal) > 1000
        was_killed = killed(COMPRESS, folder, rng.uniform(0, 1.2 * full), None)
        if was_killed:
            done += 1
        else:
            runs += 1
            resumed += had
            if os.path.exists(journal):
                fail("compress: the journal is still there")
        if os.path.exists(result):
            if open(result, "rb").read() != expected:
                fail("compress: another result")
            os.remove(result)
        elif not was_killed:
            fail("compress: no result")
    if run(*COMPRESS, cwd=folder).returncode != 0 or open(result, "rb").read() != expected:
        fail("compress: the last run has another result")
    left = sorted(os.listdir(folder))
    return f"{done} kills of compress (a run takes {full:.1f} s); {runs} runs came to their end in between, {resumed} of them from a journal; every result the same; left over: {[n for n in left if n.startswith('.cram-')] or 'nothing'}"


def kill_measure(kills, rng, folder):
    with open(os.path.join(folder, "x.yaml"), "w") as file:
        file.write(f"models: ['{FIXTURE}']\nsources: [random]\nlengths: [4, 8]\nsamples: 4\nmax-steps: 15\n")
    ask = ["sql", "x.db", "SELECT source, length, seed, accuracy, cross_entropy, token_gain, horizon FROM results ORDER BY ALL"]
    measure = ["measure", "x.yaml"]
    started = time.time()
    outcome = run(*measure, cwd=folder)
    assert outcome.returncode == 0, outcome.stderr
    full = time.time() - started
    expected = run(*ask, cwd=folder).stdout
    rows = expected.count("\n")
    db = os.path.join(folder, "x.db")
    done = runs = 0

    def clear():
        for name in os.listdir(folder):
            if name.startswith("x.db"):
                os.remove(os.path.join(folder, name))

    clear()
    while done < kills:
        if killed(measure, folder, rng.uniform(0, 1.2 * full)):
            done += 1
            if done % 5 == 0:
                outcome = run(*measure, cwd=folder)
                if outcome.returncode != 0:
                    fail(f"measure after a kill: {outcome.stderr!r}")
                runs += 1
                if run(*ask, cwd=folder).stdout != expected:
                    fail("measure: other results")
                clear()
        else:
            runs += 1
            if run(*ask, cwd=folder).stdout != expected:
                fail("measure: other results")
            clear()
    return f"{done} kills of measure (a run takes {full:.1f} s); {runs} runs came to their end in between, each with the same {rows} lines of results"


class Hub(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        self.slow = 0.0  # seconds between pieces
        self.cut_after = None  # bytes of an answer after which the connection is cut
        super().__init__(("127.0.0.1", 0), HubHandler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class HubHandler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_HEAD(self):
        self.answer(False)

    def do_GET(self):
        self.answer(True)

    def answer(self, body):
        if self.path.startswith("/api/models/someone/tiny/revision/main"):
            names = ["config.json", "tokenizer.json", "model.safetensors"]
            content = json.dumps({"sha": COMMIT, "siblings": [{"rfilename": name} for name in names]}).encode()
        else:
            match = re.match(f"/someone/tiny/resolve/{COMMIT}/([a-z.]+)$", self.path)
            if not match:
                self.send_error(404)
                return
            with open(os.path.join(FIXTURE, match[1]), "rb") as file:
                content = file.read()
        begin = 0
        ranged = re.match(r"bytes=(\d+)-(\d*)$", self.headers.get("Range") or "")
        end = len(content)
        if ranged:
            begin = int(ranged[1])
            end = min(end, int(ranged[2]) + 1) if ranged[2] else end
        if begin >= end and begin:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(content)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(206 if ranged else 200)
        if ranged:
            self.send_header("Content-Range", f"bytes {begin}-{end - 1}/{len(content)}")
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("X-Linked-Etag", '"' + hashlib.sha256(content).hexdigest() + '"')
        self.send_header("X-Linked-Size", str(len(content)))
        self.send_header("Content-Length", str(end - begin))
        self.end_headers()
        if not body:
            return
        sent = 0
        for at in range(begin, end, 16384):
            piece = content[at : min(end, at + 16384)]
            if self.server.cut_after is not None and sent + len(piece) > self.server.cut_after:
                self.connection.close()
                return
            try:
                self.wfile.write(piece)
                self.wfile.flush()
            except OSError:
                return
            sent += len(piece)
            time.sleep(self.server.slow)


def pull_env(hub, cache):
    return {"HF_ENDPOINT": f"http://127.0.0.1:{hub.server_address[1]}", "HF_HUB_CACHE": cache, "HF_TOKEN": "", "HF_HUB_OFFLINE": "", "HTTP_PROXY": "", "http_proxy": ""}


def check_cache(cache, complete):
    """Whatever has a final name is whole."""
    snapshot = os.path.join(cache, "models--someone--tiny/snapshots", COMMIT)
    names = os.listdir(snapshot) if os.path.isdir(snapshot) else []
    for name in names:
        if open(os.path.join(snapshot, name), "rb").read() != open(os.path.join(FIXTURE, name), "rb").read():
            fail(f"pull: {name} is not what the hub has")
    if complete and sorted(names) != ["config.json", "model.safetensors", "tokenizer.json"]:
        fail(f"pull: only {names}")


def kill_pull(kills, rng, folder):
    hub = Hub()
    hub.slow = 0.01
    cache = os.path.join(folder, "cache")
    env = pull_env(hub, cache)
    started = time.time()
    outcome = run("pull", "someone/tiny", cwd=folder, env=env)
    assert outcome.returncode == 0, outcome.stderr
    full = time.time() - started
    check_cache(cache, True)
    shutil.rmtree(cache)
    done = runs = 0
    while done < kills:
        if killed(["pull", "someone/tiny", "-q"], folder, rng.uniform(0, 1.2 * full), env):
            done += 1
            check_cache(cache, False)
        else:
            runs += 1
            check_cache(cache, True)
            shutil.rmtree(cache)
    if run("pull", "someone/tiny", "-q", cwd=folder, env=env).returncode != 0:
        fail("pull: the last run")
    check_cache(cache, True)
    hub.shutdown()
    return f"{done} kills of pull (a run takes {full:.1f} s); {runs} runs came to their end in between; every file with a final name was whole"


def network(rng, folder):
    """The connection is cut again and again; then the hub is gone for good, and comes back."""
    hub = Hub()
    cache = os.path.join(folder, "cache")
    env = pull_env(hub, cache)
    hub.cut_after = 200_000
    outcome = run("pull", "someone/tiny", "-q", cwd=folder, env=env)
    cut = "finished" if outcome.returncode == 0 else one_line(outcome, "pull over a connection that is cut")
    check_cache(cache, outcome.returncode == 0)
    shutil.rmtree(cache)
    hub.cut_after, hub.slow = None, 0.05
    process = subprocess.Popen(command("pull", "someone/tiny", "-q"), cwd=folder, env={**os.environ, **env}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    time.sleep(2)
    hub.cut_after = 0
    hub.server_close()
    hub.shutdown()
    process.wait(timeout=1500)
    outcome = subprocess.CompletedProcess([], process.returncode, "", process.stderr.read())
    said = "finished before" if outcome.returncode == 0 else one_line(outcome, "pull from a hub that is gone")
    check_cache(cache, False)
    hub = Hub()
    outcome = run("pull", "someone/tiny", "-q", cwd=folder, env=pull_env(hub, cache))
    if outcome.returncode != 0:
        fail(f"pull once the hub is back: {outcome.stderr!r}")
    check_cache(cache, True)
    return f"network: connections cut after 200 kB each: {cut}; the hub gone in the middle: {said}; back: finished"


def disk(rng, folder):
    if os.geteuid() != 0:
        return "disk: skipped, not root"
    small = os.path.join(folder, "small")
    os.mkdir(small)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", small], capture_output=True, text=True)
    if mounted.returncode != 0:
        return f"disk: skipped, no tmpfs can be mounted ({mounted.stderr.strip()})"
    said = []
    try:
        with open(os.path.join(folder, "text"), "w") as file:
            file.write(TEXT)
        assert run("compress", "text", "-o", "expected.cram", "--model", FIXTURE, "--max-steps", "10", "-q", cwd=folder).returncode == 0
        expected = open(os.path.join(folder, "expected.cram"), "rb").read()
        args = ["compress", "text", "-o", "small/text.cram", "--model", FIXTURE, "--max-steps", "10", "-q"]
        filler = os.path.join(small, "filler")
        for room in [0, 1, 2, 3, 4, 5, 6]:  # pages of 4 kB that are free
            with open(filler, "wb") as file:
                file.write(bytes(64 * 1024 - room * 4096))
            outcome = run(*args, cwd=folder)
            result = os.path.join(small, "text.cram")
            if outcome.returncode == 0:
                if open(result, "rb").read() != expected:
                    fail("compress on a full disk: another result")
                os.remove(result)
            else:
                said.append(one_line(outcome, f"compress with {room} pages free"))
                if os.path.exists(result):
                    fail("compress on a full disk: a result")
            os.remove(filler)
        if run(*args, cwd=folder).returncode != 0 or open(os.path.join(small, "text.cram"), "rb").read() != expected:
            fail("compress once there is room: another result")
        os.remove(os.path.join(small, "text.cram"))
        with open(filler, "wb") as file:
            file.write(bytes(64 * 1024))
        outcome = run("decompress", "expected.cram", "-o", "small/text", "--model", FIXTURE, "-q", cwd=folder)
        said.append(one_line(outcome, "decompress on a full disk"))
        if os.path.exists(os.path.join(small, "text")):
            fail("decompress on a full disk: a result")
        hub = Hub()
        outcome = run("pull", "someone/tiny", "-q", cwd=folder, env=pull_env(hub, os.path.join(small, "cache")))
        said.append(one_line(outcome, "pull on a full disk"))
        with open(os.path.join(folder, "x.yaml"), "w") as file:
            file.write(f"models: ['{FIXTURE}']\nsources: [random]\nlengths: [4]\nsamples: 2\nmax-steps: 5\n")
        outcome = run("measure", "x.yaml", "--database", "small/x.db", cwd=folder)
        said.append(one_line(outcome, "measure on a full disk"))
        return f"disk: {len(said)} full disks, each told in one line, nothing left under a result's name, and finished once there was room; for example: {said[0]} / {said[-1]}"
    finally:
        subprocess.run(["umount", small])


def permissions(rng, folder):
    with open(os.path.join(folder, "text"), "w") as file:
        file.write(TEXT)
    os.mkdir(os.path.join(folder, "closed"), 0o555)
    os.chmod(folder, 0o777)
    assert run("compress", "text", "-o", "t.cram", "--model", FIXTURE, "--max-steps", "3", "-q", cwd=folder).returncode == 0
    for name in ["text", "t.cram"]:
        shutil.copy(os.path.join(folder, name), os.path.join(folder, "closed-" + name))
        os.chmod(os.path.join(folder, "closed-" + name), 0)
    more = {"user": "nobody", "extra_groups": []} if os.geteuid() == 0 else {}
    said = []
    for args in [
        ["compress", "closed-text", "-o", "x.cram"],
        ["compress", "text", "-o", "closed/x.cram"],
        ["decompress", "closed-t.cram", "-o", "x"],
        ["decompress", "t.cram", "-o", "closed/x"],
        ["inspect", "closed-t.cram"],
    ]:
        outcome = run(*args, cwd=folder, env={"HOME": folder, "HF_HOME": folder}, **more)
        said.append(one_line(outcome, " ".join(args)))
    return f"permissions: {len(said)} files and folders that may not be read or written, each told in one line; for example: {said[0]} / {said[1]}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="kill-compress,kill-measure,kill-pull,disk,permissions,network")
    options = parser.parse_args()
    JAVA = java()
    rng = random.Random(options.seed)
    trials = options.only.split(",")
    for what in trials:
        if what not in parser.get_default("only").split(","):
            sys.exit(f"faults.py: --only {what} is none of {parser.get_default('only')}")
    for what in trials:
        with tempfile.TemporaryDirectory(prefix="cram-faults-") as scratch:
            os.chmod(scratch, 0o755)
            if what.startswith("kill-"):
                share = {"kill-compress": 0.4, "kill-measure": 0.3, "kill-pull": 0.3}[what]
                print(globals()[what.replace("-", "_")](round(options.kills * share), rng, scratch), flush=True)
            else:
                print(globals()[what](rng, scratch), flush=True)
