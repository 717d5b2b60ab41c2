"""Checks that cram and Python's huggingface_hub share one cache, in both directions.

Starts a server on this machine that answers as the hub does, with one small model, and lets
`cram pull` and `huggingface_hub` download from it:

    pip install huggingface_hub
    python tools/check_hub_cache.py
"""

import hashlib
import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODEL = ROOT / "lm/src/main/resources/dev/cram/lm/models/cram-tiny"
REPOSITORY = "someone/tiny"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
FILES = ["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"]
LARGE = 1_000_000  # bytes from which a file is named by its SHA-256, as Git LFS does


def etag(content):
    if len(content) >= LARGE:
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class Hub(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    downloads = []

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        path = self.path.split("?")[0]
        resolve = f"/{REPOSITORY}/resolve/"
        if path.startswith(f"/api/models/{REPOSITORY}/tree/"):
            self.answer(json.dumps([self.tree_entry(name) for name in FILES]).encode())
        elif path.startswith(f"/api/models/{REPOSITORY}"):
            siblings = [{"rfilename": name} for name in FILES]
            self.answer(json.dumps({"id": REPOSITORY, "sha": COMMIT, "siblings": siblings}).encode())
        elif path.startswith(resolve) and path.rsplit("/", 1)[1] in FILES:
            name = path.rsplit("/", 1)[1]
            content = (MODEL / name).read_bytes()
            if self.command == "GET":
                Hub.downloads.append(name)
            headers = {"X-Repo-Commit": COMMIT, "ETag": f'"{etag(content)}"', "Accept-Ranges": "bytes"}
            self.answer(content, headers)
        else:
            self.send_response(404)
            self.send_header("X-Error-Code", "EntryNotFound")
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("Content-Length", "0")
            self.end_headers()

    @staticmethod
    def tree_entry(name):
        content = (MODEL / name).read_bytes()
        entry = {"type": "file", "path": name, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
        if len(content) >= LARGE:
            entry["lfs"] = {"oid": etag(content), "size": len(content), "pointerSize": 134}
        return entry

    def answer(self, content, headers=None):
        status, total, wanted = 200, len(content), self.headers.get("Range")
        if wanted and headers:
            first, last = wanted.removeprefix("bytes=").split("-")
            first, last = int(first), int(last or total - 1)
            content, status = content[first : last + 1], 206
            headers["Content-Range"] = f"bytes {first}-{last}/{total}"
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def log_message(self, *args):
        pass


def check(what, holds):
    print(("ok      " if holds else "FAILED  ") + what, flush=True)
    if not holds:
        sys.exit(1)


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    folder = tempfile.TemporaryDirectory()
    os.environ["HF_ENDPOINT"] = f"http://127.0.0.1:{server.server_port}"
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    os.environ.pop("HF_TOKEN", None)
    # Only now, since huggingface_hub reads the environment when it is imported.
    from huggingface_hub import hf_hub_download, scan_cache_dir, snapshot_download
    from huggingface_hub.utils import WeakFileLock

    def cram(*args, cache, **options):
        environment = {**os.environ, "HF_HUB_CACHE": str(cache)}
        return subprocess.run([ROOT / "cram", *args], env=environment, capture_output=True, text=True, **options)

    ours = pathlib.Path(folder.name) / "ours"
    pulled = cram("pull", REPOSITORY, cache=ours)
    check("cram pulls: " + pulled.stderr.strip(), pulled.returncode == 0)
    for name in FILES:
        found = pathlib.Path(hf_hub_download(REPOSITORY, name, cache_dir=ours, local_files_only=True))
        check(f"Python finds {name}", found.read_bytes() == (MODEL / name).read_bytes())
    check(
        "Python finds the snapshot",
        snapshot_download(REPOSITORY, cache_dir=ours, local_files_only=True) == pulled.stdout.strip(),
    )
    Hub.downloads.clear()
    snapshot_download(REPOSITORY, cache_dir=ours)
    check("Python downloads nothing again", not Hub.downloads)
    scan = scan_cache_dir(ours)
    check("Python's scan has no complaint", not scan.warnings and len(scan.repos) == 1)

    theirs = pathlib.Path(folder.name) / "theirs"
    snapshot_download(REPOSITORY, cache_dir=theirs)
    Hub.downloads.clear()
    listed = json.loads(cram("models", "--json", cache=theirs).stdout)
    check("cram lists what Python has downloaded", [m["name"] for m in listed] == ["cram-tiny", REPOSITORY])
    compressed = cram("compress", "-", "-o", f"{folder.name}/x.cram", "-m", REPOSITORY, "--max-steps", "3",
                      cache=theirs, input="It rained.")
    check("cram opens what Python has downloaded " + compressed.stderr.strip(), compressed.returncode == 0)
    again = cram("pull", REPOSITORY, cache=theirs)
    check("cram downloads nothing again", again.returncode == 0 and not Hub.downloads)

    locked = pathlib.Path(folder.name) / "locked"
    blob = etag((MODEL / "model.safetensors").read_bytes())
    lock = locked / ".locks" / "models--someone--tiny" / f"{blob}.lock"
    lock.parent.mkdir(parents=True)
    with WeakFileLock(lock):
        waiting = subprocess.Popen([ROOT / "cram", "pull", REPOSITORY], stdout=subprocess.DEVNULL,
                                   env={**os.environ, "HF_HUB_CACHE": str(locked)})
        time.sleep(4)
        check("cram waits for Python's lock", waiting.poll() is None)
    check("cram goes on afterwards", waiting.wait(timeout=30) == 0)

    # What huggingface_hub before version 1 left when it was interrupted.
    partial = pathlib.Path(folder.name) / "partial"
    blobs = partial / "models--someone--tiny" / "blobs"
    blobs.mkdir(parents=True)
    (blobs / f"{blob}.incomplete").write_bytes((MODEL / "model.safetensors").read_bytes()[:5_000_000])
    check("cram continues an .incomplete file", cram("pull", REPOSITORY, cache=partial).returncode == 0)
    check("and leaves none", not list(blobs.glob("*.incomplete")))
    print("all passed")


if __name__ == "__main__":
    main()
