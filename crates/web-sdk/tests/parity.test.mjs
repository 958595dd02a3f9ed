// The same program against realm-web and against keystead-web: what every call returns or throws, what
// every request looks like, and what is kept, compared call by call.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import * as realmWeb from "realm-web";
import * as keysteadWeb from "../../../target/npm/keystead-web/index.mjs";
import { startServer } from "../../../conformance/realm-web/server.mjs";
import { scenarios } from "./scenarios.mjs";

const USER_IDS = "app(quickstart-abcde):userIds";

let server;
before(async () => (server = await startServer()));
after(() => server.stop());

/** An app of `sdk`, with what it sends and keeps written down. */
function stage(sdk) {
    const requests = [];
    const recordingFetch = async (url, { method, headers, body } = {}) => {
        const response = await fetch(url, { method, headers, body });
        const sent = body === undefined ? undefined : JSON.parse(body);
        delete sent?.options;
        requests.push({ method, path: new URL(url).pathname + new URL(url).search, sent, status: response.status });
        return response;
    };
    const kept = new Map();
    const storage = storageOn(kept, "");
    const open = () => new sdk.App({ id: "quickstart-abcde", baseUrl: server.baseUrl, fetch: recordingFetch, storage });
    return { sdk, app: open(), open, requests, kept, email: `${randomUUID()}@example.com` };
}

function storageOn(kept, prefix) {
    return {
        get: (key) => kept.get(prefix + key) ?? null,
        set: (key, value) => void kept.set(prefix + key, value),
        remove: (key) => void kept.delete(prefix + key),
        prefix: (part) => storageOn(kept, `${prefix}${part}:`),
        clear: () => kept.clear(),
        addListener: () => undefined,
        removeListener: () => undefined,
    };
}

/** What differs from run to run, under names given in order of appearance. */
function masker(email) {
    const names = new Map();
    const name = (kind) => (text) => {
        if (!names.has(text)) {
            names.set(text, `<${kind} ${[...names.values()].filter((known) => known.startsWith(`<${kind}`)).length + 1}>`);
        }
        return names.get(text);
    };
    return (text) =>
        text
            .replaceAll(email, "<email>")
            .replaceAll(server.baseUrl, "<server>")
            .replace(/co_id=[0-9a-f]{24}/g, "co_id=<request>")
            // Not told apart: two of the same second are the same.
            .replace(/eyJ[\w-]+\.[\w-]+\.[\w-]*/g, "<token>")
            .replace(/ks_user_\w+/g, name("key"))
            .replace(/[0-9a-f]{24}-[a-z]{24}/g, name("identity"))
            .replace(/[0-9a-f]{24}/g, name("id"));
}

function described(value) {
    if (value instanceof Error) {
        const { method, url, statusCode, statusText, error, errorCode, link, message } = value;
        const { name } = value.constructor;
        return { thrown: name, message, method, url, statusCode, statusText, error, errorCode, link };
    }
    return value === undefined ? { returned: "undefined" } : { returned: value };
}

/** Runs a scenario, and answers what happened in it. */
async function happened(sdk, scenario) {
    const world = stage(sdk);
    const mask = masker(world.email);
    const masked = (value) => JSON.parse(mask(JSON.stringify(value) ?? "null"));
    const story = [];
    const call = async (what, action) => {
        const before = world.requests.length;
        let outcome;
        let result;
        try {
            result = await action();
            outcome = described(result && result === world.app.currentUser ? { currentUser: result } : result);
        } catch (thrown) {
            outcome = described(thrown);
        }
        const requests = world.requests.slice(before).filter((request) => !isFutile(request));
        story.push({ what, ...masked(outcome), requests: masked(requests) });
        return result;
    };
    await scenario(call, world);
    story.push({ what: "kept", ...masked(keptOf(world)) });
    return story;
}

/** What is kept, without what the two may differ in. */
function keptOf({ kept }) {
    // realm-web does not keep who was switched to; keystead-web does, so the order is not compared.
    const ids = JSON.parse(kept.get(USER_IDS) ?? "[]").sort();
    // realm-web leaves the provider's type of users who were removed.
    const isLeft = (key) => key.endsWith(":providerType") && !ids.some((id) => key.includes(id));
    const entries = [...kept].filter(([key, value]) => value !== null && !isLeft(key)).sort();
    return { ...Object.fromEntries(entries), [USER_IDS]: ids };
}

/** realm-web ends the session of a user whom the server has just deleted. The answer is always 401. */
function isFutile({ method, path, status }) {
    return method === "DELETE" && path.endsWith("/auth/session") && status === 401;
}

describe("realm-web and keystead-web do and return the same", () => {
    for (const [name, scenario] of Object.entries(scenarios)) {
        it(name, async () => {
            const expected = await happened(realmWeb, scenario);
            const actual = await happened(keysteadWeb, scenario);
            assert.ok(expected.length > 2, "a scenario calls something");
            // Call by call, so that a difference names its call.
            expected.forEach((step, index) => assert.deepEqual(actual[index], step, step.what));
            assert.equal(actual.length, expected.length);
        });
    }
});
