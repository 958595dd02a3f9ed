// Custom JWT authentication: the application's own tokens log in.

import assert from "node:assert/strict";
import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import * as Realm from "realm-web";
import { startServer } from "./server.mjs";
import { APP_ID, logInByKey, newApp, newEmail, newUser, refused, requestsOf, unauthorized } from "./support.mjs";

const SECRET = randomBytes(24).toString("hex");
const now = Math.floor(Date.now() / 1000);

let server;
before(async () => (server = await startServer({ env: { KEYSTEAD_SECRET_CUSTOMTOKENKEY: SECRET } })));
after(() => server.stop());

function jwt(claims = {}, { secret = SECRET, header = { alg: "HS256", typ: "JWT" } } = {}) {
    const whole = { aud: APP_ID, sub: randomUUID(), iat: now, exp: now + 3600, ...claims };
    const signed = [header, whole].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
    return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

const logIn = (token, app = newApp(server)) => app.logIn(Realm.Credentials.jwt(token));

describe("a custom JWT", () => {
    it("logs its subject in, the same user each time", async () => {
        const sub = randomUUID();
        const user = await logIn(jwt({ sub, name: "not configured to be taken over" }));
        assert.equal(user.providerType, "custom-token");
        assert.deepEqual(user.identities, [{ id: sub, providerType: "custom-token" }]);
        assert.deepEqual(user.profile, {});
        assert.equal((await logIn(jwt({ sub, jti: "another token" }))).id, user.id);
        assert.notEqual((await logIn(jwt())).id, user.id);
    });

    it("opens an account that may have API keys", async () => {
        const user = await logIn(jwt());
        const { key } = await user.apiKeys.create("mine");
        const byKey = await logInByKey(server, key);
        assert.equal(byKey.id, user.id);
        assert.deepEqual(byKey.identities.map(({ providerType }) => providerType), ["custom-token", "api-key"]);
    });

    it("is linked to an email user", async () => {
        const user = await newUser(newApp(server), newEmail());
        const sub = randomUUID();
        await user.linkCredentials(Realm.Credentials.jwt(jwt({ sub })));
        assert.deepEqual(user.identities.map(({ providerType }) => providerType), ["local-userpass", "custom-token"]);
        assert.equal((await logIn(jwt({ sub }))).id, user.id);
    });

    it("of somebody else is not linked, and is tried once", async () => {
        const sub = randomUUID();
        await logIn(jwt({ sub }));
        const app = newApp(server);
        const user = await newUser(app);
        for (const token of [jwt({ sub }), jwt({}, { secret: "x".repeat(48) })]) {
            const requests = await requestsOf(app, () =>
                refused(user.linkCredentials(Realm.Credentials.jwt(token)), 401, "AuthError", /unauthorized/),
            );
            assert.deepEqual(requests, ["POST custom-token/login 401"]);
        }
    });

    it("is refused when anything about it is wrong", async () => {
        const [header, payload] = jwt().split(".");
        const wrong = {
            signature: jwt({}, { secret: "x".repeat(48) }),
            "no signature": `${header}.${payload}.`,
            "algorithm none": jwt({}, { header: { alg: "none", typ: "JWT" } }),
            "another algorithm": jwt({}, { header: { alg: "HS512", typ: "JWT" } }),
            expired: jwt({ exp: now - 3600 }),
            "no expiry": jwt({ exp: undefined }),
            "not valid yet": jwt({ nbf: now + 3600 }),
            audience: jwt({ aud: "another-abcde" }),
            "no audience": jwt({ aud: undefined }),
            "no subject": jwt({ sub: undefined }),
            "empty subject": jwt({ sub: "" }),
            "no JWT": "garbage",
            empty: "",
        };
        for (const [what, token] of Object.entries(wrong)) {
            const app = newApp(server);
            await refused(logIn(token, app), ...unauthorized).catch((error) => assert.fail(`${what}: ${error}`));
            assert.equal(app.currentUser, null);
        }
    });
});
