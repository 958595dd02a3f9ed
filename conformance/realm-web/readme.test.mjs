// The tour of the README, pasted into node as a newcomer would.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { startServer } from "./server.mjs";

test("the README's tour prints a key and logs in with it", { timeout: 60_000 }, async (t) => {
  const server = await startServer();
  t.after(() => server.stop());
  const readme = await readFile(new URL("../../README.md", import.meta.url), "utf8");
  const tour = readme.match(/```js\n([\s\S]*?)```/)[1];
  const pasted = tour.replaceAll("http://localhost:9090", server.baseUrl);
  assert.notEqual(pasted, tour, "the tour names the server's address");

  const node = spawn(process.execPath, ["-i"], { cwd: new URL(".", import.meta.url) });
  t.after(() => node.kill());
  let printed = "";
  node.stdin.write(pasted);
  for await (const chunk of node.stdout.setEncoding("utf8")) {
    printed += chunk;
    if (/\btrue\b|\bfalse\b|Uncaught/.test(printed)) break;
  }
  assert.match(printed, /ks_user_[0-9A-Za-z]{51}/);
  assert.match(printed, /\btrue\b/);
});
