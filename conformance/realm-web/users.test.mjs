// What an application does with users: log in and out, several at a time, profile, deletion.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as Realm from "realm-web";
import { startServer } from "./server.mjs";
import { APP_ID, newApp, newEmail, newUser, PASSWORD, refused, requestsOf } from "./support.mjs";

let server;
before(async () => (server = await startServer()));
after(() => server.stop());

const byEmail = (email) => Realm.Credentials.emailPassword(email, PASSWORD);

describe("anonymous users", () => {
    it("log in, and are used again", async () => {
        const app = newApp(server);
        const user = await app.logIn(Realm.Credentials.anonymous());
        assert.equal(user.providerType, "anon-user");
        assert.deepEqual(user.identities.map(({ providerType }) => providerType), ["anon-user"]);
        assert.deepEqual(user.profile, {});
        assert.equal(await app.logIn(Realm.Credentials.anonymous()), user);
        assert.notEqual((await app.logIn(Realm.Credentials.anonymous(false))).id, user.id);
    });
});

describe("the users of an app", () => {
    it("are all there, and one of them is current", async () => {
        const app = newApp(server);
        assert.equal(app.currentUser, null);
        const [first, second] = [await newUser(app), await newUser(app)];
        assert.deepEqual(Object.keys(app.allUsers).sort(), [first.id, second.id].sort());
        assert.equal(app.currentUser, second);
        app.switchUser(first);
        assert.equal(app.currentUser, first);
        const key = await first.apiKeys.create("of-the-first");
        assert.deepEqual((await first.apiKeys.fetchAll()).map(({ _id }) => _id), [key._id]);
        assert.deepEqual(await second.apiKeys.fetchAll(), []);
    });

    it("log out one at a time, and stay known", async () => {
        const app = newApp(server);
        const [first, second] = [await newUser(app), await newUser(app)];
        await second.logOut();
        assert.equal(second.state, "logged-out");
        assert.equal(second.isLoggedIn, false);
        assert.equal(app.currentUser, first);
        assert.deepEqual(Object.keys(app.allUsers).sort(), [first.id, second.id].sort());
        await first.refreshAccessToken();
    });

    it("are forgotten when removed, and can return", async () => {
        const app = newApp(server);
        const email = newEmail();
        const user = await newUser(app, email);
        const { refreshToken } = user;
        await app.removeUser(user);
        assert.equal(user.state, "removed");
        assert.deepEqual(app.allUsers, {});
        assert.throws(() => app.switchUser(user), /never logged into/);
        const renewed = await fetch(`${server.baseUrl}/api/client/v2.0/auth/session`, {
            method: "POST",
            headers: { Authorization: `Bearer ${refreshToken}` },
        });
        assert.equal(renewed.status, 401);
        assert.equal((await app.logIn(byEmail(email))).id, user.id);
    });

    it("keep their device from login to login", async () => {
        const app = newApp(server);
        const email = newEmail();
        const { deviceId } = await newUser(app, email);
        await app.currentUser.logOut();
        assert.equal((await app.logIn(byEmail(email))).deviceId, deviceId);
    });

    it("are still logged in when the application starts again", async () => {
        const shared = Realm.getEnvironment().defaultStorage.prefix(newEmail());
        const config = { id: APP_ID, baseUrl: server.baseUrl, storage: shared };
        const user = await newUser(new Realm.App(config));
        const again = new Realm.App(config).currentUser;
        assert.equal(again.id, user.id);
        assert.equal(again.profile.email, user.profile.email);
        await again.refreshProfile();
        assert.ok((await again.apiKeys.create("mine")).key);
    });
});

describe("logging out", () => {
    it("ends the session, and no other", async () => {
        const email = newEmail();
        const user = await newUser(newApp(server), email);
        const elsewhere = await newApp(server).logIn(byEmail(email));
        const { accessToken, refreshToken } = user;
        assert.deepEqual(await requestsOf(user.app, () => user.logOut()), ["DELETE auth/session 204"]);
        assert.equal(user.accessToken, null);
        await elsewhere.refreshAccessToken();
        Object.assign(user, { accessToken, refreshToken });
        const requests = await requestsOf(user.app, () => refused(user.refreshProfile(), 401, "InvalidSession"));
        assert.deepEqual(requests, ["GET auth/profile 401", "POST auth/session 401"]);
        assert.equal(user.isLoggedIn, false);
    });

    it("succeeds for a session that ended already", async () => {
        const user = await newUser(newApp(server));
        const { accessToken, refreshToken } = user;
        await user.logOut();
        Object.assign(user, { accessToken, refreshToken });
        await user.logOut();
        assert.equal(user.isLoggedIn, false);
    });

    it("leaves nothing that works", async () => {
        const user = await newUser(newApp(server));
        await user.logOut();
        for (const action of [
            () => user.apiKeys.fetchAll(),
            () => user.apiKeys.create("mine"),
            () => user.refreshAccessToken(),
            () => user.refreshProfile(),
            () => user.callFunction("sum", 1, 2),
        ]) {
            const requests = await requestsOf(user.app, () => assert.rejects(action, Realm.MongoDBRealmError));
            assert.ok(requests.every((request) => request.endsWith("401")), requests.join());
            assert.ok(requests.length <= 2, requests.join());
        }
    });
});

describe("deleting a user", () => {
    it("deletes keys, sessions and account, and frees the address", async () => {
        const app = newApp(server);
        const email = newEmail();
        const user = await newUser(app, email);
        const elsewhere = await newApp(server).logIn(byEmail(email));
        await app.deleteUser(user);
        assert.equal(user.state, "removed");
        assert.equal(app.currentUser, null);
        await refused(elsewhere.refreshProfile(), 401, "InvalidSession");
        assert.equal(elsewhere.isLoggedIn, false);
        await refused(app.logIn(byEmail(email)), 401, "InvalidPassword", "unauthorized");
        const reborn = await newUser(app, email);
        assert.notEqual(reborn.id, user.id);
        assert.deepEqual(await reborn.apiKeys.fetchAll(), []);
    });

    it("works for anonymous users", async () => {
        const app = newApp(server);
        const user = await app.logIn(Realm.Credentials.anonymous());
        await app.deleteUser(user);
        assert.deepEqual(app.allUsers, {});
    });
});

describe("an app", () => {
    it("that does not exist is named in the error", async () => {
        const app = newApp(server, "nothing-aaaaa");
        const sentence = "cannot find app using Client App ID 'nothing-aaaaa'";
        await refused(app.logIn(Realm.Credentials.anonymous()), 404, undefined, sentence);
        await refused(app.emailPasswordAuth.registerUser({ email: "a", password: PASSWORD }), 404, undefined, sentence);
    });

    it("asks for the location once, and gets the public URL", async () => {
        const app = newApp(server);
        assert.equal(await app.locationUrl, server.baseUrl);
        await newUser(app);
        assert.equal(app.requests.filter(({ path }) => path.endsWith("/location")).length, 1);
    });
});

describe("two apps, as in the README", () => {
    it("make a key in one, and log in with it in the other", async () => {
        const id = "quickstart-abcde";
        const baseUrl = server.baseUrl;
        const email = "ada@example.com";
        const password = "correct horse battery";

        const app = new Realm.App({ id, baseUrl });
        await app.emailPasswordAuth.registerUser({ email, password });
        const user = await app.logIn(Realm.Credentials.emailPassword(email, password));
        const { key } = await user.apiKeys.create("myApiKey");

        const service = new Realm.App({ id, baseUrl });
        const sameUser = await service.logIn(Realm.Credentials.apiKey(key));

        assert.equal(sameUser.id, user.id);
        assert.equal(sameUser.profile.email, email);
        await sameUser.refreshCustomData();
        await user.refreshCustomData();
    });
});
