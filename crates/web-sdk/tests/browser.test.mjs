// The example page in a real browser, against a real server: everything it offers, clicked through.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { startServer } from "../../../conformance/realm-web/server.mjs";
import {
    fillIn,
    focused,
    isGone,
    isLoggedIn,
    isLoggedOut,
    logInWithKey,
    makeKey,
    press,
    register,
    row,
    says,
} from "./browser-steps.mjs";
import { complaintsOf, launchChromium } from "./chromium.mjs";
import { serveFolders } from "./static-server.mjs";

const inRepository = (path) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const SCREENSHOTS = inRepository("target/test-artefacts");

let server, site, browser;

before(async () => {
    await mkdir(SCREENSHOTS, { recursive: true });
    // One after the other: what has started is stopped, also if the next cannot be.
    server = await startServer();
    site = await serveFolders({
        "/": inRepository("examples/web"),
        "/keystead-web/": inRepository("target/npm/keystead-web"),
    });
    browser = await launchChromium();
});

after(async () => {
    await browser?.close();
    await site?.stop();
    await server?.stop();
});

/** A test with a browser profile of its own. It fails if a page complains about anything that was not refused. */
function itOnThePage(name, test, options = {}) {
    it(name, async () => {
        const context = await browser.newContext({ viewport: { width: 900, height: 900 }, ...options });
        context.setDefaultTimeout(30_000);
        const complaints = complaintsOf(context);
        try {
            await test(await openPage(context), context);
            assert.deepEqual(complaints, []);
        } finally {
            await context.close();
        }
    });
}

async function openPage(context) {
    const page = await context.newPage();
    await page.goto(`${site.origin}/?server=${encodeURIComponent(server.baseUrl)}`);
    await page.getByRole("heading", { name: "Log in with a key" }).waitFor();
    return page;
}

const screenshot = (page, name, fullPage = true) =>
    page.screenshot({ path: `${SCREENSHOTS}/web-example-${name}.png`, fullPage, animations: "disabled" });

describe("a person", () => {
    itOnThePage("registers, logs out, and logs in again", async (page) => {
        const email = await register(page);
        await press(page, "Log out");
        await isLoggedOut(page);
        await says(page, "You have logged out.");
        await fillIn(page, email);
        await page.keyboard.press("Enter");
        await isLoggedIn(page);
        await page.getByText(email).waitFor();
    });

    itOnThePage("is told that a password is wrong, an address taken, or a password too short", async (page) => {
        const email = await register(page);
        await press(page, "Log out");
        await fillIn(page, email, "not that one");
        await press(page, "Log in");
        await says(page, "This email address and this password do not belong together.");
        assert.equal(await page.getByLabel("Email address").inputValue(), email);
        await press(page, "Register");
        await says(page, "There is an account with this email address already: log in instead.");
        await fillIn(page, `other-${email}`, "short");
        await press(page, "Register");
        await says(page, "Password must be between 6 and 128 characters.");
        await isLoggedOut(page);
    });

    itOnThePage("is still logged in after a reload", async (page) => {
        const email = await register(page);
        await makeKey(page, "kept");
        await page.reload();
        await isLoggedIn(page);
        await page.getByText(email).waitFor();
        await row(page, "kept").waitFor();
    });

    itOnThePage("may be a guest, who cannot make keys", async (page) => {
        await press(page, "Continue as guest");
        await page.getByText("Guest", { exact: true }).waitFor();
        await page.getByLabel("Name of the new key").fill("for-a-guest");
        await press(page, "Make a key");
        await says(page, "Anonymous users cannot have API keys: link another identity first.");
        await press(page, "Log out");
        await isLoggedOut(page);
    });
});

describe("a key", () => {
    const permissions = ["clipboard-read", "clipboard-write"];
    itOnThePage(
        "is shown once, can be copied, and leaves nothing behind",
        async (page) => {
            await register(page);
            await page.getByLabel("Name of the new key").fill("shown-once");
            await page.keyboard.press("Enter");
            const dialog = page.getByRole("dialog", { name: "Your new key" });
            await dialog.getByText("It cannot be shown again.").waitFor();
            const key = await dialog.getByText(/^ks_user_/).textContent();
            assert.match(key, /^ks_user_[0-9A-Za-z]{51}$/);
            assert.equal(await focused(page), "copy");
            await page.keyboard.press("Enter");
            await dialog.getByText("Copied.").waitFor();
            assert.equal(await page.evaluate(() => navigator.clipboard.readText()), key);
            await row(page, "shown-once").waitFor({ state: "attached" });

            assert.ok((await page.content()).includes(key));
            await press(page, "I have stored it");
            await isGone(page);
            assert.equal(await focused(page), "name");
            assert.ok(!(await page.evaluate(() => JSON.stringify(localStorage))).includes(key));
            await page.reload();
            await row(page, "shown-once").waitFor();
            assert.ok(!(await page.content()).includes(key));
        },
        { permissions },
    );

    itOnThePage("is selected where the browser does not let the page copy it", async (page, context) => {
        await context.addInitScript(() => {
            navigator.clipboard.writeText = () => Promise.reject(new Error("not here"));
        });
        await page.reload();
        await register(page);
        await page.getByLabel("Name of the new key").fill("by-hand");
        await press(page, "Make a key");
        await press(page, "Copy");
        await page.getByText("copy it yourself").waitFor();
        assert.match(await page.evaluate(() => getSelection().toString()), /^ks_user_/);
        await page.keyboard.press("Escape");
        await isGone(page);
    });

    itOnThePage("needs a name that is free and well spelt", async (page) => {
        await register(page);
        await makeKey(page, "taken");
        await page.getByLabel("Name of the new key").fill("taken");
        await press(page, "Make a key");
        await says(page, "An API key of this name exists: choose another name, or delete that key first.");
        await page.getByLabel("Name of the new key").fill("<img src=x onerror=alert(1)>");
        await press(page, "Make a key");
        await says(page, "Can only contain ASCII letters, numbers, underscores, and hyphens.");
        assert.equal(await page.getByRole("listitem").count(), 1);
    });

    itOnThePage("acts for its owner unless it is disabled, and until it is deleted", async (page) => {
        await register(page);
        const key = await makeKey(page, "service");
        await logInWithKey(page, key);
        await says(page, "Logged in. The key acts for you.");
        assert.equal(await page.getByLabel("API key").inputValue(), "");
        await press(page, "Act again with this session");
        await says(page, "The session still acts for you.");

        await press(page, "Disable service");
        await says(page, "“service” is disabled, and every session that it opened has ended.");
        await row(page, "service").getByText("disabled", { exact: true }).waitFor();
        assert.equal(await focused(page), "toggle");
        await press(page, "Act again with this session");
        await says(page, "The session has ended, because its key was disabled or deleted.");
        await logInWithKey(page, key);
        await says(page, "The server refuses this key: it is disabled or deleted, or it never was one.");

        await press(page, "Enable service");
        await says(page, "“service” works again.");
        await row(page, "service").getByText("enabled", { exact: true }).waitFor();
        await press(page, "Log in with the key");
        await says(page, "Logged in. The key acts for you.");

        await press(page, "Delete service");
        await press(page, "Delete for good: service");
        await says(page, "“service” is deleted.");
        await page.getByText("You have no keys yet.").waitFor();
        await logInWithKey(page, key);
        await says(page, "The server refuses this key: it is disabled or deleted, or it never was one.");
        await isLoggedIn(page);
    });

    itOnThePage("is deleted only after a question, by keyboard as well", async (page) => {
        await register(page);
        await makeKey(page, "precious");
        await page.getByRole("button", { name: "Delete precious", exact: true }).focus();
        await page.keyboard.press("Enter");
        await page.getByText("Delete “precious”? What uses it stops working at once.").waitFor();
        assert.equal(await focused(page), "keep");
        await page.keyboard.press("Enter");
        assert.equal(await focused(page), "delete");
        await page.keyboard.press("Enter");
        await page.keyboard.press("Escape");
        assert.equal(await focused(page), "delete");
        await page.keyboard.press("Enter");
        await page.keyboard.press("Tab");
        await page.keyboard.press("Enter");
        await says(page, "“precious” is deleted.");
        assert.equal(await focused(page), "keys-title");
    });

    itOnThePage("of somebody else acts for them, and for a page where nobody is logged in", async (page) => {
        const email = await register(page);
        const key = await makeKey(page, "theirs");
        await press(page, "Log out");
        await isLoggedOut(page);
        await logInWithKey(page, key);
        await says(page, `Logged in. The key acts for ${email} (`);
        await isLoggedOut(page);
    });
});

describe("two tabs", () => {
    itOnThePage("share a session: who logs in or out in one, does so in both", async (first, context) => {
        const second = await openPage(context);
        await isLoggedOut(second);
        const email = await register(first);
        await isLoggedIn(second);
        await second.getByText(email).waitFor();
        await makeKey(second, "from-the-second");
        await press(first, "Log out");
        await isLoggedOut(second);
        await says(second, "You have logged out in another tab.");
        assert.ok(!(await second.content()).includes("from-the-second"));
        await fillIn(second, email);
        await press(second, "Log in");
        await row(second, "from-the-second").waitFor();
        await row(first, "from-the-second").waitFor();
    });

    itOnThePage("may each log somebody else in: the last counts in both", async (first, context) => {
        const second = await openPage(context);
        const one = await register(first);
        await second.getByText(one).waitFor();
        await press(second, "Log out");
        await isLoggedOut(first);
        const other = await register(second);
        await first.getByText(other).waitFor();
        assert.ok(!(await first.content()).includes(one));
    });
});

describe("a session", () => {
    itOnThePage("that the server has ended is noticed with the next action", async (page) => {
        await register(page);
        const refreshToken = await page.evaluate(() => {
            const name = Object.keys(localStorage).find((candidate) => candidate.endsWith(":refreshToken"));
            return localStorage.getItem(name);
        });
        const ended = await fetch(`${server.baseUrl}/api/client/v2.0/auth/session`, {
            method: "DELETE",
            headers: { Authorization: `Bearer ${refreshToken}` },
        });
        assert.equal(ended.status, 204);
        await page.getByLabel("Name of the new key").fill("too-late");
        await press(page, "Make a key");
        await isLoggedOut(page);
        await says(page, "Your session has ended. Log in again.");
        await page.reload();
        await isLoggedOut(page);
    });

    itOnThePage("is not sent to another server that a link to the page names", async (page) => {
        await register(page);
        const sent = [];
        page.on("request", (request) => sent.push(request));
        await page.goto(`${site.origin}/?server=${encodeURIComponent(site.origin)}`);
        await isLoggedOut(page);
        assert.ok(sent.length > 0);
        assert.ok(sent.every((request) => !request.headers().authorization));
    });
});

describe("the page", () => {
    itOnThePage("asks for its settings in the form at its foot", async (page) => {
        await page.getByText("Server:").click();
        await page.getByLabel("App id").fill("no-such-app");
        await press(page, "Use this server");
        await page.waitForURL(/app=no-such-app/);
        await press(page, "Continue as guest");
        await says(page, "Cannot find app using Client App ID 'no-such-app'.");
    });

    itOnThePage("lets no button be pressed while a request runs", async (page) => {
        await register(page);
        let letThrough;
        const gate = new Promise((resolve) => (letThrough = resolve));
        await page.route("**/auth/api_keys", async (route) => {
            await gate;
            await route.continue();
        });
        const asked = page.waitForRequest("**/auth/api_keys");
        await page.getByLabel("Name of the new key").fill("slow");
        await press(page, "Make a key");
        await asked;
        const buttons = page.locator("body > :not(dialog) button");
        assert.equal(await buttons.and(page.locator(":enabled")).count(), 0);
        letThrough();
        await press(page, "I have stored it");
        await row(page, "slow").waitFor();
        await page.getByText("“slow” is made.").waitFor();
        assert.equal(await buttons.and(page.locator(":disabled")).count(), 0);
    });

    itOnThePage("says what is missing where the package was not copied", async (page) => {
        await page.route("**/keystead-web/index.mjs", (route) => route.fulfill({ status: 404 }));
        await page.reload();
        await page.getByText("This page has not started.").waitFor();
    });

    for (const [name, options] of Object.entries({
        light: { colorScheme: "light" },
        dark: { colorScheme: "dark" },
        narrow: { colorScheme: "light", viewport: { width: 390, height: 844 } },
        "narrow-dark": { colorScheme: "dark", viewport: { width: 390, height: 844 } },
    })) {
        itOnThePage(`has its picture taken: ${name}`, (page) => takePictures(page, name), options);
    }
});

async function takePictures(page, name) {
    await fillIn(page, "ada@example.com", "not that one");
    await press(page, "Log in");
    await says(page, "This email address and this password do not belong together.");
    await screenshot(page, `${name}-1-log-in`);
    await register(page);
    await makeKey(page, "nightly-backup");
    const key = await makeKey(page, "invoices_of_a_name_that_is_rather_long_2026");
    await makeKey(page, "old-importer");
    await logInWithKey(page, key);
    await says(page, "Logged in.");
    await press(page, "Disable old-importer");
    await says(page, "is disabled");
    await press(page, "Delete nightly-backup");
    await screenshot(page, `${name}-2-keys`);
    await press(page, "Keep it: nightly-backup");
    await page.getByLabel("Name of the new key").fill("website");
    await press(page, "Make a key");
    await row(page, "website").waitFor({ state: "attached" });
    await screenshot(page, `${name}-3-new-key`, false);
    // Nothing is wider than the window.
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false);
}
