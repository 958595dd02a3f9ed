// Tokens that do not work, linked credentials, functions: where a wrong answer makes realm-web log
// the user out, or repeat a request for ever.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, describe, it } from "node:test";
import * as Realm from "realm-web";
import { startServer } from "./server.mjs";
import { IS_REALM_WEB, newApp, newEmail, newUser, PASSWORD, refused, requestsOf } from "./support.mjs";

let server;
before(async () => (server = await startServer()));
after(() => server.stop());

const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const byEmail = (email, password = PASSWORD) => Realm.Credentials.emailPassword(email, password);

/** Well formed, of somebody else's making, and long expired. */
function foreignToken(claims = {}) {
    const whole = { sub: "1234567890", iat: 1516239022, exp: 1516239022, ...claims };
    const signed = `${encode({ alg: "HS256", typ: "JWT" })}.${encode(whole)}`;
    return `${signed}.${createHmac("sha256", "somebody else's").update(signed).digest("base64url")}`;
}

async function register(app, email = newEmail()) {
    await app.emailPasswordAuth.registerUser({ email, password: PASSWORD });
    return email;
}

describe("an access token that does not work", () => {
    const tokens = {
        "is foreign": () => foreignToken(),
        "is foreign and looks valid": ({ accessToken }) =>
            foreignToken(JSON.parse(Buffer.from(accessToken.split(".")[1], "base64url"))),
        "has another signature": ({ accessToken }) => `${accessToken.split(".").slice(0, 2).join(".")}.${"A".repeat(86)}`,
        "is no JWT": () => "garbage",
        "is gone": () => null,
    };
    for (const [what, make] of Object.entries(tokens)) {
        it(`is replaced once, if it ${what}`, async () => {
            const user = await newUser(newApp(server));
            user.accessToken = make(user);
            const requests = await requestsOf(user.app, () => user.refreshProfile());
            // realm-web asks with `Bearer null`; keystead-web knows better.
            const refusedFirst = IS_REALM_WEB || what !== "is gone";
            assert.deepEqual(requests, [
                ...(refusedFirst ? ["GET auth/profile 401"] : []),
                "POST auth/session 201",
                "GET auth/profile 200",
            ]);
            assert.ok(user.isLoggedIn);
        });
    }

    it("is replaced before a function is called", async () => {
        const user = await newUser(newApp(server));
        user.accessToken = foreignToken();
        const called = () => refused(user.callFunction("sum", 1, 2), 404, "FunctionNotFound");
        const requests = await requestsOf(user.app, called);
        assert.deepEqual(requests, ["POST functions/call 401", "POST auth/session 201", "POST functions/call 404"]);
    });
});

describe("a refresh token that does not work", () => {
    it("is refused once, and the user is not kept waiting", async () => {
        for (const token of [foreignToken(), foreignToken({ typ: "refresh", exp: 4102444800 }), "garbage", "a.b.c"]) {
            const user = await newUser(newApp(server));
            Object.assign(user, { accessToken: foreignToken(), refreshToken: token });
            const requests = await requestsOf(user.app, () => refused(user.refreshProfile(), 401));
            assert.deepEqual(requests, ["GET auth/profile 401", "POST auth/session 401"]);
        }
    });

    it("is one of the other kind", async () => {
        const user = await newUser(newApp(server));
        const { accessToken, refreshToken } = user;
        user.refreshToken = accessToken;
        const sentence = "invalid refresh token: incorrect token type";
        await refused(user.apiKeys.fetchAll(), 401, undefined, sentence);
        await refused(user.refreshAccessToken(), 401, undefined, sentence);
        Object.assign(user, { accessToken: refreshToken, refreshToken });
        const requests = await requestsOf(user.app, () => refused(user.refreshProfile(), 401));
        assert.deepEqual(requests, ["GET auth/profile 401"]);
    });
});

describe("refreshing", () => {
    it("gives another access token, and keeps the refresh token", async () => {
        const user = await newUser(newApp(server));
        const { accessToken, refreshToken } = user;
        user.accessToken = foreignToken();
        await user.refreshAccessToken();
        assert.notEqual(user.accessToken, foreignToken());
        assert.equal(user.refreshToken, refreshToken);
        const subject = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url")).sub;
        assert.equal(subject(user.accessToken), subject(accessToken));
        assert.equal(subject(user.accessToken), user.id);
    });

    it("brings custom data, of which there is none", async () => {
        const user = await newUser(newApp(server));
        assert.deepEqual(user.customData, {});
        assert.deepEqual(await user.refreshCustomData(), {});
    });

    it("brings the profile", async () => {
        const user = await newUser(newApp(server));
        const { profile, identities } = user;
        await user.refreshProfile();
        assert.deepEqual(user.profile, profile);
        assert.deepEqual(user.identities, identities);
    });
});

describe("linking credentials", () => {
    it("gives an anonymous user an email identity, and keeps the session", async () => {
        const app = newApp(server);
        const user = await app.logIn(Realm.Credentials.anonymous());
        const { id, refreshToken } = user;
        const email = await register(app);
        await user.linkCredentials(byEmail(email));
        assert.deepEqual(user.identities.map(({ providerType }) => providerType), ["anon-user", "local-userpass"]);
        assert.equal(user.profile.email, email);
        assert.equal(user.refreshToken, refreshToken);
        await user.refreshAccessToken();
        await user.linkCredentials(byEmail(email));
        assert.equal(user.identities.length, 2);
        assert.equal((await newApp(server).logIn(byEmail(email))).id, id);
    });

    it("refuses each wrong credential once", async () => {
        const app = newApp(server);
        const taken = newEmail();
        const owner = await newUser(newApp(server), taken);
        const { key } = await owner.apiKeys.create("mine");
        const user = await app.logIn(Realm.Credentials.anonymous());
        const link = async (credentials, ...expected) => {
            const requests = await requestsOf(app, () => refused(user.linkCredentials(credentials), ...expected));
            assert.equal(requests.length, 1, requests.join());
        };
        await link(byEmail(taken), 401, "AuthError", /unauthorized/);
        await link(byEmail(taken, "wrong password"), 401, "InvalidPassword", /unauthorized/);
        await link(byEmail(newEmail()), 401, "InvalidPassword", /unauthorized/);
        await link(Realm.Credentials.apiKey(key), 400, "InvalidParameter", "invalid user link request");
        await link(Realm.Credentials.apiKey("no key"), 400, "InvalidParameter", "invalid user link request");
        await link(Realm.Credentials.anonymous(false), 400, "InvalidParameter", "invalid user link request");
        await link(Realm.Credentials.jwt(foreignToken()), 401, "AuthProviderNotFound", /unauthorized/);
        await link(Realm.Credentials.function({ any: "thing" }), 401, "AuthProviderNotFound", /unauthorized/);
        await link(Realm.Credentials.facebook("token"), 401, "AuthProviderNotFound", /unauthorized/);
        await user.refreshProfile();
        assert.deepEqual(user.identities.map(({ providerType }) => providerType), ["anon-user"]);
    });

    it("refuses a second email identity", async () => {
        const app = newApp(server);
        const user = await newUser(app);
        const second = await register(app);
        const requests = await requestsOf(app, () =>
            refused(user.linkCredentials(byEmail(second)), 500, "AuthError", /unauthorized/),
        );
        assert.equal(requests.length, 1);
        assert.notEqual((await newApp(server).logIn(byEmail(second))).id, user.id);
    });

    it("replaces an access token that does not work, and no more than once", async () => {
        const app = newApp(server);
        const user = await app.logIn(Realm.Credentials.anonymous());
        const email = await register(app);
        user.accessToken = foreignToken();
        const requests = await requestsOf(app, () => user.linkCredentials(byEmail(email)));
        assert.deepEqual(requests, [
            "POST local-userpass/login 401",
            "POST auth/session 201",
            "POST local-userpass/login 200",
            "GET auth/profile 200",
        ]);
    });
});

describe("functions and services", () => {
    it("that do not exist are named in the error", async () => {
        const user = await newUser(newApp(server));
        const called = user.callFunction("sum", 1, 2.5, { deep: [new Date(), null, undefined] });
        await refused(called, 404, "FunctionNotFound", "function not found: 'sum'");
        await refused(user.functions.sum(1, 2), 404, "FunctionNotFound", "function not found: 'sum'");
        assert.ok(user.isLoggedIn);
    });

    it("that read data do not exist", async () => {
        const user = await newUser(newApp(server));
        const find = () => user.mongoClient("mongodb-atlas").db("shop").collection("plants").findOne({ name: "ivy" });
        if (IS_REALM_WEB) {
            await refused(find(), 404, "ServiceNotFound", "service not found: 'mongodb-atlas'");
        } else {
            assert.throws(find, /no MongoDB client in this package/);
        }
        assert.ok(user.isLoggedIn);
    });

    it("do not log anybody in", async () => {
        const app = newApp(server);
        const login = app.logIn(Realm.Credentials.function({ username: "ada" }));
        await refused(login, 401, "AuthProviderNotFound", /unauthorized/);
        assert.equal(app.currentUser, null);
    });
});

describe("an error", () => {
    it("has everything that applications look at", async () => {
        const app = newApp(server);
        const error = await refused(app.logIn(byEmail("nobody@example.com")), 401, "InvalidPassword", "unauthorized");
        assert.equal(error.method, "POST");
        assert.equal(error.statusText, "Unauthorized");
        assert.ok(error.url.startsWith(`${server.baseUrl}/api/client/v2.0/app/`), error.url);
        assert.ok(error.link.startsWith(server.baseUrl), error.link);
        const [coId] = error.link.match(/[0-9a-f]{24}$/);
        assert.ok(server.log.some((line) => line.co_id === coId), "the log does not have the co_id of the link");
        assert.equal((await fetch(error.link)).status, 200);
    });
});
