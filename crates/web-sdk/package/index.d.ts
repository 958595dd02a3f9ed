// The public surface of keystead-web: that of realm-web 2.0.1, for everything to do with authentication.

/** An object whose members nobody has described. */
type SimpleObject = Record<string, unknown>;

/** How a user proves who they are. */
export type ProviderType =
    | "anon-user"
    | "api-key"
    | "local-userpass"
    | "custom-function"
    | "custom-token"
    | "oauth2-google"
    | "oauth2-facebook"
    | "oauth2-apple";

/** Where a server is looked for if the configuration names none: `http://localhost:9090`. */
export declare const DEFAULT_BASE_URL: string;

/** Which application, and how to reach it. */
export interface AppConfiguration {
    /** The application's client id, such as `quickstart-abcde`. */
    id: string;
    /** The server's URL. Default: {@link DEFAULT_BASE_URL}. */
    baseUrl?: string;
    /** What the application calls itself; shown to the operator with the user's devices. */
    app?: LocalAppConfiguration;
    /** Where sessions are kept. Default: `localStorage` where there is one, else memory. */
    storage?: Storage;
    /** Sends every request. Default: the global `fetch`. */
    fetch?: (url: string, init: RequestInit) => Promise<Response>;
    /** Sends every request to `baseUrl`, without asking the server where it wants them. */
    skipLocationRequest?: boolean;
    /** After how many milliseconds a request without an answer fails. Default: 120 000. */
    timeout?: number;
}

/** What an application calls itself. */
export interface LocalAppConfiguration {
    /** Its name. */
    name?: string;
    /** Its version. */
    version?: string;
}

/**
 * The client of one application: who is logged in, and how somebody logs in.
 *
 * ```js
 * const app = new App({ id: "quickstart-abcde", baseUrl: "http://localhost:9090" });
 * const user = await app.logIn(Credentials.emailPassword(email, password));
 * ```
 */
export declare class App<FunctionsFactoryType = DefaultFunctionsFactory, CustomDataType = SimpleObject> {
    /** The same as the exported {@link Credentials}. */
    static readonly Credentials: typeof Credentials;
    /** The same as the exported {@link getApp}. */
    static getApp(id: string): App;

    /** Sends nothing. Users that are kept in the storage are logged in at once. */
    constructor(idOrConfiguration: string | AppConfiguration);

    /** The application's client id. */
    readonly id: string;
    /** The server's URL, as configured. */
    readonly baseUrl: string;
    /** Everything about email addresses and passwords that needs nobody to be logged in. */
    readonly emailPasswordAuth: EmailPasswordAuth;
    /** Whoever logged in or was switched to last, and is logged in; the same object every time. */
    get currentUser(): User<FunctionsFactoryType, CustomDataType> | null;
    /** Everybody who has logged in and was not removed, by id; the current user first. */
    get allUsers(): Readonly<Record<string, User<FunctionsFactoryType, CustomDataType>>>;
    /** Where requests go: what the server answers when it is asked for the first time. */
    get locationUrl(): Promise<string>;

    /**
     * Logs in, makes whoever that is the current user and, unless `fetchProfile` is false, fetches their profile.
     * Rejects with a {@link MongoDBRealmError} if the server refuses.
     */
    logIn(credentials: Credentials, fetchProfile?: boolean): Promise<User<FunctionsFactoryType, CustomDataType>>;
    /** Makes somebody who is logged in the current user. */
    switchUser(user: User<FunctionsFactoryType, CustomDataType>): void;
    /** Logs somebody out and forgets them here. */
    removeUser(user: User<FunctionsFactoryType, CustomDataType>): Promise<void>;
    /** Deletes somebody and everything the server knows of them, for ever, and forgets them here. */
    deleteUser(user: User<FunctionsFactoryType, CustomDataType>): Promise<void>;

    /** Calls `callback` after somebody has logged in or out, was switched to, or was removed. */
    addListener(callback: () => void): void;
    /** Calls `callback` no longer. */
    removeListener(callback: () => void): void;
    /** Calls nobody any longer. */
    removeAllListeners(): void;
}

/** The app with this id, at {@link DEFAULT_BASE_URL}: the same object for the same id. */
export declare function getApp(id: string): App;

/** What somebody logs in with. Made by the static methods. */
export declare class Credentials<PayloadType extends SimpleObject = SimpleObject> {
    /** Nobody in particular. With `reuse` (the default), an anonymous user who is logged in already is good enough. */
    static anonymous(reuse?: boolean): Credentials<AnonymousPayload>;
    /** An API key: acts on behalf of the user who made it. */
    static apiKey(key: string): Credentials<ApiKeyPayload>;
    /** An email address and a password. */
    static emailPassword(email: string, password: string): Credentials<EmailPasswordPayload>;
    /** Whatever the application's authentication function expects. */
    static function<PayloadType extends SimpleObject = SimpleObject>(payload: PayloadType): Credentials<PayloadType>;
    /** A JSON Web Token of another issuer, whom the application trusts. */
    static jwt(token: string): Credentials<JWTPayload>;
    /** Google's answer to the application, or where Google is to send its answer. */
    static google(payload: GoogleOptions): Credentials<OAuth2RedirectPayload | GooglePayload>;
    /** Facebook's access token, or where Facebook is to send its answer. */
    static facebook(redirectUrlOrAccessToken: string): Credentials<OAuth2RedirectPayload | FacebookPayload>;
    /** Apple's id token, or where Apple is to send its answer. */
    static apple(redirectUrlOrIdToken: string): Credentials<OAuth2RedirectPayload | ApplePayload>;

    constructor(providerName: string, providerType: ProviderType, reuse: boolean, payload: PayloadType);

    /** The name of the provider. */
    readonly providerName: string;
    /** The provider's type. */
    readonly providerType: ProviderType;
    /** Whether somebody who is logged in with this type of provider already is good enough. */
    readonly reuse: boolean;
    /** What the provider asks for. A secret. */
    readonly payload: PayloadType;
}

/** Nothing. */
export type AnonymousPayload = Record<string, never>;
/** What the `api-key` provider asks for. */
export type ApiKeyPayload = { key: string };
/** What the `local-userpass` provider asks for. */
export type EmailPasswordPayload = { username: string; password: string };
/** What the `custom-token` provider asks for. */
export type JWTPayload = { token: string };
/** Where a provider is to send its answer. */
export type OAuth2RedirectPayload = { redirectUrl: string };
/** What the `oauth2-google` provider asks for. */
export type GooglePayload = { authCode: string } | { id_token: string };
/** What the `oauth2-facebook` provider asks for. */
export type FacebookPayload = { accessToken: string };
/** What the `oauth2-apple` provider asks for. */
export type ApplePayload = { id_token: string };
/** What {@link Credentials.google} takes. */
export type GoogleOptions = OAuth2RedirectPayload | { authCode: string } | { idToken: string };

/** Whether a user can act. */
export declare enum UserState {
    /** Logged in. */
    Active = "active",
    /** Known here, but without a session. */
    LoggedOut = "logged-out",
    /** No longer known here. */
    Removed = "removed",
}

/** What a user is to the application. */
export declare enum UserType {
    /** Somebody who logs in. */
    Normal = "normal",
    /** Made by the operator, for a service. */
    Server = "server",
}

/** Somebody who has logged in. Made by {@link App.logIn}; the same object for as long as they are not removed. */
export declare class User<
    FunctionsFactoryType = DefaultFunctionsFactory,
    CustomDataType = SimpleObject,
    UserProfileDataType = DefaultUserProfileData,
> {
    private constructor();

    /** The app they have logged in to. */
    readonly app: App<FunctionsFactoryType, CustomDataType>;
    /** Their id: 24 hexadecimal digits. */
    readonly id: string;
    /** Their API keys. */
    readonly apiKeys: ApiKeyAuth;
    /** The application's functions: `await user.functions.sum(1, 2)`. */
    readonly functions: FunctionsFactoryType & BaseFunctionsFactory;
    /** The type of the provider they have logged in with last. */
    get providerType(): ProviderType;
    /** The token for requests on their behalf; null when logged out. It may have expired. */
    get accessToken(): string | null;
    set accessToken(token: string | null);
    /** The token that opens new access tokens; null when logged out. */
    get refreshToken(): string | null;
    set refreshToken(token: string | null);
    /** Whether they can act. */
    get state(): UserState;
    /** Whether the state is {@link UserState.Active}. */
    get isLoggedIn(): boolean;
    /** The custom data in the access token: as old as that token. Throws when logged out. */
    get customData(): CustomDataType;
    /** Who they are, as fetched last. Throws if it never was. */
    get profile(): UserProfileDataType;
    /** In which ways they can log in, as fetched last. Throws if they never were. */
    get identities(): UserIdentity[];
    /** The device that the server has named for this installation, if it has. */
    get deviceId(): string | null;

    /** Fetches the profile anew. */
    refreshProfile(): Promise<void>;
    /** Gets a new access token. Every call that needs one does so by itself; at the same time, one request is sent. */
    refreshAccessToken(): Promise<void>;
    /** Gets a new access token, and answers the custom data in it. */
    refreshCustomData(): Promise<CustomDataType>;
    /** Adds an identity: from then on they can log in with these credentials too. */
    linkCredentials(credentials: Credentials): Promise<void>;
    /** Ends the session, at the server and here; here even if the server cannot be told, which is then the error. */
    logOut(): Promise<void>;
    /** Calls a function of the application's. */
    callFunction(name: string, ...args: unknown[]): Promise<any>;

    /** Calls `callback` after their tokens, profile or state have changed. */
    addListener(callback: () => void): void;
    /** Calls `callback` no longer. */
    removeListener(callback: () => void): void;
    /** Calls nobody any longer. */
    removeAllListeners(): void;

    /** Throws: Keystead keeps no data. */
    mongoClient(serviceName: string): never;
    /** Throws: Keystead sends no push notifications. */
    push(serviceName: string): never;

    /** What `JSON.stringify` shows. Holds both tokens. */
    toJSON(): UserJson<CustomDataType>;
}

/** A user as JSON. */
export interface UserJson<CustomDataType = SimpleObject> {
    /** Their id. */
    id: string;
    /** A secret. */
    accessToken: string | null;
    /** A secret. */
    refreshToken: string | null;
    /** Who they are, if it was ever fetched. */
    profile?: { type: UserType; identities: UserIdentity[]; data: DefaultUserProfileData };
    /** Whether they can act. */
    state: UserState;
    /** The custom data in the access token. */
    customData?: CustomDataType;
}

/** One way in which a user can log in. */
export interface UserIdentity {
    /** What the provider calls them. */
    id: string;
    /** The provider's type. */
    providerType: ProviderType;
}

/** What a profile usually holds. */
export type DefaultUserProfileData = {
    name?: string;
    email?: string;
    pictureUrl?: string;
    firstName?: string;
    lastName?: string;
    gender?: string;
    birthday?: string;
    minAge?: string;
    maxAge?: string;
} & { [name: string]: unknown };

/** The API keys of one user. */
export interface ApiKeyAuth {
    /**
     * Makes an API key. The answer holds its secret in `key`: **shown this once**, and kept by nobody.
     * Names are letters, digits, `_` and `-`, and unique for the user.
     */
    create(name: string): Promise<CreatedApiKey>;
    /** One key, without its secret. */
    fetch(keyId: string): Promise<ApiKey>;
    /** All keys, the oldest first, without their secrets. */
    fetchAll(): Promise<ApiKey[]>;
    /** Lets a disabled key log in again. */
    enable(keyId: string): Promise<void>;
    /** Stops a key, and ends every session that was opened with it. */
    disable(keyId: string): Promise<void>;
    /** Deletes a key for ever, and ends every session that was opened with it. */
    delete(keyId: string): Promise<void>;
}

/** An API key, without its secret. */
export interface ApiKey {
    /** Its id: 24 hexadecimal digits. */
    _id: string;
    /** What the user calls it. */
    name: string;
    /** Whether it is stopped from logging in. */
    disabled: boolean;
}

/** An API key that was just made. */
export interface CreatedApiKey extends ApiKey {
    /** The secret to log in with: {@link Credentials.apiKey}. Shown this once. */
    key: string;
}

/** Everything about email addresses and passwords that needs nobody to be logged in. */
export interface EmailPasswordAuth {
    /** Registers somebody. Depending on the application, they have to confirm before they can log in. */
    registerUser(details: { email: string; password: string }): Promise<void>;
    /** Confirms with what the mailed link carries. */
    confirmUser(details: { token: string; tokenId: string }): Promise<void>;
    /** Sends the confirmation mail again. */
    resendConfirmationEmail(details: { email: string }): Promise<void>;
    /** Runs the application's confirmation function again. */
    retryCustomConfirmation(details: { email: string }): Promise<void>;
    /** Sets another password, with what the mailed link carries. */
    resetPassword(details: { token: string; tokenId: string; password: string }): Promise<void>;
    /** Sends a mail with a link by which the password can be reset. */
    sendResetPasswordEmail(details: { email: string }): Promise<void>;
    /** Runs the application's reset function. */
    callResetPasswordFunction(details: { email: string; password: string }, ...args: unknown[]): Promise<void>;
}

/** What every application's `user.functions` has. */
export interface BaseFunctionsFactory {
    /** Calls a function by its name. */
    callFunction(name: string, ...args: any[]): Promise<any>;
    /** Throws: Keystead does not stream the results of functions. */
    callFunctionStreaming(name: string, ...args: any[]): never;
}

/** Functions that nobody has described: whatever the name, whatever the arguments. */
export interface DefaultFunctionsFactory {
    [name: string]: (...args: any[]) => Promise<any>;
}

/** The server answered with a failure. */
export declare class MongoDBRealmError extends Error {
    constructor(
        method: string,
        url: string,
        statusCode: number,
        statusText: string,
        error?: string,
        errorCode?: string,
        link?: string,
    );
    /** The method of the request. */
    readonly method: string;
    /** Its URL. */
    readonly url: string;
    /** The HTTP status. */
    readonly statusCode: number;
    /** Its reason phrase, possibly empty. */
    readonly statusText: string;
    /** What the server says, for people. */
    readonly error: string | undefined;
    /** What the server says, for programs: a stable code such as `APIKeyNotFound`. */
    readonly errorCode: string | undefined;
    /** Where the operator finds the log lines of the request. */
    readonly link: string | undefined;
}

/** Where sessions are kept: text by text. Bring your own to keep them elsewhere. */
export interface Storage {
    /** What is kept under `key`, or null. */
    get(key: string): string | null;
    /** Keeps. */
    set(key: string, value: string): void;
    /** Forgets. */
    remove(key: string): void;
    /** A storage whose keys all begin with `part:` in this one. */
    prefix(part: string): Storage;
    /** Forgets everything whose key begins with `prefix`. */
    clear(prefix?: string): void;
    /** Calls `listener` after something was changed by somebody else. */
    addListener(listener: () => void): void;
    /** Calls `listener` no longer. */
    removeListener(listener: () => void): void;
}

/** Keeps entries for as long as the program runs. */
export declare class MemoryStorage implements Storage {
    get(key: string): string | null;
    set(key: string, value: string): void;
    remove(key: string): void;
    prefix(part: string): Storage;
    clear(prefix?: string): void;
    addListener(listener: () => void): void;
    removeListener(listener: () => void): void;
}

/** Keeps entries in the browser, for every tab of the same origin. */
export declare class LocalStorage implements Storage {
    get(key: string): string | null;
    set(key: string, value: string): void;
    remove(key: string): void;
    prefix(part: string): Storage;
    clear(prefix?: string): void;
    addListener(listener: () => void): void;
    removeListener(listener: () => void): void;
}

/** What the package takes from the place where it runs. */
export interface Environment {
    /** The storage of apps that are configured without one. */
    defaultStorage: Storage;
    /** Opens a window, for logging in through another site; null if that is not possible. */
    openWindow(url: string): { close(): void; closed: boolean } | null;
    /** What the server is told of the platform. */
    platform: string;
    /** And of its version. */
    platformVersion: string;
}

/** What the package takes from the place where it runs. */
export declare function getEnvironment(): Environment;
/** Replaces it, for every app that is made afterwards. */
export declare function setEnvironment(environment: Environment): void;

/** To be called by the page that a provider redirects to. The window that logs in takes it from there. */
export declare function handleAuthRedirect(location?: { hash: string }, storage?: Storage): void;

/** Twelve bytes that name a document, in the arguments and results of functions. */
export declare class ObjectId {
    /** Takes 24 hexadecimal digits. */
    constructor(hex: string);
    toHexString(): string;
    toString(): string;
    toJSON(): string;
    /** Also true for the same id as `ObjectId` of the `bson` package, or as text. */
    equals(other: unknown): boolean;
    toExtendedJSON(): { $oid: string };
}
