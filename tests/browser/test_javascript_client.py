"""The JavaScript client in pages: with an api key, from a host that is on its list, and from one that is not."""

import shutil
import subprocess
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from benchmarks.npm import npm_packages

CLIENT = Path(__file__).parents[2] / "clients" / "javascript"

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.timeout(300)]

SCRIPT = """
const [server, apiKey] = given;
const { Dragon, ApiError, ConnectionLost, TaskError, isFinal, percentOf } = await import("/dragon.js");
const dragon = new Dragon(server, { apiKey, retries: 1 });
const canvas = document.createElement("canvas");
[canvas.width, canvas.height] = [48, 32];
canvas.getContext("2d").fillRect(0, 0, 20, 20);
const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
const told = async (promise) => {
  try { return await promise } catch (error) {
    return { name: error.name, code: error.code, message: error.message, known: error instanceof Error };
  }
};
"""


class Site(SimpleHTTPRequestHandler):
    """The files of the client, and an empty page at /page; one without a referrer at /silent."""

    def do_GET(self):
        if self.path not in {"/page", "/silent"}:
            super().do_GET()
            return
        policy = '<meta name="referrer" content="no-referrer">' if self.path == "/silent" else ""
        body = f"<!doctype html><title>A page</title>{policy}".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def port():
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Site, directory=CLIENT))
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.fixture
def in_page(new_page, service, api_key, port):
    """Run lines in a page of another server: `in_page("return await dragon.run(...)")`."""

    def run(lines, *, host="localhost", path="/page", key=api_key):
        page = new_page()
        page.goto(f"http://{host}:{port}{path}")
        return page.evaluate(f"async (given) => {{ {SCRIPT} {lines} }}", [service.url, key])

    return run


def test_a_picture_of_the_page_is_uploaded_worked_on_and_comes_back(in_page):
    answer = in_page("""
        const url = await dragon.upload(new File([blob], "ä b.png"));
        const seen = [];
        const task = { task_name: "image.thumb", url, width: 24, format: "png" };
        const result = await dragon.run(task, { onStatus: (status) => seen.push(status.status) });
        const bitmap = await createImageBitmap(await dragon.download(result.output));
        const image = new Image();
        image.src = result.output;
        await image.decode();
        return { result, seen, size: [bitmap.width, bitmap.height], shown: [image.naturalWidth, image.naturalHeight] };
    """)

    assert (answer["result"]["original_width"], answer["result"]["original_height"]) == (48, 32)
    assert answer["size"] == answer["shown"] == [24, 16]
    assert answer["seen"][-1] == "success"


def test_a_stream_tells_progress_and_a_task_is_cancelled(in_page):
    answer = in_page("""
        const seen = [];
        for await (const status of dragon.createStream({ task_name: "odd.slow" })) {
          if (!isFinal(status) && percentOf(status) > 0 && !seen.includes("moves")) {
            seen.push("moves");
            await dragon.cancel(status.key);
          }
          if (isFinal(status)) seen.push(status.status, status.error.code);
        }
        return seen;
    """)

    assert answer == ["moves", "error", "cancelled"]


def test_what_is_wrong_is_an_error_with_its_code(in_page):
    answer = in_page("""
        const wrong = await told(dragon.run({ task_name: "image.thumb", url: "http://127.0.0.1:1/a.png", width: -1 }));
        const absent = await told(new Dragon("http://127.0.0.1:1", { apiKey, retries: 0 }).status("A"));
        const stop = new AbortController();
        const stopped = told(dragon.run({ task_name: "odd.slow", seconds: 5 }, { signal: stop.signal }));
        stop.abort(new Error("enough"));
        return [wrong, absent, await stopped];
    """)

    assert [error.get("code") for error in answer] == ["invalid_parameters", "connection_lost", None]
    assert answer[2]["message"] == "enough"


def test_a_page_without_a_referrer_is_told_by_its_origin(in_page):
    """Without a Referer a request to another origin still has an Origin (Fetch standard, 3.2)."""
    width = in_page(
        """
        const url = await dragon.upload(blob, { name: "a.png" });
        return (await dragon.run({ task_name: "image.info", url })).width;
        """,
        path="/silent",
    )

    assert width == 48


@pytest.mark.parametrize(("host", "key"), [("elsewhere.test", None), ("localhost", "no-such-key")])
def test_a_page_of_another_host_and_another_key_are_refused(browser, service, api_key, port, host, key):
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"http://{host}:{port}/page")

    answer = page.evaluate(
        f"async (given) => {{ {SCRIPT} return await told(dragon.upload(blob, {{ name: 'a.png' }})) }}",
        [service.url, key or api_key],
    )
    context.close()

    assert (answer["name"], answer["code"]) == ("ApiError", "unauthorized")


def test_the_types_hold_for_a_program_that_uses_all_of_it(tmp_path):
    """TypeScript accepts the module's use as its README tells, and refuses what the types forbid."""
    compiler = npm_packages("typescript", "typescript@5.9.3") / "node_modules" / "typescript" / "bin" / "tsc"
    shutil.copy(CLIENT / "dragon.d.ts", tmp_path)
    (tmp_path / "use.ts").write_text(USE)
    options = ["--noEmit", "--strict", "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler"]
    options += ["--lib", "es2022,dom,dom.asynciterable"]

    done = subprocess.run(
        ["node", compiler, *options, "use.ts"], cwd=tmp_path, capture_output=True, text=True, timeout=100
    )

    assert done.returncode == 0, done.stdout


USE = """
import { ApiError, ConnectionLost, Dragon, DragonError, TaskError, isFinal, percentOf, type Status } from "./dragon.js";

const dragon = new Dragon(new URL("http://127.0.0.1:8000"), { apiKey: "k", retries: 2, silenceSeconds: 9 });
// @ts-expect-error: a server is a text or a URL
new Dragon(8000);
// @ts-expect-error: there is no such option
new Dragon("http://127.0.0.1:8000", { password: "x" });
// @ts-expect-error: a task has a name
dragon.create({ url: "http://127.0.0.1/" });

export async function use(file: File, signal: AbortSignal): Promise<number> {
  const url: string = await dragon.upload(file, { name: "a.png", signal });
  const statuses: Status[] = await dragon.create([{ task_name: "image.info", url }], { block: true, seconds: null });
  for await (const status of dragon.createStream({ task_name: "image.info", url })) {
    const percent: number | null = percentOf(status);
    if (isFinal(status) && status.error) console.log(status.error.code.length, percent);
    // @ts-expect-error: no such status
    if (status.status === "done") return 1;
  }
  const keys = statuses.map((one) => one.key);
  for await (const status of dragon.stream(keys, { signal })) console.log(status.events.queued);
  await dragon.block("K", { seconds: 3 });
  await dragon.cancel("K");
  await dragon.downloadTo(url, "a.png", { signal });
  const blob: Blob = await dragon.download(url);
  try {
    const task = { task_name: "image.info", url };
    return (await dragon.run<{ width: number }>(task, { onStatus: (status) => void status.key })).width;
  } catch (error) {
    if (error instanceof TaskError) return Number(error.transient) + error.key.length;
    if (error instanceof ApiError) return error.retryAfter ?? error.problems.length + error.httpStatus;
    if (error instanceof ConnectionLost || error instanceof DragonError) return error.code.length + blob.size;
    throw error;
  }
}
"""
