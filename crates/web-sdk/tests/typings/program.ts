// A program that uses every member of the package. It is compiled, strictly, and never run.

import * as Realm from "keystead-web";
import {
    type ApiKey,
    App,
    type AppConfiguration,
    type CreatedApiKey,
    Credentials,
    DEFAULT_BASE_URL,
    type Environment,
    getApp,
    getEnvironment,
    handleAuthRedirect,
    LocalStorage,
    MemoryStorage,
    MongoDBRealmError,
    ObjectId,
    type ProviderType,
    setEnvironment,
    type Storage,
    User,
    type UserIdentity,
    type UserJson,
    UserState,
    UserType,
} from "keystead-web";

/** Compiles only if `Actual` is exactly `Expected`. */
type Same<Actual, Expected> =
    (<T>() => T extends Actual ? 1 : 2) extends <T>() => T extends Expected ? 1 : 2 ? true : never;
function same<Actual, Expected>(_: Same<Actual, Expected>): void {}

const storage: Storage = new MemoryStorage().prefix("mine");
const configuration: AppConfiguration = {
    id: "quickstart-abcde",
    baseUrl: DEFAULT_BASE_URL,
    app: { name: "shop", version: "1.2.3" },
    storage,
    fetch: (url, init) => fetch(url, init),
    skipLocationRequest: true,
    timeout: 5_000,
};

export async function app(): Promise<void> {
    const app: App = new App(configuration);
    const same1: App = getApp("quickstart-abcde");
    const same2: Realm.App = App.getApp("quickstart-abcde");
    const apps = [app, same1, same2, new Realm.App("quickstart-abcde")];
    const text: string[] = [app.id, app.baseUrl, await app.locationUrl];
    const listener = () => console.log(apps, text);
    app.addListener(listener);
    app.removeListener(listener);
    app.removeAllListeners();
    const user = await app.logIn(App.Credentials.anonymous(), false);
    app.switchUser(user);
    await app.removeUser(user);
    await app.deleteUser(user);
    same<typeof app.currentUser, User | null>(true);
    const everybody: Readonly<Record<string, User>> = app.allUsers;
    console.log(everybody);
}

export function credentials(): Credentials[] {
    const made = new Credentials("api-key", "api-key", false, { key: "…" });
    const { providerName, providerType, reuse, payload } = made;
    same<typeof providerType, ProviderType>(true);
    same<typeof payload, { key: string }>(true);
    const { username, password } = Credentials.emailPassword("ada@example.com", "…").payload;
    const google = new Credentials("oauth2-google", "oauth2-google", false, { id_token: "…" });
    console.log(providerName, reuse, username, password, google);
    return [
        Credentials.anonymous(),
        Credentials.anonymous(false),
        Credentials.apiKey("…"),
        Credentials.emailPassword("ada@example.com", "…"),
        Credentials.function({ token: 7 }),
        Credentials.jwt("…"),
        Credentials.google({ authCode: "…" }),
        Credentials.google({ idToken: "…" }),
        Credentials.google({ redirectUrl: "https://shop.example" }),
        Credentials.facebook("…"),
        Credentials.apple("…"),
    ];
}

interface Functions extends Realm.BaseFunctionsFactory {
    sum(a: number, b: number): Promise<number>;
}
type Shopper = { favourites: string[] };

export async function user(user: User<Functions, Shopper, { nickname: string }>): Promise<void> {
    const app: App<Functions, Shopper> = user.app;
    const { id, providerType, accessToken, refreshToken, state, isLoggedIn, deviceId } = user;
    same<typeof accessToken, string | null>(true);
    same<typeof deviceId, string | null>(true);
    same<typeof state, UserState>(true);
    console.log(app, id, providerType, isLoggedIn, state === UserState.Active, UserState.LoggedOut, UserState.Removed);
    user.accessToken = accessToken;
    user.refreshToken = refreshToken;
    same<typeof user.customData, Shopper>(true);
    same<typeof user.profile, { nickname: string }>(true);
    const identities: UserIdentity[] = user.identities;
    console.log(identities.map((identity) => [identity.id, identity.providerType]));

    await user.refreshProfile();
    await user.refreshAccessToken();
    same<ReturnType<typeof user.refreshCustomData>, Promise<Shopper>>(true);
    await user.linkCredentials(Credentials.apiKey("…"));
    const sum: number = await user.functions.sum(1, 2);
    console.log(sum, await user.callFunction("sum", 1, 2), await user.functions.callFunction("sum", 1, 2));
    const listener = () => undefined;
    user.addListener(listener);
    user.removeListener(listener);
    user.removeAllListeners();
    await user.logOut();

    const json: UserJson<Shopper> = user.toJSON();
    const { type, data } = json.profile ?? { type: UserType.Normal, data: {} };
    console.log(json.id, json.accessToken, json.refreshToken, json.state, json.customData, type === UserType.Server, data);
}

export async function profile(user: User): Promise<void> {
    const { name, email, pictureUrl, firstName, lastName, gender, birthday, minAge, maxAge, anythingElse } = user.profile;
    const known: (string | undefined)[] = [name, email, pictureUrl, firstName, lastName, gender, birthday, minAge, maxAge];
    same<typeof anythingElse, unknown>(true);
    console.log(known, await user.functions.whatever(1, "two"));
}

export async function apiKeys({ apiKeys }: User): Promise<void> {
    const key: CreatedApiKey = await apiKeys.create("myApiKey");
    const secret: string = key.key;
    const keys: ApiKey[] = await apiKeys.fetchAll();
    const { _id, name, disabled } = await apiKeys.fetch(key._id);
    await apiKeys.disable(_id);
    await apiKeys.enable(_id);
    await apiKeys.delete(_id);
    console.log(secret, keys, name, disabled);
    // @ts-expect-error: the secret is shown once, when the key is made.
    console.log(keys[0].key);
}

export async function emailPassword({ emailPasswordAuth: auth }: App): Promise<void> {
    const [email, password, token, tokenId] = ["ada@example.com", "…", "…", "…"] as const;
    await auth.registerUser({ email, password });
    await auth.confirmUser({ token, tokenId });
    await auth.resendConfirmationEmail({ email });
    await auth.retryCustomConfirmation({ email });
    await auth.resetPassword({ token, tokenId, password });
    await auth.sendResetPasswordEmail({ email });
    await auth.callResetPasswordFunction({ email, password }, "any", 1);
}

export function errors(thrown: unknown): void {
    if (thrown instanceof MongoDBRealmError) {
        const { method, url, statusCode, statusText, error, errorCode, link, message } = thrown;
        same<typeof statusCode, number>(true);
        same<typeof errorCode, string | undefined>(true);
        console.log(method, url, statusText, error, link, message);
    }
    throw new MongoDBRealmError("GET", "http://localhost:9090", 404, "Not Found", "API key not found", "APIKeyNotFound");
}

export function environment(): void {
    const environment: Environment = getEnvironment();
    const { defaultStorage, openWindow, platform, platformVersion } = environment;
    setEnvironment({ defaultStorage, openWindow, platform, platformVersion });
    handleAuthRedirect();
    handleAuthRedirect({ hash: "#_baas_state=…" }, storage);
    const opened = openWindow("https://accounts.example");
    if (opened && !opened.closed) {
        opened.close();
    }
    for (const kept of [storage, new LocalStorage()]) {
        kept.set("name", "value");
        same<ReturnType<typeof kept.get>, string | null>(true);
        kept.remove("name");
        kept.clear();
        kept.clear("na");
        kept.prefix("part");
        const listener = () => undefined;
        kept.addListener(listener);
        kept.removeListener(listener);
    }
}

export function ids(): void {
    const id = new ObjectId("0123456789abcdef01234567");
    const text: string[] = [id.toHexString(), id.toString(), id.toJSON(), id.toExtendedJSON().$oid];
    console.log(id.equals(text[0]));
}

export function notHere(user: User): void {
    const never: never[] = [];
    const gone = [() => user.mongoClient("mongodb-atlas"), () => user.push("gcm")];
    console.log(never, gone, () => user.functions.callFunctionStreaming("watch"));
    // @ts-expect-error: only `app.logIn` makes users.
    new User();
}
