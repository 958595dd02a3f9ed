// The example for Node, in a copy of the folders around it, run as its README says.

import assert from "node:assert/strict";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { startServer } from "../../../conformance/realm-web/server.mjs";
import { npm, run, temporaryFolder } from "./npm.mjs";

const inRepository = (path) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
/** So that what is set where the tests run has no say. */
const nothingElse = { KEYSTEAD_APP_ID: "quickstart-abcde", KEYSTEAD_API_KEY: "" };
const user = { KEYSTEAD_EMAIL: "me@example.com", KEYSTEAD_PASSWORD: "correct horse" };

let folder, example, server;

before(async () => {
    folder = await temporaryFolder();
    example = join(folder.path, "examples/node");
    const withoutInstalled = { recursive: true, filter: (path) => !path.includes("node_modules") };
    await cp(inRepository("examples/node"), example, withoutInstalled);
    const built = "target/npm/keystead-web";
    await cp(inRepository(built), join(folder.path, built), { recursive: true });
    await npm(["install"], example);
    server = await startServer();
});

after(async () => {
    await server?.stop();
    await folder?.remove();
});

function node(args, env) {
    return run(process.execPath, args, { cwd: example, env: { ...nothingElse, KEYSTEAD_URL: server.baseUrl, ...env } });
}

describe("the example for Node", () => {
    it("makes a key, and logs in with it", async () => {
        const key = (await node(["make-key.mjs", "nightly-backup"], user)).trim();
        assert.match(key, /^ks_user_[0-9A-Za-z]{51}$/);
        const said = await node(["who-am-i.mjs"], { KEYSTEAD_API_KEY: key });
        assert.match(said, /^This key acts for me@example\.com \([0-9a-f]{24}\)\.\n$/);
    });

    it("makes another key for a user who is registered", async () => {
        await node(["make-key.mjs", "one"], user);
        assert.match(await node(["make-key.mjs", "another"], user), /^ks_user_/);
    });

    it("says why a key is refused, a name taken, or a setting missed", async () => {
        const unknown = { KEYSTEAD_API_KEY: "ks_user_never" };
        await assert.rejects(node(["who-am-i.mjs"], unknown), /The server refuses this key/);
        await node(["make-key.mjs", "taken"], user);
        await assert.rejects(node(["make-key.mjs", "taken"], user), /choose another name/);
        await assert.rejects(node(["who-am-i.mjs"], {}), /Set the environment variable KEYSTEAD_API_KEY/);
    });
});
