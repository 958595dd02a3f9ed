// What keystead-web does beyond realm-web, or better: listeners, storages, tabs, refreshing together.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { promisify } from "node:util";
import { startServer } from "../../../conformance/realm-web/server.mjs";
import * as keystead from "../../../target/npm/keystead-web/index.mjs";

const PACKAGE = new URL("../../../target/npm/keystead-web/index.mjs", import.meta.url).href;
const { App, Credentials, MemoryStorage, ObjectId } = keystead;
const run = promisify(execFile);
const PASSWORD = "correct horse battery";

let server;
before(async () => (server = await startServer()));
after(() => server.stop());

function newApp(more = {}) {
    const requests = [];
    const recordingFetch = (url, init) => {
        requests.push(`${init.method} ${new URL(url).pathname.split("/").slice(-2).join("/")}`);
        return fetch(url, init);
    };
    const app = new App({ id: "quickstart-abcde", baseUrl: server.baseUrl, storage: new MemoryStorage(), fetch: recordingFetch, ...more });
    return Object.assign(app, { requests });
}

async function newUser(app = newApp()) {
    const email = `${randomUUID()}@example.com`;
    await app.emailPasswordAuth.registerUser({ email, password: PASSWORD });
    return app.logIn(Credentials.emailPassword(email, PASSWORD));
}

describe("listeners", () => {
    it("of an app are told of logins, switches and logouts, once each", async () => {
        const app = newApp();
        let told = 0;
        const listener = () => told++;
        app.addListener(listener);
        app.addListener(listener);
        const user = await newUser(app);
        await turn();
        assert.ok(told >= 1, "of the login");
        told = 0;
        await user.logOut();
        await turn();
        assert.equal(told, 1, "of the logout");
        app.removeListener(listener);
        await app.logIn(Credentials.anonymous());
        await turn();
        assert.equal(told, 1);
    });

    it("of a user are told when tokens or the profile change", async () => {
        const user = await newUser();
        user.accessToken = "another";
        await turn();
        const seen = [];
        user.addListener(() => seen.push(user.accessToken));
        await user.refreshAccessToken();
        await turn();
        assert.deepEqual(seen, [user.accessToken]);
        assert.notEqual(user.accessToken, "another");
        user.removeAllListeners();
        await user.refreshProfile();
        await turn();
        assert.equal(seen.length, 1);
    });

    it("that throw do not break the call that fired them", async () => {
        // In a process of its own, because the mistake ends up where uncaught ones do.
        const program = `
            import { App, Credentials } from "${PACKAGE}";
            process.on("uncaughtException", (error) => console.log("uncaught:", error.message));
            const app = new App({ id: "quickstart-abcde", baseUrl: "${server.baseUrl}" });
            app.addListener(() => { throw new Error("a mistake") });
            const user = await app.logIn(Credentials.anonymous(), false);
            console.log(user.state);
        `;
        const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", program]);
        assert.deepEqual([...new Set(stdout.trim().split("\n"))].sort(), ["active", "uncaught: a mistake"]);
    });
});

describe("many calls with an access token that does not work", () => {
    it("send one refresh", async () => {
        const user = await newUser();
        user.accessToken = "e30.e30.e30";
        user.app.requests.length = 0;
        await Promise.all(Array.from({ length: 8 }, () => user.refreshProfile()));
        assert.equal(user.app.requests.filter((request) => request === "POST auth/session").length, 1);
    });
});

describe("two apps on one storage, as in two tabs", () => {
    it("a logout in one is noticed by the next call of the other", async () => {
        const storage = new MemoryStorage();
        const here = await newUser(newApp({ storage }));
        const there = newApp({ storage }).currentUser;
        assert.equal(there.id, here.id);
        await here.logOut();
        await assert.rejects(there.apiKeys.fetchAll(), { statusCode: 401, errorCode: "InvalidSession" });
        assert.equal(there.state, "logged-out");
    });

    it("a new login in one is taken over by the other when its own session is refused", async () => {
        const storage = new MemoryStorage();
        const app = newApp({ storage });
        const email = `${randomUUID()}@example.com`;
        await app.emailPasswordAuth.registerUser({ email, password: PASSWORD });
        const here = await app.logIn(Credentials.emailPassword(email, PASSWORD));
        const there = newApp({ storage }).currentUser;
        await here.logOut();
        await app.logIn(Credentials.emailPassword(email, PASSWORD));
        await there.refreshProfile();
        assert.equal(there.refreshToken, here.refreshToken);
        assert.equal(there.state, "active");
    });
});

describe("what is not there", () => {
    it("throws a sentence that says so", async () => {
        const user = await newUser();
        assert.throws(() => user.mongoClient("mongodb-atlas"), /keeps users and their API keys, not data/);
        assert.throws(() => user.push("gcm"), /no push notifications/);
        assert.throws(() => user.functions.callFunctionStreaming("watch"), /does not stream/);
        assert.throws(() => keystead.handleAuthRedirect(), /page/);
    });
});

describe("a redirect that brings back a session", () => {
    it("logs in, once the page it leads to has handed it over", async () => {
        const storage = new MemoryStorage();
        const app = newApp({ storage });
        const other = await newUser();
        const environment = keystead.getEnvironment();
        const opened = [];
        keystead.setEnvironment({ ...environment, openWindow: (url) => opened.push(new URL(url)) && { close() {}, closed: false } });
        try {
            const login = app.logIn(Credentials.google({ redirectUrl: "https://shop.example/back" }));
            while (opened.length === 0) {
                await turn();
            }
            const [url] = opened;
            assert.equal(url.searchParams.get("redirect"), "https://shop.example/back");
            const session = [other.accessToken, other.refreshToken, other.id, "0".repeat(24)].join("$");
            const state = url.searchParams.get("state");
            const hash = `#${new URLSearchParams({ _baas_state: state, _baas_ua: session })}`;
            keystead.handleAuthRedirect({ hash }, storage);
            const user = await login;
            assert.equal(user.id, other.id);
            assert.equal(user.providerType, "oauth2-google");
        } finally {
            keystead.setEnvironment(environment);
        }
    });
});

describe("an ObjectId", () => {
    it("is its hexadecimal digits", () => {
        const id = new ObjectId("0123456789ABCDEF01234567");
        assert.equal(`${id}`, "0123456789abcdef01234567");
        assert.ok(id.equals("0123456789abcdef01234567"));
        assert.equal(JSON.stringify({ id }), '{"id":"0123456789abcdef01234567"}');
        assert.throws(() => new ObjectId("no"), TypeError);
    });
});
