// Email accounts: register, confirm, log in, reset a password.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as Realm from "realm-web";
import { eventually, startServer } from "./server.mjs";
import { newApp, newEmail, newUser, PASSWORD, refused, unauthorized } from "./support.mjs";

const NEW_PASSWORD = "another battery";
const wrongPassword = [401, "InvalidPassword", "unauthorized"];
const byEmail = (email, password = PASSWORD) => Realm.Credentials.emailPassword(email, password);

/** The token and its id in the last mail to this address. Without a mail server, mails are in the log. */
async function mailedToken(server, email) {
    const isMail = ({ to, body }) => to === email && body;
    const mail = await eventually(`a mail to ${email}`, () => server.log.findLast(isMail));
    const link = new URL(mail.body.match(/https?:\S+/)[0]);
    return { token: link.searchParams.get("token"), tokenId: link.searchParams.get("tokenId") };
}

describe("with automatic confirmation", () => {
    let server;
    before(async () => (server = await startServer()));
    after(() => server.stop());

    it("somebody registers and logs in", async () => {
        const app = newApp(server);
        const email = newEmail();
        const user = await newUser(app, email);
        assert.match(user.id, /^[0-9a-f]{24}$/);
        assert.match(user.deviceId, /^[0-9a-f]{24}$/);
        assert.equal(user.providerType, "local-userpass");
        assert.deepEqual(user.profile, { email });
        assert.deepEqual(user.identities.map(({ providerType }) => providerType), ["local-userpass"]);
        assert.equal((await newApp(server).logIn(byEmail(email))).id, user.id);
    });

    it("addresses are names: case counts, and any form will do", async () => {
        const app = newApp(server);
        const name = `my-very-own-username-${newEmail().slice(0, 8)}`;
        const lower = await newUser(app, name);
        const upper = await newUser(newApp(server), name.toUpperCase());
        assert.notEqual(lower.id, upper.id);
    });

    it("a taken address is refused", async () => {
        const { emailPasswordAuth } = newApp(server);
        const email = newEmail();
        await emailPasswordAuth.registerUser({ email, password: PASSWORD });
        const again = emailPasswordAuth.registerUser({ email, password: NEW_PASSWORD });
        await refused(again, 409, "AccountNameInUse", "name already in use");
        await newApp(server).logIn(byEmail(email));
    });

    it("passwords have 6 to 128 characters", async () => {
        const app = newApp(server);
        for (const password of ["", "12345", "p".repeat(129)]) {
            const registered = app.emailPasswordAuth.registerUser({ email: newEmail(), password });
            await refused(registered, 400, "BadRequest", "password must be between 6 and 128 characters");
        }
        for (const password of ["123456", "p".repeat(128), "ключ🗝ключ"]) {
            const email = newEmail();
            await app.emailPasswordAuth.registerUser({ email, password });
            await app.logIn(byEmail(email, password));
        }
    });

    it("a wrong password and an unknown account are refused alike", async () => {
        const app = newApp(server);
        const email = newEmail();
        await app.emailPasswordAuth.registerUser({ email, password: PASSWORD });
        await refused(app.logIn(byEmail(email, `${PASSWORD}!`)), ...wrongPassword);
        await refused(app.logIn(byEmail(newEmail())), ...wrongPassword);
        assert.equal(app.currentUser, null);
        assert.deepEqual(app.requests.map(({ status }) => status), [200, 201, 401, 401]);
    });

    it("there is nothing to confirm", async () => {
        const { emailPasswordAuth } = newApp(server);
        const [email, unknown] = [newEmail(), newEmail()];
        await emailPasswordAuth.registerUser({ email, password: PASSWORD });
        const wrong = { token: "0".repeat(128), tokenId: "0".repeat(24) };
        for (const token of [wrong, { token: "x", tokenId: "y" }, { token: "", tokenId: "" }]) {
            await refused(emailPasswordAuth.confirmUser(token), 400, "BadRequest", "invalid token data");
        }
        await refused(
            emailPasswordAuth.resendConfirmationEmail({ email }), 400, "UserAlreadyConfirmed", "already confirmed",
        );
        await refused(
            emailPasswordAuth.resendConfirmationEmail({ email: unknown }), 404, "UserNotFound", "user not found",
        );
        await refused(
            emailPasswordAuth.retryCustomConfirmation({ email }), 400, undefined,
            `cannot run confirmation for ${email}: automatic confirmation is enabled`,
        );
    });

    it("a forgotten password is replaced by a mailed link, once", async () => {
        const app = newApp(server);
        const email = newEmail();
        const user = await newUser(app, email);
        await app.emailPasswordAuth.sendResetPasswordEmail({ email });
        const token = await mailedToken(server, email);
        const short = app.emailPasswordAuth.resetPassword({ ...token, password: "short" });
        await refused(short, 400, "BadRequest", "password must be between 6 and 128 characters");
        await app.emailPasswordAuth.resetPassword({ ...token, password: NEW_PASSWORD });
        await refused(app.logIn(byEmail(email)), ...wrongPassword);
        assert.equal((await newApp(server).logIn(byEmail(email, NEW_PASSWORD))).id, user.id);
        const again = app.emailPasswordAuth.resetPassword({ ...token, password: PASSWORD });
        await refused(again, 400, "BadRequest", "invalid token data");
    });

    it("a reset of an unknown account, or by a function that does not exist, is refused", async () => {
        const { emailPasswordAuth } = newApp(server);
        const email = newEmail();
        await refused(emailPasswordAuth.sendResetPasswordEmail({ email }), 404, "UserNotFound", "user not found");
        await emailPasswordAuth.registerUser({ email, password: PASSWORD });
        const called = emailPasswordAuth.callResetPasswordFunction({ email, password: NEW_PASSWORD }, "argument", 1);
        await refused(called, 400, "BadRequest");
        await newApp(server).logIn(byEmail(email));
    });
});

describe("with confirmation by mail", () => {
    let server;
    before(async () => {
        const config = { autoConfirm: false, emailConfirmationUrl: "https://example.com/confirm?lang=en" };
        server = await startServer({ providers: { "local-userpass": { config }, "api-key": {} } });
    });
    after(() => server.stop());

    it("a registration waits until its link is opened", async () => {
        const app = newApp(server);
        const email = newEmail();
        await app.emailPasswordAuth.registerUser({ email, password: PASSWORD });
        await refused(app.logIn(byEmail(email)), ...unauthorized);
        await refused(app.logIn(byEmail(email, NEW_PASSWORD)), ...wrongPassword);
        const again = app.emailPasswordAuth.registerUser({ email, password: NEW_PASSWORD });
        await refused(again, 409, "AccountNameInUse", "name already in use");

        const token = await mailedToken(server, email);
        const forged = app.emailPasswordAuth.confirmUser({ ...token, token: "0".repeat(token.token.length) });
        await refused(forged, 400, "BadRequest", "invalid token data");
        await app.emailPasswordAuth.confirmUser(token);
        const user = await app.logIn(byEmail(email));
        assert.ok((await user.apiKeys.create("mine")).key);
    });

    it("the mail can be sent again, and opens the account", async () => {
        const app = newApp(server);
        const email = newEmail();
        await app.emailPasswordAuth.registerUser({ email, password: PASSWORD });
        const first = await mailedToken(server, email);
        await app.emailPasswordAuth.resendConfirmationEmail({ email });
        const second = await eventually("a second mail", async () => {
            const token = await mailedToken(server, email);
            return token.tokenId !== first.tokenId && token;
        });
        await app.emailPasswordAuth.confirmUser(second);
        await app.logIn(byEmail(email));
        await refused(
            app.emailPasswordAuth.resendConfirmationEmail({ email }), 400, "UserAlreadyConfirmed", "already confirmed",
        );
    });

    it("what cannot be mailed is not registered", async () => {
        const { emailPasswordAuth } = newApp(server);
        await refused(emailPasswordAuth.registerUser({ email: "no address", password: PASSWORD }), 400, "BadRequest");
    });

    it("a provider that the application does not have is refused", async () => {
        const app = newApp(server);
        await refused(app.logIn(Realm.Credentials.anonymous()), 401, "AuthProviderNotFound", /unauthorized/);
    });
});
