/**
 * The client beside a service that runs: DRAGON_SERVER, DRAGON_SECRET, DRAGON_API_KEY and PHOTO, a picture of 40 x 30 px, say which.
 */

import assert from "node:assert/strict";
import { createServer, request as httpRequest } from "node:http";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { test } from "node:test";

import { ApiError, ConnectionLost, Dragon, TaskError, isFinal, percentOf } from "../dragon.js";

const { DRAGON_SERVER: server, DRAGON_SECRET: secret, DRAGON_API_KEY: apiKey, PHOTO: photo } = process.env;
const dragon = new Dragon(server, { secret });
const noop = { task_name: "bench.noop" };
const slow = { task_name: "bench.noop", seconds: 60 };

/** Start a server with a handler; it is closed, with its connections, when the test ends. Return its URL and count of requests. */
async function served(t, handler) {
  const seen = { requests: 0 };
  const listening = createServer((request, response) => handler(request, response, ++seen.requests));
  await new Promise((resolve) => listening.listen(0, "127.0.0.1", resolve));
  t.after(() => (listening.closeAllConnections(), listening.close()));
  seen.url = `http://127.0.0.1:${listening.address().port}`;
  return seen;
}

/** Pass a request on to the service; *answer* gets the service's answer. */
function passOn(request, response, answer) {
  const to = httpRequest(server + request.url, { method: request.method, headers: request.headers }, answer);
  response.on("close", () => to.destroy());
  request.pipe(to);
}

async function collected(iterator) {
  const all = [];
  for await (const item of iterator) all.push(item);
  return all;
}

test("a picture goes up as path, URL of a file, and Blob; it is measured and comes back whole", async (t) => {
  const bytes = await readFile(photo);
  const directory = await mkdtemp(join(tmpdir(), "dragon-js-"));
  t.after(() => rm(directory, { recursive: true }));

  const urls = [
    await dragon.upload(photo),
    await dragon.upload(pathToFileURL(photo)),
    await dragon.upload(new Blob([bytes]), { name: "a b.png" }),
  ];
  const statuses = await dragon.create(urls.map((url) => ({ task_name: "image.info", url })), { block: true });
  await dragon.downloadTo(urls[0], join(directory, "back.png"));

  assert.deepEqual(statuses.map(({ status, result }) => [status, result.width, result.height]), Array(3).fill(["success", 40, 30]));
  assert.deepEqual(Buffer.from(await (await dragon.download(urls[2])).arrayBuffer()), bytes);
  assert.deepEqual(await readFile(join(directory, "back.png")), bytes);
});

test("a stream tells every change once and ends with the final status", async () => {
  const statuses = await collected(dragon.createStream([noop, { ...noop, seconds: 0.3 }]));

  const last = new Map(statuses.map((status) => [status.key, status.status]));
  assert.deepEqual([...last.values()], ["success", "success"]);
  assert.equal(statuses.length, new Set(statuses.map((status) => JSON.stringify(status))).size);
  assert.deepEqual((await collected(dragon.stream([...last.keys()]))).map(isFinal), [true, true]);
});

test("a cancelled task is a TaskError with its code", async () => {
  const cancelling = dragon.run(slow, { onStatus: (status) => isFinal(status) || dragon.cancel(status.key) });

  await assert.rejects(cancelling, (error) => error instanceof TaskError && error.code === "cancelled" && error.key.length > 0);
});

test("wrong parameters are a TaskError with what is wrong at which", async () => {
  await assert.rejects(dragon.run({ ...noop, seconds: -1 }), (error) => error.code === "invalid_parameters" && "seconds" in error.result.parameters);
});

test("an unknown key is a 404, beside a known one it ends", async () => {
  const [{ key }] = await dragon.create(noop);

  assert.deepEqual((await dragon.block([key, "nobody-has-this-key"])).map(({ status }) => status), ["success", "error"]);
  await assert.rejects(dragon.status("nobody-has-this-key"), { name: "ApiError", httpStatus: 404, code: "not_found" });
  await assert.rejects(collected(dragon.stream("nobody-has-this-key")), { httpStatus: 404 });
});

test("block returns what there is when its seconds are over", async (t) => {
  const [{ key }] = await dragon.create(slow);
  t.after(() => dragon.cancel(key));

  const [status] = await dragon.block(key, { seconds: 0.3 });

  assert.equal(isFinal(status), false);
});

test("an abort ends a stream with the reason of the signal, and the task goes on", async (t) => {
  const [{ key }] = await dragon.create(slow);
  t.after(() => dragon.cancel(key));
  const controller = new AbortController();
  const reason = new Error("enough");
  setTimeout(() => controller.abort(reason), 300);

  await assert.rejects(collected(dragon.stream(key, { signal: controller.signal })), (error) => error === reason);
  await assert.rejects(dragon.block(key, { signal: controller.signal }), (error) => error === reason);
  assert.equal(isFinal((await dragon.status(key))[0]), false);
});

test("leaving a stream early closes its connection", async (t) => {
  const [{ key }] = await dragon.create(slow);
  t.after(() => dragon.cancel(key));
  let closed;
  const whenClosed = new Promise((resolve) => (closed = resolve));
  const relay = await served(t, (request, response) => {
    response.on("close", closed);
    passOn(request, response, (answer) => answer.pipe(response));
  });

  for await (const _ of new Dragon(relay.url, { secret }).stream(key)) break;

  await whenClosed;
});

test("an api key is good from its page alone", async () => {
  const created = await new Dragon(server, { apiKey, origin: "http://127.0.0.1" }).create(noop, { block: true });

  assert.equal(created[0].status, "success");
  for (const origin of ["", "https://example.org"]) {
    const elsewhere = new Dragon(server, { apiKey, origin });
    await assert.rejects(elsewhere.create(noop), (error) => error.code === "unauthorized" && error.problems[0].name === "api_key");
  }
});

test("a creation whose answer is lost is repeated under its key", async (t) => {
  const answers = [];
  const relay = await served(t, (request, response, number) =>
    passOn(request, response, async (answer) => {
      answers.push(JSON.parse(await new Response(answer).text()));
      if (number === 1) response.destroy();
      else response.end(JSON.stringify(answers[1]));
    }),
  );

  const [{ key }] = await new Dragon(relay.url, { secret }).create(noop);

  assert.deepEqual(answers.map(([status]) => status.key), [key, key]);
});

test("a stream that breaks after each line is taken up again, but not for ever", async (t) => {
  const relay = await served(t, (_, response, number) => {
    response.write(`${JSON.stringify({ status: "executing", key: "k", events: {}, progress: number })}\n`, () => response.destroy());
  });

  const reading = collected(new Dragon(relay.url, { retries: 2 }).stream("k"));

  await assert.rejects(reading, (error) => error instanceof ConnectionLost && error.code === "connection_lost");
  assert.equal(relay.requests, 3);
});

test("Retry-After is kept: a short one is waited for, a long one is told", async (t) => {
  const began = Date.now();
  const busy = await served(t, (_, response, number) => {
    if (number === 1) response.writeHead(503, { "Retry-After": "1" }).end();
    else if (number === 2) response.end('[{"status": "success", "key": "k", "events": {}}]');
    else response.writeHead(401, { "Retry-After": "3600" }).end('{"errors": [{"name": "tasks_per_day", "location": "account", "description": "full"}]}');
  });
  const client = new Dragon(busy.url);

  assert.equal((await client.status("k"))[0].key, "k");
  assert.ok(Date.now() - began >= 1000);
  await assert.rejects(client.status("k"), { code: "limit_reached", httpStatus: 401, retryAfter: 3600 });
  assert.equal(busy.requests, 3);
});

test("a service that is silent, or not there, is told", async (t) => {
  const silent = await served(t, () => {});

  await assert.rejects(new Dragon(silent.url, { silenceSeconds: 0.2, retries: 0 }).status("k"), { name: "ConnectionLost", message: /silent for 0.2 s/ });
  await assert.rejects(new Dragon("http://127.0.0.1:1", { retries: 1 }).status("k"), { name: "ConnectionLost", message: /cannot be reached/ });
});

test("a download that breaks off is repeated; one that fails leaves no file", async (t) => {
  const directory = await mkdtemp(join(tmpdir(), "dragon-js-"));
  t.after(() => rm(directory, { recursive: true }));
  const breaking = await served(t, (request, response, number) => {
    response.writeHead(200, { "Content-Length": "10" });
    if (number === 1 || request.url === "/never") response.write("12345", () => response.destroy());
    else response.end("1234567890");
  });
  const client = new Dragon(breaking.url, { retries: 1 });

  await client.downloadTo(`${breaking.url}/once`, join(directory, "whole"));

  assert.equal(await readFile(join(directory, "whole"), "utf8"), "1234567890");
  await assert.rejects(client.downloadTo(`${breaking.url}/never`, join(directory, "never")), ConnectionLost);
  assert.deepEqual(await readdir(directory), ["whole"]);
});

test("the credential stays with the service", async (t) => {
  let headers;
  const other = await served(t, (request, response) => ((headers = request.headers), response.end("x")));

  await dragon.download(other.url);

  assert.equal(headers.authorization, undefined);
});

test("progress is a number, an object, or nothing", () => {
  const executing = (progress) => ({ status: "executing", key: "k", events: {}, progress });

  assert.deepEqual([40, { percent: 12.5, phase: "fetch" }, "half", undefined].map((value) => percentOf(executing(value))), [40, 12.5, null, null]);
  assert.equal(percentOf({ status: "success" }), 100);
});

test("wrong options and files say so", async () => {
  assert.throws(() => new Dragon(server, { secret, apiKey }), /not both/);
  assert.throws(() => new Dragon("nowhere"), TypeError);
  assert.throws(() => new Dragon(server, { retries: -1 }), RangeError);
  await assert.rejects(dragon.upload("/nobody/has/this"), { code: "ENOENT" });
  await assert.rejects(new Dragon(server, { secret: "wrong" }).create(noop), (error) => error instanceof ApiError && error.httpStatus === 401);
});
