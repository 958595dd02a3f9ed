// The page: who is logged in, their keys, and a service that logs in with one. What it asks of the server, it
// asks through the package alone.

import { App, Credentials, getEnvironment, MemoryStorage } from "keystead-web";
import { renderKeys } from "./key-list.js";
import { sentence } from "./sentences.js";

const $ = (id) => document.getElementById(id);

const settings = new URLSearchParams(location.search);
const baseUrl = settings.get("server") || "http://localhost:9090";
const id = settings.get("app") || "quickstart-abcde";

// The server is a setting of this page, so the sessions of each are kept apart: a link to this page that
// names another server must not make it send your session there. A page with one server needs no `storage`.
const storage = getEnvironment().defaultStorage.prefix(baseUrl);
const newApp = () => new App({ id, baseUrl, storage });

/** This tab's view of who is logged in. */
let app = newApp();
/** The id of the user whose keys are on the page. */
let shown;
/** The user that the last key logged in. */
let service;

let busy = false;
let changedElsewhere = false;

function say(where, text, bad = false) {
    where.textContent = text;
    where.classList.toggle("bad", bad);
}

/**
 * Does one thing at a time: while it runs, no button can be pressed. Afterwards `where` says what came of it.
 * `sentences` are this action's own words for what the server may refuse.
 */
async function act(where, work, sentences) {
    if (busy) {
        return;
    }
    busy = true;
    const focused = document.activeElement;
    // Not those of the dialog: a new key can be copied while the list of keys is still on its way.
    const buttons = document.querySelectorAll("body > :not(dialog) button:enabled");
    buttons.forEach((button) => (button.disabled = true));
    say(where, "");
    try {
        say(where, (await work()) ?? "");
    } catch (error) {
        say(where, sentence(error, sentences), true);
    }
    buttons.forEach((button) => (button.disabled = false));
    // A button that was disabled has lost the focus.
    if (document.activeElement === document.body) {
        focused.focus();
    }
    busy = false;
    if (shown && !app.currentUser) {
        leave("Your session has ended. Log in again.", true);
    }
    if (changedElsewhere) {
        followOtherTabs();
    }
}

/** Shows the keys of whoever is logged in. */
async function enter() {
    const user = app.currentUser;
    shown = user.id;
    $("who").textContent = "";
    $("welcome").hidden = true;
    $("account").hidden = $("keys").hidden = false;
    say($("welcome-message"), "");
    await user.refreshProfile();
    $("who").textContent = user.profile.email ?? "Guest";
    await showKeys();
}

/** Shows the login form. */
function leave(text = "", bad = false) {
    shown = undefined;
    $("welcome").hidden = false;
    $("account").hidden = $("keys").hidden = true;
    $("list").replaceChildren();
    say($("keys-message"), "");
    say($("welcome-message"), text, bad);
    $("welcome-title").focus();
}

/** What another tab has written to the common storage: the session may have ended, or be another's. */
function followOtherTabs() {
    changedElsewhere = busy;
    if (busy) {
        return;
    }
    app = newApp();
    const current = app.currentUser?.id;
    if (current === shown) {
        return;
    }
    if (current === undefined) {
        leave("You have logged out in another tab.");
    } else {
        act($("keys-message"), enter);
    }
}

async function showKeys() {
    const keys = await app.currentUser.apiKeys.fetchAll();
    renderKeys(keys, { toggle, remove });
}

function toggle({ _id, name, disabled }) {
    return act($("keys-message"), async () => {
        const { apiKeys } = app.currentUser;
        await (disabled ? apiKeys.enable(_id) : apiKeys.disable(_id));
        await showKeys();
        $("list").querySelector(`[data-id="${_id}"] .toggle`)?.focus();
        const off = `“${name}” is disabled, and every session that it opened has ended.`;
        return disabled ? `“${name}” works again.` : off;
    });
}

function remove({ _id, name }) {
    return act($("keys-message"), async () => {
        await app.currentUser.apiKeys.delete(_id);
        await showKeys();
        $("keys-title").focus();
        return `“${name}” is deleted.`;
    });
}

/** Puts a new key on the page, for as long as the dialog is open. */
function showOnce(key) {
    $("created-key").textContent = key;
    $("created").showModal();
}

$("created").addEventListener("close", () => {
    $("created-key").textContent = "";
    say($("created-message"), "");
    $("name").focus();
});

$("copy").addEventListener("click", async () => {
    try {
        await navigator.clipboard.writeText($("created-key").textContent);
        say($("created-message"), "Copied.");
    } catch {
        getSelection().selectAllChildren($("created-key"));
        const text = "The browser does not let this page copy. The key is selected: copy it yourself.";
        say($("created-message"), text, true);
    }
});

function onSubmit(form, action) {
    form.addEventListener("submit", (event) => {
        event.preventDefault();
        action();
    });
}

async function logIn(credentials) {
    // Without the profile: `enter` fetches it.
    await app.logIn(credentials, false);
    $("password").value = "";
    await enter();
    $("keys-title").focus();
}

const withPassword = () => logIn(Credentials.emailPassword($("email").value, $("password").value));
const notConfirmed = { AuthError: "The server refuses this account: perhaps its email address is not confirmed yet." };

onSubmit($("log-in"), () => act($("welcome-message"), withPassword, notConfirmed));

$("register").addEventListener("click", () => {
    if (!$("log-in").reportValidity()) {
        return;
    }
    const register = async () => {
        await app.emailPasswordAuth.registerUser({ email: $("email").value, password: $("password").value });
        await withPassword();
    };
    act($("welcome-message"), register, {
        AuthError: "You are registered. Confirm your email address with the mail you were sent, then log in.",
    });
});

$("guest").addEventListener("click", () => act($("welcome-message"), () => logIn(Credentials.anonymous())));

$("log-out").addEventListener("click", () =>
    act($("keys-message"), async () => {
        await app.currentUser.logOut();
        leave("You have logged out.");
    }),
);

onSubmit($("make"), () =>
    act($("keys-message"), async () => {
        const { name, key } = await app.currentUser.apiKeys.create($("name").value);
        $("name").value = "";
        showOnce(key);
        await showKeys();
        return `“${name}” is made.`;
    }),
);

function whom({ id, profile }) {
    return id === app.currentUser?.id ? "for you" : `for ${profile.email ?? "a user"} (${id})`;
}

onSubmit($("log-in-with-key"), () => {
    const work = async () => {
        service = undefined;
        $("ask-again").hidden = true;
        // Another instance with storage of its own: a session beside the one of this page.
        const elsewhere = new App({ id, baseUrl, storage: new MemoryStorage() });
        service = await elsewhere.logIn(Credentials.apiKey($("key").value.trim()));
        $("key").value = "";
        $("ask-again").hidden = false;
        return `Logged in. The key acts ${whom(service)}.`;
    };
    act($("service-message"), work, {
        AuthError: "The server refuses this key: it is disabled or deleted, or it never was one.",
    });
});

$("ask-again").addEventListener("click", () => {
    const work = async () => {
        await service.refreshProfile();
        return `The session still acts ${whom(service)}.`;
    };
    act($("service-message"), work, {
        InvalidSession: "The session has ended, because its key was disabled or deleted.",
    });
});

$("not-started").remove();
$("service").hidden = false;
$("server").value = $("server-shown").textContent = baseUrl;
$("app").value = id;
storage.addListener(followOtherTabs);
if (app.currentUser) {
    act($("keys-message"), enter);
} else {
    leave();
}
