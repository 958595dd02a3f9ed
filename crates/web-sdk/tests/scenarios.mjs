// Programs that use the public surface, written once for both SDKs. `call` writes down what an action
// returns or throws; the world holds an app with a storage of its own.

const PASSWORD = "correct horse battery";

async function newUser(call, { sdk, app, email }) {
    await call("register", () => app.emailPasswordAuth.registerUser({ email, password: PASSWORD }));
    return call("log in", () => app.logIn(sdk.Credentials.emailPassword(email, PASSWORD)));
}

function describeUser(user) {
    const { id, accessToken, refreshToken, providerType, state, isLoggedIn, deviceId } = user;
    return { id, accessToken, refreshToken, providerType, state, isLoggedIn, deviceId };
}

export const scenarios = {
    async "an app before anybody has logged in"(call, { sdk, app, open }) {
        await call("currentUser", () => app.currentUser);
        await call("allUsers", () => app.allUsers);
        await call("id", () => app.id);
        await call("locationUrl", () => app.locationUrl);
        await call("no id", () => new sdk.App({}).id);
        await call("Credentials", () => sdk.App.Credentials === sdk.Credentials);
        await call("getApp", () => sdk.getApp("some-app") === sdk.App.getApp("some-app"));
        await call("instanceof", () => open() instanceof sdk.App);
        await call("states", () => [sdk.UserState.Active, sdk.UserState.LoggedOut, sdk.UserState.Removed]);
        await call("types", () => [sdk.UserType.Normal, sdk.UserType.Server]);
    },

    async "create and manage user API keys"(call, world) {
        const { sdk, app, open } = world;
        const user = await newUser(call, world);
        const key = await call("create", () => user.apiKeys.create("myApiKey"));
        await call("the same name", () => user.apiKeys.create("myApiKey"));
        await call("a bad name", () => user.apiKeys.create("my key"));
        await call("an empty name", () => user.apiKeys.create(""));
        await call("fetchAll", () => user.apiKeys.fetchAll());
        await call("fetch", () => user.apiKeys.fetch(key._id));
        await call("disable", () => user.apiKeys.disable(key._id));
        await call("fetch the disabled", () => user.apiKeys.fetch(key._id));
        await call("log in with the disabled", () => open().logIn(sdk.Credentials.apiKey(key.key)));
        await call("enable", () => user.apiKeys.enable(key._id));
        const service = await call("log in with the key", () => app.logIn(sdk.Credentials.apiKey(key.key)));
        await call("the same user", () => service === user);
        await call("identities", () => service.identities.map(({ providerType }) => providerType));
        await call("delete the key in use", () => service.apiKeys.delete(key._id));
        await call("log in again", () => app.logIn(sdk.Credentials.emailPassword(world.email, PASSWORD)));
        await call("delete", () => user.apiKeys.delete(key._id));
        await call("fetch the deleted", () => user.apiKeys.fetch(key._id));
        await call("delete the deleted", () => user.apiKeys.delete(key._id));
        await call("enable the deleted", () => user.apiKeys.enable(key._id));
        await call("disable an unknown", () => user.apiKeys.disable("0123456789abcdef01234567"));
        await call("fetch no id at all", () => user.apiKeys.fetch("no-id"));
        await call("fetchAll of none", () => user.apiKeys.fetchAll());
    },

    async "keys are not for anonymous users, until they link an email"(call, { sdk, app, email }) {
        const guest = await call("guest", () => app.logIn(sdk.Credentials.anonymous()));
        await call("create", () => guest.apiKeys.create("mine"));
        await call("the same guest", async () => (await app.logIn(sdk.Credentials.anonymous())) === guest);
        await call("another guest", async () => (await app.logIn(sdk.Credentials.anonymous(false))) === guest);
        await call("switch back", () => app.switchUser(guest));
        await call("register", () => app.emailPasswordAuth.registerUser({ email, password: PASSWORD }));
        await call("link", () => guest.linkCredentials(sdk.Credentials.emailPassword(email, PASSWORD)));
        await call("identities", () => guest.identities.map(({ providerType }) => providerType));
        await call("create", () => guest.apiKeys.create("mine"));
    },

    async "what a user shows"(call, world) {
        const { sdk, app } = world;
        const user = await newUser(call, world);
        await call("members", () => describeUser(user));
        await call("profile", () => user.profile);
        await call("identities", () => user.identities);
        await call("customData", () => user.customData);
        await call("JSON", () => JSON.parse(JSON.stringify(user)));
        await call("instanceof", () => user instanceof sdk.User);
        await call("identity of currentUser", () => [app.currentUser === user, app.currentUser === app.currentUser]);
        await call("allUsers", () => Object.keys(app.allUsers).length === 1 && app.allUsers[user.id] === user);
        await call("app", () => user.app === app);
        await call("refreshProfile", () => user.refreshProfile());
        await call("refreshAccessToken", () => user.refreshAccessToken());
        await call("refreshCustomData", () => user.refreshCustomData());
        await call("a profile that was not fetched", async () => {
            return (await app.logIn(sdk.Credentials.anonymous(), false)).profile;
        });
    },

    async "several users"(call, world) {
        const { sdk, app } = world;
        const ada = await newUser(call, world);
        const guest = await call("guest", () => app.logIn(sdk.Credentials.anonymous()));
        await call("current", () => [app.currentUser === guest, Object.keys(app.allUsers).length]);
        await call("switch", () => app.switchUser(ada));
        await call("current", () => [app.currentUser === ada, Object.values(app.allUsers)[0] === ada]);
        await call("remove", () => app.removeUser(ada));
        await call("state", () => [ada.state, ada.isLoggedIn, app.currentUser === guest]);
        await call("remove again", () => app.removeUser(ada));
        await call("switch to the removed", () => app.switchUser(ada));
        await call("log in anew", async () => (await app.logIn(sdk.Credentials.emailPassword(world.email, PASSWORD))) === ada);
    },

    async "logging out and in"(call, world) {
        const { sdk, app } = world;
        const user = await newUser(call, world);
        await call("log out", () => user.logOut());
        await call("members", () => [user.state, user.isLoggedIn, user.accessToken, user.refreshToken, app.currentUser]);
        await call("customData", () => user.customData);
        await call("profile stays", () => user.profile);
        await call("log out again", () => user.logOut());
        await call("log in", async () => (await app.logIn(sdk.Credentials.emailPassword(world.email, PASSWORD))) === user);
        await call("state", () => [user.state, app.currentUser === user]);
    },

    async "deleting a user"(call, world) {
        const { sdk, app } = world;
        const user = await newUser(call, world);
        await call("delete", async () => {
            await app.deleteUser(user);
            return [user.state, app.currentUser, Object.keys(app.allUsers)];
        });
        await call("log in", () => app.logIn(sdk.Credentials.emailPassword(world.email, PASSWORD)));
    },

    async "everything about email and password that can go wrong"(call, { sdk, app, email }) {
        const auth = app.emailPasswordAuth;
        await call("short", () => auth.registerUser({ email, password: "short" }));
        await call("register", () => auth.registerUser({ email, password: PASSWORD }));
        await call("register again", () => auth.registerUser({ email, password: PASSWORD }));
        await call("wrong password", () => app.logIn(sdk.Credentials.emailPassword(email, "wrong horse")));
        await call("nobody", () => app.logIn(sdk.Credentials.emailPassword(`not-${email}`, PASSWORD)));
        await call("confirm", () => auth.confirmUser({ token: "no", tokenId: "no" }));
        await call("confirm again", () => auth.resendConfirmationEmail({ email }));
        await call("retry", () => auth.retryCustomConfirmation({ email }));
        await call("reset", () => auth.resetPassword({ token: "no", tokenId: "no", password: PASSWORD }));
        await call("reset of nobody", () => auth.sendResetPasswordEmail({ email: `not-${email}` }));
        await call("reset by function", () => auth.callResetPasswordFunction({ email, password: PASSWORD }, "a", 1));
    },

    async "functions and providers that the application lacks"(call, world) {
        const { sdk, app } = world;
        const user = await newUser(call, world);
        const everything = [1, 2.5, -0, 2 ** 40, "text", true, null, undefined, new Date(0), { deep: [1, { er: "x" }] }, []];
        await call("callFunction", () => user.callFunction("sum", ...everything));
        await call("functions", () => user.functions.sum(1, 2));
        await call("functions.callFunction", () => user.functions.callFunction("sum"));
        await call("custom function", () => app.logIn(sdk.Credentials.function({ name: "ada", age: 36 })));
        await call("jwt", () => app.logIn(sdk.Credentials.jwt("a.b.c")));
        await call("google", () => app.logIn(sdk.Credentials.google({ authCode: "code" })));
        await call("google id token", () => app.logIn(sdk.Credentials.google({ idToken: "token" })));
        await call("facebook", () => app.logIn(sdk.Credentials.facebook("token")));
        await call("apple", () => app.logIn(sdk.Credentials.apple("token")));
        await call("still logged in", () => app.currentUser === user);
    },

    async "credentials are plain data"(call, { sdk: { Credentials } }) {
        const shown = ({ providerName, providerType, reuse, payload }) => ({ providerName, providerType, reuse, payload });
        for (const [what, make] of Object.entries({
            anonymous: () => Credentials.anonymous(),
            "anonymous anew": () => Credentials.anonymous(false),
            apiKey: () => Credentials.apiKey("key"),
            emailPassword: () => Credentials.emailPassword("ada@example.com", "password"),
            function: () => Credentials.function({ any: "thing" }),
            jwt: () => Credentials.jwt("a.b.c"),
            google: () => Credentials.google({ authCode: "code" }),
            "google id token": () => Credentials.google({ idToken: "token" }),
            "google redirect": () => Credentials.google({ redirectUrl: "https://shop.example" }),
            facebook: () => Credentials.facebook("token"),
            "facebook redirect": () => Credentials.facebook("https://shop.example"),
            apple: () => Credentials.apple("token"),
            "apple redirect": () => Credentials.apple("https://shop.example"),
        })) {
            await call(what, () => shown(make()));
        }
        await call("instanceof", () => Credentials.jwt("a.b.c") instanceof Credentials);
    },

    async "another app on the same storage finds everybody"(call, world) {
        const { sdk, app, open } = world;
        const user = await newUser(call, world);
        await call("guest", () => app.logIn(sdk.Credentials.anonymous()));
        const later = open();
        await call("current", () => later.currentUser.providerType);
        await call("allUsers", () => Object.values(later.allUsers).map(describeUser));
        await call("profile", () => later.allUsers[user.id].profile);
        await call("refreshProfile", () => later.allUsers[user.id].refreshProfile());
    },
};
