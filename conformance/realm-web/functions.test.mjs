// Functions, and logins that depend on them: the application in examples/full-app, driven by the SDK.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import * as Realm from "realm-web";
import { startServer } from "./server.mjs";
import { newApp as appOf, PASSWORD, refused } from "./support.mjs";

const WORD = "heliotrope";

let server;
before(async () => (server = await startServer({ folder: fileURLToPath(new URL("../../examples/full-app", import.meta.url)) })));
after(() => server.stop());

const newApp = () => appOf(server, "fullapp-abcde");
const byNickname = (nickname, word = WORD) => Realm.Credentials.function({ nickname, word });
const colleague = () => `${randomUUID()}@colleagues.example.com`;

async function newColleague(app, email = colleague()) {
    await app.emailPasswordAuth.registerUser({ email, password: PASSWORD });
    return app.logIn(Realm.Credentials.emailPassword(email, PASSWORD));
}

describe("calling a function", () => {
    it("takes and gives JavaScript's own values", async () => {
        const user = await newApp().logIn(Realm.Credentials.anonymous());
        assert.equal(await user.functions.sum(1, 2, 39.5), 42.5);
        assert.equal(await user.callFunction("sum"), 0);
        const { greeting, at, tag, id } = await user.functions.greet("Ada");
        assert.equal(greeting, "Hello, Ada!");
        assert.ok(at instanceof Date && Math.abs(Date.now() - at) < 60_000, `${at}`);
        assert.equal(tag, "development");
        assert.match(String(id), /^[0-9a-f]{24}$/);
    });

    it("shows the function who calls", async () => {
        const user = await newColleague(newApp());
        assert.deepEqual(await user.functions.whoAmI(), {
            id: user.id,
            type: "normal",
            providers: ["local-userpass"],
            system: false,
        });
        const { key } = await user.apiKeys.create("service");
        const service = await newApp().logIn(Realm.Credentials.apiKey(key));
        const { id, type } = await service.functions.whoAmI();
        assert.deepEqual({ id, type }, { id: user.id, type: "server" });
    });

    it("that fails says how, and that is missing or private says so", async () => {
        const user = await newApp().logIn(Realm.Credentials.anonymous());
        await refused(user.functions.fails(), 400, "FunctionExecutionError", /ReferenceError.*unknown/);
        await refused(user.functions.nothing(), 404, "FunctionNotFound", "function not found: 'nothing'");
        await refused(user.functions.confirm({}), 403, "NotCallable", /private/);
        await refused(user.callFunction("mail/greeting", "Ada"), 403, "NotCallable", /private/);
    });

    it("is subject to the function's rule", async () => {
        const guest = await newApp().logIn(Realm.Credentials.anonymous());
        const rule = (name) => `rule not matched for function "${name}"`;
        await refused(guest.functions.forMembers(), 400, "FunctionExecutionError", rule("forMembers"));
        await refused(guest.functions.byFunction(), 400, "FunctionExecutionError", rule("byFunction"));
        const member = await newColleague(newApp());
        assert.equal(await member.functions.forMembers(), "for members only");
        assert.equal(await member.functions.byFunction(), "a function let you in");
    });
});

describe("logging in by a function", () => {
    it("makes one user for each identity that it answers", async () => {
        const nickname = `Ada-${randomUUID()}`;
        const user = await newApp().logIn(byNickname(nickname));
        assert.equal(user.providerType, "custom-function");
        assert.equal(user.profile.name, nickname);
        assert.deepEqual(user.identities, [{ id: nickname.toLowerCase(), providerType: "custom-function" }]);
        const again = await newApp().logIn(byNickname(nickname));
        assert.equal(again.id, user.id);
        const key = await user.apiKeys.create("of-a-function-user");
        assert.equal((await newApp().logIn(Realm.Credentials.apiKey(key.key))).id, user.id);
    });

    it("is refused with what the function throws", async () => {
        const app = newApp();
        await refused(app.logIn(byNickname("ada", "wrong")), 401, "AuthError", /That is not the word of the day/);
        assert.equal(app.currentUser, null);
    });

    it("is refused if the function that is told of new users throws", async () => {
        await refused(newApp().logIn(byNickname("Mallory")), 401, "AuthError", /Mallory is not welcome/);
    });

    it("can be linked to another user", async () => {
        const guest = await newApp().logIn(Realm.Credentials.anonymous());
        const nickname = `bob-${randomUUID()}`;
        await guest.linkCredentials(byNickname(nickname));
        assert.equal((await newApp().logIn(byNickname(nickname))).id, guest.id);
    });
});

describe("confirming by a function", () => {
    it("lets those in whom it confirms, and no others", async () => {
        const app = newApp();
        assert.ok(await newColleague(app));
        const stranger = `${randomUUID()}@example.com`;
        const registered = app.emailPasswordAuth.registerUser({ email: stranger, password: PASSWORD });
        await refused(registered, 400, "BadRequest", `failed to confirm user "${stranger}"`);
        const login = app.logIn(Realm.Credentials.emailPassword(stranger, PASSWORD));
        await refused(login, 401, "InvalidPassword", "unauthorized");
    });

    it("lets others wait", async () => {
        const app = newApp();
        const email = `${randomUUID()}@guests.example.com`;
        await app.emailPasswordAuth.registerUser({ email, password: PASSWORD });
        const logIn = () => app.logIn(Realm.Credentials.emailPassword(email, PASSWORD));
        await refused(logIn(), 401, "AuthError", "unauthorized");
        await app.emailPasswordAuth.retryCustomConfirmation({ email });
        await refused(logIn(), 401, "AuthError", "unauthorized");
        const again = app.emailPasswordAuth.registerUser({ email, password: PASSWORD });
        await refused(again, 409, "AccountNameInUse", "name already in use");
    });
});

describe("resetting a password by a function", () => {
    it("replaces it if the function agrees, and ends the sessions of the old one", async () => {
        const app = newApp();
        const email = colleague();
        const user = await newColleague(app, email);
        const reset = (password, ...args) => app.emailPasswordAuth.callResetPasswordFunction({ email, password }, ...args);
        const no = [400, undefined, `failed to reset password for user "${email}"`];
        await refused(reset("another horse", "wrong"), ...no);
        await refused(reset(PASSWORD, WORD), ...no);
        await reset("another horse", WORD);
        await refused(user.apiKeys.fetchAll(), 401, "InvalidSession");
        assert.ok(await newApp().logIn(Realm.Credentials.emailPassword(email, "another horse")));
        const old = newApp().logIn(Realm.Credentials.emailPassword(email, PASSWORD));
        await refused(old, 401, "InvalidPassword", "unauthorized");
    });

    it("is not for addresses that nobody has", async () => {
        const details = { email: colleague(), password: "another horse" };
        await refused(newApp().emailPasswordAuth.callResetPasswordFunction(details, WORD), 404, "UserNotFound");
    });
});

describe("what functions write", () => {
    it("goes to the log, with the function's name", async () => {
        const app = newApp();
        const user = await newColleague(app);
        const line = server.log.find(({ message, text }) => message === "console" && text?.includes(user.id));
        assert.equal(line?.function, "welcome");
        assert.match(line.text, /^welcome [0-9a-f]{24} local-userpass$/);
    });
});
