// The package as it is published: packed, installed from the tarball, and run wherever it promises to run. Every
// program logs in to a real server, makes a key and lists it.

import assert from "node:assert/strict";
import { cp, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";
import webpack from "webpack";
import { startServer } from "../../../conformance/realm-web/server.mjs";
import { complaintsOf, launchChromium } from "./chromium.mjs";
import { npm, run, temporaryFolder } from "./npm.mjs";
import { serveFolders } from "./static-server.mjs";

const PACKAGE = fileURLToPath(new URL("../../../target/npm/keystead-web", import.meta.url));
const PROGRAMS = fileURLToPath(new URL("packaging", import.meta.url));

const FILES = [
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "index.cjs",
    "index.d.cts",
    "index.d.ts",
    "index.mjs",
    "package.json",
];

/** What an application may have to load. */
const LIMIT_BYTES = 24 * 1024;

/** What each program must bring. */
const BROUGHT = {
    began: { id: "quickstart-abcde", currentUser: null },
    itsOwnEmail: true,
    isAKey: true,
    listed: ["made"],
};

let folder, packed, project, server, browser;

before(async () => {
    folder = await temporaryFolder();
    [packed] = JSON.parse(await npm(["pack", "--json", "--pack-destination", folder.path, PACKAGE], folder.path));
    project = join(folder.path, "project");
    await cp(PROGRAMS, project, { recursive: true });
    await writeFile(join(project, "package.json"), JSON.stringify({ name: "project", private: true }));
    await npm(["install", "--no-package-lock", join(folder.path, packed.filename)], project);
    server = await startServer();
    browser = await launchChromium();
});

after(async () => {
    await browser?.close();
    await server?.stop();
    await folder?.remove();
});

describe("the tarball", () => {
    it("contains what an application needs, and nothing else", () => {
        assert.deepEqual(packed.files.map(({ path }) => path).sort(), FILES);
        assert.equal(packed.name, "keystead-web");
    });

    it("has every file that its package.json names", async () => {
        const installed = join(project, "node_modules/keystead-web");
        const manifest = JSON.parse(await readFile(join(installed, "package.json")));
        const { main, module, types, exports, dependencies } = manifest;
        const named = [main, module, types, ...JSON.stringify(exports).match(/\.\/[\w.]+/g)];
        for (const path of named) {
            assert.ok((await stat(join(installed, path))).isFile(), path);
        }
        assert.equal(dependencies, undefined);
    });

    it("holds a script of at most 24 KB, compressed", async () => {
        for (const script of ["index.mjs", "index.cjs"]) {
            const content = await readFile(join(project, "node_modules/keystead-web", script));
            const size = gzipSync(content, { level: 9 }).length;
            assert.ok(size <= LIMIT_BYTES, `${script} has ${size} bytes, which is ${size - LIMIT_BYTES} too many`);
        }
    });
});

describe("the script", () => {
    it("is plain ASCII, so that pages which declare no encoding read it right", async () => {
        for (const script of ["index.mjs", "index.cjs"]) {
            const content = await readFile(join(project, "node_modules/keystead-web", script), "latin1");
            assert.doesNotMatch(content, /[\x80-\xff]/, script);
        }
    });
});

describe("in Node", () => {
    it("it is imported as a module", async () => {
        assert.deepEqual(await runInNode("node.mjs"), BROUGHT);
    });

    it("it is required, and constructs in the same tick", async () => {
        assert.deepEqual(await runInNode("program.cjs"), BROUGHT);
    });
});

describe("in a browser, on a page and in a worker that it starts", () => {
    it("it runs as it is, from a plain script of type module", async () => {
        const site = join(folder.path, "plain");
        await cp(project, site, { recursive: true });
        // Browsers resolve no bare names in workers, and on pages only with an import map.
        for (const script of ["page.js", "worker.js"]) {
            const text = await readFile(join(site, script), "utf8");
            const plain = text.replace('"keystead-web"', '"./node_modules/keystead-web/index.mjs"');
            assert.notEqual(plain, text);
            await writeFile(join(site, script), plain);
        }
        await assertRunsInBrowser(site);
    });

    it("it runs in a production build by Vite", async () => {
        const outDir = join(folder.path, "vite");
        await build({ root: project, configFile: false, logLevel: "error", build: { outDir } });
        await assertRunsInBrowser(outDir);
    });

    it("it runs in a production build by webpack", async () => {
        const outDir = join(folder.path, "webpack");
        const stats = await promised((done) =>
            webpack({ mode: "production", context: project, entry: "./page.js", output: { path: outDir } }, done),
        );
        const { errors, warnings } = stats.toJson({ all: false, errors: true, warnings: true });
        assert.deepEqual({ errors, warnings }, { errors: [], warnings: [] });
        const html = await readFile(join(project, "index.html"), "utf8");
        const script = '<script defer src="./main.js"></script>';
        await writeFile(join(outDir, "index.html"), html.replace(/<script.*<\/script>/, script));
        await assertRunsInBrowser(outDir);
    });
});

async function runInNode(script) {
    return JSON.parse(await run(process.execPath, [script, server.baseUrl], { cwd: project }));
}

async function assertRunsInBrowser(folder) {
    const site = await serveFolders({ "/": folder });
    const context = await browser.newContext();
    try {
        context.setDefaultTimeout(30_000);
        const complaints = complaintsOf(context);
        const page = await context.newPage();
        await page.goto(`${site.origin}/?server=${encodeURIComponent(server.baseUrl)}`);
        for (const where of ["page", "worker"]) {
            const outcome = page.locator(`#${where}:not(:empty)`);
            assert.deepEqual(JSON.parse(await outcome.textContent()), BROUGHT, where);
        }
        assert.deepEqual(complaints, []);
    } finally {
        await context.close();
        await site.stop();
    }
}

function promised(action) {
    return new Promise((resolve, reject) => action((error, value) => (error ? reject(error) : resolve(value))));
}
