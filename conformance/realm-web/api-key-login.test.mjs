// Logging in with a user's API key, on behalf of that user; and who may have keys at all.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as Realm from "realm-web";
import { startServer } from "./server.mjs";
import { logInByKey, newApp, newEmail, newUser, PASSWORD, refused, requestsOf, unauthorized } from "./support.mjs";

let server;
before(async () => (server = await startServer()));
after(() => server.stop());

const providerTypes = (user) => user.identities.map(({ providerType }) => providerType);

describe("logging in with a key", () => {
    it("is logging in as its owner", async () => {
        const email = newEmail();
        const owner = await newUser(newApp(server), email);
        const { _id, key } = await owner.apiKeys.create("mine");
        const user = await logInByKey(server, key);
        assert.equal(user.id, owner.id);
        assert.equal(user.providerType, "api-key");
        assert.equal(user.profile.email, email);
        assert.deepEqual(providerTypes(user).sort(), ["api-key", "local-userpass"]);
        assert.equal(user.identities.find(({ providerType }) => providerType === "api-key").id, _id);
        assert.deepEqual(user.identities.filter(({ providerType }) => providerType !== "api-key"), owner.identities);
    });

    it("shows in the owner's profile from the first time until the key is deleted", async () => {
        const owner = await newUser(newApp(server));
        assert.deepEqual(providerTypes(owner), ["local-userpass"]);
        const { _id, key } = await owner.apiKeys.create("mine");
        await owner.refreshProfile();
        assert.deepEqual(providerTypes(owner), ["local-userpass"]);
        await logInByKey(server, key);
        await owner.refreshProfile();
        assert.deepEqual(providerTypes(owner), ["local-userpass", "api-key"]);
        await owner.apiKeys.delete(_id);
        await owner.refreshProfile();
        assert.deepEqual(providerTypes(owner), ["local-userpass"]);
    });

    it("works any number of times, side by side", async () => {
        const owner = await newUser(newApp(server));
        const { key } = await owner.apiKeys.create("mine");
        const users = await Promise.all(Array.from({ length: 5 }, () => logInByKey(server, key)));
        await users[0].logOut();
        for (const user of users.slice(1)) {
            await user.refreshAccessToken();
            assert.equal(user.id, owner.id);
        }
        await owner.refreshAccessToken();
    });

    it("gives a session that does what the owner's own does", async () => {
        const owner = await newUser(newApp(server));
        const user = await logInByKey(server, (await owner.apiKeys.create("mine")).key);
        await user.refreshAccessToken();
        await user.refreshProfile();
        const other = await user.apiKeys.create("made-by-key");
        assert.equal((await owner.apiKeys.fetch(other._id)).name, "made-by-key");
        await user.apiKeys.disable(other._id);
        await user.apiKeys.enable(other._id);
        await user.apiKeys.delete(other._id);
        assert.deepEqual((await owner.apiKeys.fetchAll()).map(({ name }) => name), ["mine"]);
    });

    it("cannot delete the key that it was opened with", async () => {
        const owner = await newUser(newApp(server));
        const { _id, key } = await owner.apiKeys.create("in-use");
        const user = await logInByKey(server, key);
        await refused(user.apiKeys.delete(_id), 403, "Forbidden");
        assert.ok(user.isLoggedIn);
        assert.equal((await user.apiKeys.fetchAll()).length, 1);
        await owner.apiKeys.delete(_id);
    });
});

describe("a key that does not log in", () => {
    it("is one that is disabled, until it is enabled", async () => {
        const owner = await newUser(newApp(server));
        const { _id, key } = await owner.apiKeys.create("mine");
        await owner.apiKeys.disable(_id);
        await refused(logInByKey(server, key), ...unauthorized);
        await owner.apiKeys.enable(_id);
        assert.equal((await logInByKey(server, key)).id, owner.id);
    });

    it("is one that is deleted", async () => {
        const owner = await newUser(newApp(server));
        const { _id, key } = await owner.apiKeys.create("mine");
        await owner.apiKeys.delete(_id);
        await refused(logInByKey(server, key), ...unauthorized);
    });

    it("is one whose owner is deleted", async () => {
        const app = newApp(server);
        const owner = await newUser(app);
        const { key } = await owner.apiKeys.create("mine");
        await app.deleteUser(owner);
        await refused(logInByKey(server, key), ...unauthorized);
    });

    it("is anything that is no key", async () => {
        const owner = await newUser(newApp(server));
        const { key } = await owner.apiKeys.create("mine");
        const changed = key.slice(0, -1) + (key.endsWith("a") ? "b" : "a");
        for (const wrong of [changed, key.toUpperCase(), ` ${key}`, `${key}\n`, "", "x", "0".repeat(64), "🗝\0"]) {
            await refused(logInByKey(server, wrong), ...unauthorized);
        }
        await logInByKey(server, key);
    });
});

describe("a session that was opened with a key", () => {
    for (const action of ["disable", "delete"]) {
        it(`ends when the key is ${action}d`, async () => {
            const owner = await newUser(newApp(server));
            const { _id, key } = await owner.apiKeys.create("mine");
            const user = await logInByKey(server, key);
            await owner.apiKeys[action](_id);
            const requests = await requestsOf(user.app, () => refused(user.refreshProfile(), 401, "InvalidSession"));
            assert.deepEqual(requests, ["GET auth/profile 401", "POST auth/session 401"]);
            assert.equal(user.isLoggedIn, false);
            await owner.refreshProfile();
        });
    }

    it("does not revive when the key is enabled again", async () => {
        const owner = await newUser(newApp(server));
        const { _id, key } = await owner.apiKeys.create("mine");
        const user = await logInByKey(server, key);
        await owner.apiKeys.disable(_id);
        await owner.apiKeys.enable(_id);
        await refused(user.refreshAccessToken(), 401, "InvalidSession");
        await logInByKey(server, key);
    });

    it("may disable its own key, and ends with it", async () => {
        const owner = await newUser(newApp(server));
        const { _id, key } = await owner.apiKeys.create("mine");
        const user = await logInByKey(server, key);
        await user.apiKeys.disable(_id);
        await refused(user.apiKeys.fetchAll(), 401, "InvalidSession");
        assert.deepEqual(await owner.apiKeys.fetchAll(), [{ _id, name: "mine", disabled: true }]);
    });
});

describe("an anonymous user", () => {
    it("cannot have keys", async () => {
        const user = await newApp(server).logIn(Realm.Credentials.anonymous());
        await refused(user.apiKeys.create("mine"), 403, "Forbidden", /anonymous/);
        assert.deepEqual(await user.apiKeys.fetchAll(), []);
        assert.ok(user.isLoggedIn);
    });

    it("may have keys once an email identity is linked", async () => {
        const app = newApp(server);
        const user = await app.logIn(Realm.Credentials.anonymous());
        const email = newEmail();
        await app.emailPasswordAuth.registerUser({ email, password: PASSWORD });
        await user.linkCredentials(Realm.Credentials.emailPassword(email, PASSWORD));
        assert.deepEqual(providerTypes(user), ["anon-user", "local-userpass"]);
        const { key } = await user.apiKeys.create("mine");
        assert.equal((await logInByKey(server, key)).id, user.id);
        const byEmail = await newApp(server).logIn(Realm.Credentials.emailPassword(email, PASSWORD));
        assert.equal(byEmail.id, user.id);
        assert.equal((await byEmail.apiKeys.fetchAll()).length, 1);
    });
});
