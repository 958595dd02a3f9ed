// What a person does on the example page, and sees there. Everything waits until it can be done or seen.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

const PASSWORD = "correct horse battery";

export const press = (page, name) => page.getByRole("button", { name, exact: true }).click();
export const says = (page, sentence) => page.getByRole("status").getByText(sentence).waitFor();
export const row = (page, name) => page.getByRole("listitem").filter({ has: page.getByText(name, { exact: true }) });
export const isLoggedIn = (page) => page.getByRole("heading", { name: "Keys", exact: true }).waitFor();
export const isLoggedOut = (page) => page.getByRole("heading", { name: "Log in", exact: true }).waitFor();
export const focused = (page) => page.evaluate(() => document.activeElement.id || document.activeElement.className);

export async function fillIn(page, email, password = PASSWORD) {
    await page.getByLabel("Email address").fill(email);
    await page.getByLabel("Password").fill(password);
}

export async function register(page) {
    const email = `${randomUUID().slice(0, 8)}@example.com`;
    await fillIn(page, email);
    await press(page, "Register");
    await page.getByText(email).waitFor();
    await page.getByText("You have no keys yet.").waitFor();
    return email;
}

/** Makes a key, takes it from the dialog, and closes that. */
export async function makeKey(page, name) {
    await page.getByLabel("Name of the new key").fill(name);
    await press(page, "Make a key");
    const dialog = page.getByRole("dialog", { name: "Your new key" });
    const key = await dialog.getByText(/^ks_user_/).textContent();
    await press(page, "I have stored it");
    await isGone(page);
    await row(page, name).waitFor();
    return key;
}

/** The dialog is closed, and what it showed is nowhere on the page. */
export async function isGone(page) {
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    // The page is told of the closing a moment later.
    await page.locator("#created-key:empty").waitFor({ state: "attached" });
    assert.ok(!(await page.content()).includes("ks_user_"));
}

export async function logInWithKey(page, key) {
    await page.getByLabel("API key").fill(key);
    await press(page, "Log in with the key");
}
