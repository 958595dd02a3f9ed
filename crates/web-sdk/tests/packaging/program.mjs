// A small program for every place where the package runs. `began` says what was there in the same tick in which
// the module was imported: before any promise could have been fulfilled.

export function program({ App, Credentials }, baseUrl) {
    const app = new App({ id: "quickstart-abcde", baseUrl });
    return logIn(app, Credentials, { id: app.id, currentUser: app.currentUser });
}

async function logIn(app, Credentials, began) {
    const email = `${crypto.randomUUID()}@example.com`;
    await app.emailPasswordAuth.registerUser({ email, password: "correct horse battery" });
    const user = await app.logIn(Credentials.emailPassword(email, "correct horse battery"));
    const made = await user.apiKeys.create("made");
    const listed = await user.apiKeys.fetchAll();
    const { profile } = user;
    await user.logOut();
    return {
        began,
        itsOwnEmail: profile.email === email,
        isAKey: /^ks_user_\w+$/.test(made.key),
        listed: listed.map(({ name }) => name),
    };
}
