// What the README says of the web and of Node, as a newcomer would copy it.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { startServer } from "../../../conformance/realm-web/server.mjs";
import { App, Credentials, MemoryStorage } from "../../../target/npm/keystead-web/index.mjs";
import { complaintsOf, launchChromium } from "./chromium.mjs";
import { npm, run, temporaryFolder } from "./npm.mjs";
import { serveFolders } from "./static-server.mjs";

const PACKAGE = fileURLToPath(new URL("../../../target/npm/keystead-web", import.meta.url));

let folder, server, readme;

before(async () => {
    [folder, server] = await Promise.all([temporaryFolder(), startServer()]);
    readme = await readFile(new URL("../../../README.md", import.meta.url), "utf8");
});

after(async () => {
    await server?.stop();
    await folder?.remove();
});

/** The code of this language under a heading, with the address of the server under test. */
function codeUnder(heading, language) {
    const section = readme.split(`## ${heading}\n`)[1].split("\n## ")[0];
    const [, code] = section.match(new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``));
    const here = code.replaceAll("http://localhost:9090", server.baseUrl);
    assert.notEqual(here, code, "it names the server's address");
    return here;
}

describe("the README", () => {
    it("logs a page in, and finds the same user after a reload", async () => {
        await writeFile(join(folder.path, "index.html"), codeUnder("Use it from the web", "html"));
        const site = await serveFolders({ "/": folder.path, "/keystead-web/": PACKAGE });
        const browser = await launchChromium();
        try {
            const context = await browser.newContext();
            const complaints = complaintsOf(context);
            const page = await context.newPage();
            const whoAmI = async () => {
                const text = await page.getByText(/You are [0-9a-f]{24}/).textContent();
                return text.match(/[0-9a-f]{24}/)[0];
            };
            await page.goto(site.origin);
            const first = await whoAmI();
            await page.reload();
            assert.equal(await whoAmI(), first);
            assert.deepEqual(complaints.filter((complaint) => !complaint.includes("favicon")), []);
        } finally {
            await browser.close();
            await site.stop();
        }
    });

    it("logs a service in with a key, from Node", async () => {
        const app = new App({ id: "quickstart-abcde", baseUrl: server.baseUrl, storage: new MemoryStorage() });
        const email = `${randomUUID()}@example.com`;
        await app.emailPasswordAuth.registerUser({ email, password: "correct horse" });
        const user = await app.logIn(Credentials.emailPassword(email, "correct horse"));
        const { key } = await user.apiKeys.create("readme");

        await npm(["install", "--no-package-lock", PACKAGE], folder.path);
        await writeFile(join(folder.path, "service.mjs"), codeUnder("Use it from Node", "js"));
        const said = await run(process.execPath, ["service.mjs"], { cwd: folder.path, env: { KEYSTEAD_API_KEY: key } });
        assert.equal(said, `${email}\n`);
    });
});
