// Servers that are not Keystead, or not well: an error each time, never a hang, a loop or a lost login.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { afterEach, describe, it } from "node:test";
import { App, Credentials, getEnvironment, MongoDBRealmError } from "../../../target/npm/keystead-web/index.mjs";

const JSON_TYPE = { "content-type": "application/json" };
const REQUEST_LIMIT = 20;

const running = [];
afterEach(() => running.splice(0).forEach((server) => server.close().closeAllConnections()));

/** A server that answers as `answers` says, by the end of the path; everything else as Keystead would. */
async function serve(answers) {
    const asked = [];
    const server = createServer((request, response) => {
        asked.push(`${request.method} ${request.url.split("/").slice(-2).join("/")}`);
        assert.ok(asked.length <= REQUEST_LIMIT, `a loop: ${asked.join(", ")}`);
        const [, answer] = Object.entries(answers).find(([path]) => request.url.endsWith(path)) ?? [];
        if (answer) {
            return answer(response, request);
        }
        const body = request.url.endsWith("/location") ? { hostname: baseUrl } : SESSION;
        response.writeHead(200, JSON_TYPE).end(JSON.stringify(body));
    });
    running.push(server);
    await once(server.listen(0, "127.0.0.1"), "listening");
    const baseUrl = `http://127.0.0.1:${server.address().port}`;
    const app = new App({ id: "shop-abcde", baseUrl, storage: getEnvironment().defaultStorage.prefix(baseUrl), timeout: 10_000 });
    return { app, asked };
}

const SESSION = { user_id: "user-1", access_token: "e30.e30.x", refresh_token: "e30.e30.y", device_id: "0".repeat(24) };
const json = (status, body) => (response) => response.writeHead(status, JSON_TYPE).end(JSON.stringify(body));

/** Somebody who is logged in, at a server that then answers like this. */
async function loggedIn(answers) {
    const { app, asked } = await serve(answers);
    const user = await app.logIn(Credentials.anonymous(), false);
    asked.length = 0;
    return { app, user, asked };
}

const thrownBy = (promise) => promise.then(() => assert.fail("this should have failed"), (error) => error);

describe("a server that answers", () => {
    it("HTML where JSON is expected", async () => {
        const { user } = await loggedIn({
            "/api_keys": (response) => response.writeHead(200, { "content-type": "text/html" }).end("<h1>Hi</h1>"),
        });
        const error = await thrownBy(user.apiKeys.fetchAll());
        assert.match(error.message, /^Expected JSON response, got "text\/html"/);
        assert.ok(user.isLoggedIn);
    });

    it("HTML with a failure", async () => {
        for (const status of [401, 403, 404, 500, 502]) {
            const { user, asked } = await loggedIn({
                "/api_keys": (response) => response.writeHead(status, { "content-type": "text/html" }).end("<h1>No</h1>"),
            });
            const error = await thrownBy(user.apiKeys.fetchAll());
            assert.ok(error instanceof MongoDBRealmError, `${error}`);
            assert.deepEqual([error.statusCode, error.error, error.errorCode], [status, undefined, undefined]);
            assert.ok(user.isLoggedIn, `logged out by a ${status} that is not the protocol's`);
            assert.equal(asked.length, 1);
        }
    });

    it("JSON that is cut off", async () => {
        const { user } = await loggedIn({
            "/api_keys": (response) => response.writeHead(200, JSON_TYPE).end('[{"_id":"5f'),
        });
        assert.match((await thrownBy(user.apiKeys.fetchAll())).message, /cut off or malformed/);
    });

    it("a connection that is cut off", async () => {
        const { user } = await loggedIn({
            "/api_keys": (response) => {
                response.writeHead(200, { ...JSON_TYPE, "content-length": "1000" }).write("[");
                setImmediate(() => response.destroy());
            },
        });
        assert.match((await thrownBy(user.apiKeys.fetchAll())).message, /^Request failed \(GET .*\/auth\/api_keys\): no answer: /);
        assert.ok(user.isLoggedIn);
    });

    it("204, with and without a content type", async () => {
        for (const headers of [{}, JSON_TYPE, { "content-type": "text/plain" }]) {
            const { user } = await loggedIn({ "/disable": (response) => response.writeHead(204, headers).end() });
            assert.equal(await user.apiKeys.disable("5f0a"), undefined);
        }
    });

    it("500", async () => {
        const { app, user } = await loggedIn({ "/api_keys": json(500, { error: "oh", error_code: "InternalServerError" }) });
        const error = await thrownBy(user.apiKeys.create("mine"));
        assert.equal(error.errorCode, "InternalServerError");
        assert.equal(app.currentUser, user);
    });

    it("401 for ever to the access token", async () => {
        const { user, asked } = await loggedIn({
            "/profile": json(401, { error: "unauthorized" }),
            "/session": json(201, { access_token: "e30.e30.z" }),
        });
        const error = await thrownBy(user.refreshProfile());
        assert.equal(error.statusCode, 401);
        assert.deepEqual(asked, ["GET auth/profile", "POST auth/session", "GET auth/profile"]);
        assert.ok(user.isLoggedIn);
    });

    it("401 to everything: the session is over, and the error says so", async () => {
        const refusal = json(401, { error: "invalid session", error_code: "InvalidSession" });
        const { app, user, asked } = await loggedIn({ "/profile": refusal, "/session": refusal });
        assert.equal((await thrownBy(user.refreshProfile())).errorCode, "InvalidSession");
        assert.deepEqual(asked, ["GET auth/profile", "POST auth/session"]);
        assert.equal(user.state, "logged-out");
        assert.equal(app.currentUser, null);
        const later = await thrownBy(user.apiKeys.fetchAll());
        assert.deepEqual([later.statusCode, later.errorCode], [401, "InvalidSession"]);
        assert.match(later.message, /logged out/);
    });

    it("a location that redirects", async () => {
        const elsewhere = await serve({});
        const { app, asked } = await serve({
            "/location": (response) =>
                response.writeHead(302, { location: `${elsewhere.app.baseUrl}/api/client/v2.0/app/shop-abcde/location` }).end(),
        });
        await app.logIn(Credentials.anonymous(), false);
        assert.deepEqual(asked, ["GET shop-abcde/location"]);
        assert.deepEqual(elsewhere.asked, ["GET shop-abcde/location", "POST anon-user/login"]);
    });

    it("a location that is no URL", async () => {
        const { app } = await serve({ "/location": json(200, { hostname: "shop.example" }) });
        assert.match((await thrownBy(app.logIn(Credentials.anonymous()))).message, /no 'hostname' that is a URL/);
        assert.equal(app.currentUser, null);
    });

    it("a location that fails is asked again the next time", async () => {
        let healthy = false;
        const { app } = await serve({
            "/location": (response) => {
                const body = JSON.stringify({ hostname: app.baseUrl });
                response.writeHead(healthy ? 200 : 503, JSON_TYPE).end(body);
            },
        });
        assert.equal((await thrownBy(app.logIn(Credentials.anonymous(), false))).statusCode, 503);
        healthy = true;
        assert.ok(await app.logIn(Credentials.anonymous(), false));
    });

    it("nothing, and is not there", async () => {
        const { app, user } = await loggedIn({});
        running.splice(0).forEach((server) => server.close().closeAllConnections());
        const error = await thrownBy(user.apiKeys.fetchAll());
        assert.match(error.message, /^Request failed \(GET .*\): no answer: ./);
        assert.equal(error instanceof MongoDBRealmError, false);
        assert.equal(app.currentUser, user);
    });

    it("nothing, for longer than the application waits", async () => {
        const { user } = await loggedIn({ "/api_keys": () => undefined });
        const impatient = new App({
            id: "shop-abcde",
            baseUrl: user.app.baseUrl,
            storage: getEnvironment().defaultStorage.prefix(user.app.baseUrl),
            timeout: 50,
        });
        const error = await thrownBy(impatient.currentUser.apiKeys.fetchAll());
        assert.match(error.message, /no answer: .*time/i);
        assert.ok(impatient.currentUser);
    });
});
