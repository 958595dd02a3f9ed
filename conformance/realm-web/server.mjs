// A Keystead of its own for each suite: started on an empty data folder, stopped in good order.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const BINARY =
    process.env.KEYSTEAD_BINARY ?? fileURLToPath(new URL("../../target/debug/keystead", import.meta.url));
const PATIENCE_MS = 60_000;

/** Polls until `probe` returns something, and fails after a generous time. */
export async function eventually(what, probe) {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
        const found = await probe();
        if (found) {
            return found;
        }
        assert.ok(Date.now() < deadline, `${what} did not happen`);
        await sleep(20);
    }
}

class RunningServer {
    #process;
    #exited;
    #folder;
    #stderr = "";

    constructor(process, folder) {
        this.#process = process;
        this.#folder = folder;
        this.#exited = once(process, "exit");
        process.stderr.setEncoding("utf8").on("data", (text) => (this.#stderr += text));
        process.stdout.resume();
    }

    /** The log so far: one object a line. The last line may still be on its way. */
    get log() {
        return this.#stderr.split("\n").slice(0, -1).map((line) => JSON.parse(line));
    }

    async waitUntilReady() {
        // Port 0 was asked for, so that no other program can take the port first; the log names it.
        const serving = await eventually("the start of the server", () => {
            assert.equal(this.#process.exitCode, null, `the server ended at once:\n${this.#stderr}`);
            return this.#stderr.includes("\n") && this.log.find(({ message }) => message === "serving");
        });
        this.baseUrl = serving.public_url.replace(/\/$/, "");
        await eventually("readiness", async () => {
            const response = await fetch(`${this.baseUrl}/readyz`).catch(() => null);
            return response?.ok;
        });
    }

    async stop() {
        this.#process.kill("SIGTERM");
        const [code, signal] = await this.#exited;
        await rm(this.#folder, { recursive: true });
        assert.deepEqual({ code, signal }, { code: 0, signal: null }, this.#stderr);
    }
}

/** Starts a server with the bundled application, with that of a folder, or with one of these providers. */
export async function startServer({ env = {}, folder: app, providers } = {}) {
    const folder = await mkdtemp(join(tmpdir(), "keystead-realm-web-"));
    const options = ["--listen", "127.0.0.1:0", "--data-dir", join(folder, "data"), "--login-throttle", "off"];
    if (app) {
        options.push("--app", app);
    }
    if (providers) {
        options.push("--app", await writeApp(join(folder, "app"), providers));
    }
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("KEYSTEAD_"));
    const child = spawn(BINARY, ["serve", ...options], {
        env: { ...Object.fromEntries(inherited), ...env },
        // A keystead.toml in the working directory would change the settings.
        cwd: folder,
        stdio: ["ignore", "pipe", "pipe"],
    });
    child.on("error", (error) => assert.fail(`${BINARY} cannot be run: ${error.message}`));
    const server = new RunningServer(child, folder);
    await server.waitUntilReady();
    return server;
}

async function writeApp(folder, providers) {
    await mkdir(join(folder, "auth"), { recursive: true });
    const root = { app_id: "quickstart-abcde", name: "quickstart" };
    await writeFile(join(folder, "root_config.json"), JSON.stringify(root));
    const whole = Object.entries(providers).map(([type, more]) => [
        type,
        { name: type, type, disabled: false, ...more },
    ]);
    await writeFile(join(folder, "auth", "providers.json"), JSON.stringify(Object.fromEntries(whole)));
    return folder;
}
