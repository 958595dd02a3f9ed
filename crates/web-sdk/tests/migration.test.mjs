// Whoever is logged in with realm-web stays logged in when the application changes to keystead-web.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { startServer } from "../../../conformance/realm-web/server.mjs";

const PASSWORD = "correct horse battery";

/** What a browser gives: entries that are text, listed like members. */
class BrowserStorage {
    static install() {
        const entries = new Map();
        globalThis.localStorage = new Proxy(
            {
                getItem: (key) => entries.get(key) ?? null,
                setItem: (key, value) => void entries.set(key, String(value)),
                removeItem: (key) => void entries.delete(key),
            },
            {
                ownKeys: () => [...entries.keys()],
                getOwnPropertyDescriptor: (_, key) => ({ value: entries.get(key), enumerable: true, configurable: true }),
            },
        );
        return entries;
    }
}

let server, kept, realmWeb, keysteadWeb;
before(async () => {
    server = await startServer();
    kept = BrowserStorage.install();
    // Both look for localStorage when they are loaded. The `dom` bundle is what browsers are given.
    globalThis.window = globalThis;
    ({ default: realmWeb } = await import("realm-web/dist/bundle.dom.cjs.js"));
    keysteadWeb = await import("../../../target/npm/keystead-web/index.mjs");
});
after(async () => {
    delete globalThis.localStorage;
    delete globalThis.window;
    await server.stop();
});

const open = (sdk) => new sdk.App({ id: "quickstart-abcde", baseUrl: server.baseUrl });

describe("what realm-web has written", () => {
    it("is picked up: users, their order, profiles and the device", async () => {
        kept.clear();
        const before = open(realmWeb);
        const email = `${randomUUID()}@example.com`;
        await before.logIn(realmWeb.Credentials.anonymous());
        await before.emailPasswordAuth.registerUser({ email, password: PASSWORD });
        const ada = await before.logIn(realmWeb.Credentials.emailPassword(email, PASSWORD));
        assert.ok([...kept.keys()].every((key) => key.startsWith("realm-web:app(quickstart-abcde):")), [...kept.keys()].join());

        const after = open(keysteadWeb);
        assert.deepEqual(Object.keys(after.allUsers), Object.keys(before.allUsers));
        const user = after.currentUser;
        for (const member of ["id", "accessToken", "refreshToken", "providerType", "deviceId", "state"]) {
            assert.equal(user[member], ada[member], member);
        }
        assert.deepEqual(user.profile, { ...ada.profile });
        assert.deepEqual(user.identities, ada.identities);
        const key = await user.apiKeys.create("after-the-switch");
        assert.deepEqual(await ada.apiKeys.fetch(key._id), { _id: key._id, name: "after-the-switch", disabled: false });
    });

    it("is understood the other way too, if an application goes back", async () => {
        kept.clear();
        const user = await open(keysteadWeb).logIn(keysteadWeb.Credentials.anonymous());
        const back = open(realmWeb).currentUser;
        assert.equal(back.id, user.id);
        await back.refreshProfile();
    });

    it("and logged out of stays logged out", async () => {
        kept.clear();
        const guest = await open(realmWeb).logIn(realmWeb.Credentials.anonymous());
        await guest.logOut();
        const app = open(keysteadWeb);
        assert.equal(app.currentUser, null);
        assert.equal(app.allUsers[guest.id].state, "logged-out");
    });
});
